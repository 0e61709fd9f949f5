//! Whether each answer is one that could be given: G4, G5, G6 and G7.

use std::time::Duration;

use spakky_cache_core::Error;

use super::facts::{Facts, Read};
use super::{Guarantee, Rules, Violation};
use crate::history::{CallId, Operation, Outcome, Record, Trouble};

pub(super) fn check(facts: &Facts<'_>, rules: &Rules, found: &mut Vec<Violation>) {
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
            Some(Outcome::Failed(error)) if !is_due(facts, rules, call, record, error) => {
                (Guarantee::Loud, format!("#{call} failed without a reason: {error}"))
            }
            Some(_) => continue,
        };
        found.push(Violation::new(guarantee, sentence, [call]));
    }
}

fn wrong_value(facts: &Facts<'_>, rules: &Rules, read: &Read<'_>) -> Option<String> {
    let Some(written) = facts.written.get(&read.value) else {
        return Some("which nobody wrote".into());
    };
    let (reader, writer) = (facts.call(read.call), facts.call(written.call));
    let by = written.call;
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
