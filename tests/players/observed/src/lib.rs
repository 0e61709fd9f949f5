//! A component that exports a health probe and an info contributor, and behaves in
//! them as it is told. `../README.md` says how to tell it.
#![cfg(target_family = "wasm")]

use std::env;
use std::sync::atomic::{AtomicI64, Ordering};

use spakky_cache::{Cache, Error};

use self::bindings::exports::spakky::cache::health_probe::{self, Outcome, Probe};
use self::bindings::exports::spakky::cache::info_contributor;
use self::bindings::spakky::cache::actuator_types::{
    Detail, Endpoint, HealthStatus, InfoGroup, InfoSection,
};

// Generated. An export has a symbol name, and Rust calls declaring one unsafe.
#[allow(unsafe_code, missing_docs, clippy::pedantic)]
mod bindings {
    use super::Observed;

    wit_bindgen::generate!({
        path: "../../../wit/0.2",
        world: "spakky:cache/observed",
    });

    export!(Observed);
}

struct Observed;

/// How often this instance was asked for anything.
static ASKED: AtomicI64 = AtomicI64::new(0);

impl health_probe::Guest for Observed {
    fn describe() -> Probe {
        let _ = told("describe");
        Probe {
            name: variable("name").unwrap_or_else(|| "observed-guest".to_owned()),
            required: variable("required").as_deref() != Some("false"),
            endpoints: variable("endpoints")
                .unwrap_or_else(|| "health,readiness,liveness".to_owned())
                .split(',')
                .filter_map(|endpoint| match endpoint {
                    "health" => Some(Endpoint::Health),
                    "readiness" => Some(Endpoint::Readiness),
                    "liveness" => Some(Endpoint::Liveness),
                    _ => None,
                })
                .collect(),
        }
    }

    fn check() -> Outcome {
        let (status, reason) = match told("check") {
            Ok(told) if told == "healthy" => (HealthStatus::Healthy, told),
            Ok(told) => (HealthStatus::Unhealthy, told),
            Err(error) => (HealthStatus::Unhealthy, error.kind().to_owned()),
        };
        Outcome { status, details: details(reason) }
    }
}

impl info_contributor::Guest for Observed {
    fn contribute() -> InfoSection {
        let told = told("contribute").unwrap_or_else(|error| error.kind().to_owned());
        let group = InfoGroup { name: "observed".to_owned(), entries: details(told) };
        let name = variable("name").unwrap_or_else(|| "observed-guest".to_owned());
        InfoSection { name, groups: vec![group] }
    }
}

/// What the environment says of this call, else the cache, else `healthy`; and does
/// it, if that is never to answer.
fn told(call: &str) -> Result<String, Error> {
    ASKED.fetch_add(1, Ordering::Relaxed);
    let told = match variable(call) {
        Some(told) => told,
        None => {
            Cache::new().get(&format!("observed:{call}"))?.unwrap_or_else(|| "healthy".to_owned())
        }
    };
    match told.as_str() {
        "trap" => std::process::abort(),
        "panic" => panic!("as told"),
        "loop" => loop {
            std::hint::black_box(());
        },
        _ => Ok(told),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(format!("OBSERVED_{}", name.to_uppercase())).ok()
}

/// One of each kind.
fn details(told: String) -> Vec<(String, Detail)> {
    vec![
        ("told".to_owned(), Detail::Text(told)),
        ("asked".to_owned(), Detail::Integer(ASKED.load(Ordering::Relaxed))),
        ("ratio".to_owned(), Detail::Number(0.5)),
        ("observed".to_owned(), Detail::Flag(true)),
    ]
}
