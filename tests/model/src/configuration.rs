//! Which callers run together, and what happens to them.

use Call::{
    Clear, Delete, DroppedTag, Evict, FailingLoad, Get, Load, NewTag, PassingLoad, Set, Write,
};
use Start::{Alive, Dead, Empty, Unknown};

use crate::world::{Keys, RedisKey, both_epochs};

/// What a caller does, once. All but `Get` and the loads change the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Get,
    /// `lookup`, and a load if the key is a miss.
    Load,
    /// The same, but the load fails and its lease is dropped.
    FailingLoad,
    /// The same, but the load passes the key: it stores a pause instead of an entry.
    PassingLoad,
    /// A load whose tag only the commit names.
    NewTag,
    /// A load whose tag only the lookup names.
    DroppedTag,
    Set,
    /// `begin_write`, a change of the origin, and a commit.
    Write,
    Delete,
    Evict,
    Clear,
}

impl Call {
    /// The epochs that it captures before it loads, writes or sets.
    pub(crate) fn captures(self) -> Keys {
        if self == NewTag { Keys::from([RedisKey::Everything]) } else { both_epochs() }
    }

    /// The epochs that an entry which it commits depends on.
    pub(crate) fn commits(self) -> Keys {
        if self == DroppedTag { Keys::from([RedisKey::Everything]) } else { both_epochs() }
    }
}

/// What the key holds at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Empty,
    /// An entry that is alive.
    Alive,
    /// An entry that is alive, and no connection knows the epochs.
    Unknown,
    /// An entry that was evicted.
    Dead,
}

/// What happens from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A lease expires although its holder lives: it was paused, or could not
    /// reach Redis.
    LeaseExpires,
    LeaseRenewed,
    /// An epoch or the eviction mark expires, or Redis loses it.
    EpochLost,
    /// A process loses its connection, and has another one at once.
    ConnectionLost,
    Killed,
}

/// Callers that run together.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The process and the call of each.
    pub(crate) callers: Vec<(usize, Call)>,
    pub(crate) start: Start,
    /// What may happen, once each.
    pub(crate) events: Vec<Event>,
}

impl Configuration {
    /// These callers, without events.
    pub(crate) fn new(start: Start, callers: &[(usize, Call)]) -> Self {
        Self { callers: callers.to_vec(), start, events: Vec::new() }
    }

    /// The same with `events`.
    pub(crate) fn with(&self, events: &[Event]) -> Self {
        Self { events: events.to_vec(), ..self.clone() }
    }

    /// The callers of one process.
    pub(crate) fn callers_of(&self, process: usize) -> impl Iterator<Item = usize> {
        let callers = self.callers.iter().enumerate();
        callers.filter(move |(_, (its, _))| *its == process).map(|(caller, _)| caller)
    }
}

/// Callers to which anything may happen.
fn few() -> Vec<Configuration> {
    vec![
        Configuration::new(Empty, &[(0, Load), (1, Load)]),
        Configuration::new(Empty, &[(0, FailingLoad), (1, Load)]),
        Configuration::new(Empty, &[(0, Load), (1, Evict), (1, Get)]),
        Configuration::new(Empty, &[(0, Load), (1, Delete), (1, Get)]),
        Configuration::new(Empty, &[(0, PassingLoad), (1, Load)]),
        Configuration::new(Empty, &[(0, PassingLoad), (1, Delete), (1, Load)]),
        Configuration::new(Empty, &[(0, PassingLoad), (1, Evict), (1, Load)]),
        Configuration::new(Empty, &[(0, Load), (1, Write), (1, Get)]),
        Configuration::new(Empty, &[(0, NewTag), (1, Evict), (1, Get)]),
        // Without a reader: the entry does not depend on the tag, so it may be
        // older than an eviction that came after the commit.
        Configuration::new(Empty, &[(0, DroppedTag), (1, Evict)]),
        Configuration::new(Alive, &[(0, Get), (0, Load), (1, Evict)]),
    ]
}

/// More callers, and every call that ends what was cached before.
fn more() -> Vec<Configuration> {
    let mut all = vec![
        Configuration::new(Empty, &[(0, Load), (1, Load), (1, Load)]),
        Configuration::new(Dead, &[(0, Load), (1, Load), (1, Load)]),
        Configuration::new(Empty, &[(0, FailingLoad), (1, Load), (1, Load)]),
        Configuration::new(Empty, &[(0, NewTag), (1, Evict), (2, Load)]),
        Configuration::new(Empty, &[(0, Write), (1, Write), (1, Get)]),
    ];
    for end in [Delete, Evict, Clear, Set, Write] {
        all.extend([
            Configuration::new(Empty, &[(0, Load), (1, end), (2, Load)]),
            Configuration::new(Empty, &[(0, PassingLoad), (1, end), (2, Load)]),
            Configuration::new(Empty, &[(0, Load), (1, end), (1, Load)]),
            Configuration::new(Unknown, &[(0, Get), (0, Get), (1, end)]),
        ]);
    }
    all
}

/// Many callers.
fn many() -> Vec<Configuration> {
    vec![
        Configuration::new(Empty, &[(0, Load), (0, Load), (1, Load), (1, Load)]),
        Configuration::new(Empty, &[(0, Write), (1, Write), (2, Load), (2, Get)]),
        Configuration::new(Empty, &[(0, Load), (1, Delete), (2, Evict), (2, Get)]),
        Configuration::new(Empty, &[(0, Load), (1, Write), (2, Set), (2, Get)]),
    ]
}

/// The same callers with each single event, and with a few pairs.
fn disturbed(callers: &[Configuration]) -> impl Iterator<Item = Configuration> {
    let events: [&[Event]; 7] = [
        &[Event::LeaseExpires],
        &[Event::LeaseRenewed],
        &[Event::EpochLost],
        &[Event::ConnectionLost],
        &[Event::Killed],
        &[Event::LeaseExpires, Event::Killed],
        &[Event::LeaseExpires, Event::ConnectionLost],
    ];
    callers.iter().flat_map(move |callers| events.map(|events| callers.with(events)))
}

/// What `./just test` explores.
pub fn share() -> Vec<Configuration> {
    more().into_iter().chain(disturbed(&few())).collect()
}

/// What `./just prove` explores: more callers, and more happens to them. Where any
/// epoch can be lost at any step, three callers make too many states.
pub fn full() -> Vec<Configuration> {
    let more = more();
    let more = disturbed(&more).filter(|callers| callers.events != [Event::EpochLost]);
    share().into_iter().chain(many()).chain(more).collect()
}
