//! Spakky stores values with pickle, so whoever can write to Redis runs code in
//! every process that reads.

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Lookup, Sweeper};

use crate::host::{PREFIX, guest, guest_of_its_own, look, mended, process, redis, tagged, texts};

/// What pickle reads as a call of `os.system`: by its first protocol, which is
/// text, and by its fourth.
fn pickles(command: &str) -> [Vec<u8>; 2] {
    let text = format!("cos\nsystem\n(S'{command}'\ntR.");
    let length = u8::try_from(command.len()).unwrap();
    let mut binary = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c".to_vec();
    binary.push(length);
    binary.extend_from_slice(command.as_bytes());
    binary.extend_from_slice(b"\x85R.");
    [text.into_bytes(), binary]
}

#[tokio::test]
async fn what_pickle_would_run_is_a_miss_and_is_replaced_by_the_next_load() {
    let server = redis();
    let directory = tempfile::tempdir().unwrap();
    let ran = directory.path().join("ran");
    let plant = |name: &str, payload: &[u8]| {
        server.query::<()>(redis::cmd("SET").arg(format!("{PREFIX}{name}")).arg(payload)).unwrap();
    };
    let host = process(&server).await;
    let (reader, other) = (guest(&host), guest_of_its_own(&server).await);

    for payload in pickles(&format!("touch {}", ran.display())) {
        // Wherever this cache or Spakky's would look.
        for name in ["k|key", "key", "r|key", "t|tag", "__tag__:tag", "a|", "e|", "s|"] {
            plant(name, &payload);
        }
        assert_eq!(reader.get("key").await, Ok(None));
        assert_eq!(reader.get_many(["key", "key"]).await, Ok(vec![None, None]));
        assert!(!other.delete("key").await.unwrap(), "it is no entry");
        Sweeper::default().sweep(&host).await.unwrap();

        plant("k|key", &payload);
        // The damaged epochs are replaced by the capture, the mark only by an
        // eviction; until then nothing can be said of tags that are named late.
        let Ok(Lookup::Miss(mut lease)) = reader.lookup("key", &texts(&["tag"]), None).await else {
            panic!("not to be loaded");
        };
        let loaded = Bytes::from_static(b"loaded");
        assert_eq!(lease.commit(loaded.clone(), &tagged(&["tag"])).await, Ok(true));
        assert_eq!(other.get("key").await, Ok(Some(loaded)));
        other.evict_tags(&texts(&["tag"])).await.unwrap();
        assert_eq!(reader.get("key").await, Ok(None));

        // And as a value it is bytes like any other.
        let value = Bytes::from(payload);
        reader.set("key", value.clone(), &EntryOptions::default()).await.unwrap();
        assert!(matches!(look(&other, "key").await, Ok(Lookup::Hit(found)) if found == value));
        assert!(!ran.exists());
        server.command(&["FLUSHALL"]).unwrap();
    }
    mended("pickle runs code when it reads", "2 payloads in 8 places", "misses, replaced");
}
