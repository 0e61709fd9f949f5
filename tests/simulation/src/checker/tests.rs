//! Short histories that keep each rule, and that violate it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use spakky_cache_core::Error;
use spakky_cache_core::metrics::Snapshot;

use super::{Guarantee, Rules, Violation, check};
use crate::history::{
    Call, Caller, History, Operation, Outcome, Recorder, Terms, Trouble, ValueId,
};

/// The history of `steps` such as `a lookup tag -> miss; b delete -> 0`.
///
/// Processes `a`, `b` and `c` call something about the key `key`, unless another
/// is named as `@other`. What can be told by its form is a value (`v1`) or a time
/// (`2s`); all other arguments are tags. A lease is the last one of its process.
/// A call without an outcome goes on until `a ends -> miss`, or for ever. `failing
/// a` (or `all`) lasts until `working`. `lost lease`, `epoch` or `all` is trouble,
/// and `at 500` sets the clock, in milliseconds.
fn history(steps: &str) -> History {
    let now = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&now);
    let recorder = Recorder::new(move || clock.load(SeqCst));
    let (mut failing, mut leases) = (None, HashMap::new());
    let mut open: HashMap<_, Call> = HashMap::new();
    for step in steps.split(';') {
        let (call, answer) = step.split_once("->").unwrap_or((step, ""));
        match call.split_whitespace().collect::<Vec<_>>()[..] {
            ["at", millis] => now.store(millis.parse().expect("a moment"), SeqCst),
            ["failing", who] => failing = Some(recorder.disturb(Trouble::Failing(process(who)))),
            ["working"] => failing = None,
            ["lost", "lease"] => drop(recorder.disturb(Trouble::LeaseEnded("key".into()))),
            ["lost", "epoch"] => drop(recorder.disturb(Trouble::EpochLost(None))),
            ["lost", "all"] => drop(recorder.disturb(Trouble::AnyLost)),
            [who, "ends"] => open.remove(who).expect("an open call").end(outcome(answer)),
            [] | [_] => {}
            [who, name, ref arguments @ ..] => {
                let process = process(who).expect("a process");
                let caller = Caller { process, session: 0 };
                let lease = leases.get(who).copied().unwrap_or_default();
                let call = recorder.begin(caller, operation(name, arguments, lease));
                if ["lookup", "begin-write"].contains(&name) {
                    leases.insert(who, call.id());
                }
                if answer.is_empty() {
                    open.insert(who, call);
                } else {
                    call.end(outcome(answer));
                }
            }
        }
    }
    drop(failing);
    recorder.history()
}

fn process(name: &str) -> Option<usize> {
    ["a", "b", "c"].iter().position(|process| *process == name)
}

fn operation(name: &str, arguments: &[&str], lease: usize) -> Operation {
    let (mut key, mut value, mut terms) = ("key".into(), ValueId(0), Terms::default());
    for argument in arguments {
        let seconds = argument.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
        match (argument.strip_prefix('@'), ValueId::of(argument.as_bytes()), seconds) {
            (Some(name), ..) => key = name.into(),
            (None, ValueId::FOREIGN, None) => terms.tags.push((*argument).into()),
            (None, ValueId::FOREIGN, Some(seconds)) => {
                terms.ttl = Some(Duration::from_secs(seconds));
            }
            (None, id, _) => value = id,
        }
    }
    let Terms { tags, ttl, .. } = terms.clone();
    match name {
        "get" => Operation::Get { keys: vec![key] },
        "lookup" => {
            let refuses = (value != ValueId(0)).then_some(value);
            Operation::Lookup { key, tags, max_wait: ttl, refuses }
        }
        "pass" | "fail" => {
            let span = ttl.expect("a span");
            Operation::Pause { lease, passes: name == "pass", span }
        }
        "set" => Operation::Set { entries: vec![(key, value)], terms },
        "delete" => Operation::Delete { keys: vec![key] },
        "evict" => Operation::Evict { tags },
        "clear" => Operation::Clear,
        "begin-write" => Operation::BeginWrite { key, tags },
        "write-origin" => Operation::OriginWrite { lease },
        "commit" => Operation::Commit { lease, value, terms },
        "give-up" => Operation::GiveUp { lease },
        _ => panic!("{name}"),
    }
}

fn outcome(answer: &str) -> Outcome {
    match answer.trim() {
        "miss" => Outcome::Miss,
        "pass" => Outcome::Pass,
        "failed" => Outcome::Failed(Error::LoadFailed(Duration::ZERO)),
        "done" => Outcome::Done,
        "true" => Outcome::Stored(true),
        "false" => Outcome::Stored(false),
        "nothing" => Outcome::Values(vec![None]),
        "dropped" => Outcome::Dropped,
        "unavailable" => Outcome::Failed(Error::Unavailable),
        "held" => Outcome::Failed(Error::LeaseHeld),
        "timeout" => Outcome::Failed(Error::LockTimeout),
        other if other.starts_with("hit ") => Outcome::Hit(ValueId::of(&other.as_bytes()[4..])),
        other => match other.parse() {
            Ok(count) => Outcome::Deleted(count),
            Err(_) => Outcome::Values(vec![Some(ValueId::of(other.as_bytes()))]),
        },
    }
}

fn violations(history: &History) -> Vec<Violation> {
    let second = Duration::from_secs(1);
    let rules = Rules {
        longest_wait: second,
        nested_wait: second * 3,
        lease_may_end_after: None,
        clock_error: second,
    };
    check(history, &rules)
}

#[track_caller]
fn kept(steps: &str) {
    assert_eq!(violations(&history(steps)), [], "{steps}");
}

#[track_caller]
fn violated(guarantee: Guarantee, steps: &str) {
    let found = violations(&history(steps));
    let guarantees: Vec<_> = found.iter().map(|violation| violation.guarantee).collect();
    assert!(guarantees.contains(&guarantee), "{steps}: {found:?}");
}

/// A load that another call overtakes. Its commit fails, so that it is unknown
/// what it stored, and only the read is wrong.
fn overtaken_load(overtakes: &str) -> String {
    format!(
        "a lookup known dropped -> miss; b {overtakes}; failing all; \
         a commit v1 known late -> unavailable; working; b get -> v1"
    )
}

#[test]
fn a_value_from_before_an_invalidation_is_stale() {
    let takes = ["delete -> 0", "set v2 tag -> done", "clear -> done", "begin-write -> done"];
    let evicts = ["evict known -> done", "evict dropped -> done", "evict late -> done"];
    for overtakes in takes.into_iter().chain(evicts) {
        violated(Guarantee::NoStaleWriteBack, &overtaken_load(overtakes));
    }
    kept(&overtaken_load("evict another -> done"));
    kept(&overtaken_load("delete @another -> 0"));
    // What failed obliges nothing.
    kept(&overtaken_load("delete -> dropped"));
    kept(&overtaken_load("clear -> dropped"));
}

#[test]
fn calls_at_the_same_time_have_any_order() {
    // The load may have begun after the delete, and the read may have come before it.
    kept("b delete; a lookup -> miss; b ends -> 0; a commit v1 -> true; b get -> v1");
    kept("a lookup -> miss; a commit v1 -> true; b get; a delete -> 1; b ends -> v1");
    // A tag of the lookup that the commit no longer names counts until then.
    kept("a lookup tag -> miss; a commit v1 -> true; b evict tag -> done; b get -> v1");
}

#[test]
fn a_set_before_a_delete_is_stale_and_one_that_failed_may_come_later() {
    let read_after_delete = |set: &str, deleter: &str| {
        format!("failing all; a set v1 -> {set}; {deleter} delete -> 1; working; b get -> v1")
    };
    violated(Guarantee::NoStaleWriteBack, &read_after_delete("done", "b"));
    kept(&read_after_delete("unavailable", "b"));
    kept(&read_after_delete("dropped", "b"));
    // No step of a process happens after a later one.
    violated(Guarantee::NoStaleWriteBack, &read_after_delete("unavailable", "a"));
    // It read its epochs before it failed.
    let evicted = "a set v1 tag -> dropped; b evict tag -> done; b get -> v1";
    violated(Guarantee::NoStaleWriteBack, evicted);
}

#[test]
fn what_was_loaded_before_the_origin_was_written_goes_with_the_writes_end() {
    let overtaken_write = |end: &str| {
        format!(
            "a begin-write -> done; lost lease; b lookup -> miss; b commit v1 -> true; \
             a write-origin -> done; a {end}; b get -> v1"
        )
    };
    violated(Guarantee::NoStaleWriteBack, &overtaken_write("commit v2 -> false"));
    violated(Guarantee::NoStaleWriteBack, &overtaken_write("give-up -> done"));
    kept(&overtaken_write("give-up -> dropped"));
}

#[test]
fn two_leases_at_once_need_an_excuse() {
    let two_leases = |between: &str| {
        format!("a lookup tag -> miss; {between}; b lookup tag -> miss; a commit v1 tag -> false")
    };
    violated(Guarantee::OneLoad, &two_leases(""));
    violated(Guarantee::OneLoad, &two_leases("b evict another -> done"));
    let excuses = ["b evict tag -> done", "b delete -> 0", "lost lease", "lost epoch", "lost all"];
    for excuse in excuses {
        kept(&two_leases(excuse));
    }
    kept("a lookup -> miss; a commit v1 -> true; b lookup -> miss");
}

#[test]
fn a_lease_that_was_taken_away_stores_nothing() {
    violated(Guarantee::OwnersOnly, "a lookup -> miss; b delete -> 0; a commit v1 -> true");
    kept("a lookup -> miss; b delete -> 0; a commit v1 -> false");
    violated(Guarantee::OwnersOnly, "a lookup -> miss; b set v2 -> done; a commit v1 -> true");
    // It may have been evicted late: then what is stored is dead.
    kept("a lookup -> miss; b clear -> done; a commit v1 -> true");
}

#[test]
fn of_two_leases_at_once_one_stores() {
    let one = "a lookup; b lookup; c delete; a ends -> miss; b ends -> miss; c ends -> 0; \
               a commit v1 -> true";
    kept(one);
    violated(Guarantee::OwnersOnly, &format!("{one}; b commit v2 -> true"));
}

#[test]
fn a_value_is_one_that_was_written_to_the_key() {
    violated(Guarantee::LosingDataMeansAMiss, "b get -> garbage");
    violated(Guarantee::LosingDataMeansAMiss, "a set @another v1 -> done; b get -> v1");
    let refused = "a lookup -> miss; a commit v1 -> false; b get ->";
    kept(&format!("{refused} nothing"));
    violated(Guarantee::LosingDataMeansAMiss, &format!("{refused} v1"));
}

#[test]
fn an_expired_value_is_not_read() {
    kept("a set v1 2s -> done; at 2999; b get -> v1");
    violated(Guarantee::LosingDataMeansAMiss, "a set v1 2s -> done; at 3000; b get -> v1");
}

#[test]
fn an_error_needs_a_reason() {
    violated(Guarantee::Loud, "a delete -> unavailable");
    kept("failing a; a delete -> unavailable");
    violated(Guarantee::Loud, "failing a; a delete -> unavailable; b delete -> unavailable");
    // The wait budget is no longer than the error of the clock.
    kept("a lookup 2s -> timeout");
    violated(Guarantee::Loud, "b lookup -> miss; a lookup -> held");
    kept("a lookup -> miss; a lookup -> held");
}

#[test]
fn a_pass_needs_a_pause_that_stands() {
    violated(Guarantee::OneLoad, "a lookup -> pass");
    kept("a lookup -> miss; a pass 9s -> true; b lookup -> pass");
    kept("a lookup -> miss; failing a; a pass 9s -> unavailable; working; b lookup -> pass");
    violated(Guarantee::OneLoad, "a lookup -> miss; a pass 9s -> false; b lookup -> pass");
    violated(Guarantee::OneLoad, "a lookup -> miss; a fail 9s -> true; b lookup -> pass");
    violated(Guarantee::OneLoad, "a lookup -> miss; a pass 9s -> true; b lookup @other -> pass");
    let overtaken =
        |by| format!("a lookup tag -> miss; a pass 9s -> true; b {by}; b lookup -> pass");
    for by in ["delete -> 0", "set v2 -> done", "evict tag -> done", "clear -> done"] {
        violated(Guarantee::OneLoad, &overtaken(by));
    }
    kept(&overtaken("evict other -> done"));
    kept("a lookup -> miss; a pass 1s -> true; at 1999; b lookup -> pass");
    violated(Guarantee::OneLoad, "a lookup -> miss; a pass 1s -> true; at 2000; b lookup -> pass");
    // Who holds a lease, and waited for long, may have found a circle.
    kept("a lookup @other -> miss; a lookup; at 2000; a ends -> pass");
    violated(Guarantee::OneLoad, "a lookup @other -> miss; a lookup; at 1999; a ends -> pass");
    violated(Guarantee::OneLoad, "b lookup @other -> miss; a lookup; at 2000; a ends -> pass");
}

#[test]
fn a_failed_load_needs_somebody_who_failed() {
    violated(Guarantee::Loud, "a lookup -> failed");
    kept("a lookup -> miss; a fail 9s -> true; b lookup -> failed");
    violated(Guarantee::Loud, "a lookup -> miss; a pass 9s -> true; b lookup -> failed");
    violated(
        Guarantee::Loud,
        "a lookup -> miss; a fail 9s -> true; c delete -> 0; b lookup -> failed",
    );
}

#[test]
fn a_caller_does_not_get_what_it_refuses() {
    kept("a set v1 -> done; b lookup v2 -> hit v1");
    violated(Guarantee::LosingDataMeansAMiss, "a set v1 -> done; b lookup v1 -> hit v1");
}

#[test]
fn a_pause_stores_nothing_after_a_loss() {
    violated(Guarantee::OwnersOnly, "a lookup -> miss; b delete -> 0; a pass 9s -> true");
    kept("a lookup -> miss; b delete -> 0; a pass 9s -> false");
}

#[test]
fn every_caller_ends() {
    violated(Guarantee::WaitersAreWoken, "a lookup");
    kept("a lookup; a ends -> dropped");
}

#[test]
fn a_process_counts_what_its_callers_saw() {
    let mut history = history(
        "a lookup -> miss; a commit v1 -> true; a delete -> 1; a evict tag -> dropped; \
         b get -> nothing",
    );
    // The eviction may have happened, another one cannot have.
    for (tag_evictions, expected) in
        [(0, vec![]), (1, vec![]), (2, vec![Guarantee::HonestCounters])]
    {
        let counts =
            Snapshot { misses: 1, writes: 1, deletes: 1, tag_evictions, ..Snapshot::default() };
        history.counts = vec![(0, counts)];
        let found: Vec<_> = violations(&history).iter().map(|it| it.guarantee).collect();
        assert_eq!(found, expected);
    }
}
