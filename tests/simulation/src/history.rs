//! What callers did, and what they were answered.
//!
//! Tasks and threads share a [`Recorder`]: they call `begin` before a call, and
//! `end` with its outcome after it. Its moments are a logical clock. One call
//! ended before another began if and only if its end has the lower moment.
//! Nothing else is known of calls that overlap, and the checker concludes nothing
//! else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Error, Lookup};

/// A key or a tag.
pub type Name = Arc<str>;

/// Which call of a history.
pub type CallId = usize;

/// The identity of a value. Only one call writes it, so a read tells whose value
/// it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u64);

impl ValueId {
    /// Bytes that nobody wrote.
    pub const FOREIGN: Self = Self(u64::MAX);

    /// The bytes to store.
    pub fn bytes(self) -> Bytes {
        Bytes::from(self.to_string())
    }

    /// The value with these bytes, or [`FOREIGN`](Self::FOREIGN).
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

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Caller {
    /// The process: one cache, with one handle on the store.
    pub process: usize,
    /// The session within it.
    pub session: usize,
}

/// The options of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Its tags.
    pub tags: Vec<Name>,
    /// Its time to live.
    pub ttl: Option<Duration>,
    /// How long it is fresh.
    pub fresh_for: Option<Duration>,
}

/// What was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `get` and `get-many`.
    Get {
        /// The keys read.
        keys: Vec<Name>,
    },
    /// `lookup`.
    Lookup {
        /// The key read.
        key: Name,
        /// The tags that its entry is expected to have.
        tags: Vec<Name>,
        /// How long to wait for another's load. `None` waits for as long as the
        /// policy allows.
        max_wait: Option<Duration>,
        /// The value that will not do.
        refuses: Option<ValueId>,
    },
    /// `set` and `set-many`.
    Set {
        /// The values written.
        entries: Vec<(Name, ValueId)>,
        /// The options of each.
        terms: Terms,
    },
    /// `delete` and `delete-many`.
    Delete {
        /// The keys removed.
        keys: Vec<Name>,
    },
    /// `evict-tags`.
    Evict {
        /// The tags evicted.
        tags: Vec<Name>,
    },
    /// `clear`.
    Clear,
    /// `begin-write`.
    BeginWrite {
        /// The key to write.
        key: Name,
        /// The tags that its entry is expected to have.
        tags: Vec<Name>,
    },
    /// A write to the origin, under the lease of a `begin-write`.
    OriginWrite {
        /// The call that gave the lease.
        lease: CallId,
    },
    /// `commit`.
    Commit {
        /// The call that gave the lease.
        lease: CallId,
        /// The value written.
        value: ValueId,
        /// Its options.
        terms: Terms,
    },
    /// `pass` and `fail`.
    Pause {
        /// The call that gave the lease.
        lease: CallId,
        /// Whether it is `pass`.
        passes: bool,
        /// How long it lasts.
        span: Duration,
    },
    /// The drop of a lease, also by a commit that failed or was itself dropped.
    /// It ends when its work in the background is done, or as
    /// [`Outcome::Dropped`] if nobody knows when that is.
    GiveUp {
        /// The call that gave the lease.
        lease: CallId,
    },
}

impl Operation {
    /// Whether it replaces or removes what `key` holds, a lease included.
    pub fn replaces(&self, key: &Name) -> bool {
        match self {
            Self::Delete { keys } => keys.contains(key),
            Self::Set { entries, .. } => entries.iter().any(|(name, _)| name == key),
            Self::BeginWrite { key: name, .. } => name == key,
            _ => false,
        }
    }

    /// Whether it evicts entries with one of `tags`.
    pub fn evicts(&self, tags: &[Name]) -> bool {
        match self {
            Self::Evict { tags: evicted } => evicted.iter().any(|tag| tags.contains(tag)),
            Self::Clear => true,
            _ => false,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of a get: the values, in the order of the keys.
    Values(Vec<Option<ValueId>>),
    /// Of a lookup: a fresh value.
    Hit(ValueId),
    /// Of a lookup: a stale value.
    Stale {
        /// The value served.
        value: ValueId,
        /// Whether the caller was given the lease to refresh it.
        refresh: bool,
    },
    /// Of a lookup: the caller was given the lease.
    Miss,
    /// Of a lookup: the caller loads for itself.
    Pass,
    /// Of a commit, pass or fail: whether it was stored.
    Stored(bool),
    /// Of a delete: how many entries there were.
    Deleted(u64),
    /// Of all other calls.
    Done,
    /// It failed, with an unknown effect.
    Failed(Error),
    /// Its caller was dropped half-way: its effect is unknown.
    Dropped,
}

impl Outcome {
    /// The outcome of a lookup.
    pub fn of_lookup(answer: &Result<Lookup, Error>) -> Self {
        match answer {
            Ok(Lookup::Hit(hit)) => Self::Hit(ValueId::of(&hit.value)),
            Ok(Lookup::Stale { entry, refresh, .. }) => {
                Self::Stale { value: ValueId::of(&entry.value), refresh: refresh.is_some() }
            }
            Ok(Lookup::Miss(_)) => Self::Miss,
            Ok(Lookup::Pass) => Self::Pass,
            Err(error) => Self::Failed(error.clone()),
        }
    }

    /// The outcome of a batch of deletes.
    pub fn of_deletes(answer: Result<Vec<Result<bool, Error>>, Error>) -> Self {
        Self::of(answer.and_then(all), |deleted| {
            Self::Deleted(deleted.into_iter().map(u64::from).sum())
        })
    }

    /// The outcome of a get.
    pub fn of_values(answer: Result<Vec<Option<Bytes>>, Error>) -> Self {
        Self::of(answer, |values| {
            let value = |value: Option<Bytes>| value.map(|bytes| ValueId::of(&bytes));
            Self::Values(values.into_iter().map(value).collect())
        })
    }

    /// The outcome that `done` makes of a success, or the failure.
    pub fn of<T>(answer: Result<T, Error>, done: impl FnOnce(T) -> Self) -> Self {
        answer.map_or_else(Self::Failed, done)
    }
}

/// What a batch answers if no key failed.
pub fn all<T>(answers: Vec<Result<T, Error>>) -> Result<Vec<T>, Error> {
    answers.into_iter().collect()
}

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// By the recorder's logical clock. No two moments are equal.
    pub moment: u64,
    /// By the wall clock.
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
    /// After the call, with its outcome. `None` while it goes on.
    pub ended: Option<(When, Outcome)>,
}

impl Record {
    /// The moment of its end.
    pub fn end(&self) -> Option<u64> {
        self.ended.as_ref().map(|(when, _)| when.moment)
    }

    /// Its outcome, once it has ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.ended.as_ref().map(|(_, outcome)| outcome)
    }

    /// The moment of its end, if it is known to have had its effect.
    pub fn success(&self) -> Option<u64> {
        let unknown = matches!(self.outcome(), Some(Outcome::Failed(_) | Outcome::Dropped));
        self.end().filter(|_| !unknown)
    }
}

/// What a test did to the store or to the connections. It excuses what would be
/// a violation otherwise, but never a stale value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The calls of this process, or of all, may fail.
    Failing(Option<usize>),
    /// The lease of the key has expired.
    LeaseEnded(Name),
    /// The election of the caller that refreshes the key has expired.
    ElectionEnded(Name),
    /// What the key held is lost.
    EntryLost(Name),
    /// The epoch of a tag, or of everything, is lost.
    EpochLost(Option<Name>),
    /// The eviction mark is lost.
    MarkLost,
    /// Anything may be lost, as by a restart, a flush or a full memory.
    AnyLost,
}

/// Trouble, with the time of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// What was done.
    pub trouble: Trouble,
    /// It began after this.
    pub from: When,
    /// It ended before this. `None` while it lasts.
    pub until: Option<When>,
}

impl Disturbance {
    /// Whether some of it may lie after `after` and before `before`.
    pub(crate) fn overlaps(&self, after: u64, before: u64) -> bool {
        self.from.moment < before && self.until.is_none_or(|until| until.moment > after)
    }
}

/// What callers did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The calls, in the order in which they began.
    pub calls: Vec<Record>,
    /// What was done to the store and to the connections.
    pub disturbances: Vec<Disturbance>,
    /// What processes counted, after all of their calls ended.
    pub counts: Vec<(usize, Snapshot)>,
}

#[derive(Default)]
struct Recorded {
    history: History,
    moments: u64,
    values: u64,
    /// What happened, one line an event, if that is wanted.
    trace: Option<Vec<String>>,
}

impl Recorded {
    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.trace {
            lines.push(line());
        }
    }
}

/// Records a history. Clones record the same one.
#[derive(Clone)]
pub struct Recorder {
    clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
    recorded: Arc<Mutex<Recorded>>,
}

impl Recorder {
    /// An empty history, with times by `clock`.
    pub fn new(clock: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), recorded: Arc::default() }
    }

    /// A value that nobody wrote yet.
    pub fn new_value(&self) -> ValueId {
        let mut recorded = self.recorded.lock();
        recorded.values += 1;
        ValueId(recorded.values)
    }

    /// Keeps a trace from now on: a line for each event, for a person to read.
    pub(crate) fn trace(&self) {
        self.recorded.lock().trace = Some(Vec::new());
    }

    /// Adds to the trace, if there is one.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        self.recorded.lock().note(line);
    }

    /// The trace, which ends.
    pub(crate) fn take_trace(&self) -> Vec<String> {
        self.recorded.lock().trace.take().unwrap_or_default()
    }

    /// Records that a call is about to begin.
    pub fn begin(&self, caller: Caller, operation: Operation) -> Call {
        let mut recorded = self.recorded.lock();
        let began = self.now(&mut recorded);
        let id = recorded.history.calls.len();
        let Caller { process, session } = caller;
        recorded.note(|| {
            format!("process {process}.{session}  #{id} {operation:?} at {} ms", began.millis)
        });
        recorded.history.calls.push(Record { caller, operation, called: began, ended: None });
        Call { recorder: self.clone(), id, open: true }
    }

    /// Records trouble that lasts from now on until the guard is dropped.
    pub fn disturb(&self, trouble: Trouble) -> Disturbing {
        let mut recorded = self.recorded.lock();
        let from = self.now(&mut recorded);
        recorded.note(|| format!("--- {trouble:?}"));
        let index = recorded.history.disturbances.len();
        recorded.history.disturbances.push(Disturbance { trouble, from, until: None });
        Disturbing { recorder: self.clone(), index }
    }

    /// Records what a process counted. All of its calls must have ended.
    pub fn counts(&self, process: usize, counts: Snapshot) {
        self.recorded.lock().history.counts.push((process, counts));
    }

    /// The history so far.
    pub fn history(&self) -> History {
        self.recorded.lock().history.clone()
    }

    fn now(&self, recorded: &mut Recorded) -> When {
        recorded.moments += 1;
        When { moment: recorded.moments, millis: (self.clock)() }
    }

    fn end(&self, id: CallId, outcome: Outcome) {
        let mut recorded = self.recorded.lock();
        let ended = self.now(&mut recorded);
        recorded.note(|| format!("#{id} -> {outcome:?} at {} ms", ended.millis));
        recorded.history.calls[id].ended = Some((ended, outcome));
    }
}

/// A call under way. Its drop ends it as [`Outcome::Dropped`].
pub struct Call {
    recorder: Recorder,
    id: CallId,
    open: bool,
}

impl Call {
    /// Its identity.
    pub fn id(&self) -> CallId {
        self.id
    }

    /// Records that it ended.
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

/// Trouble under way. Its drop ends it.
pub struct Disturbing {
    recorder: Recorder,
    index: usize,
}

impl Drop for Disturbing {
    fn drop(&mut self) {
        let mut recorded = self.recorder.recorded.lock();
        let now = self.recorder.now(&mut recorded);
        recorded.history.disturbances[self.index].until = Some(now);
    }
}
