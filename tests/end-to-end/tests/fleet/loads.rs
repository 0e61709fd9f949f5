//! One load in the fleet (G1), counted honestly (G10), for few commands (G5).

use std::time::Duration;

use serde_json::json;
use spakky_test_support::proof::{Progress, row, size};

use crate::monitor::{Monitor, Share};
use crate::{FIRST, Fleet, GUESTS, HOSTS, LONG_LEASE, get, hit, load, load_for, loads, miss};

/// How many commands a load of 200 ms may cost each process, however many guests wait.
const MOST_COMMANDS: u64 = 10;

#[test]
fn eight_hosts_with_25_guests_each_load_a_cold_key_once() {
    let rounds = size(5, 100);
    let mut fleet = Fleet::start(Duration::from_secs(5));
    let mut monitor = Monitor::start(&fleet.server);
    let mut progress = Progress::of("cold keys", rounds);
    let (mut waiting, mut loading) = (Spread::default(), Spread::default());
    for round in 0..rounds {
        let (before, stats) = (fleet.counts(), fleet.server.commands().expect("it answers"));
        let who = format!("one of the fleet in round {round}");
        let step = load_for(&format!("cold {round}"), &who, Duration::from_millis(200));
        let answers = fleet.play_all(&step);
        assert_eq!((answers.len(), loads(&answers, &who)), (HOSTS * GUESTS, 1));

        let after = fleet.counts();
        let counted =
            [after.misses - before.misses, after.writes - before.writes, after.hits - before.hits];
        let others = (HOSTS * GUESTS - 1) as u64;
        assert_eq!(counted, [1, 1, others], "misses, writes, hits");
        let waits = after.stampede_waits - before.stampede_waits;
        assert!(waits <= others, "{waits} waits of {others} guests that did not load");

        let sent = monitor.take();
        let stats = fleet.server.commands().expect("it answers").since(&stats);
        let stats = stats.without(&["echo", "ping"]);
        assert_eq!(sent.len() as u64, stats.total(), "the monitor missed some of {stats}");
        let shares = Share::of_each(sent);
        assert_eq!(shares.len(), HOSTS, "every host asks Redis itself");
        for share in shares {
            // Only the first time is there anything to learn.
            let learning = share.learning();
            assert!(round == 0 || learning == 0, "round {round}, again learnt: {share}");
            let sent = share.sent() - learning;
            assert!(sent <= MOST_COMMANDS, "{sent} commands of one process: {share}");
            if share.commits() { loading.add(sent, share) } else { waiting.add(sent, share) }
        }
        progress.done(round + 1);
    }
    row(
        "a cold key, 8 hosts with 25 guests, a load of 200 ms",
        format!("{rounds} keys"),
        format!("1 load each; commands of a waiting host {waiting}, of the loading one {loading}"),
    );
}

/// The fewest and the most commands that a process was seen to send.
#[derive(Default)]
struct Spread(Option<[(u64, Share); 2]>);

impl Spread {
    fn add(&mut self, sent: u64, share: Share) {
        let [fewest, most] = self.0.get_or_insert_with(|| [(); 2].map(|()| (sent, share.clone())));
        if sent < fewest.0 {
            *fewest = (sent, share);
        } else if sent > most.0 {
            *most = (sent, share);
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            None => f.write_str("none"),
            Some([(fewest, _), (most, share)]) => write!(f, "{fewest} to {most} ({share})"),
        }
    }
}

#[test]
fn two_hosts_that_load_different_keys_do_not_wait_for_each_other() {
    let mut fleet = Fleet::of(2, GUESTS, LONG_LEASE).warm();
    let waits = |fleet: &mut Fleet| fleet.hosts[1].standing().stampede_waits;
    fleet.begin_load(0, "k", &json!({}));
    let before = waits(&mut fleet);
    // Its load begins and ends within the other one, for all of its guests.
    fleet.begin_load(1, "l", &json!({}));
    fleet.resume(1);
    let loaded = fleet.resumed(1);
    assert_eq!(loads(&[loaded], FIRST), 1);
    for guest in 0..GUESTS {
        let answer = fleet.hosts[1].play(guest, &load("l", "nobody"));
        assert_eq!(loads(&[answer], FIRST), 0);
    }
    assert_eq!(waits(&mut fleet), before, "the other host's load was waited for");
    assert_eq!(fleet.hosts[0].play(1, &get("k")), miss(), "that one goes on");
    fleet.resume(0);
    let loaded = fleet.resumed(0);
    assert_eq!(loads(&[loaded], FIRST), 1);
    assert_eq!(fleet.read(1, "k"), vec![hit(FIRST); 2]);
}
