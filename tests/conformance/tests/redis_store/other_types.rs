//! Keys that hold another type than a string: another program's lists, say.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found, Slot};
use spakky_cache_core::{Cache, EntryOptions, Grants, Lookup, LookupOptions, Store as _, Sweeper};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::RedisServer;

use crate::support::{entry, key, marker, open, put, read, redis, settings, until};

fn list(server: &RedisServer, key: &str) {
    server.command(&["DEL", key]).unwrap();
    server.command(&["RPUSH", key, "x"]).unwrap();
}

#[tokio::test]
async fn a_key_of_another_type_is_foreign_and_replaced_by_comparing() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let (k, marker) = (key("k"), marker(&store).await);
    list(&server, "spakky:cache:k|k");
    let Ok(Found::Foreign(token)) = store.read(&k).await else { panic!("a list is foreign") };
    let foreign = Found::Foreign(token.clone());
    assert_eq!(store.watch(Slot::Entry(&k)).await.map(|(found, _)| found), Ok(foreign.clone()));
    assert_eq!(store.take_lease(&k, None, &marker).await, Ok(Cas::Occupied(foreign)));
    let held = Envelope::Lease(marker.clone()).cas_token();
    assert_eq!(store.give_up(&k, &held).await, Ok(false));
    assert_eq!(store.take_lease(&k, Some(&held), &marker).await, Ok(Cas::Changed));
    // MGET takes it for nothing.
    assert_eq!(store.read_many(std::slice::from_ref(&k)).await, Ok(vec![Found::Nothing]));

    assert_eq!(store.take_lease(&k, Some(&token), &marker).await, Ok(Cas::Done));
    let entry = entry(&store, &[], "v").await;
    assert_eq!(store.commit(&k, &held, &entry).await, Ok(true));
    assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn a_key_of_another_type_is_a_miss_that_the_next_load_or_write_replaces() {
    let server = redis();
    let store = Arc::new(open(settings(server.port())).await);
    let session = Cache::new(store.clone()).session(Grants::default());
    let (options, value) = (EntryOptions::default(), Bytes::from_static(b"v"));
    for replace in ["load", "set", "write", "delete"] {
        list(&server, "spakky:cache:k|k");
        assert_eq!(session.get("k").await, Ok(None));
        assert_eq!(session.get_many(["k"]).await, Ok(vec![Ok(None)]));
        match replace {
            "load" => {
                let lookup = session.lookup("k", &LookupOptions::default()).await;
                let Ok(Lookup::Miss(mut lease)) = lookup else { panic!("{lookup:?}") };
                assert_eq!(lease.commit(value.clone(), &options).await, Ok(true));
            }
            "set" => session.set("k", value.clone(), &options).await.unwrap(),
            "write" => {
                let mut lease = session.begin_write("k", &[]).await.unwrap();
                assert_eq!(lease.commit(value.clone(), &options).await, Ok(true));
            }
            _ => assert_eq!(session.delete("k").await, Ok(false)),
        }
        let expected = (replace != "delete").then(|| value.clone());
        assert_eq!(session.get("k").await, Ok(expected), "after {replace}");
    }
    assert_eq!(server.query::<u64>(redis::cmd("EXISTS").arg("spakky:cache:k|k")).unwrap(), 0);
}

#[tokio::test]
async fn epochs_and_elections_of_another_type_are_replaced() {
    let server = redis();
    let store = Arc::new(open(settings(server.port())).await);
    let keys = ["t|t", "a|", "e|", "s|"].map(|name| format!("spakky:cache:{name}"));
    let (cache, sweeper) = (Cache::new(store.clone()), Sweeper::default());
    for key in &keys {
        put(&store, "k", &["t"], "v").await.unwrap();
        // As if a minute had passed since the last sweep.
        server.command(&["DEL", "spakky:cache:s|"]).unwrap();
        list(&server, key);
        let swept = sweeper.sweep(&cache).await;
        assert!(matches!(swept, Ok(Some(_))), "{key}: {swept:?}");
        put(&store, "k", &["t"], "w").await.unwrap();
        assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("w"), "{key}");
    }
}

#[tokio::test]
async fn an_election_of_another_type_does_not_keep_an_entry_stale() {
    let server = redis();
    let store = Arc::new(open(settings(server.port())).await);
    let session = Cache::new(store).session(Grants::default());
    let soon = Some(Duration::from_millis(1));
    let options = EntryOptions { fresh_for: soon, ..EntryOptions::default() };
    session.set("k", Bytes::from_static(b"v"), &options).await.unwrap();
    list(&server, "spakky:cache:r|k");
    until("a reader refreshes", async || {
        let lookup = session.lookup("k", &LookupOptions::default()).await;
        matches!(lookup, Ok(Lookup::Stale { refresh: Some(_), .. }))
    })
    .await;
}
