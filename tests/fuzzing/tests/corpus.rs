//! Replays the kept inputs without a fuzzer.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::{fs, panic};

use spakky_fuzzing::Outcomes;

thread_local! {
    /// Whether anything panicked on this thread, on which all tasks of a target run.
    /// Tokio keeps a panic in a task to itself.
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

fn notice_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            PANICKED.set(true);
            before(what);
        }));
    });
}

/// The files in `kind`, a directory beside the fuzzer, for the target `name`.
fn files(kind: &str, name: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(name);
    let Ok(entries) = fs::read_dir(&directory) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// Runs `target` on all that is kept for it. No promise is broken, and all of
/// `expected` is reached: otherwise the inputs have lost their meaning.
fn replay(name: &str, target: fn(&[u8]) -> Outcomes, expected: &str) {
    notice_panics();
    let mut outcomes = Outcomes::new();
    for file in ["regressions", "corpus"].iter().flat_map(|kind| files(kind, name)) {
        let bytes = fs::read(&file).expect("a readable file");
        let reached = panic::catch_unwind(|| target(&bytes));
        let holds = reached.is_ok() && !PANICKED.get();
        assert!(holds, "{} breaks a promise", file.display());
        outcomes.extend(reached.unwrap_or_default());
    }
    assert_eq!(outcomes, expected.split(", ").collect());
}

#[test]
fn the_corpus_of_envelopes_holds() {
    replay("envelope", spakky_fuzzing::envelope, "entry, lease, pause, refused");
}

#[test]
fn the_corpus_of_replies_holds() {
    let expected = "back, dead, done, failed, foreign, hit, lease, nothing, refused, unavailable";
    replay("replies", spakky_fuzzing::replies, expected);
}

#[test]
fn the_corpus_of_contract_calls_holds() {
    let expected = "abandoned, committed, denied, done, hit, invalid-key, invalid-ttl, \
        lease to load, lease to refresh, lease to write, lease-held, lock-timeout, miss, \
        not committed, quota-exceeded, stale, value-too-large";
    replay("contract", spakky_fuzzing::contract, expected);
}
