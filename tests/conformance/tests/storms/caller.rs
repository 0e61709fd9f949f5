//! Somebody who uses a cache, and notes what comes of it.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Error, Lease, Lookup, Session};
use spakky_simulation::history::{
    CallId, Caller, Name, Operation, Outcome, Recorder, Terms, ValueId,
};
use spakky_simulation::simulation::Chance;

/// What the callers of a round have in common.
pub(crate) struct Plan {
    pub(crate) keys: Vec<Name>,
    pub(crate) tags: Vec<Name>,
    /// How many bytes a value has at most.
    pub(crate) value_bytes: usize,
}

/// One caller, with a session of its own.
pub(crate) struct User<'a> {
    pub(crate) caller: Caller,
    pub(crate) session: Session,
    pub(crate) plan: &'a Plan,
    pub(crate) recorder: &'a Recorder,
    pub(crate) chance: Chance,
    /// The first value that nobody else writes, and the next one.
    pub(crate) next_value: u64,
}

/// A lease, whose end is noted however it comes: also when its caller is
/// dropped half-way.
struct Held<'a> {
    caller: Caller,
    recorder: &'a Recorder,
    /// The call that gave it.
    call: CallId,
    /// None once it is spent.
    lease: Option<Lease>,
}

impl Held<'_> {
    async fn commit(&mut self, value: Bytes, options: &EntryOptions) -> Result<bool, Error> {
        let Some(lease) = &mut self.lease else { return Ok(false) };
        let stored = lease.commit(value, options).await?;
        self.lease = None;
        Ok(stored)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            let call = self.recorder.begin(self.caller, Operation::GiveUp { lease: self.call });
            drop(lease);
            // What that does in the background is done nobody knows when.
            call.end(Outcome::Dropped);
        }
    }
}

impl<'a> User<'a> {
    /// Does one thing, whatever comes of it, or half of it.
    pub(crate) async fn act(&mut self) {
        if self.chance.one_in(32) {
            let patience = self.chance.span(Duration::ZERO, Duration::from_millis(8));
            // What it was at is dropped.
            let _ = tokio::time::timeout(patience, self.act_whole()).await;
        } else {
            self.act_whole().await;
        }
    }

    async fn act_whole(&mut self) {
        let keys = self.some_keys();
        let key = keys[0].clone();
        match self.chance.below(40) {
            0..=15 => self.load(key).await,
            16..=23 => self.get(keys).await,
            24..=27 => self.set(keys).await,
            28..=31 => self.delete(keys).await,
            32..=34 => self.evict().await,
            35 => self.clear().await,
            _ => self.write(key).await,
        }
    }

    async fn get(&mut self, keys: Vec<Name>) {
        let call = self.recorder.begin(self.caller, Operation::Get { keys: keys.clone() });
        let answer = match &keys[..] {
            [key] => self.session.get(key).await.map(|value| vec![value]),
            keys => self.session.get_many(keys.iter().map(|key| &**key)).await,
        };
        call.end(Outcome::of_values(answer));
    }

    async fn set(&mut self, keys: Vec<Name>) {
        let entries: Vec<(Name, ValueId)> =
            keys.into_iter().map(|key| (key, self.new_value())).collect();
        let tags = self.some_tags();
        let terms = self.terms(tags);
        let operation = Operation::Set { entries: entries.clone(), terms: terms.clone() };
        let values = entries.iter().map(|(key, value)| (&**key, self.bytes(*value))).collect();
        let call = self.recorder.begin(self.caller, operation);
        let answer = self.session.set_many(values, &options(&terms)).await;
        call.end(Outcome::of(answer, |()| Outcome::Done));
    }

    async fn delete(&mut self, keys: Vec<Name>) {
        let call = self.recorder.begin(self.caller, Operation::Delete { keys: keys.clone() });
        let answer = self.session.delete_many(keys.iter().map(|key| &**key)).await;
        call.end(Outcome::of(answer, Outcome::Deleted));
    }

    async fn evict(&mut self) {
        let mut tags = self.some_tags();
        if tags.is_empty() {
            tags.push(self.chance.pick(&self.plan.tags).clone());
        }
        let call = self.recorder.begin(self.caller, Operation::Evict { tags: tags.clone() });
        let answer = self.session.evict_tags(&texts(&tags)).await;
        call.end(Outcome::of(answer, |()| Outcome::Done));
    }

    async fn clear(&mut self) {
        let call = self.recorder.begin(self.caller, Operation::Clear);
        call.end(Outcome::of(self.session.clear().await, |()| Outcome::Done));
    }

    /// Looks a key up, and loads it if that is for this caller to do.
    async fn load(&mut self, key: Name) {
        let tags = self.some_tags();
        let max_wait = self.chance.one_in(4).then_some(Duration::ZERO);
        let operation = Operation::Lookup { key: key.clone(), tags: tags.clone(), max_wait };
        let call = self.recorder.begin(self.caller, operation);
        let id = call.id();
        let answer = self.session.lookup(&key, &texts(&tags), max_wait).await;
        call.end(Outcome::of_lookup(&answer));
        if let Ok(Lookup::Miss(lease) | Lookup::Stale { refresh: Some(lease), .. }) = answer {
            let held = self.held(id, lease);
            self.origin().await;
            self.end(held, tags).await;
        }
    }

    /// Writes to the origin, and through to the cache.
    async fn write(&mut self, key: Name) {
        let tags = self.some_tags();
        let operation = Operation::BeginWrite { key: key.clone(), tags: tags.clone() };
        let call = self.recorder.begin(self.caller, operation);
        let id = call.id();
        let answer = self.session.begin_write(&key, &texts(&tags)).await;
        let held = match answer {
            Ok(lease) => {
                call.end(Outcome::Done);
                self.held(id, lease)
            }
            Err(error) => return call.end(Outcome::Failed(error)),
        };
        let writing = self.recorder.begin(self.caller, Operation::OriginWrite { lease: id });
        self.origin().await;
        writing.end(Outcome::Done);
        self.end(held, tags).await;
    }

    fn held(&self, call: CallId, lease: Lease) -> Held<'a> {
        Held { caller: self.caller, recorder: self.recorder, call, lease: Some(lease) }
    }

    /// Commits what was loaded or written, or drops the lease.
    async fn end(&mut self, mut held: Held<'a>, mut tags: Vec<Name>) {
        if self.chance.one_in(8) {
            return;
        }
        if self.chance.one_in(4) {
            // Only the value tells which tags it has.
            tags = self.some_tags();
        }
        let (value, terms) = (self.new_value(), self.terms(tags));
        let bytes = self.bytes(value);
        let operation = Operation::Commit { lease: held.call, value, terms: terms.clone() };
        let call = self.recorder.begin(self.caller, operation);
        let answer = held.commit(bytes, &options(&terms)).await;
        call.end(Outcome::of(answer, Outcome::Stored));
    }

    /// So that there are not more calls than can be checked.
    pub(crate) async fn rest(&mut self) {
        let time = self.chance.span(Duration::ZERO, Duration::from_millis(4));
        tokio::time::sleep(time).await;
    }

    /// The origin takes its time.
    async fn origin(&mut self) {
        let time = self.chance.span(Duration::ZERO, Duration::from_millis(4));
        tokio::time::sleep(time).await;
    }

    /// One, or a few.
    fn some_keys(&mut self) -> Vec<Name> {
        let first = self.chance.below(self.plan.keys.len());
        let count = if self.chance.one_in(4) { 3 } else { 1 };
        self.plan.keys.iter().cycle().skip(first).take(count).cloned().collect()
    }

    fn some_tags(&mut self) -> Vec<Name> {
        self.plan.tags.iter().filter(|_| self.chance.one_in(2)).cloned().collect()
    }

    fn terms(&mut self, tags: Vec<Name>) -> Terms {
        let mut span = |longest| {
            let (shortest, longest) = (Duration::from_millis(20), Duration::from_millis(longest));
            self.chance.one_in(4).then(|| self.chance.span(shortest, longest))
        };
        let ttl = span(1_000);
        let fresh_for = span(200).map(|fresh| ttl.map_or(fresh, |ttl| fresh.min(ttl)));
        Terms { tags, ttl, fresh_for }
    }

    fn new_value(&mut self) -> ValueId {
        self.next_value += 1;
        ValueId(self.next_value)
    }

    /// What is stored for a value: its number, with any number of zeros before.
    fn bytes(&mut self, ValueId(value): ValueId) -> Bytes {
        let width = self.chance.below(self.plan.value_bytes);
        format!("v{value:0width$}").into()
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn options(Terms { tags, ttl, fresh_for }: &Terms) -> EntryOptions {
    EntryOptions { ttl: *ttl, fresh_for: *fresh_for, tags: texts(tags) }
}
