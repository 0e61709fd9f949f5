//! Single flight: lookups of one key in one process share one read of the store.
//!
//! A caller may be answered by a read only if that read began after the caller
//! arrived. Otherwise it could be answered with a value that a write it knows of
//! had already replaced. So each caller takes an arrival number. One caller at a
//! time is the leader and reads the key; its read answers every caller that had
//! arrived when the read began. However many callers want a key, two reads serve
//! all that are waiting.
//!
//! A lease that another caller holds is shared with later arrivals too, for as
//! long as the key is watched and no change was heard of: they only wait, and
//! the change wakes them.
//!
//! The leader and follower roles are those of Go's `singleflight`; the arrival
//! rule is what makes sharing linearizable.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use crate::entry::{Entry, Id};
use crate::error::Error;
use crate::key::Key;
use crate::store::Change;

/// What a leader's read found, as far as followers can share it.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    /// A fresh entry.
    Hit(Entry),
    /// An entry that is to be refreshed, which its leader was offered.
    Stale(Stale),
    /// Nothing, and loads are not stored.
    Pass,
    /// Nothing, and loads are not repeated for this long.
    LoadFailed(Duration),
    /// The leader took the lease; the others have to watch it.
    LeaseTaken,
    /// A watched lease of some caller.
    LeaseHeld(HeldLease),
    /// The store failed.
    Failed(Error),
}

/// An entry that is to be refreshed.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    pub(crate) entry: Entry,
    /// Whether it is still fresh.
    pub(crate) fresh: bool,
}

/// A watched lease of some caller, as it was read. Times are
/// [`monotonic`](crate::Runtime::monotonic).
#[derive(Clone, Debug)]
pub(crate) struct HeldLease {
    pub(crate) holder: Id,
    /// Whether it is the lease of a refresh.
    pub(crate) refresh: bool,
    /// When it was read.
    pub(crate) read_at: Duration,
    /// It ends this much later, unless it is renewed.
    pub(crate) lasts: Duration,
    /// Fires when the lease may have ended.
    pub(crate) change: Change,
    /// For a refresh: fires when the entry may have changed.
    pub(crate) entry_change: Option<Change>,
    /// How many false alarms led to this read, one soon after the other.
    pub(crate) false_alarms: u32,
}

impl HeldLease {
    const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_millis(500);
    /// So many false alarms have other causes, such as a lost connection.
    const UNPAUSED: u32 = 3;

    /// The lease, if `before` was read before it.
    ///
    /// A change that leaves the same lease there was a false alarm, such as one of a
    /// server that tracks fewer keys than are watched: it sends one for each key that it
    /// forgets. Renewals come at a third of the lease's time, and are none.
    fn after(self, before: Option<&Observation>) -> Self {
        let false_alarms = match before {
            Some(Observation::LeaseHeld(before))
                if before.holder == self.holder && before.has_changed() =>
            {
                let soon = before.pause() + (self.lasts / 4).min(Duration::from_secs(1));
                let is_soon = self.read_at.saturating_sub(before.read_at) < soon;
                if is_soon { before.false_alarms.saturating_add(1) } else { 0 }
            }
            _ => 0,
        };
        Self { false_alarms, ..self }
    }

    /// Those that wait for it do not read the key again before this much later. Without
    /// pauses, a server that sends a false alarm after each read makes callers read as fast
    /// as they can.
    fn pause(&self) -> Duration {
        match self.false_alarms.checked_sub(Self::UNPAUSED + 1) {
            None => Duration::ZERO,
            Some(doublings) => {
                (Self::SHORTEST_PAUSE * (1 << doublings.min(6))).min(Self::LONGEST_PAUSE)
            }
        }
    }

    /// Whether it or the entry may have changed.
    fn has_changed(&self) -> bool {
        let fired = |change: &Change| change.get().is_some();
        fired(&self.change) || self.entry_change.as_ref().is_some_and(fired)
    }

    /// Completes once it or the entry may have changed.
    pub(crate) async fn changed(&self) {
        match &self.entry_change {
            None => {
                self.change.wait().await;
            }
            Some(entry_change) => tokio::select! {
                &() = self.change.wait() => {}
                &() = entry_change.wait() => {}
            },
        }
    }

    /// How much longer those that wait for it do not read the key again.
    pub(crate) fn pauses_for(&self, now: Duration) -> Duration {
        (self.read_at + self.pause()).saturating_sub(now)
    }

    /// How much longer it lasts, unless it is renewed.
    pub(crate) fn lasts_for(&self, now: Duration) -> Duration {
        self.read_at.saturating_add(self.lasts).saturating_sub(now)
    }
}

/// The latest read of a key.
#[derive(Debug, Default)]
pub(crate) struct LatestRead {
    /// The last arrival number given out before the read began.
    answers_up_to: u64,
    observed: Option<Observation>,
}

#[derive(Debug, Default)]
struct Flight {
    arrivals: AtomicU64,
    latest: tokio::sync::Mutex<LatestRead>,
}

/// What is being looked up: a key, and the version that will not do. Lookups that
/// differ in either do not share a read.
type Destination = (Key, Option<u64>);

/// What is being looked up.
#[derive(Debug, Default)]
pub(crate) struct SingleFlight(Mutex<HashMap<Destination, Arc<Flight>>>);

impl SingleFlight {
    /// Joins the flight of `key` and `unless`, which exists for as long as anyone is in it.
    pub(crate) fn join(&self, key: &Key, unless: Option<u64>) -> Caller<'_> {
        let destination = (key.clone(), unless);
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let flight = flights.entry(destination.clone()).or_default().clone();
        Caller { flights: self, destination, flight, arrival: OnceLock::new() }
    }
}

/// One caller in a flight.
pub(crate) struct Caller<'a> {
    flights: &'a SingleFlight,
    destination: Destination,
    flight: Arc<Flight>,
    /// Set by the first call of `role`: waiting and asking again is not a new
    /// arrival.
    arrival: OnceLock<u64>,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's reference and this one. Joining takes the same lock, so no
        // other caller can come between.
        if Arc::strong_count(&self.flight) == 2 {
            flights.remove(&self.destination);
        }
    }
}

/// The part that a caller plays.
pub(crate) enum Role<'a> {
    /// A read that began after this caller arrived answers it.
    Follower(Observation),
    /// This caller reads the key.
    Leader(Leader<'a>),
}

/// The right to read the key, held until the result is published or this is
/// dropped.
pub(crate) struct Leader<'a> {
    latest: MutexGuard<'a, LatestRead>,
    answers_up_to: u64,
    /// Whether the leader before this one took the lease.
    pub(crate) lease_taken: bool,
}

impl Caller<'_> {
    /// Waits until this caller is a leader or can follow one. `now` tells the
    /// time, `is_own` whether this caller's session holds a lease.
    pub(crate) async fn role(
        &self,
        now: impl Fn() -> Duration,
        is_own: impl Fn(Id) -> bool,
    ) -> Role<'_> {
        let number = self.flight.arrivals.fetch_add(1, SeqCst) + 1;
        let arrival = *self.arrival.get_or_init(|| number);
        let latest = self.flight.latest.lock().await;
        let answers_this = latest.answers_up_to >= arrival;
        let lease_taken = match &latest.observed {
            Some(Observation::LeaseTaken) => answers_this,
            Some(Observation::LeaseHeld(held)) => {
                let (now, changed) = (now(), held.has_changed());
                let stands = !held.lasts_for(now).is_zero()
                    && (!changed || answers_this && !held.pauses_for(now).is_zero());
                // A caller that deletes the key whose lease it holds may come
                // back before it hears of the change: then it no longer holds it.
                if stands && (answers_this || !is_own(held.holder)) {
                    return Role::Follower(Observation::LeaseHeld(held.clone()));
                }
                false
            }
            // Shared only with those that were queued behind the failed read.
            // Who comes later may find that the store is back.
            Some(Observation::Failed(_)) if latest.answers_up_to < number => false,
            Some(observed) if answers_this => return Role::Follower(observed.clone()),
            _ => false,
        };
        let answers_up_to = self.flight.arrivals.load(SeqCst);
        Role::Leader(Leader { latest, answers_up_to, lease_taken })
    }
}

impl Leader<'_> {
    /// The lease as it was just read, for those that wait.
    pub(crate) fn held(&self, lease: HeldLease) -> HeldLease {
        lease.after(self.latest.observed.as_ref())
    }

    /// Publishes what was read to the callers that wait. A leader that is
    /// dropped without publishing leaves them to read for themselves.
    pub(crate) fn publish(mut self, observed: Observation) {
        *self.latest = LatestRead { answers_up_to: self.answers_up_to, observed: Some(observed) };
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const HOLDER: Id = Id([1; 16]);

    fn lease(holder: Id, read_at: u64) -> HeldLease {
        HeldLease {
            holder,
            refresh: false,
            read_at: Duration::from_millis(read_at),
            lasts: Duration::from_secs(5),
            change: Change::default(),
            entry_change: None,
            false_alarms: 0,
        }
    }

    #[test]
    fn false_alarms_make_callers_pause_and_renewals_do_not() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let pause = |holder, read_at, alarm: bool| {
            let caller = flights.join(&key, None);
            let Role::Leader(leader) = role(&caller, true) else { panic!("its own") };
            let held = leader.held(lease(holder, read_at));
            let (pause, change) = (held.pause().as_millis(), held.change.clone());
            leader.publish(Observation::LeaseHeld(held));
            if alarm {
                change.set(()).expect("it fires once");
            }
            pause
        };
        let _flight = flights.join(&key, None);
        assert_eq!(pause(HOLDER, 0, true), 0);
        assert_eq!(pause(HOLDER, 1_700, true), 0, "a renewal");
        let pauses = [1_700; 7].map(|read_at| pause(HOLDER, read_at, true));
        assert_eq!(pauses, [0, 0, 0, 10, 20, 40, 80]);
        let pauses = [2_000, 2_500, 3_000, 3_500].map(|read_at| pause(HOLDER, read_at, true));
        assert_eq!(pauses, [160, 320, 500, 500]);
        assert_eq!(pause(Id([2; 16]), 3_501, true), 0, "another lease");
        assert_eq!([3_501; 4].map(|at| pause(Id([2; 16]), at, false)), [0; 4]);
        assert_eq!(pause(Id([2; 16]), 3_501, true), 0, "it was read without an alarm");
    }

    #[test]
    fn a_false_alarm_is_shared_by_those_that_wait() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let waiting = woken(&flights, &key);
        let Role::Leader(leader) = role(&waiting[0], false) else { panic!("the key has changed") };
        let held = HeldLease { false_alarms: 9, ..lease(HOLDER, 0) };
        held.change.set(()).expect("it fires once");
        leader.publish(Observation::LeaseHeld(held));
        assert!(matches!(role(&waiting[1], false), Role::Follower(Observation::LeaseHeld(_))));
        let later = flights.join(&key, None);
        assert!(matches!(role(&later, false), Role::Leader(_)), "it arrived after the read");
    }

    fn role<'a>(at: &'a Caller<'_>, is_own: bool) -> Role<'a> {
        at.role(|| Duration::ZERO, |_| is_own).now_or_never().expect("no other caller reads")
    }

    fn publish_a_held_lease(at: &Caller<'_>) {
        let Role::Leader(leader) = role(at, false) else { panic!("nothing was read yet") };
        leader.publish(Observation::LeaseHeld(lease(HOLDER, 0)));
    }

    #[test]
    fn a_held_lease_is_shared_with_later_arrivals() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let (first, second) = (flights.join(&key, None), flights.join(&key, None));
        publish_a_held_lease(&first);
        let Role::Follower(Observation::LeaseHeld(held)) = role(&second, false) else {
            panic!("it reads though the key is watched");
        };
        assert_eq!(held.holder, HOLDER);
    }

    /// Three callers that wait for a lease, whose key then changes.
    fn woken<'a>(flights: &'a SingleFlight, key: &'a Key) -> Vec<Caller<'a>> {
        let waiting: Vec<_> = (0..3).map(|_| flights.join(key, None)).collect();
        let change = Change::default();
        let Role::Leader(leader) = role(&waiting[0], false) else { panic!("nothing was read yet") };
        let held = HeldLease { change: change.clone(), ..lease(HOLDER, 0) };
        leader.publish(Observation::LeaseHeld(held));
        for at in &waiting[1..] {
            assert!(matches!(role(at, false), Role::Follower(Observation::LeaseHeld(_))));
        }
        change.set(()).expect("it fires once");
        waiting
    }

    #[test]
    fn those_who_waited_share_one_look_however_late_they_come_to_their_role() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let waiting = woken(&flights, &key);
        let Role::Leader(leader) = role(&waiting[0], false) else { panic!("the key has changed") };
        leader.publish(Observation::LeaseTaken);
        let Role::Leader(leader) = role(&waiting[1], false) else { panic!("it has to watch") };
        assert!(leader.lease_taken);
        leader.publish(Observation::LeaseHeld(lease(HOLDER, 0)));
        assert!(matches!(role(&waiting[2], false), Role::Follower(Observation::LeaseHeld(_))));
        assert!(
            matches!(role(&flights.join(&key, None), true), Role::Leader(_)),
            "it arrived after the read"
        );
    }

    #[test]
    fn a_failure_is_shared_only_with_callers_that_were_queued() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let waiting = woken(&flights, &key);
        let Role::Leader(first) = role(&waiting[0], false) else { panic!("the key has changed") };
        let in_queue = |at| Box::pin(Caller::role(at, || Duration::ZERO, |_| false));
        let (mut second, mut third) = (in_queue(&waiting[1]), in_queue(&waiting[2]));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        first.publish(Observation::Failed(Error::Unavailable));
        // It arrived after the first had begun to read.
        let second = second.now_or_never().expect("the queue is empty");
        let Role::Leader(leader) = second else { panic!("the store may be back") };
        leader.publish(Observation::Failed(Error::Unavailable));
        let third = third.now_or_never().expect("the queue is empty");
        assert!(matches!(third, Role::Follower(Observation::Failed(_))));
    }

    #[test]
    fn an_older_read_never_tells_a_caller_that_it_holds_the_lease_itself() {
        let (flights, key) = (SingleFlight::default(), Key::new("key", 10).expect("a key"));
        let (first, holder) = (flights.join(&key, None), flights.join(&key, None));
        publish_a_held_lease(&first);
        assert!(matches!(role(&holder, true), Role::Leader(_)));
    }
}
