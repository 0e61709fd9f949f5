//! The messages between the program `fleet-host` and the test that started it, one line
//! of JSON each: orders on its input, reports on its output.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spakky_cache_core::{Grants, Policy};

/// How a host is set up: the program's argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The port of its Redis, or `None` for the embedded store.
    pub redis: Option<u16>,
    /// The key prefix of its cache.
    pub prefix: String,
    /// How many guests it starts with, numbered from 0.
    pub guests: usize,
    /// How long its leases last.
    pub lease: Duration,
    /// How many leases a guest may hold.
    pub leases: usize,
}

impl Setup {
    /// A host on the Redis at this port, with the defaults and without guests.
    pub fn on_redis(port: u16) -> Self {
        Self { redis: Some(port), ..Self::embedded() }
    }

    /// A host on the embedded store, with the defaults and without guests.
    pub fn embedded() -> Self {
        Self {
            redis: None,
            prefix: "fleet:".to_owned(),
            guests: 0,
            lease: Policy::default().lease,
            leases: Grants::default().leases,
        }
    }
}

/// An order to a host. At the end of its input, its guests end, and then the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Start another guest.
    Start {
        /// Its number, which is unique.
        guest: usize,
        /// Its time limit, if it has one.
        time: Option<Duration>,
    },
    /// Give a guest a step.
    Ask {
        /// Its number.
        guest: usize,
        /// The step.
        step: Value,
    },
    /// End a guest, as a host does if its client goes away.
    Kill {
        /// Its number.
        guest: usize,
    },
    /// Report the counters of the cache, and what is alive in the host.
    Standing,
}

/// A report of a host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A guest is instantiated, and waits for a step.
    Ready {
        /// Its number.
        guest: usize,
    },
    /// A guest answered.
    Answer {
        /// Its number.
        guest: usize,
        /// Its answer.
        answer: Value,
    },
    /// A guest has ended.
    Ended {
        /// Its number.
        guest: usize,
        /// The word of its [`Ending`](crate::guest::Ending).
        how: String,
    },
    /// The state of the host.
    Standing(Standing),
}

/// The state of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Reads that were answered with a value.
    pub hits: u64,
    /// Reads that were answered with none.
    pub misses: u64,
    /// Entries that were stored.
    pub writes: u64,
    /// Lookups that waited for another caller's load.
    pub stampede_waits: u64,
    /// Tasks that have not ended.
    pub tasks: usize,
    /// Guests that have not ended.
    pub guests: usize,
    /// Bytes that the embedded store uses; 0 on Redis.
    pub stored_bytes: usize,
}
