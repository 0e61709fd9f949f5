//! What is true of the store on Redis alone: connections that fail, and how
//! many commands a step costs. What every store does is in `contract.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "redis_store/connecting.rs"]
mod connecting;
#[path = "redis_store/costs.rs"]
mod costs;
#[path = "redis_store/epochs.rs"]
mod epochs;
#[path = "redis_store/failures.rs"]
mod failures;
#[path = "redis_store/interruptions.rs"]
mod interruptions;
#[path = "redis_store/lost_steps.rs"]
mod lost_steps;
#[path = "redis_store/other_types.rs"]
mod other_types;
#[path = "redis_store/sessions.rs"]
mod sessions;
#[path = "redis_store/support.rs"]
mod support;
#[path = "redis_store/sweeping.rs"]
mod sweeping;
