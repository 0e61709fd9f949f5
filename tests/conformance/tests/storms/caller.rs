//! A caller of the cache, who records each call and its outcome.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Lease, Lookup, LookupOptions, Session};
use spakky_simulation::history::{
    CallId, Caller, Name, Operation, Outcome, Recorder, Terms, ValueId, all,
};
use spakky_simulation::simulation::Chance;

/// What the callers of a round have in common.
pub(crate) struct Plan {
    pub(crate) keys: Vec<Name>,
    pub(crate) tags: Vec<Name>,
    /// How many bytes a value has at most.
    pub(crate) value_bytes: usize,
}

/// One caller, with its own session.
pub(crate) struct User<'a> {
    pub(crate) caller: Caller,
    pub(crate) session: Session,
    pub(crate) plan: &'a Plan,
    pub(crate) recorder: &'a Recorder,
    pub(crate) chance: Chance,
    /// The last value that it wrote: no two callers write the same.
    pub(crate) value: u64,
}

/// A lease whose end is recorded in any case: also when its caller is dropped.
struct Held<'a> {
    caller: Caller,
    recorder: &'a Recorder,
    /// The call that gave it.
    call: CallId,
    /// None once it is spent.
    lease: Option<Lease>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            let call = self.recorder.begin(self.caller, Operation::GiveUp { lease: self.call });
            drop(lease);
            // It is not known when the release in the background is done.
            call.end(Outcome::Dropped);
        }
    }
}

impl User<'_> {
    /// One call, or half of it, and a pause: histories have to be short enough
    /// to be checked.
    pub(crate) async fn act(&mut self) {
        if self.chance.one_in(32) {
            let patience = self.chance.span(Duration::ZERO, Duration::from_millis(8));
            // The call is dropped when the time is over.
            let _ = tokio::time::timeout(patience, self.call()).await;
        } else {
            self.call().await;
        }
        self.pause().await;
    }

    async fn call(&mut self) {
        let operation = self.choose();
        let call = self.recorder.begin(self.caller, operation.clone());
        let (id, session) = (call.id(), &self.session);
        let mut lease = None;
        let done = |()| Outcome::Done;
        let outcome = match &operation {
            Operation::Get { keys } => Outcome::of_values(match &keys[..] {
                [key] => session.get(key).await.map(|value| vec![value]),
                keys => session.get_many(keys.iter().map(|key| &**key)).await.and_then(all),
            }),
            Operation::Set { entries, terms } => {
                let values = entries.iter().map(|(key, value)| (&**key, self.bytes(*value)));
                let stored = session.set_many(values.collect(), &options(terms)).await;
                Outcome::of(stored.map(drop), done)
            }
            Operation::Delete { keys } => {
                let deleted = session.delete_many(keys.iter().map(|key| &**key)).await;
                Outcome::of_deletes(deleted)
            }
            Operation::Evict { tags } => Outcome::of(session.evict_tags(&texts(tags)).await, done),
            Operation::Clear => Outcome::of(session.clear().await, done),
            Operation::Lookup { key, tags, max_wait, .. } => {
                let looking = LookupOptions {
                    tags: texts(tags),
                    max_wait: *max_wait,
                    ..LookupOptions::default()
                };
                let answer = session.lookup(key, &looking).await;
                let outcome = Outcome::of_lookup(&answer);
                if let Ok(Lookup::Miss(given) | Lookup::Stale { refresh: Some(given), .. }) = answer
                {
                    lease = Some(given);
                }
                outcome
            }
            Operation::BeginWrite { key, tags } => {
                Outcome::of(session.begin_write(key, &texts(tags)).await, |given| {
                    lease = Some(given);
                    Outcome::Done
                })
            }
            other => unreachable!("{other:?} needs a lease"),
        };
        call.end(outcome);
        if lease.is_some() {
            let held = Held { caller: self.caller, recorder: self.recorder, call: id, lease };
            self.fill(held, operation).await;
        }
    }

    fn choose(&mut self) -> Operation {
        let chance = &mut self.chance;
        let first = chance.below(self.plan.keys.len());
        let count = if chance.one_in(4) { 3 } else { 1 };
        let keys: Vec<Name> =
            self.plan.keys.iter().cycle().skip(first).take(count).cloned().collect();
        let (key, kind) = (keys[0].clone(), chance.below(40));
        let mut tags = self.some_tags();
        match kind {
            0..=15 => {
                let max_wait = self.chance.one_in(4).then_some(Duration::ZERO);
                Operation::Lookup { key, tags, max_wait, refuses: None }
            }
            16..=23 => Operation::Get { keys },
            24..=27 => {
                let entries = keys.into_iter().map(|key| (key, self.new_value())).collect();
                Operation::Set { entries, terms: self.terms(tags) }
            }
            28..=31 => Operation::Delete { keys },
            32..=34 => {
                if tags.is_empty() {
                    tags.push(self.chance.pick(&self.plan.tags).clone());
                }
                Operation::Evict { tags }
            }
            35 => Operation::Clear,
            _ => Operation::BeginWrite { key, tags },
        }
    }

    /// Loads from or writes to the origin, and commits, or drops the lease.
    async fn fill(&mut self, mut held: Held<'_>, operation: Operation) {
        let is_write = matches!(operation, Operation::BeginWrite { .. });
        let (Operation::Lookup { tags, .. } | Operation::BeginWrite { tags, .. }) = operation
        else {
            return;
        };
        let write = Operation::OriginWrite { lease: held.call };
        let writing = is_write.then(|| self.recorder.begin(self.caller, write));
        self.pause().await;
        if let Some(writing) = writing {
            writing.end(Outcome::Done);
        }
        if self.chance.one_in(8) {
            return;
        }
        // Sometimes only the value tells which tags it has.
        let tags = if self.chance.one_in(4) { self.some_tags() } else { tags };
        let (value, terms) = (self.new_value(), self.terms(tags));
        let bytes = self.bytes(value);
        let commit = Operation::Commit { lease: held.call, value, terms: terms.clone() };
        let call = self.recorder.begin(self.caller, commit);
        let Some(lease) = &mut held.lease else { return };
        let answer = lease.commit(bytes, &options(&terms)).await;
        if answer.is_ok() {
            held.lease = None;
        }
        call.end(Outcome::of(answer, Outcome::Stored));
    }

    async fn pause(&mut self) {
        let time = self.chance.span(Duration::ZERO, Duration::from_millis(4));
        tokio::time::sleep(time).await;
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
        self.value += 1;
        ValueId(self.value)
    }

    /// The bytes of a value: its number, padded with zeros.
    fn bytes(&self, ValueId(value): ValueId) -> Bytes {
        let width = self.plan.value_bytes * usize::try_from(value % 16).unwrap_or(0) / 16;
        format!("v{value:0width$}").into()
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn options(Terms { tags, ttl, fresh_for }: &Terms) -> EntryOptions {
    EntryOptions { ttl: *ttl, fresh_for: *fresh_for, tags: texts(tags) }
}
