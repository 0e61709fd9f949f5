//! The guarantees under schedules on the embedded store.
//!
//! `SPAKKY_TEST_SEED` is the seed of the first schedule.

use spakky_simulation::campaign::Campaign;
use spakky_simulation::simulation::{Embedded, run};
use spakky_test_support::proof;

#[test]
fn no_schedule_violates_a_guarantee() {
    let schedules = proof::size(4_000, 150_000);
    let campaign = Campaign { name: "embedded", schedules, fleeting: false };
    campaign.prove(|| Embedded);
}

#[test]
fn a_seed_repeats_its_schedule() {
    for seed in 0..50 {
        let [one, other] = [(), ()].map(|()| run(seed, true, &mut Embedded));
        assert_eq!(one.trace, other.trace, "schedule {seed}");
        assert_eq!(one.history, other.history, "schedule {seed}");
    }
}
