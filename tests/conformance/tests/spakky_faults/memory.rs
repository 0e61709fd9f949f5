//! Spakky keeps a set of keys for each tag, without an end: it grows with every
//! entry that ever had the tag.

use std::time::Duration;

use spakky_cache_core::{EntryOptions, Lookup, Session, Sweeper};
use spakky_test_support::RedisServer;

use crate::host::{PREFIX, guest, look, mended, names, process, redis, size, texts};

const TAGS: usize = 1_000;

/// More than any entry here, and any epoch of one, lives.
const LONG: Duration = Duration::from_hours(24 * 100);

/// How long the key `name` still lives, in milliseconds; negative: for ever.
fn lives(server: &RedisServer, name: &str) -> i64 {
    server.query(redis::cmd("PTTL").arg(name)).unwrap()
}

/// Lets so much time pass for all keys that live for a time.
fn pass(server: &RedisServer, time: Duration) {
    let time = i64::try_from(time.as_millis()).unwrap();
    for name in names(server) {
        let left = lives(server, &name);
        if left >= 0 {
            server.query::<()>(redis::cmd("PEXPIRE").arg(name).arg(left - time)).unwrap();
        }
    }
}

/// As many entries as tags, each with one of its own and one that all have.
async fn tag_many(guest: &Session, ttl: Option<Duration>) {
    for n in 0..TAGS {
        let tags = vec![format!("tag {n}"), "all".into()];
        let options = EntryOptions { ttl, fresh_for: None, tags };
        guest.set(&format!("key {n}"), "value".into(), &options).await.unwrap();
    }
}

#[tokio::test]
async fn tags_are_given_back_after_their_entries_are_over() {
    let server = redis();
    let host = process(&server).await;
    let guest = guest(&host);
    let fixed = [format!("{PREFIX}a|"), format!("{PREFIX}e|")];

    tag_many(&guest, Some(Duration::from_hours(1))).await;
    // Every other kind of key as well: a lease, and an election, of processes
    // that never come back to them.
    std::mem::forget(look(&guest, "loading").await.unwrap());
    let fresh_for = Some(Duration::from_millis(1));
    let stale = EntryOptions { ttl: Some(LONG / 2), fresh_for, tags: texts(&["stale"]) };
    guest.set("stale", "value".into(), &stale).await.unwrap();
    crate::host::until("it is for somebody to refresh", async || {
        let found = look(&guest, "stale").await.unwrap();
        let elected = matches!(found, Lookup::Stale { refresh: Some(_), .. });
        std::mem::forget(found);
        elected
    })
    .await;
    Sweeper::default().sweep(&host).await.unwrap();

    // An entry and a tag are one key each, however many entries have the tag.
    let kept = names(&server);
    let of = |kind: &str| {
        kept.iter().filter(|name| name.starts_with(&format!("{PREFIX}{kind}|"))).count()
    };
    assert_eq!((of("k"), of("t"), of("r"), of("s")), (TAGS + 2, TAGS + 2, 1, 1));
    assert_eq!((of("a"), of("e"), kept.len()), (1, 1, 2 * TAGS + 8));
    for name in &kept {
        assert_eq!(lives(&server, name) < 0, fixed.contains(name), "{name}");
    }
    pass(&server, LONG);
    assert_eq!(names(&server), fixed);

    // What was evicted is not kept for the sake of the tags, nor the tags.
    tag_many(&guest, None).await;
    assert_eq!(size(&server), 2 * TAGS + 1 + fixed.len());
    let tags: Vec<_> = (0..TAGS).map(|n| format!("tag {n}")).chain(texts(&["all"])).collect();
    for tags in tags.chunks(64) {
        guest.evict_tags(tags).await.unwrap();
    }
    assert_eq!(Sweeper::default().sweep(&host).await, Ok(Some(TAGS as u64)));
    pass(&server, LONG);
    assert_eq!(names(&server), fixed);
    mended(
        "tag sets are never given back",
        &format!("{TAGS} tags, expired and evicted"),
        &format!("{} keys are left", fixed.len()),
    );
}
