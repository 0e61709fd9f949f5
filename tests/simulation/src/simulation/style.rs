//! What a schedule is like: drawn once from its seed, so that schedules differ
//! in what they do much of, and not only in its order.

use std::time::Duration;

use spakky_cache_core::Policy;

use super::actor::Kind;
use super::chance::Chance;
use crate::history::{Name, Terms};

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
    pub(crate) weights: Weights,
    operations: Vec<(usize, Kind)>,
    /// Of commits, one in so many changes the tags of its lookup.
    changes_tags: usize,
    /// Of entries, one in so many has a time to live, and a fresh time.
    ends: usize,
}

/// How likely each kind of choice is.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) call: usize,
    pub(crate) happen: usize,
    pub(crate) answer: usize,
    pub(crate) orphan: usize,
    pub(crate) tell: usize,
    pub(crate) tick: usize,
    pub(crate) wake: usize,
    pub(crate) leap: usize,
    pub(crate) cancel: usize,
    pub(crate) fail: usize,
    pub(crate) cut: usize,
    pub(crate) lose: usize,
}

impl Style {
    pub(crate) fn new(chance: &mut Chance, lease: Duration) -> Self {
        let style = Self::any(chance, lease);
        if chance.one_in(5) { style.about_tags() } else { style }
    }

    /// Loads that are overtaken by evictions, and nothing else: where tags
    /// change from lookup to commit, it takes many steps in one order for the
    /// last check to matter.
    fn about_tags(mut self) -> Self {
        self.keys.truncate(1);
        self.actors = self.actors.min(2);
        self.lag = true;
        self.changes_tags = 1;
        self.operations = vec![(20, Kind::Lookup), (10, Kind::Evict), (4, Kind::Get)];
        let Weights { call, happen, answer, orphan, tell, .. } = self.weights;
        let (tick, wake, leap, cancel, fail, cut, lose) = (1, 0, 0, 0, 0, 0, 0);
        self.weights = Weights {
            call,
            happen,
            answer,
            orphan,
            tell,
            tick,
            wake,
            leap,
            cancel,
            fail,
            cut,
            lose,
        };
        self
    }

    fn any(chance: &mut Chance, lease: Duration) -> Self {
        let processes = 1 + chance.below(3).max(chance.below(3));
        let name = |letter: char| move |number: usize| Name::from(format!("{letter}{number}"));
        let skewed = chance.one_in(4);
        let ahead = (0..processes)
            .map(|_| if skewed { chance.span(Duration::ZERO, lease * 3) } else { Duration::ZERO })
            .collect();
        let policy = Policy {
            lease,
            longest_load: lease * 6,
            longest_wait: lease * 4,
            early_refresh: *chance.pick(&[0.0, 0.0, 1.0, 30.0]),
            ..Policy::default()
        };
        Self {
            processes,
            actors: 1 + chance.below(3),
            keys: (0..=chance.below(3).min(chance.below(3))).map(name('k')).collect(),
            tags: (0..=chance.below(3).min(chance.below(3))).map(name('t')).collect(),
            calls: 6 + chance.below(16),
            policy,
            ahead,
            lag: chance.one_in(2),
            weights: Weights::new(chance),
            operations: operations(chance),
            changes_tags: 1 + chance.below(4),
            ends: 1 + chance.below(4),
        }
    }

    pub(crate) fn clock_error(&self) -> Duration {
        self.ahead.iter().max().copied().unwrap_or_default()
    }

    pub(crate) fn operation(&self, chance: &mut Chance) -> Kind {
        chance.weighted(&self.operations).unwrap_or(Kind::Lookup)
    }

    /// Most often the first.
    pub(crate) fn key(&self, chance: &mut Chance) -> Name {
        let which = chance.below(self.keys.len()).min(chance.below(self.keys.len()));
        self.keys[which].clone()
    }

    pub(crate) fn some_tags(&self, chance: &mut Chance) -> Vec<Name> {
        self.tags.iter().filter(|_| chance.one_in(2)).cloned().collect()
    }

    pub(crate) fn one_or_all_tags(&self, chance: &mut Chance) -> Vec<Name> {
        if chance.one_in(4) { self.tags.clone() } else { vec![chance.pick(&self.tags).clone()] }
    }

    /// Those of the lookup, or some that are named only now.
    pub(crate) fn tags_of_commit(&self, chance: &mut Chance, known: &[Name]) -> Vec<Name> {
        if !chance.one_in(self.changes_tags) {
            return known.to_vec();
        }
        let mut tags = self.some_tags(chance);
        if chance.one_in(2) {
            tags.extend(
                known.iter().filter(|tag| !tags.contains(tag)).cloned().collect::<Vec<_>>(),
            );
        }
        tags
    }

    pub(crate) fn terms(&self, chance: &mut Chance, tags: Vec<Name>) -> Terms {
        let lease = self.policy.lease;
        let ttl = chance.one_in(self.ends).then(|| chance.span(lease / 4, lease * 6));
        let longest = ttl.unwrap_or(lease * 2);
        let fresh_for = chance.one_in(self.ends).then(|| chance.span(lease / 20, longest / 2));
        Terms { tags, ttl, fresh_for }
    }

    pub(crate) fn max_wait(&self, chance: &mut Chance) -> Option<Duration> {
        match chance.below(8) {
            0 => Some(Duration::ZERO),
            1..=3 => Some(chance.span(Duration::from_millis(1), self.policy.lease * 2)),
            _ => None,
        }
    }
}

impl Weights {
    fn new(chance: &mut Chance) -> Self {
        let mut often = |weights: &[usize]| *chance.pick(weights);
        Self {
            call: often(&[4, 10, 40]),
            happen: often(&[10, 20, 60]),
            answer: often(&[10, 20, 60]),
            orphan: often(&[2, 10]),
            tell: often(&[4, 20]),
            tick: often(&[0, 4, 12]),
            wake: often(&[0, 2, 5]),
            leap: often(&[0, 0, 1, 2]),
            cancel: often(&[0, 0, 1, 2]),
            fail: often(&[0, 0, 0, 1]),
            cut: often(&[0, 0, 0, 1]),
            lose: often(&[0, 0, 0, 1]),
        }
    }
}

fn operations(chance: &mut Chance) -> Vec<(usize, Kind)> {
    let mut often = |weights: &[usize]| *chance.pick(weights);
    vec![
        (often(&[10, 20]), Kind::Lookup),
        (often(&[5, 10]), Kind::Get),
        (often(&[0, 2]), Kind::GetMany),
        (often(&[0, 2, 6]), Kind::Set),
        (often(&[0, 2, 6]), Kind::Delete),
        (often(&[1, 4, 10]), Kind::Evict),
        (often(&[0, 0, 2]), Kind::Clear),
        (often(&[0, 3, 8]), Kind::BeginWrite),
    ]
}
