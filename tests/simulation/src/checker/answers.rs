//! Whether each answer is one that could be given: G4, G5, G6 and G7.

use std::time::Duration;

use spakky_cache_core::Error;

use super::facts::{Facts, Read};
use super::stale::Invalidations;
use super::{Guarantee, Rules, Violation};
use crate::history::{CallId, Operation, Outcome, Record, Trouble};

pub(super) fn check<'a>(
    facts: &Facts<'a>,
    invalidations: &Invalidations<'a>,
    rules: &Rules,
    found: &mut Vec<Violation>,
) {
    for read in &facts.reads {
        if let Some(wrong) = wrong_value(facts, rules, read) {
            let Read { call, key, value, .. } = read;
            let sentence = format!("#{call} read {value} of {key:?}, {wrong}");
            let calls = facts.written.get(value).map(|of| of.call).into_iter().chain([*call]);
            found.push(Violation::new(Guarantee::LosingDataMeansAMiss, sentence, calls));
        }
    }
    for (call, record) in facts.history.calls.iter().enumerate() {
        let (guarantee, sentence) = match record.outcome() {
            None => (Guarantee::WaitersAreWoken, format!("#{call} never ended: nobody wakes it")),
            Some(Outcome::Failed(Error::LoadFailed(_))) => {
                if pause_stands(facts, invalidations, rules, call, false) {
                    continue;
                }
                (
                    Guarantee::Loud,
                    format!("#{call} was told of a failed load that nothing tells of"),
                )
            }
            Some(Outcome::Failed(error)) if !is_due(facts, rules, call, record, error) => {
                (Guarantee::Loud, format!("#{call} failed without a reason: {error}"))
            }
            Some(Outcome::Pass) => {
                if pause_stands(facts, invalidations, rules, call, true)
                    || may_close_a_circle(facts, rules, record)
                {
                    continue;
                }
                (
                    Guarantee::OneLoad,
                    format!("#{call} was told to load, though nobody passed its key"),
                )
            }
            Some(_) => continue,
        };
        found.push(Violation::new(guarantee, sentence, [call]));
    }
}

/// Whether a pause of the key that `lookup` met may stand.
fn pause_stands<'a>(
    facts: &Facts<'a>,
    invalidations: &Invalidations<'a>,
    rules: &Rules,
    lookup: CallId,
    wants_pass: bool,
) -> bool {
    let record = facts.call(lookup);
    let Operation::Lookup { key, .. } = &record.operation else { return false };
    facts.leases.values().filter(|lease| lease.key == key).any(|lease| {
        let Some(pause) = lease.pause else { return false };
        let paused = facts.call(pause);
        let Operation::Pause { passes, span, .. } = &paused.operation else { return false };
        let is_over = paused.success().is_some()
            && paused.ended.as_ref().is_some_and(|(stored, _)| {
                let lasts = u64::try_from((*span + rules.clock_error).as_millis());
                record.called.millis >= stored.millis.saturating_add(lasts.unwrap_or(u64::MAX))
            });
        *passes == wants_pass
            && !matches!(paused.outcome(), Some(Outcome::Stored(false)))
            && record.end() > Some(paused.called.moment)
            && !is_over
            && invalidations.ended(facts, lease, pause, lookup).is_none()
    })
}

/// Whether its caller held a lease, and waited for so long that it may have found that it
/// waits in a circle.
fn may_close_a_circle(facts: &Facts<'_>, rules: &Rules, record: &Record) -> bool {
    let Some((ended, _)) = &record.ended else { return false };
    let waited = Duration::from_millis(ended.millis - record.called.millis);
    let holds = facts.leases.values().any(|lease| {
        facts.call(lease.call).caller == record.caller
            && lease.given < ended.moment
            && facts.spent(lease) > record.called.moment
    });
    holds && waited + rules.clock_error >= rules.nested_wait
}

fn wrong_value(facts: &Facts<'_>, rules: &Rules, read: &Read<'_>) -> Option<String> {
    let Some(written) = facts.written.get(&read.value) else {
        return Some("which nobody wrote".into());
    };
    let (reader, writer) = (facts.call(read.call), facts.call(written.call));
    let by = written.call;
    if let (Operation::Lookup { refuses: Some(refused), .. }, Some(outcome)) =
        (&reader.operation, reader.outcome())
        && *refused == read.value
        && !matches!(outcome, Outcome::Stale { refresh: true, .. })
    {
        return Some("which it had refused".into());
    }
    if written.key != read.key {
        return Some(format!("which #{by} wrote to {:?}", written.key));
    }
    if reader.end() < Some(writer.called.moment) {
        return Some(format!("which #{by} wrote later"));
    }
    if matches!(writer.outcome(), Some(Outcome::Stored(false))) {
        return Some(format!("which #{by} was told not to have stored"));
    }
    // A write that failed may have stored the value later.
    writer.success()?;
    let (stored, _) = writer.ended.as_ref()?;
    let over = |span: Duration| {
        let lasts = u64::try_from((span + rules.clock_error).as_millis()).unwrap_or(u64::MAX);
        reader.called.millis >= stored.millis.saturating_add(lasts)
    };
    if written.terms.ttl.is_some_and(over) {
        return Some(format!("which had expired since #{by} stored it"));
    }
    if read.fresh && written.terms.fresh_for.is_some_and(over) {
        return Some(format!("as fresh, which it no longer was since #{by} stored it"));
    }
    None
}

/// Whether there is a reason for a failure.
fn is_due(facts: &Facts<'_>, rules: &Rules, call: CallId, record: &Record, error: &Error) -> bool {
    let Some((ended, _)) = &record.ended else { return false };
    match (error, &record.operation) {
        (Error::Unavailable | Error::OperationFailed, _) => {
            facts.history.disturbances.iter().any(|disturbance| {
                let Trouble::Failing(whose) = &disturbance.trouble else { return false };
                whose.is_none_or(|process| process == record.caller.process)
                    && disturbance.overlaps(record.called.moment, ended.moment)
            })
        }
        (Error::LockTimeout, Operation::Lookup { max_wait, .. }) => {
            let budget = max_wait.map_or(rules.longest_wait, |wait| wait.min(rules.longest_wait));
            let budget = budget.saturating_sub(rules.clock_error);
            u128::from(ended.millis - record.called.millis) >= budget.as_millis()
        }
        // Its caller holds the lease of the key, or is about to take it.
        (Error::LeaseHeld, Operation::Lookup { key, .. }) => {
            let calls = facts.history.calls.iter().enumerate();
            let before = calls.take_while(|(_, other)| other.called.moment < ended.moment);
            before.filter(|(other, _)| *other != call).any(|(other, taking)| {
                let takes = match &taking.operation {
                    Operation::Lookup { key: other, .. }
                    | Operation::BeginWrite { key: other, .. } => other == key,
                    _ => false,
                };
                let held_until = match facts.leases.get(&other).map(|lease| (lease, lease.commit)) {
                    Some((_, Some(commit))) => facts.call(commit).end(),
                    Some((lease, None)) => Some(facts.spent(lease)),
                    None => taking.end(),
                };
                let is_held = held_until.is_none_or(|until| until > record.called.moment);
                takes && taking.caller == record.caller && is_held
            })
        }
        _ => false,
    }
}
