//! What the program `fleet-host` and the test that started it tell each other,
//! each as a line of JSON: orders on its input, reports on its output.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spakky_cache_core::{Grants, Policy};

/// How a host is set up: the program's argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The port of its Redis; none: its store is in its memory.
    pub redis: Option<u16>,
    /// What the keys of its cache begin with.
    pub prefix: String,
    /// How many guests it starts with: number 0 and so on.
    pub guests: usize,
    /// How long its leases last.
    pub lease: Duration,
    /// How many of them a guest may hold.
    pub leases: usize,
}

impl Setup {
    /// A host on the Redis of this port, without guests, and with the defaults
    /// of the product.
    pub fn on_redis(port: u16) -> Self {
        Self { redis: Some(port), ..Self::embedded() }
    }

    /// A host with a store of its own, else as [`on_redis`](Self::on_redis).
    pub fn embedded() -> Self {
        Self {
            redis: None,
            prefix: "fleet:".to_owned(),
            guests: 0,
            lease: Policy::default().lease,
            leases: Grants::default().leases,
        }
    }

    /// With so many guests.
    #[must_use]
    pub fn guests(self, guests: usize) -> Self {
        Self { guests, ..self }
    }

    /// With leases that last so long.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// With guests that may hold so many leases.
    #[must_use]
    pub fn leases(self, leases: usize) -> Self {
        Self { leases, ..self }
    }
}

/// What a host is told. The end of its input is the last order: its guests are
/// to end, and then it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Start a guest more, which may run for this long.
    Start {
        /// Its number, which no other has.
        guest: usize,
        /// From its start to its end; none: no limit.
        time: Option<Duration>,
    },
    /// A guest is to play this step.
    Ask {
        /// Its number.
        guest: usize,
        /// The step.
        step: Value,
    },
    /// End a guest, as a host does whose client has gone away.
    Kill {
        /// Its number.
        guest: usize,
    },
    /// Say what the cache has counted, and what is alive in the host.
    Standing,
}

/// What a host says.
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
        /// What it said.
        answer: Value,
    },
    /// A guest has ended.
    Ended {
        /// Its number.
        guest: usize,
        /// In which way: a word of [`Ending`](crate::guest::Ending).
        how: String,
    },
    /// How things stand.
    Standing(Standing),
}

/// How things stand in a host.
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
    /// Bytes that the store in the host's memory takes; 0 on Redis.
    pub stored_bytes: usize,
}
