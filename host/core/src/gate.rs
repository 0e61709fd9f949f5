//! Gates: where lookups of one key in one process share what they find.
//!
//! A lookup may use what another one found only if that one began to look
//! after it arrived: otherwise it could be answered with what a write that it
//! knows of had already replaced. So each takes a ticket on arrival, looks at
//! the key one at a time, and notes the last ticket that had been given out
//! when a look began; whoever holds that ticket or an earlier one need not look
//! again. However many callers want a key, two looks serve all that are there.
//!
//! That somebody's lease is out is shared with those who arrive later, too, for
//! as long as the key is watched and no change was heard of: nobody is answered
//! with it, they only wait, and the change wakes them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::MutexGuard;

use crate::entry::{Entry, Id, UnixMillis};
use crate::error::Error;
use crate::key::Key;
use crate::store::Change;

/// What a look found, as far as callers can share it.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// An entry to serve.
    Hit(Entry),
    /// An entry to serve, that somebody is to refresh.
    Stale(Entry),
    /// The looking caller took the lease; for the others, it is out.
    Taken,
    /// Somebody's lease, watched, which ends by then if it is not renewed.
    Out { holder: Id, ends: UnixMillis, change: Change },
    /// No answer.
    Failed(Error),
}

/// The last look at a key.
#[derive(Debug, Default)]
pub(crate) struct Round {
    began_after: u64,
    seen: Option<Seen>,
}

#[derive(Debug, Default)]
struct Gate {
    tickets: AtomicU64,
    round: tokio::sync::Mutex<Round>,
}

/// The gates of the keys that are being looked up.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<Key, Arc<Gate>>>);

impl Gates {
    /// The gate of `key`, which is kept for as long as somebody is at it.
    pub(crate) fn enter<'a>(&'a self, key: &'a Key) -> AtGate<'a> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = if let Some(gate) = gates.get(key) {
            gate.clone()
        } else {
            let gate = Arc::<Gate>::default();
            gates.insert(key.clone(), gate.clone());
            gate
        };
        AtGate { gates: self, key, gate, ticket: OnceLock::new() }
    }
}

/// One caller's presence at a gate.
pub(crate) struct AtGate<'a> {
    gates: &'a Gates,
    key: &'a Key,
    gate: Arc<Gate>,
    /// Of its first turn: who waits and looks again has not arrived anew.
    ticket: OnceLock<u64>,
}

impl Drop for AtGate<'_> {
    fn drop(&mut self) {
        let mut gates = self.gates.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and this one: entering takes the same lock, so nobody else
        // can come between.
        if Arc::strong_count(&self.gate) == 2 {
            gates.remove(self.key);
        }
    }
}

/// A caller's turn at the gate.
pub(crate) enum Turn<'a> {
    /// Somebody began to look after this caller arrived, and saw this.
    Share(Seen),
    /// It is for this caller to look.
    Look(Look<'a>),
}

/// The right to look, held until what was seen is noted or it is dropped.
pub(crate) struct Look<'a> {
    round: MutexGuard<'a, Round>,
    begins_after: u64,
    /// Whether the look before this one left the lease with its caller.
    pub(crate) lease_is_out: bool,
}

impl AtGate<'_> {
    /// This caller's turn, at the time `now` tells. It holds those leases that
    /// `is_own` says.
    pub(crate) async fn turn(
        &self,
        now: impl Fn() -> UnixMillis,
        is_own: impl Fn(Id) -> bool,
    ) -> Turn<'_> {
        let this_turn = self.gate.tickets.fetch_add(1, SeqCst) + 1;
        let ticket = *self.ticket.get_or_init(|| this_turn);
        let round = self.gate.round.lock().await;
        let began_later = round.began_after >= ticket;
        let lease_is_out = match &round.seen {
            Some(Seen::Taken) => began_later,
            Some(seen @ Seen::Out { holder, ends, change }) => {
                // Whoever deletes the key that it holds may come back before
                // the change is heard of: then it no longer holds it.
                let stands = change.get().is_none() && now() < *ends;
                if stands && (began_later || !is_own(*holder)) {
                    return Turn::Share(seen.clone());
                }
                false
            }
            // Of those who would only fail one by one. Whoever has waited since
            // may find that the store is back.
            Some(Seen::Failed(_)) if round.began_after < this_turn => false,
            Some(seen) if began_later => return Turn::Share(seen.clone()),
            _ => false,
        };
        let begins_after = self.gate.tickets.load(SeqCst);
        Turn::Look(Look { round, begins_after, lease_is_out })
    }
}

impl Look<'_> {
    /// Notes what was seen, for the callers that wait for their turn. Without
    /// it, as when this caller is dropped half-way, they look themselves.
    pub(crate) fn note(mut self, seen: Seen) {
        *self.round = Round { began_after: self.begins_after, seen: Some(seen) };
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const HOLDER: Id = Id([1; 16]);

    fn turn<'a>(at: &'a AtGate<'_>, is_own: bool) -> Turn<'a> {
        at.turn(|| 0, |_| is_own).now_or_never().expect("nobody else is at the gate")
    }

    fn note_that_it_is_out(at: &AtGate<'_>) {
        let Turn::Look(look) = turn(at, false) else { panic!("nothing was seen yet") };
        look.note(Seen::Out { holder: HOLDER, ends: 1, change: Change::default() });
    }

    #[test]
    fn a_lease_that_is_out_is_shared_with_those_who_come_later() {
        let (gates, key) = (Gates::default(), Key::new("key", 10).expect("a key"));
        let (first, second) = (gates.enter(&key), gates.enter(&key));
        note_that_it_is_out(&first);
        let Turn::Share(Seen::Out { holder, .. }) = turn(&second, false) else {
            panic!("it looks though the key is watched");
        };
        assert_eq!(holder, HOLDER);
    }

    /// Three callers at a gate who wait for somebody's lease, which then changes.
    fn woken<'a>(gates: &'a Gates, key: &'a Key) -> Vec<AtGate<'a>> {
        let waiting: Vec<_> = (0..3).map(|_| gates.enter(key)).collect();
        let change = Change::default();
        let Turn::Look(look) = turn(&waiting[0], false) else { panic!("nothing was seen yet") };
        look.note(Seen::Out { holder: HOLDER, ends: 1, change: change.clone() });
        for at in &waiting[1..] {
            assert!(matches!(turn(at, false), Turn::Share(Seen::Out { .. })));
        }
        change.set(()).expect("it fires once");
        waiting
    }

    #[test]
    fn those_who_waited_share_one_look_however_late_they_come_to_their_turn() {
        let (gates, key) = (Gates::default(), Key::new("key", 10).expect("a key"));
        let waiting = woken(&gates, &key);
        let Turn::Look(look) = turn(&waiting[0], false) else { panic!("the key has changed") };
        look.note(Seen::Taken);
        let Turn::Look(look) = turn(&waiting[1], false) else { panic!("it is to watch") };
        assert!(look.lease_is_out);
        let found = Seen::Out { holder: HOLDER, ends: 1, change: Change::default() };
        look.note(found);
        assert!(matches!(turn(&waiting[2], false), Turn::Share(Seen::Out { .. })));
        assert!(matches!(turn(&gates.enter(&key), true), Turn::Look(_)), "it was not there");
    }

    #[test]
    fn a_failure_is_shared_with_those_in_the_queue_only() {
        let (gates, key) = (Gates::default(), Key::new("key", 10).expect("a key"));
        let waiting = woken(&gates, &key);
        let Turn::Look(first) = turn(&waiting[0], false) else { panic!("the key has changed") };
        let in_queue = |at| Box::pin(AtGate::turn(at, || 0, |_| false));
        let (mut second, mut third) = (in_queue(&waiting[1]), in_queue(&waiting[2]));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        first.note(Seen::Failed(Error::Unavailable));
        // It came to the queue when the first was looking already.
        let second = second.now_or_never().expect("it is its turn");
        let Turn::Look(look) = second else { panic!("the store may be back") };
        look.note(Seen::Failed(Error::Unavailable));
        let third = third.now_or_never().expect("it is its turn");
        assert!(matches!(third, Turn::Share(Seen::Failed(_))));
    }

    #[test]
    fn nobody_is_told_by_an_older_look_that_it_holds_the_lease_itself() {
        let (gates, key) = (Gates::default(), Key::new("key", 10).expect("a key"));
        let (first, holder) = (gates.enter(&key), gates.enter(&key));
        note_that_it_is_out(&first);
        assert!(matches!(turn(&holder, true), Turn::Look(_)));
    }
}
