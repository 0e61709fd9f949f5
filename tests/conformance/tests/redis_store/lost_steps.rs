//! Steps whose connection is lost under them by the command of another.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use spakky_cache_core::store::Slot;
use spakky_cache_core::{Cache, EntryOptions, Error, Grants, Store as _, StoreErrorKind};
use spakky_test_support::{Fault, Harm, Place, Proxy, RedisServer, ServerOptions};

use crate::support::{key, open, put, read, redis, settings, until};

/// As small as Redis allows.
const MAX_ARGUMENT_BYTES: &str = "1048576";

#[tokio::test]
async fn a_value_over_the_servers_limit_fails_by_itself() {
    for may_ask in [true, false] {
        let rules = if may_ask { "+@all" } else { "-config|get" };
        let options = ServerOptions::new()
            .argument("proto-max-bulk-len", &[MAX_ARGUMENT_BYTES])
            .user("app", "s3cret", &["~*", "&*", "+@all", rules]);
        let server = RedisServer::start(options).unwrap();
        let (username, password) = (Some("app".into()), Some("s3cret".into()));
        let settings =
            spakky_cache_redis::RedisSettings { username, password, ..settings(server.port()) };
        let store = Arc::new(open(settings).await);
        let session = Cache::new(store.clone()).session(Grants::default());
        let options = EntryOptions::default();
        session.set("k", Bytes::from_static(b"v"), &options).await.unwrap();
        // One that fits, and one that does not.
        let value = |bytes: usize| Bytes::from(vec![0; bytes]);
        session.set("large", value(1_000_000), &options).await.unwrap();
        let (refused, reads) = tokio::join!(
            session.set("larger", value(2 << 20), &options),
            join_all((0..50).map(|_| session.get("k"))),
        );
        for read in reads {
            assert_eq!(read, Ok(Some(Bytes::from_static(b"v"))), "may ask: {may_ask}");
        }
        let Err(refused) = refused else { panic!("it was stored") };
        if may_ask {
            let Error::ValueTooLarge(limit) = refused else { panic!("{refused:?}") };
            assert!((1_000_000..1 << 20).contains(&limit), "{limit}");
            let most = usize::try_from(limit).unwrap();
            session.set("most", value(most), &options).await.unwrap();
            let refused = session.set("more", value(most + 1), &options).await;
            assert_eq!(refused, Err(Error::ValueTooLarge(limit)));
        }
        assert_eq!(session.get("larger").await, Ok(None));
    }
}

#[tokio::test]
async fn a_read_that_was_under_way_is_repeated_and_a_write_is_not() {
    let server = redis();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = open(settings(proxy.port())).await;
    put(&store, "k", &["t"], "v").await.unwrap();
    let k = key("k");
    for place in [Place::Requests(0), Place::Replies(0)] {
        let fault = Fault { place, harm: Harm::Cut };
        let lost = proxy.fail(fault);
        assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("v"), "{fault:?}");
        lost.wait().await;
        let lost = proxy.fail(fault);
        let found = store.read_many(&[k.clone(), key("l")]).await.unwrap();
        assert!(found[0].clone().into_entry().is_some(), "{fault:?}");
        lost.wait().await;
        let lost = proxy.fail(fault);
        let (found, change) = store.watch(Slot::Entry(&k)).await.unwrap();
        assert!(found.into_entry().is_some() && !change.initialized(), "{fault:?}");
        lost.wait().await;
        let lost = proxy.fail(fault);
        let refused = store.remove(&[key("other")]).await;
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Unavailable, "{fault:?}");
        lost.wait().await;
        until("the connection is back", async || store.ping().await.is_ok()).await;
    }
}
