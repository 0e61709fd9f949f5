//! The languages that guests are written in.

use std::path::PathBuf;

use crate::artifact;

/// A language, and its guest that plays scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name in the names of tests.
    pub name: &'static str,
    guest: &'static str,
}

/// All of them. Each plays every scenario on every store.
pub const LANGUAGES: [Language; 1] = [Language { name: "rust", guest: "scenario-guest.wasm" }];

impl Language {
    /// Its guest's file.
    ///
    /// # Errors
    /// It was not built.
    pub fn guest(&self) -> anyhow::Result<PathBuf> {
        artifact::guest(self.guest)
    }
}
