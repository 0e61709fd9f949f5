#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spakky_fuzzing::replies(bytes));
