//! G10: a process counts what its callers saw.

use std::collections::HashMap;

use spakky_cache_core::Error;

use super::{Guarantee, Violation};
use crate::history::{History, Operation, Outcome, Record};

/// The least and the most that each count may be. Calls with an unknown outcome
/// make the difference.
type Bounds = HashMap<&'static str, (u64, u64)>;

fn add(bounds: &mut Bounds, record: &Record) {
    let mut add = |name, known: usize, possible: usize| {
        let (least, most) = bounds.entry(name).or_default();
        *least += known as u64;
        *most += possible as u64;
    };
    let outcome = record.outcome();
    let known = |count: usize| if record.success().is_some() { count } else { 0 };
    match &record.operation {
        Operation::Clear => add("clears", known(1), 1),
        Operation::Evict { tags } => {
            let count = tags.len().min(1);
            add("tag_evictions", known(count), count);
        }
        Operation::Set { entries, .. } => add("writes", known(entries.len()), entries.len()),
        Operation::Delete { keys } => match outcome {
            Some(Outcome::Deleted(count)) => {
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                add("deletes", count, count);
            }
            _ => add("deletes", 0, keys.len()),
        },
        // One that stored may fail, or be dropped, afterwards.
        Operation::Commit { .. } => match outcome {
            Some(Outcome::Stored(false)) => {}
            _ => add("writes", known(1), 1),
        },
        Operation::Get { .. } => {
            let Some(Outcome::Values(values)) = outcome else { return };
            let hits = values.iter().flatten().count();
            add("hits", hits, hits);
            add("misses", values.len() - hits, values.len() - hits);
        }
        Operation::Lookup { max_wait, refuses, .. } => {
            match outcome {
                Some(Outcome::Stale { value, .. }) if *refuses == Some(*value) => {
                    add("misses", 1, 1);
                    add("rejections", 1, 1);
                }
                Some(Outcome::Hit(_) | Outcome::Stale { .. }) => add("hits", 1, 1),
                Some(Outcome::Miss | Outcome::Pass) => add("misses", 1, 1),
                _ => {}
            }
            let waits = max_wait.is_none_or(|wait| !wait.is_zero());
            let waited = outcome == Some(&Outcome::Failed(Error::LockTimeout));
            add("stampede_waits", usize::from(waits && waited), usize::from(waits));
        }
        Operation::BeginWrite { .. }
        | Operation::OriginWrite { .. }
        | Operation::Pause { .. }
        | Operation::GiveUp { .. } => {}
    }
}

pub(super) fn check(history: &History, found: &mut Vec<Violation>) {
    for (process, counts) in &history.counts {
        let mut bounds = Bounds::new();
        for record in history.calls.iter().filter(|record| record.caller.process == *process) {
            add(&mut bounds, record);
        }
        for (name, count) in counts.counts() {
            let (least, most) = bounds.get(name).copied().unwrap_or_default();
            if !(least..=most).contains(&count) {
                let sentence =
                    format!("process {process} counts {count} {name}, not {least} to {most}");
                found.push(Violation::new(Guarantee::HonestCounters, sentence, []));
            }
        }
    }
}
