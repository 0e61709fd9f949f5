//! Steps of the store's, and what each may answer.

use std::cell::RefCell;
use std::time::Duration;

use spakky_cache_core::Sweeping;
use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{Cas, CasToken, Change, Found, Slot};
use spakky_cache_core::{Key, Store, StoreError, Tag};
use spakky_cache_redis::RedisStore;
use spakky_test_runtime::Protocol as _;

use super::ledger::{Ledger, Moment};
use super::names::{KEYS, TAGS, name};
use super::proper;
use super::wire::Meaning;
use crate::input::Input;

/// Long, for times that are sent and not waited for.
const LONG: Duration = Duration::from_mins(1);

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Read,
    ReadMany,
    Watch,
    Capture,
    EvictionMark,
    TakeNothing,
    TakeSeen,
    Commit,
    GiveUp,
    Renew,
    Put,
    PutMany,
    Remove,
    Elect,
    StayElected,
    Resign,
    Evict,
    Clear,
    ElectSweeper,
    Sweep,
    Ping,
}

impl Kind {
    pub(super) const ALL: [Self; 21] = [
        Self::Read,
        Self::ReadMany,
        Self::Watch,
        Self::Capture,
        Self::EvictionMark,
        Self::TakeNothing,
        Self::TakeSeen,
        Self::Commit,
        Self::GiveUp,
        Self::Renew,
        Self::Put,
        Self::PutMany,
        Self::Remove,
        Self::Elect,
        Self::StayElected,
        Self::Resign,
        Self::Evict,
        Self::Clear,
        Self::ElectSweeper,
        Self::Sweep,
        Self::Ping,
    ];
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    kind: Kind,
    key: usize,
    tags: usize,
    for_ever: bool,
    /// Whether the next one begins together with this.
    pub(super) together: bool,
}

impl Step {
    pub(super) fn choose(input: &mut Input<'_>) -> Self {
        let kind = input.one_of(&Kind::ALL);
        let what = usize::from(input.byte());
        Self {
            kind,
            key: what % KEYS.len(),
            tags: what / 4 % (TAGS.len() + 1),
            for_ever: what & 64 != 0,
            together: what & 128 != 0,
        }
    }
}

/// What became of steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Entries that are alive.
    pub(crate) hits: usize,
    /// Entries that are dead.
    pub(crate) dead: usize,
    /// Bytes that are no envelope.
    pub(crate) foreign: usize,
    /// Steps that ended well.
    pub(crate) done: usize,
    /// Steps that failed.
    pub(crate) failed: usize,
}

/// Everything that steps share.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) store: RedisStore,
    pub(super) ledger: &'a RefCell<Ledger>,
    pub(super) tally: RefCell<Tally>,
    /// Who watches what, since when.
    pub(super) watches: RefCell<Vec<(Vec<u8>, Moment, Change)>>,
}

type Answer = Result<(), StoreError>;

impl Stage<'_> {
    /// Takes `step`, alone or beside others, and judges what it answers by what
    /// the server said from its beginning on.
    pub(super) async fn take(&self, step: Step, alone: bool) {
        let judge = Judge { stage: self, began: self.ledger.borrow().now(), step, alone };
        let answer = judge.answer().await;
        let mut tally = self.tally.borrow_mut();
        match answer {
            Ok(()) => tally.done += 1,
            Err(_) => tally.failed += 1,
        }
    }
}

/// One step under way.
#[derive(Debug)]
struct Judge<'a> {
    stage: &'a Stage<'a>,
    began: Moment,
    step: Step,
    alone: bool,
}

impl Judge<'_> {
    async fn answer(&self) -> Answer {
        let store = &self.stage.store;
        let text = KEYS[self.step.key];
        let (key, entry) = (&key(text), name('k', text));
        let keys = &KEYS.map(self::key);
        let tags: Vec<Tag> = TAGS[..self.step.tags].iter().map(|tag| self::tag(tag)).collect();
        let ttl = (!self.step.for_ever).then_some(LONG);
        let token = Id([3; 16]);
        let marker = marker();
        let held = &Envelope::Lease(marker.clone()).cas_token();
        match self.step.kind {
            Kind::Read => self.found(&entry, &store.read(key).await?),
            Kind::ReadMany => self.found_many(&store.read_many(keys).await?),
            Kind::Watch => {
                let (found, change) = store.watch(key).await?;
                self.found(&entry, &found);
                self.stage.watches.borrow_mut().push((entry, self.read_at(text), change));
            }
            Kind::Capture => self.captured(&tags, &store.capture(&tags, ttl).await?),
            Kind::EvictionMark => {
                let mark = store.eviction_mark().await?.map(|mark| mark.0.to_vec());
                self.expect(
                    "a mark that was said",
                    |means| match means {
                        Meaning::Text(said) if said.len() == 16 => mark.as_ref() == Some(said),
                        Meaning::Text(_) | Meaning::Null => mark.is_none(),
                        _ => false,
                    },
                    &["GET"],
                    &name('e', ""),
                );
            }
            Kind::TakeNothing => match store.take_lease(key, None, &marker).await? {
                Cas::Done => self.said(&Meaning::Null, &["SET", "EVALSHA", "EVAL"], &entry),
                Cas::Occupied(found) => self.found(&entry, &found),
                Cas::Changed => panic!("nothing was compared, and it changed"),
            },
            Kind::TakeSeen => match store.take_lease(key, Some(&cas_token()), &marker).await? {
                Cas::Done => self.ran(true, &entry),
                Cas::Changed => self.ran(false, &entry),
                Cas::Occupied(found) => panic!("nobody said {found:?}"),
            },
            Kind::Commit => self.ran(store.commit(key, held, &fresh_entry()).await?, &entry),
            Kind::GiveUp => self.ran(store.give_up(key, held).await?, &entry),
            Kind::Renew => self.ran(store.renew(key, held, LONG).await?, &entry),
            Kind::Put => {
                store.put_one(key, &Envelope::Entry(fresh_entry())).await?;
                self.stored(&["SET"], &entry);
            }
            Kind::PutMany => {
                let entries = keys.clone().map(|key| (key, Envelope::Entry(fresh_entry())));
                store.put(&entries).await?;
                for key in KEYS {
                    self.stored(&["SET"], &name('k', key));
                }
            }
            Kind::Remove => self.removed(&store.remove(keys).await?),
            Kind::Elect => {
                let elected = store.elect(Slot::Refresh(key), token, LONG).await?;
                self.elected(elected, &name('r', text));
            }
            Kind::StayElected => {
                self.ran(
                    store.stay_elected(Slot::Refresh(key), token, LONG).await?,
                    &name('r', text),
                );
            }
            Kind::Resign => {
                self.ran(store.resign(Slot::Refresh(key), token).await?, &name('r', text));
            }
            Kind::Evict => {
                store.evict(&tags).await?;
                self.nothing_failed(&["SET", "PING"]);
            }
            Kind::Clear => {
                store.clear().await?;
                self.nothing_failed(&["SET", "PING"]);
            }
            Kind::ElectSweeper => {
                self.elected_to_sweep(store.elect_sweeper(token, LONG).await?);
            }
            Kind::Sweep => {
                let swept = store.sweep(None, 10, Sweeping::Remove).await?;
                assert!(swept.dead <= swept.seen, "{swept:?}");
            }
            Kind::Ping => {
                store.ping().await?;
                self.nothing_failed(&["PING"]);
            }
        }
        Ok(())
    }

    /// Whatever else is said: a hit is an entry that the server said. And if
    /// it is known what it said of what, then `found` is what it said of this.
    fn found(&self, key: &[u8], found: &Found) {
        let ledger = self.stage.ledger.borrow();
        let mut tally = self.stage.tally.borrow_mut();
        match found {
            Found::Envelope { envelope: Envelope::Entry(entry), alive: true } => {
                assert!(ledger.offered(entry), "nobody said {entry:?}");
                tally.hits += 1;
            }
            Found::Envelope { alive: false, .. } => tally.dead += 1,
            Found::Foreign(_) => tally.foreign += 1,
            _ => {}
        }
        assert!(
            !ledger.is_clear() || ledger.explains(found, key, self.began),
            "{:?} of {}: {found:?} is not what was said\n{ledger:#?}",
            self.step,
            key.escape_ascii(),
        );
    }

    fn found_many(&self, found: &[Found]) {
        assert_eq!(found.len(), KEYS.len());
        for (key, found) in KEYS.iter().zip(found) {
            self.found(&name('k', key), found);
        }
    }

    fn captured(&self, tags: &[Tag], epochs: &Epochs) {
        assert!(epochs.tags.iter().map(|(tag, _)| tag).eq(tags), "{epochs:?} for {tags:?}");
        let ledger = self.stage.ledger.borrow();
        assert!(
            !ledger.is_clear() || ledger.may_capture(epochs, self.began),
            "{epochs:?} are not those that were said\n{ledger:#?}"
        );
    }

    /// When the key was read last.
    fn read_at(&self, key: &str) -> Moment {
        let ledger = self.stage.ledger.borrow();
        let key = name('k', key);
        let last = ledger.replies(&["GET"], &key, self.began).last();
        last.map_or_else(|| ledger.now(), |(at, _)| at)
    }

    fn ran(&self, done: bool, key: &[u8]) {
        let one = |means: &Meaning| matches!(means, Meaning::Number(1));
        self.expect(
            if done { "done" } else { "not done" },
            |means| matches!(means, Meaning::Number(_)) && one(means) == done,
            &["EVALSHA", "EVAL"],
            key,
        );
    }

    fn removed(&self, removed: &[bool]) {
        assert_eq!(removed.len(), KEYS.len());
        let ledger = self.stage.ledger.borrow();
        for (key, alive) in KEYS.iter().zip(removed) {
            assert!(
                !ledger.is_clear() || ledger.removed(*alive, &name('k', key), self.began),
                "{key:?} held an entry that was alive: {alive}; nobody said so\n{ledger:#?}"
            );
        }
    }

    /// `SET .. NX GET` answers a null, or what the key holds.
    fn elected(&self, elected: bool, key: &[u8]) {
        let says = |means: &Meaning| match means {
            Meaning::Null => elected,
            Meaning::Text(_) => !elected,
            _ => false,
        };
        self.expect("elected, or not", says, &["SET", "EVALSHA", "EVAL"], key);
    }

    fn elected_to_sweep(&self, elected: bool) {
        let sweeper = name('s', "");
        if elected {
            let won = |means: &Meaning| matches!(means, Meaning::Number(1) | Meaning::Null);
            self.expect("elected", won, &["EVALSHA", "EVAL", "SET"], &sweeper);
        } else {
            self.elected(false, &sweeper);
        }
    }

    fn stored(&self, commands: &[&str], key: &[u8]) {
        let stored = |means: &Meaning| matches!(means, Meaning::Ok | Meaning::Null);
        self.expect("stored", stored, commands, key);
    }

    fn said(&self, expected: &Meaning, commands: &[&str], key: &[u8]) {
        self.expect("as it was said", |means| means == expected, commands, key);
    }

    /// Some reply to one of `commands` on `key` says what the step says.
    fn expect(&self, what: &str, says: impl Fn(&Meaning) -> bool, commands: &[&str], key: &[u8]) {
        let ledger = self.stage.ledger.borrow();
        assert!(
            !ledger.is_clear()
                || ledger.replies(commands, key, self.began).any(|(_, means)| says(means)),
            "{:?} answered: {what}; of {} nobody said so\n{ledger:#?}",
            self.step,
            key.escape_ascii(),
        );
    }

    fn nothing_failed(&self, commands: &[&str]) {
        let ledger = self.stage.ledger.borrow();
        // A step beside this one may have been the one that failed.
        let failed = |name: &&str| ledger.failed(name, self.began);
        assert!(
            !ledger.is_clear() || !self.alone || !commands.iter().any(failed),
            "{:?} answered that all is well, after an error\n{ledger:#?}",
            self.step,
        );
    }
}

fn key(text: &str) -> Key {
    Key::new(text, usize::MAX).expect("a key")
}

fn tag(text: &str) -> Tag {
    Tag::new(text, usize::MAX).expect("a tag")
}

fn marker() -> Marker {
    let epochs = proper::entry(Vec::new()).epochs;
    Marker { id: Id([2; 16]), taken_at: 1, lasts: LONG, epochs }
}

fn cas_token() -> CasToken {
    Envelope::Entry(fresh_entry()).cas_token()
}

fn fresh_entry() -> Entry {
    proper::entry(b"mine".to_vec())
}
