//! The state: Redis, the origin, connections and callers.

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::{Configuration, Event, Start};

/// A Redis key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RedisKey {
    /// `k|key`, an entry or a lease marker.
    Entry,
    /// `a|`, the epoch of everything.
    Everything,
    /// `t|tag`, the epoch of the tag.
    Tag,
    /// `e|`, the eviction mark.
    Mark,
}

/// A set of Redis keys.
pub(crate) type Keys = BTreeSet<RedisKey>;

/// The epochs of everything and of the tag.
pub(crate) fn both_epochs() -> Keys {
    Keys::from([RedisKey::Everything, RedisKey::Tag])
}

/// Epochs, each with a number. The code's are random; both are only compared.
pub(crate) type Epochs = BTreeMap<RedisKey, u8>;

/// Those of `epochs` that are in `keys`.
pub(crate) fn of(epochs: &Epochs, keys: &Keys) -> Epochs {
    epochs.iter().filter(|(key, _)| keys.contains(key)).map(|(key, epoch)| (*key, *epoch)).collect()
}

/// Whether each of `epochs` is among `others`.
pub(crate) fn all_in(epochs: &Epochs, others: &Epochs) -> bool {
    epochs.iter().all(|(key, epoch)| others.get(key) == Some(epoch))
}

/// How often the origin was changed before a value was read from it.
pub(crate) type Version = u8;

/// The identity of what a key holds, which a compare-and-set compares. Each caller
/// stores at most one lease marker, and one entry or pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    /// The lease marker of a caller.
    Lease(usize),
    /// The entry of a caller.
    Entry(usize),
    /// The pause of a caller that passed the key.
    Pass(usize),
    /// The entry at the start.
    Start,
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Envelope {
    pub(crate) token: Token,
    /// Captured before the load.
    pub(crate) epochs: Epochs,
    /// The value of an entry, or what a pause was decided on.
    pub(crate) version: Version,
}

/// What Redis holds below the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) key: Option<Envelope>,
    /// The epochs and the eviction mark.
    pub(crate) epochs: Epochs,
    /// How many of them there were.
    created: u8,
}

impl Store {
    /// Whether the key holds what `token` identifies.
    pub(crate) fn holds(&self, token: Token) -> bool {
        self.key.as_ref().is_some_and(|envelope| envelope.token == token)
    }

    /// Whether it does, and each of its epochs is current.
    pub(crate) fn holds_alive(&self, token: Token) -> bool {
        let is_alive = |envelope: &Envelope| all_in(&envelope.epochs, &self.epochs);
        self.holds(token) && self.key.as_ref().is_some_and(is_alive)
    }

    /// Replaces an epoch, or the mark.
    pub(crate) fn replace(&mut self, epoch: RedisKey) {
        self.created += 1;
        self.epochs.insert(epoch, self.created);
    }

    /// The eviction mark, created if it is missing.
    pub(crate) fn mark(&mut self) -> Option<u8> {
        if !self.epochs.contains_key(&RedisKey::Mark) {
            self.replace(RedisKey::Mark);
        }
        self.epochs.get(&RedisKey::Mark).copied()
    }
}

/// What Redis sends over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Message {
    /// The reply to this caller's command. Its content is kept with the caller,
    /// who does not look at it before it arrives.
    Reply(usize),
    /// A tracked key has changed.
    Invalidation(RedisKey),
}

/// The connection of one process. All that it knows ends with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    /// On its way, the oldest first.
    pub(crate) inbox: Vec<Message>,
    /// The keys whose next change Redis reports.
    pub(crate) tracked: Keys,
    /// The epochs that are known.
    pub(crate) table: Epochs,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Hit,
    Miss,
    /// It found that the key is passed, and loads for itself.
    Passed,
    Stored,
    Refused,
    GivenUp,
    Removed,
    Failed,
    /// It lost its connection while it gave up its lease, which may be out still.
    Lost,
    Killed,
}

/// A step of the protocol: a method of [`Steps`](crate::actions::Steps). All but
/// `Capture` and `WriteOrigin` are commands to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Read,
    /// A read after registering a watch.
    Watch,
    /// Reads an epoch that is needed to tell whether what was found is alive.
    ReadEpoch,
    Capture,
    /// Creates, unless it exists, and reads an epoch that the table lacks.
    CreateEpoch,
    Mark,
    Take,
    Put,
    WriteOrigin,
    CompareMark,
    Commit,
    Release(Outcome),
    Delete,
    /// Replaces the mark or an epoch, after so many others.
    Replace(usize),
}

/// Where a caller is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum At {
    #[default]
    Start,
    /// It is about to take a step.
    About(Step),
    /// The reply is on its way. It may say yes or no.
    Asked(Step, bool),
    /// The reply has arrived, but the caller has not woken up yet.
    Told(Step),
    /// It waits for the lease that it found to end.
    Waiting,
    Done(Outcome),
}

/// The watch of a caller's last read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Watch {
    #[default]
    No,
    Registered,
    /// The key may have changed since.
    Fired,
}

/// A lease that is about to be taken, or was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// Captured before the load.
    pub(crate) epochs: Epochs,
    /// The eviction mark when the lease was taken.
    pub(crate) mark: Option<u8>,
    /// For the guarantees only: something took the lease away that may do so, and
    /// another caller may load.
    pub(crate) void: bool,
}

/// One caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) at: At,
    /// What it last read of the key, as long as it matters.
    pub(crate) found: Option<Envelope>,
    pub(crate) watch: Watch,
    /// The epochs known or read for the step under way.
    pub(crate) epochs: Epochs,
    /// The epochs that it still has to read.
    pub(crate) unread: Keys,
    /// The epochs that it has requested and that were not invalidated since.
    pub(crate) pending: Keys,
    pub(crate) lease: Option<Lease>,
    pub(crate) loaded: Option<Version>,
    /// What it changed the origin to.
    pub(crate) wrote: Version,
    /// For the guarantees only: what was published when its call or its commit
    /// began. It must neither get nor store anything older.
    pub(crate) at_least: Version,
}

impl Caller {
    /// It returns, and forgets everything.
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        *self = Self { at: At::Done(outcome), ..Self::default() };
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.at, At::Done(_))
    }

    /// Whether it loads: until its commit or its release is carried out.
    pub(crate) fn loads(&self) -> bool {
        self.loaded.is_some() && !matches!(self.at, At::Asked(Step::Commit, _))
    }
}

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) store: Store,
    /// How often the origin was changed.
    pub(crate) origin: Version,
    /// The last change whose call has returned.
    pub(crate) published: Version,
    /// One for each process.
    pub(crate) connections: Vec<Connection>,
    pub(crate) callers: Vec<Caller>,
    /// What may still happen.
    pub(crate) events: Vec<Event>,
    /// The callers whose leases' time is over.
    pub(crate) expired: Vec<usize>,
    /// A caller got or stored what is older than it may be.
    pub(crate) stale: bool,
    /// A caller replaced or removed what was another's.
    pub(crate) overreached: bool,
}

impl World {
    /// The world in which `configuration` starts.
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let mut store = Store::default();
        for epoch in [RedisKey::Everything, RedisKey::Tag, RedisKey::Mark] {
            store.replace(epoch);
        }
        let start = configuration.start;
        if start != Start::Empty {
            let epochs = of(&store.epochs, &both_epochs());
            store.key = Some(Envelope { token: Token::Start, epochs, version: 0 });
        }
        if start == Start::Dead {
            store.replace(RedisKey::Everything);
        }
        let mut connection = Connection::default();
        if start != Start::Unknown {
            connection.tracked = both_epochs();
            connection.table = of(&store.epochs, &connection.tracked);
        }
        let last = configuration.callers.iter().map(|(process, _)| *process).max();
        Self {
            store,
            origin: 0,
            published: 0,
            connections: vec![connection; 1 + last.unwrap_or(0)],
            callers: vec![Caller::default(); configuration.callers.len()],
            events: configuration.events.clone(),
            expired: Vec::new(),
            stale: false,
            overreached: false,
        }
    }

    /// Forgets the connections that serve nobody, so that fewer worlds differ.
    pub(crate) fn tidy(&mut self, configuration: &Configuration) {
        for (process, connection) in self.connections.iter_mut().enumerate() {
            if configuration.callers_of(process).all(|caller| self.callers[caller].is_done()) {
                *connection = Connection::default();
            }
        }
    }

    /// The holder of the lease that is out.
    pub(crate) fn holder(&self) -> Option<usize> {
        match self.store.key.as_ref()?.token {
            Token::Lease(holder) => Some(holder),
            Token::Entry(_) | Token::Pass(_) | Token::Start => None,
        }
    }

    /// Whether nobody renews or gives up that lease any more.
    pub(crate) fn orphan_is_out(&self) -> bool {
        let at = self.holder().map(|holder| self.callers[holder].at);
        matches!(at, Some(At::Done(Outcome::Killed | Outcome::Lost)))
    }
}
