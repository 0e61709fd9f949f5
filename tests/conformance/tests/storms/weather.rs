//! What goes wrong with the network and the server while they are used.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;
use spakky_cache_core::Grants;
use spakky_simulation::simulation::Chance;
use spakky_test_support::{Fault, Harm, Place};

use crate::evictions::MARKER;
use crate::world::World;

/// The sizes of the values that fill the memory: the small ones fill what the
/// large ones leave.
const BALLAST: [usize; 3] = [64 << 10, 4 << 10, 64];
/// How many of each: enough to evict everything else.
const PIECES: usize = 128;

/// How often each of several things happened.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// As `3 cuts, 2 delays`.
pub(crate) fn counted(counts: &Counts) -> String {
    counts.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Connections are cut, reset, half-closed, silent and slow, anywhere.
    Network,
    /// The server is killed, and starts again, empty.
    Restarts,
    /// The memory is filled, and emptied again.
    Ballast,
    /// Administrators flush, kill and pause.
    Commands,
}

/// Makes trouble.
pub(crate) struct Trouble<'a> {
    pub(crate) world: &'a World,
    pub(crate) chance: Chance,
    pub(crate) counts: Counts,
}

impl Trouble<'_> {
    /// Goes on until then, and leaves networks that work.
    pub(crate) async fn make(&mut self, weather: Weather, until: Instant) {
        while Instant::now() < until {
            match weather {
                Weather::Network => self.disturb().await,
                Weather::Restarts => self.restart().await,
                Weather::Ballast => self.fill().await,
                Weather::Commands => self.command().await,
            }
        }
        for process in &self.world.processes {
            process.proxy.calm();
        }
    }

    fn did(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    async fn pause(&mut self, millis: u64) {
        let pause = self.chance.span(Duration::ZERO, Duration::from_millis(millis));
        tokio::time::sleep(pause).await;
    }

    /// Something happens to one network.
    async fn disturb(&mut self) {
        self.pause(20).await;
        let world = self.world;
        let proxy = &self.chance.pick(&world.processes).proxy;
        let (at_once, in_handshake) = (self.fault(4_000), self.fault(3_000));
        match self.chance.below(9) {
            0..=2 => {
                proxy.cut();
                self.did("cuts");
            }
            3..=7 => {
                proxy.fail(at_once);
                self.did("faults");
            }
            _ => {
                proxy.fail_next(in_handshake);
                proxy.cut();
                self.did("faults in handshakes");
            }
        }
    }

    fn fault(&mut self, bytes: usize) -> Fault {
        let delay = Harm::Delay(Duration::from_millis(20));
        let harms =
            [Harm::Cut, Harm::Reset, Harm::EndRequests, Harm::EndReplies, delay, Harm::Silence];
        let at = self.chance.below(bytes);
        let place = *self.chance.pick(&[Place::Requests(at), Place::Replies(at)]);
        Fault { place, harm: *self.chance.pick(&harms) }
    }

    async fn restart(&mut self) {
        self.pause(400).await;
        let world = self.world;
        let mut server = world.server().await;
        server.stop();
        self.pause(100).await;
        tokio::task::block_in_place(|| server.start_again_on_same_port()).unwrap();
        self.did("restarts");
    }

    /// Fills the memory, and empties it again.
    async fn fill(&mut self) {
        let (world, mut pieces) = (self.world, Vec::new());
        let mut refused = 0;
        // Leases that are held meanwhile, if there is room for them.
        let session = world.processes[0].cache.session(Grants::default());
        let names: Vec<String> = (0..8).map(|number| format!("{MARKER}{number}")).collect();
        let leases = join_all(names.iter().map(|name| session.begin_write(name, &[]))).await;
        for size in BALLAST {
            let piece = "x".repeat(size);
            for number in 0..PIECES {
                let name = format!("ballast {size} {number}");
                if world.server().await.command(&["SET", &name, &piece]).is_err() {
                    refused += 1;
                    break;
                }
                pieces.push(name);
                tokio::task::yield_now().await;
            }
        }
        self.did(if refused == BALLAST.len() { "times that memory was full" } else { "fillings" });
        self.pause(100).await;
        drop(leases);
        for piece in &pieces {
            world.server().await.command(&["UNLINK", piece]).unwrap();
        }
        self.pause(100).await;
    }

    async fn command(&mut self) {
        self.pause(50).await;
        let pause = self.chance.span(Duration::from_millis(1), Duration::from_millis(150));
        let pause = pause.as_millis().to_string();
        let commands: [(&'static str, &[&str]); 8] = [
            ("flushes", &["FLUSHALL"]),
            ("flushes", &["FLUSHDB", "ASYNC"]),
            ("forgotten scripts", &["SCRIPT", "FLUSH"]),
            ("kills", &["CLIENT", "KILL", "TYPE", "normal"]),
            ("pauses", &["CLIENT", "PAUSE", &pause, "ALL"]),
            ("pauses", &["CLIENT", "PAUSE", &pause, "WRITE"]),
            ("lost epochs", &["UNLINK", "storm:a|", "storm:e|"]),
            ("lost epochs", &["SET", "storm:a|", "junk"]),
        ];
        let (what, command) = *self.chance.pick(&commands);
        let world = self.world;
        // What follows a pause waits for its end.
        let server = world.server().await;
        tokio::task::block_in_place(|| server.command(command)).unwrap();
        self.did(what);
    }
}
