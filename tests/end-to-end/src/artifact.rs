//! What has to be built before: the command, and the guests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};

/// The project's root.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Names another command to test, such as an optimized one.
const COMMAND: &str = "SPAKKY_TEST_COMMAND";

/// The command `spakky-redis`, from where this test itself was built to.
///
/// # Errors
/// It is not there, or older than what it is made of.
pub fn command() -> anyhow::Result<PathBuf> {
    if let Some(other) = std::env::var_os(COMMAND) {
        return Ok(other.into());
    }
    let program = profile_directory()?.join("spakky-redis");
    built(program, "./just build")
}

/// The example `name` of a crate of the host.
///
/// # Errors
/// As [`command`].
pub fn example(name: &str) -> anyhow::Result<PathBuf> {
    built(profile_directory()?.join("examples").join(name), "cargo build --workspace --examples")
}

/// The guest `file`, such as `scenario-guest.wasm`.
///
/// # Errors
/// As [`command`].
pub fn guest(file: &str) -> anyhow::Result<PathBuf> {
    let component = root().join("guest/target/wasm32-wasip2/release").join(file);
    built(component, "./just guests")
}

/// The guest `file` in a language other than Rust, such as
/// `scenario-guest-c.wasm`.
///
/// # Errors
/// As [`command`].
pub fn foreign_guest(file: &str) -> anyhow::Result<PathBuf> {
    built(components().join(file), "./just guests")
}

/// Why this machine could not build guests in `language`; none: it could.
pub fn skipped(language: &str) -> Option<String> {
    let reason = fs::read_to_string(components().join(language).with_extension("skipped"));
    reason.ok().map(|reason| reason.trim().to_owned())
}

fn components() -> PathBuf {
    root().join("guest/target/components")
}

/// A directory for what tests of every run share, such as compiled components.
///
/// # Errors
/// It cannot be made.
pub fn scratch() -> anyhow::Result<PathBuf> {
    let scratch = profile_directory()?.join("host-guest-suite");
    fs::create_dir_all(&scratch)
        .with_context(|| format!("{} cannot be made", scratch.display()))?;
    Ok(scratch)
}

/// `target/debug`, from `target/debug/deps/this-test` or `target/debug/this`.
fn profile_directory() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let directory = this.parent().context("this test has no directory")?;
    let profile = if directory.ends_with("deps") { directory.parent() } else { Some(directory) };
    Ok(profile.context("this test is not where Cargo builds to")?.to_owned())
}

fn built(artifact: PathBuf, how: &str) -> anyhow::Result<PathBuf> {
    let shown = artifact.display();
    let modified =
        modified(&artifact).with_context(|| format!("{shown} is not there: `{how}` builds it"))?;
    // Beside it, Cargo lists what it was made of.
    let sources = fs::read_to_string(artifact.with_extension("d")).unwrap_or_default();
    for source in dependencies(&sources) {
        // One that is gone was made by a build script, or moved.
        if self::modified(&source).is_ok_and(|changed| changed > modified) {
            bail!("{shown} is older than {}: `{how}` builds it anew", source.display());
        }
    }
    Ok(artifact)
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// The paths on the right of `artifact: source source`.
fn dependencies(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines.flat_map(|(_, sources)| unescaped(sources)).collect()
}

/// Words, in which `\ ` is a space.
fn unescaped(words: &str) -> Vec<PathBuf> {
    const SPACE: &str = "\0";
    let words = words.replace("\\ ", SPACE);
    words.split_whitespace().map(|word| word.replace(SPACE, " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_an_artifact() {
        let text = "/t/a: /s/a.rs /my\\ s/b.rs\n\n/t/b: /s/c.rs\n";
        let expected = ["/s/a.rs", "/my s/b.rs", "/s/c.rs"].map(PathBuf::from);
        assert_eq!(dependencies(text), expected);
        assert!(dependencies("").is_empty());
    }

    #[test]
    fn what_is_not_built_says_how() {
        let error = guest("no-such-guest.wasm").expect_err("it is not there");
        assert!(format!("{error:#}").contains("`./just guests` builds it"), "{error:#}");
    }
}
