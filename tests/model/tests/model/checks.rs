//! Each check of the protocol, taken out, is found missing; with it, the same
//! callers find nothing.

use std::collections::BTreeSet;

use spakky_protocol_model::caller::Call::{self, Delete, Get, Sweep};
use spakky_protocol_model::checks::Check;
use spakky_protocol_model::configuration::{Configuration, Events, Known, Start};
use spakky_protocol_model::configurations::{
    EVICT, FAILING_LOAD, LATE_LOAD, LOAD, SET, UNTAGGED_LOAD, WRITE,
};
use spakky_protocol_model::model::{
    Action, EVERYBODY_RETURNS, NOTHING_STALE, ONE_LOAD, OWN_SETS_LIVE, OWNERS_ONLY, Protocol,
};
use spakky_protocol_model::trace::Trace;
use spakky_test_support::proof;
use stateright::{Checker as _, HasDiscoveries, Model as _};

/// The check, the property that falls without it, and the callers that show it.
type Case = (Check, &'static str, Configuration);

fn cases() -> Vec<Case> {
    let of = |callers: &[(usize, Call)]| Configuration::of("callers", callers);
    let get_while_evicted = of(&[(0, Get), (1, EVICT)]).starting(Start::Fresh);
    let late_tag = of(&[(0, LATE_LOAD), (1, EVICT), (2, Get)]);
    let two_lookups = of(&[(0, LOAD), (1, LOAD)]);
    let failing_load = of(&[(0, FAILING_LOAD), (1, LOAD), (2, LOAD)]);
    vec![
        (Check::EpochsOnRead, NOTHING_STALE, get_while_evicted.clone()),
        (Check::Commit, NOTHING_STALE, of(&[(0, LOAD), (1, Delete), (2, Get)])),
        (Check::Commit, OWNERS_ONLY, of(&[(0, LOAD), (1, Delete)])),
        (Check::CaptureBeforeLoad, NOTHING_STALE, of(&[(0, LOAD), (1, EVICT), (2, Get)])),
        (
            Check::RemovalAfterRefusedWrite,
            NOTHING_STALE,
            of(&[(0, WRITE), (1, LOAD), (2, Get)]).with("a lease expires", Events::EXPIRY),
        ),
        (Check::EvictionMark, NOTHING_STALE, late_tag.clone()),
        (
            Check::EvictionMarkOfTagsNotNamedAgain,
            NOTHING_STALE,
            of(&[(0, UNTAGGED_LOAD), (1, EVICT)]),
        ),
        (Check::MarkBeforeEpochs, NOTHING_STALE, late_tag),
        (Check::RepliesInOrder, NOTHING_STALE, get_while_evicted.clone()),
        (
            Check::FillOnlyIfStillExpected,
            NOTHING_STALE,
            of(&[(0, Get), (0, Get), (1, EVICT)]).starting(Start::Fresh).knowing(Known::Nowhere),
        ),
        (
            Check::TableEndsWithConnection,
            NOTHING_STALE,
            get_while_evicted.with("a connection is lost", Events::CONNECTION_LOST),
        ),
        (
            Check::LostConnectionFiresWatches,
            EVERYBODY_RETURNS,
            two_lookups.clone().with("a connection is lost", Events::CONNECTION_LOST),
        ),
        (Check::DeadIsReplacedByComparing, ONE_LOAD, two_lookups.clone().starting(Start::Dead)),
        (Check::GiveUp, ONE_LOAD, failing_load.clone().with("a lease expires", Events::EXPIRY)),
        (Check::GiveUp, OWNERS_ONLY, failing_load.with("a lease expires", Events::EXPIRY)),
        (Check::Sweep, ONE_LOAD, of(&[(0, LOAD), (1, LOAD), (2, Sweep)]).starting(Start::Dead)),
        (Check::WatchBeforeRead, EVERYBODY_RETURNS, two_lookups.clone()),
        (
            Check::EndOfLeaseWakes,
            EVERYBODY_RETURNS,
            two_lookups.clone().with("a process is killed", Events::KILL),
        ),
        (Check::DropGivesUp, EVERYBODY_RETURNS, two_lookups.with("a guest traps", Events::TRAP)),
        (
            Check::SharedOnlyIfBegunLater,
            NOTHING_STALE,
            of(&[(0, LOAD), (0, LOAD), (1, EVICT)]).starting(Start::Fresh),
        ),
        (Check::PingAfterEviction, OWN_SETS_LIVE, of(&[(0, EVICT), (0, SET)])),
    ]
}

/// The shortest run after which `property` does not hold.
fn shortest(protocol: &Protocol, property: &'static str) -> Option<Vec<Action>> {
    let mut shortest: Option<Vec<Action>> = None;
    loop {
        let found = HasDiscoveries::AllOf(BTreeSet::from([property]));
        let mut checker = protocol.clone().checker().finish_when(found);
        if let Some(actions) = &shortest {
            // As many states as that run had: only shorter ones.
            checker = checker.target_max_depth(actions.len() + 1);
        }
        let Some(path) = checker.spawn_bfs().join().discovery(property) else { return shortest };
        shortest = Some(path.into_actions());
    }
}

#[test]
fn each_check_is_missed() {
    for (check, property, configuration) in cases() {
        let without = Protocol::without(&configuration, check);
        let Some(actions) = shortest(&without, property) else {
            panic!("without {check:?}, {property:?} still holds");
        };
        let steps = actions.len();
        let trace = Trace { configuration: &configuration, actions };
        println!("without {check:?}, {property:?} falls after {steps} steps:\n{trace}");
        let found = shortest(&Protocol::of(&configuration), property);
        assert_eq!(found, None, "with {check:?}, {property:?} falls as well");
    }
    proof::row(
        "model, without each check",
        format!("{} checks", Check::ALL.len()),
        "each is missed, in a run that is shown",
    );
}

#[test]
fn every_check_has_a_case() {
    let cases = cases();
    for check in Check::ALL {
        assert!(cases.iter().any(|(its, _, _)| *its == check), "{check:?}");
    }
}
