//! Small histories, made by hand: each rule kept, and violated.

use std::time::Duration;

use spakky_cache_core::Error;
use spakky_cache_core::metrics::Snapshot;

use super::{Guarantee, Rules, Violation, check};
use crate::history::{
    Call, CallId, Caller, Name, Operation, Outcome, Recorder, Terms, Trouble, ValueId,
};

const ONE: Caller = Caller { process: 0, session: 0 };
const OTHER: Caller = Caller { process: 1, session: 0 };

const OLD: ValueId = ValueId(1);
const NEW: ValueId = ValueId(2);

fn recorder() -> Recorder {
    Recorder::new(|| 0)
}

fn violations(recorder: &Recorder) -> Vec<Violation> {
    let second = Duration::from_secs(1);
    let rules = Rules { longest_wait: second, lease_may_end_after: None, clock_error: second };
    check(&recorder.history(), &rules)
}

#[track_caller]
fn kept(recorder: &Recorder) {
    assert_eq!(violations(recorder), []);
}

#[track_caller]
fn violated(recorder: &Recorder, guarantee: Guarantee) {
    let found = violations(recorder);
    let guarantees: Vec<_> = found.iter().map(|violation| violation.guarantee).collect();
    assert!(guarantees.contains(&guarantee), "{found:?}");
}

fn key() -> Name {
    "key".into()
}

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::from(*name)).collect()
}

fn tagged(tags: &[&str]) -> Terms {
    Terms { tags: names(tags), ..Terms::default() }
}

fn looking_up(tags: &[&str]) -> Operation {
    Operation::Lookup { key: key(), tags: names(tags), max_wait: None }
}

fn setting(value: ValueId) -> Operation {
    Operation::Set { entries: vec![(key(), value)], terms: tagged(&["tag"]) }
}

fn deleting() -> Operation {
    Operation::Delete { keys: vec![key()] }
}

fn evicting(tag: &str) -> Operation {
    Operation::Evict { tags: names(&[tag]) }
}

impl Recorder {
    /// A call that is over before anything else begins.
    fn did(&self, caller: Caller, operation: Operation, outcome: Outcome) -> CallId {
        let call = self.begin(caller, operation);
        let id = call.id();
        call.end(outcome);
        id
    }

    fn took_lease(&self, caller: Caller, tags: &[&str]) -> CallId {
        self.did(caller, looking_up(tags), Outcome::Miss)
    }

    fn began_write(&self, caller: Caller) -> CallId {
        let write = Operation::BeginWrite { key: key(), tags: vec![] };
        self.did(caller, write, Outcome::Done)
    }

    fn committing(&self, lease: CallId, value: ValueId, tags: &[&str]) -> Call {
        self.begin(ONE, Operation::Commit { lease, value, terms: tagged(tags) })
    }

    fn committed(&self, lease: CallId, value: ValueId, tags: &[&str], stored: bool) {
        self.committing(lease, value, tags).end(Outcome::Stored(stored));
    }

    fn wrote_origin(&self, lease: CallId) {
        self.did(ONE, Operation::OriginWrite { lease }, Outcome::Done);
    }

    fn read(&self, value: Option<ValueId>) {
        let get = Operation::Get { keys: vec![key()] };
        self.did(OTHER, get, Outcome::Values(vec![value]));
    }
}

/// A load that is overtaken by what `overtakes` calls, with this outcome, and
/// whose value is read afterwards.
fn overtaken_load(overtakes: Operation, outcome: Outcome) -> Recorder {
    let recorder = recorder();
    let lease = recorder.took_lease(ONE, &["known", "dropped"]);
    recorder.did(OTHER, overtakes, outcome);
    // It failed: what it stored is not known, so that only the read is wrong.
    let failing = recorder.disturb(Trouble::Failing(None));
    recorder.committing(lease, OLD, &["known", "late"]).end(Outcome::Failed(Error::Unavailable));
    drop(failing);
    recorder.read(Some(OLD));
    recorder
}

#[test]
fn a_value_from_before_an_invalidation_is_stale() {
    let deleted = Outcome::Deleted(0);
    violated(&overtaken_load(deleting(), deleted.clone()), Guarantee::NoStaleWriteBack);
    violated(&overtaken_load(setting(NEW), Outcome::Done), Guarantee::NoStaleWriteBack);
    violated(&overtaken_load(Operation::Clear, Outcome::Done), Guarantee::NoStaleWriteBack);
    let write = Operation::BeginWrite { key: key(), tags: vec![] };
    violated(&overtaken_load(write, Outcome::Done), Guarantee::NoStaleWriteBack);
    for tag in ["known", "dropped", "late"] {
        violated(&overtaken_load(evicting(tag), Outcome::Done), Guarantee::NoStaleWriteBack);
    }
    kept(&overtaken_load(evicting("another"), Outcome::Done));
    let another = Operation::Delete { keys: names(&["another"]) };
    kept(&overtaken_load(another, deleted));
}

#[test]
fn an_invalidation_of_unknown_outcome_obliges_nothing() {
    kept(&overtaken_load(deleting(), Outcome::Dropped));
    kept(&overtaken_load(Operation::Clear, Outcome::Dropped));
}

#[test]
fn calls_at_the_same_time_have_any_order() {
    // The load may have begun after the delete.
    let deleted_meanwhile = recorder();
    let delete = deleted_meanwhile.begin(OTHER, deleting());
    let lease = deleted_meanwhile.took_lease(ONE, &[]);
    delete.end(Outcome::Deleted(0));
    deleted_meanwhile.committed(lease, OLD, &[], true);
    deleted_meanwhile.read(Some(OLD));
    kept(&deleted_meanwhile);
    // The read may have come before the delete.
    let read_meanwhile = recorder();
    let lease = read_meanwhile.took_lease(ONE, &[]);
    read_meanwhile.committed(lease, OLD, &[], true);
    let get = read_meanwhile.begin(OTHER, Operation::Get { keys: vec![key()] });
    read_meanwhile.did(ONE, deleting(), Outcome::Deleted(1));
    get.end(Outcome::Values(vec![Some(OLD)]));
    kept(&read_meanwhile);
}

#[test]
fn a_tag_that_the_commit_dropped_counts_until_then() {
    let recorder = recorder();
    let lease = recorder.took_lease(ONE, &["dropped"]);
    recorder.committed(lease, OLD, &[], true);
    recorder.did(OTHER, evicting("dropped"), Outcome::Done);
    recorder.read(Some(OLD));
    kept(&recorder);
}

#[test]
fn a_set_before_a_delete_is_stale_and_one_that_failed_may_come_later() {
    let read_after_delete = |outcome: &Outcome, deleter: Caller| {
        let recorder = recorder();
        let failing = recorder.disturb(Trouble::Failing(None));
        recorder.did(ONE, setting(OLD), outcome.clone());
        recorder.did(deleter, deleting(), Outcome::Deleted(1));
        drop(failing);
        recorder.read(Some(OLD));
        recorder
    };
    let failed = Outcome::Failed(Error::Unavailable);
    violated(&read_after_delete(&Outcome::Done, OTHER), Guarantee::NoStaleWriteBack);
    kept(&read_after_delete(&failed, OTHER));
    kept(&read_after_delete(&Outcome::Dropped, OTHER));
    // No step of a process happens after a later one.
    violated(&read_after_delete(&failed, ONE), Guarantee::NoStaleWriteBack);
}

#[test]
fn a_set_that_failed_before_an_eviction_is_dead() {
    let recorder = recorder();
    recorder.did(ONE, setting(OLD), Outcome::Dropped);
    recorder.did(OTHER, evicting("tag"), Outcome::Done);
    recorder.read(Some(OLD));
    violated(&recorder, Guarantee::NoStaleWriteBack);
}

/// A write to the origin, whose lease another load got past, and which ends by
/// `end`.
fn overtaken_write(end: impl FnOnce(&Recorder, CallId)) -> Recorder {
    let recorder = recorder();
    let write = recorder.began_write(ONE);
    drop(recorder.disturb(Trouble::LeaseEnded(key())));
    let load = recorder.took_lease(OTHER, &[]);
    recorder.committed(load, OLD, &[], true);
    recorder.wrote_origin(write);
    end(&recorder, write);
    recorder.read(Some(OLD));
    recorder
}

#[test]
fn what_was_loaded_before_the_origin_was_written_goes_with_the_writes_end() {
    let refused = overtaken_write(|recorder, write| recorder.committed(write, NEW, &[], false));
    violated(&refused, Guarantee::NoStaleWriteBack);
    let given_up = |outcome: Outcome| {
        overtaken_write(|recorder, lease| {
            recorder.did(ONE, Operation::GiveUp { lease }, outcome);
        })
    };
    violated(&given_up(Outcome::Done), Guarantee::NoStaleWriteBack);
    kept(&given_up(Outcome::Dropped));
}

#[test]
fn two_leases_at_once_need_an_excuse() {
    let two_leases = |between: &dyn Fn(&Recorder)| {
        let recorder = recorder();
        let first = recorder.took_lease(ONE, &["tag"]);
        between(&recorder);
        recorder.took_lease(OTHER, &["tag"]);
        recorder.committed(first, OLD, &["tag"], false);
        recorder
    };
    violated(&two_leases(&|_| {}), Guarantee::OneLoad);
    violated(
        &two_leases(&|recorder| {
            recorder.did(OTHER, evicting("another"), Outcome::Done);
        }),
        Guarantee::OneLoad,
    );
    kept(&two_leases(&|recorder| {
        recorder.did(OTHER, evicting("tag"), Outcome::Done);
    }));
    kept(&two_leases(&|recorder| {
        recorder.did(OTHER, deleting(), Outcome::Deleted(0));
    }));
    for trouble in [Trouble::LeaseEnded(key()), Trouble::EpochLost(None), Trouble::AnyLost] {
        kept(&two_leases(&|recorder| drop(recorder.disturb(trouble.clone()))));
    }
}

#[test]
fn one_lease_after_another_needs_none() {
    let recorder = recorder();
    let first = recorder.took_lease(ONE, &[]);
    recorder.committed(first, OLD, &[], true);
    recorder.took_lease(OTHER, &[]);
    kept(&recorder);
}

#[test]
fn a_lease_that_was_taken_away_stores_nothing() {
    let commits = |takes: Operation, outcome: Outcome, stored: bool| {
        let recorder = recorder();
        let lease = recorder.took_lease(ONE, &[]);
        recorder.did(OTHER, takes, outcome);
        recorder.committed(lease, OLD, &[], stored);
        recorder
    };
    let deleted = Outcome::Deleted(0);
    violated(&commits(deleting(), deleted.clone(), true), Guarantee::OwnersOnly);
    kept(&commits(deleting(), deleted, false));
    violated(&commits(setting(NEW), Outcome::Done, true), Guarantee::OwnersOnly);
    // It may have been evicted late: then what is stored is dead.
    kept(&commits(Operation::Clear, Outcome::Done, true));
}

#[test]
fn of_two_leases_at_once_one_stores() {
    let recorder = recorder();
    let first = recorder.begin(ONE, looking_up(&[]));
    let second = recorder.begin(OTHER, looking_up(&[]));
    let leases = [first.id(), second.id()];
    let delete = recorder.begin(OTHER, deleting());
    first.end(Outcome::Miss);
    second.end(Outcome::Miss);
    delete.end(Outcome::Deleted(0));
    recorder.committed(leases[0], OLD, &[], true);
    kept(&recorder);
    recorder.committed(leases[1], NEW, &[], true);
    violated(&recorder, Guarantee::OwnersOnly);
}

#[test]
fn a_value_is_one_that_was_written_to_the_key() {
    let foreign = recorder();
    foreign.read(Some(ValueId::of(b"garbage")));
    violated(&foreign, Guarantee::LosingDataMeansAMiss);
    let misplaced = recorder();
    let another = Operation::Set { entries: vec![("another".into(), OLD)], terms: tagged(&[]) };
    misplaced.did(ONE, another, Outcome::Done);
    misplaced.read(Some(OLD));
    violated(&misplaced, Guarantee::LosingDataMeansAMiss);
    let refused = recorder();
    let lease = refused.took_lease(ONE, &[]);
    refused.committed(lease, OLD, &[], false);
    refused.read(None);
    kept(&refused);
    refused.read(Some(OLD));
    violated(&refused, Guarantee::LosingDataMeansAMiss);
}

#[test]
fn an_expired_value_is_not_read() {
    let now = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let clock = now.clone();
    let recorder = Recorder::new(move || clock.load(std::sync::atomic::Ordering::SeqCst));
    let terms = Terms { ttl: Some(Duration::from_secs(2)), ..Terms::default() };
    recorder.did(ONE, Operation::Set { entries: vec![(key(), OLD)], terms }, Outcome::Done);
    now.store(2_999, std::sync::atomic::Ordering::SeqCst);
    recorder.read(Some(OLD));
    kept(&recorder);
    now.store(3_000, std::sync::atomic::Ordering::SeqCst);
    recorder.read(Some(OLD));
    violated(&recorder, Guarantee::LosingDataMeansAMiss);
}

#[test]
fn an_error_needs_a_reason() {
    let failed = |error: &Error| Outcome::Failed(error.clone());
    let unavailable = recorder();
    unavailable.did(ONE, deleting(), failed(&Error::Unavailable));
    violated(&unavailable, Guarantee::Loud);
    let excused = recorder();
    let failing = excused.disturb(Trouble::Failing(Some(ONE.process)));
    excused.did(ONE, deleting(), failed(&Error::Unavailable));
    kept(&excused);
    excused.did(OTHER, deleting(), failed(&Error::Unavailable));
    violated(&excused, Guarantee::Loud);
    drop(failing);
    // Time stands still, and it was ready to wait.
    let impatient = recorder();
    let waits = Duration::from_secs(2);
    let lookup = Operation::Lookup { key: key(), tags: vec![], max_wait: Some(waits) };
    impatient.did(ONE, lookup, failed(&Error::LockTimeout));
    kept(&impatient);
    let nobodys = recorder();
    nobodys.took_lease(OTHER, &[]);
    nobodys.did(ONE, looking_up(&[]), failed(&Error::LeaseHeld));
    violated(&nobodys, Guarantee::Loud);
    let own = recorder();
    own.took_lease(ONE, &[]);
    own.did(ONE, looking_up(&[]), failed(&Error::LeaseHeld));
    kept(&own);
}

#[test]
fn every_caller_ends() {
    let recorder = recorder();
    let waiter = recorder.begin(ONE, looking_up(&[]));
    violated(&recorder, Guarantee::WaitersAreWoken);
    drop(waiter);
    kept(&recorder);
}

#[test]
fn a_process_counts_what_its_callers_saw() {
    let recorder = recorder();
    let lease = recorder.took_lease(ONE, &[]);
    recorder.committed(lease, OLD, &[], true);
    recorder.did(ONE, deleting(), Outcome::Deleted(1));
    recorder.did(ONE, evicting("tag"), Outcome::Dropped);
    recorder.read(None);
    let counts = Snapshot { misses: 1, writes: 1, deletes: 1, ..Snapshot::default() };
    recorder.counts(ONE.process, counts);
    kept(&recorder);
    // The eviction may have happened, another one cannot have.
    recorder.counts(ONE.process, Snapshot { tag_evictions: 1, ..counts });
    kept(&recorder);
    recorder.counts(ONE.process, Snapshot { tag_evictions: 2, ..counts });
    violated(&recorder, Guarantee::HonestCounters);
}
