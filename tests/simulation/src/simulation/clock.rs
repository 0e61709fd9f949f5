//! A clock that the schedule moves.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spakky_cache_core::entry::{UnixMillis, whole_millis};

/// The time of one schedule. Clones are the same clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: UnixMillis,
    /// By when they wake, and which they are.
    sleepers: BTreeMap<(UnixMillis, u64), Option<Waker>>,
    numbers: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let (now, sleepers, numbers) = (1_700_000_000_000, BTreeMap::new(), 0);
        Self(Arc::new(Mutex::new(Time { now, sleepers, numbers })))
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.time().now
    }

    pub(crate) fn advance(&self, by: Duration) {
        let woken = {
            let mut time = self.time();
            time.now += whole_millis(by);
            let now = time.now;
            let later = time.sleepers.split_off(&(now + 1, 0));
            std::mem::replace(&mut time.sleepers, later)
        };
        woken.into_values().flatten().for_each(Waker::wake);
    }

    /// How long until the next sleeper wakes.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let time = self.time();
        let (next, _) = *time.sleepers.first_key_value()?.0;
        Some(Duration::from_millis(next.saturating_sub(time.now)))
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let mut time = self.time();
        time.numbers += 1;
        // Nothing is over before time has passed.
        let place = (time.now + whole_millis(duration), time.numbers);
        time.sleepers.insert(place, None);
        Sleep { clock: self.clone(), place }
    }
}

/// Completes once the clock has got there.
#[derive(Debug)]
pub(crate) struct Sleep {
    clock: Clock,
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
