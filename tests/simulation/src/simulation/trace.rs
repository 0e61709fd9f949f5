//! What happened in a schedule, one line an event, for whoever has to read it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::history::{CallId, Caller, Operation, Outcome, Record, Terms, Trouble};

/// Lines, if anybody wants them. Clones write to the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Option<Arc<Mutex<Vec<String>>>>);

impl Trace {
    pub(crate) fn new(wanted: bool) -> Self {
        Self(wanted.then(Arc::default))
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line());
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.0.as_ref();
        lines.map_or_else(Vec::new, |lines| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }
}

/// A call as it begins, or as it ends.
pub(crate) fn told(id: CallId, record: &Record) -> String {
    let Record { caller, operation, ended, .. } = record;
    match ended {
        None => format!("{caller}  #{id} {operation}"),
        Some((_, outcome)) => format!("{caller}  #{id} {} -> {outcome}", operation.name()),
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.session == usize::MAX {
            write!(f, "process {}    ", self.process)
        } else {
            write!(f, "process {}.{}  ", self.process, self.session)
        }
    }
}

impl Operation {
    /// What it is called.
    fn name(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::Lookup { .. } => "lookup",
            Self::Set { .. } => "set",
            Self::Delete { .. } => "delete",
            Self::Evict { .. } => "evict-tags",
            Self::Clear => "clear",
            Self::BeginWrite { .. } => "begin-write",
            Self::OriginWrite { .. } => "(the origin is written)",
            Self::Commit { .. } => "commit",
            Self::GiveUp { .. } => "(the lease is dropped)",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Get { keys } | Self::Delete { keys } => write!(f, " {keys:?}"),
            Self::Lookup { key, tags, max_wait } => {
                write!(f, " {key:?} tags {tags:?} waits {max_wait:?}")
            }
            Self::Set { entries, terms } => write!(f, " {entries:?} {terms}"),
            Self::Evict { tags } => write!(f, " {tags:?}"),
            Self::Clear => Ok(()),
            Self::BeginWrite { key, tags } => write!(f, " {key:?} tags {tags:?}"),
            Self::OriginWrite { lease } | Self::GiveUp { lease } => write!(f, " of #{lease}"),
            Self::Commit { lease, value, terms } => write!(f, " of #{lease} {value} {terms}"),
        }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tags, ttl, fresh_for } = self;
        write!(f, "tags {tags:?}")?;
        ttl.map_or(Ok(()), |ttl| write!(f, " for {ttl:?}"))?;
        fresh_for.map_or(Ok(()), |fresh_for| write!(f, " fresh for {fresh_for:?}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => write!(f, "{values:?}"),
            Self::Hit(value) => write!(f, "hit {value}"),
            Self::Stale { value, refresh } => write!(f, "stale {value}, lease: {refresh}"),
            Self::Miss => f.write_str("miss, lease: true"),
            Self::Stored(stored) => write!(f, "{stored}"),
            Self::Deleted(count) => write!(f, "{count}"),
            Self::Done => f.write_str("done"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Dropped => f.write_str("its caller was dropped"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing(Some(process)) => write!(f, "process {process} loses its connection"),
            Self::Failing(None) => f.write_str("the store fails"),
            Self::LeaseEnded(key) => write!(f, "the lease of {key:?} ends by its time limit"),
            Self::ElectionEnded(key) => write!(f, "the refresh of {key:?} ends by its time limit"),
            Self::EntryLost(key) => write!(f, "what {key:?} holds is lost"),
            Self::EpochLost(Some(tag)) => write!(f, "the epoch of {tag:?} is lost"),
            Self::EpochLost(None) => f.write_str("the epoch of everything is lost"),
            Self::MarkLost => f.write_str("the eviction mark is lost"),
            Self::AnyLost => f.write_str("anything may be lost"),
        }
    }
}
