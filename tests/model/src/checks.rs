//! What the protocol checks, each of which can be left out to see what it is
//! good for.

/// One check, or one order, that a guarantee rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// A read compares the epochs of an entry with the current ones
    /// (`CurrentEpochs::verdict`). Else an evicted entry is served.
    EpochsOnRead,
    /// A commit stores only over the marker of its own lease, or over the entry
    /// that it refreshes (`Script::ReplaceIfStem`). Else a value that was loaded
    /// before a delete lands after it.
    Commit,
    /// What is committed carries the epochs that were captured before the load,
    /// if they are still current (`LeaseGuard::epochs_to_commit`). Else a value that
    /// was loaded before an eviction is stored as one from after it.
    CaptureBeforeLoad,
    /// A write whose commit is refused removes the key (`LeaseGuard::commit`). Else
    /// what was loaded during its expired lease stays, though the origin no
    /// longer holds it.
    RemovalAfterRefusedWrite,
    /// A commit that names a tag only now checks whether anything was evicted
    /// since the lease was taken (`LeaseGuard::epochs_to_commit`). Else the eviction
    /// of that tag during the load goes unnoticed.
    EvictionMark,
    /// So does one that no longer names a tag of the lookup. Else an eviction of
    /// that tag, which its process has not heard of yet, goes unnoticed: the
    /// entry does not carry the epoch that would show it.
    EvictionMarkOfTagsNotNamedAgain,
    /// An eviction replaces the mark before the epochs (`RedisStore::evict`).
    /// Else a commit captures the new epoch of a late tag and finds the old
    /// mark.
    MarkBeforeEpochs,
    /// What Redis sends over one connection is handled in its order
    /// (`Tracking::handle`). Else a read compares with an epoch whose end was
    /// told before its reply.
    RepliesInOrder,
    /// An epoch enters the table only if no invalidation of it came since it
    /// was asked for (`PendingRead::fill`). Else one that has ended enters it, and
    /// its end is never told again.
    FillOnlyIfStillExpected,
    /// What is known ends with its connection (`Tracking::close`). Else the
    /// ends of epochs that the lost connection would have told are missed.
    TableEndsWithConnection,
    /// A lost connection fires every watch (`Tracking::close`). Else who waits
    /// on it waits for a change that nobody will tell.
    LostConnectionFiresWatches,
    /// What is dead is replaced only if the key still holds it
    /// (`RedisStore::take_lease`). Else two that saw it take a lease each.
    DeadIsReplacedByComparing,
    /// A lease is given up only if the key still holds its marker
    /// (`Script::RemoveIfStem`). Else it is another's lease that ends.
    GiveUp,
    /// A sweep removes what it found dead only if the key still holds it
    /// (`RedisStore::sweep_some`). Else it is the lease of who replaced it that
    /// ends.
    Sweep,
    /// A watch is registered before its key is read (`RedisStore::watch`). Else
    /// a change in between wakes nobody.
    WatchBeforeRead,
    /// Who waits for a lease reads again when its time is over
    /// (`WaitBudget::wait`). Else the lease of a killed process is waited for for
    /// ever, as Redis may tell of an expiry late, or not at all.
    EndOfLeaseWakes,
    /// A lease that is dropped is given up (`Drop for LeaseGuard`). Else those that
    /// wait for a guest that trapped wait for the end of its lease.
    DropGivesUp,
    /// A caller uses what another one's read found only if it arrived before
    /// that began (`Caller::role`). Else it is served what it knows to be gone.
    SharedOnlyIfBegunLater,
    /// An eviction returns after its own connection has heard of it
    /// (`RedisStore::replace_epochs`). Else a set that follows it in the same
    /// process carries the epoch that has just ended.
    PingAfterEviction,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::EpochsOnRead,
        Self::Commit,
        Self::CaptureBeforeLoad,
        Self::RemovalAfterRefusedWrite,
        Self::EvictionMark,
        Self::EvictionMarkOfTagsNotNamedAgain,
        Self::MarkBeforeEpochs,
        Self::RepliesInOrder,
        Self::FillOnlyIfStillExpected,
        Self::TableEndsWithConnection,
        Self::LostConnectionFiresWatches,
        Self::DeadIsReplacedByComparing,
        Self::GiveUp,
        Self::Sweep,
        Self::WatchBeforeRead,
        Self::EndOfLeaseWakes,
        Self::DropGivesUp,
        Self::SharedOnlyIfBegunLater,
        Self::PingAfterEviction,
    ];
}
