//! Spakky stores what a loader brings whatever happened meanwhile: a value from
//! before a delete, an eviction or a clear is read after it.

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Session};

use crate::host::{get_or_load, guest_of_its_own, lease, mended, redis, tagged, texts};

const OLD: Bytes = Bytes::from_static(b"old");
const NEW: Bytes = Bytes::from_static(b"new");

/// What voids a load.
const OVERTAKEN_BY: [&str; 7] = [
    "delete",
    "delete_many",
    "evict_tags",
    "evict_tags, of a tag named only at the commit",
    "clear",
    "set",
    "begin_write",
];

async fn overtake(how: &str, guest: &Session) {
    match how {
        "delete" => drop(guest.delete("key").await.unwrap()),
        "delete_many" => drop(guest.delete_many(["other", "key"]).await.unwrap()),
        "evict_tags" => guest.evict_tags(&texts(&["tag", "other"])).await.unwrap(),
        "clear" => guest.clear().await.unwrap(),
        "set" => guest.set("key", NEW, &EntryOptions::default()).await.unwrap(),
        "begin_write" => {
            let mut write = guest.begin_write("key", &[]).await.unwrap();
            assert_eq!(write.commit(NEW, &EntryOptions::default()).await, Ok(true));
        }
        _ => guest.evict_tags(&texts(&["late"])).await.unwrap(),
    }
}

#[tokio::test]
async fn what_was_loaded_before_a_delete_evict_or_clear_is_not_read_after_it() {
    let server = redis();
    let loader = guest_of_its_own(&server).await;
    let others = [guest_of_its_own(&server).await, guest_of_its_own(&server).await];
    for how in OVERTAKEN_BY {
        let stored_by_it = matches!(how, "set" | "begin_write");
        let mut load = lease(&loader, "key", &["tag"]).await;
        overtake(how, &others[0]).await;
        // Not even if the commit is told that it was stored.
        load.commit(OLD, &tagged(&["tag", "late"])).await.unwrap();
        for reader in [&loader, &others[0], &others[1]] {
            let expected = stored_by_it.then_some(NEW);
            assert_eq!(reader.get("key").await, Ok(expected.clone()), "after {how}");
            assert_eq!(reader.get_many(["key"]).await, Ok(vec![expected]), "after {how}");
        }
        // Whoever asks next loads anew, at once.
        let found = get_or_load(&others[1], "key", async || NEW).await;
        assert_eq!(found, Ok(NEW), "after {how}");
        assert_eq!(loader.get("key").await, Ok(Some(NEW)), "after {how}");
        assert_eq!(loader.delete("key").await, Ok(true), "after {how}");
    }
    mended(
        "a value loaded before a delete, evict or clear lands after it",
        &format!("{} ways to overtake a load", OVERTAKEN_BY.len()),
        "never read",
    );
}
