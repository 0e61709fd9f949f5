//! One cell of the table: a step that something goes wrong with.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{Cas, Found, Step};
use spakky_cache_core::{Runtime as _, Store as _, StoreError, StoreErrorKind, Tag, TokioRuntime};
use spakky_cache_redis::RedisStore;
use spakky_store_conformance::{DEADLINE, key, tag, until};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{Fault, Planned, Traffic};
use tokio::sync::SetOnce;

use crate::lane::Lane;
use crate::places::{During, Trouble};

/// The entry whose eviction by another must be heard of, and its tag.
const WITNESS: &str = "witness";
/// How long what a step stores lives.
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// A step's world, and what becomes of it.
pub(crate) struct Scene<'a> {
    lane: &'a Lane,
    /// None: nothing goes wrong, so that it can be seen how much the step says.
    plan: Option<(Trouble, Fault)>,
    outcome: Cell<Option<Outcome>>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// What it said and was told, if nothing went wrong.
    pub(crate) traffic: Traffic,
    /// Whether it was answered, and not refused.
    pub(crate) answered: bool,
}

impl<'a> Scene<'a> {
    /// On an empty server.
    pub(crate) async fn new(lane: &'a Lane, plan: Option<(Trouble, Fault)>) -> Self {
        let scene = Self { lane, plan, outcome: Cell::new(None) };
        lane.server.command(&["FLUSHALL"]).unwrap();
        // Heard of by both, once they are answered.
        scene.sure(async || lane.store.ping().await).await;
        lane.other.ping().await.unwrap();
        scene
    }

    /// What became of the step, once it was tried.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.get().expect("the step was tried")
    }

    /// The store that the network fails.
    pub(crate) fn store(&self) -> &'a RedisStore {
        &self.lane.store
    }

    /// The same cache in another process.
    pub(crate) fn other(&self) -> &'a RedisStore {
        &self.lane.other
    }

    pub(crate) fn lane(&self) -> &'a Lane {
        self.lane
    }

    /// What the store answers when nothing goes wrong. One that gives up soon
    /// may do so for the machine's sake: then it is asked again.
    pub(crate) async fn sure<T>(&self, ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) if self.lane.hasty && is_unavailable(&error) => {}
                Err(error) => panic!("an error though nothing goes wrong: {error:?}"),
            }
        }
    }

    /// Tries `step`, while what is planned goes wrong and another process
    /// evicts something. Sees to it that the step is answered or is
    /// unavailable, in time; that the store recovers by itself, with one
    /// connection; and that what was evicted is not read. None: there is no
    /// answer, and it is not known whether the step happened.
    pub(crate) async fn attempt<T>(&self, step: Step<'_, T>) -> Option<T> {
        self.put(WITNESS, &[WITNESS], "v").await;
        let read_witness = async || self.store().read(&key(WITNESS)).await;
        assert!(self.sure(read_witness).await.into_entry().is_some(), "the witness is not read");
        let Some((trouble, fault)) = self.plan else { return self.attempt_undisturbed(step).await };

        let planned = self.begin(trouble, fault).await;
        let over = SetOnce::new();
        let step = async {
            let answer = in_time(step).await;
            let reached = planned.has_happened();
            let _ = over.set(());
            (answer, reached)
        };
        let evict = async {
            tokio::select! {
                () = planned.happened() => {}
                // What the step does not reach is reached by what follows it.
                &() = over.wait() => {}
            }
            self.other().evict(&[tag(WITNESS)]).await.unwrap();
            let read = in_time(read_witness()).await;
            assert!(
                !read.is_ok_and(|found| found.into_entry().is_some()),
                "a stale read meanwhile"
            );
        };
        let ((answer, reached), ()) = tokio::join!(step, evict);
        match &answer {
            Ok(_) => assert!(
                !reached
                    || !trouble.leaves_no_answer(fault.place)
                    || trouble.during == During::Handshake,
                "an answer from nowhere"
            ),
            Err(error) if is_unavailable(error) => assert!(
                !trouble.is_harmless() && (reached || trouble.during == During::Handshake)
                    || self.lane.hasty,
                "refused though nothing went wrong: {:?}",
                answer.as_ref().err()
            ),
            Err(error) => panic!("no failure of Redis, but {error:?}"),
        }
        self.recover(trouble).await;
        assert!(self.sure(read_witness).await.into_entry().is_none(), "a stale read");
        let (traffic, answered) = (Traffic::default(), answer.is_ok());
        self.outcome.set(Some(Outcome { traffic, answered }));
        answer.ok()
    }

    async fn attempt_undisturbed<T>(&self, step: Step<'_, T>) -> Option<T> {
        let before = self.lane.proxy.traffic();
        let answer = in_time(step).await.expect("nothing goes wrong");
        let traffic = self.lane.proxy.traffic().since(before);
        self.outcome.set(Some(Outcome { traffic, answered: true }));
        Some(answer)
    }

    /// Plans what goes wrong.
    async fn begin(&self, trouble: Trouble, fault: Fault) -> Planned {
        let Lane { proxy, store, .. } = self.lane;
        match trouble.during {
            During::Step => proxy.fail(fault),
            During::Handshake => {
                let planned = proxy.fail_next(fault);
                proxy.cut();
                // It is set up again after a moment, in which the step begins.
                until(async || store.connection().server_version().is_none()).await;
                planned
            }
        }
    }

    /// Waits until the store is there again, without doing anything for it but
    /// asking. It has one connection then, and nothing of an earlier one's
    /// happens later.
    async fn recover(&self, trouble: Trouble) {
        let Lane { proxy, store, other, .. } = self.lane;
        if !trouble.is_silent() {
            // A place that the step did not get to must not befall the next.
            proxy.calm();
        }
        let is_back = async || match store.ping().await {
            Ok(()) => true,
            Err(error) if is_unavailable(&error) => false,
            Err(error) => panic!("no failure of Redis, but {error:?}"),
        };
        until(is_back).await;
        if trouble.is_silent() && trouble.during == During::Handshake {
            // The server has not heard yet that the client gave up.
            proxy.thaw();
        }
        until(async || self.lane.connections() == 2).await;
        let contents = self.lane.contents();
        proxy.thaw();
        for _ in 0..4 {
            self.sure(async || store.ping().await).await;
            other.ping().await.unwrap();
        }
        assert_eq!(self.lane.contents(), contents, "something happened later");
        until(async || self.lane.connections() == 2).await;
    }

    /// Both processes store, read and evict, as if nothing had been.
    pub(crate) async fn everything_works(&self) {
        let k = key("afterwards");
        for (mine, theirs) in [(self.store(), self.other()), (self.other(), self.store())] {
            let entry = Envelope::Entry(self.entry(&["afterwards"], "v").await);
            self.sure(async || mine.put_one(&k, &entry).await).await;
            let alive = Found::Envelope { envelope: entry, alive: true };
            assert_eq!(self.sure(async || theirs.read(&k).await).await, alive);
            self.sure(async || mine.evict(&[tag("afterwards")]).await).await;
            for store in [mine, theirs] {
                let found = self.sure(async || store.read(&k).await).await;
                assert!(found.into_entry().is_none(), "a stale read");
            }
        }
    }

    /// What the other process captures of `tags`.
    pub(crate) async fn epochs(&self, tags: &[&str]) -> Epochs {
        let tags: Vec<Tag> = tags.iter().map(|text| tag(text)).collect();
        self.other().capture(&tags, Some(HOUR)).await.unwrap()
    }

    /// An entry with the current epochs.
    pub(crate) async fn entry(&self, tags: &[&str], value: &str) -> Entry {
        Entry {
            id: Id::random(&TokioRuntime),
            stored_at: TokioRuntime.now(),
            ttl: Some(HOUR),
            fresh_for: None,
            load_time: Duration::ZERO,
            epochs: self.epochs(tags).await,
            value: Bytes::copy_from_slice(value.as_bytes()),
        }
    }

    /// An entry that the other process has stored.
    pub(crate) async fn put(&self, name: &str, tags: &[&str], value: &str) -> Envelope {
        let envelope = Envelope::Entry(self.entry(tags, value).await);
        self.other().put_one(&key(name), &envelope).await.unwrap();
        envelope
    }

    /// A marker of nobody's yet.
    pub(crate) async fn marker(&self) -> Marker {
        Marker {
            id: Id::random(&TokioRuntime),
            taken_at: TokioRuntime.now(),
            lasts: HOUR,
            epochs: self.epochs(&[]).await,
        }
    }

    /// The lease of an empty key, which the other process has taken.
    pub(crate) async fn lease(&self, name: &str) -> Envelope {
        let marker = self.marker().await;
        let taken = self.other().take_lease(&key(name), None, &marker).await;
        assert_eq!(taken, Ok(Cas::Done));
        Envelope::Lease(marker)
    }

    /// The store learns the epochs of what the key holds.
    pub(crate) async fn learn(&self, name: &str) {
        self.sure(async || self.store().read(&key(name)).await).await;
    }

    /// What the key holds, on which both processes agree.
    pub(crate) async fn holds(&self, name: &str) -> Found {
        let found = self.sure(async || self.store().read(&key(name)).await).await;
        assert_eq!(self.other().read(&key(name)).await, Ok(found.clone()));
        found
    }
}

/// `envelope`, found alive.
pub(crate) fn alive(envelope: &Envelope) -> Found {
    Found::Envelope { envelope: envelope.clone(), alive: true }
}

/// `envelope`, found dead.
pub(crate) fn dead(envelope: &Envelope) -> Found {
    Found::Envelope { envelope: envelope.clone(), alive: false }
}

/// A later attempt may succeed.
fn is_unavailable(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Unavailable
}

/// An answer, if there is one, is the right one.
pub(crate) fn right<T: PartialEq + Debug>(answer: Option<&T>, right: &T) {
    assert!(answer.is_none_or(|answer| answer == right), "{answer:?} instead of {right:?}");
}

/// What a step changes is as its answer says; without one it is either as it
/// was or as it was to be.
pub(crate) fn changed<T>(answer: Option<&T>, found: &Found, was: &Found, is: &Found) {
    assert!(
        found == is || answer.is_none() && found == was,
        "{found:?} instead of {is:?}; answered: {}",
        answer.is_some()
    );
}

/// What ends by itself.
async fn in_time<T>(step: impl Future<Output = T>) -> T {
    let step = tokio::time::timeout(DEADLINE, step).await;
    step.unwrap_or_else(|_| panic!("not over after {DEADLINE:?}"))
}
