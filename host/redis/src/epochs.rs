//! Current epochs: whether an entry is alive, and what a new entry depends on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::Pipeline;
use spakky_cache_core::entry::{Envelope, Epoch, Epochs, whole_millis};
use spakky_cache_core::envelope::{cas_token_of, is_of_other_version};
use spakky_cache_core::store::Found;
use spakky_cache_core::{Runtime, StoreError, Tag};

use crate::error::CommandError;
use crate::keys::Keys;
use crate::operation::Operation;
use crate::reply::{self, To};
use crate::scripts::Script;
use crate::tracking::{Expiry, Known};

const DAY: Duration = Duration::from_hours(24);
/// The shortest time to live of a new epoch.
pub(crate) const SHORTEST_LIFE: Duration = Duration::from_hours(24 * 30);
/// How often a capture retries while others change the same epochs.
const ATTEMPTS: usize = 4;

/// How long an epoch has to live: as long as the entries that depend on it.
///
/// Extending an epoch invalidates it in every process. So an extension is
/// generous, and the next one is due after two weeks at the earliest.
#[derive(Clone, Copy)]
struct Life {
    /// The least time to live: a day more than that of the entry, which is stored
    /// some time after the capture. `None` means forever.
    needed: Option<Duration>,
    /// The time to live that it gets if it has less. `None` means forever.
    given: Option<Duration>,
}

impl Life {
    const FOR_EVER: Self = Self { needed: None, given: None };

    fn of(ttl: Option<Duration>) -> Self {
        match ttl {
            None => Self::FOR_EVER,
            Some(ttl) => Self {
                needed: Some(ttl.saturating_add(DAY)),
                given: Some(ttl.saturating_mul(2).max(SHORTEST_LIFE)),
            },
        }
    }

    /// `given` as a script takes it: milliseconds, or empty for forever.
    fn given_millis(self) -> String {
        self.given.map_or_else(String::new, |given| whole_millis(given).to_string())
    }
}

/// A step's view of the current epochs of one cache.
pub(crate) struct CurrentEpochs<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) keys: &'a Keys,
}

/// Whether the epochs of an entry are current.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Alive,
    Dead,
    /// Alive if Redis has these epochs. All others are current.
    IfCurrent(Unknown),
}

/// Redis keys of epochs, and the value that each must have.
type Unknown = Vec<(Vec<u8>, Epoch)>;

impl CurrentEpochs<'_> {
    /// Decodes `bytes` that were just read, and checks their epochs.
    pub(crate) async fn found(&self, bytes: Option<Vec<u8>>) -> Result<Found, StoreError> {
        let mut found = decode(bytes);
        // The usual case needs no command and no allocation.
        if let Found::Envelope { envelope, alive } = &mut found {
            *alive = match self.verdict(envelope.epochs()) {
                Verdict::Alive => true,
                Verdict::Dead => false,
                Verdict::IfCurrent(unknown) => self.all_current(vec![Some(unknown)]).await?[0],
            };
        }
        Ok(found)
    }

    /// Like [`found`](Self::found) for several keys, with one round trip at most.
    pub(crate) async fn found_many(
        &self,
        values: Vec<Option<Vec<u8>>>,
    ) -> Result<Vec<Found>, StoreError> {
        let mut found: Vec<Found> = values.into_iter().map(decode).collect();
        let epochs: Vec<Option<&Epochs>> = found.iter().map(epochs_of).collect();
        let verdicts = self.alive_many(&epochs).await?;
        for (found, verdict) in found.iter_mut().zip(verdicts) {
            if let Found::Envelope { alive, .. } = found {
                *alive = verdict;
            }
        }
        Ok(found)
    }

    /// Whether each of `epochs` is current. `None` gives false.
    pub(crate) async fn alive_many(
        &self,
        epochs: &[Option<&Epochs>],
    ) -> Result<Vec<bool>, StoreError> {
        let verdicts =
            epochs.iter().map(|epochs| match epochs.map(|epochs| self.verdict(epochs)) {
                Some(Verdict::Alive) => Some(Vec::new()),
                Some(Verdict::IfCurrent(unknown)) => Some(unknown),
                Some(Verdict::Dead) | None => None,
            });
        self.all_current(verdicts.collect()).await
    }

    /// Compares `epochs` with those that the connection knows.
    ///
    /// An epoch never returns. So if it is current now, it was current when the
    /// entry was read before.
    fn verdict(&self, epochs: &Epochs) -> Verdict {
        let known = self.operation.tracking().known();
        let mut unknown = Vec::new();
        let mut differs = |key: &[u8], epoch: Epoch| {
            let known = known.get(key);
            if known.is_none() {
                unknown.push((key.to_vec(), epoch));
            }
            known.is_some_and(|known| known.epoch != epoch)
        };
        if differs(self.keys.everything(), epochs.everything) {
            return Verdict::Dead;
        }
        let mut key = Vec::new();
        for (tag, epoch) in &epochs.tags {
            self.keys.write_tag(tag, &mut key);
            if differs(&key, *epoch) {
                return Verdict::Dead;
            }
        }
        if unknown.is_empty() { Verdict::Alive } else { Verdict::IfCurrent(unknown) }
    }

    /// Whether Redis has all epochs of each list. `None` gives false.
    async fn all_current(&self, lists: Vec<Option<Unknown>>) -> Result<Vec<bool>, StoreError> {
        let mut keys: Vec<Vec<u8>> =
            lists.iter().flatten().flatten().map(|(key, _)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let answers = self.ask(keys.clone(), &redis::pipe()).await?;
        let current: HashMap<Vec<u8>, Option<Known>> = keys.into_iter().zip(answers).collect();
        let is_current = |(key, epoch): &(Vec<u8>, Epoch)| matches!(current.get(key), Some(Some(known)) if known.epoch == *epoch);
        Ok(lists
            .into_iter()
            .map(|list| list.is_some_and(|list| list.iter().all(is_current)))
            .collect())
    }

    /// Reads and tracks the epochs of `keys` in one round trip, after the commands
    /// in `before`, whose replies are only checked for errors. Returns `None` for
    /// a key that holds no epoch.
    async fn ask(
        &self,
        keys: Vec<Vec<u8>>,
        before: &Pipeline,
    ) -> Result<Vec<Option<Known>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let asked = Instant::now();
        let pending = self.operation.tracking().expect(keys);
        let mut pipeline = before.clone();
        for key in pending.keys() {
            pipeline.cmd("CLIENT").arg("CACHING").arg("YES");
            pipeline.cmd("GET").arg(key);
            pipeline.cmd("PTTL").arg(key);
        }
        let mut replies = self.operation.pipeline(&pipeline).await?.into_iter();
        for reply in replies.by_ref().take(before.len()) {
            reply::no_error(&reply, To("SET", b""))?;
        }
        let mut answers = Vec::with_capacity(pending.keys().len());
        for key in pending.keys() {
            let mut next = || replies.next().unwrap_or_default();
            reply::no_error(&next(), To("CLIENT CACHING", key))?;
            let epoch = reply::string(next(), To("GET", key))?;
            let left = reply::integer(&next(), To("PTTL", key))?;
            let epoch = epoch.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(Epoch);
            answers.push(match (epoch, left) {
                (Some(epoch), -1) => Some(Known { epoch, expiry: Expiry::ForEver }),
                (Some(epoch), 0..) => {
                    // Redis measured this after the request was sent.
                    let left = Duration::from_millis(left.unsigned_abs());
                    Some(Known { epoch, expiry: Expiry::Until(asked + left) })
                }
                _ => None,
            });
        }
        pending.fill(&answers);
        Ok(answers)
    }

    /// Returns the epochs of everything and of `tags` for an entry with this
    /// `ttl`, creating those that are missing.
    pub(crate) async fn capture(
        &self,
        tags: &[Tag],
        ttl: Option<Duration>,
        runtime: &dyn Runtime,
    ) -> Result<Epochs, StoreError> {
        // The first is the epoch of everything. Every entry has it, so it never
        // expires.
        let mut keys = vec![self.keys.everything().to_vec()];
        keys.extend(tags.iter().map(|tag| self.keys.tag(tag)));
        let life = |index: usize| if index == 0 { Life::FOR_EVER } else { Life::of(ttl) };

        let mut captured: Vec<Option<Epoch>> = vec![None; keys.len()];
        for attempt in 0..ATTEMPTS {
            let (now, last) = (Instant::now(), attempt + 1 == ATTEMPTS);
            let keep = |index: usize, known: Option<Known>, captured: &mut [Option<Epoch>]| {
                // An epoch that expires too soon in spite of all attempts only
                // ends the entry early.
                let enough = |known: &Known| last || known.expiry.covers(life(index).needed, now);
                captured[index] = known.filter(enough).map(|known| known.epoch);
            };
            {
                let known = self.operation.tracking().known();
                for (index, key) in keys.iter().enumerate().filter(|_| attempt == 0) {
                    keep(index, known.get(key), &mut captured);
                }
            }
            let missing = positions_of_none(&captured);
            if missing.is_empty() {
                break;
            }
            let mut make = redis::pipe();
            for index in missing.iter().copied() {
                let epoch = Epoch::random(runtime);
                make.add_command(set_epoch(&keys[index], epoch, life(index).given, true));
            }
            let asked = missing.iter().map(|index| keys[*index].clone()).collect();
            let answers = self.ask(asked, &make).await?;
            let mut short = Vec::new();
            for (index, answer) in missing.into_iter().zip(answers) {
                keep(index, answer, &mut captured);
                if captured[index].is_none() {
                    short.push((index, answer.is_some()));
                }
            }
            self.mend(&keys, &short, life, runtime).await?;
        }
        let mut captured = captured.into_iter().flatten();
        let everything = captured.next();
        let tags: Vec<(Tag, Epoch)> = tags.iter().cloned().zip(captured).collect();
        match everything {
            Some(everything) if tags.len() + 1 == keys.len() => Ok(Epochs { everything, tags }),
            _ => Err(CommandError::EpochsLost.into()),
        }
    }

    /// Extends the epochs at these positions of `keys`, and replaces whatever is
    /// there instead of an epoch.
    async fn mend(
        &self,
        keys: &[Vec<u8>],
        short: &[(usize, bool)],
        life: impl Fn(usize) -> Life,
        runtime: &dyn Runtime,
    ) -> Result<(), StoreError> {
        let lives: Vec<String> =
            short.iter().map(|(index, _)| life(*index).given_millis()).collect();
        let mut replace = redis::pipe();
        let mut lengthen = Vec::new();
        for ((index, is_epoch), life_millis) in short.iter().zip(&lives) {
            let key = keys[*index].as_slice();
            if *is_epoch {
                lengthen.push((key, vec![life_millis.as_bytes()]));
            } else {
                let epoch = Epoch::random(runtime);
                replace.add_command(set_epoch(key, epoch, life(*index).given, false));
            }
        }
        for reply in self.operation.pipeline(&replace).await? {
            reply::stored(&reply, To("SET", b""))?;
        }
        let lengthened = self.operation.script_many(Script::Lengthen, &lengthen).await?;
        for (reply, (key, _)) in lengthened.iter().zip(&lengthen) {
            reply::integer(reply, To(Script::Lengthen.name(), key))?;
        }
        if !short.is_empty() {
            self.settle().await?;
        }
        Ok(())
    }

    /// Waits until the invalidations of this connection's own changes are
    /// handled. Each follows the reply to the command that caused it and precedes
    /// the reply to the next command.
    async fn settle(&self) -> Result<(), StoreError> {
        let reply = self.operation.command(&redis::cmd("PING")).await?;
        Ok(reply::no_error(&reply, To("PING", b""))?)
    }
}

/// `SET key epoch [PX life] [NX]`.
pub(crate) fn set_epoch(
    key: &[u8],
    Epoch(epoch): Epoch,
    life: Option<Duration>,
    if_none: bool,
) -> redis::Cmd {
    let mut set = redis::cmd("SET");
    set.arg(key).arg(&epoch);
    if let Some(life) = life {
        set.arg("PX").arg(whole_millis(life));
    }
    if if_none {
        set.arg("NX");
    }
    set
}

/// Decodes `bytes`. An envelope counts as dead until its epochs are checked.
fn decode(bytes: Option<Vec<u8>>) -> Found {
    let Some(bytes) = bytes.map(Bytes::from) else { return Found::Nothing };
    match Envelope::decode(&bytes) {
        Ok(envelope) => Found::Envelope { envelope, alive: false },
        Err(_) if is_of_other_version(&bytes) => Found::OtherVersion,
        Err(_) => Found::Foreign(cas_token_of(&bytes)),
    }
}

fn epochs_of(found: &Found) -> Option<&Epochs> {
    match found {
        Found::Envelope { envelope, .. } => Some(envelope.epochs()),
        _ => None,
    }
}

fn positions_of_none<T>(values: &[Option<T>]) -> Vec<usize> {
    (0..values.len()).filter(|index| values[*index].is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_outlives_what_depends_on_it() {
        let days = |days: u32| days * DAY;
        for (ttl, needed, given) in [(1, 2, 30), (14, 15, 30), (16, 17, 32), (3_660, 3_661, 7_320)]
        {
            let life = Life::of(Some(days(ttl)));
            assert_eq!(life.needed, Some(days(needed)));
            assert_eq!(life.given, Some(days(given)));
            assert!(days(given) >= days(needed + 14), "it would be extended often");
        }
        assert_eq!(Life::of(None).needed, None);
        assert_eq!(Life::of(None).given_millis(), "");
        assert_eq!(Life::of(Some(DAY)).given_millis(), "2592000000");
    }

    #[test]
    fn an_epoch_is_set_for_its_life() {
        let epoch = Epoch([b'x'; 16]);
        let text = |life, if_none| {
            let packed = set_epoch(b"t|a", epoch, life, if_none).get_packed_command();
            String::from_utf8(packed).unwrap()
        };
        assert!(text(None, false).ends_with("$16\r\nxxxxxxxxxxxxxxxx\r\n"));
        assert!(text(None, true).ends_with("NX\r\n"));
        assert!(text(Some(DAY), true).ends_with("PX\r\n$8\r\n86400000\r\n$2\r\nNX\r\n"));
    }
}
