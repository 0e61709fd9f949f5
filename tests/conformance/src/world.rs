//! What a case works with: a cache, a clock and randomness.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spakky_cache_core::entry::{Entry, Envelope, Id, Marker, UnixMillis};
use spakky_cache_core::store::{Cas, Change, Found};
use spakky_cache_core::{Key, Prefix, Runtime, Store, Tag};
use spakky_test_runtime::Protocol as _;
use spakky_test_runtime::{ManualClock, TestRuntime};

use crate::{Backing, Keyspaces, Raw};

/// How long a case waits for an event. Far longer than any takes.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How much too early a real store may let something expire, because it reads its clock
/// once for many commands.
const CLOCK_STEP: Duration = Duration::from_millis(5);

/// The cache, the clock and the randomness of one case.
#[derive(Debug)]
pub struct World {
    /// The clock and the randomness.
    pub runtime: Arc<TestRuntime>,
    /// The prefix of the case's cache.
    pub prefix: Prefix,
    keyspaces: Arc<dyn Keyspaces>,
}

impl World {
    /// Makes a world on `backing`. `name` must be unique there.
    pub fn new(backing: &dyn Backing, name: &str, seed: u64) -> Self {
        let runtime = backing.runtime(seed);
        let keyspaces = backing.keyspaces(&runtime);
        let prefix = Prefix::new(name).expect("a valid prefix");
        Self { runtime, prefix, keyspaces }
    }

    /// A handle on the case's cache, as another process would have.
    pub async fn open(&self) -> Arc<dyn Store> {
        self.keyspaces.open(&self.prefix).await
    }

    /// Two handles on the case's cache.
    pub async fn open_two(&self) -> (Arc<dyn Store>, Arc<dyn Store>) {
        (self.open().await, self.open().await)
    }

    /// A cache whose prefix is that of the case, followed by `more`.
    pub async fn open_beside(&self, more: &str) -> Arc<dyn Store> {
        let prefix = format!("{}{more}", self.prefix.as_str());
        self.open_at(&prefix).await
    }

    /// The cache of `prefix`.
    pub async fn open_at(&self, prefix: &str) -> Arc<dyn Store> {
        self.keyspaces.open(&Prefix::new(prefix).expect("a valid prefix")).await
    }

    /// Access to the bytes that the store keeps.
    pub fn raw(&self) -> Arc<dyn Raw> {
        self.keyspaces.raw().expect("the store keeps bytes")
    }

    /// A new identity.
    pub fn id(&self) -> Id {
        Id::random(&*self.runtime)
    }

    /// An entry with current epochs that does not expire.
    pub async fn entry(&self, store: &dyn Store, tags: &[&str], value: &str) -> Entry {
        entry(&*self.runtime, store, tags, value, None).await
    }

    /// Stores such an [`entry`](Self::entry) under `key`.
    pub async fn put(&self, store: &dyn Store, key: &Key, tags: &[&str], value: &str) -> Envelope {
        let envelope = Envelope::Entry(self.entry(store, tags, value).await);
        store.put_one(key, &envelope).await.expect("put");
        envelope
    }

    /// The marker of a lease that lasts an hour, with current epochs.
    pub async fn marker(&self, store: &dyn Store, tags: &[&str]) -> Marker {
        marker(&*self.runtime, store, tags).await
    }

    /// Takes the lease of `key`, which is empty, for an hour.
    pub async fn lease(&self, store: &dyn Store, key: &Key, tags: &[&str]) -> Envelope {
        let marker = self.marker(store, tags).await;
        let taken = store.take_lease(key, None, &marker).await.expect("take_lease");
        assert_eq!(taken, Cas::Done);
        Envelope::Lease(marker)
    }

    /// Starts a stopwatch.
    pub fn stopwatch(&self) -> Stopwatch<'_> {
        Stopwatch {
            world: self,
            began: Instant::now(),
            began_by_hand: self.runtime.clock().map(ManualClock::now),
        }
    }

    /// Lets time pass. On a manual clock, tasks whose sleep is over are woken, but may not
    /// have run yet.
    pub async fn pass(&self, span: Duration) {
        match self.runtime.clock() {
            Some(clock) => clock.advance(span),
            None => tokio::time::sleep(span).await,
        }
    }

    /// Waits until what began before, and lasts for `span`, is over: an entry that is stored
    /// now with this time to live tells.
    pub async fn outlast(&self, store: &dyn Store, span: Duration) {
        let stopwatch = self.stopwatch();
        let sentinel = key(&format!("a sentinel {:?}", self.id()));
        let mut entry = self.entry(store, &[], "").await;
        entry.ttl = Some(span);
        store.put_one(&sentinel, &Envelope::Entry(entry)).await.expect("put");
        stopwatch.over(span, async || read(store, &sentinel).await == Found::Nothing).await;
    }
}

/// Measures when something ends.
#[derive(Debug)]
pub struct Stopwatch<'a> {
    world: &'a World,
    began: Instant,
    began_by_hand: Option<UnixMillis>,
}

impl Stopwatch<'_> {
    /// Lets time pass until `span` is over, and checks that `is_over` holds then, and not
    /// before.
    pub async fn over(&self, span: Duration, is_over: impl AsyncFn() -> bool) {
        if let (Some(clock), Some(began)) = (self.world.runtime.clock(), self.began_by_hand) {
            let passed = Duration::from_millis(clock.now() - began);
            let tick = Duration::from_millis(1);
            let left = span.checked_sub(passed + tick).expect("the span is over already");
            clock.advance(left);
            assert!(!is_over().await, "over before {span:?}");
            clock.advance(tick);
            assert!(is_over().await, "not over after {span:?}");
        } else {
            until(&is_over).await;
            let lasted = self.began.elapsed();
            assert!(lasted + CLOCK_STEP >= span, "over after {lasted:?}, before {span:?}");
        }
    }
}

/// Waits until `yes`, at most for the [`DEADLINE`].
pub async fn until(yes: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !yes().await {
        assert!(began.elapsed() < DEADLINE, "not so after {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits for a change, at most for the [`DEADLINE`].
pub async fn fired(change: &Change) {
    let waited = tokio::time::timeout(DEADLINE, change.wait()).await;
    assert!(waited.is_ok(), "not told of a change after {DEADLINE:?}");
}

/// An entry with current epochs.
pub async fn entry(
    runtime: &dyn Runtime,
    store: &dyn Store,
    tags: &[&str],
    value: &str,
    ttl: Option<Duration>,
) -> Entry {
    let tags: Vec<_> = tags.iter().map(|text| tag(text)).collect();
    Entry {
        id: Id::random(runtime),
        stored_at: runtime.now(),
        ttl,
        fresh_for: None,
        load_time: Duration::ZERO,
        epochs: store.capture(&tags, ttl).await.expect("capture"),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

/// The marker of a lease that lasts an hour, with current epochs.
pub async fn marker(runtime: &dyn Runtime, store: &dyn Store, tags: &[&str]) -> Marker {
    let tags: Vec<_> = tags.iter().map(|text| tag(text)).collect();
    Marker {
        id: Id::random(runtime),
        taken_at: runtime.now(),
        lasts: Duration::from_hours(1),
        epochs: store.capture(&tags, None).await.expect("capture"),
        awaits: None,
    }
}

/// A key of this text.
#[must_use]
pub fn key(text: &str) -> Key {
    Key::new(text, usize::MAX).expect("a valid key")
}

/// A tag of this text.
#[must_use]
pub fn tag(text: &str) -> Tag {
    Tag::new(text, usize::MAX).expect("a valid tag")
}

/// What `key` holds.
pub(crate) async fn read(store: &dyn Store, key: &Key) -> Found {
    store.read(key).await.expect("read")
}

/// `envelope`, found alive.
pub(crate) fn alive(envelope: &Envelope) -> Found {
    Found::Envelope { envelope: envelope.clone(), alive: true }
}

/// `envelope`, found dead.
pub(crate) fn dead(envelope: &Envelope) -> Found {
    Found::Envelope { envelope: envelope.clone(), alive: false }
}
