//! A clock that moves when a test moves it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spakky_cache_core::entry::{UnixMillis, whole_millis};

/// A moment in 2023.
const START: UnixMillis = 1_700_000_000_000;

/// A clock that stands still until [`advance`](Self::advance). Clones are the
/// same clock.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: UnixMillis,
    /// By the time at which each wakes, and in the order in which they began.
    sleepers: BTreeMap<(UnixMillis, u64), Option<Waker>>,
    begun: u64,
}

impl Default for Time {
    fn default() -> Self {
        Self { now: START, sleepers: BTreeMap::new(), begun: 0 }
    }
}

impl ManualClock {
    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time.
    pub fn now(&self) -> UnixMillis {
        self.time().now
    }

    /// The time since the clock began.
    pub fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now() - START)
    }

    /// Moves the clock on, by milliseconds that are rounded up, and wakes those whose time has
    /// come. They run when their tasks are polled, not within this call.
    pub fn advance(&self, by: Duration) {
        let woken = {
            let mut time = self.time();
            time.now += rounded_up(by);
            let now = time.now;
            let later = time.sleepers.split_off(&(now + 1, 0));
            std::mem::replace(&mut time.sleepers, later)
        };
        woken.into_values().flatten().for_each(Waker::wake);
    }

    /// How long until the next sleeper wakes, or `None` if nothing sleeps.
    pub fn until_next(&self) -> Option<Duration> {
        let time = self.time();
        let (next, _) = *time.sleepers.first_key_value()?.0;
        Some(Duration::from_millis(next.saturating_sub(time.now)))
    }

    /// Completes once the clock has moved on by `duration` from now, rounded up
    /// to whole milliseconds; at once if that is zero.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let mut time = self.time();
        time.begun += 1;
        let place = (time.now.saturating_add(rounded_up(duration)), time.begun);
        time.sleepers.insert(place, None);
        Sleep { clock: self.clone(), place }
    }
}

/// Whole milliseconds. Those of a time to live are never zero, those of a clock
/// may be.
fn rounded_up(span: Duration) -> UnixMillis {
    if span.is_zero() { 0 } else { whole_millis(span) }
}

/// The future of [`ManualClock::sleep`].
#[derive(Debug)]
pub struct Sleep {
    clock: ManualClock,
    place: (UnixMillis, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.time();
        if time.now >= self.place.0 {
            return Poll::Ready(());
        }
        time.sleepers.insert(self.place, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.time().sleepers.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn no_time_is_over_at_once_and_moves_nothing() {
        let clock = ManualClock::default();
        assert!(clock.sleep(Duration::ZERO).now_or_never().is_some());
        clock.advance(Duration::ZERO);
        assert_eq!(clock.now(), START);
    }

    #[test]
    fn a_sleeper_wakes_when_the_clock_gets_there() {
        let clock = ManualClock::default();
        let mut sleeper = clock.sleep(Duration::from_millis(10));
        clock.advance(Duration::from_millis(9));
        assert!((&mut sleeper).now_or_never().is_none());
        assert_eq!(clock.until_next(), Some(Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        assert!(sleeper.now_or_never().is_some());
        assert_eq!(clock.until_next(), None);
    }
}
