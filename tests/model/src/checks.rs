//! What the protocol checks. Each check can be left out, to show what it is for.

use crate::configuration::Call::{
    Delete, DroppedTag, Evict, FailingLoad, Get, Load, NewTag, PassingLoad, Write,
};
use crate::configuration::Configuration;
use crate::configuration::Event::{ConnectionLost, Killed, LeaseExpires};
use crate::configuration::Start::{Alive, Dead, Empty, Unknown};
use crate::protocol::Guarantee::{self, EverybodyReturns, NothingStale, OneLoad, OwnersOnly};

/// A check, or an order of steps, that a guarantee rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A read compares the epochs of an entry with the current ones
    /// (`CurrentEpochs::verdict`). Otherwise an evicted entry is served.
    EpochsOnRead,
    /// A commit stores only over the marker of its own lease
    /// (`LeaseGuard::store`). Otherwise a value that was loaded before a
    /// delete lands after it.
    Commit,
    /// A commit stores the epochs that were captured before the load, and only if
    /// they are still current (`LeaseGuard::epochs_to_commit`). Otherwise a value
    /// from before an eviction is stored as if it came after it.
    CaptureBeforeLoad,
    /// A commit that names a new tag compares the eviction mark with that of its
    /// lease (`LeaseGuard::epochs_to_commit`). Otherwise an eviction of the tag
    /// during the load goes unnoticed.
    MarkOfNewTags,
    /// So does a commit that no longer names a tag of its lookup. Otherwise an
    /// eviction that is not known yet goes unnoticed, as the entry lacks its epoch.
    MarkOfDroppedTags,
    /// An eviction replaces the mark before the epochs (`RedisStore::evict`).
    /// Otherwise a commit captures the new epoch and finds the old mark.
    MarkBeforeEpochs,
    /// A refused commit of a write removes the key (`LeaseGuard::conclude`).
    /// Otherwise what was loaded after the lease expired stays, although the
    /// origin no longer holds it.
    RefusedWriteRemoves,
    /// A connection handles replies and invalidations in order
    /// (`Tracking::handle`). Otherwise a read is compared with an epoch that ended
    /// before its reply.
    RepliesInOrder,
    /// An epoch enters the table only if it was not invalidated since it was
    /// requested (`PendingRead::fill`). Otherwise one that has ended stays there.
    FillOnlyIfPending,
    /// The table ends with its connection (`Tracking::close`). Otherwise the
    /// invalidations that the lost connection would have brought are missed.
    TableEndsWithConnection,
    /// A lost connection fires every watch (`Tracking::close`). Otherwise waiters
    /// wait for a notification that cannot come.
    LostConnectionFiresWatches,
    /// A dead entry is replaced only if the key still holds it (`Session::take`).
    /// Otherwise two callers that read it both take a lease.
    DeadIsCompared,
    /// A lease is given up only if the key still holds its marker
    /// (`LeaseGuard::release`). Otherwise another caller's lease ends.
    GiveUp,
    /// A lease that is dropped is given up (`Drop for LeaseGuard`). Otherwise the
    /// waiters wait until the lease expires.
    DropGivesUp,
    /// A watch is registered before its key is read (`RedisStore::watch`).
    /// Otherwise a change in between wakes nobody.
    WatchBeforeRead,
    /// A waiter reads again when the lease's time is over (`Wait::for_lease`).
    /// Otherwise it waits forever, since Redis may report an expiry late or never.
    EndOfLeaseWakes,
}

/// Each check, the guarantee that falls without it, and callers that show that.
pub fn cases() -> Vec<(Check, Guarantee, Configuration)> {
    let of = Configuration::new;
    let alive = of(Alive, &[(0, Get), (1, Evict)]);
    let new_tag = of(Empty, &[(0, NewTag), (1, Evict), (2, Get)]);
    let two = of(Empty, &[(0, Load), (1, Load)]);
    let failing = of(Empty, &[(0, FailingLoad), (1, Load), (2, Load)]).with(&[LeaseExpires]);
    let write = of(Empty, &[(0, Write), (1, Load), (2, Get)]).with(&[LeaseExpires]);
    vec![
        (Check::EpochsOnRead, NothingStale, alive.clone()),
        (Check::Commit, NothingStale, of(Empty, &[(0, Load), (1, Delete), (2, Get)])),
        (Check::Commit, NothingStale, of(Empty, &[(0, PassingLoad), (1, Delete), (2, Load)])),
        (Check::Commit, OwnersOnly, of(Empty, &[(0, Load), (1, Delete)])),
        (Check::CaptureBeforeLoad, NothingStale, of(Empty, &[(0, Load), (1, Evict), (2, Get)])),
        (Check::MarkOfNewTags, NothingStale, new_tag.clone()),
        (Check::MarkOfDroppedTags, NothingStale, of(Empty, &[(0, DroppedTag), (1, Evict)])),
        (Check::MarkBeforeEpochs, NothingStale, new_tag),
        (Check::RefusedWriteRemoves, NothingStale, write),
        (Check::RepliesInOrder, NothingStale, alive.clone()),
        (Check::FillOnlyIfPending, NothingStale, of(Unknown, &[(0, Get), (0, Get), (1, Evict)])),
        (Check::TableEndsWithConnection, NothingStale, alive.with(&[ConnectionLost])),
        (Check::LostConnectionFiresWatches, EverybodyReturns, two.with(&[ConnectionLost])),
        (Check::DeadIsCompared, OneLoad, of(Dead, &[(0, Load), (1, Load)])),
        (Check::GiveUp, OneLoad, failing.clone()),
        (Check::GiveUp, OwnersOnly, failing),
        (Check::DropGivesUp, EverybodyReturns, of(Empty, &[(0, FailingLoad), (1, Load)])),
        (Check::WatchBeforeRead, EverybodyReturns, two.clone()),
        (Check::EndOfLeaseWakes, EverybodyReturns, two.with(&[Killed])),
    ]
}
