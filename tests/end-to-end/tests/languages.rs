//! A language whose toolchain cannot be installed is skipped, and the output says so.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use spakky_end_to_end::artifact;
use tempfile::TempDir;

/// The project's tools, on a machine that has no Python to install Zig with.
fn machine() -> TempDir {
    let machine = tempfile::tempdir().expect("a directory");
    let programs = machine.path().join("programs");
    fs::create_dir(&programs).expect("a directory");
    for program in ["/usr/bin", "/bin"].into_iter().flat_map(|path| fs::read_dir(path).expect(path))
    {
        let program = program.expect("a program");
        let name = program.file_name().to_string_lossy().into_owned();
        if !["python", "pip", "zig"].iter().any(|missing| name.starts_with(missing)) {
            // In both directories, if one is a link to the other.
            let _ = symlink(program.path(), programs.join(name));
        }
    }
    copy(&artifact::root().join("tools"), &machine.path().join("tools"));
    let components = machine.path().join("guest/target/components");
    fs::create_dir_all(&components).expect("a directory");
    // Of an earlier day, when there was a Python.
    fs::write(components.join("scenario-guest-c.wasm"), "old").expect("written");
    machine
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("it is there").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("it is copied");
    }
}

fn languages(machine: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(machine.path().join("tools/languages"))
        .args(arguments)
        .env_clear()
        .env("PATH", machine.path().join("programs"))
        .env("HOME", machine.path())
        .envs(variables.iter().map(|(name, value)| (name, OsStr::new(value))))
        .output()
        .expect("it starts")
}

#[test]
fn a_language_that_cannot_be_had_is_skipped_with_its_reason() {
    let machine = machine();
    let output = languages(&machine, &["build", "c"], &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("skipped: c: ") && said.contains("no python3"), "{said}");
    let components = machine.path().join("guest/target/components");
    let note = fs::read_to_string(components.join("c.skipped")).expect("a note");
    assert!(note.contains("no python3"), "{note}");
    assert!(!components.join("scenario-guest-c.wasm").exists(), "an old one is left");
}

#[test]
fn a_language_that_is_required_fails_if_it_cannot_be_had() {
    let machine = machine();
    let output = languages(&machine, &["build", "c"], &[("SPAKKY_REQUIRE_LANGUAGES", "1")]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn what_fails_is_a_failure_whatever_comes_after_it() {
    let machine = machine();
    let tool = |name: &str, ends: &str| {
        let tool = machine.path().join("tools").join(name);
        fs::write(tool, format!("#!/bin/sh\nexit {ends}\n")).expect("written");
    };
    for (name, ends) in [("setup-c", "0"), ("check-c", "0"), ("bindings-c", "0")] {
        tool(name, ends);
    }
    assert!(languages(&machine, &["check", "c"], &[]).status.success());
    for (broken, well) in [("check-c", "bindings-c"), ("bindings-c", "check-c")] {
        tool(broken, "1");
        tool(well, "0");
        let output = languages(&machine, &["check", "c"], &[]);
        assert_eq!(output.status.code(), Some(1), "{broken}: {output:?}");
    }
    // Of two components, the first fails.
    tool("build-c", "$([ \"$1\" = guest/examples/stats-c ]; echo $?)");
    let output = languages(&machine, &["build", "c"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_language_that_is_none_is_refused() {
    let machine = machine();
    let output = languages(&machine, &["build", "cobol"], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains("there is no language 'cobol'"), "{said}");
}
