//! Replays what the fuzzer found worth keeping, and what it is given to begin
//! with, without a fuzzer.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use spakky_fuzzing::{TARGETS, Target};

fn target(name: &str) -> Target {
    *TARGETS.iter().find(|target| target.name == name).expect("a target of that name")
}

/// The files of `target` in `kind`, which is a directory beside the fuzzer's.
fn files(kind: &str, target: &Target) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target.name);
    let Ok(entries) = fs::read_dir(&directory) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Runs the body, and says on what, should it panic.
#[expect(clippy::print_stderr, reason = "which input it was has to be said")]
fn replay(target: &Target, what: &str, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.body)(bytes))) {
        eprintln!("{}: {what}", target.name);
        resume_unwind(panic);
    }
}

/// How many files there were.
fn replay_files(kind: &str, target: &Target) -> usize {
    let files = files(kind, target);
    for file in &files {
        let bytes = fs::read(file).expect("a readable file");
        replay(target, &file.display().to_string(), &bytes);
    }
    files.len()
}

fn replay_all(name: &str) {
    let target = target(name);
    for (what, bytes) in (target.seeds)() {
        replay(&target, what, &bytes);
    }
    replay_files("regressions", &target);
    let kept = replay_files("corpus", &target);
    // Fewer would mean that it was lost, or that another one was made from it.
    assert!(kept >= 10, "{kept} files in the corpus of {name}");
}

#[test]
fn the_corpus_of_envelopes_holds() {
    replay_all("envelope");
}

#[test]
fn the_corpus_of_replies_holds() {
    replay_all("replies");
}

#[test]
fn the_corpus_of_contract_calls_holds() {
    replay_all("contract");
}
