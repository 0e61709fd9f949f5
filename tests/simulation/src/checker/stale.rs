//! G2: what was loaded before an invalidation is not read after it.

use super::facts::{Facts, Kind, Lease, Read, Written};
use super::timeline::Timelines;
use super::{Guarantee, Violation};
use crate::history::{CallId, Name, Operation, Terms, ValueId};

/// What an invalidation is about: what was read before it began is not to be
/// served once it has ended.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Scope<'a> {
    /// `delete`, `set` and `begin-write`.
    Key(&'a Name),
    /// From the write to the origin until the cache knows of it.
    Origin(&'a Name),
    Tag(&'a Name),
    Everything,
}

/// The calls after whose end nothing from before their beginning may be served.
pub(super) struct Invalidations<'a>(Timelines<Scope<'a>>);

impl<'a> Invalidations<'a> {
    pub(super) fn of(facts: &Facts<'a>) -> Self {
        Self(invalidations(facts))
    }

    /// The call that should have ended the pause that `pause` stored under `lease`,
    /// before `lookup` met it.
    pub(super) fn ended(
        &self,
        facts: &Facts<'a>,
        lease: &Lease<'a>,
        pause: CallId,
        lookup: CallId,
    ) -> Option<CallId> {
        if lease.kind == Kind::Refresh
            && let Operation::Pause { passes: false, .. } = facts.call(pause).operation
        {
            // It lasts as long as the entry, whose tags decide, not those of the lookup.
            let before = facts.call(lookup).called.moment;
            let find = |scope| self.0.between(&scope, lease.given, before).flatten();
            return find(Scope::Key(lease.key)).or_else(|| find(Scope::Everything));
        }
        let terms = Terms { tags: lease.tags.to_vec(), ..Terms::default() };
        let written =
            Written { call: pause, key: lease.key, terms: &terms, lease: Some(lease.call) };
        let read = Read { call: lookup, key: lease.key, value: ValueId::FOREIGN, fresh: false };
        broken_by(&self.0, facts, read, &written)
    }
}

fn invalidations<'a>(facts: &Facts<'a>) -> Timelines<Scope<'a>> {
    Timelines::of(|add| {
        for (call, record) in facts.history.calls.iter().enumerate() {
            // A call that failed obliges nothing.
            let Some(ended) = record.success() else { continue };
            let mut add = |scope| add(scope, record.called.moment, ended, Some(call));
            match &record.operation {
                Operation::Delete { keys } => keys.iter().map(Scope::Key).for_each(add),
                Operation::Set { entries, .. } => {
                    entries.iter().map(|(key, _)| Scope::Key(key)).for_each(add);
                }
                Operation::BeginWrite { key, .. } => add(Scope::Key(key)),
                Operation::Evict { tags } => tags.iter().map(Scope::Tag).for_each(add),
                Operation::Clear => add(Scope::Everything),
                _ => {}
            }
        }
        for lease in facts.leases.values().filter(|lease| lease.kind == Kind::Write) {
            let Some(written) = lease.origin_write else { continue };
            let began = facts.call(written).called.moment;
            for end in lease.ends() {
                if let Some(ended) = facts.call(end).success().filter(|ended| *ended > began) {
                    add(Scope::Origin(lease.key), began, ended, Some(end));
                }
            }
        }
    })
}

/// The call that should have kept `read` from getting what was `written`.
fn broken_by<'a>(
    invalidations: &Timelines<Scope<'a>>,
    facts: &Facts<'a>,
    read: Read<'a>,
    written: &Written<'a>,
) -> Option<CallId> {
    let [key, origin, epochs] = known(facts, written);
    let before = facts.call(read.call).called.moment;
    let find =
        |scope, after: Option<u64>, before| invalidations.between(&scope, after?, before).flatten();
    let tag = |tag, before| find(Scope::Tag(tag), epochs, before);
    find(Scope::Key(read.key), key, before)
        .or_else(|| find(Scope::Origin(read.key), origin, before))
        .or_else(|| find(Scope::Everything, epochs, before))
        .or_else(|| written.terms.tags.iter().find_map(|name| tag(name, before)))
        .or_else(|| {
            // Tags that the commit no longer named counted until then.
            let lease = &facts.leases[&written.lease?];
            let committed = facts.call(written.call).called.moment.min(before);
            lease.tags.iter().find_map(|name| tag(name, committed))
        })
        .or_else(|| broken_by_own_process(facts, before, written))
}

/// The same for a set that failed. It may take effect at any time after its
/// call, but not after a later step of the same process.
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

/// By when a value's key, origin and epochs were read. `None` if that is unknown:
/// then nothing later makes the value stale.
fn known(facts: &Facts<'_>, written: &Written<'_>) -> [Option<u64>; 3] {
    let record = facts.call(written.call);
    let Some(lease) = written.lease.map(|lease| &facts.leases[&lease]) else {
        // A set that failed may still be on its way to the store, but it read its
        // epochs before it failed.
        return [record.success(), record.success(), record.end()];
    };
    let given = Some(lease.given);
    // A load reads the origin once it has the lease. A write knows what the
    // origin holds once it has written it.
    let origin = lease.origin_write.map_or(given, |write| facts.call(write).end());
    [given, origin, given]
}

pub(super) fn check<'a>(
    facts: &Facts<'a>,
    Invalidations(invalidations): &Invalidations<'a>,
    found: &mut Vec<Violation>,
) {
    for read in &facts.reads {
        let Some(written) = facts.written.get(&read.value) else { continue };
        let Some(by) = broken_by(invalidations, facts, *read, written) else { continue };
        let Read { call: reader, value, key, .. } = read;
        let began = written.lease.unwrap_or(written.call);
        let source = if written.lease.is_some() { "loaded under the lease of" } else { "set by" };
        let operation = &facts.call(by).operation;
        let sentence = format!(
            "#{reader} read {value} of {key:?}, {source} #{began}, after the end of #{by} {operation:?}"
        );
        let calls = [began, written.call, by, *reader];
        found.push(Violation::new(Guarantee::NoStaleWriteBack, sentence, calls));
    }
}
