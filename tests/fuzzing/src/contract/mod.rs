//! Any calls of the contract, on the core and the embedded store.

mod calls;

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arbitrary::Unstructured;
use bytes::Bytes;
use futures::poll;
use spakky_cache_core::Sweeping;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{
    Cache, Error, Grants, Lease, Lookup, LookupOptions, Policy, Prefix, Session, Store as _,
    Sweeper,
};
use spakky_cache_memory::MemoryStore;
use spakky_test_runtime::{ManualClock, TestRuntime};
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;

use crate::{Outcomes, in_time};
use calls::{Call, Kind, limits};

/// Caches on one store, whose prefixes begin with one another.
const PREFIXES: [&str; 3] = ["app:", "app:k", "app:k:"];
/// Sessions of each cache. The last may not write.
const SESSIONS: usize = 3;
/// Leases that a session may hold.
const QUOTA: usize = 3;
const LEASE: Duration = Duration::from_secs(3);
/// The longest wait, which is shorter than a lease.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);
/// The bound of the store, and a generous one of what a marker takes of it.
const MAX_BYTES: usize = 16 << 10;
const MARKER_BYTES: usize = 1_500;
/// Calls of one input, at most.
const MOST_CALLS: usize = 48;

/// Makes the calls that `bytes` choose, to three caches on one embedded store, by
/// sessions of which some may not write, with a manual clock. Returns what came of
/// them.
///
/// # Panics
/// - Something panics or does not end.
/// - A call beyond a limit does not have the error of that limit, or leaves a trace.
/// - A call within the limits has an error for which there is no cause.
/// - A value is read that was not written under that key of that cache.
/// - A spent lease stores a value.
/// - The store takes more memory than its bound and the markers.
/// - A lease, a waiter, a timer or a task is left after all was dropped, or memory
///   after all was cleared and swept.
pub fn contract(bytes: &[u8]) -> Outcomes {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let (mut play, mut input) = (Play::new(), Unstructured::new(bytes));
        for _ in 0..MOST_CALLS {
            if input.is_empty() {
                break;
            }
            play.make(&Call::choose(&mut input).expect("any bytes are a call")).await;
        }
        play.end().await
    })
}

/// A session: the number of its cache, and its own.
type Caller = (usize, usize);

/// A lease, and who took it.
struct Taken {
    caller: Caller,
    key: String,
    lease: Lease,
    spent: bool,
}

struct Play {
    runtime: Arc<TestRuntime>,
    stores: [Arc<MemoryStore>; 3],
    sessions: [Vec<Session>; 3],
    leases: Vec<Taken>,
    /// The keys of all leases that there were, by cache.
    leased: BTreeSet<(usize, String)>,
    /// What was written, by cache and key.
    written: BTreeSet<(usize, String, Bytes)>,
    outcomes: Outcomes,
}

impl Play {
    fn new() -> Self {
        let runtime = TestRuntime::manual(0);
        let store = MemoryStore::with_max_bytes(runtime.clone(), MAX_BYTES);
        let stores = PREFIXES.map(|prefix| store.keyspace(&Prefix::new(prefix).expect("a prefix")));
        let policy = Policy {
            limits: limits(),
            lease: LEASE,
            longest_load: Duration::from_secs(5),
            longest_wait: LONGEST_WAIT,
            ..Policy::default()
        };
        let sessions = stores.clone().map(|store| {
            let cache = Cache::with(store, policy.clone(), runtime.clone());
            let grants = |session| Grants { write: session + 1 < SESSIONS, leases: QUOTA };
            (0..SESSIONS).map(|session| cache.session(grants(session))).collect()
        });
        Self {
            runtime,
            stores,
            sessions,
            leases: Vec::new(),
            leased: BTreeSet::new(),
            written: BTreeSet::new(),
            outcomes: Outcomes::new(),
        }
    }

    /// Makes `call`, and judges its answer.
    async fn make(&mut self, call: &Call) {
        let caller = (call.caller % PREFIXES.len(), call.caller / 3 % SESSIONS);
        let may_write = self.sessions[caller.0][caller.1].grants().write;
        let mut promised = call.promised_errors(may_write);
        let is_spent =
            call.kind == Kind::Commit && self.find(call.lease).is_none_or(|lease| lease.spent);
        if is_spent {
            promised.clear();
        }
        let before = self.trace();
        let answer = in_time(self.perform(caller, call)).await;
        match &answer {
            Err(error) if !promised.is_empty() => {
                let is_promised = promised.iter().any(|promised| match promised {
                    Error::ValueTooLarge(_) => promised == error,
                    _ => discriminant(promised) == discriminant(error),
                });
                assert!(is_promised, "{call:?}: {error:?}, not {promised:?}");
                assert_eq!(self.trace(), before, "{call:?} was refused and left a trace");
            }
            Err(error) => {
                assert!(self.has_cause(error, caller, call), "{call:?}: {error:?} without a cause");
            }
            Ok(what) => {
                assert!(promised.is_empty(), "{call:?}: {what}, not {promised:?}");
                assert!(!is_spent || *what == "not committed", "a spent lease: {what}");
            }
        }
        self.outcomes.insert(answer.unwrap_or_else(|error| name(&error)));
        idle().await;
        let bound = MAX_BYTES + (self.leases.len() + PREFIXES.len()) * MARKER_BYTES;
        let used = self.stores[0].used_bytes();
        assert!(used <= bound, "{used} bytes are over {bound}");
    }

    /// Whether a call within the limits may have `error`.
    fn has_cause(&self, error: &Error, caller: Caller, call: &Call) -> bool {
        let unspent = self.leases.iter().filter(|lease| !lease.spent).map(|lease| lease.caller);
        let own = unspent.clone().filter(|holder| *holder == caller).count();
        let looks = matches!(call.kind, Kind::Lookup | Kind::Abandon);
        match error {
            Error::ValueTooLarge(limit) => {
                let limits = limits();
                call.kind == Kind::GetMany
                    && *limit == limits.batch_bytes as u64
                    && call.keys.len() * limits.value_bytes > limits.batch_bytes
            }
            Error::Denied => looks && !self.sessions[caller.0][caller.1].grants().write,
            Error::LockTimeout => looks && unspent.clone().any(|holder| holder.0 == caller.0),
            Error::LeaseHeld => looks && own > 0,
            Error::QuotaExceeded(_) => (looks || call.kind == Kind::BeginWrite) && own == QUOTA,
            _ => false,
        }
    }

    /// Makes `call`, and says what came of it.
    async fn perform(&mut self, caller: Caller, call: &Call) -> Result<&'static str, Error> {
        let session = &self.sessions[caller.0][caller.1];
        let Call { keys, values, options, .. } = call;
        let texts = keys.iter().map(String::as_str);
        match call.kind {
            Kind::Get => {
                let value = session.get(&keys[0]).await?;
                return Ok(self.read(caller, &keys[0], value.as_ref()));
            }
            Kind::GetMany => {
                let values: Vec<_> =
                    session.get_many(texts).await?.into_iter().collect::<Result<_, _>>()?;
                assert_eq!(values.len(), keys.len());
                for (key, value) in keys.iter().zip(&values) {
                    self.read(caller, key, value.as_ref());
                }
            }
            Kind::Set => {
                session.set_many(texts.zip(values.iter().cloned()).collect(), options).await?;
                let written = keys.iter().cloned().zip(values.iter().cloned());
                self.written.extend(written.map(|(key, value)| (caller.0, key, value)));
            }
            Kind::Delete => _ = session.delete_many(texts).await?,
            Kind::EvictTags => session.evict_tags(&options.tags).await?,
            Kind::Clear => session.clear().await?,
            Kind::Lookup | Kind::Abandon => {
                let looking = LookupOptions {
                    tags: options.tags.clone(),
                    max_wait: call.span,
                    ..LookupOptions::default()
                };
                let limit = call.span.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
                let mut lookup = Box::pin(session.lookup(&keys[0], &looking));
                let mut answer = poll!(&mut lookup);
                if answer.is_pending() {
                    if call.kind == Kind::Abandon {
                        return Ok("abandoned");
                    }
                    self.runtime.advance(limit);
                    idle().await;
                    answer = poll!(&mut lookup);
                }
                drop(lookup);
                let Poll::Ready(answer) = answer else {
                    panic!("{call:?} is longer than {limit:?}")
                };
                return Ok(self.looked_up(caller, &keys[0], answer?));
            }
            Kind::BeginWrite => {
                let lease = session.begin_write(&keys[0], &options.tags).await?;
                self.keep(caller, &keys[0], lease);
                return Ok("lease to write");
            }
            Kind::Commit => {
                let Some(taken) = self.find(call.lease) else { return Ok("not committed") };
                let stored = taken.lease.commit(values[0].clone(), options).await?;
                taken.spent = true;
                if !stored {
                    return Ok("not committed");
                }
                let written = (taken.caller.0, taken.key.clone(), values[0].clone());
                self.written.insert(written);
                return Ok("committed");
            }
            Kind::Drop => {
                if let Some(number) = call.lease.checked_rem(self.leases.len()) {
                    self.leases.remove(number);
                }
            }
            Kind::Pass => self.runtime.advance(call.span.unwrap_or_default()),
            Kind::Sweep => _ = Sweeper::default().sweep(session.cache()).await?,
        }
        Ok("done")
    }

    fn looked_up(&mut self, caller: Caller, key: &str, found: Lookup) -> &'static str {
        let (what, lease) = match found {
            Lookup::Hit(hit) => return self.read(caller, key, Some(&hit.value)),
            Lookup::Pass => return "pass",
            Lookup::Miss(lease) => ("lease to load", Some(lease)),
            Lookup::Stale { entry, refresh, .. } => {
                self.read(caller, key, Some(&entry.value));
                (if refresh.is_some() { "lease to refresh" } else { "stale" }, refresh)
            }
        };
        if let Some(lease) = lease {
            self.keep(caller, key, lease);
        }
        what
    }

    fn keep(&mut self, caller: Caller, key: &str, lease: Lease) {
        self.leased.insert((caller.0, key.to_owned()));
        self.leases.push(Taken { caller, key: key.to_owned(), lease, spent: false });
    }

    /// Checks that what `caller` has read of `key` was written there.
    fn read(&self, caller: Caller, key: &str, value: Option<&Bytes>) -> &'static str {
        let Some(value) = value else { return "miss" };
        let written = (caller.0, key.to_owned(), value.clone());
        assert!(self.written.contains(&written), "nobody wrote {written:?}");
        "hit"
    }

    /// Gives everything up, and checks that nothing is left.
    async fn end(mut self) -> Outcomes {
        self.leases.clear();
        // A process remembers for so long that another caller refreshes a key.
        self.runtime.advance(LEASE / 50);
        idle().await;
        for (cache, key) in std::mem::take(&mut self.leased) {
            let session = self.sessions[cache][0].cache().session(Grants::default());
            match session
                .lookup(
                    &key,
                    &LookupOptions { max_wait: Some(Duration::ZERO), ..LookupOptions::default() },
                )
                .await
            {
                Ok(Lookup::Hit(_) | Lookup::Miss(_) | Lookup::Stale { refresh: Some(_), .. }) => {}
                other => panic!("a lease of {key:?} is left: {other:?}"),
            }
            idle().await;
        }
        let Self { runtime, stores, sessions, outcomes, .. } = self;
        drop(sessions);
        yield_now().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left");
        assert_eq!(runtime.clock().and_then(ManualClock::until_next), None, "a timer is left");
        runtime.advance(limits().ttl + LEASE);
        for store in &stores {
            assert_eq!(Arc::strong_count(store), 1, "something uses the store");
            store.clear().await.expect("clear");
            store.sweep(None, usize::MAX, Sweeping::Remove).await.expect("sweep");
        }
        assert_eq!(stores[0].used_bytes(), 0, "memory is left");
        outcomes
    }

    /// What a refused call must not change.
    fn trace(&self) -> (usize, Vec<Snapshot>) {
        let counts = self.sessions.iter().map(|sessions| sessions[0].cache().metrics());
        (self.stores[0].used_bytes(), counts.collect())
    }

    fn find(&mut self, number: usize) -> Option<&mut Taken> {
        let number = number.checked_rem(self.leases.len())?;
        self.leases.get_mut(number)
    }
}

/// Background tasks get as far as they can.
async fn idle() {
    for _ in 0..3 {
        yield_now().await;
    }
}

fn name(error: &Error) -> &'static str {
    match error {
        Error::InvalidTtl(_) => "invalid-ttl",
        Error::InvalidKey(_) => "invalid-key",
        Error::ValueTooLarge(_) => "value-too-large",
        Error::LockTimeout => "lock-timeout",
        Error::LeaseHeld => "lease-held",
        Error::Denied => "denied",
        Error::QuotaExceeded(_) => "quota-exceeded",
        _ => "other",
    }
}
