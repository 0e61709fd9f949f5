//! What `./just new` makes, the examples of the libraries' pages, and the small examples:
//! each builds and runs, in every language.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use anyhow::{Context as _, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use spakky_end_to_end::artifact;
use spakky_end_to_end::command::{run_embedded, run_on};
use spakky_end_to_end::language::{LANGUAGES, Language, RUST};
use spakky_test_support::{RedisServer, ServerOptions};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![test("what is no project is refused", refused)];
    for language in LANGUAGES {
        let name = format!("a new project in {} builds, runs, and is cached", language.name);
        let trial = test(name, move || made(language));
        trials.push(trial.with_ignored_flag(language.skipped().is_some()));
        // That of Rust is a test of the library's own.
        if language != RUST {
            let name = format!("the example on the page of {} builds and runs", language.name);
            let trial = test(name, move || shown(language));
            trials.push(trial.with_ignored_flag(language.skipped().is_some()));
            let name = format!("a build in {} that fails leaves nothing behind", language.name);
            let trial = test(name, move || broken(language));
            trials.push(trial.with_ignored_flag(language.skipped().is_some()));
        }
    }
    for (example, runs) in EXAMPLES {
        for language in LANGUAGES {
            let name = format!("the example {example} in {} reads what it cached", language.name);
            let trial = test(name, move || example_runs(language, example, runs));
            trials.push(trial.with_ignored_flag(language.skipped().is_some()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Arguments of a run, and what it prints.
type Run = (&'static [&'static str], &'static str);

/// The small examples, each with its runs, one after the other on one cache.
const EXAMPLES: [(&str, &[Run]); 5] = [
    ("get-or-load", &[(&[], "loading\ntotal: 42\ntotal: 42\n"), (&[], "total: 42\ntotal: 42\n")]),
    (
        "decorator",
        &[
            (&[], "loading user 7\nuser 7\nuser 7\n"),
            (&[], "user 7\nuser 7\n"),
            (&["rename"], "renamed user 7\nloading user 7\nuser 7\nuser 7\n"),
        ],
    ),
    (
        "tags",
        &[
            (&[], "loading first\nloading second\nevicted: news\nfirst: gone\nsecond: cached\n"),
            (&[], "loading first\nevicted: news\nfirst: gone\nsecond: cached\n"),
        ],
    ),
    (
        "write-through",
        &[
            (&[], "cached: nothing\ndatabase: 1\ncached: 1\n"),
            (&[], "cached: 1\ndatabase: 2\ncached: 2\n"),
        ],
    ),
    (
        "stale-while-revalidate",
        &[(&[], "rate: 1\n"), (&[], "loading, while others read 1\nrate: 2\n")],
    ),
];

fn example_runs(language: Language, example: &str, runs: &[Run]) -> anyhow::Result<()> {
    let (component, select) = language.small_example(example)?;
    let server = RedisServer::start(ServerOptions::new())?;
    for (arguments, expected) in runs {
        let run = run_on(&server, &[]).component(&component).args(&select).args(*arguments);
        let ended = run.finish();
        ensure!(ended.code(0).output == *expected, "it says {}", ended.all());
    }
    Ok(())
}

fn test(
    name: impl Into<String>,
    run: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    Trial::test(name, || run().map_err(|error| Failed::from(format!("{error:#}"))))
}

/// Runs `tools/new` in a directory.
fn new(directory: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let tool = artifact::root().join("tools/new");
    Command::new(tool).args(arguments).current_dir(directory).output().context("it does not start")
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn made(language: Language) -> anyhow::Result<()> {
    let name = format!("my-{}", language.name);
    let scratch = tempfile::tempdir()?;
    // As a user's directories are.
    let parent = scratch.path().join("my projects");
    fs::create_dir(&parent)?;
    let output = new(&parent, &[language.name, &name])?;
    ensure!(output.status.success(), "it was not made: {}", said(&output));
    let project = parent.join(&name);
    ensure!(said(&output).contains(&format!("cd {name}")), "it does not say what to do next");
    ensure!(fs::read_dir(&parent)?.count() == 1, "there is more than the project");
    ensure!(placeholders(&project)?.is_empty(), "left over: {:?}", placeholders(&project)?);

    let output = Command::new(project.join("build")).current_dir(&parent).output()?;
    ensure!(output.status.success(), "it does not build: {}", said(&output));
    let component = project.join(format!("{name}.wasm"));
    let [loaded, cached] = ["loaded", "cached"].map(|how| format!("hello, {name}: 42 ({how})\n"));

    let ended = run_embedded(&[]).component(&component).finish();
    ensure!(ended.code(0).output == format!("{loaded}{cached}"), "it says {}", ended.all());
    let server = RedisServer::start(ServerOptions::new())?;
    for expected in [format!("{loaded}{cached}"), format!("{cached}{cached}")] {
        let ended = run_on(&server, &[]).component(&component).finish();
        ensure!(ended.code(0).output == expected, "it says {}", ended.all());
    }
    Ok(())
}

/// The example of a library's page, as a program: its file, its text, and its output for
/// the argument `7`.
fn program(language: Language) -> anyhow::Result<(&'static str, String, &'static str)> {
    let page = format!("guest/{}/README.md", language.name);
    let page = fs::read_to_string(artifact::root().join(page))?;
    let (file, fence, before, after, says) = match language.name {
        "python" => ("main.py", "python", "", "", "user 7\n"),
        "javascript" => ("main.js", "js", "", "", "user 7\n"),
        "go" => (
            "main.go",
            "go",
            "package main\nimport (\"fmt\"; \"time\"; \"spakky/cache\")\n\
             type Rename struct { ID uint64 }\n",
            "func main() {\n\
             text, err := profile(7)\n\
             if err == nil { err = rename(Rename{7}) }\n\
             if err != nil { panic(err) }\n\
             fmt.Println(text)\n}\n",
            "user 7\n",
        ),
        "c" => (
            "main.c",
            "c",
            "#include <inttypes.h>\n#include <stdio.h>\n#include \"spakky_cache.h\"\n",
            "int main(void) {\n\
             spakky_value_t value; spakky_decoder_t decoder; int64_t number;\n\
             if (twice(7, &value) != SPAKKY_OK) return 1;\n\
             spakky_decoder_init(&decoder, value.bytes);\n\
             if (!spakky_decode_int(&decoder, &number)) return 1;\n\
             printf(\"%\" PRId64 \"\\n\", number);\n\
             spakky_value_free(&value);\n}\n",
            "14\n",
        ),
        other => anyhow::bail!("{other} has no page"),
    };
    let begin = format!("\n```{fence}\n");
    let (_, rest) = page.split_once(&begin).context("its page has no example")?;
    let (example, _) = rest.split_once("\n```\n").context("its example has no end")?;
    Ok((file, format!("{before}{example}\n{after}"), says))
}

fn shown(language: Language) -> anyhow::Result<()> {
    let (file, text, says) = program(language)?;
    let scratch = tempfile::tempdir()?;
    // With what a program of this language has beside it.
    let output = new(scratch.path(), &[language.name, "page"])?;
    ensure!(output.status.success(), "{}", said(&output));
    let project = scratch.path().join("page");
    fs::write(project.join(file), text)?;
    let output = Command::new(project.join("build")).output()?;
    ensure!(output.status.success(), "it does not build: {}", said(&output));
    let ended = run_embedded(&[]).component(project.join("page.wasm")).args(["7"]).finish();
    ensure!(ended.code(0).output == says, "it says {}", ended.all());
    Ok(())
}

fn broken(language: Language) -> anyhow::Result<()> {
    let (file, ..) = program(language)?;
    let scratch = tempfile::tempdir()?;
    let output = new(scratch.path(), &[language.name, "broken"])?;
    ensure!(output.status.success(), "{}", said(&output));
    let (project, temporary) = (scratch.path().join("broken"), scratch.path().join("tmp"));
    fs::create_dir(&temporary)?;
    fs::write(project.join(file), "int main( this is no program\n")?;
    let files = || fs::read_dir(&project).map(Iterator::count);
    let before = files()?;
    let output = Command::new(project.join("build")).env("TMPDIR", &temporary).output()?;
    ensure!(!output.status.success(), "it builds");
    ensure!(said(&output).contains(file), "it does not name the file: {}", said(&output));
    ensure!(!said(&output).contains("unbound variable"), "{}", said(&output));
    let left = fs::read_dir(&temporary)?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    ensure!(left.is_empty() && files()? == before, "left behind: {left:?}");
    Ok(())
}

/// The files of a project that still contain placeholders.
fn placeholders(directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(placeholders(&path)?);
        } else if fs::read_to_string(&path)?.contains("@NAME@")
            || path.to_string_lossy().contains('@')
        {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

fn refused() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    fs::create_dir(scratch.path().join("taken"))?;
    for (arguments, reason) in [
        (&[][..], "a language and a name are needed"),
        (&["rust"], "a language and a name are needed"),
        (&["rust", "a", "b"], "a language and a name are needed"),
        (&["cobol", "hello"], "there is no language 'cobol'"),
        (&["rust", "Hello"], "'Hello' is no name"),
        (&["rust", "../hello"], "'../hello' is no name"),
        (&["rust", "-x"], "'-x' is no name"),
        (&["rust", ""], "'' is no name"),
        (&["rust", "taken"], "something at 'taken' already"),
    ] {
        let output = new(scratch.path(), arguments)?;
        ensure!(output.status.code() == Some(2), "{arguments:?}: {}", said(&output));
        ensure!(said(&output).contains(reason), "{arguments:?}: {}", said(&output));
        ensure!(said(&output).contains("usage: ./just new"), "{arguments:?}: {}", said(&output));
    }
    let left = fs::read_dir(scratch.path())?.count();
    ensure!(left == 1, "something was left behind");
    let help = new(scratch.path(), &["--help"])?;
    ensure!(help.status.success() && said(&help).contains("Languages:"), "{}", said(&help));
    for language in LANGUAGES {
        ensure!(said(&help).contains(language.name), "{} is not named", language.name);
    }
    Ok(())
}
