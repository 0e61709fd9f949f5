//! What a schedule is like: drawn once from its seed, so that schedules differ
//! in what they do often, and not only in its order.

use std::time::Duration;

use spakky_cache_core::{Key, Policy, Tag};

use super::chance::Chance;
use crate::history::{Name, Operation, Recorder, Terms};

/// What can happen next: calls and steps, then the passing of time and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Event {
    Call,
    /// A step begins to be carried out, while others go on.
    Start,
    /// A step is carried out.
    Happen,
    /// A caller hears of its step.
    Answer,
    /// A step is carried out whose caller is gone.
    Orphan,
    /// A process hears of a change.
    Tell,
    /// Some time passes.
    Tick,
    /// Time passes until something wakes.
    Wake,
    /// Much time passes.
    Leap,
    Cancel,
    /// A step fails, before it happens or after it.
    Fail,
    /// A process loses its connection, and all that was under way on it.
    Cut,
    Lose,
}

/// How likely each kind of event is: one of these weights.
const EVENTS: [(Event, &[usize]); 13] = [
    (Event::Call, &[4, 10, 40]),
    (Event::Start, &[10, 20, 60]),
    (Event::Happen, &[10, 20, 60]),
    (Event::Answer, &[10, 20, 60]),
    (Event::Orphan, &[2, 10]),
    (Event::Tell, &[4, 20]),
    (Event::Tick, &[0, 4, 12]),
    (Event::Wake, &[0, 2, 5]),
    (Event::Leap, &[0, 0, 1, 2]),
    (Event::Cancel, &[0, 0, 1, 2]),
    (Event::Fail, &[0, 0, 0, 1]),
    (Event::Cut, &[0, 0, 0, 1]),
    (Event::Lose, &[0, 0, 0, 1]),
];

/// The same for calls that need no lease.
const CALLS: [(&str, &[usize]); 8] = [
    ("lookup", &[10, 20]),
    ("get", &[5, 10]),
    ("get-many", &[0, 2]),
    ("set", &[0, 2, 6]),
    ("delete", &[0, 2, 6]),
    ("evict-tags", &[1, 4, 10]),
    ("clear", &[0, 0, 2]),
    ("begin-write", &[0, 3, 8]),
];

/// What the schedule's choices are made of.
#[derive(Debug)]
pub(crate) struct Style {
    pub(crate) processes: usize,
    /// In each process.
    pub(crate) actors: usize,
    pub(crate) keys: Vec<Name>,
    pub(crate) tags: Vec<Name>,
    /// How many calls there are, besides those that end leases.
    pub(crate) calls: usize,
    pub(crate) policy: Policy,
    /// How much the clock of each process is ahead.
    pub(crate) ahead: Vec<Duration>,
    /// Whether processes know epochs without asking.
    pub(crate) lag: bool,
    pub(crate) events: Vec<(Event, usize)>,
    calls_of: Vec<(&'static str, usize)>,
    /// One commit in so many changes the tags of its lookup.
    changes_tags: usize,
    /// One entry in so many has a time to live, or a fresh time.
    ends: usize,
    /// One lookup in so many refuses what its caller saw last.
    pub(crate) refuses: usize,
    /// One lease in so many ends with a pass or a failure.
    pub(crate) pauses: usize,
}

impl Style {
    pub(crate) fn new(chance: &mut Chance, lease: Duration) -> Self {
        let processes = 1 + chance.below(3).max(chance.below(3));
        let skewed = chance.one_in(4);
        let ahead = (0..processes)
            .map(|_| if skewed { chance.span(Duration::ZERO, lease * 3) } else { Duration::ZERO })
            .collect();
        let policy = Policy {
            lease,
            longest_load: lease * 6,
            longest_wait: lease * 4,
            nested_wait: *chance.pick(&[lease / 8, lease, lease * 3]),
            longest_retry: lease * 3,
            early_refresh: *chance.pick(&[0.0, 0.0, 1.0, 30.0]),
            ..Policy::default()
        };
        let style = Self {
            processes,
            actors: 1 + chance.below(3),
            keys: names('k', chance),
            tags: names('t', chance),
            calls: 6 + chance.below(16),
            policy,
            ahead,
            lag: chance.one_in(2),
            events: EVENTS.map(|(event, weights)| (event, *chance.pick(weights))).into(),
            calls_of: CALLS.map(|(call, weights)| (call, *chance.pick(weights))).into(),
            changes_tags: 1 + chance.below(4),
            ends: 1 + chance.below(4),
            refuses: 2 + chance.below(6),
            pauses: 3 + chance.below(9),
        };
        if chance.one_in(5) { style.about_tags() } else { style }
    }

    /// Loads that evictions overtake, and nothing else. Where a commit changes
    /// the tags of its lookup, the last check matters only after many steps in
    /// one order.
    fn about_tags(mut self) -> Self {
        self.keys.truncate(1);
        self.actors = self.actors.min(2);
        self.lag = true;
        self.changes_tags = 1;
        (self.refuses, self.pauses) = (usize::MAX, usize::MAX);
        self.calls_of = vec![("lookup", 20), ("evict-tags", 10), ("get", 4)];
        for (event, weight) in &mut self.events {
            if *event > Event::Tell {
                *weight = usize::from(*event == Event::Tick);
            }
        }
        self
    }

    pub(crate) fn all_keys(&self) -> Vec<Key> {
        self.keys.iter().filter_map(|name| Key::new(name, usize::MAX).ok()).collect()
    }

    pub(crate) fn all_tags(&self) -> Vec<Tag> {
        self.tags.iter().filter_map(|name| Tag::new(name, usize::MAX).ok()).collect()
    }

    /// A call that needs no lease.
    pub(crate) fn call(&self, chance: &mut Chance, recorder: &Recorder) -> Operation {
        // Most often the first.
        let which = chance.below(self.keys.len()).min(chance.below(self.keys.len()));
        let key = self.keys[which].clone();
        match chance.weighted(&self.calls_of).unwrap_or("lookup") {
            "get" => Operation::Get { keys: vec![key] },
            "get-many" => Operation::Get { keys: self.keys.clone() },
            "set" => {
                let keys = if chance.one_in(3) { self.keys.clone() } else { vec![key] };
                let entries = keys.into_iter().map(|key| (key, recorder.new_value())).collect();
                let tags = self.some_tags(chance);
                Operation::Set { entries, terms: self.terms(chance, tags) }
            }
            "delete" if chance.one_in(4) => Operation::Delete { keys: self.keys.clone() },
            "delete" => Operation::Delete { keys: vec![key] },
            "evict-tags" if chance.one_in(4) => Operation::Evict { tags: self.tags.clone() },
            "evict-tags" => Operation::Evict { tags: vec![chance.pick(&self.tags).clone()] },
            "clear" => Operation::Clear,
            "begin-write" => Operation::BeginWrite { key, tags: self.some_tags(chance) },
            _ => {
                let max_wait = match chance.below(8) {
                    0 => Some(Duration::ZERO),
                    1..=3 => Some(chance.span(Duration::from_millis(1), self.policy.lease * 2)),
                    _ => None,
                };
                Operation::Lookup { key, tags: self.some_tags(chance), max_wait, refuses: None }
            }
        }
    }

    fn some_tags(&self, chance: &mut Chance) -> Vec<Name> {
        self.tags.iter().filter(|_| chance.one_in(2)).cloned().collect()
    }

    /// The options of a commit: with the tags that the lookup named, or others.
    pub(crate) fn terms_of_commit(&self, chance: &mut Chance, known: &[Name]) -> Terms {
        if !chance.one_in(self.changes_tags) {
            return self.terms(chance, known.to_vec());
        }
        let known = if chance.one_in(2) { known } else { &[] };
        let mut tags = self.some_tags(chance);
        tags.retain(|tag| !known.contains(tag));
        tags.extend_from_slice(known);
        self.terms(chance, tags)
    }

    fn terms(&self, chance: &mut Chance, tags: Vec<Name>) -> Terms {
        let lease = self.policy.lease;
        let ttl = chance.one_in(self.ends).then(|| chance.span(lease / 4, lease * 6));
        let longest = ttl.unwrap_or(lease * 2);
        let fresh_for = chance.one_in(self.ends).then(|| chance.span(lease / 20, longest / 2));
        Terms { tags, ttl, fresh_for }
    }
}

/// One to three names, most often one.
fn names(letter: char, chance: &mut Chance) -> Vec<Name> {
    let last = chance.below(3).min(chance.below(3));
    (0..=last).map(|number| format!("{letter}{number}").into()).collect()
}
