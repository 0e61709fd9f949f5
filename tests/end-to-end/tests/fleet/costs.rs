//! Waiting is cheap (G5): the commands that it costs a process.

use std::time::Duration;

use serde_json::json;
use spakky_end_to_end::host_process::until;
use spakky_test_support::proof::{row, size};

use crate::monitor::{Monitor, Share};
use crate::{FIRST, Fleet, HOSTS, LONG_LEASE, load, loads};

/// The commands to find that another caller loads, and to be told when it is done.
const TO_WAIT: &str = "get, client|caching, get";
/// The most commands to read what was loaded, however many guests wait for it.
const MOST_READS: u64 = 1;
/// The commands to find that a lease was only renewed, and to wait again.
const A_RENEWAL: u64 = 3;

#[test]
fn the_cost_of_waiting_does_not_depend_on_how_many_wait_or_for_how_long() {
    let mut most_reads = 0;
    for guests in [1, 5, 25] {
        // Without renewals nothing changes, so nobody asks.
        let mut fleet = Fleet::of(HOSTS, guests, LONG_LEASE).warm();
        let mut monitor = Monitor::start(&fleet.server);
        fleet.begin_load(0, "k", &json!({}));
        monitor.take();
        fleet.others_wait(0, &load("k", "another"));
        let shares = Share::of_each(monitor.take());
        let to_wait: Vec<_> = shares.iter().map(Share::to_string).collect();
        let waiting = to_wait.iter().filter(|share| *share == TO_WAIT).count();
        // The other guests of the loading host know that the lease is out.
        assert!(waiting >= HOSTS - 1, "{guests} guests, to wait: {to_wait:?}");

        for _ in 0..size(20, 200) {
            // However long this goes on.
            fleet.counts();
        }
        let meanwhile = Share::of_each(monitor.take());
        assert!(meanwhile.is_empty(), "{guests} guests, while they wait: {}", meanwhile[0]);

        fleet.resume(0);
        let answers = fleet.answers_of_others(0);
        assert_eq!(loads(&answers, FIRST), 0);
        let mut shares = Share::of_each(monitor.take());
        shares.retain(|share| !share.commits());
        assert_eq!(shares.len(), HOSTS - 1);
        for share in shares {
            let reads = share.count("get");
            assert_eq!(reads, share.sent(), "{guests} guests, to read: {share}");
            assert!(reads <= MOST_READS, "{guests} guests, to read: {share}");
            most_reads = most_reads.max(reads);
        }
    }
    row(
        "a process that waits for a load, with 1, 5, 25 guests",
        "1 load each",
        format!("{TO_WAIT}; then nothing until it is over; then get, {most_reads} times at most"),
    );
}

#[test]
fn a_renewal_costs_a_waiting_process_three_commands() {
    let lease = Duration::from_millis(600);
    let mut fleet = Fleet::start(lease).warm();
    let mut monitor = Monitor::start(&fleet.server);
    fleet.begin_load(0, "k", &json!({}));
    fleet.others_wait(0, &load("k", "another"));
    let enough = size(10, 50);
    let (mut sent, mut renewals) = (Vec::new(), 0);
    until(&format!("{enough} renewals"), || {
        let more = monitor.take();
        renewals += more.iter().filter(|sent| sent.name() == "pexpire").count() as u64;
        sent.extend(more);
        renewals >= enough
    });
    fleet.resume(0);
    let answers = fleet.answers_of_others(0);
    assert_eq!(loads(&answers, FIRST), 0);
    sent.extend(monitor.take());
    let mut shares = Share::of_each(sent);
    let renewals: u64 = shares.iter().map(|share| share.count("pexpire")).sum();
    shares.retain(|share| !share.commits());
    assert_eq!(shares.len(), HOSTS - 1);
    let most = shares.iter().map(Share::sent).max().unwrap_or(0);
    let bound = TO_WAIT.split(", ").count() as u64 + MOST_READS + A_RENEWAL * renewals;
    for share in &shares {
        let sent = share.sent();
        assert!(sent <= bound, "{sent} for {renewals} renewals: {share}");
    }
    row(
        "a load over many renewals, 8 hosts with 25 guests",
        format!("{renewals} renewals"),
        format!("at most {most} commands of a waiting process"),
    );
}
