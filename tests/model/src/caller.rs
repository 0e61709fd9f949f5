//! Callers: what each calls, and where in it it is.

use crate::keys::Keys;
use crate::names::{Name, Named};
use crate::store::{Content, Envelope, Epochs, Version};

/// What a caller does, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `get`.
    Get,
    /// `lookup`, and then what the lease obliges it to, if it gets one.
    Lookup {
        /// Those named in the lookup.
        tags: Keys,
        /// Those named at the commit.
        named: Keys,
        /// How a load ends.
        end: End,
    },
    /// `set`: the change of the origin that others must not be older than.
    Set {
        /// Its tags.
        tags: Keys,
    },
    /// `begin_write`, a change of the origin, and the commit of what was
    /// written.
    Write {
        /// Those named at the beginning.
        tags: Keys,
    },
    /// A change of the origin, and `delete`.
    Delete,
    /// A change of the origin, and `evict_tags`.
    Evict {
        /// Which.
        tags: Keys,
    },
    /// A change of the origin, and `clear`.
    Clear,
    /// One `sweep`.
    Sweep,
}

impl Call {
    /// Whether it is a lookup.
    pub fn looks_up(self) -> bool {
        matches!(self, Self::Lookup { .. })
    }

    /// Whether its lease is a write's.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write { .. })
    }

    /// The epochs that what it stores depends on.
    pub fn stores(self) -> Keys {
        match self {
            Self::Lookup { named, .. } => named.and(Keys::EVERYTHING),
            _ => self.epochs(),
        }
    }

    /// The epochs that it has to do with.
    pub fn epochs(self) -> Keys {
        let tags = match self {
            Self::Lookup { tags, named, .. } => tags.and(named),
            Self::Set { tags } | Self::Write { tags } | Self::Evict { tags } => tags,
            Self::Get | Self::Delete | Self::Clear | Self::Sweep => Keys::NONE,
        };
        tags.and(Keys::EVERYTHING)
    }
}

/// How a load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Its value is committed.
    Commit,
    /// Its lease is dropped, as when the origin fails or the guest traps.
    Drop,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A value from the cache.
    Hit,
    /// `get` found nothing, or `sweep` nothing dead.
    Miss,
    /// What was loaded, written or set is stored.
    Stored,
    /// It is not: commit answered false.
    Refused,
    /// The lease was dropped, and is given up.
    GivenUp,
    /// What was to be removed is.
    Removed,
    /// An error: the connection was lost.
    Failed,
    /// The guest trapped on the way.
    Trapped,
    /// The process was killed.
    Killed,
}

/// A step that a caller is about to take. Those that are commands carry the
/// name of the store's step that sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `GET`.
    Read,
    /// `GET`, tracked, after the watch is registered.
    Watch,
    /// `GET`, tracked, of an epoch that the verdict on what was found needs.
    AskEpoch {
        /// What was found.
        found: Envelope,
        /// Still to be asked for.
        left: Keys,
        /// Known, or asked for by now.
        current: Epochs,
    },
    /// Takes the epochs from the table, as far as they are there.
    Capture,
    /// `SET NX` and `GET`, tracked, of an epoch that the table lacks.
    MakeEpoch {
        /// Still to be made or read.
        left: Keys,
        /// Known, or read by now.
        captured: Epochs,
    },
    /// `GET` of the mark, made where missing.
    EvictionMark,
    /// The same for a commit with other tags than the lookup had, which stores
    /// these if it stands.
    LateMark(Epochs),
    /// `SET NX GET PX`, or the script.
    TakeLease,
    /// `SET NX` of the election's token.
    Elect,
    /// `SET`: of a write's marker, or of an entry that is set.
    Put(Epochs),
    /// The change of the origin that a write is for.
    WriteOrigin,
    /// The script.
    Commit(Epochs),
    /// Gives up, or removes, or resigns: what the lease was for decides.
    Release(Outcome),
    /// `SET` of the mark, and of each epoch: so many are done.
    Evict(usize),
    /// The script that removes what was found to be dead.
    Sweep(Name),
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// What the key holds.
    Found(Option<Envelope>),
    /// The current epochs, as far as the verdict needs them.
    Current {
        /// What it is on.
        found: Envelope,
        /// As they are.
        current: Epochs,
    },
    /// The epochs that were missing.
    Made(Epochs),
    /// The eviction mark.
    Mark {
        /// As it is.
        mark: Name,
        /// What the commit stores if it stands.
        epochs: Epochs,
    },
    /// Whether the marker is stored, or the election won.
    Taken(bool),
    /// Whether the commit stored.
    Committed(bool),
    /// What a write's marker replaced is gone.
    WriteBegun,
    /// The lease is given up, or the key removed, or the election resigned.
    Released(Outcome),
    /// The call is done.
    Done(Outcome),
}

/// Where a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// It has not called yet.
    Start,
    /// It has arrived, and waits for its role.
    Queued,
    /// Waiting for a lease to end.
    Waiting {
        /// Whose.
        holder: Name,
        /// Whether the watch has fired.
        fired: bool,
    },
    /// About to take a step.
    About(Step),
    /// The reply is on its way.
    Asked(Answer),
    /// The reply is here, but the caller has not woken up yet.
    Told(Answer),
    /// It has returned.
    Done(Outcome),
}

/// Whether a lookup's read is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Watch {
    /// It is not.
    No,
    /// It will be, once the reply is here: without
    /// [`Check::WatchBeforeRead`](crate::checks::Check::WatchBeforeRead).
    Late,
    /// It is.
    Registered,
    /// And the key may have changed since.
    Fired,
}

/// A lease that is about to be taken, or was: `LeaseGuard` in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The token.
    pub id: Name,
    /// Captured before the load.
    pub epochs: Epochs,
    /// As it stood when the lease was taken.
    pub mark: Option<Name>,
    /// Of the model only: something that may take a lease away has taken this
    /// one, so that another caller may load.
    pub void: bool,
}

/// One caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Where it is.
    pub at: At,
    /// Of the model only: what was published when its call began, or its commit.
    /// It must not get, or store, anything older.
    pub at_least: Version,
    /// Whether its reads are to be watched.
    pub watch: bool,
    /// The watch of its last read.
    pub watched: Watch,
    /// The CAS token of what its lease is to replace.
    pub seen: Option<Name>,
    /// The stale entry that it refreshes.
    pub refreshes: Option<Envelope>,
    /// Its lease.
    pub lease: Option<Lease>,
    /// What it loaded.
    pub loaded: Option<Version>,
    /// To which version it changed the origin.
    pub wrote: Version,
    /// The epochs that it asked for and that were not invalidated since
    /// (`PendingRead` in the code).
    pub expected: Keys,
    /// Of the model only.
    pub broke: Broken,
}

/// What must never become true of a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken {
    /// It was served what is older than it may be, or committed it, alive.
    pub stale: bool,
    /// It replaced or removed what was not its own.
    pub overreached: bool,
    /// What it set was dead, though nothing was evicted since it called.
    pub dead_on_arrival: bool,
}

impl Caller {
    /// One that has not called yet.
    pub const NEW: Self = Self {
        at: At::Start,
        at_least: 0,
        watch: false,
        watched: Watch::No,
        seen: None,
        refreshes: None,
        lease: None,
        loaded: None,
        wrote: 0,
        expected: Keys::NONE,
        broke: Broken { stale: false, overreached: false, dead_on_arrival: false },
    };

    /// It returns, and what it knew is forgotten.
    pub fn finish(&mut self, outcome: Outcome) {
        *self = Self { at: At::Done(outcome), broke: self.broke, ..Self::NEW };
    }

    /// Its call returns a value of this version.
    pub fn serve(&mut self, version: Version) {
        self.broke.stale |= version < self.at_least;
    }

    /// Whether it has returned, for good or ill.
    pub fn is_done(&self) -> bool {
        matches!(self.at, At::Done(_))
    }

    /// Whether it loads: from the moment that it was told to, until its commit
    /// or its giving up is carried out.
    pub fn loads(&self) -> bool {
        self.loaded.is_some() && !matches!(self.at, At::Asked(Answer::Committed(_)))
    }

    /// The version of the entry that it refreshes.
    pub fn refreshed_version(&self) -> Option<Version> {
        match self.refreshes?.content {
            Content::Entry { version, .. } => Some(version),
            Content::Lease => None,
        }
    }
}

impl Named for Caller {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.at.names(see);
        self.seen.names(see);
        self.refreshes.names(see);
        self.lease.names(see);
    }
}

impl Named for Lease {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.id.names(see);
        self.epochs.names(see);
        self.mark.names(see);
    }
}

impl Named for At {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        match self {
            Self::Waiting { holder, .. } => holder.names(see),
            Self::About(step) => step.names(see),
            Self::Asked(answer) | Self::Told(answer) => answer.names(see),
            Self::Start | Self::Queued | Self::Done(_) => {}
        }
    }
}

impl Named for Step {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        match self {
            Self::Sweep(token) => token.names(see),
            Self::AskEpoch { found, current: epochs, .. } => {
                found.names(see);
                epochs.names(see);
            }
            Self::MakeEpoch { captured: epochs, .. }
            | Self::Put(epochs)
            | Self::Commit(epochs)
            | Self::LateMark(epochs) => {
                epochs.names(see);
            }
            _ => {}
        }
    }
}

impl Named for Answer {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        match self {
            Self::Found(found) => found.names(see),
            Self::Current { found, current } => {
                found.names(see);
                current.names(see);
            }
            Self::Made(epochs) => epochs.names(see),
            Self::Mark { mark, epochs } => {
                mark.names(see);
                epochs.names(see);
            }
            _ => {}
        }
    }
}
