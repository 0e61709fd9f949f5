//! The randomness of a schedule.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

/// Choices that a seed repeats.
#[derive(Debug)]
pub struct Chance(SmallRng);

impl Chance {
    /// The choices of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// The seed of an independent source.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Fills `bytes` at random.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// True once in `times` on average.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `from`, which is not empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of `from`, as likely as its weight says. `None` if no weight is above
    /// zero.
    pub fn weighted<T: Copy>(&mut self, from: &[(T, usize)]) -> Option<T> {
        from.choose_weighted(&mut self.0, |(_, weight)| *weight).ok().map(|(what, _)| *what)
    }

    /// A span in whole milliseconds.
    pub fn span(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.0.random_range(millis(shortest)..=millis(longest)))
    }
}
