//! Plays that get somewhere, as bytes.

use super::COMES_BACK;
use super::script::Choice;
use super::steps::Kind;
use crate::seeds::Seed;

/// What a play begins with: settings, whether the connection comes back,
/// whether the script begins at once, and bytes of a piece.
const PLAIN: [u8; 4] = [0, 0, 0, 0];
const FROM_THE_START: [u8; 4] = [0, 0, 7, 0];
const PIECE_BY_PIECE: [u8; 4] = [0, 0, 0, 3];
const BEFORE_7: [u8; 4] = [4, 0, 0, 0];

/// The step begins together with the next one.
const TOGETHER: u8 = 128;

/// A play of `steps`, each a kind and what it is on, to which the server says
/// `words`.
fn play(manner: [u8; 4], steps: &[(Kind, u8)], words: &[&[u8]]) -> Vec<u8> {
    let count = u8::try_from(steps.len()).expect("few steps");
    let steps = steps.iter().flat_map(|(kind, what)| [*kind as u8, *what]);
    let mut bytes: Vec<u8> = manner.into_iter().chain([count]).chain(steps).collect();
    bytes.extend(words.concat());
    bytes
}

/// Plays by name.
pub fn seeds() -> Vec<Seed> {
    use Choice as Says;
    let alone = |kind: Kind| vec![(kind, 0)];
    let proper = &[Says::Proper as u8][..];
    let stale_entry = &[Says::Entry as u8, 1, 0, 0][..];
    let every_step: Vec<(Kind, u8)> = Kind::ALL.iter().map(|kind| (*kind, 4)).collect();
    let (first, second) = every_step.split_at(11);
    vec![
        ("a hit", play(PLAIN, &alone(Kind::Read), &[])),
        ("a hit of an epoch that is known", play(PLAIN, &[(Kind::Read, 0), (Kind::Read, 1)], &[])),
        ("a miss", play(PLAIN, &alone(Kind::Read), &[&[Says::Null as u8]])),
        ("an evicted entry", play(PLAIN, &alone(Kind::Read), &[stale_entry])),
        (
            "an entry that is damaged",
            play(PLAIN, &alone(Kind::Read), &[&[Says::Entry as u8, 0, 0, 4, 60]]),
        ),
        (
            "three reads at once",
            play(
                PLAIN,
                &[(Kind::Read, TOGETHER), (Kind::Watch, TOGETHER | 1), (Kind::ReadMany, 2)],
                &[],
            ),
        ),
        (
            "an eviction between the entry and its epochs",
            play(
                PLAIN,
                &[(Kind::Read, 0), (Kind::Read, 0)],
                &[
                    // The entry, and CLIENT CACHING, GET, PTTL for two epochs.
                    &[Says::Proper as u8; 7],
                    // Told of before the second one is answered; then asked anew.
                    &[Says::Push as u8, 0, 6],
                    proper,
                    &[Says::Proper as u8, Says::Epoch as u8, 1],
                ],
            ),
        ),
        (
            "a flush while it is watched",
            play(
                PLAIN,
                &[(Kind::Watch, 0), (Kind::Ping, 0)],
                &[&[Says::Proper as u8; 8], &[Says::Push as u8, 5]],
            ),
        ),
        ("every step, first half", play(PLAIN, first, &[])),
        ("every step, second half", play(PLAIN, second, &[])),
        ("every step before 7", play(BEFORE_7, first, &[])),
        ("piece by piece", play(PIECE_BY_PIECE, first, &[])),
        ("errors", play(PLAIN, first, &[&[Says::Error as u8, 1].repeat(20)])),
        ("a reply that never ends", play(PLAIN, first, &[proper, &[Says::TooLong as u8, 1, 0]])),
        ("two replies to one command", play(PLAIN, first, &[&[Says::Twice as u8, 0, 2, 0]])),
        ("a hundred lists in each other", play(PLAIN, first, &[&[Says::Nested as u8, 101, 0]])),
        ("no Redis", play(FROM_THE_START, &alone(Kind::Read), &[&[Says::Number as u8, 0]])),
        (
            "a wrong password",
            play(FROM_THE_START, &alone(Kind::Read), &[proper, &[Says::Error as u8, 7]]),
        ),
        (
            "a connection that comes back",
            play(
                [0, COMES_BACK, 0, 0],
                &[(Kind::Read, 0), (Kind::Read, 0)],
                &[&[Says::Nothing as u8]],
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{Played, play};
    use super::*;

    fn played(name: &str) -> Played {
        let seeds = seeds();
        let seed = seeds.iter().find(|(found, _)| *found == name).expect("a seed of that name");
        play(&seed.1)
    }

    /// Hits, dead entries, foreign bytes; steps that were done, and that failed.
    fn tally(name: &str) -> [usize; 5] {
        let played = played(name);
        assert!(played.connected, "{name}");
        let tally = played.tally;
        [tally.hits, tally.dead, tally.foreign, tally.done, tally.failed]
    }

    #[test]
    fn good_servers_are_understood() {
        assert_eq!(tally("a hit"), [1, 0, 0, 1, 0]);
        assert_eq!(tally("a hit of an epoch that is known"), [2, 0, 0, 2, 0]);
        assert_eq!(tally("a miss"), [0, 0, 0, 1, 0]);
        assert_eq!(tally("three reads at once"), [5, 0, 0, 3, 0]);
        assert_eq!(tally("every step, first half"), [5, 0, 0, 11, 0]);
        assert_eq!(tally("every step, second half"), [0, 0, 0, 10, 0]);
        assert_eq!(tally("every step before 7"), [5, 0, 0, 11, 0]);
        assert_eq!(tally("piece by piece"), [5, 0, 0, 11, 0]);
    }

    #[test]
    fn what_is_evicted_or_damaged_is_no_hit() {
        assert_eq!(tally("an evicted entry"), [0, 1, 0, 1, 0]);
        assert_eq!(tally("an entry that is damaged"), [0, 0, 1, 1, 0]);
        assert_eq!(tally("an eviction between the entry and its epochs"), [1, 1, 0, 2, 0]);
    }

    #[test]
    fn bad_servers_are_errors() {
        assert_eq!(tally("a reply that never ends"), [0, 0, 0, 0, 1]);
        assert!(tally("errors")[4] > 5);
        assert_eq!(tally("a hundred lists in each other"), [0, 0, 0, 0, 1]);
        assert!(!played("no Redis").connected);
        assert!(!played("a wrong password").connected);
        assert_eq!(tally("a connection that comes back"), [1, 0, 0, 1, 1]);
    }
}
