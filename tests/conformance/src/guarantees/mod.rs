//! The guarantees of the cache, on every store. A session stands for a guest, and each
//! `Process` has its own handle on the store.
//!
//! The faults of the Python plugin that this cache replaces are among them, as cases that
//! the plugin would fail. Those of [`steps`](crate::steps) are in brackets.
//!
//! | fault | cases |
//! | --- | --- |
//! | pickle runs code when it reads | what pickle would run is a miss and is replaced by the next load |
//! | a lock is deleted without looking whose it is | a loader that lost its lease stores nothing and frees nobody else's lease |
//! | a lock is not renewed | a lease outlasts its time while its loader lives |
//! | a killed loader blocks everyone for 30 s | the lease of a dead host ends by itself |
//! | waiters poll every 10 ms | a hundred waiters cost a process as many steps as three |
//! | one load counts many misses | a load is one miss and one write in the fleet however long it takes |
//! | the 101st concurrent caller fails | three hundred callers of one process load three hundred keys at once; three hundred operations of one process are answered at once |
//! | a value loaded before a delete, evict or clear is stored after it | a load that a delete, a set, an eviction or a clear overtook is never read |
//! | keys that begin with `__tag__:` collide with tags | (a key a tag and an election of one name are three things) |
//! | a prefix with glob characters clears the wrong keys | (caches of different prefixes share nothing) |
//! | tag sets are never removed | every key but the two of the cache itself expires |
//! | evicting 100,000 entries takes 260 ms and blocks the server | an eviction is one step however many entries it evicts |
//! | clearing 10 keys among 200,000 foreign ones scans them all | a clear is one step however many entries there are; `redis_store` counts its commands |

mod costs;
mod counts;
mod failures;
mod kept;
mod leases;
mod loads;
mod pauses;
mod policies;
mod waits;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{
    Cache, EntryOptions, Error, Grants, Lease, Limits, Lookup, LookupOptions, OnFailure, Policy,
    Session, Sweeper,
};

use crate::counting::Counting;
use crate::{Case, World, until};

/// The cases of every store.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = loads::cases();
    cases.extend(leases::cases());
    cases.extend(costs::cases());
    cases.extend(counts::cases());
    cases.extend(failures::cases());
    cases.extend(policies::cases());
    cases.extend(pauses::cases());
    cases.extend(waits::cases());
    cases
}

/// The cases of stores that keep bytes.
#[must_use]
pub fn cases_of_bytes() -> Vec<Case> {
    kept::cases()
}

const KEY: &str = "key";

const LEASE: Duration = Duration::from_millis(400);

/// A host process.
struct Process {
    cache: Cache,
    store: Arc<Counting>,
}

impl Process {
    async fn start(world: &World) -> Self {
        Self::with(world, Policy { early_refresh: 0.0, ..Policy::default() }).await
    }

    async fn with(world: &World, policy: Policy) -> Self {
        let store = Counting::new(world.open().await);
        let cache = Cache::with(store.clone(), policy, world.runtime.clone());
        Self { cache, store }
    }

    fn guest(&self) -> Session {
        self.cache.session(Grants::default())
    }
}

fn tagged(tags: &[&str]) -> EntryOptions {
    EntryOptions { tags: texts(tags), ..EntryOptions::default() }
}

fn texts(tags: &[&str]) -> Vec<String> {
    tags.iter().map(ToString::to_string).collect()
}

fn fresh_for(span: Duration) -> EntryOptions {
    EntryOptions { fresh_for: Some(span), ..EntryOptions::default() }
}

/// What a batch answers if no key failed.
fn all<T>(answers: Vec<Result<T, Error>>) -> Result<Vec<T>, Error> {
    answers.into_iter().collect()
}

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

async fn get(guest: &Session) -> Option<Bytes> {
    guest.get(KEY).await.expect("get")
}

async fn lease(guest: &Session, tags: &[&str]) -> Lease {
    match guest
        .lookup(KEY, &LookupOptions { tags: texts(tags), ..LookupOptions::default() })
        .await
        .expect("lookup")
    {
        Lookup::Miss(lease) => lease,
        other => panic!("{other:?} is no lease"),
    }
}

/// Stores an entry that is stale, as `old`.
async fn store_stale(world: &World, guest: &Session) {
    let span = Duration::from_millis(30);
    guest.set(KEY, value("old"), &fresh_for(span)).await.expect("set");
    world.outlast(&*world.open().await, span).await;
}

/// The refresh of the stale entry, of which this caller is the first to hear.
async fn refresh(guest: &Session) -> Lease {
    match guest.lookup(KEY, &LookupOptions::default()).await {
        Ok(Lookup::Stale { refresh: Some(refresh), entry, .. }) if entry.value == "old" => refresh,
        other => panic!("{other:?} is no refresh"),
    }
}

async fn wait_none(guest: &Session) -> Result<Lookup, Error> {
    guest
        .lookup(KEY, &LookupOptions { max_wait: Some(Duration::ZERO), ..LookupOptions::default() })
        .await
}
