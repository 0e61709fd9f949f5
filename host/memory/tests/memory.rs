//! What the store takes of the memory, and gives back. What its steps do is
//! tested by the contract suite that every store runs, in `tests/conformance`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use spakky_cache_core::Sweeping;
use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker};
use spakky_cache_core::store::{Cas, Found, Slot};
use spakky_cache_core::{Key, Prefix, Runtime as _, Store, StoreError, Tag};
use spakky_cache_memory::MemoryStore;
use spakky_test_runtime::Protocol as _;
use spakky_test_runtime::TestRuntime;

const MINUTE: Duration = Duration::from_mins(1);

struct Bench {
    runtime: Arc<TestRuntime>,
    store: MemoryStore,
}

impl Bench {
    fn new(max_bytes: usize) -> Self {
        let runtime = TestRuntime::manual(0);
        Self { store: MemoryStore::with_max_bytes(runtime.clone(), max_bytes), runtime }
    }

    fn pass(&self, time: Duration) {
        self.runtime.advance(time);
    }

    fn put(&self, name: &str, bytes: usize, ttl: Option<Duration>, tags: &[Tag]) {
        let entry = Envelope::Entry(Entry {
            id: Id::random(&*self.runtime),
            stored_at: self.runtime.now(),
            ttl,
            fresh_for: None,
            load_time: Duration::ZERO,
            epochs: now(self.store.capture(tags, ttl)),
            value: Bytes::from(vec![0; bytes]),
        });
        now(self.store.put_one(&key(name), &entry));
    }

    fn lease(&self, name: &str) {
        let marker = Marker {
            id: Id::random(&*self.runtime),
            taken_at: self.runtime.now(),
            lasts: MINUTE,
            epochs: now(self.store.capture(&[], None)),
            awaits: None,
        };
        assert_eq!(now(self.store.take_lease(&key(name), None, &marker)), Cas::Done);
    }

    fn holds(&self, name: &str) -> bool {
        now(self.store.read(&key(name))) != Found::Nothing
    }

    fn sweep(&self) -> u64 {
        let swept = now(self.store.sweep(None, usize::MAX, Sweeping::Remove));
        assert_eq!(swept.next, None);
        swept.dead
    }
}

fn now<T>(step: impl Future<Output = Result<T, StoreError>>) -> T {
    step.now_or_never().expect("this store never waits").expect("nor fails")
}

fn key(name: &str) -> Key {
    Key::new(name, usize::MAX).expect("a valid key")
}

fn tag(name: &str) -> Tag {
    Tag::new(name, usize::MAX).expect("a valid tag")
}

#[test]
fn beyond_the_bound_the_least_recently_used_entry_goes() {
    let bench = Bench::new(100_000);
    for name in ["a", "b", "c"] {
        bench.put(name, 30_000, None, &[]);
    }
    assert!(bench.holds("a"));
    bench.put("d", 30_000, None, &[]);
    let held = ["a", "b", "c", "d"].map(|name| bench.holds(name));
    assert_eq!(held, [true, false, true, true]);
    assert!(bench.store.used_bytes() <= 100_000);
}

#[test]
fn the_bound_is_for_all_keyspaces_together() {
    let bench = Bench::new(100_000);
    let other = bench.store.keyspace(&Prefix::new("other:").expect("a valid prefix"));
    let other =
        Bench { runtime: bench.runtime.clone(), store: Arc::into_inner(other).expect("one") };
    bench.put("a", 60_000, None, &[]);
    other.put("a", 60_000, None, &[]);
    assert!(!bench.holds("a"));
    assert!(other.holds("a"));
}

#[test]
fn leases_stay_whatever_is_stored() {
    let bench = Bench::new(10_000);
    bench.lease("lease");
    for n in 0..100 {
        bench.put(&format!("k{n}"), 1_000, None, &[]);
    }
    assert!(bench.holds("lease"));
    assert!(bench.holds("k99"));
    assert!(!bench.holds("k0"));
}

#[test]
fn what_does_not_fit_voids_what_was_there_and_nothing_else() {
    let bench = Bench::new(10_000);
    bench.put("small", 1_000, None, &[]);
    bench.put("large", 1_000, None, &[]);
    bench.put("large", 20_000, None, &[]);
    assert!(bench.holds("small"));
    assert!(!bench.holds("large"));
}

#[test]
fn an_evicted_entry_wakes_who_watches_it() {
    let bench = Bench::new(10_000);
    bench.put("a", 6_000, None, &[]);
    let (_, change) = now(bench.store.watch(Slot::Entry(&key("a"))));
    bench.put("b", 6_000, None, &[]);
    assert!(change.initialized());
}

#[test]
fn replacing_and_removing_give_memory_back() {
    let bench = Bench::new(100_000);
    bench.put("a", 10_000, None, &[tag("t")]);
    bench.put("a", 1_000, None, &[]);
    assert!(bench.store.used_bytes() < 2_000);
    now(bench.store.remove(&[key("a")]));
    assert_eq!(bench.store.used_bytes(), 0);
}

#[test]
fn what_expired_goes_when_it_is_found_or_swept() {
    let bench = Bench::new(100_000);
    for name in ["found", "swept", "lives"] {
        bench.put(name, 1_000, (name != "lives").then_some(MINUTE), &[]);
    }
    bench.lease("lease");
    bench.pass(MINUTE);
    let before = bench.store.used_bytes();
    assert!(!bench.holds("found"));
    assert!(bench.store.used_bytes() < before);
    assert_eq!(bench.sweep(), 1);
    assert!(bench.holds("lives"));
    now(bench.store.remove(&[key("lives")]));
    assert_eq!(bench.store.used_bytes(), 0, "the expired lease went, too");
}

#[test]
fn an_epoch_lives_as_long_as_what_depends_on_it() {
    let bench = Bench::new(1_000_000);
    bench.put("a", 10, None, &[tag("used")]);
    let used = now(bench.store.capture(&[tag("used")], None));
    let unused = now(bench.store.capture(&[tag("unused")], None));
    bench.pass(30 * MINUTE);
    bench.sweep();
    assert_eq!(now(bench.store.capture(&[tag("unused")], None)), unused, "a load may have it");
    bench.pass(61 * MINUTE);
    bench.sweep();
    assert!(bench.holds("a"));
    assert_eq!(now(bench.store.capture(&[tag("used")], None)), used);
    assert_ne!(now(bench.store.capture(&[tag("unused")], None)), unused);
}

#[test]
fn epochs_without_end_do_not_fill_the_memory() {
    let bench = Bench::new(1_000_000);
    bench.put("a", 10, None, &[tag("used")]);
    let first = now(bench.store.capture(&[tag("0")], None));
    for n in 0..10_000 {
        bench.pass(Duration::from_millis(1));
        now(bench.store.capture(&[tag(&n.to_string())], None));
    }
    // Forgotten before its hour was over; what depends on an epoch stays.
    assert_ne!(now(bench.store.capture(&[tag("0")], None)), first);
    let found = now(bench.store.read(&key("a")));
    assert!(matches!(found, Found::Envelope { alive: true, .. }), "{found:?}");
}

#[test]
fn a_lost_epoch_kills_its_entries() {
    let bench = Bench::new(1_000_000);
    let lost = Epochs {
        everything: now(bench.store.capture(&[], None)).everything,
        tags: vec![(tag("t"), Epoch([7; 16]))],
    };
    let entry = Entry {
        id: Id([1; 16]),
        stored_at: 0,
        ttl: None,
        fresh_for: None,
        load_time: Duration::ZERO,
        epochs: lost,
        value: Bytes::new(),
    };
    now(bench.store.put_one(&key("a"), &Envelope::Entry(entry)));
    let found = now(bench.store.read(&key("a")));
    assert!(matches!(found, Found::Envelope { alive: false, .. }), "{found:?}");
    assert_eq!(bench.sweep(), 1);
}
