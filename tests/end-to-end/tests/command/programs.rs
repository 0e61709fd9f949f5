//! What is no program that can be run, and is told so.

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
fn a_file_that_is_not_there() {
    let ended = run_embedded(&[]).args(["no/such/component.wasm"]).finish();
    ended.code(66).says(&["error: no/such/component.wasm", "No such file"]).lines(1);
}

#[test]
fn a_directory() {
    run_embedded(&[]).args(["/"]).finish().code(66).says(&["error: /", "directory"]).lines(1);
}

#[test]
fn a_text_file() {
    run(&file("notes.txt", "buy milk\n")).code(65).says(&["notes.txt is not a WebAssembly"]);
}

#[test]
fn an_empty_file() {
    run(&file("empty.wasm", "")).code(65).says(&["empty.wasm is not a WebAssembly component"]);
}

#[test]
fn a_component_as_text() {
    let ended = run(&file("component.wat", "(component)"));
    ended.code(65).says(&["is WebAssembly text", "hint: `wasm-tools parse"]);
}

#[test]
fn a_core_module() {
    let module = wat::parse_str(r#"(module (func (export "run")))"#).expect("it is right");
    let ended = run(&file("module.wasm", module));
    ended.code(65).says(&["is a core WebAssembly module, not a component", "hint: "]);
}

#[test]
fn a_component_that_is_cut_off() {
    let component = wat::parse_str("(component (core module))").expect("it is right");
    let ended = run(&file("cut.wasm", &component[..component.len() - 1]));
    ended.code(65).says(&["cut.wasm is not a valid component"]);
}

#[test]
fn a_component_that_is_no_program() {
    let component = wat::parse_str("(component)").expect("it is right");
    let ended = run(&file("nothing.wasm", component));
    ended.code(65).says(&["nothing.wasm is not a program", "wasi:cli/run@0.2", "but nothing"]);
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
    let ended = run(&importing(&["spakky:cache/cache@0.9.0", "wasi:cli/stdout@0.3.0"]));
    ended.code(65).says(&["spakky:cache/cache@0.9.0", "wasi:cli/stdout@0.3.0", "0.1", "0.2"]);
}

#[test]
fn an_interface_that_is_offered_otherwise_is_refused() {
    // It has this name, but no function `f`.
    let ended = run(&importing(&["spakky:cache/cache@0.1.0"]));
    ended.code(65).says(&["spakky:cache/cache@0.1.0"]);
    assert_eq!(ended.output, "", "{}", ended.all());
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
