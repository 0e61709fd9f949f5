//! Files that cannot be run, and the reason that the command gives.

use std::path::PathBuf;

use spakky_end_to_end::command::{Ended, OBSERVED, PLAYER, run_embedded, spakky};
use tempfile::TempDir;

/// A file, and the directory that goes with it.
struct File(PathBuf, #[expect(dead_code, reason = "it is deleted with this")] TempDir);

fn file(name: &str, content: impl AsRef<[u8]>) -> File {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(name);
    std::fs::write(&path, content).expect("it is written");
    File(path, directory)
}

fn run(file: &File) -> Ended {
    run_embedded(&[]).args([&file.0]).finish()
}

#[test]
fn a_file_that_cannot_be_read() {
    for (path, says) in [("no/such/component.wasm", "No such file"), ("/", "directory")] {
        let ended = run_embedded(&[]).args([path]).finish();
        ended.code(66).says(&[&format!("error: {path}"), says]).lines(1);
    }
}

#[test]
fn a_file_that_is_no_component() {
    let binary = |text| wat::parse_str(text).expect("it is right");
    let cut = &binary("(component (core module))");
    for (name, content, says) in [
        ("notes.txt", &b"buy milk\n"[..], &["notes.txt is not a WebAssembly component"][..]),
        ("empty.wasm", b"", &["empty.wasm is not a WebAssembly component"]),
        ("a.wat", b"(component)", &["is WebAssembly text", "hint: `wasm-tools parse"]),
        ("m.wasm", &binary("(module)"), &["a core WebAssembly module, not a component", "hint: "]),
        ("cut.wasm", &cut[..cut.len() - 1], &["cut.wasm is not a valid component"]),
    ] {
        run(&file(name, content)).code(65).says(says);
    }
}

#[test]
fn a_component_that_is_no_program() {
    let component = wat::parse_str("(component)").expect("it is right");
    let ended = run(&file("nothing.wasm", component));
    ended.code(65).says(&["nothing.wasm is not a program", "wasi:cli/run", "but nothing"]);
    let ended = run_embedded(&[]).guest(OBSERVED).finish();
    ended.code(65).says(&["is not a program", "spakky:cache/health-probe", "hint: "]);
}

/// A component whose only purpose is to import.
fn importing(imports: &[&str]) -> File {
    let import = |name| format!(r#"(import "{name}" (instance (export "f" (func))))"#);
    let imports: Vec<String> = imports.iter().map(import).collect();
    let component = format!("(component {})", imports.concat());
    let component = wat::parse_str(component).expect("it is right");
    file("importing.wasm", component)
}

#[test]
fn every_import_that_is_not_offered_is_named() {
    let missing = ["wasi:http/types@0.2.0", "acme:mail/send@1.2.3"];
    let offered = "wasi:random/random@0.2.0";
    let ended = run(&importing(&[missing[0], missing[1]]));
    ended.code(65).says(&missing).says(&["importing.wasm imports what is not offered"]);
    assert!(!ended.errors.contains(offered), "{}", ended.all());
    for report in ["health", "info"] {
        let ended = spakky([report, "--store", "embedded"]).args([&importing(&missing).0]).finish();
        ended.code(65).says(&missing);
        assert_eq!(ended.output, "", "{}", ended.all());
    }
}

#[test]
fn an_interface_of_another_version_is_named_with_the_one_that_is_offered() {
    let ended = run(&importing(&["spakky:cache/cache@0.9.0", "wasi:io/poll@0.3.0"]));
    ended.code(65).says(&["spakky:cache/cache@0.9.0", "wasi:io/poll@0.3.0", "0.2", "0.3"]);
}

#[test]
fn an_interface_that_is_offered_otherwise_is_refused() {
    // It has this name, but no function `f`.
    for name in ["spakky:cache/cache@0.2.0", "spakky:cache/cache@0.3.0", "wasi:cli/stdout@0.3.0"] {
        let ended = run(&importing(&[name]));
        ended.code(65).says(&[name, "what is offered differs"]);
        assert_eq!(ended.output, "", "{}", ended.all());
    }
}

#[test]
fn what_is_wrong_with_the_file_is_told_before_redis_is_asked() {
    // Nothing listens there, and nobody notices.
    let closed = crate::closed_port();
    spakky(["run", "no/such/component.wasm"]).at_port(closed).finish().code(66).lines(1);
}

#[test]
fn a_program_runs_without_a_compile_cache() {
    for cache in ["off", "/proc/no/such/directory"] {
        let ended = run_embedded(&["--compile-cache", cache])
            .guest(PLAYER)
            .args([r#"{"op": "metrics"}"#])
            .finish();
        assert_eq!(ended.code(0).answers().len(), 1, "{}", ended.all());
    }
}
