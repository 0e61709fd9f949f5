//! What follows from a history: which leases there were, and who wrote what.

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
#[derive(Debug)]
pub(super) struct Lease<'a> {
    /// The call that gave it.
    pub(super) call: CallId,
    pub(super) kind: Kind,
    pub(super) key: &'a Name,
    /// Those that were named when it was taken.
    pub(super) tags: &'a [Name],
    /// When its caller had it.
    pub(super) given: u64,
    pub(super) commit: Option<CallId>,
    pub(super) give_up: Option<CallId>,
    pub(super) origin_write: Option<CallId>,
}

/// Who wrote a value.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) call: CallId,
    pub(super) key: &'a Name,
    pub(super) terms: &'a Terms,
    /// The lease that it was committed under; none: it was set.
    pub(super) lease: Option<CallId>,
}

/// What a caller was told that a key holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    pub(super) call: CallId,
    pub(super) key: &'a Name,
    pub(super) value: ValueId,
    /// Whether it was told to be fresh.
    pub(super) fresh: bool,
}

/// A history and what follows from it.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) history: &'a History,
    /// By the call that gave them.
    pub(super) leases: HashMap<CallId, Lease<'a>>,
    pub(super) written: HashMap<ValueId, Written<'a>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let mut facts = Self { history, leases: HashMap::new(), written: HashMap::new() };
        for (call, record) in history.calls.iter().enumerate() {
            facts.add(call, record);
        }
        facts
    }

    fn add(&mut self, call: CallId, record: &'a Record) {
        match &record.operation {
            Operation::Lookup { key, tags, .. } => {
                let kind = match record.outcome() {
                    Some(Outcome::Miss) => Kind::Load,
                    Some(Outcome::Stale { refresh: true, .. }) => Kind::Refresh,
                    _ => return,
                };
                self.add_lease(call, record, kind, key, tags);
            }
            Operation::BeginWrite { key, tags } => {
                self.add_lease(call, record, Kind::Write, key, tags);
            }
            Operation::OriginWrite { lease } => {
                if let Some(lease) = self.leases.get_mut(lease) {
                    lease.origin_write = Some(call);
                }
            }
            Operation::Commit { lease, value, terms } => {
                if let Some(held) = self.leases.get_mut(lease) {
                    held.commit = Some(call);
                    let written = Written { call, key: held.key, terms, lease: Some(*lease) };
                    self.written.insert(*value, written);
                }
            }
            Operation::GiveUp { lease } => {
                if let Some(lease) = self.leases.get_mut(lease) {
                    lease.give_up = Some(call);
                }
            }
            Operation::Set { entries, terms } => {
                for (key, value) in entries {
                    self.written.insert(*value, Written { call, key, terms, lease: None });
                }
            }
            Operation::Get { .. }
            | Operation::Delete { .. }
            | Operation::Evict { .. }
            | Operation::Clear => {}
        }
    }

    fn add_lease(
        &mut self,
        call: CallId,
        record: &'a Record,
        kind: Kind,
        key: &'a Name,
        tags: &'a [Name],
    ) {
        let Some(given) = record.success() else { return };
        let (commit, give_up, origin_write) = (None, None, None);
        let lease = Lease { call, kind, key, tags, given, commit, give_up, origin_write };
        self.leases.insert(call, lease);
    }

    pub(super) fn call(&self, call: CallId) -> &'a Record {
        &self.history.calls[call]
    }

    /// Every value that was read.
    pub(super) fn reads(&self) -> impl Iterator<Item = Read<'a>> {
        let calls = self.history.calls.iter().enumerate();
        calls.flat_map(|(call, record)| {
            let (keys, values, fresh): (_, &[Option<ValueId>], _) =
                match (&record.operation, record.outcome()) {
                    (Operation::Get { keys }, Some(Outcome::Values(values))) => {
                        (&keys[..], values, false)
                    }
                    (Operation::Lookup { key, .. }, outcome) => {
                        let key = std::slice::from_ref(key);
                        return one(call, key, outcome);
                    }
                    _ => (&[][..], &[], false),
                };
            let read = move |(key, value): (&'a Name, &Option<ValueId>)| {
                value.map(|value| Read { call, key, value, fresh })
            };
            keys.iter().zip(values).filter_map(read).collect::<Vec<_>>()
        })
    }

    /// When the end of a lease began.
    pub(super) fn spent(&self, lease: &Lease<'_>) -> u64 {
        let ends = [lease.commit, lease.give_up].into_iter().flatten();
        ends.map(|call| self.call(call).called.moment).min().unwrap_or(u64::MAX)
    }

    /// When a lease of a write can no longer do anything to its key.
    pub(super) fn settled(&self, lease: &Lease<'_>) -> u64 {
        let ends = [lease.commit, lease.give_up].into_iter().flatten();
        ends.filter_map(|call| self.call(call).success()).min().unwrap_or(u64::MAX)
    }

    /// Whether the commit of `lease` was answered with true.
    pub(super) fn stored(&self, lease: &Lease<'_>) -> bool {
        let outcome = lease.commit.and_then(|commit| self.call(commit).outcome());
        matches!(outcome, Some(Outcome::Stored(true)))
    }
}

fn one<'a>(call: CallId, key: &'a [Name], outcome: Option<&Outcome>) -> Vec<Read<'a>> {
    let (value, fresh) = match outcome {
        Some(Outcome::Hit(value)) => (*value, true),
        Some(Outcome::Stale { value, .. }) => (*value, false),
        _ => return Vec::new(),
    };
    key.iter().map(|key| Read { call, key, value, fresh }).collect()
}
