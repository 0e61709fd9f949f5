//! The languages that guests are written in.

use std::path::PathBuf;

use crate::artifact;

/// A language, and what is written in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name in the names of tests.
    pub name: &'static str,
}

/// All of them. Each plays every scenario on every store.
pub const LANGUAGES: [Language; 5] = [
    RUST,
    Language { name: "python" },
    Language { name: "javascript" },
    Language { name: "go" },
    Language { name: "c" },
];

/// The only one whose guests are built by Cargo.
pub const RUST: Language = Language { name: "rust" };

impl Language {
    /// The guest that plays scenarios.
    ///
    /// # Errors
    /// It was not built.
    pub fn player(self) -> anyhow::Result<PathBuf> {
        match self {
            RUST => artifact::guest("scenario-guest.wasm"),
            Language { name } => artifact::foreign_guest(&format!("scenario-guest-{name}.wasm")),
        }
    }

    /// The example program.
    ///
    /// # Errors
    /// It was not built.
    pub fn example(self) -> anyhow::Result<PathBuf> {
        match self {
            RUST => artifact::guest("stats-rust.wasm"),
            Language { name } => artifact::foreign_guest(&format!("stats-{name}.wasm")),
        }
    }

    /// Why this machine has no toolchain for it; none: it has one.
    pub fn skipped(self) -> Option<String> {
        if self == RUST { None } else { artifact::skipped(self.name) }
    }
}
