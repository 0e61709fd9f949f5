//! Every guarantee holds in every configuration.

use std::time::Instant;

use spakky_protocol_model::configuration::Configuration;
use spakky_protocol_model::configurations;
use spakky_protocol_model::model::Protocol;
use spakky_protocol_model::runs::every_run_ends;
use spakky_protocol_model::trace::Trace;
use spakky_test_support::proof::{self, Progress};
use stateright::{Checker as _, Model as _};

/// Explores all that callers can do; the number of states.
fn explore(configuration: &Configuration) -> usize {
    let began = Instant::now();
    let protocol = Protocol::of(configuration);
    let checker = protocol.clone().checker().spawn_bfs();
    let ends = every_run_ends(&protocol);
    let checker = checker.join();
    let (name, states) = (&configuration.name, checker.unique_state_count());
    println!(
        "{name}: {states} states, at most {} steps, {:?}",
        checker.max_depth(),
        began.elapsed()
    );

    for (property, path) in checker.discoveries() {
        let is_possible = configuration.possible.iter().any(|possible| possible.name() == property);
        let trace = Trace { configuration, actions: path.into_actions() };
        assert!(is_possible, "{name}: {property} does not hold:\n{trace}");
    }
    for possible in &configuration.possible {
        let found = checker.discovery(possible.name());
        assert!(found.is_some(), "{name}: it never happens that {}", possible.name());
    }
    match ends {
        // Two ways to explore, one world.
        Ok(explored) => assert_eq!(explored, states, "{name}"),
        Err(actions) => {
            panic!("{name}: this comes back to where it was:\n{}", Trace { configuration, actions })
        }
    }
    states
}

#[test]
fn every_guarantee_holds() {
    let configurations = proof::size(configurations::share(), configurations::full());
    let count = configurations.len();
    let mut progress = Progress::of("model", count as u64);
    let mut states = 0;
    for (configuration, done) in configurations.iter().zip(1..) {
        states += explore(configuration);
        progress.done(done);
    }
    println!("{count} configurations, {states} states");
    proof::row(
        "model",
        format!("{count} configurations, {states} states, exhaustively"),
        "every guarantee holds, every run ends",
    );
}
