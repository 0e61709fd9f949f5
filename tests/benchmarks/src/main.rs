//! What the cache costs, beside the `redis` crate doing the nearest thing to it
//! without the cache's guarantees, on one private server in one run.
//!
//! Each measurement takes turns with its peer, and what is shown is the median
//! of the ratios of their turns: the machine may be slow or noisy, both sides
//! are alike.

mod guests;
mod ours;
mod raw;
mod table;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use spakky_test_support::{Commands, RedisServer, ServerOptions};

use crate::ours::Ours;
use crate::raw::Raw;
use crate::table::{Row, Side};

/// Measures the cache on Redis beside the redis crate, on a server of its own.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many turns each side gets; the first is a warm-up and not counted
    #[arg(long, default_value_t = 7)]
    turns: usize,
    /// How many operations a turn has
    #[arg(long, default_value_t = 2_000)]
    operations: usize,
    /// Measure only rows whose names contain this
    #[arg(default_value = "")]
    only: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure what a guest costs in each language, beside one in Rust
    Guests(guests::Arguments),
}

/// One side's turn: what it did, by how many operations to divide.
#[derive(Clone, Copy, Debug)]
struct Turn {
    took: Duration,
    operations: usize,
}

/// Times `work`, which does `operations` operations.
async fn timed(
    operations: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Turn> {
    let began = Instant::now();
    work.await?;
    Ok(Turn { took: began.elapsed(), operations })
}

/// What both sides can be asked to do.
#[derive(Clone, Copy, Debug)]
enum Task {
    Hit { tags: usize },
    HitsAtOnce(usize),
    Miss,
    Set { tags: usize },
    Evict(usize),
    Waiters(usize),
}

impl Task {
    const ALL: [(&str, &str, Self); 11] = [
        ("hit", "GET", Self::Hit { tags: 0 }),
        ("hit, 16 tags", "GET", Self::Hit { tags: 16 }),
        ("hit, 64 at once", "GET", Self::HitsAtOnce(64)),
        ("miss", "GET", Self::Miss),
        ("set", "SET PX", Self::Set { tags: 0 }),
        ("set, 2 tags", "SET PX, SADD, SADD", Self::Set { tags: 2 }),
        ("evict 1", "SMEMBERS, UNLINK", Self::Evict(1)),
        ("evict 1,000", "SMEMBERS, UNLINK", Self::Evict(1_000)),
        ("evict 100,000", "SMEMBERS, UNLINK", Self::Evict(100_000)),
        ("3 waiters, 100 ms load", "SET NX, poll 10 ms", Self::Waiters(3)),
        ("100 waiters, 100 ms load", "SET NX, poll 10 ms", Self::Waiters(100)),
    ];
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Command::Guests(arguments)) = &arguments.command {
        return guests::measure(arguments).await;
    }
    let server = RedisServer::start(ServerOptions::new())?;
    let ours = Ours::connect(server.port()).await?;
    let raw = Raw::connect(server.port()).await?;
    let mut rows = Vec::new();
    for (name, peer, task) in Task::ALL {
        if !name.contains(&arguments.only) {
            continue;
        }
        table::progress(name);
        rows.push(measure(&server, &ours, &raw, name, peer, task, &arguments).await?);
    }
    anyhow::ensure!(!rows.is_empty(), "no row's name contains {:?}", arguments.only);
    table::print(&rows, arguments.turns);
    Ok(())
}

async fn measure(
    server: &RedisServer,
    ours: &Ours,
    raw: &Raw,
    name: &'static str,
    peer: &'static str,
    task: Task,
    arguments: &Arguments,
) -> anyhow::Result<Row> {
    let (mut a, mut b) = (Side::default(), Side::default());
    let turns = match task {
        // They take long to set up, and differ by orders of magnitude.
        Task::Evict(100_000) | Task::Waiters(_) => arguments.turns.min(3),
        _ => arguments.turns,
    };
    for turn in 0..=turns {
        let warm_up = turn == 0;
        ours.prepare(task).await?;
        let before = server.commands()?;
        let ours = ours.turn(task, arguments.operations).await.context("the cache")?;
        a.add(ours, &sent(server, &before)?, warm_up);
        raw.prepare(task).await?;
        let before = server.commands()?;
        let raw = raw.turn(task, arguments.operations).await.context("the redis crate")?;
        b.add(raw, &sent(server, &before)?, warm_up);
    }
    Ok(Row { name, peer, ours: a, raw: b })
}

/// What was sent since, without what counting sends itself.
fn sent(server: &RedisServer, before: &Commands) -> anyhow::Result<Commands> {
    Ok(server.commands()?.since(before).without(&["info", "hello", "client|setinfo", "select"]))
}
