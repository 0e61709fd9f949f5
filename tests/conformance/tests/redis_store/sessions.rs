//! The commands of each operation of a session (G9), once the connection knows
//! the epochs, on Redis 7 and before it.

use std::sync::Arc;

use bytes::Bytes;
use spakky_cache_core::{
    Cache, EntryOptions, Grants, Lease, Lookup, LookupOptions, Policy, Session, TokioRuntime,
};
use spakky_cache_redis::RedisSettings;
use spakky_test_support::{Commands, RedisServer, proof};

use crate::support::{commands_of, open, redis, settings};

const VALUE: Bytes = Bytes::from_static(b"value");
/// The script of a commit.
const COMMIT: [(&str, u64); 3] = [("evalsha", 1), ("getrange", 1), ("set", 1)];

/// Operations, and the commands that each sent.
struct Costs {
    server: RedisServer,
    seen: Vec<(String, Commands)>,
}

impl Costs {
    /// Checks that `work` sends just these commands, and returns its answer.
    async fn expect<const N: usize, T>(
        &mut self,
        what: impl Into<String>,
        commands: [(&str, u64); N],
        work: impl Future<Output = T>,
    ) -> T {
        let (what, mut answer) = (what.into(), None);
        let sent = commands_of(&self.server, async { answer = Some(work.await) }).await;
        assert_eq!(sent, Commands::from(commands), "{what}: {sent}");
        self.seen.push((what, sent));
        answer.unwrap()
    }

    /// What an operation sent.
    fn of(&self, what: &str) -> &Commands {
        &self.seen.iter().find(|(seen, _)| seen == what).unwrap().1
    }
}

fn tagged(tags: usize) -> EntryOptions {
    let tags = (0..tags).map(|n| format!("tag {n}")).collect();
    EntryOptions { tags, ..EntryOptions::default() }
}

async fn lease(guest: &Session, tags: usize) -> Lease {
    match guest
        .lookup(
            "key",
            &LookupOptions { tags: tagged(tags).tags.clone(), ..LookupOptions::default() },
        )
        .await
        .unwrap()
    {
        Lookup::Miss(lease) => lease,
        other => panic!("{other:?} is no lease"),
    }
}

async fn entries(costs: &mut Costs, guest: &Session) {
    for tags in [0, 1, 16] {
        let options = tagged(tags);
        let set = guest.set("key", VALUE, &options);
        costs.expect(format!("a set with {tags} tags"), [("set", 1)], set).await.unwrap();
        let hits = async {
            for _ in 0..100 {
                assert_eq!(guest.get("key").await, Ok(Some(VALUE)));
            }
        };
        costs.expect(format!("100 hits with {tags} tags"), [("get", 100)], hits).await;
        let looking = LookupOptions { tags: options.tags.clone(), ..LookupOptions::default() };
        let lookup = guest.lookup("key", &looking);
        let what = format!("a lookup that hits, {tags} tags");
        let found = costs.expect(what, [("get", 1)], lookup).await;
        assert!(matches!(found, Ok(Lookup::Hit(_))), "{found:?}");
    }
    let deleted = costs.expect("a delete", removals(1), guest.delete("key")).await;
    assert_eq!(deleted, Ok(true));
    let nothing = [("evalsha", 1), ("strlen", 1), ("unlink", 1)];
    let deleted = costs.expect("a delete of nothing", nothing, guest.delete("key")).await;
    assert_eq!(deleted, Ok(false));
    assert_eq!(costs.expect("a miss", [("get", 1)], guest.get("key")).await, Ok(None));
}

async fn batches(costs: &mut Costs, guest: &Session) {
    let keys: Vec<_> = (0..64).map(|n| n.to_string()).collect();
    let keys = || keys.iter().map(String::as_str);
    let entries = keys().map(|key| (key, VALUE)).collect();
    let (options, one) = (tagged(16), [("mget", 1)]);
    let set = guest.set_many(entries, &options);
    costs.expect("set_many of 64 with 16 tags", [("set", 64)], set).await.unwrap();
    let found = costs.expect("get_many of 64 with 16 tags", one, guest.get_many(keys())).await;
    assert_eq!(found, Ok(vec![Ok(Some(VALUE)); 64]));
    let delete = guest.delete_many(keys());
    assert_eq!(
        costs.expect("delete_many of 64", removals(64), delete).await,
        Ok(vec![Ok(true); 64])
    );
}

async fn leases(costs: &mut Costs, guest: &Session, before_7: bool) {
    let options = tagged(16);
    // The mark, and the marker.
    let begin = guest.begin_write("key", &options.tags);
    let mut write = costs.expect("a begin_write", [("get", 1), ("set", 1)], begin).await.unwrap();
    let commit = write.commit(VALUE, &options);
    assert_eq!(costs.expect("its commit", COMMIT, commit).await, Ok(true));
    for tags in [0, 1, 16] {
        guest.delete("key").await.unwrap();
        let (what, options) = (format!("a lookup that takes the lease, {tags} tags"), tagged(tags));
        // The key, the mark, and the marker. A script reads the key once more.
        let mut load = if before_7 {
            costs.expect(what, [("evalsha", 1), ("get", 3), ("set", 1)], lease(guest, tags)).await
        } else {
            costs.expect(what, [("get", 2), ("set", 1)], lease(guest, tags)).await
        };
        let commit = load.commit(VALUE, &options);
        let what = format!("its commit with {tags} tags");
        assert_eq!(costs.expect(what, COMMIT, commit).await, Ok(true));
    }
    guest.delete("key").await.unwrap();
    let mut late = lease(guest, 0).await;
    // The mark once more.
    let commands = [("evalsha", 1), ("get", 1), ("getrange", 1), ("set", 1)];
    let commit = late.commit(VALUE, &options);
    let what = "a commit with 16 tags that are named late";
    assert_eq!(costs.expect(what, commands, commit).await, Ok(true));
}

async fn evictions(costs: &mut Costs, guest: &Session) {
    for count in [1, 16] {
        let (what, tags) = (format!("an evict of {count} tags"), tagged(count).tags);
        let commands = [("set", 1 + count as u64), ("ping", 1)];
        costs.expect(what, commands, guest.evict_tags(&tags)).await.unwrap();
    }
    costs.expect("a clear", [("set", 1), ("ping", 1)], guest.clear()).await.unwrap();
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
        let cache = Cache::with(Arc::new(store), policy, Arc::new(TokioRuntime));
        let guest = cache.session(Grants::default());
        // The epochs become known, and the mark is made.
        guest.evict_tags(&tagged(16).tags).await.unwrap();
        guest.set("key", VALUE, &tagged(16)).await.unwrap();

        let mut costs = Costs { server, seen: Vec::new() };
        entries(&mut costs, &guest).await;
        batches(&mut costs, &guest).await;
        leases(&mut costs, &guest, before_7).await;
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
