//! A component sees only what it was granted.

use serde_json::{Value, json};
use spakky_end_to_end::command::{OBSERVED, PLAYER, STATS, run_embedded, run_on, spakky};

use crate::{get, redis, set};

fn kinds(answers: &[Value]) -> Vec<Option<&str>> {
    answers.iter().map(|answer| answer["error"]["kind"].as_str()).collect()
}

#[test]
fn no_directory_is_granted_unless_it_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.txt"), "one two\n").expect("it is written");
    let path = directory.path().to_str().expect("it is text");
    let ended = run_embedded(&[]).guest(STATS).args([path]).finish();
    ended.code(1).says(&["cannot read the directory", path]);
    assert_eq!(ended.output, "", "{}", ended.all());

    for grant in ["--dir", "--dir-ro"] {
        let ended = run_embedded(&[grant, path]).guest(STATS).args([path]).finish();
        assert!(ended.code(0).output.contains("2 words"), "{}", ended.all());
        let renamed = format!("{path}::/data");
        let ended = run_embedded(&[grant, &renamed]).guest(STATS).args(["/data"]).finish();
        assert!(ended.code(0).output.contains("/data/a.txt: 1 lines"), "{}", ended.all());
        // Granted under this name alone.
        run_embedded(&[grant, &renamed]).guest(STATS).args([path]).finish().code(1);
    }
}

#[test]
fn a_granted_directory_ends_at_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let granted = directory.path().join("granted");
    std::fs::create_dir(&granted).expect("a directory");
    std::fs::write(directory.path().join("secret.txt"), "secret\n").expect("it is written");
    let grant = format!("{}::/data", granted.display());
    let ended = run_embedded(&["--dir", &grant]).guest(STATS).args(["/data/.."]).finish();
    ended.code(1).never_says("secret.txt");
}

#[test]
fn a_directory_that_is_not_there_cannot_be_granted() {
    let ended = run_embedded(&["--dir", "/no/such/directory"]).guest(PLAYER).finish();
    ended.code(66).says(&["/no/such/directory"]).lines(1);
}

#[test]
fn no_variable_is_granted_unless_it_is_named() {
    let told = |options: &[&str]| {
        let ended = spakky(["health", "--store", "embedded"])
            .args(options)
            .guest(OBSERVED)
            .env("OBSERVED_CHECK", "of the command's environment")
            .finish();
        ended.json()["components"][0]["details"]["told"].clone()
    };
    assert_eq!(told(&[]), "healthy");
    assert_eq!(told(&["--env", "OBSERVED_CHECK"]), "of the command's environment");
    assert_eq!(told(&["--env", "OBSERVED_CHECK=given"]), "given");
}

#[test]
fn a_variable_that_is_not_set_cannot_be_passed_on() {
    let ended = run_embedded(&["--env", "NO_SUCH"]).guest(PLAYER).finish();
    ended.code(2).says(&["--env NO_SUCH", "hint: --env NO_SUCH=VALUE"]);
}

#[test]
fn a_component_that_may_only_read() {
    let server = redis();
    run_on(&server, &[]).plays(&[set("k", 1)]).finish().code(0);
    let ended = run_on(&server, &["--read-only"]).plays(&[get("k"), set("k", 2)]).finish();
    let answers = ended.code(0).answers();
    assert_eq!((&answers[0], kinds(&answers)[1]), (&crate::hit(1), Some("denied")));
}

#[test]
fn a_component_holds_as_many_leases_as_it_may() {
    let lookup = |key: &str| json!({ "op": "lookup", "key": key });
    let ended = run_embedded(&["--max-leases", "1"]).plays(&[lookup("k"), lookup("l")]).finish();
    assert_eq!(kinds(&ended.code(0).answers()), [None, Some("quota-exceeded")]);
}

#[test]
fn arguments_pass_through() {
    // The player takes each argument for a step, and answers what is not JSON with an error.
    for argument in ["", " ", "-", "--", "a b", "'\"\\", "*", "$HOME", "--store", "日本"] {
        let ended =
            run_embedded(&[]).guest(PLAYER).args([r#"{"op":"metrics"}"#, argument]).finish();
        let answers = ended.code(0).answers();
        assert_eq!(answers.len(), 2, "{argument:?}: {}", ended.all());
    }
}

#[test]
fn all_after_the_component_is_for_it() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["--store", "redis", "--help"],
        &["--max-time", "1s", "--help"],
        &["src", "--help"],
        &["--", "--help"],
    ] {
        let ended = run_embedded(&[]).guest(STATS).args(arguments).finish();
        ended.never_says("Run a component that is a program");
        assert!(
            ended.output.contains("Usage: stats-rust") || ended.errors.contains("stats-rust: "),
            "{arguments:?} did not reach the component\n{}",
            ended.all()
        );
    }
}
