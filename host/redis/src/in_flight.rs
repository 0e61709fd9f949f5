//! Which operations have been under way for longer than the timeout.
//!
//! A timer for each operation would cost a third of the throughput. Instead,
//! time is cut into slices, each with a counter of the operations that began
//! in it and have not ended: a wheel of counters. An operation is overdue if
//! its slice's counter is not zero when the wheel comes round to it again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Slices that one timeout is cut into.
const SLICES: usize = 8;
/// One more, since an operation may begin when its slice is almost over: it is
/// overdue after one to one and an eighth timeouts.
const COUNTERS: usize = SLICES + 1;

/// How many operations began in each slice of time and have not ended.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    now: AtomicUsize,
    begun: [AtomicUsize; COUNTERS],
}

/// The slice in which an operation began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice(usize);

// Relaxed throughout: the counters publish nothing but themselves.
impl InFlight {
    /// How long a slice is.
    pub(crate) fn slice(timeout: Duration) -> Duration {
        let slices = u32::try_from(SLICES).unwrap_or(1);
        (timeout / slices).max(Duration::from_millis(1))
    }

    /// An operation begins.
    pub(crate) fn enter(&self) -> Slice {
        let slice = self.now.load(Ordering::Relaxed);
        self.begun[slice].fetch_add(1, Ordering::Relaxed);
        Slice(slice)
    }

    /// It ends.
    pub(crate) fn leave(&self, Slice(slice): Slice) {
        self.begun[slice].fetch_sub(1, Ordering::Relaxed);
    }

    /// The next slice begins; whether operations are overdue.
    ///
    /// To be called from one place, once a slice.
    pub(crate) fn advance(&self) -> bool {
        let next = (self.now.load(Ordering::Relaxed) + 1) % COUNTERS;
        let overdue = self.begun[next].load(Ordering::Relaxed) > 0;
        self.now.store(next, Ordering::Relaxed);
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_overdue_after_a_timeout_and_not_before() {
        let in_flight = InFlight::default();
        in_flight.advance();
        let operation = in_flight.enter();
        for _ in 0..SLICES {
            assert!(!in_flight.advance());
        }
        assert!(in_flight.advance());
        // It stays so, once in a round, until it ends.
        for _ in 0..SLICES {
            assert!(!in_flight.advance());
        }
        assert!(in_flight.advance());
        in_flight.leave(operation);
        for _ in 0..3 * COUNTERS {
            assert!(!in_flight.advance());
        }
    }

    #[test]
    fn operations_that_end_are_never_overdue() {
        let in_flight = InFlight::default();
        let mut last = in_flight.enter();
        for _ in 0..5 * COUNTERS {
            let next = in_flight.enter();
            in_flight.leave(last);
            last = next;
            assert!(!in_flight.advance());
        }
    }

    #[test]
    fn a_slice_is_an_eighth_of_the_timeout() {
        assert_eq!(InFlight::slice(Duration::from_secs(4)), Duration::from_millis(500));
        assert_eq!(InFlight::slice(Duration::from_micros(10)), Duration::from_millis(1));
    }
}
