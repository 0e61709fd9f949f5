//! What callers did, and what they were answered.
//!
//! A [`Recorder`] is a cheap handle that any number of tasks and threads share:
//! `begin` before a call, `end` with its outcome after it. The moments that it
//! gives out are a logical clock. One call was over before another began if,
//! and only if, its end has the lower moment; nothing else is known of calls
//! that overlap, and the checker concludes nothing else.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Error, Lookup};

/// A key or a tag.
pub type Name = Arc<str>;

/// Which call of a history.
pub type CallId = usize;

/// The identity of a value. Each is written by one call only, so that a read
/// tells whose value it got.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u64);

impl ValueId {
    /// Bytes that nobody wrote.
    pub const FOREIGN: Self = Self(u64::MAX);

    /// What is stored for it.
    pub fn bytes(self) -> Bytes {
        Bytes::from(self.to_string())
    }

    /// The value that `bytes` are; [`FOREIGN`](Self::FOREIGN) if they are none.
    pub fn of(bytes: &[u8]) -> Self {
        let digits = bytes.strip_prefix(b"v").and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).map_or(Self::FOREIGN, Self)
    }
}

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Caller {
    /// The process: one cache, with one handle on the store.
    pub process: usize,
    /// The session within it.
    pub session: usize,
}

/// How long what was written lives, and what evicts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What evicts it.
    pub tags: Vec<Name>,
    /// Its time to live.
    pub ttl: Option<Duration>,
    /// For how long of that it is fresh.
    pub fresh_for: Option<Duration>,
}

/// What was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `get` and `get-many`.
    Get {
        /// What was asked for.
        keys: Vec<Name>,
    },
    /// `lookup`.
    Lookup {
        /// What was asked for.
        key: Name,
        /// What it was expected to be stored with.
        tags: Vec<Name>,
        /// How long it was to wait; none: as long as the policy allows.
        max_wait: Option<Duration>,
    },
    /// `set` and `set-many`.
    Set {
        /// What was written.
        entries: Vec<(Name, ValueId)>,
        /// On which terms.
        terms: Terms,
    },
    /// `delete` and `delete-many`.
    Delete {
        /// What was removed.
        keys: Vec<Name>,
    },
    /// `evict-tags`.
    Evict {
        /// What was evicted.
        tags: Vec<Name>,
    },
    /// `clear`.
    Clear,
    /// `begin-write`.
    BeginWrite {
        /// What is to be written.
        key: Name,
        /// What it is expected to be stored with.
        tags: Vec<Name>,
    },
    /// The origin is written, under the lease of a `begin-write`.
    OriginWrite {
        /// The call that gave the lease.
        lease: CallId,
    },
    /// `commit`.
    Commit {
        /// The call that gave the lease.
        lease: CallId,
        /// What was written.
        value: ValueId,
        /// On which terms.
        terms: Terms,
    },
    /// A lease was dropped, also by a commit that failed or was itself dropped.
    /// It ends when what that does in the background has been done, and as
    /// [`Outcome::Dropped`] if that is not known.
    GiveUp {
        /// The call that gave the lease.
        lease: CallId,
    },
}

impl Operation {
    /// Whether it replaces or removes what `key` holds, or takes its lease from
    /// whoever has it.
    pub fn replaces(&self, key: &Name) -> bool {
        match self {
            Self::Delete { keys } => keys.contains(key),
            Self::Set { entries, .. } => entries.iter().any(|(name, _)| name == key),
            Self::BeginWrite { key: name, .. } => name == key,
            _ => false,
        }
    }

    /// Whether it evicts what has one of `tags`.
    pub fn evicts(&self, tags: &[Name]) -> bool {
        match self {
            Self::Evict { tags: evicted } => evicted.iter().any(|tag| tags.contains(tag)),
            Self::Clear => true,
            _ => false,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of a get: the values, in the order of the keys.
    Values(Vec<Option<ValueId>>),
    /// Of a lookup.
    Hit(ValueId),
    /// Of a lookup.
    Stale {
        /// What was served.
        value: ValueId,
        /// Whether the caller was given the lease to refresh it.
        refresh: bool,
    },
    /// Of a lookup: the caller was given the lease.
    Miss,
    /// Of a commit: whether the value was stored.
    Stored(bool),
    /// Of a delete: how many entries there were.
    Deleted(u64),
    /// Of all others.
    Done,
    /// It failed: what it did is not known.
    Failed(Error),
    /// Its caller was dropped half-way: what it did is not known.
    Dropped,
}

impl Outcome {
    /// What a lookup answered.
    pub fn of_lookup(answer: &Result<Lookup, Error>) -> Self {
        match answer {
            Ok(Lookup::Hit(value)) => Self::Hit(ValueId::of(value)),
            Ok(Lookup::Stale { value, refresh }) => {
                Self::Stale { value: ValueId::of(value), refresh: refresh.is_some() }
            }
            Ok(Lookup::Miss(_)) => Self::Miss,
            Err(error) => Self::Failed(error.clone()),
        }
    }

    /// What a get answered.
    pub fn of_values(answer: Result<Vec<Option<Bytes>>, Error>) -> Self {
        Self::of(answer, |values| {
            let value = |value: Option<Bytes>| value.map(|bytes| ValueId::of(&bytes));
            Self::Values(values.into_iter().map(value).collect())
        })
    }

    /// What `done` makes of a success.
    pub fn of<T>(answer: Result<T, Error>, done: impl FnOnce(T) -> Self) -> Self {
        answer.map_or_else(Self::Failed, done)
    }

    /// Whether it is known that the call did what it was to do.
    pub fn is_success(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::Dropped)
    }
}

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// In which order: each is given out once.
    pub moment: u64,
    /// By the clock.
    pub millis: UnixMillis,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who called.
    pub caller: Caller,
    /// What was called.
    pub operation: Operation,
    /// Before the call.
    pub called: When,
    /// After it, with what came of it; none: it has not ended.
    pub ended: Option<(When, Outcome)>,
}

impl Record {
    /// The moment of its end.
    pub fn end(&self) -> Option<u64> {
        self.ended.as_ref().map(|(when, _)| when.moment)
    }

    /// What came of it.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.ended.as_ref().map(|(_, outcome)| outcome)
    }

    /// The moment of its end, if it did what it was to do.
    pub fn success(&self) -> Option<u64> {
        self.ended.as_ref().filter(|(_, outcome)| outcome.is_success()).map(|(at, _)| at.moment)
    }
}

/// What a test did to the store or to the way there, which excuses what would
/// be a violation otherwise. Nothing excuses a stale value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The calls of this process, or of all, may fail.
    Failing(Option<usize>),
    /// The lease that the key held has ended by its time limit.
    LeaseEnded(Name),
    /// The election of who refreshes the key has ended by its time limit.
    ElectionEnded(Name),
    /// What the key held is lost.
    EntryLost(Name),
    /// The epoch of a tag, or of everything, is lost.
    EpochLost(Option<Name>),
    /// The eviction mark is lost.
    MarkLost,
    /// Anything may be lost: a restart, a flush, or a store out of memory.
    AnyLost,
}

/// Trouble with the time that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// What was done.
    pub trouble: Trouble,
    /// Not before this.
    pub from: When,
    /// Over by then; none: it lasts.
    pub until: Option<When>,
}

/// What callers did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Each call, in the order in which they were called.
    pub calls: Vec<Record>,
    /// What was done to them.
    pub disturbances: Vec<Disturbance>,
    /// What processes counted, once all of their calls were over.
    pub counts: Vec<(usize, Snapshot)>,
}

#[derive(Default)]
struct Recorded {
    history: History,
    moments: u64,
}

type Told = dyn Fn(CallId, &Record) + Send + Sync;

/// Writes a history. Clones write the same one.
#[derive(Clone)]
pub struct Recorder {
    clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
    told: Option<Arc<Told>>,
    recorded: Arc<Mutex<Recorded>>,
}

impl Recorder {
    /// An empty history, with times by `clock`.
    pub fn new(clock: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), told: None, recorded: Arc::default() }
    }

    /// Tells `told` of each call as it begins, and as it ends. It must not ask
    /// for the history.
    #[must_use]
    pub fn telling(mut self, told: impl Fn(CallId, &Record) + Send + Sync + 'static) -> Self {
        self.told = Some(Arc::new(told));
        self
    }

    /// Notes that something is about to be called.
    pub fn begin(&self, caller: Caller, operation: Operation) -> Call {
        let mut recorded = self.recorded();
        let now = self.now(&mut recorded);
        let id = recorded.history.calls.len();
        let record = Record { caller, operation, called: now, ended: None };
        self.told.iter().for_each(|told| told(id, &record));
        recorded.history.calls.push(record);
        Call { recorder: self.clone(), id, open: true }
    }

    /// Notes that there is trouble from now on, until what this returns is
    /// dropped.
    pub fn disturb(&self, trouble: Trouble) -> Disturbing {
        let mut recorded = self.recorded();
        let from = self.now(&mut recorded);
        let index = recorded.history.disturbances.len();
        recorded.history.disturbances.push(Disturbance { trouble, from, until: None });
        Disturbing { recorder: self.clone(), index }
    }

    /// Notes what a process counted. All of its calls have to be over.
    pub fn counts(&self, process: usize, counts: Snapshot) {
        self.recorded().history.counts.push((process, counts));
    }

    /// What was noted so far.
    pub fn history(&self) -> History {
        self.recorded().history.clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self, recorded: &mut Recorded) -> When {
        recorded.moments += 1;
        When { moment: recorded.moments, millis: (self.clock)() }
    }

    fn end(&self, id: CallId, outcome: Outcome) {
        let mut recorded = self.recorded();
        let ended = self.now(&mut recorded);
        let record = &mut recorded.history.calls[id];
        record.ended = Some((ended, outcome));
        self.told.iter().for_each(|told| told(id, record));
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// A call under way. Dropped, it is noted as [`Outcome::Dropped`].
#[derive(Debug)]
pub struct Call {
    recorder: Recorder,
    id: CallId,
    open: bool,
}

impl Call {
    /// Which one it is.
    pub fn id(&self) -> CallId {
        self.id
    }

    /// Notes that it is over.
    pub fn end(mut self, outcome: Outcome) {
        self.open = false;
        self.recorder.end(self.id, outcome);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.open {
            self.recorder.end(self.id, Outcome::Dropped);
        }
    }
}

/// Trouble under way. Dropped, it is noted to be over.
#[derive(Debug)]
pub struct Disturbing {
    recorder: Recorder,
    index: usize,
}

impl Drop for Disturbing {
    fn drop(&mut self) {
        let mut recorded = self.recorder.recorded();
        let now = self.recorder.now(&mut recorded);
        recorded.history.disturbances[self.index].until = Some(now);
    }
}
