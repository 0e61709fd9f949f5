//! Nobody waits for a dead loader (G4), and it stores nothing (G3).

use std::time::{Duration, Instant};

use serde_json::json;
use spakky_test_support::proof::{row, size};

use crate::monitor::Monitor;
use crate::{FIRST, Fleet, GUESTS, HOSTS, LONG_LEASE, ONLOOKER, begin_load, hit, load, loads, ok};
use crate::{paused_load, value_of};

/// The name of the caller that loads once the first one has died.
const SECOND: &str = "the second";

/// The default lease time, or a shorter one.
fn short_lease() -> Duration {
    Duration::from_secs(size(1, 5))
}

#[test]
fn a_killed_process_is_waited_for_for_its_lease_and_stores_nothing() {
    let lease = short_lease();
    let rounds = size(2, 4);
    let mut fleet = Fleet::start(lease).warm();
    let mut monitor = Monitor::start(&fleet.server);
    let mut longest = Duration::ZERO;
    for round in 0..rounds {
        let key = format!("k{round}");
        fleet.begin_load(0, &key, &json!({}));
        fleet.others_wait(0, &load(&key, SECOND));
        let mut dead = fleet.hosts.remove(0);
        let killed = Instant::now();
        dead.process.kill();
        let answers: Vec<_> =
            fleet.hosts.iter_mut().flat_map(|host| host.answers_of(0..GUESTS)).collect();
        longest = longest.max(killed.elapsed());
        assert_eq!((answers.len(), loads(&answers, SECOND)), (fleet.hosts.len() * GUESTS, 1));
        assert_eq!(fleet.read(0, &key), vec![hit(SECOND); fleet.hosts.len()]);
    }
    // G4 names the time, so this is the one count that is of a clock.
    let bound = lease + Duration::from_secs(1);
    assert!(longest <= bound, "with a lease of {lease:?} it took {longest:?}");
    let dead = value_of(FIRST);
    let stored = monitor.take().into_iter().find(|sent| sent.words.join(" ").contains(&dead));
    assert!(stored.is_none(), "of the dead: {stored:?}");
    row(
        "a host killed in mid-load, 25 guests in each of the others wait",
        format!("{rounds} kills, lease {lease:?}"),
        format!("1 load each; the value is there {longest:.1?} later at most"),
    );
}

#[test]
fn a_process_that_was_stopped_past_its_lease_commits_nothing() {
    let mut fleet = Fleet::start(short_lease()).warm();
    // In the library's way, and in the contract's, which tells of the commit.
    fleet.begin_load(0, "k", &json!({}));
    let lookup = json!({ "op": "lookup", "key": "l" });
    assert_eq!(fleet.hosts[0].play(1, &lookup), ok(json!({ "result": "miss" })));
    fleet.others_wait(0, &load("k", SECOND));
    fleet.hosts[0].process.signal("STOP");

    let answers: Vec<_> =
        fleet.hosts[1..].iter_mut().flat_map(|host| host.answers_of(0..GUESTS)).collect();
    assert_eq!(loads(&answers, SECOND), 1);
    let other = fleet.hosts[1].play(0, &load("l", SECOND));
    assert_eq!(loads(&[other], SECOND), 1);

    fleet.hosts[0].process.signal("CONT");
    fleet.resume(0);
    let waited = fleet.hosts[0].answers_of(1..GUESTS);
    assert_eq!(loads(&waited, SECOND), 0);
    let own = fleet.resumed(0);
    assert_eq!(loads(&[own], FIRST), 1, "its caller has what it loaded");
    let commit = json!({ "op": "commit", "lease": "l", "value": value_of(FIRST) });
    assert_eq!(fleet.hosts[0].play(1, &commit), ok(false));
    for key in ["k", "l"] {
        assert_eq!(fleet.read(2, key), vec![hit(SECOND); HOSTS], "{key}");
    }
    row("a host stopped in mid-load past its lease", "1 stop, 2 loads", "both commits refused");
}

/// The loading guest of the first host dies in this way while all others wait. The lease
/// lasts ten minutes, so it is the death that frees the key.
fn another_loads_at_once(how: &str, dies: impl FnOnce(&mut Fleet)) {
    let mut fleet = Fleet::start(LONG_LEASE).warm();
    dies(&mut fleet);
    let answers = fleet.answers_of_others(0);
    assert_eq!((answers.len(), loads(&answers, SECOND)), (HOSTS * GUESTS - 1, 1), "{how}");
    assert_eq!(fleet.read(1, "k"), vec![hit(SECOND); HOSTS], "{how}");
    row(
        format!("a loading guest that {how}, 199 others wait"),
        "1 death, a lease of 10 min",
        "1 load, at once",
    );
}

#[test]
fn a_guest_that_traps_in_mid_load_frees_its_key_at_once() {
    another_loads_at_once("traps", |fleet| {
        fleet.begin_load(0, "k", &json!({ "trap": true }));
        fleet.others_wait(0, &load("k", SECOND));
        fleet.resume(0);
        assert_eq!(fleet.hosts[0].end_of(0), "trap");
    });
}

#[test]
fn a_guest_that_its_host_drops_in_mid_load_frees_its_key_at_once() {
    another_loads_at_once("its host drops", |fleet| {
        fleet.begin_load(0, "k", &json!({}));
        fleet.others_wait(0, &load("k", SECOND));
        fleet.hosts[0].kill_guest(0);
        assert_eq!(fleet.hosts[0].end_of(0), "killed");
    });
}

#[test]
fn a_guest_whose_time_is_up_in_mid_load_frees_its_key_at_once() {
    another_loads_at_once("is out of time", |fleet| {
        // Long enough for the others to wait by then.
        let host = &mut fleet.hosts[0];
        host.start_guest(ONLOOKER, Some(Duration::from_secs(5)));
        begin_load(host, ONLOOKER, &paused_load("k", &json!({})));
        fleet.others_wait(0, &load("k", SECOND));
        assert_eq!(fleet.hosts[0].end_of(ONLOOKER), "time");
    });
}
