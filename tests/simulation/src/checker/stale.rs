//! G2: what was loaded before an invalidation is not read after it.

use std::collections::HashMap;

use super::facts::{Facts, Kind, Read, Written};
use super::timeline::{Cause, Timeline};
use super::{Guarantee, Violation};
use crate::history::{CallId, Name, Operation, Outcome, Record};

/// What obliges: all that was known before it began is not to be read once it
/// was over.
#[derive(Debug, Default)]
struct Obligations<'a> {
    /// `delete`, `set` and `begin-write`.
    keys: HashMap<&'a Name, Timeline>,
    /// From the origin's write until the cache knows of it.
    origins: HashMap<&'a Name, Timeline>,
    tags: HashMap<&'a Name, Timeline>,
    everything: Timeline,
}

impl<'a> Obligations<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let mut obligations = Self::default();
        for (call, record) in facts.history.calls.iter().enumerate() {
            if let Some(over) = record.success() {
                obligations.add(call, record, over);
            }
        }
        for lease in facts.leases.values().filter(|lease| lease.kind == Kind::Write) {
            let Some(written) = lease.origin_write else { continue };
            let began = facts.call(written).called.moment;
            for end in [lease.commit, lease.give_up].into_iter().flatten() {
                if let Some(over) = facts.call(end).success().filter(|over| *over > began) {
                    obligations.origins.entry(lease.key).or_default().add(
                        began,
                        over,
                        Cause::Call(end),
                    );
                }
            }
        }
        let Self { keys, origins, tags, everything } = &mut obligations;
        let all = keys.values_mut().chain(origins.values_mut()).chain(tags.values_mut());
        all.chain([everything]).for_each(Timeline::sort);
        obligations
    }

    fn add(&mut self, call: CallId, record: &'a Record, over: u64) {
        let began = record.called.moment;
        let mut key = |key| self.keys.entry(key).or_default().add(began, over, Cause::Call(call));
        match &record.operation {
            Operation::Delete { keys } => keys.iter().for_each(key),
            Operation::Set { entries, .. } => entries.iter().for_each(|(name, _)| key(name)),
            Operation::BeginWrite { key: name, .. } => key(name),
            Operation::Evict { tags } => {
                for tag in tags {
                    self.tags.entry(tag).or_default().add(began, over, Cause::Call(call));
                }
            }
            Operation::Clear => self.everything.add(began, over, Cause::Call(call)),
            _ => {}
        }
    }

    /// The call that `read`, of what was `written`, should have heard of.
    fn broken_by(
        &self,
        facts: &Facts<'_>,
        read: Read<'_>,
        written: &Written<'_>,
    ) -> Option<CallId> {
        let known = Known::of(facts, written);
        let before = facts.call(read.call).called.moment;
        let find = |timeline: Option<&Timeline>, after: Option<u64>, before| {
            timeline.zip(after).and_then(|(timeline, after)| timeline.between(after, before))
        };
        let tag = |tag, before| find(self.tags.get(tag), known.epochs, before);
        let found = find(self.keys.get(read.key), known.key, before)
            .or_else(|| find(self.origins.get(read.key), known.origin, before))
            .or_else(|| find(Some(&self.everything), known.epochs, before))
            .or_else(|| written.terms.tags.iter().find_map(|name| tag(name, before)))
            .or_else(|| {
                // Tags that the commit named no longer counted until then.
                let lease = &facts.leases[&written.lease?];
                let committed = facts.call(written.call).called.moment.min(before);
                lease.tags.iter().find_map(|name| tag(name, committed))
            });
        let found = found.and_then(Cause::call);
        found.or_else(|| broken_by_own_process(facts, before, written))
    }
}

/// The same for a set that failed: it may have happened at any time after its
/// call, except that a later step of its own process comes after it.
fn broken_by_own_process(facts: &Facts<'_>, before: u64, written: &Written<'_>) -> Option<CallId> {
    let set = facts.call(written.call);
    let (Some(ended), None, None) = (set.end(), set.success(), written.lease) else {
        return None;
    };
    // It is rare that a failed set is seen at all.
    let mut later = facts.history.calls.iter().enumerate().skip(written.call);
    let broken = later.find(|(_, record)| {
        record.operation.replaces(written.key)
            && record.success().is_some_and(|over| over < before)
            && record.caller.process == set.caller.process
            && record.called.moment > ended
    });
    broken.map(|(call, _)| call)
}

/// Until when what a value was made from is known to have been read. None: it
/// cannot be told, and nothing later makes it stale.
struct Known {
    key: Option<u64>,
    origin: Option<u64>,
    epochs: Option<u64>,
}

impl Known {
    fn of(facts: &Facts<'_>, written: &Written<'_>) -> Self {
        let record = facts.call(written.call);
        let Some(lease) = written.lease.map(|lease| &facts.leases[&lease]) else {
            // One that failed may still be on its way to the store, but the
            // epochs that it carries were read before it failed.
            return Self { key: record.success(), origin: record.success(), epochs: record.end() };
        };
        let given = Some(lease.given);
        // A load reads the origin once it has the lease. A write knows what
        // the origin holds from the moment that it wrote it.
        let origin = match lease.origin_write {
            Some(written) => facts.call(written).end(),
            None => given,
        };
        Self { key: given, origin, epochs: given }
    }
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let obligations = Obligations::of(facts);
    for read in facts.reads() {
        let Some(written) = facts.written.get(&read.value) else { continue };
        let Some(by) = obligations.broken_by(facts, read, written) else { continue };
        let (reader, value, key) = (read.call, read.value, read.key);
        let began = written.lease.unwrap_or(written.call);
        let what = match (&facts.call(by).operation, facts.call(by).outcome()) {
            (Operation::Commit { .. }, Some(Outcome::Stored(stored))) => {
                format!("the commit (#{by}, {stored}) of a write to the origin that followed")
            }
            (Operation::GiveUp { .. }, _) => {
                format!("the end (#{by}) of a dropped write to the origin that followed")
            }
            _ => format!("#{by}, which was called later,"),
        };
        let source = if written.lease.is_some() { "loaded under the lease of" } else { "set by" };
        found.push(Violation {
            guarantee: Guarantee::NoStaleWriteBack,
            sentence: format!(
                "#{reader} read {value} of {key:?}, {source} #{began}, although {what} had returned"
            ),
            calls: vec![began, written.call, by, reader],
        });
    }
}
