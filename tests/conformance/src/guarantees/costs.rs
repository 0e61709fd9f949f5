//! A hit is one command, and an eviction costs the same whatever it evicts (G9).

use super::{
    Case, EntryOptions, KEY, Lookup, LookupOptions, Process, World, all, get, tagged, texts, value,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g9_a_hit_is_one_step_however_many_tags_it_has,
        g9_an_eviction_is_one_step_however_many_entries_it_evicts,
        g9_a_clear_is_one_step_however_many_entries_there_are,
    ]
}

async fn g9_a_hit_is_one_step_however_many_tags_it_has(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let tags: Vec<_> = (0..16).map(|n| format!("tag {n}")).collect();
    for count in [0, 1, 16] {
        let options = EntryOptions { tags: tags[..count].to_vec(), ..EntryOptions::default() };
        guest.set(KEY, value("stored"), &options).await.expect("set");
        let before = process.store.steps();
        assert!(get(&guest).await.is_some());
        assert_eq!(process.store.steps() - before, 1);
        assert!(matches!(guest.lookup(KEY, &LookupOptions::default()).await, Ok(Lookup::Hit(_))));
        assert_eq!(process.store.steps() - before, 2);
    }
}

async fn g9_an_eviction_is_one_step_however_many_entries_it_evicts(world: World) {
    costs_one_step(&world, "evict").await;
}

async fn g9_a_clear_is_one_step_however_many_entries_there_are(world: World) {
    costs_one_step(&world, "clear").await;
}

async fn costs_one_step(world: &World, how: &str) {
    let process = Process::start(world).await;
    let guest = process.guest();
    for count in [1, 500] {
        let keys: Vec<_> = (0..count).map(|n| n.to_string()).collect();
        let entries = keys.iter().map(|key| (key.as_str(), value("stored"))).collect();
        guest.set_many(entries, &tagged(&["tag"])).await.expect("set_many");
        let before = process.store.steps();
        match how {
            "evict" => guest.evict_tags(&texts(&["tag"])).await.expect("evict_tags"),
            _ => guest.clear().await.expect("clear"),
        }
        assert_eq!(process.store.steps() - before, 1);
        let left = guest.get_many(keys.iter().map(String::as_str)).await;
        let left = left.and_then(all).expect("get_many");
        assert!(left.iter().all(Option::is_none));
    }
}
