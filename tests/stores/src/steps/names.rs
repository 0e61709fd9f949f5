//! Names: no key, tag or prefix reaches another.

use std::collections::HashSet;

use spakky_cache_core::MAX_NAME_BYTES;
use spakky_cache_core::store::Found;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        keys_of_odd_characters_are_all_different,
        tags_of_odd_characters_are_all_different,
        a_key_a_tag_and_an_election_of_one_name_are_three_things,
        caches_whose_prefixes_begin_alike_share_nothing,
        a_cache_without_a_prefix_is_one_like_any_other,
    ]
}

/// Names that somebody could take for something else.
fn odd_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "k",
        "k|",
        "|",
        "||",
        "k|k",
        "k|k|",
        "t|",
        "t|t",
        "r|",
        "r|k",
        "a|",
        "a",
        "t",
        "r",
        "s|",
        "s",
        "m|",
        "e|",
        ":",
        "app:",
        "app:k|x",
        "*",
        "?",
        "k*",
        "k?",
        "[k]",
        "[a-z]",
        "{k}",
        "}{",
        "{",
        "}",
        "{}",
        "\\",
        "\\*",
        "\\\\",
        "^",
        "-",
        "k-",
        "\"",
        "'",
        "`",
        "$1",
        "%s",
        "%00",
        " ",
        " k",
        "k ",
        "\t",
        "\n",
        "k\n",
        "\r\n",
        "\0",
        "k\0",
        "\0k",
        "\u{7f}",
        "\u{80}",
        "é",
        "e\u{301}",
        "\u{feff}k",
        "\u{200b}",
        "k\u{200b}",
        "🦀",
        "👩‍👩‍👧",
        "\u{10ffff}",
        "K",
        "ＫＥＹ",
        "GET",
        "$3\r\nGET\r\n",
        "*1\r\n",
        "nil",
        "null",
        "__tag__:k",
        "../k",
        "0",
        "00",
        "-0",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend((0..=0x7f_u8).map(|byte| format!("byte {}", char::from(byte))));
    names.push("x".repeat(MAX_NAME_BYTES));
    names.push("x".repeat(MAX_NAME_BYTES - 1));
    names.push("x".repeat(MAX_NAME_BYTES - 1) + "y");
    names.push("🦀".repeat(MAX_NAME_BYTES / 4));
    names.push("\0".repeat(MAX_NAME_BYTES));
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    names
}

async fn keys_of_odd_characters_are_all_different(world: World) {
    let (a, b) = world.open_two().await;
    let keys: Vec<_> = odd_names().iter().map(|name| key(name)).collect();
    let mut held = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(read(&*b, key).await, Found::Nothing, "{key:?}");
        held.push(alive(&world.put(&*a, key, &[], &n.to_string()).await));
    }
    assert_eq!(b.read_many(&keys).await.as_ref(), Ok(&held));
    // One by one they go, and the others stay.
    for removed in 0..keys.len() {
        let found = b.remove_many(&keys[removed..=removed]).await;
        assert_eq!(found, Ok(vec![held[removed].clone()]), "{:?}", keys[removed]);
        held[removed] = Found::Nothing;
    }
    assert_eq!(a.read_many(&keys).await, Ok(held));
}

async fn tags_of_odd_characters_are_all_different(world: World) {
    let (a, b) = world.open_two().await;
    let names = odd_names();
    let keys: Vec<_> = (0..names.len()).map(|n| key(&format!("k{n}"))).collect();
    let mut held = Vec::new();
    for (name, key) in names.iter().zip(&keys) {
        held.push(world.put(&*a, key, &[name], name).await);
    }
    let mut found: Vec<_> = held.iter().map(alive).collect();
    assert_eq!(b.read_many(&keys).await.as_ref(), Ok(&found));
    for (n, name) in names.iter().enumerate() {
        b.evict(&[tag(name)]).await.expect("evict");
        found[n] = dead(&held[n]);
        assert!(a.read_many(&keys).await.as_ref() == Ok(&found), "{name:?}");
    }
}

async fn a_key_a_tag_and_an_election_of_one_name_are_three_things(world: World) {
    let (a, b) = world.open_two().await;
    for name in odd_names() {
        let (key, token) = (key(&name), world.id());
        let entry = world.put(&*a, &key, &["another"], "v").await;
        let tagged = world.put(&*a, &self::key("tagged"), &[&name], "v").await;
        assert_eq!(a.elect(&key, token, LONG).await, Ok(true), "{name:?}");
        assert_eq!(read(&*b, &key).await, alive(&entry), "{name:?}");
        assert_eq!(read(&*b, &self::key("tagged")).await, alive(&tagged), "{name:?}");
        b.evict(&[tag(&name)]).await.expect("evict");
        assert_eq!(read(&*a, &key).await, alive(&entry), "{name:?}");
        assert_eq!(read(&*a, &self::key("tagged")).await, dead(&tagged), "{name:?}");
        assert_eq!(a.stay_elected(&key, token, LONG).await, Ok(true), "{name:?}");
        let found = b.remove_many(std::slice::from_ref(&key)).await;
        assert_eq!(found, Ok(vec![alive(&entry)]), "{name:?}");
        assert_eq!(a.stay_elected(&key, token, LONG).await, Ok(true), "{name:?}");
        assert_eq!(a.resign(&key, token).await, Ok(()));
    }
}

async fn caches_whose_prefixes_begin_alike_share_nothing(world: World) {
    const PREFIXES: [&str; 13] = [
        "app:", "app:k", "app:k:", "app:t", "app:r", "app:a", "app[1]:", "app1:", "app*", "app",
        "app:\n", "app:\0", "{app}:",
    ];
    // Each with what another's prefix and kind could be part of.
    let mut keys: Vec<_> = PREFIXES.iter().map(|prefix| key(prefix)).collect();
    keys.extend(["k", "k|", "|", "k|k", ":k|k", "|k", "t|t", "a|", "r|k"].map(key));
    let mut caches = Vec::new();
    for prefix in PREFIXES {
        let (a, b) = (world.open_beside(prefix).await, world.open_beside(prefix).await);
        for key in &keys {
            assert_eq!(read(&*a, key).await, Found::Nothing, "{prefix:?} {key:?}");
        }
        let mut held = Vec::new();
        for key in &keys {
            held.push(world.put(&*a, key, &["t", key.as_str()], prefix).await);
            assert_eq!(a.elect(key, world.id(), LONG).await, Ok(true), "{prefix:?} {key:?}");
        }
        caches.push((a, b, held));
    }
    for (n, (a, _, _)) in caches.iter().enumerate() {
        match n % 3 {
            0 => a.clear().await.expect("clear"),
            1 => a.evict(&[tag("t")]).await.expect("evict"),
            _ => drop(a.remove_many(&keys).await.expect("remove_many")),
        }
        for (m, (_, b, held)) in caches.iter().enumerate() {
            let expected: Vec<_> = match m % 3 {
                _ if m > n => held.iter().map(alive).collect(),
                0 | 1 => held.iter().map(dead).collect(),
                _ => vec![Found::Nothing; keys.len()],
            };
            let found = b.read_many(&keys).await;
            assert!(found == Ok(expected), "{:?} after {:?}", PREFIXES[m], PREFIXES[n]);
        }
    }
}

async fn a_cache_without_a_prefix_is_one_like_any_other(world: World) {
    let (bare, beside) = (world.open_at("").await, world.open().await);
    let name = format!("{}k|k", world.prefix.as_str());
    let keys = [key("k"), key(&name)];
    let theirs = world.put(&*beside, &keys[0], &["t"], "theirs").await;
    for key in &keys {
        let own = world.put(&*bare, key, &["t"], "own").await;
        assert_eq!(read(&*bare, key).await, alive(&own));
    }
    bare.clear().await.expect("clear");
    assert_eq!(read(&*beside, &keys[0]).await, alive(&theirs));
    beside.evict(&[tag("t")]).await.expect("evict");
    while bare.sweep(None, 100_000).await.expect("sweep").next.is_some() {}
    assert_eq!(bare.read_many(&keys).await, Ok(vec![Found::Nothing; 2]));
    assert_eq!(read(&*beside, &keys[0]).await, dead(&theirs));
}
