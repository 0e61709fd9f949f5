//! The configurations that are explored.

use crate::caller::Call::{self, Clear, Delete, Evict, Get, Lookup, Set, Sweep, Write};
use crate::caller::End;
use crate::configuration::Possible::{
    self, DeadReplaced, Hit, OutlastsALease, Refreshed, Refused, Stored, TwoLoads, Woken,
};
use crate::configuration::{Configuration, Events, Known, Start};
use crate::keys::Keys;

const A: Keys = Keys::TAG_A;
const AB: Keys = Keys::TAG_A.and(Keys::TAG_B);
const NONE: Keys = Keys::NONE;

/// A lookup that names its tag, and commits what it loads.
pub const LOAD: Call = Lookup { tags: A, named: A, end: End::Commit };
/// A lookup whose load fails.
pub const FAILING_LOAD: Call = Lookup { tags: A, named: A, end: End::Drop };
/// A lookup that names its tag at the commit only.
pub const LATE_LOAD: Call = Lookup { tags: NONE, named: A, end: End::Commit };
/// A lookup that names its tag, and a commit that does not.
pub const UNTAGGED_LOAD: Call = Lookup { tags: A, named: NONE, end: End::Commit };
/// An eviction of that tag.
pub const EVICT: Call = Evict { tags: A };
/// An eviction of two tags.
pub const EVICT_BOTH: Call = Evict { tags: AB };
/// A set.
pub const SET: Call = Set { tags: A };
/// A write to the origin.
pub const WRITE: Call = Write { tags: A };

/// What makes values stale, and what has to be possible beside it.
const INVALIDATIONS: [(&str, Call, &[Possible]); 5] = [
    ("a delete", Delete, &[Stored, Hit, Refused, Woken, TwoLoads]),
    ("an eviction", EVICT, &[Stored, Hit, Refused, Woken, TwoLoads, DeadReplaced]),
    ("a clear", Clear, &[Stored, Hit, Refused, Woken, TwoLoads, DeadReplaced]),
    ("a set", SET, &[Stored, Hit, Refused, Woken]),
    ("a write", WRITE, &[Stored, Hit, Refused, Woken]),
];

/// What happens from outside.
const EVENTS: [(&str, Events); 9] = [
    ("a lease expires", Events::EXPIRY),
    ("a lease is renewed", Events::RENEWAL),
    ("an epoch is lost", Events::EPOCH_LOST),
    ("an entry is lost", Events::ENTRY_LOST),
    ("a connection is lost", Events::CONNECTION_LOST),
    ("Redis is restarted", Events::RESTART),
    ("a process is killed", Events::KILL),
    ("a guest traps", Events::TRAP),
    ("a lease expires and a process is killed", Events::EXPIRY.and(Events::KILL)),
];

/// What `./just test` explores.
pub fn share() -> Vec<Configuration> {
    let mut all = undisturbed();
    all.extend(waiters());
    all.extend(small().iter().flat_map(|family| disturbed(family, |_| true)));
    all.extend(disturbed(&load_and_write(), makes_few_states));
    all
}

/// What `./just prove` explores: more callers, and anything may happen to them.
pub fn full() -> Vec<Configuration> {
    let mut all = share();
    all.extend(many());
    all.extend(disturbed(&load_and_write(), |events| !makes_few_states(events)));
    for family in undisturbed() {
        all.extend(disturbed(&family, makes_few_states));
        all.push(family.clone().knowing(Known::Nowhere));
        if family.start == Start::Nothing {
            all.push(family.knowing(Known::Missing));
        }
    }
    all
}

/// Epochs can be lost at any moment, and all that know them have to ask anew: of
/// more than a few callers that makes more states than can be explored.
fn makes_few_states(events: Events) -> bool {
    events != Events::EPOCH_LOST && events != Events::RESTART
}

/// A configuration with each of the events that are wanted.
fn disturbed(family: &Configuration, wanted: fn(Events) -> bool) -> Vec<Configuration> {
    let wanted = EVENTS.into_iter().filter(|&(_, events)| wanted(events));
    wanted.map(|(what, events)| family.clone().with(what, events)).collect()
}

/// Callers that nothing happens to.
fn undisturbed() -> Vec<Configuration> {
    let mut all = vec![
        Configuration::of("three lookups", [(0, LOAD), (1, LOAD), (1, LOAD)])
            .can([Stored, Hit, Woken]),
        Configuration::of("three lookups of what is dead", [(0, LOAD), (1, LOAD), (1, LOAD)])
            .starting(Start::Dead)
            .can([Stored, Hit, Woken, DeadReplaced]),
        Configuration::of("a load that fails", [(0, FAILING_LOAD), (1, LOAD), (1, LOAD)])
            .can([Stored, Hit, Woken]),
        Configuration::of("a tag that is named late", [(0, LATE_LOAD), (1, EVICT), (2, LOAD)])
            .can([Stored, Hit, Refused, Woken]),
        Configuration::of("a sweep", [(0, LOAD), (1, LOAD), (2, Sweep)])
            .starting(Start::Dead)
            .can([Stored, Hit, Woken, DeadReplaced]),
        Configuration::of("a sweep of a load", [(0, LOAD), (1, EVICT), (2, Sweep)])
            .can([Stored, Refused]),
        Configuration::of("two writes", [(0, WRITE), (1, WRITE), (1, Get)]).can([Hit, Refused]),
        Configuration::of("an eviction and a set in one process", [(0, EVICT), (0, SET), (0, Get)])
            .can([Hit]),
    ];
    for (name, call, possible) in INVALIDATIONS {
        let elsewhere = format!("a load, {name}, and a lookup elsewhere");
        let beside = format!("a load, {name}, and a lookup beside it");
        let refreshes = format!("two refreshes and {name}");
        all.extend([
            Configuration::of(elsewhere, [(0, LOAD), (1, call), (2, LOAD)]).can(possible),
            Configuration::of(beside, [(0, LOAD), (1, call), (1, LOAD)]).can(possible),
            Configuration::of(refreshes, [(0, LOAD), (1, LOAD), (2, call)])
                .starting(Start::Stale)
                .can([Hit, Refreshed]),
        ]);
    }
    all
}

/// Callers that are few enough for anything to happen to them.
fn small() -> Vec<Configuration> {
    vec![
        Configuration::of("a late tag", [(0, LATE_LOAD), (1, EVICT), (1, Get)])
            .can([Stored, Hit, Refused]),
        // Without a reader: what is stored does not depend on the tag, so it may
        // be older than an eviction of it that came after the commit.
        Configuration::of("a tag that is not named again", [(0, UNTAGGED_LOAD), (1, EVICT)])
            .can([Stored, Refused]),
        Configuration::of("a load and an eviction", [(0, LOAD), (1, EVICT), (1, Get)])
            .can([Stored, Hit, Refused]),
        Configuration::of("a load and a delete", [(0, LOAD), (1, Delete), (1, Get)])
            .can([Stored, Hit, Refused]),
        Configuration::of("a refresh and a delete", [(0, LOAD), (1, Delete), (1, Get)])
            .starting(Start::Stale)
            .can([Refreshed, Hit, Refused]),
    ]
}

/// A load that a write overtakes, or waits for.
fn load_and_write() -> Configuration {
    Configuration::of("a load and a write", [(0, LOAD), (1, WRITE), (1, Get)])
        .can([Stored, Hit, Refused])
}

/// As many callers as can be explored.
fn many() -> Vec<Configuration> {
    vec![
        Configuration::of("two writes and a lookup", [(0, WRITE), (1, WRITE), (2, LOAD)])
            .can([Stored, Hit, Refused, Woken]),
        Configuration::of("two lookups each", [(0, LOAD), (0, LOAD), (1, LOAD), (1, LOAD)])
            .can([Stored, Hit, Woken]),
        Configuration::of("two tags", [(0, LATE_LOAD), (1, EVICT_BOTH), (2, LOAD)])
            .can([Stored, Hit, Refused, Woken]),
        Configuration::of(
            "a delete and an eviction",
            [(0, LOAD), (1, Delete), (2, EVICT), (2, Get)],
        )
        .can([Stored, Hit, Refused]),
        Configuration::of("a write and a set", [(0, LOAD), (1, WRITE), (2, SET), (2, Get)])
            .can([Stored, Hit, Refused]),
    ]
}

/// Two lookups of one key, and each event.
fn waiters() -> Vec<Configuration> {
    let configurations = EVENTS.map(|(what, events)| {
        let besides: &[Possible] = match events {
            Events::EXPIRY => &[TwoLoads, OutlastsALease],
            Events::ENTRY_LOST => &[TwoLoads],
            Events::KILL => &[OutlastsALease],
            _ => &[],
        };
        let possible = [&[Stored, Hit, Woken], besides].concat();
        Configuration::of("two lookups", [(0, LOAD), (1, LOAD)]).with(what, events).can(possible)
    });
    configurations.into()
}
