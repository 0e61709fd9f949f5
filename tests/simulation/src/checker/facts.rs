//! What follows from a history: the leases, the writer of each value, the reads.

use std::collections::HashMap;

use crate::history::{CallId, History, Name, Operation, Outcome, Record, Terms, ValueId};

/// What a lease was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Load,
    Refresh,
    Write,
}

/// The right to fill one key, as its caller saw it.
pub(super) struct Lease<'a> {
    /// The call that gave it.
    pub(super) call: CallId,
    pub(super) kind: Kind,
    pub(super) key: &'a Name,
    /// The tags named when it was taken.
    pub(super) tags: &'a [Name],
    /// When its caller had it.
    pub(super) given: u64,
    pub(super) commit: Option<CallId>,
    /// The call of `pass` or `fail`.
    pub(super) pause: Option<CallId>,
    pub(super) give_up: Option<CallId>,
    pub(super) origin_write: Option<CallId>,
}

impl Lease<'_> {
    /// The calls that end it.
    pub(super) fn ends(&self) -> impl Iterator<Item = CallId> {
        [self.commit, self.pause, self.give_up].into_iter().flatten()
    }

    /// The call that spent it.
    pub(super) fn concluded(&self) -> Option<CallId> {
        self.commit.or(self.pause)
    }
}

/// Who wrote a value.
pub(super) struct Written<'a> {
    pub(super) call: CallId,
    pub(super) key: &'a Name,
    pub(super) terms: &'a Terms,
    /// The lease of the commit, or `None` for a set.
    pub(super) lease: Option<CallId>,
}

/// A value that a caller was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    pub(super) call: CallId,
    pub(super) key: &'a Name,
    pub(super) value: ValueId,
    /// Whether it was said to be fresh.
    pub(super) fresh: bool,
}

/// A history and what follows from it.
pub(super) struct Facts<'a> {
    pub(super) history: &'a History,
    /// By the call that gave them.
    pub(super) leases: HashMap<CallId, Lease<'a>>,
    pub(super) written: HashMap<ValueId, Written<'a>>,
    pub(super) reads: Vec<Read<'a>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let (leases, written, reads) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut facts = Self { history, leases, written, reads };
        for (call, record) in history.calls.iter().enumerate() {
            facts.add(call, record);
        }
        facts
    }

    fn add(&mut self, call: CallId, record: &'a Record) {
        match (&record.operation, record.outcome()) {
            (Operation::Get { keys }, Some(Outcome::Values(values))) => {
                let found =
                    keys.iter().zip(values).filter_map(|(key, value)| Some((key, (*value)?)));
                let read = |(key, value)| Read { call, key, value, fresh: false };
                self.reads.extend(found.map(read));
            }
            (Operation::Lookup { key, .. }, Some(Outcome::Hit(value))) => {
                self.reads.push(Read { call, key, value: *value, fresh: true });
            }
            (Operation::Lookup { key, .. }, Some(Outcome::Stale { value, refresh })) => {
                self.reads.push(Read { call, key, value: *value, fresh: false });
                if *refresh {
                    self.add_lease(call, record, Kind::Refresh);
                }
            }
            (_, Some(Outcome::Miss)) => self.add_lease(call, record, Kind::Load),
            (Operation::BeginWrite { .. }, _) => self.add_lease(call, record, Kind::Write),
            (Operation::OriginWrite { lease }, _) => {
                self.with_lease(*lease, |lease| lease.origin_write = Some(call));
            }
            (Operation::Pause { lease, .. }, _) => {
                self.with_lease(*lease, |lease| lease.pause = Some(call));
            }
            (Operation::GiveUp { lease }, _) => {
                self.with_lease(*lease, |lease| lease.give_up = Some(call));
            }
            (Operation::Commit { lease: of, value, terms }, _) => {
                self.with_lease(*of, |lease| lease.commit = Some(call));
                if let Some(Lease { key, .. }) = self.leases.get(of) {
                    let written = Written { call, key, terms, lease: Some(*of) };
                    self.written.insert(*value, written);
                }
            }
            (Operation::Set { entries, terms }, _) => {
                let written = |key| Written { call, key, terms, lease: None };
                self.written.extend(entries.iter().map(|(key, value)| (*value, written(key))));
            }
            _ => {}
        }
    }

    fn add_lease(&mut self, call: CallId, record: &'a Record, kind: Kind) {
        let (Operation::Lookup { key, tags, .. } | Operation::BeginWrite { key, tags }) =
            &record.operation
        else {
            return;
        };
        let Some(given) = record.success() else { return };
        let (commit, pause, give_up, origin_write) = (None, None, None, None);
        let lease = Lease { call, kind, key, tags, given, commit, pause, give_up, origin_write };
        self.leases.insert(call, lease);
    }

    fn with_lease(&mut self, lease: CallId, note: impl FnOnce(&mut Lease<'a>)) {
        self.leases.get_mut(&lease).map(note);
    }

    pub(super) fn call(&self, call: CallId) -> &'a Record {
        &self.history.calls[call]
    }

    /// When the end of a lease began.
    pub(super) fn spent(&self, lease: &Lease<'_>) -> u64 {
        let began = lease.ends().map(|call| self.call(call).called.moment);
        began.min().unwrap_or(u64::MAX)
    }

    /// When the lease of a write can no longer affect its key.
    pub(super) fn settled(&self, lease: &Lease<'_>) -> u64 {
        let ended = lease.ends().filter_map(|call| self.call(call).success());
        ended.min().unwrap_or(u64::MAX)
    }

    /// Whether what concluded `lease` was answered with true, and stored something under
    /// its key. A refresh that failed stores nothing there.
    pub(super) fn stored(&self, lease: &Lease<'_>) -> bool {
        let failed = |call: &Operation| matches!(call, Operation::Pause { passes: false, .. });
        let pause = lease.pause.map(|pause| &self.call(pause).operation);
        if lease.kind == Kind::Refresh && pause.is_some_and(failed) {
            return false;
        }
        let outcome = lease.concluded().and_then(|call| self.call(call).outcome());
        matches!(outcome, Some(Outcome::Stored(true)))
    }
}
