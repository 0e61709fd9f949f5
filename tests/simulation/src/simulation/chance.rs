//! All chance of a schedule.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

/// Choices that a seed repeats.
#[derive(Debug)]
pub struct Chance(SmallRng);

impl Chance {
    /// The choices of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// The seed of another source, which goes its own way from here on.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// Whether this is the one time in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `from`, which is not empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of `from`, each as likely as its weight says. None: all weigh
    /// nothing.
    pub fn weighted<T: Copy>(&mut self, from: &[(usize, T)]) -> Option<T> {
        let total: usize = from.iter().map(|(weight, _)| weight).sum();
        let mut at = (total > 0).then(|| self.below(total))?;
        let chosen = from.iter().find(|(weight, _)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        chosen.map(|(_, what)| *what)
    }

    /// A span in whole milliseconds.
    pub fn span(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.0.random_range(millis(shortest)..=millis(longest)))
    }
}
