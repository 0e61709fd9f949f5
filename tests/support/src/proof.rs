//! How much a test tries, from which seed, and its row in the table of
//! `./just prove`.
//!
//! `./just test` tries a share of what `./just prove` tries at full size; they
//! are the same tests. Where `SPAKKY_PROVE_TABLE` names a file, each of them
//! adds a row to it, which `./just prove` shows at its end.

#![expect(clippy::print_stderr, reason = "progress is for whoever waits at the terminal")]

use std::fmt::Display;
use std::fs::OpenOptions;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// If set, tests run at full size.
const FULL: &str = "SPAKKY_PROVE";
/// The file of the table.
const TABLE: &str = "SPAKKY_PROVE_TABLE";
/// The seed of all choices.
const SEED: &str = "SPAKKY_TEST_SEED";

/// How often [`Progress`] is shown.
const PACE: Duration = Duration::from_secs(5);

/// How much to try: `full` for `./just prove`, else `share`.
pub fn size<T>(share: T, full: T) -> T {
    if std::env::var_os(FULL).is_some() { full } else { share }
}

/// The seed of a test's choices: `SPAKKY_TEST_SEED`, or a new one for each run.
/// A test that fails prints it.
///
/// # Panics
/// `SPAKKY_TEST_SEED` is not a `u64`.
pub fn seed() -> u64 {
    match std::env::var(SEED) {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("{SEED}: {seed:?} is no seed")),
        Err(_) => RandomState::new().build_hasher().finish(),
    }
}

/// Adds what a test tried and found to the table.
///
/// # Panics
/// The table's file cannot be written.
pub fn row(what: impl Display, tried: impl Display, found: impl Display) {
    let Some(table) = std::env::var_os(TABLE) else { return };
    let mut table =
        OpenOptions::new().append(true).create(true).open(table).expect("the table's file");
    // In one write, since tests run at the same time.
    let row = format!("{what}\t{tried}\t{found}\n");
    table.write_all(row.as_bytes()).expect("the table's file");
}

/// Shows progress on standard error every few seconds.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: u64,
    began: Instant,
    shown: Instant,
}

impl Progress {
    /// The progress of `what`, which has `total` rounds.
    pub fn of(what: impl Into<String>, total: u64) -> Self {
        let now = Instant::now();
        Self { what: what.into(), total, began: now, shown: now }
    }

    /// Notes how many rounds are done.
    pub fn done(&mut self, rounds: u64) {
        if self.shown.elapsed() < PACE {
            return;
        }
        self.shown = Instant::now();
        let seconds = self.began.elapsed().as_secs();
        eprintln!("{}: {rounds} of {} after {seconds} s", self.what, self.total);
    }
}
