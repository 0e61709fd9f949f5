//! Calls, made to the caches and to their references.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::poll;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{
    Cache, Error, Grants, Key, Lease, Lookup, Policy, Prefix, Runtime as _, Session, Store as _,
    Sweeper,
};
use spakky_cache_memory::MemoryStore;
use spakky_test_runtime::TestRuntime;
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::calls::{Call, Caller, Options, PREFIXES, QUOTA, SESSIONS, limits};
use super::reference::{self, Expected, Reference, Refresh, Stores};
use super::refusals::{Refusal, refusals};

/// The longest that a lookup waits, in milliseconds: less than a lease lasts.
const LONGEST_WAIT: u64 = 1_500;
/// How long a call may take. Far longer than it takes, so that only what never
/// ends is found.
const DEADLINE: Duration = Duration::from_secs(20);

/// One cache, who uses it, and what it has to be.
struct Room {
    store: Arc<MemoryStore>,
    sessions: Vec<Arc<Session>>,
    reference: Reference,
}

/// A lease, and whose it is.
struct Taken {
    lease: Option<Lease>,
    cache: usize,
}

/// Caches, and all that happens to them.
pub(super) struct Play {
    runtime: Arc<TestRuntime>,
    rooms: Vec<Room>,
    leases: Vec<Taken>,
    /// Every key that was named and may be one.
    named: BTreeSet<String>,
}

impl Play {
    pub(super) fn new() -> Self {
        let runtime = TestRuntime::manual(0);
        let store = MemoryStore::new(runtime.clone());
        let rooms = PREFIXES.map(|prefix| {
            let store = store.keyspace(&Prefix::new(prefix).expect("a prefix"));
            let cache = Cache::with(store.clone(), policy(), runtime.clone());
            let sessions = (0..SESSIONS).map(|session| {
                let write = Caller { cache: 0, session }.may_write();
                Arc::new(cache.session(Grants { write, leases: QUOTA }))
            });
            let reference = Reference::at(runtime.now());
            Room { store, sessions: sessions.collect(), reference }
        });
        let named = BTreeSet::new();
        Self { runtime, rooms: rooms.into(), leases: Vec::new(), named }
    }

    /// Makes `call`, and judges its answer.
    pub(super) async fn make(&mut self, caller: Caller, call: Call) {
        let refusals = refusals(caller, &call);
        if refusals.is_empty() || self.is_spent(&call) {
            timeout(DEADLINE, self.accepted(caller, call)).await.expect("it ends");
        } else {
            let (before, counts) = (self.used_bytes(), self.counts());
            let answer = timeout(DEADLINE, self.refused(caller, &call)).await.expect("it ends");
            assert!(refusals.contains(&answer), "{call:?} is refused for {answer:?}");
            assert_eq!(self.used_bytes(), before, "{call:?} was refused, and took memory");
            assert_eq!(self.counts(), counts, "{call:?} was refused, and is counted");
            self.audit().await;
        }
        idle().await;
    }

    /// Gives everything up, and sees that nothing is left.
    pub(super) async fn end(mut self) {
        for lease in 0..self.leases.len() {
            self.drop_lease(lease).await;
        }
        self.audit().await;
        drop(self);
        idle().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "tasks stay");
    }

    /// A commit of a spent lease does nothing, whatever it is of.
    fn is_spent(&self, call: &Call) -> bool {
        let Call::Commit { lease, .. } = call else { return false };
        self.find(*lease)
            .is_none_or(|lease| self.rooms[self.leases[lease].cache].reference.is_spent(lease))
    }

    fn find(&self, lease: usize) -> Option<usize> {
        lease.checked_rem(self.leases.len())
    }

    fn used_bytes(&self) -> usize {
        self.rooms[0].store.used_bytes()
    }

    fn counts(&self) -> Vec<Snapshot> {
        self.rooms.iter().map(|room| room.sessions[0].cache().metrics()).collect()
    }

    /// Makes a call that is to be refused; why it was.
    async fn refused(&mut self, caller: Caller, call: &Call) -> Refusal {
        let session = &self.rooms[caller.cache].sessions[caller.session];
        let error = match call {
            Call::Get(key) => session.get(key).await.err(),
            Call::GetMany(keys) => session.get_many(texts(keys)).await.err(),
            Call::Set(key, value, options) => {
                session.set(key, bytes(value), &options.to_core()).await.err()
            }
            Call::SetMany(entries, options) => {
                session.set_many(pairs(entries), &options.to_core()).await.err()
            }
            Call::Delete(key) => session.delete(key).await.err(),
            Call::DeleteMany(keys) => session.delete_many(texts(keys)).await.err(),
            Call::EvictTags(tags) => session.evict_tags(tags).await.err(),
            Call::Clear => session.clear().await.err(),
            Call::Lookup { key, tags, max_wait } => {
                session.lookup(key, tags, max_wait.map(Duration::from_millis)).await.err()
            }
            Call::BeginWrite { key, tags } => session.begin_write(key, tags).await.err(),
            Call::Commit { lease, value, options } => {
                let lease = self.find(*lease).and_then(|lease| self.leases[lease].lease.as_mut());
                let lease = lease.expect("a lease that is not spent");
                lease.commit(bytes(value), &options.to_core()).await.err()
            }
            Call::Drop { .. } | Call::Pass(_) | Call::Sweep => None,
        };
        match error {
            Some(Error::Denied) => Refusal::Denied,
            Some(Error::InvalidKey(_)) => Refusal::Name,
            Some(Error::InvalidTtl) => Refusal::Ttl,
            Some(Error::ValueTooLarge(limit)) => {
                assert_eq!(limit, limits().value_bytes as u64);
                Refusal::Value
            }
            other => panic!("{call:?} by {caller:?} answered {other:?}"),
        }
    }

    /// Makes a call that is not refused for what it says.
    async fn accepted(&mut self, caller: Caller, call: Call) {
        self.named.extend(keys_of(&call).into_iter().map(str::to_owned));
        let Room { sessions, reference, .. } = &mut self.rooms[caller.cache];
        let (session, counts) = (&sessions[caller.session], &mut reference.counts);
        match call {
            Call::Get(key) => {
                let value = session.get(&key).await.expect("get");
                let expected = reference.get(&key).map(|entry| &entry.value[..]);
                assert_eq!(value.as_deref(), expected, "{key:?}");
                reference.count_read(value.is_some());
            }
            Call::GetMany(keys) => {
                let values = session.get_many(texts(&keys)).await.expect("get-many");
                assert_eq!(values.len(), keys.len());
                for (key, value) in keys.iter().zip(values) {
                    let expected = reference.get(key).map(|entry| &entry.value[..]);
                    assert_eq!(value.as_deref(), expected, "{key:?}");
                    reference.count_read(value.is_some());
                }
            }
            Call::Set(key, value, options) => {
                session.set(&key, bytes(&value), &options.to_core()).await.expect("set");
                counts.writes += 1;
                reference.set(&key, value, &options);
            }
            Call::SetMany(entries, options) => {
                session.set_many(pairs(&entries), &options.to_core()).await.expect("set-many");
                counts.writes += entries.len() as u64;
                for (key, value) in entries {
                    reference.set(&key, value, &options);
                }
            }
            Call::Delete(key) => {
                let deleted = session.delete(&key).await.expect("delete");
                assert_eq!(deleted, reference.delete(&key), "{key:?}");
                reference.counts.deletes += u64::from(deleted);
            }
            Call::DeleteMany(keys) => {
                let deleted = session.delete_many(texts(&keys)).await.expect("delete-many");
                let expected = keys.iter().filter(|key| reference.delete(key)).count() as u64;
                assert_eq!(deleted, expected, "{keys:?}");
                reference.counts.deletes += deleted;
            }
            Call::EvictTags(tags) => {
                session.evict_tags(&tags).await.expect("evict-tags");
                if !tags.is_empty() {
                    counts.tag_evictions += 1;
                    reference.evict(&tags);
                }
            }
            Call::Clear => {
                session.clear().await.expect("clear");
                counts.clears += 1;
                reference.clear();
            }
            Call::Lookup { key, tags, max_wait } => {
                self.lookup(caller, &key, &tags, max_wait).await;
            }
            Call::BeginWrite { key, tags } => {
                let has_room = reference.has_room(caller.session);
                match session.begin_write(&key, &tags).await {
                    Ok(lease) if has_room => self.keep(lease, caller, &key, &tags, true),
                    Err(Error::QuotaExceeded) if !has_room => {}
                    other => panic!("begin-write of {key:?}, room: {has_room}: {other:?}"),
                }
            }
            Call::Commit { lease, value, options } => self.commit(lease, value, &options).await,
            Call::Drop { lease } => {
                if let Some(lease) = self.find(lease) {
                    self.drop_lease(lease).await;
                }
            }
            Call::Pass(millis) => self.pass(millis),
            Call::Sweep => {
                let sweeper = Sweeper::default();
                let swept = sweeper.sweep(session.cache()).await.expect("sweep");
                assert_eq!(swept.is_some(), reference.may_sweep(sweeper.pause), "{swept:?}");
            }
        }
    }

    async fn lookup(&mut self, caller: Caller, key: &str, tags: &[String], wait: Option<u64>) {
        let look = |play: &Self| {
            let reference = &play.rooms[caller.cache].reference;
            reference.look(key, caller.session, caller.may_write())
        };
        let mut expected = look(self);
        let session = Arc::clone(&self.rooms[caller.cache].sessions[caller.session]);
        let max_wait = wait.map(Duration::from_millis);
        let mut lookup = std::pin::pin!(session.lookup(key, tags, max_wait));
        let mut answer = poll!(&mut lookup);
        let limit = wait.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        if expected == Expected::Wait && limit > 0 {
            assert!(answer.is_pending(), "{key:?}: nobody waited: {answer:?}");
            self.rooms[caller.cache].reference.counts.stampede_waits += 1;
            self.pass(limit);
            idle().await;
            answer = poll!(&mut lookup);
            // The lease may have ended while the lookup waited, and which of the
            // two is heard of first is open.
            let timed_out = matches!(answer, std::task::Poll::Ready(Err(Error::LockTimeout)));
            expected = if timed_out { Expected::Wait } else { look(self) };
        }
        let std::task::Poll::Ready(answer) = answer else {
            panic!("{key:?}: it waits, and was expected to be {expected:?}");
        };
        self.looked_up(caller, key, tags, expected, answer);
    }

    fn looked_up(
        &mut self,
        caller: Caller,
        key: &str,
        tags: &[String],
        expected: Expected,
        answer: Result<Lookup, Error>,
    ) {
        let reference = &mut self.rooms[caller.cache].reference;
        match (expected, answer) {
            (Expected::Hit(expected), Ok(Lookup::Hit(value))) => {
                assert_eq!(value, expected, "{key:?}");
                reference.count_read(true);
            }
            (
                Expected::Stale { value: expected, refresh },
                Ok(Lookup::Stale { value, refresh: lease }),
            ) => {
                assert_eq!(value, expected, "{key:?}");
                let is_mine = lease.is_some();
                assert!(
                    refresh == Refresh::Maybe || is_mine == (refresh == Refresh::Yes),
                    "{key:?}: refresh: {is_mine} instead of {refresh:?}"
                );
                reference.count_read(true);
                if let Some(lease) = lease {
                    self.keep(lease, caller, key, tags, false);
                }
            }
            (Expected::Miss, Ok(Lookup::Miss(lease))) => {
                reference.count_read(false);
                self.keep(lease, caller, key, tags, false);
            }
            (Expected::Wait, Err(Error::LockTimeout))
            | (Expected::LeaseHeld, Err(Error::LeaseHeld))
            | (Expected::Denied, Err(Error::Denied))
            | (Expected::QuotaExceeded, Err(Error::QuotaExceeded)) => {}
            (expected, answer) => panic!("{key:?} by {caller:?}: {answer:?}, not {expected:?}"),
        }
    }

    fn keep(&mut self, lease: Lease, caller: Caller, key: &str, tags: &[String], write: bool) {
        let number = self.leases.len();
        self.leases.push(Taken { lease: Some(lease), cache: caller.cache });
        let reference = &mut self.rooms[caller.cache].reference;
        reference.take(number, caller.session, key, tags, write);
    }

    async fn commit(&mut self, lease: usize, value: Vec<u8>, options: &Options) {
        let Some(number) = self.find(lease) else { return };
        let Taken { lease, cache } = &mut self.leases[number];
        let reference = &mut self.rooms[*cache].reference;
        let Some(lease) = lease else { return };
        let stored = lease.commit(bytes(&value), &options.to_core()).await.expect("commit");
        if reference.is_spent(number) {
            assert!(!stored, "a lease that was spent stored {value:?}");
            return;
        }
        let expected = reference.stores(number, options);
        assert!(
            expected == Stores::Maybe || stored == (expected == Stores::Yes),
            "stored: {stored} instead of {expected:?}"
        );
        reference.counts.writes += u64::from(stored);
        reference.committed(number, stored, value, options);
    }

    async fn drop_lease(&mut self, number: usize) {
        let Taken { lease, cache } = &mut self.leases[number];
        drop(lease.take());
        self.rooms[*cache].reference.dropped(number);
        idle().await;
    }

    fn pass(&mut self, millis: u64) {
        self.runtime.advance(Duration::from_millis(millis));
        self.rooms.iter_mut().for_each(|room| room.reference.pass(millis));
    }

    /// Every cache holds what its reference holds, and nothing else is found,
    /// and counts what happened.
    async fn audit(&self) {
        for room in &self.rooms {
            for text in &self.named {
                let key = Key::new(text, usize::MAX).expect("a key");
                let entry = room.store.read(&key).await.expect("read").into_entry();
                let millis =
                    |span: Option<Duration>| span.map(spakky_cache_core::entry::whole_millis);
                let found = entry.map(|entry| {
                    let tags = entry.epochs.tags.iter().map(|(tag, _)| tag.as_str().to_owned());
                    let (ttl, fresh_for) = (millis(entry.ttl), millis(entry.fresh_for));
                    (entry.value.to_vec(), Options { ttl, fresh_for, tags: tags.collect() })
                });
                let stored = room.reference.get(text);
                let expected = stored.map(|entry| (entry.value.clone(), entry.options.clone()));
                assert_eq!(found, expected, "{text:?} of {:?}", room.store);
            }
            let counts = room.sessions[0].cache().metrics();
            assert_eq!(counts, room.reference.counts, "{:?}", room.store);
        }
    }
}

fn policy() -> Policy {
    Policy {
        limits: limits(),
        lease: Duration::from_millis(reference::LEASE),
        longest_load: Duration::from_millis(reference::LONGEST_LOAD),
        longest_wait: Duration::from_millis(LONGEST_WAIT),
        // By chance, and so not for a reference.
        early_refresh: 0.0,
        ..Policy::default()
    }
}

/// The keys that a call names.
fn keys_of(call: &Call) -> Vec<&str> {
    match call {
        Call::Get(key)
        | Call::Set(key, ..)
        | Call::Delete(key)
        | Call::Lookup { key, .. }
        | Call::BeginWrite { key, .. } => vec![key],
        Call::GetMany(keys) | Call::DeleteMany(keys) => texts(keys).collect(),
        Call::SetMany(entries, _) => entries.iter().map(|(key, _)| key.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn texts(texts: &[String]) -> impl ExactSizeIterator<Item = &str> {
    texts.iter().map(String::as_str)
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn pairs(entries: &[(String, Vec<u8>)]) -> Vec<(&str, Bytes)> {
    entries.iter().map(|(key, value)| (key.as_str(), bytes(value))).collect()
}

/// Background tasks get as far as they can.
async fn idle() {
    for _ in 0..3 {
        yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Caller = Caller { cache: 0, session: 0 };

    fn no_options() -> Options {
        Options { ttl: None, fresh_for: None, tags: Vec::new() }
    }

    fn set(key: &str, value: &[u8]) -> Call {
        Call::Set(key.into(), value.into(), no_options())
    }

    /// Sets a key, does something that the reference does not hear of, and looks.
    async fn behind_its_back(meanwhile: impl AsyncFn(&Play)) {
        let mut play = Play::new();
        play.make(ME, set("a", b"said")).await;
        meanwhile(&play).await;
        play.make(ME, Call::Get("a".into())).await;
        play.end().await;
    }

    #[tokio::test]
    async fn what_it_hears_of_is_what_it_expects() {
        behind_its_back(async |_| {}).await;
    }

    #[tokio::test]
    #[should_panic(expected = "assertion")]
    async fn another_value_is_noticed() {
        behind_its_back(async |play| {
            let session = &play.rooms[0].sessions[1];
            session.set("a", Bytes::from_static(b"done"), &no_options().to_core()).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    #[should_panic(expected = "assertion")]
    async fn a_lost_entry_is_noticed() {
        behind_its_back(async |play| play.rooms[0].store.clear().await.unwrap()).await;
    }

    #[tokio::test]
    #[should_panic(expected = "\"a\" of MemoryStore { prefix: Prefix(\"app:k\")")]
    async fn an_entry_in_another_cache_is_noticed() {
        behind_its_back(async |play| {
            let session = &play.rooms[1].sessions[0];
            session.set("a", Bytes::from_static(b"v"), &no_options().to_core()).await.unwrap();
        })
        .await;
    }
}
