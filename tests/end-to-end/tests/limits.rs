//! What a language has not in a component: each claim of its page is tried in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use spakky_end_to_end::artifact;
use spakky_end_to_end::command::run_embedded;
use spakky_end_to_end::language::LANGUAGES;
use tempfile::TempDir;

/// A language whose pages claim something.
struct Kind {
    /// Its name in the names of tests.
    title: &'static str,
    language: &'static str,
    /// What the names of its files end with.
    extension: &'static str,
    pages: &'static [&'static str],
    /// The module of a component that runs the claim whose number is its argument.
    main: fn(names: &[String]) -> String,
}

const KINDS: [Kind; 2] = [
    Kind {
        title: "Python",
        language: "python",
        extension: "py",
        pages: &["LIMITS.md"],
        main: |names| {
            let names = names.join(", ");
            format!(
                "import sys\nimport {names}\n\n\ndef main():\n    ({names})[int(sys.argv[1])].main()\n"
            )
        },
    },
    Kind {
        title: "JavaScript",
        language: "javascript",
        extension: "ts",
        pages: &["LIMITS.md", "README.md"],
        main: |names| {
            let import = |name| format!("import * as {name} from \"./{name}.ts\";\n");
            let imports: String = names.iter().map(import).collect();
            let names = names.join(", ");
            format!("{imports}export const main = ([index]) => [{names}][index].main();\n")
        },
    },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = KINDS.iter().flat_map(trials).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(kind: &'static Kind) -> Vec<Trial> {
    let skipped = LANGUAGES
        .iter()
        .any(|language| language.name == kind.language && language.skipped().is_some());
    let of_page = |page: &&str| {
        let page = artifact::root().join("guest").join(kind.language).join(page);
        claims(&fs::read_to_string(page).expect("there is a page"))
    };
    let (built, running): (Vec<_>, Vec<_>) =
        kind.pages.iter().flat_map(of_page).partition(|claim| claim.at_the_build);
    let claims = Arc::new(running);
    let component = Arc::new(OnceLock::new());
    let mut trials = Vec::new();
    for index in 0..claims.len() {
        let (claims, component) = (Arc::clone(&claims), Arc::clone(&component));
        let name = format!("in {}: {}", kind.title, claims[index].title);
        trials.push(test(name, skipped, move || {
            let component = component.get_or_init(|| component_of(kind, &claims));
            let component = component.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
            holds(&component.path().join("out.wasm"), index, &claims[index])
        }));
    }
    for claim in built {
        let name = format!("in {}: {}", kind.title, claim.title);
        trials.push(test(name, skipped, move || fails_to_build(kind, &claim)));
    }
    trials
}

fn test(
    name: String,
    skipped: bool,
    run: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    let run = || run().map_err(|error| Failed::from(format!("{error:#}")));
    Trial::test(name, run).with_ignored_flag(skipped)
}

/// A program of the page, and what it says.
struct Claim {
    title: String,
    program: String,
    at_the_build: bool,
    says: String,
}

/// The blocks of a page: each program, below a heading, with what it says in the block
/// after it.
fn claims(page: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let (title, mut rest) = section.split_once('\n').expect("a heading");
        while let Some((_, block)) = rest.split_once("\n```") {
            let (how, block) = block.split_once('\n').expect("a block");
            let (program, after) = block.split_once("```\n").expect("its end");
            let (_, says) = after.split_once("```text\n").expect("what it says");
            let (says, after) = says.split_once("```").expect("its end");
            found.push(Claim {
                title: format!("{title} ({})", found.len() + 1),
                program: program.to_owned(),
                at_the_build: how.ends_with(" at-the-build"),
                says: says.to_owned(),
            });
            rest = after;
        }
    }
    assert!(!found.is_empty(), "the page claims nothing");
    found
}

/// One component of all claims: its argument is the number of one. Building takes long.
fn component_of(kind: &Kind, claims: &[Claim]) -> Result<TempDir, String> {
    let made = || -> anyhow::Result<_> {
        let directory = tempfile::tempdir()?;
        let names: Vec<_> = (0..claims.len()).map(|index| format!("claim_{index}")).collect();
        let write = |name: &str, text: &str| {
            fs::write(directory.path().join(name).with_extension(kind.extension), text)
        };
        for (name, claim) in names.iter().zip(claims) {
            write(name, &claim.program)?;
        }
        write("main", &(kind.main)(&names))?;
        let output = build(kind, directory.path())?;
        ensure!(output.status.success(), "{}", said(&output));
        Ok(directory)
    };
    made().map_err(|error| format!("{error:#}"))
}

fn build(kind: &Kind, directory: &Path) -> anyhow::Result<Output> {
    let tool = artifact::root().join("tools").join(format!("build-{}", kind.language));
    let component: PathBuf = directory.join("out.wasm");
    Command::new(tool).arg(directory).arg(component).output().context("it does not start")
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Either the output is what the page says, or the program ends with an error or a trap,
/// which has these lines.
fn holds(component: &Path, index: usize, claim: &Claim) -> anyhow::Result<()> {
    let ended = run_embedded(&[]).component(component).args([index.to_string()]).finish();
    if ended.output == claim.says && ended.code == Some(0) {
        return Ok(());
    }
    // An error of the program, or a trap.
    ensure!(matches!(ended.code, Some(1 | 134)), "it says {}", ended.all());
    has_lines(&ended.all(), &claim.says)
}

fn fails_to_build(kind: &Kind, claim: &Claim) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let main = directory.path().join("main").with_extension(kind.extension);
    fs::write(main, &claim.program)?;
    let output = build(kind, directory.path())?;
    ensure!(!output.status.success(), "it builds");
    has_lines(&said(&output), &claim.says)
}

fn has_lines(said: &str, expected: &str) -> anyhow::Result<()> {
    for line in expected.lines() {
        ensure!(said.contains(line), "it does not say {line:?}, but {said}");
    }
    Ok(())
}
