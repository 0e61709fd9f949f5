//! What is done to a tag, whatever it is called, is done to no other.

use std::collections::HashSet;

use spakky_cache_core::store::Found;

use super::odd_names;
use crate::steps::sweeps::sweep;
use crate::world::{alive, dead};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![tags_of_odd_characters_are_all_different]
}

async fn tags_of_odd_characters_are_all_different(world: World) {
    let (a, b) = world.open_two().await;
    let names = odd_names(&world);
    let tags: Vec<_> = names.iter().map(|name| tag(name)).collect();
    let epochs = a.capture(&tags, None).await.expect("capture");
    assert_eq!(
        epochs.tags.iter().map(|(_, epoch)| epoch.0).collect::<HashSet<_>>().len(),
        tags.len()
    );
    // An entry is called as each name, and has the name before it as its tag.
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    let (mut entries, mut found) = (Vec::new(), Vec::new());
    for (n, key) in keys.iter().enumerate() {
        let before = names[(n + names.len() - 1) % names.len()].as_str();
        entries.push(world.put(&*a, key, &[before], before).await);
        found.push(alive(&entries[n]));
    }
    for (n, tag) in tags.iter().enumerate() {
        b.evict(std::slice::from_ref(tag)).await.expect("evict");
        let next = (n + 1) % names.len();
        found[next] = dead(&entries[next]);
        assert!(a.read_many(&keys).await.as_ref() == Ok(&found), "{tag:?}");
        // The sweeper judges by the header, which has the tags.
        if n % 16 == 15 {
            assert_eq!(sweep(&*b, 10_000).await.dead, 16, "{tag:?}");
            for swept in n - 15..=n {
                found[(swept + 1) % names.len()] = Found::Nothing;
            }
            assert!(a.read_many(&keys).await.as_ref() == Ok(&found), "{tag:?}");
        }
    }
}
