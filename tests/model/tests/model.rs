//! The model, explored exhaustively: with all of the protocol's checks, and
//! without each of them.
//!
//! `cargo test --workspace --test model -- --nocapture` shows what was explored,
//! and the shortest run that breaks without each check.

#![expect(clippy::print_stdout, reason = "what was explored is of use to whoever asks for it")]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use spakky_protocol_model::checks::{Check, cases};
use spakky_protocol_model::configuration::{full, share};
use spakky_protocol_model::explore::explore;
use spakky_protocol_model::protocol::{Guarantee, Protocol};
use spakky_test_support::proof::{self, Progress};

#[test]
fn every_guarantee_holds() {
    let configurations = proof::size(share(), full());
    let count = configurations.len();
    let progress = Mutex::new((Progress::of("model", count as u64), 0, 0, BTreeSet::new()));
    let next = Mutex::new(configurations.into_iter());
    let explore_all = || {
        while let Some(configuration) = { next.lock().expect("no panic").next() } {
            let protocol = Protocol { configuration, without: None };
            let explored = explore(&protocol, &Guarantee::ALL);
            let explored = explored.unwrap_or_else(|run| panic!("{protocol:?}: {run}"));
            println!("{} states: {:?}", explored.states, protocol.configuration);
            let (progress, done, states, outcomes) = &mut *progress.lock().expect("no panic");
            *states += explored.states;
            *done += 1;
            progress.done(*done);
            outcomes.extend(explored.outcomes);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(explore_all);
        }
    });
    let (_, _, states, outcomes) = progress.into_inner().expect("no panic");
    let possible = [
        "Failed", "GivenUp", "Hit", "Killed", "Lost", "Miss", "Passed", "Refused", "Removed",
        "Stored",
    ];
    let outcomes: Vec<&str> = outcomes.iter().map(String::as_str).collect();
    assert_eq!(outcomes, possible, "not every outcome was seen");
    println!("{count} configurations, {states} states");
    proof::row(
        "model",
        format!("{count} configurations, {states} states, exhaustively"),
        "every guarantee holds, every run ends",
    );
}

#[test]
fn each_check_is_missed() {
    let mut missed = BTreeSet::new();
    for (check, guarantee, configuration) in cases() {
        let mut protocol = Protocol { configuration, without: Some(check) };
        match explore(&protocol, &[guarantee]) {
            Ok(_) => panic!("{guarantee:?} holds: {protocol:?}"),
            Err(run) => println!("without {check:?}, {run}"),
        }
        protocol.without = None;
        if let Err(run) = explore(&protocol, &Guarantee::ALL) {
            panic!("with {check:?}, {run}");
        }
        missed.insert(check);
    }
    let last = Check::EndOfLeaseWakes;
    assert_eq!(missed.len(), last as usize + 1, "a check has no case: {missed:?}");
    proof::row(
        "model, without each check",
        format!("{} checks", missed.len()),
        "each is missed, in a run that is shown",
    );
}
