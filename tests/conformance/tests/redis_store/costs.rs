//! What a step sends and receives besides the commands of the operations in
//! `sessions.rs`: to learn epochs, to wait, and in bytes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use spakky_cache_core::store::Slot;
use spakky_cache_core::{Cache, EntryOptions, Error, Grants, Lookup, LookupOptions, Store as _};
use spakky_test_support::{Commands, RedisServer, ServerOptions};

use crate::support::{
    DEADLINE, commands_of, key, open, open_two, put, read, redis, settings, tags,
};

#[tokio::test]
async fn another_process_asks_for_the_epochs_once() {
    let server = redis();
    let (store, other) = open_two(&server).await;
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
    // Often enough to meet an invalidation that comes after the evict's reply.
    for round in 0..500 {
        assert!(read(&store, "k").await.unwrap().is_some());
        store.evict(&tags(&["t"])).await.unwrap();
        // Without a read, only the evict itself makes the connection hear of it
        // before it captures.
        if round % 2 == 0 {
            assert_eq!(read(&store, "k").await, Ok(None), "{round}");
        }
        put(&store, "k", &["t"], "v").await.unwrap();
        let hit = commands_of(&server, async {
            assert!(read(&store, "k").await.unwrap().is_some());
        });
        // A connection that is slow is tested by a ping.
        let sent = hit.await.without(&["ping"]);
        assert_eq!(sent, Commands::from([("get", 1)]), "{round}");
    }
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
    assert!(found == vec![Ok(Some(value)); 60]);
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
async fn a_watch_is_one_round_trip_and_its_end_none() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &[], "v").await.unwrap();
    // A change that no client makes.
    for ends in [["PEXPIRE", "spakky:cache:k|k", "1"].as_slice(), &["FLUSHALL"]] {
        let mut change = None;
        let watched = commands_of(&server, async {
            change = Some(store.watch(Slot::Entry(&key("k"))).await.unwrap().1);
        });
        let one = Commands::from([("client|caching", 1), ("get", 1)]);
        assert_eq!(watched.await, one);
        let ended = commands_of(&server, async {
            server.command(ends).unwrap();
            tokio::time::timeout(DEADLINE, change.unwrap().wait()).await.expect(ends[0]);
        });
        assert_eq!(ended.await.total(), 1);
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
        let lookup = holder.lookup(key, &LookupOptions::default()).await;
        let Ok(Lookup::Miss(lease)) = lookup else { panic!("{lookup:?}") };
        leases.push(lease);
    }
    let second = Duration::from_secs(1);
    let sent = commands_of(&server, async {
        // Several for each key: they share what each of them reads.
        let looking = LookupOptions { max_wait: Some(second), ..LookupOptions::default() };
        let waits = keys.iter().flat_map(|key| (0..5).map(|_| waiting.lookup(key, &looking)));
        for outcome in join_all(waits).await {
            assert!(matches!(outcome, Err(Error::LockTimeout)), "{outcome:?}");
        }
    });
    // Each looks after 10, 20, 40 .. ms, and reads the epoch of everything, too. Without
    // pauses, there would be 100,000.
    let reads = sent.await.count("get");
    assert!(reads <= 20 * 50, "{reads}");
}
