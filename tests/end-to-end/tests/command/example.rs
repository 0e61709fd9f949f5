//! The example program: statistics of text files, in every language.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use spakky_end_to_end::command::{Running, STATS, run_embedded, run_on};
use spakky_end_to_end::language::{LANGUAGES, Language, RUST};
use spakky_test_support::RedisServer;
use tempfile::TempDir;

use crate::redis;

/// Seven text files in three directories, and two files that the program skips.
fn files() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, content) in [
        ("a.txt", &b"the cat and the dog\n"[..]),
        ("b.txt", b""),
        ("src/one.rs", b"fn one() -> u64 { 1 }\n"),
        ("src/two.rs", b"fn two() -> u64 { 2 }\n"),
        ("src/deep/three.rs", b"fn three() -> u64 { 3 }\n"),
        ("docs/read.me", "日本 wide\r\nand \u{1f980}\n".as_bytes()),
        ("docs/copy.me", "日本 wide\r\nand \u{1f980}\n".as_bytes()),
        ("docs/picture", b"\x89PNG\0\0"),
        ("target/out", b"passed over\n"),
    ] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, content).expect("it is written");
    }
    directory
}

const FILES: u64 = 7;

/// Starts the program on the files, which it sees below `/data`.
fn start(server: &RedisServer, files: &TempDir, arguments: &[&str]) -> Running {
    start_in(RUST, server, files, arguments)
}

/// Starts the program in this language.
fn start_in(
    language: Language,
    server: &RedisServer,
    files: &TempDir,
    arguments: &[&str],
) -> Running {
    let grant = format!("{}::/data", files.path().display());
    let command = run_on(server, &["--dir-ro", &grant]).component(example(language));
    command.args(["/data", "--summary-json"]).args(arguments).start()
}

fn example(language: Language) -> PathBuf {
    language.example().unwrap_or_else(|error| panic!("{error:#}"))
}

/// The languages that this machine has.
fn languages() -> impl Iterator<Item = Language> {
    LANGUAGES.into_iter().filter(|language| language.skipped().is_none())
}

/// The report, and the summary.
#[track_caller]
fn finish(running: Running) -> (String, Value) {
    let ended = running.finish();
    let (report, summary) =
        ended.code(0).output.trim_end().rsplit_once('\n').expect("it has a summary");
    (report.to_owned(), serde_json::from_str(summary).expect("it is JSON"))
}

#[track_caller]
fn counts(summary: &Value, hits: u64, misses: u64, writes: u64, loads: u64) {
    let counted = ["hits", "misses", "writes", "loads"].map(|name| summary[name].as_u64());
    let names = "hits, misses, writes, loads";
    assert_eq!(counted, [hits, misses, writes, loads].map(Some), "{names}: {summary}");
}

#[test]
fn it_counts_once_and_again_what_was_evicted_or_changed() {
    let (server, files) = (redis(), files());
    let (cold, summary) = finish(start(&server, &files, &[]));
    counts(&summary, 0, FILES, FILES, FILES);
    assert!(cold.contains("/data: 7 files"), "{cold}");
    assert!(cold.contains("the 2, and 1, cat 1, dog 1"), "{cold}");

    let (warm, summary) = finish(start(&server, &files, &[]));
    counts(&summary, FILES, 0, 0, 0);
    assert_eq!(warm, cold);

    for (evicted, loads) in [("/data/src", 3), ("/data/src/deep", 1), ("/data", FILES)] {
        let (report, summary) = finish(start(&server, &files, &["--evict", evicted]));
        counts(&summary, FILES - loads, loads, loads, loads);
        assert_eq!(report, cold, "after evicting {evicted}");
    }

    fs::write(files.path().join("a.txt"), "the cat\n").expect("it is written");
    let (changed, summary) = finish(start(&server, &files, &[]));
    counts(&summary, FILES - 1, 1, 1, 1);
    assert_ne!(changed, cold);
}

#[test]
fn each_language_prints_the_same_and_finds_what_the_others_stored() {
    let (server, files) = (redis(), files());
    let mut report = None;
    for writer in languages() {
        let evict = ["--evict", "/data"];
        let (written, summary) = finish(start_in(writer, &server, &files, &evict));
        counts(&summary, 0, FILES, FILES, FILES);
        let report = report.get_or_insert(written.clone());
        assert_eq!(&written, report, "{}", writer.name);
        for reader in languages() {
            let (read, summary) = finish(start_in(reader, &server, &files, &[]));
            counts(&summary, FILES, 0, 0, 0);
            assert_eq!(&read, report, "{} after {}", reader.name, writer.name);
        }
    }
}

#[test]
fn two_languages_share_the_work() {
    let (files, options) = (files(), ["--load-delay", "20"]);
    for language in languages() {
        let server = redis();
        let both = [RUST, language].map(|one| start_in(one, &server, &files, &options));
        let [(first, of_first), (second, of_second)] = both.map(finish);
        assert_eq!(first, second, "{}", language.name);
        let loads = [&of_first, &of_second].map(|summary| summary["loads"].as_u64());
        let sum = loads.into_iter().sum::<Option<u64>>();
        assert_eq!(sum, Some(FILES), "{}: {of_first} {of_second}", language.name);
    }
}

#[test]
fn two_hosts_share_the_work() {
    let (server, files) = (redis(), files());
    let options = ["--load-delay", "50"];
    let both = [start(&server, &files, &options), start(&server, &files, &options)];
    let [(first, of_first), (second, of_second)] = both.map(finish);
    assert_eq!(first, second);
    let sum = |name: &str| of_first[name].as_u64().zip(of_second[name].as_u64());
    let sum = |name: &str| sum(name).map(|(one, other)| one + other);
    assert_eq!(sum("loads"), Some(FILES), "{of_first} {of_second}");
    assert_eq!(sum("writes"), Some(FILES), "{of_first} {of_second}");
    assert_eq!(sum("hits"), Some(FILES), "{of_first} {of_second}");
}

#[test]
fn it_runs_on_the_embedded_store() {
    let (files, server) = (files(), redis());
    let grant = format!("{}::/data", files.path().display());
    // Twice in one run: what was counted once is there.
    let ended = run_embedded(&["--dir-ro", &grant])
        .guest(STATS)
        .args(["/data", "/data", "--summary-json"])
        .finish();
    let summary = ended.code(0).output.lines().last().map(serde_json::from_str::<Value>);
    let summary = summary.expect("it has one").expect("it is JSON");
    counts(&summary, FILES, FILES, FILES, FILES);
    let (report, _) = finish(start(&server, &files, &[]));
    assert!(ended.output.starts_with(&report), "{}\nnot\n{report}", ended.output);
}

#[test]
fn it_says_what_is_wrong() {
    for language in languages() {
        let run = |arguments: &[&str]| {
            run_embedded(&[]).component(example(language)).args(arguments).finish()
        };
        run(&[]).code(1).says(&["no directory to look at"]);
        run(&["/data", "--no-such-option"]).code(1).says(&["unknown option `--no-such-option`"]);
        run(&["/data", "--load-delay", "soon"]).code(1).says(&["`soon`"]);
        run(&["/data"]).code(1).says(&["/data"]);
        let help = run(&["--help"]).code(0).output.clone();
        assert!(help.contains("--summary-json"), "{}: {help}", language.name);
    }
}
