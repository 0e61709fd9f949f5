//! Calls that get somewhere, as bytes.

use crate::seeds::Seed;

/// The first byte of each call.
const GET: u8 = 0;
const GET_MANY: u8 = 1;
const SET: u8 = 2;
const SET_MANY: u8 = 4;
const DELETE: u8 = 5;
const EVICT_TAGS: u8 = 7;
const CLEAR: u8 = 8;
const LOOKUP: u8 = 9;
const BEGIN_WRITE: u8 = 11;
const COMMIT: u8 = 12;
const DROP: u8 = 13;
const PASS: u8 = 14;
const SWEEP: u8 = 15;

/// The second: a session with one of the caches, and the one that may not write.
const ME: u8 = 0;
const ANOTHER: u8 = 3;
const READER: u8 = 6;
const NEXT_CACHE: u8 = 1;

/// Names, by their place in the list.
const A: u8 = 0;
const B: u8 = 1;
const NO_NAME: u8 = 3;

/// Options: neither time to live nor fresh time, and no tags; tagged with `b`;
/// stale after a second.
const PLAIN: [u8; 3] = [0, 0, 0];
const TAGGED: [u8; 4] = [0, 0, 1, B];
const FRESH_FOR_A_SECOND: [u8; 4] = [0, 1, 4, 0];
/// One byte.
const VALUE: [u8; 2] = [1, b'v'];
/// As much as the clock is moved on by a byte.
const A_SECOND: u8 = 3;
const A_LEASE: u8 = 6;
/// No tags, no wait.
const AT_ONCE: [u8; 3] = [0, 1, 1];
/// No tags, a wait of a second.
const PATIENTLY: [u8; 3] = [0, 1, A_SECOND];

fn set(who: u8, key: u8, options: &[u8]) -> Vec<u8> {
    [&[SET, who, key][..], &VALUE, options].concat()
}

fn lookup(who: u8, how: [u8; 3]) -> Vec<u8> {
    [&[LOOKUP, who, A][..], &how].concat()
}

fn commit(lease: u8) -> Vec<u8> {
    [&[COMMIT, ME, lease][..], &VALUE, &PLAIN].concat()
}

/// Plays by name.
pub fn seeds() -> Vec<Seed> {
    let get = |who: u8| vec![GET, who, A];
    let begin_write = || vec![BEGIN_WRITE, ME, A, 0];
    vec![
        ("one cache sees another's key", [set(ME, A, &PLAIN), get(ME), get(NEXT_CACHE)].concat()),
        ("a load", [lookup(ME, AT_ONCE), commit(0), get(ANOTHER), commit(0)].concat()),
        (
            "two that want to load",
            [
                lookup(ME, AT_ONCE),
                lookup(ME, AT_ONCE),
                lookup(ANOTHER, PATIENTLY),
                lookup(READER, AT_ONCE),
            ]
            .concat(),
        ),
        (
            "a load of what was deleted",
            [lookup(ME, AT_ONCE), vec![DELETE, ME, A], commit(0), get(ME)].concat(),
        ),
        (
            "a load of what was cleared",
            [lookup(ME, AT_ONCE), vec![CLEAR, ME], commit(0), get(ME)].concat(),
        ),
        (
            "a load with a tag that was evicted",
            [
                lookup(ME, AT_ONCE),
                vec![EVICT_TAGS, ANOTHER, 1, B],
                [&[COMMIT, ME, 0][..], &VALUE, &TAGGED].concat(),
                get(ME),
            ]
            .concat(),
        ),
        (
            "a load that took too long",
            [lookup(ME, AT_ONCE), vec![PASS, ME, A_LEASE], commit(0), lookup(ANOTHER, AT_ONCE)]
                .concat(),
        ),
        (
            "a lease that is dropped twice",
            [lookup(ME, AT_ONCE), vec![DROP, ME, 0, DROP, ME, 0], lookup(ME, AT_ONCE)].concat(),
        ),
        ("a write", [set(ME, A, &PLAIN), begin_write(), get(ME), commit(0), get(ME)].concat()),
        (
            "a write that is overtaken",
            [begin_write(), set(ANOTHER, A, &PLAIN), commit(0), get(ME)].concat(),
        ),
        (
            "a stale entry and who refreshes it",
            [
                set(ME, A, &FRESH_FOR_A_SECOND),
                vec![PASS, ME, A_SECOND],
                lookup(ME, AT_ONCE),
                lookup(ANOTHER, AT_ONCE),
                lookup(READER, AT_ONCE),
                commit(0),
                lookup(ANOTHER, AT_ONCE),
            ]
            .concat(),
        ),
        (
            "an eviction",
            [
                set(ME, A, &TAGGED),
                set(ME, B, &PLAIN),
                vec![EVICT_TAGS, ME, 1, B, SWEEP, ME, GET_MANY, ME, 2, A, B],
            ]
            .concat(),
        ),
        (
            "a batch with one bad key",
            [
                set(ME, A, &PLAIN),
                [&[SET_MANY, ME, 2, A][..], &VALUE, &[NO_NAME], &VALUE, &PLAIN].concat(),
                get(ME),
            ]
            .concat(),
        ),
        ("a write that is not granted", [set(READER, A, &PLAIN), get(READER)].concat()),
        (
            "more leases than are granted",
            [A, B, 2, 4].map(|key| vec![LOOKUP, ME, key, 0, 1, 1]).concat(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::calls::{Call, Caller, choose};
    use super::*;
    use crate::input::Input;

    fn calls(name: &str) -> Vec<(Caller, Call)> {
        let seeds = seeds();
        let (_, bytes) = seeds.iter().find(|(found, _)| *found == name).expect("a seed");
        let mut input = Input::new(bytes);
        std::iter::from_fn(|| (!input.is_over()).then(|| choose(&mut input))).collect()
    }

    #[test]
    fn seeds_are_the_calls_that_they_say() {
        let load = calls("a load");
        assert!(matches!(
            &load.iter().map(|(_, call)| call).collect::<Vec<_>>()[..],
            [
                Call::Lookup { key, max_wait: Some(0), .. },
                Call::Commit { lease: 0, .. },
                Call::Get(read),
                Call::Commit { lease: 0, .. },
            ] if key == "a" && read == key
        ));
        let batch = calls("a batch with one bad key");
        let Call::SetMany(entries, _) = &batch[1].1 else { panic!("{batch:?}") };
        assert_eq!(entries[0], ("a".into(), b"v".to_vec()));
        assert_eq!(entries[1].0, "");
        assert_eq!(batch[2].1, Call::Get("a".into()));
        let refresh = calls("a stale entry and who refreshes it");
        let Call::Set(_, _, options) = &refresh[0].1 else { panic!("{refresh:?}") };
        assert_eq!((options.ttl, options.fresh_for), (None, Some(1_000)));
        assert_eq!(refresh[1].1, Call::Pass(1_000));
        assert!(!refresh[4].0.may_write() && refresh[3].0.may_write());
    }
}
