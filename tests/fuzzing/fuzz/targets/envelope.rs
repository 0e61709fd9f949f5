#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| _ = spakky_fuzzing::envelope(bytes));
