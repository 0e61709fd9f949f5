//! What is particular to the store on Redis: how it connects, what it refuses,
//! and how many commands a step sends. What every store does is in `contract.rs`,
//! connections that fail are in `network_faults.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "redis_store/callers.rs"]
mod callers;
#[path = "redis_store/connecting.rs"]
mod connecting;
#[path = "redis_store/costs.rs"]
mod costs;
#[path = "redis_store/epochs.rs"]
mod epochs;
#[path = "redis_store/failures.rs"]
mod failures;
#[path = "redis_store/lost_steps.rs"]
mod lost_steps;
#[path = "redis_store/other_types.rs"]
mod other_types;
#[path = "redis_store/sessions.rs"]
mod sessions;
#[path = "redis_store/support.rs"]
mod support;
