//! What is done to a key, whatever it is called, is done to no other.

use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Found, Slot};
use spakky_test_runtime::Protocol as _;

use super::odd_names;
use crate::steps::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        keys_of_odd_characters_are_all_different,
        a_key_a_tag_and_an_election_of_one_name_are_three_things,
    ]
}

async fn keys_of_odd_characters_are_all_different(world: World) {
    let (a, b) = world.open_two().await;
    let keys: Vec<_> = odd_names(&world).iter().map(|name| key(name)).collect();
    // A lease is taken only where there is nothing.
    let mut markers = Vec::new();
    for key in &keys {
        assert_eq!(read(&*b, key).await, Found::Nothing, "{key:?}");
        markers.push(world.lease(&*a, key, &[key.as_str()]).await);
    }
    let mut held: Vec<_> = markers.iter().map(alive).collect();
    assert_eq!(b.read_many(&keys).await.as_ref(), Ok(&held));
    for (n, (key, marker)) in keys.iter().zip(&markers).enumerate() {
        let entry = world.entry(&*a, &[key.as_str()], "v").await;
        match n % 4 {
            0 => {
                assert_eq!(a.commit(key, &marker.cas_token(), &entry).await, Ok(true), "{key:?}");
                held[n] = alive(&Envelope::Entry(entry));
            }
            1 => {
                assert_eq!(a.give_up(key, &marker.cas_token()).await, Ok(true), "{key:?}");
                held[n] = Found::Nothing;
            }
            2 => {
                assert_eq!(a.renew(key, &marker.cas_token(), LONG).await, Ok(true), "{key:?}");
            }
            _ => held[n] = alive(&world.put(&*a, key, &[], "over it").await),
        }
        assert!(b.read_many(&keys).await.as_ref() == Ok(&held), "{key:?}");
    }
    // One by one they go, and the others stay.
    for (n, key) in keys.iter().enumerate() {
        let found = b.remove(&keys[n..=n]).await;
        assert_eq!(found, Ok(vec![matches!(n % 4, 0 | 3)]), "{key:?}");
        held[n] = Found::Nothing;
        assert!(a.read_many(&keys).await.as_ref() == Ok(&held), "{key:?}");
    }
}

async fn a_key_a_tag_and_an_election_of_one_name_are_three_things(world: World) {
    let (a, b) = world.open_two().await;
    let (names, token) = (odd_names(&world), world.id());
    // An election is won only where there is none.
    for name in &names {
        let slot = key(name);
        assert_eq!(a.elect(Slot::Refresh(&slot), token, LONG).await, Ok(true), "{name:?}");
    }
    for name in &names {
        let key = key(name);
        let entry = world.put(&*a, &key, &["another"], "v").await;
        let tagged = world.put(&*a, &self::key("tagged"), &[name], "v").await;
        assert_eq!(read(&*b, &key).await, alive(&entry), "{name:?}");
        assert_eq!(read(&*b, &self::key("tagged")).await, alive(&tagged), "{name:?}");
        b.evict(&[tag(name)]).await.expect("evict");
        assert_eq!(read(&*a, &key).await, alive(&entry), "{name:?}");
        assert_eq!(read(&*a, &self::key("tagged")).await, dead(&tagged), "{name:?}");
        assert_eq!(a.stay_elected(Slot::Refresh(&key), token, LONG).await, Ok(true), "{name:?}");
        let found = b.remove(std::slice::from_ref(&key)).await;
        assert_eq!(found, Ok(vec![true]), "{name:?}");
        // Nor has another name's end ended it.
        assert_eq!(b.resign(Slot::Refresh(&key), token).await, Ok(true), "{name:?}");
    }
}
