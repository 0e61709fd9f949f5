//! The guarantees under schedules on a real Redis.
//!
//! `SPAKKY_TEST_SEED` is the seed of the first schedule. It repeats the choices,
//! not what the network makes of them.

use spakky_simulation::campaign::Campaign;
use spakky_simulation::simulation::Redis;
use spakky_test_support::proof;

fn prove(name: &'static str, overlapping: bool) {
    let schedules = proof::size(100, 3_000);
    let campaign = Campaign { name, schedules, fleeting: true };
    campaign.prove(|| Redis::start(overlapping).expect("a Redis"));
}

#[test]
fn no_schedule_violates_a_guarantee_one_step_at_a_time() {
    prove("Redis, one step at a time", false);
}

#[test]
fn no_schedule_violates_a_guarantee_with_steps_that_overlap() {
    prove("Redis, steps overlap", true);
}
