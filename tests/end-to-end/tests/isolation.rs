//! Twenty guests in one process, half of which misbehave. The others are not affected, and
//! what the bad ones held is free when they have ended.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use spakky_cache_core::{Grants, Policy, Prefix};
use spakky_cache_redis::RedisSettings;
use spakky_end_to_end::backing::Backing;
use spakky_end_to_end::guest::{Ending, Guest};
use spakky_end_to_end::language::RUST;
use spakky_end_to_end::stage::{Host, Player, Stage};
use spakky_runner::GuestLimits;
use spakky_test_support::{RedisServer, ServerOptions};
use tokio::sync::watch;

/// How the bad ones misbehave once they hold a key, and how it ends.
const BAD: [(&str, &str); 10] = [
    (r#"{"op": "trap"}"#, "trap"),
    (r#"{"op": "trap"}"#, "trap"),
    (r#"{"op": "panic"}"#, "trap"),
    (r#"{"op": "overflow"}"#, "trap"),
    (r#"{"op": "eat", "mib": 100}"#, "trap"),
    (r#"{"op": "eat", "mib": 100}"#, "trap"),
    (r#"{"op": "loop"}"#, "time"),
    (r#"{"op": "loop"}"#, "time"),
    (r#"{"op": "leak", "lease": "held"}"#, "well"),
    (r#"{"op": "leak", "lease": "held"}"#, "well"),
];
const GOOD: usize = 10;
/// How many rounds a good one plays at least.
const ROUNDS: usize = 20;

/// The limits of all guests, which the good ones stay within.
fn limits() -> GuestLimits {
    GuestLimits { memory_bytes: 32 << 20, ..GuestLimits::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_guests_hurt_only_themselves_embedded() -> anyhow::Result<()> {
    bad_guests_hurt_only_themselves(&Backing::Embedded).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_guests_hurt_only_themselves_on_redis() -> anyhow::Result<()> {
    let server = RedisServer::start(ServerOptions::new())?;
    let settings = RedisSettings {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        ..RedisSettings::default()
    };
    bad_guests_hurt_only_themselves(&Backing::Redis(Box::new(settings))).await
}

async fn bad_guests_hurt_only_themselves(backing: &Backing) -> anyhow::Result<()> {
    let prefix = Prefix::new("isolation:")?;
    let store = backing.open(&prefix, 1).await?.pop().context("one was asked for")?;
    // So long that only the end of its guest can free a key.
    let policy = Policy { lease: Duration::from_mins(10), ..Policy::default() };
    let host = Host::new(store, backing.config(&prefix), policy);
    let player = Stage::new()?.player(&RUST.player()?)?;

    let (done, over) = watch::channel(false);
    let good: Vec<_> = (0..GOOD)
        .map(|number| tokio::spawn(be_good(host.clone(), player.clone(), number, over.clone())))
        .collect();
    let bad: Vec<_> = (0..BAD.len())
        .map(|number| tokio::spawn(be_bad(host.clone(), player.clone(), number)))
        .collect();
    for (task, (does, ends)) in bad.into_iter().zip(BAD) {
        let ending = task.await?.with_context(|| format!("the one that was to {does}"))?;
        ensure!(ending.word() == ends, "{does}: expected the end {ends}, got {ending}");
    }
    done.send_replace(true);
    for task in good {
        let rounds = task.await?.context("a good one")?;
        ensure!(rounds >= ROUNDS, "expected {ROUNDS} rounds, got {rounds}");
    }

    let mut guest = host.guest(&player, Grants::default(), limits());
    for number in 0..BAD.len() {
        let step = json!({
            "op": "get_or_load", "key": key(number), "loader": { "value": "free" },
        });
        expect(&mut guest, &step, &json!({ "value": "free", "loaded": true })).await?;
    }
    Ok(())
}

fn key(number: usize) -> String {
    format!("held by {number}")
}

/// Takes a key, then misbehaves.
async fn be_bad(host: Host, player: Player, number: usize) -> anyhow::Result<Ending> {
    let (does, _) = BAD[number];
    let step: Value = serde_json::from_str(does)?;
    let time = (step["op"] == "loop").then_some(Duration::from_millis(500));
    let mut guest = host.guest(&player, Grants::default(), GuestLimits { time, ..limits() });
    let lookup = json!({ "op": "lookup", "key": key(number), "lease": "held" });
    expect(&mut guest, &lookup, &json!({ "result": "miss" })).await?;
    guest.ask(&step).await?;
    if step["op"] == "leak" {
        guest.answer().await?;
    }
    guest.end().await
}

/// Uses the cache until it is `over`, and checks each answer.
async fn be_good(
    host: Host,
    player: Player,
    number: usize,
    over: watch::Receiver<bool>,
) -> anyhow::Result<usize> {
    let mut guest = host.guest(&player, Grants::default(), limits());
    let mut round = 0;
    while round < ROUNDS || !*over.borrow() {
        let (key, tag) = (format!("of {number}"), format!("tag of {number}"));
        let value = format!("{round} of {number}");
        let options = json!({ "tags": [tag], "ttl_ms": 600_000 });
        let set = json!({ "op": "set", "key": key, "value": value, "options": options });
        expect(&mut guest, &set, &Value::Null).await?;
        let get = json!({ "op": "get", "key": key });
        expect(&mut guest, &get, &json!({ "hit": true, "value": value })).await?;
        let evict = json!({ "op": "evict_tags", "tags": [tag] });
        expect(&mut guest, &evict, &Value::Null).await?;
        let load = json!({ "op": "get_or_load", "key": key, "loader": { "value": round } });
        expect(&mut guest, &load, &json!({ "value": round, "loaded": true })).await?;
        round += 1;
    }
    let ending = guest.end().await?;
    ensure!(ending == Ending::Well, "it ended: {ending}");
    Ok(round)
}

async fn expect(guest: &mut Guest, step: &Value, result: &Value) -> anyhow::Result<()> {
    let (answer, expected) = (guest.play(step).await?, json!({ "ok": result }));
    ensure!(answer == expected, "{step}: expected {expected}, got {answer}");
    Ok(())
}
