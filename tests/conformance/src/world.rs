//! What a case has to work with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spakky_cache_core::entry::{Entry, Envelope, Id, Marker, UnixMillis};
use spakky_cache_core::store::{Cas, Change, Found};
use spakky_cache_core::{Key, Prefix, Runtime, Store, Tag};
use spakky_test_runtime::Protocol as _;
use spakky_test_runtime::{ManualClock, TestRuntime};

use crate::{Backing, Keyspaces, Raw};

/// How long a case waits for what has to happen. Far longer than it takes, so
/// that only what never happens fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How much earlier than asked a real store's clock may let something expire:
/// stores that look at their clock once for many commands.
const CLOCK_STEP: Duration = Duration::from_millis(5);

/// What one case uses: a cache of its own, and time and chance that it owns.
#[derive(Debug)]
pub struct World {
    /// Time and chance.
    pub runtime: Arc<TestRuntime>,
    /// What every key of the case begins with.
    pub prefix: Prefix,
    keyspaces: Arc<dyn Keyspaces>,
}

impl World {
    /// A world on `backing`. `name` must be its own on that backing.
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

    /// Two of them.
    pub async fn open_two(&self) -> (Arc<dyn Store>, Arc<dyn Store>) {
        (self.open().await, self.open().await)
    }

    /// A cache whose prefix is the case's with `more` behind it.
    pub async fn open_beside(&self, more: &str) -> Arc<dyn Store> {
        let prefix = format!("{}{more}", self.prefix.as_str());
        self.open_at(&prefix).await
    }

    /// A cache of any prefix.
    pub async fn open_at(&self, prefix: &str) -> Arc<dyn Store> {
        self.keyspaces.open(&Prefix::new(prefix).expect("a valid prefix")).await
    }

    /// The bytes that the store keeps.
    pub fn raw(&self) -> Arc<dyn Raw> {
        self.keyspaces.raw().expect("the store keeps bytes")
    }

    /// An identity that nobody else has.
    pub fn id(&self) -> Id {
        Id::random(&*self.runtime)
    }

    /// An entry with current epochs that does not expire.
    pub async fn entry(&self, store: &dyn Store, tags: &[&str], value: &str) -> Entry {
        entry(&*self.runtime, store, tags, value, None).await
    }

    /// An entry under `key`: made by [`entry`](Self::entry), and stored.
    pub async fn put(&self, store: &dyn Store, key: &Key, tags: &[&str], value: &str) -> Envelope {
        let envelope = Envelope::Entry(self.entry(store, tags, value).await);
        store.put_one(key, &envelope).await.expect("put");
        envelope
    }

    /// The marker of a lease that lasts an hour, with current epochs.
    pub async fn marker(&self, store: &dyn Store, tags: &[&str]) -> Marker {
        marker(&*self.runtime, store, tags).await
    }

    /// The lease of `key`, which holds nothing, for an hour.
    pub async fn lease(&self, store: &dyn Store, key: &Key, tags: &[&str]) -> Envelope {
        let marker = self.marker(store, tags).await;
        let taken = store.take_lease(key, None, &marker).await.expect("take_lease");
        assert_eq!(taken, Cas::Done);
        Envelope::Lease(marker)
    }

    /// Notes the time, before something that is to last begins.
    pub fn stopwatch(&self) -> Stopwatch<'_> {
        Stopwatch {
            world: self,
            began: Instant::now(),
            began_by_hand: self.runtime.clock().map(ManualClock::now),
        }
    }

    /// Time passes. Where it is moved by hand, whoever slept until then has
    /// been woken, and may not have run yet.
    pub async fn pass(&self, span: Duration) {
        match self.runtime.clock() {
            Some(clock) => clock.advance(span),
            None => tokio::time::sleep(span).await,
        }
    }

    /// The time passes that something lasts which began before: returns when
    /// it is over, as another thing tells that began now.
    pub async fn outlast(&self, store: &dyn Store, span: Duration) {
        let stopwatch = self.stopwatch();
        let sentinel = key(&format!("a sentinel {:?}", self.id()));
        let mut entry = self.entry(store, &[], "").await;
        entry.ttl = Some(span);
        store.put_one(&sentinel, &Envelope::Entry(entry)).await.expect("put");
        stopwatch.over(span, async || read(store, &sentinel).await == Found::Nothing).await;
    }
}

/// Says when a span of time is over.
#[derive(Debug)]
pub struct Stopwatch<'a> {
    world: &'a World,
    began: Instant,
    began_by_hand: Option<UnixMillis>,
}

impl Stopwatch<'_> {
    /// Lets time pass until `span` is over, and sees to it that what lasts so
    /// long is over then, and not before.
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

/// Asks until the answer is yes, at most until the [`DEADLINE`].
pub async fn until(yes: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !yes().await {
        assert!(began.elapsed() < DEADLINE, "not so after {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits for a change, at most until the [`DEADLINE`].
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
