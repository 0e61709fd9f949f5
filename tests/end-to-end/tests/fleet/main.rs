//! Fleets: host processes with many guests each, on one Redis.

mod costs;
mod deaths;
mod loads;
mod monitor;
mod writes;

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use spakky_end_to_end::fleet::{Setup, Standing};
use spakky_end_to_end::host_process::{HostProcess, until_it_is};
use spakky_test_support::{RedisServer, ServerOptions};

/// The size of the fleet.
const HOSTS: usize = 8;
const GUESTS: usize = 25;

/// The number of an additional guest.
const ONLOOKER: usize = GUESTS;

/// Longer than any test.
const LONG_LEASE: Duration = Duration::from_mins(10);

/// Host processes, and their Redis.
struct Fleet {
    hosts: Vec<HostProcess>,
    server: Rc<RedisServer>,
}

impl Fleet {
    /// Starts eight hosts with 25 guests each.
    fn start(lease: Duration) -> Self {
        Self::of(HOSTS, GUESTS, lease)
    }

    /// Starts hosts whose guests are ready, and whose connections have sent nothing yet.
    fn of(hosts: usize, guests: usize, lease: Duration) -> Self {
        let server = RedisServer::start(ServerOptions::new());
        let server = Rc::new(server.unwrap_or_else(|error| panic!("{error:#}")));
        let setup = Setup { guests, lease, ..Setup::on_redis(server.port()) };
        let program = env!("CARGO_BIN_EXE_fleet-host");
        // They start at once.
        let mut hosts: Vec<_> = (0..hosts).map(|_| HostProcess::start(program, &setup)).collect();
        hosts.iter_mut().for_each(HostProcess::ready);
        Self { hosts, server }
    }

    /// Makes each connection know the epochs, as after a first load.
    fn warm(mut self) -> Self {
        for host in &mut self.hosts {
            host.play(0, &load("warm", "any"));
        }
        self
    }

    /// Adds the guest [`ONLOOKER`] to each host. Only steps that name it are given to it.
    fn with_onlookers(mut self) -> Self {
        for host in &mut self.hosts {
            host.start_guest(ONLOOKER, None);
        }
        self
    }

    /// Gives every guest the same step, at once, and returns their answers.
    fn play_all(&mut self, step: &Value) -> Vec<Value> {
        for host in &mut self.hosts {
            for guest in 0..host.guests() {
                host.ask(guest, step);
            }
        }
        self.hosts.iter_mut().flat_map(|host| host.answers_of(0..host.guests())).collect()
    }

    /// The sums of the hosts' counters.
    fn counts(&mut self) -> Standing {
        sum(self.hosts.iter_mut().map(HostProcess::standing))
    }

    /// Has the first guest of a host load `key` until it is told to `resume`, when its
    /// loader does `and`. Returns once the loader runs.
    fn begin_load(&mut self, host: usize, key: &str, and: &Value) {
        begin_load(&mut self.hosts[host], 0, &paused_load(key, and));
    }

    /// Resumes the paused load of a host's first guest.
    fn resume(&mut self, host: usize) {
        self.hosts[host].ask(0, &json!({ "op": "resume" }));
    }

    /// The answer of a host's first guest, whose load was resumed.
    #[track_caller]
    fn resumed(&mut self, host: usize) -> Value {
        for what in ["the resume", "the pause"] {
            assert_eq!(self.hosts[host].answer_of(0), ok(Value::Null), "{what}");
        }
        self.hosts[host].answer_of(0)
    }

    /// Gives this step to every guest but the first one of host `loading`. Returns once all
    /// of them wait for a load.
    fn others_wait(&mut self, loading: usize, step: &Value) {
        let before = self.counts().stampede_waits;
        let mut asked = 0;
        for (number, host) in self.hosts.iter_mut().enumerate() {
            for guest in usize::from(number == loading)..host.guests() {
                host.ask(guest, step);
                asked += 1;
            }
        }
        let waiting = before + asked;
        until_it_is(&waiting, || self.counts().stampede_waits);
    }

    /// The next answer of each guest but the first one of host `loading`.
    fn answers_of_others(&mut self, loading: usize) -> Vec<Value> {
        let hosts = self.hosts.iter_mut().enumerate();
        hosts
            .flat_map(|(number, host)| {
                host.answers_of(usize::from(number == loading)..host.guests())
            })
            .collect()
    }

    /// The answers of a guest of each host to a read, all asked at once.
    fn read(&mut self, guest: usize, key: &str) -> Vec<Value> {
        self.hosts.iter_mut().for_each(|host| host.ask(guest, &get(key)));
        self.hosts.iter_mut().map(|host| host.answer_of(guest)).collect()
    }
}

/// Has a guest begin a load that reports that it runs, as [`paused_load`] does.
#[track_caller]
fn begin_load(host: &mut HostProcess, guest: usize, step: &Value) {
    assert_eq!(host.play(guest, step), ok(Value::Null), "the loader says that it runs");
}

fn sum(parts: impl Iterator<Item = Standing>) -> Standing {
    parts.fold(Standing::default(), |sum, part| Standing {
        hits: sum.hits + part.hits,
        misses: sum.misses + part.misses,
        writes: sum.writes + part.writes,
        stampede_waits: sum.stampede_waits + part.stampede_waits,
        tasks: sum.tasks + part.tasks,
        guests: sum.guests + part.guests,
        stored_bytes: sum.stored_bytes + part.stored_bytes,
    })
}

fn ok(result: impl Into<Value>) -> Value {
    json!({ "ok": result.into() })
}

fn get(key: &str) -> Value {
    json!({ "op": "get", "key": key })
}

/// A hit on what [`load`] loads.
fn hit(who: &str) -> Value {
    ok(json!({ "hit": true, "value": value_of(who) }))
}

fn miss() -> Value {
    ok(json!({ "hit": false }))
}

/// Loads the text `loaded by WHO`.
fn load(key: &str, who: &str) -> Value {
    load_for(key, who, Duration::ZERO)
}

/// As [`load`], with a loader that takes this long.
fn load_for(key: &str, who: &str, takes: Duration) -> Value {
    let loader = json!({ "value": value_of(who), "sleep_ms": takes.as_millis() });
    json!({ "op": "get_or_load", "key": key, "loader": loader })
}

fn value_of(who: &str) -> String {
    format!("loaded by {who}")
}

/// The name of the caller of a [`paused_load`].
const FIRST: &str = "the first";

/// A load that reports that it runs, pauses until its guest is told to `resume`, and then
/// does `and`.
fn paused_load(key: &str, and: &Value) -> Value {
    let then = [says_that_it_runs(), json!({ "op": "pause" })];
    let mut loader = json!({ "value": value_of(FIRST), "then": then });
    for (name, value) in and.as_object().into_iter().flatten() {
        loader[name] = value.clone();
    }
    json!({ "op": "get_or_load", "key": key, "loader": loader })
}

/// A step of a loader, whose answer reports that the loader runs.
fn says_that_it_runs() -> Value {
    json!({ "op": "sleep", "ms": 0 })
}

/// How many of these answers are from guests that loaded. Panics if one has another value
/// than the one that `who` loads.
#[track_caller]
fn loads(answers: &[Value], who: &str) -> usize {
    let value = value_of(who);
    let wrong: Vec<_> = answers.iter().filter(|answer| answer["ok"]["value"] != *value).collect();
    assert!(wrong.is_empty(), "expected {value:?}, got: {wrong:?}");
    answers.iter().filter(|answer| answer["ok"]["loaded"] == true).count()
}
