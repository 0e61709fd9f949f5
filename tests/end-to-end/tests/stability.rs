//! After long work a host holds no more memory, handles, tasks, connections and keys than
//! when it began.

use std::fmt;
use std::fs;
use std::time::Duration;

use serde_json::json;
use spakky_end_to_end::expect::is_expected;
use spakky_end_to_end::fleet::Setup;
use spakky_end_to_end::host_process::{HostProcess, until_it_is};
use spakky_end_to_end::mix;
use spakky_test_support::proof::{Progress, row, size};
use spakky_test_support::{RedisServer, ServerOptions};

/// So long that only the end of a guest frees what it held.
const LONG_LEASE: Duration = Duration::from_mins(10);
/// How many leases a guest may hold.
const LEASES: usize = 16;
/// How many handles of leases a guest may have, including spent ones. The table has this
/// size for this many leases.
const HANDLES: usize = 64;
/// How many rounds of work are under way at once, so that nothing waits for the
/// pipes.
const DEPTH: u64 = 8;
/// How much more memory a process may have after work than before the same work, in KiB.
/// An allocator that reuses memory differs by some dozens. At full size this is five bytes
/// per operation.
const WORK_SLACK: u64 = 512;
/// As [`WORK_SLACK`], for instances, half of which start in between. They allocate more,
/// so the allocator differs by more. The memory of a guest that is not freed is larger.
const INSTANCES_SLACK: u64 = 4_096;

/// A host process, and its Redis if it has one.
struct Worker {
    host: HostProcess,
    server: Option<RedisServer>,
}

/// What a host holds when nothing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holds {
    guests: usize,
    tasks: usize,
    descriptors: usize,
    /// Connections to Redis, as Redis counts them.
    connections: usize,
    /// Keys in Redis.
    keys: usize,
    /// Bytes in the embedded store.
    stored_bytes: usize,
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guests, tasks, descriptors, connections, keys, stored_bytes } = self;
        write!(
            f,
            "{guests} guests, {tasks} tasks, {descriptors} descriptors, {connections} connections, \
             {keys} keys, {stored_bytes} bytes stored"
        )
    }
}

impl Worker {
    /// Starts a host with two guests, which has done each kind of work before.
    fn start(on_redis: bool) -> Self {
        let server = on_redis.then(|| {
            RedisServer::start(ServerOptions::new()).unwrap_or_else(|error| panic!("{error:#}"))
        });
        let setup = match &server {
            Some(server) => Setup::on_redis(server.port()),
            None => Setup::embedded(),
        };
        let setup = Setup { guests: 2, lease: LONG_LEASE, leases: LEASES, ..setup };
        let mut host = HostProcess::start(env!("CARGO_BIN_EXE_fleet-host"), &setup);
        host.ready();
        let tasks = host.standing().tasks;
        let mut worker = Self { host, server };
        // Every tag is known afterwards.
        worker.work("warm-up", 0, 100);
        until_it_is(&tasks, || worker.host.standing().tasks);
        worker
    }

    /// Has the first guest do these rounds of work, and returns how many steps they were.
    fn work(&mut self, what: &str, first: u64, rounds: u64) -> u64 {
        let mut progress = Progress::of(what, rounds);
        let mut played = 0;
        for begin in (first..first + rounds).step_by(usize::try_from(DEPTH).unwrap_or(1)) {
            let end = (begin + DEPTH).min(first + rounds);
            let steps: Vec<_> = (begin..end).flat_map(mix::round).collect();
            for (step, _) in &steps {
                self.host.ask(0, step);
            }
            for (step, expected) in &steps {
                let answer = self.host.answer_of(0);
                assert!(is_expected(expected, &answer), "{step}: not {expected}, but {answer}");
                played += 1;
            }
            progress.done(end - first);
        }
        played
    }

    fn holds(&mut self) -> Holds {
        let standing = self.host.standing();
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.host.process.id()));
        let redis = |words: &[&str]| -> Option<redis::Value> {
            let server = self.server.as_ref()?;
            Some(server.command(words).unwrap_or_else(|error| panic!("{error:#}")))
        };
        let number = |value: Option<redis::Value>| {
            value.map_or(0, |value| redis::from_redis_value::<usize>(value).expect("a number"))
        };
        let clients = redis(&["CLIENT", "LIST", "TYPE", "NORMAL"])
            .map_or_else(String::new, |value| redis::from_redis_value(value).expect("a text"));
        Holds {
            guests: standing.guests,
            tasks: standing.tasks,
            descriptors: descriptors.expect("it runs").count(),
            // By a socket, it is this test that asks.
            connections: clients.lines().filter(|client| client.contains("addr=127.")).count(),
            keys: number(redis(&["DBSIZE"])),
            stored_bytes: standing.stored_bytes,
        }
    }

    /// Waits until it holds what it held `before`. A dropped lease is given up a moment later.
    #[track_caller]
    fn holds_again(&mut self, before: Holds) {
        until_it_is(&before, || self.holds());
    }

    /// How many handles and how many leases a guest can still take.
    fn room(&mut self, guest: usize) -> [usize; 2] {
        let handles = self.take_all(guest, true);
        let leases = self.take_all(guest, false);
        [handles, leases]
    }

    /// Takes leases until there are no more, and drops them.
    fn take_all(&mut self, guest: usize, spend: bool) -> usize {
        let taken = take(&mut self.host, guest, spend, "kept");
        for number in 0..taken {
            let key = format!("kept {number}");
            let step = json!({ "op": "drop", "lease": key });
            assert_eq!(self.host.play(guest, &step), json!({ "ok": null }));
            self.host.play(guest, &json!({ "op": "delete", "key": key }));
        }
        taken
    }

    /// Its resident memory, in KiB.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.host.process.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

/// Takes leases of keys with this name and a number until the quota is exceeded, and
/// returns how many it took. With `spend`, each is committed, and keeps its handle.
fn take(host: &mut HostProcess, guest: usize, spend: bool, name: &str) -> usize {
    for number in 0.. {
        let key = format!("{name} {number}");
        let found = host.play(guest, &json!({ "op": "lookup", "key": key }));
        if found["error"]["kind"] == "quota-exceeded" {
            return number;
        }
        assert_eq!(found, json!({ "ok": { "result": "miss" } }), "{key}");
        if spend {
            let commit = json!({ "op": "commit", "lease": key, "value": number });
            assert_eq!(host.play(guest, &commit), json!({ "ok": true }), "{key}");
        }
    }
    unreachable!("numbers do not end")
}

fn long_work_leaves_a_host_as_it_was(on_redis: bool) {
    let rounds = size(400, 4_000);
    let mut worker = Worker::start(on_redis);
    let before = worker.holds();
    let room = worker.room(0);
    assert_eq!(room, [HANDLES, LEASES]);
    let mut memory = [0; 3];
    let mut steps = 0;
    for (run, memory) in (1..).zip(&mut memory) {
        let what = format!("{} run {run}", store(on_redis));
        steps = worker.work(&what, run * 1_000_000, rounds);
        worker.holds_again(before);
        *memory = worker.memory();
    }
    assert_eq!(worker.room(0), room, "handles and leases that a guest can take");
    let [_, second, third] = memory;
    assert!(third <= second + WORK_SLACK, "KiB after each run of {steps} operations: {memory:?}");
    row(
        format!("a guest's work, {}", store(on_redis)),
        format!("3 runs of {steps} operations"),
        format!("{memory:?} KiB resident after each; before and after: {before}"),
    );
}

fn store(on_redis: bool) -> &'static str {
    if on_redis { "on Redis" } else { "embedded" }
}

#[test]
fn long_work_leaves_a_host_as_it_was_embedded() {
    long_work_leaves_a_host_as_it_was(false);
}

#[test]
fn long_work_leaves_a_host_as_it_was_on_redis() {
    long_work_leaves_a_host_as_it_was(true);
}

/// The ways in which an instance with a lease ends.
const ENDS: [&str; 3] = ["trap", "killed", "exit"];

fn many_instances_leave_a_host_as_it_was(on_redis: bool) {
    const TOGETHER: usize = 50;
    let instances = size(500, 10_000);
    let mut worker = Worker::start(on_redis);
    let before = worker.holds();
    let what = format!("instances {}", store(on_redis));
    let mut progress = Progress::of(what, instances as u64);
    let mut memory = Vec::new();
    for begin in (0..instances).step_by(TOGETHER) {
        let numbers = 1_000 + begin..1_000 + begin + TOGETHER;
        for number in numbers.clone() {
            worker.host.start_guest(number, None);
            let lookup = json!({ "op": "lookup", "key": format!("of {number}") });
            let found = worker.host.play(number, &lookup);
            assert_eq!(found, json!({ "ok": { "result": "miss" } }));
        }
        for number in numbers.clone() {
            match ENDS[number % ENDS.len()] {
                "killed" => worker.host.kill_guest(number),
                "exit" => worker.host.ask(number, &json!({ "op": "exit", "code": 1 })),
                _ => worker.host.ask(number, &json!({ "op": "trap" })),
            }
        }
        for number in numbers {
            assert_eq!(worker.host.end_of(number), ENDS[number % ENDS.len()]);
        }
        worker.holds_again(before);
        memory.push(worker.memory());
        progress.done((begin + TOGETHER) as u64);
    }
    let (half, end) = (memory[memory.len() / 2], memory[memory.len() - 1]);
    assert!(end <= half + INSTANCES_SLACK, "KiB half-way and at the end: {half}, {end}");
    row(
        format!("instances that end with a lease, {}", store(on_redis)),
        format!("{instances} instances, a third each trap, are dropped, exit"),
        format!("{half}, {end} KiB resident half-way, at the end; before and after: {before}"),
    );
}

#[test]
fn many_instances_leave_a_host_as_it_was_embedded() {
    many_instances_leave_a_host_as_it_was(false);
}

#[test]
fn many_instances_leave_a_host_as_it_was_on_redis() {
    many_instances_leave_a_host_as_it_was(true);
}

/// With `spend`, it leaks handles of leases that it has committed.
fn a_guest_that_leaks_fails_alone(on_redis: bool, spend: bool) {
    const LEAKY: usize = 1_000;
    let mut worker = Worker::start(on_redis);
    let before = worker.holds();
    worker.host.start_guest(LEAKY, None);
    let taken = take(&mut worker.host, LEAKY, spend, "leaked");
    assert_eq!(taken, if spend { HANDLES } else { LEASES });
    for number in 0..taken {
        let leak = json!({ "op": "leak", "lease": format!("leaked {number}") });
        assert_eq!(worker.host.play(LEAKY, &leak), json!({ "ok": null }));
    }
    let lookup = json!({ "op": "lookup", "key": "one more" });
    let refused = worker.host.play(LEAKY, &lookup);
    assert_eq!(refused["error"]["kind"], "quota-exceeded");
    // It can still read, and others can do all they like, also with that key.
    let get = json!({ "op": "get", "key": "one more" });
    assert_eq!(worker.host.play(LEAKY, &get), json!({ "ok": { "hit": false } }));
    let load = json!({ "op": "get_or_load", "key": "one more", "loader": { "value": 1 } });
    let expected = json!({ "ok": { "value": 1, "loaded": true } });
    assert_eq!(worker.host.play(1, &load), expected);
    assert_eq!(worker.room(1), [HANDLES, LEASES], "of its neighbour");

    worker.host.ask(LEAKY, &json!({ "op": "exit", "code": 0 }));
    assert_eq!(worker.host.end_of(LEAKY), "exit");
    let leaked = (0..taken).map(|number| format!("leaked {number}"));
    let keys: Vec<_> = leaked.chain(["one more".to_owned()]).collect();
    let stored = if spend { taken + 1 } else { 1 };
    let delete = json!({ "op": "delete_many", "keys": keys });
    assert_eq!(worker.host.play(1, &delete), json!({ "ok": stored }));
    worker.holds_again(before);
}

#[test]
fn a_guest_that_leaks_handles_fails_alone_and_leaves_nothing_behind() {
    for on_redis in [false, true] {
        for spend in [false, true] {
            a_guest_that_leaks_fails_alone(on_redis, spend);
        }
    }
}
