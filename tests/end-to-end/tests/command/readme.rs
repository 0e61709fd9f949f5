//! The command lines in the pages and in the help work.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use spakky_end_to_end::artifact;
use spakky_end_to_end::command::{Ended, OBSERVED, PLAYER, STATS, spakky};
use spakky_test_support::RedisServer;
use tempfile::TempDir;

use crate::redis;

/// Pages with blocks of `sh` or `console`.
const PAGES: [&str; 7] = [
    "README.md",
    "guest/c/README.md",
    "guest/examples/README.md",
    "guest/go/README.md",
    "guest/javascript/README.md",
    "guest/python/README.md",
    "guest/rust/README.md",
];

fn page(path: &str) -> String {
    let path = artifact::root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The command lines of a page's `sh` blocks, and of those after a `$` in its
/// `console` blocks, without comments.
fn command_lines(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut language = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), language) {
            (Some(_), Some(_)) => language = None,
            (Some(name), None) => language = Some(name.trim()),
            (None, Some("sh")) => lines.push(line),
            (None, Some("console")) => lines.extend(line.strip_prefix("$ ")),
            (None, _) => {}
        }
    }
    let code = lines.iter().filter_map(|line| line.split(" #").next());
    code.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The variables that a command line sets, and its words.
fn words(line: &str) -> (Vec<(&str, &str)>, Vec<&str>) {
    let mut words = line.split_whitespace().peekable();
    let mut variables = Vec::new();
    while let Some(variable) = words.peek().and_then(|word| word.split_once('='))
        && !variable.0.starts_with('-')
    {
        variables.push(variable);
        words.next();
    }
    (variables, words.collect())
}

/// A directory with the files that command lines name.
fn workplace() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let put = |name: &str, guest: &str| {
        let guest = artifact::guest(guest).unwrap_or_else(|error| panic!("{error:#}"));
        fs::copy(guest, directory.path().join(name)).expect("it is copied");
    };
    put("component.wasm", PLAYER);
    put(STATS, STATS);
    for name in ["src", "data", "out"] {
        fs::create_dir(directory.path().join(name)).expect("a directory");
    }
    fs::write(directory.path().join("src/a.txt"), "some text\n").expect("it is written");
    directory
}

/// Runs a line that begins with `spakky-redis`, on `server` whatever address it names.
fn run(line: &str, server: &RedisServer, workplace: &Path) -> Ended {
    let (variables, words) = words(line);
    let is_placeholder = |word: &str| word.ends_with('…');
    let words = words[1..].iter().map(|word| match *word {
        word if is_placeholder(word) => r#"{"op":"metrics"}"#.to_owned(),
        word => word.to_owned(),
    });
    let mut command = spakky(words).within(workplace).env("LANG", "C");
    for (name, value) in variables {
        command = command.env(name, value);
    }
    command.at(server).finish()
}

fn recipes() -> BTreeSet<String> {
    let justfile = page("Justfile");
    let names = justfile.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    let names = names.filter_map(|line| line.split_once(':')).filter_map(|(head, rest)| {
        let is_recipe = !rest.starts_with('=');
        is_recipe.then(|| head.split_whitespace().next()).flatten()
    });
    names.map(str::to_owned).collect()
}

fn packages() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for parent in ["host", "tests", "guest", "guest/examples", "tests/players"] {
        let entries = fs::read_dir(artifact::root().join(parent)).expect("it is there");
        let manifests = entries.flatten().map(|entry| entry.path().join("Cargo.toml"));
        for text in manifests.filter_map(|manifest: PathBuf| fs::read_to_string(manifest).ok()) {
            let name = text.lines().find_map(|line| line.strip_prefix("name = \""));
            names.extend(name.and_then(|name| name.strip_suffix('"')).map(str::to_owned));
        }
    }
    names
}

#[test]
fn the_command_lines_of_the_pages_work() {
    let (server, workplace) = (redis(), workplace());
    let mut ran = 0;
    for path in PAGES {
        for line in command_lines(&page(path)) {
            let (_, command) = words(&line);
            match command[..] {
                ["./just", recipe, ..] => {
                    assert!(recipes().contains(recipe), "{path}: no recipe: {line}");
                }
                ["cargo", "build", "-p", package, ..] => {
                    assert!(packages().contains(package), "{path}: no package: {line}");
                }
                ["cargo", "install", "--path", path, ..] => {
                    let manifest = artifact::root().join(path).join("Cargo.toml");
                    assert!(manifest.is_file(), "{path}: nothing to install: {line}");
                }
                ["go", "mod", ..] => {
                    let module = page("guest/go/go.mod");
                    let required = command.iter().find_map(|word| word.split_once('@'));
                    let name = required.map(|(name, _)| format!("module {name}\n"));
                    let is_ours = name.is_some_and(|name| module.starts_with(&name));
                    assert!(is_ours && line.contains("guest/go"), "{path}: no module: {line}");
                }
                ["spakky-redis", ..] => {
                    let ended = run(&line, &server, workplace.path());
                    assert_eq!(ended.code, Some(0), "{path}: {line}\n{}", ended.all());
                    ran += 1;
                }
                _ => panic!("{path}: {line}: this test has to learn what to do with it"),
            }
        }
    }
    assert!(ran >= 4, "only {ran} command lines were found and run");
}

#[test]
fn the_command_lines_of_the_help_are_accepted() {
    let (server, workplace) = (redis(), workplace());
    let mut ran = 0;
    for command in [&[][..], &["run"], &["health"], &["info"]] {
        let help = spakky(command).args(["--help"]).finish().output;
        let examples = help.split_once("Examples:").map(|(_, examples)| examples);
        let examples = examples.expect("it has examples").lines().skip(1);
        for line in examples.take_while(|line| line.starts_with("  ")) {
            let ended = run(line.trim(), &server, workplace.path());
            // Files and hosts that it names may not be here.
            assert!(![None, Some(2), Some(70)].contains(&ended.code), "{line}\n{}", ended.all());
            ran += 1;
        }
    }
    assert!(ran >= 8, "only {ran} examples were found and run");
}

#[test]
fn the_table_of_variables_is_true() {
    let help = spakky(["run", "--help"]).finish().output;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rows = 0;
    for line in page("README.md").lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let ["", variables, default, _, ""] = cells[..] else { continue };
        let Some(variables) = variables.strip_prefix("`SPAKKY_") else { continue };
        rows += 1;
        let is_true = match (variables.trim_end_matches('`'), default.trim_matches('`')) {
            ("REDIS__USERNAME`, `SPAKKY_REDIS__PASSWORD", default) => default == "unset",
            (name, default) => {
                help.contains(&format!("[env: SPAKKY_{name}=] [default: {default}]"))
            }
        };
        assert!(is_true, "not the default: {line}\n{help}");
    }
    assert_eq!(rows, 8, "rows in the table of variables");
}

#[test]
fn readers_of_command_lines() {
    let page = "a\n```sh\n./just demo   # try it\n\nA=b spakky-redis run x\n```\n\
                ```console\n$ spakky-redis health\n{}\n```\n```rust\nlet x;\n```\n";
    let lines = command_lines(page);
    assert_eq!(lines, ["./just demo", "A=b spakky-redis run x", "spakky-redis health"]);
    assert_eq!(words(&lines[1]), (vec![("A", "b")], vec!["spakky-redis", "run", "x"]));
    assert_eq!(words("x --a=b"), (vec![], vec!["x", "--a=b"]));
    assert!(recipes().contains("test") && !recipes().contains("guest_target"));
    assert!(packages().contains("spakky-redis"));
    assert!(artifact::guest(OBSERVED).is_ok());
}
