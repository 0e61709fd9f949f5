//! G1: one load at a time. G3: only the owner of a lease stores anything.

use std::collections::HashMap;
use std::time::Duration;

use super::facts::{Facts, Kind, Lease};
use super::timeline::Timelines;
use super::{Guarantee, Rules, Violation};
use crate::history::{Name, Operation, Outcome, Record, Trouble};

pub(super) fn check(facts: &Facts<'_>, rules: &Rules, found: &mut Vec<Violation>) {
    let mut by_key: HashMap<&Name, Vec<&Lease<'_>>> = HashMap::new();
    for lease in facts.leases.values() {
        by_key.entry(lease.key).or_default().push(lease);
    }
    for leases in by_key.values_mut() {
        leases.sort_unstable_by_key(|lease| lease.given);
        for (index, first) in leases.iter().enumerate() {
            let spent = facts.spent(first);
            let overlapping = leases[index + 1..].iter().take_while(|next| next.given < spent);
            for second in overlapping {
                found.extend(overlap(facts, rules, first, second));
            }
        }
    }
    nothing_after_a_loss(facts, found);
}

/// Two leases that were both out when the second was given.
fn overlap(
    facts: &Facts<'_>,
    rules: &Rules,
    first: &Lease<'_>,
    second: &Lease<'_>,
) -> Option<Violation> {
    let calls = [first.call, second.call];
    if let (Some(one), Some(other)) = (first.concluded(), second.concluded())
        && facts.stored(first)
        && facts.stored(second)
    {
        let calls = [first.call, second.call, one, other];
        let sentence = format!("of {calls:?}, both leases were out, and both commits stored");
        return Some(Violation::new(Guarantee::OwnersOnly, sentence, calls));
    }
    let excused = match (first.kind, second.kind) {
        // A write takes the key from any other holder. A refresh goes on when its
        // entry was removed, or expired, but its commit is refused.
        (_, Kind::Write)
        | (Kind::Refresh, Kind::Load)
        | (Kind::Load | Kind::Write, Kind::Refresh) => true,
        (Kind::Load | Kind::Write | Kind::Refresh, _) => {
            let may_end = |one, other| Window::of(facts, one, other).may_end(rules);
            // Of two calls at the same time, either may have taken it first.
            let any_order = facts.call(second.call).called.moment < first.given;
            may_end(first, second)
                || any_order && (first.kind == Kind::Write || may_end(second, first))
        }
    };
    let sentence = || format!("#{} was given a lease while #{}'s was out", calls[1], calls[0]);
    (!excused).then(|| Violation::new(Guarantee::OneLoad, sentence(), calls))
}

/// No commit stores if something is known to have taken its key away.
fn nothing_after_a_loss(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let losses = losses(facts);
    for lease in facts.leases.values().filter(|lease| facts.stored(lease)) {
        let Some(commit) = lease.concluded() else { continue };
        let committed = facts.call(commit).called.moment;
        let slot = (lease.key, lease.kind == Kind::Refresh);
        if let Some(by) = losses.between(&slot, lease.given, committed) {
            let lease = lease.call;
            let what = by.map_or_else(|| "lost".into(), |by| format!("taken away by #{by}"));
            let sentence =
                format!("#{commit} stored under the lease of #{lease}, which was {what}");
            let calls = [Some(lease), Some(commit), by].into_iter().flatten();
            found.push(Violation::new(Guarantee::OwnersOnly, sentence, calls));
        }
    }
}

/// What takes a key from the holder of its lease or, with true, from the caller
/// that refreshes its entry.
fn losses<'a>(facts: &Facts<'a>) -> Timelines<(&'a Name, bool)> {
    Timelines::of(|add| {
        for (call, record) in facts.history.calls.iter().enumerate() {
            let Some(ended) = record.success() else { continue };
            let mut lose = |key: &'a Name| {
                for of_refresh in [false, true] {
                    add((key, of_refresh), record.called.moment, ended, Some(call));
                }
            };
            match (&record.operation, record.outcome()) {
                (Operation::Delete { keys }, _) => keys.iter().for_each(lose),
                (Operation::Set { entries, .. }, _) => {
                    entries.iter().map(|(key, _)| key).for_each(lose);
                }
                (Operation::BeginWrite { key, .. }, _)
                | (Operation::Lookup { key, .. }, Some(Outcome::Miss)) => lose(key),
                (Operation::Commit { lease, .. }, Some(Outcome::Stored(false)))
                | (Operation::GiveUp { lease } | Operation::Pause { lease, .. }, _) => {
                    // The end of a write removes the key, whatever it holds.
                    let lease = facts.leases.get(lease);
                    lease.filter(|it| it.kind == Kind::Write).map(|it| it.key).map(lose);
                }
                _ => {}
            }
        }
        for disturbance in &facts.history.disturbances {
            let ended = disturbance.until.map_or(u64::MAX, |until| until.moment);
            let mut add = |key, of_refresh| {
                add((key, of_refresh), disturbance.from.moment, ended, None);
            };
            match &disturbance.trouble {
                Trouble::LeaseEnded(key) => add(key, false),
                Trouble::EntryLost(key) => {
                    add(key, false);
                    add(key, true);
                }
                _ => {}
            }
        }
    })
}

/// From the call that took one lease until another was given: what happened
/// then may have ended the first.
struct Window<'a> {
    facts: &'a Facts<'a>,
    first: &'a Lease<'a>,
    from: u64,
    until: u64,
    lasts: u64,
}

impl<'a> Window<'a> {
    fn of(facts: &'a Facts<'a>, first: &'a Lease<'a>, second: &Lease<'_>) -> Self {
        let called = facts.call(first.call).called;
        let given = facts.call(second.call).ended.as_ref().map_or(called, |(at, _)| *at);
        let lasts = given.millis.saturating_sub(called.millis);
        Self { facts, first, from: called.moment, until: given.moment, lasts }
    }

    fn may_end(&self, rules: &Rules) -> bool {
        let lasts = Duration::from_millis(self.lasts);
        let expired = rules.lease_may_end_after.is_some_and(|limit| lasts >= limit);
        expired || match self.first.kind {
            Kind::Refresh => self.trouble(
                self.from,
                |trouble| matches!(trouble, Trouble::ElectionEnded(key) if key == self.first.key),
            ),
            Kind::Load | Kind::Write => self.marker_is_gone() || self.epochs_are_gone(),
        }
    }

    fn trouble(&self, after: u64, excuses: impl Fn(&Trouble) -> bool) -> bool {
        self.facts.history.disturbances.iter().any(|disturbance| {
            disturbance.overlaps(after, self.until)
                && (disturbance.trouble == Trouble::AnyLost || excuses(&disturbance.trouble))
        })
    }

    /// The calls that began before its end.
    fn calls(&self) -> impl Iterator<Item = (usize, &'a Record)> {
        let (facts, until) = (self.facts, self.until);
        let calls = facts.history.calls.iter().enumerate();
        calls.take_while(move |(_, record)| record.called.moment < until)
    }

    /// Whether what its key held was removed or replaced.
    fn marker_is_gone(&self) -> bool {
        let first = self.first;
        let lost = |trouble: &_| match trouble {
            Trouble::LeaseEnded(key) | Trouble::EntryLost(key) => key == first.key,
            _ => false,
        };
        let replaced = self.calls().any(|(call, record)| {
            let over = match record.operation {
                // A refused or dropped write removes the key at its end.
                Operation::BeginWrite { .. } => {
                    let lease = self.facts.leases.get(&call);
                    lease.map_or(u64::MAX, |lease| self.facts.settled(lease))
                }
                _ => over(record),
            };
            record.operation.replaces(first.key) && call != first.call && over > self.from
        });
        replaced || self.trouble(self.from, lost)
    }

    /// Whether one of its epochs was replaced or lost.
    fn epochs_are_gone(&self) -> bool {
        let tags = self.first.tags;
        let after = self.heard_before();
        let lost = |trouble: &_| match trouble {
            Trouble::EpochLost(tag) => tag.as_ref().is_none_or(|tag| tags.contains(tag)),
            _ => false,
        };
        let evicts = |record: &Record| record.operation.evicts(tags) && over(record) > after;
        self.calls().any(|(_, record)| evicts(record)) || self.trouble(after, lost)
    }

    /// The process of the first lease knew of evictions that ended before this
    /// moment: it was answered a call that it began later. Of other evictions it
    /// may not have known, and then the lease was dead from the start.
    fn heard_before(&self) -> u64 {
        let process = self.facts.call(self.first.call).caller.process;
        let heard = self.calls().map(|(_, record)| record).filter(|record| {
            record.caller.process == process
                && !matches!(record.operation, Operation::OriginWrite { .. })
                && record.success().is_some_and(|over| over < self.from)
        });
        heard.map(|record| record.called.moment).max().unwrap_or(0)
    }
}

/// When a call can no longer do anything: one that failed may still be on its
/// way to the store.
fn over(record: &Record) -> u64 {
    record.success().unwrap_or(u64::MAX)
}
