//! A user of a process's cache, and what it does.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use spakky_cache_core::{EntryOptions, Lease, Lookup, LookupOptions, Session};

use super::chance::Chance;
use crate::history::{CallId, Caller, Name, Operation, Outcome, Recorder, Terms, ValueId, all};

/// A lease that a user holds.
pub(crate) struct Held {
    pub(crate) call: CallId,
    pub(crate) tags: Vec<Name>,
    /// Whether it is a write's, whose origin is yet to be written.
    pub(crate) to_write: bool,
    lease: Lease,
}

/// One session, which does one thing at a time. Clones are the same.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) caller: Caller,
    session: Arc<Session>,
    recorder: Recorder,
    held: Arc<Mutex<Vec<Held>>>,
    /// What it last read of each key, with the version.
    seen: Arc<Mutex<HashMap<Name, (ValueId, u64)>>>,
}

impl User {
    pub(crate) fn new(caller: Caller, session: Session, recorder: Recorder) -> Self {
        let (held, seen) = (Arc::default(), Arc::default());
        Self { caller, session: Arc::new(session), recorder, held, seen }
    }

    pub(crate) fn holds_leases(&self) -> bool {
        !self.held.lock().is_empty()
    }

    /// The value that it last read of `key` by a lookup.
    pub(crate) fn saw(&self, key: &Name) -> Option<ValueId> {
        self.seen.lock().get(key).map(|(value, _)| *value)
    }

    /// One of the leases that it holds, to go on with it.
    pub(crate) fn take_lease(&self, chance: &mut Chance) -> Option<Held> {
        let mut held = self.held.lock();
        (!held.is_empty()).then(|| held.len()).map(|count| held.swap_remove(chance.below(count)))
    }

    /// Ends a lease, or takes a step on the way there.
    pub(crate) async fn go_on(self, mut held: Held, operation: Operation) {
        if let Operation::GiveUp { .. } = operation {
            // The runtime records it, which is told of what follows.
            return drop(held);
        }
        let call = self.recorder.begin(self.caller, operation.clone());
        let answer = match &operation {
            Operation::Commit { value, terms, .. } => {
                held.lease.commit(value.bytes(), &options(terms)).await
            }
            Operation::Pause { passes: true, span, .. } => held.lease.pass(*span).await,
            Operation::Pause { span, .. } => held.lease.fail(*span).await,
            _ => {
                call.end(Outcome::Done);
                return self.held.lock().push(Held { to_write: false, ..held });
            }
        };
        call.end(Outcome::of(answer, Outcome::Stored));
    }

    /// Does anything that needs no lease.
    pub(crate) async fn call(self, operation: Operation) {
        let call = self.recorder.begin(self.caller, operation.clone());
        let (id, session) = (call.id(), &self.session);
        let hold = |tags: &[Name], to_write, lease| {
            self.held.lock().push(Held { call: id, tags: tags.to_vec(), to_write, lease });
        };
        let done = |()| Outcome::Done;
        let outcome = match &operation {
            Operation::Get { keys } => Outcome::of_values(match &keys[..] {
                [key] => session.get(key).await.map(|value| vec![value]),
                keys => session.get_many(keys.iter().map(|key| &**key)).await.and_then(all),
            }),
            Operation::Lookup { key, tags, max_wait, refuses } => {
                let seen = self.seen.lock().get(key).copied();
                let options = LookupOptions {
                    tags: texts(tags),
                    max_wait: *max_wait,
                    unless: seen.filter(|seen| Some(seen.0) == *refuses).map(|seen| seen.1),
                    ..LookupOptions::default()
                };
                let answer = session.lookup(key, &options).await;
                if let Ok(Lookup::Hit(hit) | Lookup::Stale { entry: hit, .. }) = &answer {
                    let seen = (ValueId::of(&hit.value), hit.version);
                    self.seen.lock().insert(key.clone(), seen);
                }
                let outcome = Outcome::of_lookup(&answer);
                if let Ok(Lookup::Miss(lease) | Lookup::Stale { refresh: Some(lease), .. }) = answer
                {
                    hold(tags, false, lease);
                }
                outcome
            }
            Operation::Set { entries, terms } => {
                let options = options(terms);
                let answer = match &entries[..] {
                    [(key, value)] => session.set(key, value.bytes(), &options).await,
                    entries => {
                        let entries = entries.iter().map(|(key, value)| (&**key, value.bytes()));
                        session.set_many(entries.collect(), &options).await.map(drop)
                    }
                };
                Outcome::of(answer, done)
            }
            Operation::Delete { keys } => match &keys[..] {
                [key] => Outcome::of(session.delete(key).await, |was| Outcome::Deleted(was.into())),
                keys => {
                    let keys = keys.iter().map(|key| &**key);
                    Outcome::of_deletes(session.delete_many(keys).await)
                }
            },
            Operation::Evict { tags } => Outcome::of(session.evict_tags(&texts(tags)).await, done),
            Operation::Clear => Outcome::of(session.clear().await, done),
            Operation::BeginWrite { key, tags } => {
                let answer = session.begin_write(key, &texts(tags)).await;
                Outcome::of(answer.map(|lease| hold(tags, true, lease)), done)
            }
            Operation::OriginWrite { .. }
            | Operation::Commit { .. }
            | Operation::Pause { .. }
            | Operation::GiveUp { .. } => {
                unreachable!("these need a lease")
            }
        };
        call.end(outcome);
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn options(Terms { tags, ttl, fresh_for }: &Terms) -> EntryOptions {
    EntryOptions { ttl: *ttl, fresh_for: *fresh_for, tags: texts(tags) }
}
