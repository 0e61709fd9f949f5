//! A host with many guests, as a process, for the tests of fleets.
//!
//! Its argument is a [`Setup`]; [`Order`]s come on its input, and [`Report`]s
//! go to its output.

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};
use spakky_cache_core::{Grants, Policy, Prefix, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_redis::RedisSettings;
use spakky_end_to_end::artifact;
use spakky_end_to_end::backing::Backing;
use spakky_end_to_end::command::PLAYER;
use spakky_end_to_end::fleet::{Order, Report, Setup, Standing};
use spakky_end_to_end::guest::Guest;
use spakky_end_to_end::stage::{Host, Player, Stage};
use spakky_runner::GuestLimits;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let setup = std::env::args().nth(1).context("a setup is expected")?;
    let mut troupe = Troupe::new(serde_json::from_str(&setup)?).await?;
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        troupe.obey(order?);
    }
    troupe.end().await;
    Ok(())
}

/// The lines of the input. A thread reads them, so that nothing else waits.
fn orders() -> UnboundedReceiver<anyhow::Result<Order>> {
    let (sender, orders) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let order = line.map_err(Into::into).and_then(|line| Ok(serde_json::from_str(&line)?));
            if sender.send(order).is_err() {
                return;
            }
        }
    });
    orders
}

fn report(report: &Report) {
    let line = json!(report);
    // Nobody may listen any more: then this process is about to be killed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// What a guest's attendant is to do with it.
enum Cue {
    Ask(Value),
    Kill,
}

/// A host and its guests, each with an attendant: a task that hands it its
/// steps, and reports its answers.
struct Troupe {
    host: Host,
    player: Player,
    grants: Grants,
    /// Where all entries are, if it is in this process.
    embedded: Option<MemoryStore>,
    cues: HashMap<usize, UnboundedSender<Cue>>,
    attendants: JoinSet<()>,
}

impl Troupe {
    async fn new(setup: Setup) -> anyhow::Result<Self> {
        let prefix = Prefix::new(&setup.prefix)?;
        let (backing, embedded) = match setup.redis {
            None => (Backing::Embedded, Some(MemoryStore::new(Arc::new(TokioRuntime)))),
            Some(port) => {
                let host = "127.0.0.1".to_owned();
                let settings = RedisSettings { host, port, ..RedisSettings::default() };
                (Backing::Redis(Box::new(settings)), None)
            }
        };
        let store = match &embedded {
            Some(store) => store.keyspace(&prefix),
            None => backing.open(&prefix, 1).await?.pop().context("one was asked for")?,
        };
        let policy = Policy { lease: setup.lease, ..Policy::default() };
        let host = Host::new(store, backing.config(&prefix), policy);
        let player = Stage::new()?.player(&artifact::guest(PLAYER)?)?;
        let grants = Grants { leases: setup.leases, ..Grants::default() };
        let (cues, attendants) = (HashMap::new(), JoinSet::new());
        let mut troupe = Self { host, player, grants, embedded, cues, attendants };
        for guest in 0..setup.guests {
            troupe.start(guest, GuestLimits::default());
        }
        Ok(troupe)
    }

    fn obey(&mut self, order: Order) {
        // Those that have ended are not kept in mind.
        while self.attendants.try_join_next().is_some() {}
        self.cues.retain(|_, cues| !cues.is_closed());
        match order {
            Order::Start { guest, time } => {
                self.start(guest, GuestLimits { time, ..GuestLimits::default() });
            }
            Order::Ask { guest, step } => self.cue(guest, Cue::Ask(step)),
            Order::Kill { guest } => self.cue(guest, Cue::Kill),
            Order::Standing => report(&Report::Standing(self.standing())),
        }
    }

    /// One that has ended has reported so, and gets no cue.
    fn cue(&self, guest: usize, cue: Cue) {
        if let Some(cues) = self.cues.get(&guest) {
            let _ = cues.send(cue);
        }
    }

    fn start(&mut self, number: usize, limits: GuestLimits) {
        let guest = self.host.guest(&self.player, self.grants.clone(), limits);
        let (cues, to_attendant) = unbounded_channel();
        self.cues.insert(number, cues);
        self.attendants.spawn(attend(number, guest, to_attendant));
    }

    fn standing(&self) -> Standing {
        let counts = self.host.metrics();
        Standing {
            hits: counts.hits,
            misses: counts.misses,
            writes: counts.writes,
            stampede_waits: counts.stampede_waits,
            tasks: Handle::current().metrics().num_alive_tasks(),
            guests: self.attendants.len(),
            stored_bytes: self.embedded.as_ref().map_or(0, MemoryStore::used_bytes),
        }
    }

    async fn end(mut self) {
        self.cues.clear();
        self.attendants.join_all().await;
    }
}

/// Attends to a guest until it has ended.
async fn attend(number: usize, mut guest: Guest, mut cues: UnboundedReceiver<Cue>) {
    // A guest that answers has been instantiated.
    let ready = guest.play(&json!({ "op": "sleep", "ms": 0 })).await.is_ok();
    if ready {
        report(&Report::Ready { guest: number });
    }
    let how = loop {
        tokio::select! {
            cue = cues.recv() => match cue {
                // If it has ended, it is about to be heard of.
                Some(Cue::Ask(step)) => drop(guest.ask(&step).await),
                Some(Cue::Kill) => break Ok(guest.kill().await),
                None => break guest.end().await,
            },
            answer = guest.next_answer() => match answer {
                Ok(Some(answer)) => report(&Report::Answer { guest: number, answer }),
                Ok(None) => break guest.end().await,
                Err(error) => break Err(error),
            },
        }
    };
    drop(guest);
    let how = how.map_or_else(|error| format!("{error:#}"), |ending| ending.word().to_owned());
    report(&Report::Ended { guest: number, how });
}
