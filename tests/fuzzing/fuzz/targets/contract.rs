#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(spakky_fuzzing::contract(bytes)));
