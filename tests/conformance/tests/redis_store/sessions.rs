//! What each operation of a session costs (G9), once the connection knows the
//! epochs: as commands, on Redis 7 and before it.

use std::sync::Arc;

use bytes::Bytes;
use spakky_cache_core::{
    Cache, EntryOptions, Grants, Lease, Lookup, Policy, Runtime, Session, TokioRuntime,
};
use spakky_cache_redis::RedisSettings;
use spakky_test_support::{Commands, RedisServer, proof};

use crate::support::{commands_of, open, redis, settings};

const VALUE: Bytes = Bytes::from_static(b"value");

/// Operations, and the commands that each was seen to send.
struct Costs {
    server: RedisServer,
    seen: Vec<(String, Commands)>,
}

impl Costs {
    /// Sees to it that `work` sends just these commands.
    async fn expect<const N: usize>(
        &mut self,
        what: impl Into<String>,
        commands: [(&str, u64); N],
        work: impl Future<Output = ()>,
    ) {
        let what = what.into();
        let sent = commands_of(&self.server, work).await;
        let expected = Commands::from(commands);
        assert_eq!(sent, expected, "{what}: {sent}");
        self.seen.push((what, sent));
    }

    /// What an operation was seen to send.
    fn of(&self, what: &str) -> &Commands {
        &self.seen.iter().find(|(seen, _)| seen == what).unwrap().1
    }
}

fn tagged(tags: usize) -> EntryOptions {
    let tags = (0..tags).map(|n| format!("tag {n}")).collect();
    EntryOptions { tags, ..EntryOptions::default() }
}

async fn lease(guest: &Session, tags: usize) -> Lease {
    match guest.lookup("key", &tagged(tags).tags, None).await.unwrap() {
        Lookup::Miss(lease) => lease,
        other => panic!("{other:?} is no lease"),
    }
}

async fn reads(costs: &mut Costs, guest: &Session) {
    for tags in [0, 1, 16] {
        guest.set("key", VALUE, &tagged(tags)).await.unwrap();
        costs
            .expect(format!("100 hits with {tags} tags"), [("get", 100)], async {
                for _ in 0..100 {
                    assert_eq!(guest.get("key").await, Ok(Some(VALUE)));
                }
            })
            .await;
        costs
            .expect(format!("100 lookups that hit, {tags} tags"), [("get", 100)], async {
                for _ in 0..100 {
                    let found = guest.lookup("key", &tagged(tags).tags, None).await;
                    assert!(matches!(found, Ok(Lookup::Hit(_))), "{found:?}");
                }
            })
            .await;
    }
    costs
        .expect("100 misses", [("get", 100)], async {
            for n in 0..100 {
                assert_eq!(guest.get(&n.to_string()).await, Ok(None));
            }
        })
        .await;
}

async fn batches(costs: &mut Costs, guest: &Session) {
    let keys: Vec<_> = (0..64).map(|n| n.to_string()).collect();
    let keys = || keys.iter().map(String::as_str);
    costs
        .expect("set_many of 64 with 16 tags", [("set", 64)], async {
            let entries = keys().map(|key| (key, VALUE)).collect();
            guest.set_many(entries, &tagged(16)).await.unwrap();
        })
        .await;
    costs
        .expect("get_many of 64 with 16 tags", [("mget", 1)], async {
            assert_eq!(guest.get_many(keys()).await, Ok(vec![Some(VALUE); 64]));
        })
        .await;
    costs
        .expect("delete_many of 64", removals(64), async {
            assert_eq!(guest.delete_many(keys()).await, Ok(64));
        })
        .await;
    costs
        .expect("get_many of 64 that are not there", [("mget", 1)], async {
            assert_eq!(guest.get_many(keys()).await, Ok(vec![None; 64]));
        })
        .await;
}

async fn writes(costs: &mut Costs, guest: &Session) {
    for tags in [0, 1, 16] {
        let set = format!("a set with {tags} tags");
        costs
            .expect(set, [("set", 1)], async {
                guest.set("key", VALUE, &tagged(tags)).await.unwrap();
            })
            .await;
    }
    costs
        .expect("a delete", removals(1), async {
            assert_eq!(guest.delete("key").await, Ok(true));
        })
        .await;
    costs
        .expect("a delete of nothing", [("evalsha", 1), ("strlen", 1), ("unlink", 1)], async {
            assert_eq!(guest.delete("key").await, Ok(false));
        })
        .await;
    let mut write = None;
    // The mark, and the marker.
    costs
        .expect("a begin_write", [("get", 1), ("set", 1)], async {
            write = Some(guest.begin_write("key", &tagged(16).tags).await.unwrap());
        })
        .await;
    let commit = [("evalsha", 1), ("getrange", 1), ("set", 1)];
    costs
        .expect("its commit", commit, async {
            assert_eq!(write.as_mut().unwrap().commit(VALUE, &tagged(16)).await, Ok(true));
        })
        .await;
}

async fn loads(costs: &mut Costs, guest: &Session, before_7: bool) {
    let commit = [("evalsha", 1), ("getrange", 1), ("set", 1)];
    for tags in [0, 1, 16] {
        guest.delete("key").await.unwrap();
        let mut load = None;
        let work = async { load = Some(lease(guest, tags).await) };
        let lookup = format!("a lookup that takes the lease, {tags} tags");
        // The key, the mark, and the marker: where it takes a script, that
        // reads the key, too.
        if before_7 {
            costs.expect(lookup, [("evalsha", 1), ("get", 3), ("set", 1)], work).await;
        } else {
            costs.expect(lookup, [("get", 2), ("set", 1)], work).await;
        }
        costs
            .expect(format!("its commit with {tags} tags"), commit, async {
                assert_eq!(load.as_mut().unwrap().commit(VALUE, &tagged(tags)).await, Ok(true));
            })
            .await;
    }
    guest.delete("key").await.unwrap();
    let mut late = lease(guest, 0).await;
    // The mark once more.
    let looks_at_the_mark = [("evalsha", 1), ("get", 1), ("getrange", 1), ("set", 1)];
    costs
        .expect("a commit with 16 tags that are named late", looks_at_the_mark, async {
            assert_eq!(late.commit(VALUE, &tagged(16)).await, Ok(true));
        })
        .await;
}

async fn evictions(costs: &mut Costs, guest: &Session) {
    for tags in [1, 16] {
        let sent = [("set", 1 + tags as u64), ("ping", 1)];
        costs
            .expect(format!("an evict of {tags} tags"), sent, async {
                guest.evict_tags(&tagged(tags).tags).await.unwrap();
            })
            .await;
    }
    costs
        .expect("a clear", [("set", 1), ("ping", 1)], async { guest.clear().await.unwrap() })
        .await;
}

/// The script of a removal, which reads the header of what it removes.
fn removals(keys: u64) -> [(&'static str, u64); 4] {
    [("evalsha", keys), ("strlen", keys), ("getrange", 2 * keys), ("unlink", keys)]
}

#[tokio::test]
async fn every_operation_sends_as_few_commands_as_it_can() {
    for before_7 in [false, true] {
        let server = redis();
        let store = open(RedisSettings { before_7, ..settings(server.port()) }).await;
        let policy = Policy { early_refresh: 0.0, ..Policy::default() };
        let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime);
        let cache = Cache::with(Arc::new(store), policy, runtime);
        let guest = cache.session(Grants::default());
        // The epochs become known, and the mark is made.
        guest.evict_tags(&tagged(16).tags).await.unwrap();
        guest.set("key", VALUE, &tagged(16)).await.unwrap();

        let mut costs = Costs { server, seen: Vec::new() };
        reads(&mut costs, &guest).await;
        batches(&mut costs, &guest).await;
        writes(&mut costs, &guest).await;
        loads(&mut costs, &guest, before_7).await;
        evictions(&mut costs, &guest).await;
        let version = if before_7 { "before 7" } else { "7" };
        let shown = ["100 hits with 16 tags", "get_many of 64 with 16 tags", "an evict of 1 tags"];
        let shown = shown.map(|what| format!("{what}: {}", costs.of(what)));
        proof::row(
            format!("G9: what each operation costs, Redis {version}"),
            format!("{} operations", costs.seen.len()),
            shown.join("; "),
        );
    }
}
