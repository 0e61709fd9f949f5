//! Writes of one process during a load of another (G2).

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use spakky_test_support::proof::{Progress, row, seed, size};

use crate::{
    FIRST, Fleet, HOSTS, LONG_LEASE, ONLOOKER, hit, load, load_for, loads, miss, paused_load,
    says_that_it_runs, value_of,
};

/// The name of the caller that writes, or loads after the first one was overtaken.
const SECOND: &str = "the second";
/// The tag that [`FIRST`] loads with.
const TAG: &str = "t";

/// A way to overtake a load.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    Set,
    Through,
    Delete,
    Evict,
    Clear,
}

impl Write {
    const ALL: [Self; 5] = [Self::Set, Self::Through, Self::Delete, Self::Evict, Self::Clear];

    fn step(self, key: &str) -> Value {
        let value = value_of(SECOND);
        match self {
            Self::Set => json!({ "op": "set", "key": key, "value": value }),
            Self::Through => json!({ "op": "write_through", "key": key, "value": value }),
            Self::Delete => json!({ "op": "delete", "key": key }),
            Self::Evict => json!({ "op": "evict_tags", "tags": [TAG] }),
            Self::Clear => json!({ "op": "clear" }),
        }
    }

    /// The answer to a read afterwards, if nobody loads.
    fn leaves(self) -> Value {
        match self {
            Self::Set | Self::Through => hit(SECOND),
            Self::Delete | Self::Evict | Self::Clear => miss(),
        }
    }
}

/// `load` with the tag.
fn tagged(mut load: Value) -> Value {
    load["options"] = json!({ "tags": [TAG] });
    load
}

#[test]
fn what_is_written_during_a_load_of_the_fleet_is_what_everybody_reads() {
    let mut fleet = Fleet::start(LONG_LEASE).warm().with_onlookers();
    for write in Write::ALL {
        let key = format!("{write:?}");
        crate::begin_load(&mut fleet.hosts[0], 0, &tagged(paused_load(&key, &json!({}))));
        fleet.others_wait(0, &tagged(load(&key, SECOND)));
        let written = fleet.hosts[HOSTS - 1].play(ONLOOKER, &write.step(&key));
        assert!(written.get("ok").is_some(), "{write:?}: {written}");
        // Those that wait may have loaded anew by now.
        for read in fleet.read(ONLOOKER, &key) {
            assert!(read == write.leaves() || read == hit(SECOND), "{write:?}, then: {read}");
        }
        fleet.resume(0);
        let own = fleet.resumed(0);
        assert_eq!(loads(&[own], FIRST), 1, "{write:?}: its caller has what it loaded");
        let others = fleet.answers_of_others(0);
        let loaded = usize::from(write.leaves() == miss());
        assert_eq!(loads(&others, SECOND), loaded, "{write:?}");
        assert_eq!(fleet.read(ONLOOKER, &key), vec![hit(SECOND); HOSTS], "{write:?}");
    }
    row("a write elsewhere while the fleet waits for a load", "5 kinds of write", "no stale read");
}

#[test]
fn a_write_that_races_the_commit_of_a_load_in_another_process_wins() {
    let (rounds, seed) = (size(100, 5_000), seed());
    let mut random = StdRng::seed_from_u64(seed);
    let mut fleet = Fleet::of(HOSTS, 1, LONG_LEASE).warm().with_onlookers();
    let mut progress = Progress::of("writes that race a commit", rounds);
    let mut stored = 0;
    for round in 0..rounds {
        let write = Write::ALL[random.random_range(0..Write::ALL.len())];
        let (loading, writing) = (random.random_range(0..HOSTS), random.random_range(0..HOSTS));
        let what = format!("{write:?} in round {round} of SPAKKY_TEST_SEED={seed}");
        let key = format!("k{round}");
        let takes = Duration::from_millis(random.random_range(0..3));
        let mut load = tagged(load_for(&key, FIRST, takes));
        load["loader"]["then"] = json!([says_that_it_runs()]);
        let writes = fleet.counts().writes;
        // Its loader runs: whatever it loads, it loaded before the write.
        crate::begin_load(&mut fleet.hosts[loading], 0, &load);
        let written = fleet.hosts[writing].play(ONLOOKER, &write.step(&key));
        assert!(written.get("ok").is_some(), "{what}: {written}");
        assert_eq!(fleet.read(ONLOOKER, &key), vec![write.leaves(); HOSTS], "{what}");
        let own = fleet.hosts[loading].answer_of(0);
        assert_eq!(loads(&[own], FIRST), 1, "{what}");
        assert_eq!(fleet.read(ONLOOKER, &key), vec![write.leaves(); HOSTS], "{what}, committed");
        let by_writer = u64::from(write.leaves() != miss());
        stored += fleet.counts().writes - writes - by_writer;
        progress.done(round + 1);
    }
    row(
        "a write elsewhere that races a load's commit",
        format!("{rounds} writes, seed {seed}"),
        format!("no stale read; {stored} commits came first"),
    );
}
