//! G1: one load at a time. G3: only the owner of a lease stores anything.

use std::collections::HashMap;

use super::facts::{Facts, Kind, Lease};
use super::timeline::{Cause, Timeline};
use super::{Guarantee, Rules, Violation};
use crate::history::{Disturbance, Name, Operation, Outcome, Record, Trouble};

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
                one_load(facts, rules, first, second, found);
                owners_only(facts, first, second, found);
            }
        }
    }
    nothing_after_it_was_lost(facts, found);
}

/// Two leases that were both out when the second was given.
fn one_load(
    facts: &Facts<'_>,
    rules: &Rules,
    first: &Lease<'_>,
    second: &Lease<'_>,
    found: &mut Vec<Violation>,
) {
    let excused = match (first.kind, second.kind) {
        // A write takes the key from whoever has it. A refresh goes on when its
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
    if !excused {
        let (first, second) = (first.call, second.call);
        found.push(Violation {
            guarantee: Guarantee::OneLoad,
            sentence: format!("#{second} was given a lease while #{first}'s was out"),
            calls: vec![first, second],
        });
    }
}

fn owners_only(
    facts: &Facts<'_>,
    first: &Lease<'_>,
    second: &Lease<'_>,
    found: &mut Vec<Violation>,
) {
    if let (Some(one), Some(other)) = (first.commit, second.commit)
        && facts.stored(first)
        && facts.stored(second)
    {
        let (first, second) = (first.call, second.call);
        found.push(Violation {
            guarantee: Guarantee::OwnersOnly,
            sentence: format!(
                "the leases of #{first} and #{second} were out at the same time, and both \
                 commits, #{one} and #{other}, stored"
            ),
            calls: vec![first, second, one, other],
        });
    }
}

/// No commit is true if something is known to have taken its key away.
fn nothing_after_it_was_lost(facts: &Facts<'_>, found: &mut Vec<Violation>) {
    let losses = Losses::of(facts);
    for lease in facts.leases.values().filter(|lease| facts.stored(lease)) {
        let Some(commit) = lease.commit else { continue };
        let committed = facts.call(commit).called.moment;
        let Some(losses) = losses.of_leases(lease) else { continue };
        if let Some(cause) = losses.between(lease.given, committed) {
            let by = cause.call();
            let lease = lease.call;
            let what = by.map_or_else(|| "lost".into(), |by| format!("taken away by #{by}"));
            found.push(Violation {
                guarantee: Guarantee::OwnersOnly,
                sentence: format!("#{commit} stored under the lease of #{lease}, which was {what}"),
                calls: [Some(lease), Some(commit), by].into_iter().flatten().collect(),
            });
        }
    }
}

/// What takes a key from whoever holds its lease, or refreshes its entry.
#[derive(Default)]
struct Losses<'a> {
    of_refreshes: HashMap<&'a Name, Timeline>,
    of_markers: HashMap<&'a Name, Timeline>,
}

impl<'a> Losses<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let mut losses = Self::default();
        for (call, record) in facts.history.calls.iter().enumerate() {
            let Some(over) = record.success() else { continue };
            let mut lose = |key: &'a Name| {
                for losses in [&mut losses.of_refreshes, &mut losses.of_markers] {
                    let losses = losses.entry(key).or_default();
                    losses.add(record.called.moment, over, Cause::Call(call));
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
                | (Operation::GiveUp { lease }, _) => {
                    // The end of a write removes the key, whatever it holds.
                    if let Some(lease) = facts.leases.get(lease)
                        && lease.kind == Kind::Write
                    {
                        lose(lease.key);
                    }
                }
                _ => {}
            }
        }
        for Disturbance { trouble, from, until } in &facts.history.disturbances {
            let over = until.map_or(u64::MAX, |until| until.moment);
            let add = |losses: &mut HashMap<&'a Name, Timeline>, key| {
                losses.entry(key).or_default().add(from.moment, over, Cause::Trouble);
            };
            match trouble {
                Trouble::LeaseEnded(key) => add(&mut losses.of_markers, key),
                Trouble::EntryLost(key) => {
                    add(&mut losses.of_markers, key);
                    add(&mut losses.of_refreshes, key);
                }
                _ => {}
            }
        }
        losses.of_markers.values_mut().for_each(Timeline::sort);
        losses.of_refreshes.values_mut().for_each(Timeline::sort);
        losses
    }

    fn of_leases(&self, lease: &Lease<'_>) -> Option<&Timeline> {
        match lease.kind {
            Kind::Load | Kind::Write => self.of_markers.get(lease.key),
            Kind::Refresh => self.of_refreshes.get(lease.key),
        }
    }
}

/// From the call that took one lease until another was given: what happened
/// then may have ended the first.
struct Window<'a> {
    facts: &'a Facts<'a>,
    first: &'a Lease<'a>,
    from: u64,
    until: u64,
    millis: u64,
}

impl<'a> Window<'a> {
    fn of(facts: &'a Facts<'a>, first: &'a Lease<'a>, second: &Lease<'_>) -> Self {
        let called = facts.call(first.call).called;
        let given = facts.call(second.call).ended.as_ref().map_or(called, |(at, _)| *at);
        let millis = given.millis.saturating_sub(called.millis);
        Self { facts, first, from: called.moment, until: given.moment, millis }
    }

    fn time_is_over(&self, rules: &Rules) -> bool {
        rules.lease_may_end_after.is_some_and(|limit| u128::from(self.millis) >= limit.as_millis())
    }

    fn trouble(&self, after: u64, excuses: impl Fn(&Trouble) -> bool) -> bool {
        self.facts.history.disturbances.iter().any(|disturbance| {
            disturbance.from.moment < self.until
                && disturbance.until.is_none_or(|until| until.moment > after)
                && (disturbance.trouble == Trouble::AnyLost || excuses(&disturbance.trouble))
        })
    }

    fn may_end(&self, rules: &Rules) -> bool {
        self.time_is_over(rules) || match self.first.kind {
            Kind::Refresh => self.trouble(
                self.from,
                |trouble| matches!(trouble, Trouble::ElectionEnded(key) if key == self.first.key),
            ),
            Kind::Load | Kind::Write => self.marker_is_gone() || self.epochs_are_gone(),
        }
    }

    /// What its key held was removed or replaced.
    fn marker_is_gone(&self) -> bool {
        let first = self.first;
        let lost = |trouble: &_| match trouble {
            Trouble::LeaseEnded(key) | Trouble::EntryLost(key) => key == first.key,
            _ => false,
        };
        let calls = self.facts.history.calls.iter().enumerate();
        let mut calls = calls.take_while(|(_, record)| record.called.moment < self.until);
        let replaced = calls.any(|(call, record)| {
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

    /// One of its epochs was replaced or lost.
    fn epochs_are_gone(&self) -> bool {
        let first = self.first;
        let after = self.heard_before();
        let lost = |trouble: &_| match trouble {
            Trouble::EpochLost(tag) => tag.as_ref().is_none_or(|tag| first.tags.contains(tag)),
            _ => false,
        };
        let calls = self.facts.history.calls.iter();
        let mut calls = calls.take_while(|record| record.called.moment < self.until);
        let evicted =
            calls.any(|record| record.operation.evicts(first.tags) && over(record) > after);
        evicted || self.trouble(after, lost)
    }

    /// Of evictions that were over before this the first lease's process had
    /// heard when it took the lease: with the answer to a call that it made
    /// later. Of others it may not have, and then the lease was dead from the
    /// start.
    fn heard_before(&self) -> u64 {
        let process = self.facts.call(self.first.call).caller.process;
        let calls = self.facts.history.calls.iter();
        let calls = calls.take_while(|record| record.called.moment < self.from);
        let heard = calls.filter(|record| {
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
