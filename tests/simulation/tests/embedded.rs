//! The guarantees under schedules on the embedded store.
//!
//! `SPAKKY_TEST_SEED` is the seed of the first schedule, and
//! `SPAKKY_TEST_SCHEDULE` runs one alone and shows what happened in it.

use spakky_simulation::campaign::Campaign;
use spakky_simulation::simulation::Embedded;
use spakky_test_support::proof;

fn campaign() -> Campaign {
    Campaign {
        name: "schedules on the embedded store",
        test: "embedded",
        first: proof::seed(),
        schedules: proof::size(4_000, 150_000),
        fleeting: false,
        without: None,
    }
}

#[test]
fn no_schedule_violates_a_guarantee() {
    let tally = campaign().prove(|| Embedded);
    proof::row("G1 to G7, G10: interleavings, embedded", tally, "nothing stale, nothing else");
}

#[test]
fn a_seed_repeats_its_schedule() {
    let campaign = campaign();
    for seed in 0..50 {
        let [one, other] = [(), ()].map(|()| campaign.replay(seed, &mut Embedded));
        assert_eq!(one.trace, other.trace, "schedule {seed}");
        assert_eq!(one.history, other.history, "schedule {seed}");
    }
}
