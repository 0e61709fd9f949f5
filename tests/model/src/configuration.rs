//! Which callers run together, and what happens to them.

use crate::caller::Call;
use crate::keys::Keys;

/// What the key holds at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// Nothing.
    Nothing,
    /// A fresh entry.
    Fresh,
    /// An entry that is to be refreshed.
    Stale,
    /// An entry that was evicted long ago.
    Dead,
}

/// What is known of the epochs at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// Every connection knows all of them.
    All,
    /// There are all, but no connection has read them.
    Nowhere,
    /// There are none (any more), nor an eviction mark.
    Missing,
}

/// What happens from outside, and how often at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Events {
    /// A lease, or an election, ends though its holder lives: it was paused,
    /// or could not reach Redis.
    pub expiries: u8,
    /// A lease is renewed.
    pub renewals: u8,
    /// Redis loses an epoch, or the eviction mark, or an epoch expires.
    pub epochs_lost: u8,
    /// Redis loses what the key holds.
    pub entries_lost: u8,
    /// A process loses its connection, and has another at once.
    pub connections_lost: u8,
    /// Redis is started anew, and holds nothing.
    pub restarts: u8,
    /// A process is killed.
    pub kills: u8,
    /// A guest traps.
    pub traps: u8,
}

impl Events {
    /// Nothing.
    pub const NONE: Self = Self {
        expiries: 0,
        renewals: 0,
        epochs_lost: 0,
        entries_lost: 0,
        connections_lost: 0,
        restarts: 0,
        kills: 0,
        traps: 0,
    };
    /// One expiry.
    pub const EXPIRY: Self = Self { expiries: 1, ..Self::NONE };
    /// One renewal.
    pub const RENEWAL: Self = Self { renewals: 1, ..Self::NONE };
    /// One lost epoch, or mark.
    pub const EPOCH_LOST: Self = Self { epochs_lost: 1, ..Self::NONE };
    /// One lost entry, or marker.
    pub const ENTRY_LOST: Self = Self { entries_lost: 1, ..Self::NONE };
    /// One lost connection.
    pub const CONNECTION_LOST: Self = Self { connections_lost: 1, ..Self::NONE };
    /// One restart.
    pub const RESTART: Self = Self { restarts: 1, ..Self::NONE };
    /// One kill.
    pub const KILL: Self = Self { kills: 1, ..Self::NONE };
    /// One trap.
    pub const TRAP: Self = Self { traps: 1, ..Self::NONE };

    /// These, and `others`.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self {
            expiries: self.expiries + others.expiries,
            renewals: self.renewals + others.renewals,
            epochs_lost: self.epochs_lost + others.epochs_lost,
            entries_lost: self.entries_lost + others.entries_lost,
            connections_lost: self.connections_lost + others.connections_lost,
            restarts: self.restarts + others.restarts,
            kills: self.kills + others.kills,
            traps: self.traps + others.traps,
        }
    }
}

/// Something that has to be possible in a configuration: else it would prove
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Possible {
    /// A value comes from the cache.
    Hit,
    /// A load is stored.
    Stored,
    /// A commit is refused.
    Refused,
    /// A waiter is woken by a change.
    Woken,
    /// A waiter is woken by the end of a lease's time.
    OutlastsALease,
    /// What was dead is replaced by a lease.
    DeadReplaced,
    /// A stale entry is refreshed.
    Refreshed,
    /// Two load at once, since one's lease was taken away.
    TwoLoads,
}

/// Which callers run together.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// In words.
    pub name: String,
    /// In which process each is, and what it calls.
    pub callers: Vec<(usize, Call)>,
    /// What the key holds.
    pub start: Start,
    /// What is known of the epochs.
    pub epochs: Known,
    /// What happens from outside.
    pub events: Events,
    /// What has to be possible in it.
    pub possible: Vec<Possible>,
}

impl Configuration {
    /// These callers, an empty key, known epochs, and nothing from outside.
    pub fn of(name: impl Into<String>, callers: impl Into<Vec<(usize, Call)>>) -> Self {
        Self {
            name: name.into(),
            callers: callers.into(),
            start: Start::Nothing,
            epochs: Known::All,
            events: Events::NONE,
            possible: Vec::new(),
        }
    }

    /// With another start.
    #[must_use]
    pub fn starting(self, start: Start) -> Self {
        Self { name: format!("{}, {start:?} at first", self.name), start, ..self }
    }

    /// With connections that know less.
    #[must_use]
    pub fn knowing(self, epochs: Known) -> Self {
        Self { name: format!("{}, epochs known: {epochs:?}", self.name), epochs, ..self }
    }

    /// With events.
    #[must_use]
    pub fn with(self, what: &str, events: Events) -> Self {
        Self { name: format!("{}, {what}", self.name), events, ..self }
    }

    /// In which all of this has to be possible.
    #[must_use]
    pub fn can(self, possible: impl Into<Vec<Possible>>) -> Self {
        Self { possible: possible.into(), ..self }
    }

    /// The callers of one process.
    pub fn callers_of(&self, process: usize) -> impl Iterator<Item = usize> + Clone {
        let callers = self.callers.iter().enumerate();
        callers.filter(move |(_, (its, _))| *its == process).map(|(caller, _)| caller)
    }

    /// The epochs that any caller, or the entry at the start, has to do with.
    pub fn epochs_named(&self) -> Keys {
        let named = self.callers.iter().map(|(_, call)| call.epochs());
        named.fold(self.start_epochs(), Keys::and)
    }

    /// Those of the entry at the start.
    pub fn start_epochs(&self) -> Keys {
        match self.start {
            Start::Nothing => Keys::NONE,
            _ => Keys::EVERYTHING.and(Keys::TAG_A),
        }
    }

    /// Whether all callers are in one process.
    pub fn is_one_process(&self) -> bool {
        self.callers.iter().all(|(process, _)| *process == 0)
    }
}
