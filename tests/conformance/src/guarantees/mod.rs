//! The guarantees of the cache, on every store. A session stands for a guest,
//! and each process has a handle on the store of its own, as another
//! process would have.

mod answers;
mod counts;
mod failures;
mod leases;
mod loads;
mod policies;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{join_all, poll_immediate};
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{
    Cache, EntryOptions, Error, Grants, Lease, Limits, Lookup, OnFailure, Policy, Session, Sweeper,
};

use crate::counting::Counting;
use crate::{Case, World, until};

/// All of them.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = loads::cases();
    cases.extend(leases::cases());
    cases.extend(answers::cases());
    cases.extend(counts::cases());
    cases.extend(failures::cases());
    cases.extend(policies::cases());
    cases
}

const KEY: &str = "key";

const LEASE: Duration = Duration::from_millis(400);

/// One host process.
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

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

async fn get(guest: &Session) -> Option<Bytes> {
    guest.get(KEY).await.expect("get")
}

async fn lease(guest: &Session, tags: &[&str]) -> Lease {
    match guest.lookup(KEY, &texts(tags), None).await.expect("lookup") {
        Lookup::Miss(lease) => lease,
        other => panic!("{other:?} is no lease"),
    }
}

async fn wait_none(guest: &Session) -> Result<Lookup, Error> {
    guest.lookup(KEY, &[], Some(Duration::ZERO)).await
}
