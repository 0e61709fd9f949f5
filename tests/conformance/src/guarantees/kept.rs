//! Bytes that the cache did not write, and the keys that it leaves behind.

use spakky_cache_core::Sweeping;

use super::{
    Case, Duration, EntryOptions, KEY, Lookup, LookupOptions, Process, Sweeper, World, fresh_for,
    get, lease, tagged, texts, value,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g6_what_pickle_would_run_is_a_miss_and_is_replaced_by_the_next_load,
        every_key_but_the_two_of_the_cache_itself_expires,
        what_a_host_of_another_version_stored_is_passed_and_only_a_write_replaces_it,
    ]
}

/// A call of `os.system`, in pickle's text protocol and in its protocol 4.
const PICKLES: [&[u8]; 2] =
    [b"cos\nsystem\n(S'exit 1'\ntR.", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x06exit 1\x85R."];

async fn g6_what_pickle_would_run_is_a_miss_and_is_replaced_by_the_next_load(world: World) {
    let (process, raw) = (Process::start(&world).await, world.raw());
    let (reader, other) = (process.guest(), Process::start(&world).await.guest());
    for pickle in PICKLES {
        // Under every name that this cache reads, and the plugin's own.
        for name in ["k|key", "key", "r|key", "t|tag", "__tag__:tag", "a|", "e|", "s|"] {
            raw.set(&format!("{}{name}", world.prefix.as_str()), pickle);
        }
        assert_eq!(get(&reader).await, None);
        assert_eq!(other.delete(KEY).await, Ok(false), "it is no entry");
        Sweeper::default().sweep(&process.cache).await.expect("sweep");
        raw.set(&format!("{}k|key", world.prefix.as_str()), pickle);
        let mut load = lease(&reader, &["tag"]).await;
        assert_eq!(load.commit(value("loaded"), &tagged(&["tag"])).await, Ok(true));
        assert_eq!(get(&other).await, Some(value("loaded")));
        other.evict_tags(&texts(&["tag"])).await.expect("evict_tags");
        assert_eq!(get(&reader).await, None);
    }
}

async fn every_key_but_the_two_of_the_cache_itself_expires(world: World) {
    let (process, raw) = (Process::start(&world).await, world.raw());
    let guest = process.guest();
    let hour = Some(Duration::from_hours(1));
    let options = |tag: &str, ttl| EntryOptions { ttl, fresh_for: None, tags: texts(&[tag]) };
    guest.set("expires", value("v"), &options("expiring", hour)).await.expect("set");
    guest.set("stays", value("v"), &options("evicted", None)).await.expect("set");
    // A lease and an election of a process that died.
    std::mem::forget(lease(&guest, &["loading"]).await);
    let span = Duration::from_millis(30);
    let stale = EntryOptions { ttl: hour, ..fresh_for(span) };
    guest.set("stale", value("v"), &stale).await.expect("set");
    world.outlast(&*world.open().await, span).await;
    std::mem::forget(guest.lookup("stale", &LookupOptions::default()).await.expect("lookup"));
    // An entry without a time to live, whose tag is evicted.
    guest.evict_tags(&texts(&["evicted"])).await.expect("evict_tags");
    let swept = Sweeper::default().sweep(&process.cache).await.expect("sweep");
    assert_eq!(swept.map(|swept| swept.dead), Some(1));

    let prefix = world.prefix.as_str();
    let names = raw.names(prefix);
    for kind in ["k|key", "k|expires", "t|expiring", "t|evicted", "t|loading", "r|stale", "s|"] {
        assert!(names.contains(&format!("{prefix}{kind}")), "{kind} is not among {names:?}");
    }
    let endless: Vec<_> = names.iter().filter(|name| raw.lives(name).is_none()).collect();
    let mut expected = [format!("{prefix}a|"), format!("{prefix}e|")];
    expected.sort_unstable();
    let mut endless: Vec<_> = endless.into_iter().cloned().collect();
    endless.sort_unstable();
    assert_eq!(endless, expected);
}

/// What a host of the next version would store: an entry of this one, with another version.
fn of_next_version(bytes: &[u8]) -> Vec<u8> {
    let mut other = bytes.to_vec();
    other[3] += 1;
    other
}

async fn what_a_host_of_another_version_stored_is_passed_and_only_a_write_replaces_it(
    world: World,
) {
    let (process, raw) = (Process::start(&world).await, world.raw());
    let guest = process.guest();
    let name = format!("{}k|key", world.prefix.as_str());
    guest.set(KEY, value("stored"), &tagged(&["tag"])).await.expect("set");
    let other = of_next_version(&raw.get(&name).expect("an entry"));
    for replaced_by in ["set", "delete", "write"] {
        raw.set(&name, &other);
        assert_eq!(get(&guest).await, None);
        assert_eq!(guest.describe(KEY).await, Ok(None));
        for _ in 0..2 {
            let found = guest.lookup(KEY, &LookupOptions::default()).await;
            assert!(matches!(found, Ok(Lookup::Pass)), "{found:?}");
        }
        // It may be alive: only its own version can tell.
        guest.evict_tags(&texts(&["tag"])).await.expect("evict_tags");
        Sweeper::default()
            .sweep_now(&process.cache, Sweeping::Remove, |_| {})
            .await
            .expect("sweep");
        assert_eq!(raw.get(&name).as_deref(), Some(&*other));
        match replaced_by {
            "set" => guest.set(KEY, value("new"), &tagged(&[])).await.expect("set"),
            "delete" => assert_eq!(guest.delete(KEY).await, Ok(false)),
            _ => {
                let mut write = guest.begin_write(KEY, &[]).await.expect("begin");
                assert_eq!(write.commit(value("new"), &tagged(&[])).await, Ok(true));
            }
        }
        let expected = (replaced_by != "delete").then(|| value("new"));
        assert_eq!(get(&guest).await, expected, "{replaced_by}");
    }
}
