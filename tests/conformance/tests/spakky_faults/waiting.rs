//! Spakky's waiters ask every 10 ms, count a miss each time, and take a
//! connection each, of which there are a hundred.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Cache, EntryOptions, Policy};
use spakky_test_support::Commands;
use tokio::sync::Barrier;

use crate::host::{
    PREFIX, commands_of, connect, get_or_load, guest, guest_of_its_own, lease, mended, policy,
    process, redis, until,
};

/// What a waiting process may send in all.
const FEW: u64 = 10;

/// So many guests of `host` look "key" up, which another process loads: each
/// must find what that stored.
async fn all_wait(host: &Cache, waiters: usize) {
    let waiting = (0..waiters).map(|_| async {
        let guest = guest(host);
        get_or_load(&guest, "key", async || panic!("it is being loaded")).await
    });
    for found in join_all(waiting).await {
        assert_eq!(found, Ok(Bytes::from_static(b"loaded")));
    }
}

#[tokio::test]
async fn a_hundred_waiters_send_as_little_as_one_however_long_the_load() {
    let server = redis();
    let loader = guest_of_its_own(&server).await;
    let mut sent = Vec::new();
    for (waiters, load) in [(1, 200), (100, 200), (100, 1_000)] {
        let mut held = lease(&loader, "key", &[]).await;
        // New each time: it knows nothing yet.
        let host = process(&server).await;
        let commands = commands_of(&server, async {
            tokio::join!(all_wait(&host, waiters), async {
                until("all wait", async || host.metrics().stampede_waits == waiters as u64).await;
                tokio::time::sleep(Duration::from_millis(load)).await;
                assert!(held.commit("loaded".into(), &EntryOptions::default()).await.unwrap());
            });
        });
        // Without heartbeats, and without the loader's commit.
        let commands = commands.await.without(&["ping"]);
        let commit = Commands::from([("evalsha", 1), ("getrange", 1), ("set", 1)]);
        let own = commands.since(&commit);
        assert_eq!(own.total() + commit.total(), commands.total(), "{commands}");
        assert!(own.total() <= FEW, "{waiters} waiters of a load of {load} ms: {own}");
        sent.push(own.total());
        assert!(loader.delete("key").await.unwrap());
    }
    mended(
        "waiters poll every 10 ms",
        "1 and 100 waiters of 200 ms, 100 of 1 s",
        &format!("commands: {}, {}, {}", sent[0], sent[1], sent[2]),
    );
}

#[tokio::test]
async fn a_load_is_one_miss_and_every_wait_a_hit() {
    const WAITERS: u64 = 100;
    let server = redis();
    // Short, so that waiters are woken by renewals, and look again.
    let short = Policy { lease: Duration::from_secs(1), ..policy() };
    let (loading, waiting) = (connect(server.port(), PREFIX, short).await, process(&server).await);
    let mut held = lease(&guest(&loading), "key", &[]).await;
    tokio::join!(all_wait(&waiting, 100), async {
        until("all wait", async || waiting.metrics().stampede_waits == WAITERS).await;
        until("the lease is renewed", async || server.commands().unwrap().count("pexpire") >= 4)
            .await;
        assert!(held.commit("loaded".into(), &EntryOptions::default()).await.unwrap());
    });
    let none = Snapshot::default();
    assert_eq!(loading.metrics(), Snapshot { misses: 1, writes: 1, ..none });
    assert_eq!(waiting.metrics(), Snapshot { hits: WAITERS, stampede_waits: WAITERS, ..none });
    mended("one load counts many misses", "100 waiters, 4 renewals", "1 miss, 1 write");
}

#[tokio::test]
async fn three_hundred_callers_at_once_are_all_served_by_one_connection() {
    const CALLERS: usize = 300;
    let server = redis();
    let host = process(&server).await;
    let clients = || {
        let clients: String = server.query(redis::cmd("CLIENT").arg("LIST")).unwrap();
        clients.matches(" addr=127.0.0.1:").count()
    };
    let loads = AtomicU64::new(0);

    // Of one key: one loads, once the others wait.
    let one_key = (0..CALLERS).map(|_| async {
        let guest = guest(&host);
        let load = async || {
            loads.fetch_add(1, SeqCst);
            until("all others wait", async || host.metrics().stampede_waits + 1 == CALLERS as u64)
                .await;
            "one".into()
        };
        get_or_load(&guest, "one", load).await
    });
    let found = join_all(one_key).await;
    assert!(found.iter().all(|found| *found == Ok("one".into())), "{found:?}");
    assert_eq!(loads.swap(0, SeqCst), 1);

    // Of as many keys: none is done before all of them load.
    let all_load = Arc::new(Barrier::new(CALLERS));
    let many_keys = (0..CALLERS).map(|n| {
        let (host, all_load, loads) = (&host, all_load.clone(), &loads);
        async move {
            let guest = guest(host);
            let load = async || {
                loads.fetch_add(1, SeqCst);
                all_load.wait().await;
                n.to_string().into()
            };
            get_or_load(&guest, &format!("key {n}"), load).await
        }
    });
    let found = tokio::time::timeout(Duration::from_secs(20), join_all(many_keys)).await.unwrap();
    for (n, found) in found.into_iter().enumerate() {
        assert_eq!(found, Ok(n.to_string().into()));
    }
    assert_eq!(loads.load(SeqCst), CALLERS as u64);

    // And each operation, all of them sent before the first is answered.
    let options = EntryOptions::default();
    let operations = (0..CALLERS).map(async |n| {
        let (guest, key) = (guest(&host), format!("key {n}"));
        match n % 5 {
            0 => guest.set(&key, "new".into(), &options).await,
            1 => guest.delete(&key).await.map(drop),
            2 => guest.evict_tags(&["tag".into()]).await,
            3 => guest.get_many([key.as_str(), "one"]).await.map(drop),
            _ => guest.get(&key).await.map(drop),
        }
    });
    let done = join_all(operations).await;
    assert_eq!(done, vec![Ok(()); CALLERS]);
    assert_eq!(clients(), 1);
    mended("the 101st concurrent caller fails", "300 callers, 3 ways", "none fails, 1 connection");
}
