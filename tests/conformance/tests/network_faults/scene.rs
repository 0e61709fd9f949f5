//! One cell of the table: a step whose connection is disturbed.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epochs, Marker};
use spakky_cache_core::store::{Cas, CasToken, Found, Step};
use spakky_cache_core::{Store as _, StoreError, StoreErrorKind, Tag, TokioRuntime};
use spakky_cache_redis::RedisStore;
use spakky_store_conformance::{DEADLINE, entry, key, marker, tag, until};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{Fault, Planned, RedisServer, Traffic};
use tokio::sync::SetOnce;

use crate::lane::Lane;
use crate::places::{During, Trouble};

/// The entry that another process evicts during each attempt, and its tag.
const WITNESS: &str = "witness";
/// The keys that steps may change, in the order in which they change them.
const KEYS: [&str; 3] = ["a", "b", "c"];
/// How long what a step stores lives.
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// The world of a step, and its outcome.
pub(crate) struct Scene<'a> {
    lane: &'a Lane,
    /// The fault, unless the step runs undisturbed.
    plan: Option<(Trouble, Fault)>,
    outcome: RefCell<Option<Outcome>>,
}

/// The outcome of a step.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// What it sent and received, if it was not disturbed.
    pub(crate) traffic: Traffic,
    /// Without an answer, it is unknown what the step did.
    pub(crate) is_answered: bool,
    /// What [`KEYS`] held before it, and hold afterwards.
    before: Vec<String>,
    after: Vec<String>,
}

impl Outcome {
    /// Fails unless a step with the outcome `undisturbed` may have this one when it is
    /// disturbed.
    pub(crate) fn compare(&self, undisturbed: &Self) -> Result<(), String> {
        let is_right = if self.is_answered {
            self.after == undisturbed.after
        } else {
            // The step was done to the first of the keys, to all or to none.
            (0..=KEYS.len()).any(|done| {
                self.after[..done] == undisturbed.after[..done]
                    && self.after[done..] == undisturbed.before[done..]
            })
        };
        if is_right {
            Ok(())
        } else {
            Err(format!("{self:.300?}, undisturbed {undisturbed:.300?}"))
        }
    }
}

/// What a key holds, as `v, alive`, `v, dead`, `a lease, alive` or `nothing`.
pub(crate) fn told(found: &Found) -> String {
    let Found::Envelope { envelope, alive } = found else { return "nothing".into() };
    let life = if *alive { "alive" } else { "dead" };
    match envelope {
        Envelope::Entry(entry) => format!("{}, {life}", String::from_utf8_lossy(&entry.value)),
        Envelope::Lease(_) => format!("a lease, {life}"),
        Envelope::Pause(_) => format!("a pause, {life}"),
    }
}

impl<'a> Scene<'a> {
    /// On an empty server.
    pub(crate) async fn new(lane: &'a Lane, plan: Option<(Trouble, Fault)>) -> Self {
        let scene = Self { lane, plan, outcome: RefCell::default() };
        lane.server.command(&["FLUSHALL"]).unwrap();
        // Both have heard of it once they are answered.
        scene.sure(async || lane.store.ping().await).await;
        lane.other.ping().await.unwrap();
        scene
    }

    /// The outcome of the attempt.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.borrow().clone().expect("the step was attempted")
    }

    /// The store whose network fails.
    pub(crate) fn store(&self) -> &'a RedisStore {
        &self.lane.store
    }

    /// The same cache in another process.
    pub(crate) fn other(&self) -> &'a RedisStore {
        &self.lane.other
    }

    pub(crate) fn server(&self) -> &'a RedisServer {
        &self.lane.server
    }

    /// The full name of a key: `kind` as in the protocol.
    pub(crate) fn name(&self, kind: char, name: &str) -> String {
        format!("{}{kind}|{name}", self.store().prefix().as_str())
    }

    /// The time to live of a key, if it has one.
    pub(crate) fn lives(&self, kind: char, name: &str) -> Option<Duration> {
        let left: i64 = self.server().query(redis::cmd("PTTL").arg(self.name(kind, name))).unwrap();
        left.try_into().ok().map(Duration::from_millis)
    }

    /// The answer when nothing goes wrong. A store with a short timeout may give
    /// up on a busy machine: then it is asked again.
    pub(crate) async fn sure<T>(&self, ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) if self.lane.hasty && is_unavailable(&error) => {}
                Err(error) => panic!("an error though nothing goes wrong: {error:?}"),
            }
        }
    }

    /// Tries `step`, disturbed as planned, while another process evicts something.
    /// Checks that the step is unavailable or has the right answer, in time; that
    /// the store recovers by itself, with one connection; and that the evicted entry
    /// is not read. Returns the answer, if there is one.
    pub(crate) async fn attempt<T: Debug>(
        &self,
        step: Step<'_, T>,
        is_right: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        self.put(WITNESS, &[WITNESS], "v").await;
        let read_witness = async || self.store().read(&key(WITNESS)).await;
        assert!(self.sure(read_witness).await.into_entry().is_some(), "the witness is not read");
        let before = self.contents(self.other()).await;
        let passed = self.lane.proxy.traffic();
        let answer = match self.plan {
            Some((trouble, fault)) => self.attempt_disturbed(trouble, fault, step).await,
            None => Some(in_time(step).await.expect("nothing goes wrong")),
        };
        let traffic = match self.plan {
            Some(_) => Traffic::default(),
            None => self.lane.proxy.traffic().since(passed),
        };
        let after = self.contents(self.store()).await;
        assert_eq!(after, self.contents(self.other()).await, "the processes disagree");
        assert!(answer.as_ref().is_none_or(is_right), "a wrong answer: {answer:?}");
        let is_answered = answer.is_some();
        *self.outcome.borrow_mut() = Some(Outcome { traffic, is_answered, before, after });
        answer
    }

    async fn attempt_disturbed<T>(
        &self,
        trouble: Trouble,
        fault: Fault,
        step: Step<'_, T>,
    ) -> Option<T> {
        let read_witness = async || self.store().read(&key(WITNESS)).await;
        let planned = self.begin(trouble, fault).await;
        let over = SetOnce::new();
        let step = async {
            let answer = in_time(step).await;
            let reached = planned.initialized();
            let _ = over.set(());
            (answer, reached)
        };
        let evict = async {
            tokio::select! {
                &() = planned.wait() => {}
                // A place that the step does not reach is reached by what follows.
                &() = over.wait() => {}
            }
            self.other().evict(&[tag(WITNESS)]).await.unwrap();
            let read = in_time(read_witness()).await;
            assert!(!read.is_ok_and(|found| found.into_entry().is_some()), "a stale read");
        };
        let ((answer, reached), ()) = tokio::join!(step, evict);
        match &answer {
            Ok(_) => {}
            Err(error) if is_unavailable(error) => assert!(
                !trouble.is_harmless() && (reached || trouble.during == During::Handshake)
                    || self.lane.hasty,
                "refused though nothing went wrong: {error:?}"
            ),
            Err(error) => panic!("no failure of Redis, but {error:?}"),
        }
        self.recover(trouble).await;
        assert!(self.sure(read_witness).await.into_entry().is_none(), "a stale read");
        answer.ok()
    }

    /// Plans the fault.
    async fn begin(&self, trouble: Trouble, fault: Fault) -> Planned {
        let Lane { proxy, store, .. } = self.lane;
        match trouble.during {
            During::Step => proxy.fail(fault),
            During::Handshake => {
                let planned = proxy.fail_next(fault);
                proxy.cut();
                // The step begins before the connection is set up again.
                until(async || store.connection().server_version().is_none()).await;
                planned
            }
        }
    }

    /// Waits until the store works again, without doing anything for it but
    /// asking. It has one connection then, and nothing that an earlier one sent
    /// happens later.
    async fn recover(&self, trouble: Trouble) {
        let Lane { proxy, store, other, .. } = self.lane;
        if !trouble.is_silent() {
            // A place that the step did not reach must not disturb the next one.
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
        until(async || self.server().clients().unwrap() == 2).await;
        let contents = self.lane.contents();
        proxy.thaw();
        for _ in 0..4 {
            self.sure(async || store.ping().await).await;
            other.ping().await.unwrap();
        }
        assert_eq!(self.lane.contents(), contents, "something happened later");
        until(async || self.server().clients().unwrap() == 2).await;
    }

    /// The current epochs of `tags`.
    pub(crate) async fn epochs(&self, tags: &[&str]) -> Epochs {
        let tags: Vec<Tag> = tags.iter().map(|text| tag(text)).collect();
        self.other().capture(&tags, Some(HOUR)).await.unwrap()
    }

    /// An entry with the current epochs.
    pub(crate) async fn entry(&self, tags: &[&str], value: &str) -> Entry {
        entry(&TokioRuntime, self.other(), tags, value, Some(HOUR)).await
    }

    /// The other process stores an entry.
    pub(crate) async fn put(&self, name: &str, tags: &[&str], value: &str) {
        let envelope = Envelope::Entry(self.entry(tags, value).await);
        self.other().put_one(&key(name), &envelope).await.unwrap();
    }

    /// The first of the keys holds an entry, the second an evicted one, and the
    /// third nothing.
    pub(crate) async fn three_kinds_of_keys(&self) {
        self.put("a", &["t"], "1").await;
        self.put("b", &["u"], "2").await;
        self.other().evict(&[tag("u")]).await.unwrap();
    }

    /// A marker that is not stored yet.
    pub(crate) async fn marker(&self) -> Marker {
        marker(&TokioRuntime, self.other(), &[]).await
    }

    /// The other process takes the lease of an empty key.
    pub(crate) async fn lease(&self, name: &str) -> CasToken {
        let marker = self.marker().await;
        let taken = self.other().take_lease(&key(name), None, &marker).await;
        assert_eq!(taken, Ok(Cas::Done));
        Envelope::Lease(marker).cas_token()
    }

    /// The store learns the epochs of what the key holds.
    pub(crate) async fn learn(&self, name: &str) {
        self.sure(async || self.store().read(&key(name)).await).await;
    }

    /// What a key of [`KEYS`] holds.
    pub(crate) async fn holds(&self, index: usize) -> String {
        self.contents(self.store()).await.swap_remove(index)
    }

    async fn contents(&self, store: &RedisStore) -> Vec<String> {
        let found = self.sure(async || store.read_many(&KEYS.map(key)).await).await;
        found.iter().map(told).collect()
    }
}

/// A later attempt may succeed.
fn is_unavailable(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Unavailable
}

async fn in_time<T>(step: impl Future<Output = T>) -> T {
    let step = tokio::time::timeout(DEADLINE, step).await;
    step.unwrap_or_else(|_| panic!("not over after {DEADLINE:?}"))
}
