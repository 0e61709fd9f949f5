//! The languages of guests.

use std::path::PathBuf;

use crate::artifact;

/// A language, with its player and its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name in the names of tests.
    pub name: &'static str,
}

/// All languages. Each plays every scenario of its library on every store.
pub const LANGUAGES: [Language; 5] = [
    RUST,
    Language { name: "python" },
    Language { name: "javascript" },
    Language { name: "go" },
    Language { name: "c" },
];

/// The only language whose guests are built by Cargo.
pub const RUST: Language = Language { name: "rust" };

impl Language {
    /// The player of scenarios.
    ///
    /// # Errors
    /// It was not built.
    pub fn player(self) -> anyhow::Result<PathBuf> {
        match self {
            RUST => artifact::guest("scenario-guest.wasm"),
            Language { name } => artifact::foreign_guest(&format!("scenario-guest-{name}.wasm")),
        }
    }

    /// The example that `./just demo` runs.
    ///
    /// # Errors
    /// It was not built.
    pub fn example(self) -> anyhow::Result<PathBuf> {
        match self {
            RUST => artifact::guest("stats-rust.wasm"),
            Language { name } => artifact::foreign_guest(&format!("stats-{name}.wasm")),
        }
    }

    /// The small example of this name: its component, and the arguments that select it.
    ///
    /// # Errors
    /// It was not built.
    pub fn small_example(self, example: &str) -> anyhow::Result<(PathBuf, Vec<String>)> {
        Ok(match self.name {
            "rust" => (artifact::guest(&format!("{example}.wasm"))?, vec![]),
            // One component holds all examples, because each takes long to build.
            "python" => {
                (artifact::foreign_guest("examples-python.wasm")?, vec![example.to_owned()])
            }
            name => (artifact::foreign_guest(&format!("{example}-{name}.wasm"))?, vec![]),
        })
    }

    /// Why this machine has no toolchain for it, or `None` if it has one.
    pub fn skipped(self) -> Option<String> {
        if self == RUST { None } else { artifact::skipped(self.name) }
    }
}
