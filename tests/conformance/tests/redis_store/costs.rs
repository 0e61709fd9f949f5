//! How many commands each step sends: what a cache costs a Redis.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use spakky_cache_core::entry::{Envelope, Id};
use spakky_cache_core::store::{Cas, Found, Slot};
use spakky_cache_core::{Cache, EntryOptions, Error, Grants, Lookup, Store as _, TokioRuntime};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{Commands, RedisServer, ServerOptions};

use crate::support::{
    commands_of, entry, key, marker, open, put, read, redis, settings, tags, value,
};

#[tokio::test]
async fn another_process_asks_for_the_epochs_once() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    put(&store, "k", &["a", "b"], "v").await.unwrap();
    put(&store, "l", &["a", "b"], "v").await.unwrap();
    let first = commands_of(&server, async {
        assert!(read(&other, "k").await.unwrap().is_some());
    });
    assert_eq!(first.await, Commands::from([("get", 4), ("client|caching", 3), ("pttl", 3)]));
    let second = commands_of(&server, async {
        assert!(read(&other, "l").await.unwrap().is_some());
    });
    assert_eq!(second.await, Commands::from([("get", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_an_own_evict_is_a_hit_of_one_get() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &["t"], "v").await.unwrap();
    // Often enough to meet the invalidation between the evict's reply and the
    // next command, if there were such a moment.
    for round in 0..500 {
        assert!(read(&store, "k").await.unwrap().is_some());
        store.evict(&tags(&["t"])).await.unwrap();
        // Without a read in between, too: then nothing else makes the connection
        // hear of its own evict before it captures.
        if round % 2 == 0 {
            assert_eq!(read(&store, "k").await, Ok(None), "{round}");
        }
        put(&store, "k", &["t"], "v").await.unwrap();
        let hit = commands_of(&server, async {
            assert!(read(&store, "k").await.unwrap().is_some());
        });
        assert_eq!(hit.await, Commands::from([("get", 1)]), "{round}");
    }
}

#[tokio::test]
async fn batches_are_one_round_trip() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    let names: Vec<_> = (0..100).map(|number| key(&number.to_string())).collect();
    let entries = async || {
        let entry = Envelope::Entry(entry(&store, &["t"], "v").await.unwrap());
        names.iter().map(|name| (name.clone(), entry.clone())).collect::<Vec<_>>()
    };
    let some = entries().await;
    let puts = commands_of(&server, async { store.put(&some).await.unwrap() });
    assert_eq!(puts.await, Commands::from([("set", 100)]));
    let alive = |found: Vec<Found>| found.into_iter().filter_map(value).count();
    let first = commands_of(&server, async {
        assert_eq!(alive(other.read_many(&names).await.unwrap()), 100);
    });
    assert_eq!(
        first.await,
        Commands::from([("mget", 1), ("get", 2), ("client|caching", 2), ("pttl", 2)])
    );
    let second = commands_of(&server, async {
        assert_eq!(alive(other.read_many(&names).await.unwrap()), 100);
        assert_eq!(other.read_many(&[]).await.unwrap(), []);
    });
    assert_eq!(second.await, Commands::from([("mget", 1)]));
    let removed = commands_of(&server, async {
        assert_eq!(other.remove(&names).await, Ok(vec![true; 100]));
        assert_eq!(other.remove(&[]).await, Ok(Vec::new()));
        other.put(&[]).await.unwrap();
    });
    // Of each the header is fetched, in two parts, and not the value.
    let parts = [("evalsha", 100), ("strlen", 100), ("getrange", 200), ("unlink", 100)];
    assert_eq!(removed.await, Commands::from(parts));
}

#[tokio::test]
async fn a_removal_fetches_no_values() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &["t"], &"v".repeat(4 << 20)).await.unwrap();
    let before = bytes_sent(&server);
    assert_eq!(store.remove(&[key("k")]).await, Ok(vec![true]));
    let sent = bytes_sent(&server) - before;
    assert!(sent < 64 << 10, "{sent} bytes");
}

#[tokio::test]
async fn a_batch_that_names_a_key_many_times_fetches_it_once() {
    let server = redis();
    let cache = Cache::new(Arc::new(open(settings(server.port())).await));
    let guest = cache.session(Grants::default());
    let value = Bytes::from(vec![7; 1 << 20]);
    guest.set("k", value.clone(), &EntryOptions::default()).await.unwrap();
    let before = bytes_sent(&server);
    let found = guest.get_many(["k"; 60]).await.unwrap();
    assert!(found == vec![Some(value); 60]);
    let sent = bytes_sent(&server) - before;
    assert!(sent < 2 << 20, "{sent} bytes");
}

/// The bytes that the server has sent to its clients.
fn bytes_sent(server: &RedisServer) -> u64 {
    let info: String = server.query(redis::cmd("INFO").arg("stats")).unwrap();
    let field = info.lines().find_map(|line| line.strip_prefix("total_net_output_bytes:"));
    field.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_load_is_a_lease_and_a_commit() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let marker = marker(&store).await;
    let cas_token = Envelope::Lease(marker.clone()).cas_token();
    let taken = commands_of(&server, async {
        assert_eq!(store.take_lease(&key("k"), None, &marker).await, Ok(Cas::Done));
    });
    assert_eq!(taken.await, Commands::from([("set", 1)]));
    let renewed = commands_of(&server, async {
        assert_eq!(store.renew(&key("k"), &cas_token, Duration::from_secs(9)).await, Ok(true));
    });
    let script =
        |inner: &'static str| Commands::from([("evalsha", 1), ("getrange", 1), (inner, 1)]);
    assert_eq!(renewed.await, script("pexpire"));
    let entry = entry(&store, &[], "v").await.unwrap();
    let committed = commands_of(&server, async {
        assert_eq!(store.commit(&key("k"), &cas_token, &entry).await, Ok(true));
    });
    assert_eq!(committed.await, script("set"));
    let given_up = commands_of(&server, async {
        let cas_token = Envelope::Entry(entry.clone()).cas_token();
        assert_eq!(store.give_up(&key("k"), &cas_token).await, Ok(true));
    });
    assert_eq!(given_up.await, script("unlink"));
}

#[tokio::test]
async fn elections_and_marks() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let token = Id::random(&TokioRuntime);
    let elected = commands_of(&server, async {
        assert_eq!(
            store.elect(Slot::Refresh(&key("k")), token, Duration::from_secs(9)).await,
            Ok(true)
        );
    });
    assert_eq!(elected.await, Commands::from([("set", 1)]));
    // The first asks for a mark makes one; it stays until an eviction.
    let first = store.eviction_mark().await.unwrap();
    assert!(first.is_some());
    let again = commands_of(&server, async {
        assert_eq!(store.eviction_mark().await.unwrap(), first);
    });
    assert_eq!(again.await, Commands::from([("get", 1)]));
    store.evict(&[]).await.unwrap();
    let second = store.eviction_mark().await.unwrap();
    assert!(second.is_some() && second != first);
    // A lost one is not the one that was there before, nor is it none.
    server.command(&["DEL", "spakky:cache:e|"]).unwrap();
    let third = store.eviction_mark().await.unwrap();
    assert!(third.is_some() && third != second && third != first);
}

#[tokio::test]
async fn a_watch_is_one_round_trip_and_wakes_up_by_itself() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    put(&store, "k", &[], "v").await.unwrap();
    let mut change = None;
    let watched = commands_of(&server, async {
        let (found, fires) = store.watch(&key("k")).await.unwrap();
        assert_eq!(value(found).as_deref(), Some("v"));
        change = Some(fires);
    });
    assert_eq!(watched.await, Commands::from([("client|caching", 1), ("get", 1)]));
    let change = change.unwrap();
    assert!(!change.initialized());
    let waits = commands_of(&server, async {
        put(&other, "k", &[], "w").await.unwrap();
        change.wait().await;
    });
    // The other one captures for the first time; the waiter sends nothing.
    let waits = waits.await;
    assert_eq!(waits.count("client|caching") + waits.count("pttl"), 2, "{waits}");
    assert_eq!(
        waits.without(&["client|caching", "pttl"]),
        Commands::from([("set", 2), ("get", 1)])
    );

    // By an own write, a removal, an end of life and a flush as well.
    for how in ["own", "removed", "expired", "flushed"] {
        put(&store, "k", &[], "v").await.unwrap();
        let (_, change) = store.watch(&key("k")).await.unwrap();
        match how {
            "own" => put(&store, "k", &[], "w").await.unwrap(),
            "removed" => drop(other.remove(&[key("k")]).await.unwrap()),
            "expired" => drop(server.command(&["PEXPIRE", "spakky:cache:k|k", "1"]).unwrap()),
            _ => drop(server.command(&["FLUSHALL"]).unwrap()),
        }
        tokio::time::timeout(crate::support::DEADLINE, change.wait()).await.expect(how);
    }
}

#[tokio::test]
async fn a_server_that_tracks_fewer_keys_than_are_waited_for_is_not_kept_busy() {
    let options = ServerOptions::new().argument("tracking-table-max-keys", &["10"]);
    let server = RedisServer::start(options).unwrap();
    let session = async || {
        let store = open(settings(server.port())).await;
        Cache::new(Arc::new(store)).session(Grants::default())
    };
    let (holder, waiting) = (session().await, session().await);
    let keys: Vec<_> = (0..20).map(|number| format!("k{number}")).collect();
    let mut leases = Vec::new();
    for key in &keys {
        let lookup = holder.lookup(key, &[], None).await;
        let Ok(Lookup::Miss(lease)) = lookup else { panic!("{lookup:?}") };
        leases.push(lease);
    }
    let second = Duration::from_secs(1);
    let sent = commands_of(&server, async {
        // Several for each key: they share what each of them reads.
        let waits =
            keys.iter().flat_map(|key| (0..5).map(|_| waiting.lookup(key, &[], Some(second))));
        for outcome in join_all(waits).await {
            assert!(matches!(outcome, Err(Error::LockTimeout)), "{outcome:?}");
        }
    });
    // Each looks after 10, 20, 40 .. ms, and reads the epoch of everything, too. Without
    // pauses, there would be 100,000.
    let reads = sent.await.count("get");
    assert!(reads <= 20 * 50, "{reads}");
}
