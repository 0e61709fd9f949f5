//! How much a test tries, from which seed, and what is told of it.
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

/// Set to anything: tests are to run at full size.
const FULL: &str = "SPAKKY_PROVE";
/// The file that rows are added to.
const TABLE: &str = "SPAKKY_PROVE_TABLE";
/// The seed to begin with.
const SEED: &str = "SPAKKY_TEST_SEED";

/// How often [`Progress`] is shown.
const PACE: Duration = Duration::from_secs(5);

/// How much is to be tried: `full` for `./just prove`, else `share`.
pub fn size<T>(share: T, full: T) -> T {
    if std::env::var_os(FULL).is_some() { full } else { share }
}

/// What all chance of a test comes from: `SPAKKY_TEST_SEED`, or another one for
/// each run. Whoever uses it prints it when the test fails.
///
/// # Panics
/// `SPAKKY_TEST_SEED` is no whole number below 2^64.
pub fn seed() -> u64 {
    match std::env::var(SEED) {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("{SEED}: {seed:?} is no seed")),
        Err(_) => RandomState::new().build_hasher().finish(),
    }
}

/// What a test tried, and what it found, as a row of the table.
///
/// # Panics
/// The table's file cannot be written.
pub fn row(what: impl Display, tried: impl Display, found: impl Display) {
    let Some(table) = std::env::var_os(TABLE) else { return };
    let mut table =
        OpenOptions::new().append(true).create(true).open(table).expect("the table's file");
    // In one write, since tests run beside each other.
    let row = format!("{what}\t{tried}\t{found}\n");
    table.write_all(row.as_bytes()).expect("the table's file");
}

/// Shows on standard error, every few seconds, how far something got.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: u64,
    began: Instant,
    shown: Instant,
}

impl Progress {
    /// Of `what`, which has `total` rounds.
    pub fn of(what: impl Into<String>, total: u64) -> Self {
        let now = Instant::now();
        Self { what: what.into(), total, began: now, shown: now }
    }

    /// So many rounds are done.
    pub fn done(&mut self, rounds: u64) {
        if self.shown.elapsed() < PACE {
            return;
        }
        self.shown = Instant::now();
        let seconds = self.began.elapsed().as_secs();
        eprintln!("{}: {rounds} of {} after {seconds} s", self.what, self.total);
    }
}
