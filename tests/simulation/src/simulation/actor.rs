//! A user of a process's cache, and what it does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spakky_cache_core::runtime::Task;
use spakky_cache_core::{EntryOptions, Lease, Lookup, Session};

use super::chance::Chance;
use super::executor::TaskId;
use super::style::Style;
use crate::history::{CallId, Caller, Name, Operation, Outcome, Recorder, Terms, ValueId};

/// A lease that an actor holds.
#[derive(Debug)]
pub(crate) struct Held {
    call: CallId,
    tags: Vec<Name>,
    /// Whether it is of a write whose origin is yet to be written.
    to_write: bool,
    lease: Lease,
}

/// One session, which does one thing at a time.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) caller: Caller,
    pub(crate) session: Arc<Session>,
    pub(crate) held: Leases,
    /// What it is at.
    pub(crate) task: Option<TaskId>,
    /// The key that it looks up, if that is what it is at.
    pub(crate) looks_up: Option<Name>,
}

/// The leases of an actor. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leases(Arc<Mutex<Vec<Held>>>);

impl Leases {
    fn all(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

/// Values that nobody wrote yet.
#[derive(Debug, Default)]
pub(crate) struct Values(u64);

impl Values {
    fn next(&mut self) -> ValueId {
        self.0 += 1;
        ValueId(self.0)
    }
}

/// What an actor does next.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) operation: Operation,
    /// The lease that it does it with.
    held: Option<Held>,
}

impl Next {
    /// A read of all `keys`.
    pub(crate) fn get(keys: Vec<Name>) -> Self {
        Self { operation: Operation::Get { keys }, held: None }
    }

    /// Anything that needs no lease.
    pub(crate) fn something(style: &Style, chance: &mut Chance, values: &mut Values) -> Self {
        let key = style.key(chance);
        let operation = match style.operation(chance) {
            Kind::Get => Operation::Get { keys: vec![key] },
            Kind::GetMany => Operation::Get { keys: style.keys.clone() },
            Kind::Lookup => {
                let tags = style.some_tags(chance);
                Operation::Lookup { key, tags, max_wait: style.max_wait(chance) }
            }
            Kind::Set => {
                let keys = if style.keys.len() > 1 && chance.one_in(3) {
                    style.keys.clone()
                } else {
                    vec![key]
                };
                let entries = keys.into_iter().map(|key| (key, values.next())).collect();
                let tags = style.some_tags(chance);
                Operation::Set { entries, terms: style.terms(chance, tags) }
            }
            Kind::Delete if chance.one_in(4) => Operation::Delete { keys: style.keys.clone() },
            Kind::Delete => Operation::Delete { keys: vec![key] },
            Kind::Evict => Operation::Evict { tags: style.one_or_all_tags(chance) },
            Kind::Clear => Operation::Clear,
            Kind::BeginWrite => Operation::BeginWrite { key, tags: style.some_tags(chance) },
        };
        Self { operation, held: None }
    }
}

impl Actor {
    /// The end of a lease that it holds, or a step on the way there.
    pub(crate) fn end_of_a_lease(
        &self,
        style: &Style,
        chance: &mut Chance,
        values: &mut Values,
    ) -> Option<Next> {
        let held = {
            let mut all = self.held.all();
            if all.is_empty() {
                return None;
            }
            let which = chance.below(all.len());
            all.swap_remove(which)
        };
        let lease = held.call;
        let operation = if held.to_write && !chance.one_in(4) {
            Operation::OriginWrite { lease }
        } else if chance.one_in(4) {
            Operation::GiveUp { lease }
        } else {
            let tags = style.tags_of_commit(chance, &held.tags);
            let terms = style.terms(chance, tags);
            Operation::Commit { lease, value: values.next(), terms }
        };
        Some(Next { operation, held: Some(held) })
    }

    /// The task that does it.
    pub(crate) fn perform(&self, next: Next, recorder: &Recorder) -> Task {
        let (session, leases) = (Arc::clone(&self.session), self.held.clone());
        let (caller, recorder) = (self.caller, recorder.clone());
        Box::pin(async move {
            let Next { operation, held } = next;
            match (held, operation) {
                // The runtime notes it, which is told of what follows.
                (Some(held), Operation::GiveUp { .. }) => drop(held),
                (Some(held), operation) => {
                    use_lease(held, operation, caller, &recorder, &leases).await;
                }
                (None, operation) => call(&session, operation, caller, &recorder, &leases).await,
            }
        })
    }
}

/// What can be done without a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    GetMany,
    Lookup,
    Set,
    Delete,
    Evict,
    Clear,
    BeginWrite,
}

async fn use_lease(
    mut held: Held,
    operation: Operation,
    caller: Caller,
    recorder: &Recorder,
    leases: &Leases,
) {
    let call = recorder.begin(caller, operation.clone());
    if let Operation::Commit { value, terms, .. } = &operation {
        let answer = held.lease.commit(value.bytes(), &options(terms)).await;
        call.end(Outcome::of(answer, Outcome::Stored));
    } else {
        call.end(Outcome::Done);
        leases.all().push(Held { to_write: false, ..held });
    }
}

async fn call(
    session: &Session,
    operation: Operation,
    caller: Caller,
    recorder: &Recorder,
    leases: &Leases,
) {
    let call = recorder.begin(caller, operation.clone());
    let id = call.id();
    let done = |()| Outcome::Done;
    let outcome = match &operation {
        Operation::Get { keys } => Outcome::of_values(match &keys[..] {
            [key] => session.get(key).await.map(|value| vec![value]),
            keys => session.get_many(keys.iter().map(|key| &**key)).await,
        }),
        Operation::Lookup { key, tags, max_wait } => {
            let answer = session.lookup(key, &texts(tags), *max_wait).await;
            let outcome = Outcome::of_lookup(&answer);
            if let Ok(Lookup::Miss(lease) | Lookup::Stale { refresh: Some(lease), .. }) = answer {
                let tags = tags.clone();
                leases.all().push(Held { call: id, tags, to_write: false, lease });
            }
            outcome
        }
        Operation::Set { entries, terms } => {
            let options = options(terms);
            let answer = match &entries[..] {
                [(key, value)] => session.set(key, value.bytes(), &options).await,
                entries => {
                    let entries = entries.iter().map(|(key, value)| (&**key, value.bytes()));
                    session.set_many(entries.collect(), &options).await
                }
            };
            Outcome::of(answer, done)
        }
        Operation::Delete { keys } => match &keys[..] {
            [key] => Outcome::of(session.delete(key).await, |was| Outcome::Deleted(was.into())),
            keys => {
                let keys = keys.iter().map(|key| &**key);
                Outcome::of(session.delete_many(keys).await, Outcome::Deleted)
            }
        },
        Operation::Evict { tags } => Outcome::of(session.evict_tags(&texts(tags)).await, done),
        Operation::Clear => Outcome::of(session.clear().await, done),
        Operation::BeginWrite { key, tags } => {
            let answer = session.begin_write(key, &texts(tags)).await;
            Outcome::of(answer, |lease| {
                leases.all().push(Held { call: id, tags: tags.clone(), to_write: true, lease });
                Outcome::Done
            })
        }
        Operation::OriginWrite { .. } | Operation::Commit { .. } | Operation::GiveUp { .. } => {
            unreachable!("these need a lease")
        }
    };
    call.end(outcome);
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn options(terms: &Terms) -> EntryOptions {
    let Terms { tags, ttl, fresh_for } = terms;
    EntryOptions { ttl: *ttl, fresh_for: *fresh_for, tags: texts(tags) }
}
