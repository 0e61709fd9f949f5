//! What compiles under the attributes, does what it should; and what does not,
//! says why. `TRYBUILD=overwrite cargo test` writes the messages anew.

#[test]
fn right_code_compiles_and_works() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

#[test]
fn wrong_code_is_refused_with_its_reason() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
