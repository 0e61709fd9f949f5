//! G10: a process counts what its callers saw.

use spakky_cache_core::Error;

use super::{Guarantee, Violation};
use crate::history::{History, Operation, Outcome, Record};

/// What a count may be: calls whose outcome is not known may be in it.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    least: u64,
    most: u64,
}

impl Bounds {
    fn add(&mut self, known: u64, possible: u64) {
        self.least += known;
        self.most += possible;
    }
}

/// The bounds of the counts of one process, by their names.
#[derive(Debug, Default)]
struct Expected {
    clears: Bounds,
    deletes: Bounds,
    hits: Bounds,
    misses: Bounds,
    stampede_waits: Bounds,
    tag_evictions: Bounds,
    writes: Bounds,
}

impl Expected {
    fn of(history: &History, process: usize) -> Self {
        let mut expected = Self::default();
        for record in history.calls.iter().filter(|record| record.caller.process == process) {
            expected.add(record);
        }
        expected
    }

    fn add(&mut self, record: &Record) {
        let outcome = record.outcome();
        let dropped = matches!(outcome, None | Some(Outcome::Dropped));
        let unknown = dropped || matches!(outcome, Some(Outcome::Failed(_)));
        let done = |bounds: &mut Bounds, count: usize| {
            let count = count as u64;
            bounds.add(if unknown { 0 } else { count }, count);
        };
        match &record.operation {
            Operation::Clear => done(&mut self.clears, 1),
            Operation::Evict { tags } => done(&mut self.tag_evictions, tags.len().min(1)),
            Operation::Set { entries, .. } => done(&mut self.writes, entries.len()),
            Operation::Delete { keys } => match outcome {
                Some(Outcome::Deleted(count)) => self.deletes.add(*count, *count),
                _ => self.deletes.add(0, keys.len() as u64),
            },
            // One that stored may fail, or be dropped, afterwards.
            Operation::Commit { .. } => match outcome {
                Some(Outcome::Stored(stored)) => done(&mut self.writes, usize::from(*stored)),
                _ => done(&mut self.writes, 1),
            },
            Operation::Get { .. } => {
                let Some(Outcome::Values(values)) = outcome else { return };
                let hits = values.iter().flatten().count();
                done(&mut self.hits, hits);
                done(&mut self.misses, values.len() - hits);
            }
            Operation::Lookup { max_wait, .. } => {
                match outcome {
                    Some(Outcome::Hit(_) | Outcome::Stale { .. }) => done(&mut self.hits, 1),
                    Some(Outcome::Miss) => done(&mut self.misses, 1),
                    _ => {}
                }
                let waits = max_wait.is_none_or(|wait| !wait.is_zero());
                let waited = outcome == Some(&Outcome::Failed(Error::LockTimeout));
                self.stampede_waits.add(u64::from(waits && waited), u64::from(waits));
            }
            Operation::BeginWrite { .. }
            | Operation::OriginWrite { .. }
            | Operation::GiveUp { .. } => {}
        }
    }

    fn bounds(&self, name: &str) -> Option<Bounds> {
        Some(match name {
            "clears" => self.clears,
            "deletes" => self.deletes,
            "hits" => self.hits,
            "misses" => self.misses,
            "stampede_waits" => self.stampede_waits,
            "tag_evictions" => self.tag_evictions,
            "writes" => self.writes,
            _ => return None,
        })
    }
}

pub(super) fn check(history: &History, found: &mut Vec<Violation>) {
    for (process, counts) in &history.counts {
        let expected = Expected::of(history, *process);
        for (name, count) in counts.counts() {
            let Some(Bounds { least, most }) = expected.bounds(name) else {
                found.push(violation(format!("no call is known to be counted as {name:?}")));
                continue;
            };
            if !(least..=most).contains(&count) {
                found.push(violation(format!(
                    "process {process} counts {count} {name}, its callers {least} to {most}"
                )));
            }
        }
    }
}

fn violation(sentence: String) -> Violation {
    Violation { guarantee: Guarantee::HonestCounters, sentence, calls: Vec::new() }
}
