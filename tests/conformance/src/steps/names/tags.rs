//! What is done to a tag, whatever it is called, is done to no other.

use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::Found;
use spakky_cache_core::{Key, Store};

use super::{hostile_names, odd_names};
use crate::steps::sweeps::sweep;
use crate::world::{alive, dead};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        tags_of_odd_characters_are_all_different,
        tags_that_are_named_as_keys_evict_nothing_but_what_has_them,
        a_sweep_takes_what_has_an_odd_tag_that_was_evicted_and_nothing_else,
    ]
}

/// Entries called as each of `names`, that have the name before it as a tag.
async fn tag_by_neighbours(
    world: &World,
    store: &dyn Store,
    names: &[String],
) -> (Vec<Key>, Vec<Envelope>) {
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    let mut held = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        let before = &names[(n + names.len() - 1) % names.len()];
        held.push(world.put(store, key, &[before], before).await);
    }
    (keys, held)
}

async fn tags_of_odd_characters_are_all_different(world: World) {
    let (a, b) = world.open_two().await;
    let tags: Vec<_> = odd_names(&world).iter().map(|name| tag(name)).collect();
    let mut epochs = a.capture(&tags, None).await.expect("capture");
    for (n, tag) in tags.iter().enumerate() {
        b.evict(std::slice::from_ref(tag)).await.expect("evict");
        // Without a read since, the epochs may lag.
        a.read(&key("k")).await.expect("read");
        let now = a.capture(&tags, None).await.expect("capture");
        assert_ne!(now.tags[n], epochs.tags[n], "{tag:?}");
        epochs.tags[n] = now.tags[n].clone();
        assert!(now == epochs, "{tag:?}");
    }
}

async fn tags_that_are_named_as_keys_evict_nothing_but_what_has_them(world: World) {
    let (a, b) = world.open_two().await;
    let names = odd_names(&world);
    let (keys, held) = tag_by_neighbours(&world, &*a, &names).await;
    let mut found: Vec<_> = held.iter().map(alive).collect();
    assert_eq!(b.read_many(&keys).await.as_ref(), Ok(&found));
    for (n, name) in names.iter().enumerate() {
        b.evict(&[tag(name)]).await.expect("evict");
        let next = (n + 1) % names.len();
        found[next] = dead(&held[next]);
        assert!(a.read_many(&keys).await.as_ref() == Ok(&found), "{name:?}");
    }
}

async fn a_sweep_takes_what_has_an_odd_tag_that_was_evicted_and_nothing_else(world: World) {
    let (a, b) = world.open_two().await;
    let names = hostile_names(&world);
    let (keys, held) = tag_by_neighbours(&world, &*a, &names).await;
    let mut found: Vec<_> = held.iter().map(alive).collect();
    for (n, name) in names.iter().enumerate() {
        a.evict(&[tag(name)]).await.expect("evict");
        assert_eq!(sweep(&*b, 10_000).await.dead, 1, "{name:?}");
        found[(n + 1) % names.len()] = Found::Nothing;
        assert!(a.read_many(&keys).await.as_ref() == Ok(&found), "{name:?}");
    }
}
