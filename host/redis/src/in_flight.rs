//! Detects operations in flight for longer than the timeout.
//!
//! A timer for each operation would cost a third of the throughput. Instead, a
//! timing wheel of counters divides the timeout into slices. Each slice counts
//! the operations that began in it and have not ended. If the counter is not zero
//! when the wheel reaches the slice again, an operation is overdue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The number of slices of one timeout.
const SLICES: usize = 8;
/// One more than slices, because an operation may begin at the end of its slice.
/// It is overdue after 1 to 1.125 timeouts.
const COUNTERS: usize = SLICES + 1;

/// Counts the operations in flight by the slice in which they began.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    now: AtomicUsize,
    begun: [AtomicUsize; COUNTERS],
}

/// The slice in which an operation began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice(usize);

// Relaxed throughout, because the counters publish no other memory.
impl InFlight {
    /// The length of a slice.
    pub(crate) fn slice(timeout: Duration) -> Duration {
        let slices = u32::try_from(SLICES).unwrap_or(1);
        (timeout / slices).max(Duration::from_millis(1))
    }

    /// Counts an operation that begins.
    pub(crate) fn enter(&self) -> Slice {
        let slice = self.now.load(Ordering::Relaxed);
        self.begun[slice].fetch_add(1, Ordering::Relaxed);
        Slice(slice)
    }

    /// Counts an operation that ends.
    pub(crate) fn leave(&self, Slice(slice): Slice) {
        self.begun[slice].fetch_sub(1, Ordering::Relaxed);
    }

    /// Begins the next slice, and returns whether an operation is overdue.
    ///
    /// Must be called by one task, once per slice.
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
