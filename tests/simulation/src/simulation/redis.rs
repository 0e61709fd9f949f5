//! Schedules on a real Redis.
//!
//! Each process has its own connection, through a proxy that cuts it, and each
//! schedule its own prefix. The schedule's clock is not the server's. Leases and
//! entries live longer on the server than any schedule takes, and what expires by
//! the schedule's clock is removed from the server directly.
//!
//! A seed repeats the choices of a schedule: what is called, which step goes
//! next, what fails. It does not repeat the network and the server's event loop,
//! which decide the order of steps that overlap and when an invalidation arrives.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::cmd;
use spakky_cache_core::envelope::{CAS_TOKEN_BYTES, cas_token_of};
use spakky_cache_core::store::{CasToken, Slot};
use spakky_cache_core::{Key, Prefix, Runtime, Store, Tag};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_support::{Proxy, RedisServer, ServerOptions};
use tokio::runtime::Runtime as Tokio;
use tokio::task::JoinSet;

use super::chance::Chance;
use super::site::{Backing, Site, Work};
use crate::history::Trouble;

/// The most that a schedule has.
const PROCESSES: usize = 3;
/// Longer than any schedule takes: nothing expires by the server's clock.
const LEASE: Duration = Duration::from_mins(10);
/// The machine may be busy with other tests.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Removes a key that holds what begins with a token.
const REMOVE_IF_TOKEN: &str = "\
    if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then \
        return redis.call('DEL', KEYS[1]) \
    end \
    return 0";

/// A `redis-server`, and connections that schedules use in turn.
pub struct Redis {
    fleet: Arc<Fleet>,
    overlapping: bool,
    schedules: u64,
}

struct Fleet {
    server: RedisServer,
    processes: Vec<Process>,
    // Dropped last, since all others run on it.
    tokio: Tokio,
}

struct Process {
    proxy: Proxy,
    connection: RedisConnection,
}

impl Redis {
    /// Starts a server. Steps are under way at the same time if `overlapping`,
    /// else each happens while all others wait.
    ///
    /// # Errors
    /// There is no `redis-server`, or it cannot be connected to.
    pub fn start(overlapping: bool) -> anyhow::Result<Self> {
        let server = RedisServer::start(ServerOptions::new())?;
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let processes = tokio.block_on(async {
            let mut processes = Vec::new();
            for _ in 0..PROCESSES {
                let proxy = Proxy::start(server.port()).await?;
                let settings = RedisSettings {
                    host: "127.0.0.1".into(),
                    port: proxy.port(),
                    socket_timeout: TIMEOUT,
                    ..RedisSettings::default()
                };
                let connection = RedisConnection::connect(settings).await?;
                processes.push(Process { proxy, connection });
            }
            anyhow::Ok(processes)
        })?;
        let fleet = Arc::new(Fleet { server, processes, tokio });
        Ok(Self { fleet, overlapping, schedules: 0 })
    }
}

impl Backing for Redis {
    fn site(&mut self, _chance: &mut Chance, runtime: Arc<dyn Runtime>) -> Arc<dyn Site> {
        self.schedules += 1;
        let prefix = format!("schedule {}:", self.schedules);
        let prefix = Prefix::new(&prefix).expect("it holds no separator");
        let (fleet, overlapping) = (Arc::clone(&self.fleet), self.overlapping);
        Arc::new(OnePrefix { fleet, prefix, overlapping, runtime })
    }
}

struct OnePrefix {
    fleet: Arc<Fleet>,
    prefix: Prefix,
    overlapping: bool,
    runtime: Arc<dyn Runtime>,
}

impl OnePrefix {
    fn name(&self, kind: char, name: &str) -> String {
        format!("{}{kind}|{name}", self.prefix.as_str())
    }

    fn query<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        self.fleet.server.query(command).expect("the server answers")
    }

    /// Flips a bit of what `name` holds, after its token.
    fn flip(&self, chance: &mut Chance, name: &str) {
        let mut bytes: Vec<u8> = self.query(cmd("GETRANGE").arg(name).arg(0).arg(-1));
        if bytes.len() > CAS_TOKEN_BYTES {
            let at = CAS_TOKEN_BYTES + chance.below(bytes.len() - CAS_TOKEN_BYTES);
            bytes[at] ^= 1 << chance.below(8);
            self.query::<()>(cmd("SET").arg(name).arg(bytes).arg("KEEPTTL"));
        }
    }
}

impl Site for OnePrefix {
    fn store(&self, process: usize) -> Arc<dyn Store> {
        let connection = self.fleet.processes[process].connection.clone();
        Arc::new(RedisStore::new(connection, self.prefix.clone(), Arc::clone(&self.runtime)))
    }

    fn carry_out(&self, work: Work) {
        self.fleet.tokio.block_on(work);
    }

    fn overlaps(&self) -> bool {
        self.overlapping
    }

    fn start(&self, work: Work) -> Work {
        // Dropped, it aborts its tasks.
        let mut started = JoinSet::new();
        started.spawn_on(work, self.fleet.tokio.handle());
        // One that failed left no answer, which is an error to its caller.
        Box::pin(async move { drop(started.join_next().await) })
    }

    fn keeps_time(&self) -> bool {
        false
    }

    fn lease(&self) -> Duration {
        LEASE
    }

    fn holds(&self, key: &Key, _known: Option<CasToken>) -> Option<CasToken> {
        let name = self.name('k', key.as_str());
        let bytes: Vec<u8> = self.query(cmd("GETRANGE").arg(name).arg(0).arg(CAS_TOKEN_BYTES - 1));
        (!bytes.is_empty()).then(|| cas_token_of(&bytes))
    }

    fn expire(&self, slot: Slot<'_>, token: &CasToken) -> bool {
        let name = match slot {
            Slot::Entry(key) => self.name('k', key.as_str()),
            Slot::Refresh(key) => self.name('r', key.as_str()),
            Slot::Sweeper => return false,
        };
        let mut remove = cmd("EVAL");
        remove.arg(REMOVE_IF_TOKEN).arg(1).arg(name).arg(&token.0[..]);
        self.query::<u64>(&remove) == 1
    }

    fn lose(&self, chance: &mut Chance, keys: &[Key], tags: &[Tag]) -> Option<Trouble> {
        let (key, tag) = (chance.pick(keys).as_str(), chance.pick(tags).as_str());
        let (name, lost) = match chance.below(7) {
            0 | 1 => (self.name('t', tag), Trouble::EpochLost(Some(tag.into()))),
            2 => (self.name('a', ""), Trouble::EpochLost(None)),
            3 => (self.name('e', ""), Trouble::MarkLost),
            4 => (self.name('r', key), Trouble::ElectionEnded(key.into())),
            5 => (self.name('k', key), Trouble::EntryLost(key.into())),
            // With its token, a damaged marker is still its owner's.
            _ => (self.name('k', key), Trouble::AnyLost),
        };
        let is_election = matches!(lost, Trouble::ElectionEnded(_));
        if lost == Trouble::AnyLost {
            self.flip(chance, &name);
        } else if is_election || chance.one_in(2) {
            self.query::<()>(cmd("DEL").arg(name));
        } else {
            self.query::<()>(cmd("SET").arg(name).arg("damaged").arg("KEEPTTL"));
        }
        Some(lost)
    }

    fn lose_connection(&self, process: usize) {
        let Process { proxy, connection } = &self.fleet.processes[process];
        self.fleet.tokio.block_on(async {
            let another = proxy.accepted() + 1;
            proxy.cut();
            proxy.wait_for_accepted(another).await;
            while connection.ping().await.is_err() {}
        });
    }

    fn hear_all(&self) {
        let pings = self.fleet.processes.iter().map(|process| process.connection.ping());
        self.fleet.tokio.block_on(join_all(pings));
    }
}
