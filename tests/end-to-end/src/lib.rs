//! The host-guest suite: real components, a real Redis, real processes.
//!
//! - `tests/scenarios.rs` plays the scenarios of `scenarios/` on each store, those of
//!   the libraries in each language, in this process: [`stage`], [`play`].
//! - `tests/projects.rs` builds and runs new projects and the small examples.
//! - `tests/isolation.rs` has many guests in one process, some of which
//!   misbehave.
//! - `tests/command/` starts the command `spakky-redis`: [`command`].
//! - `tests/embedding.rs` starts the examples of `spakky-cache-wasmtime`.
//! - `tests/fleet/` has eight processes with 25 guests each, and
//!   `tests/stability.rs` one that works for long: [`host_process`], and the
//!   program `fleet-host` that they start.
//!
//! No test sleeps for a fixed time. Tests wait for an event, at most for [`DEADLINE`].

#![expect(clippy::missing_panics_doc, reason = "a test fails by a panic")]

pub mod artifact;
pub mod backing;
pub mod command;
mod expand;
pub mod expect;
pub mod fleet;
pub mod guest;
pub mod host_process;
pub mod language;
pub mod matrix;
pub mod mix;
pub mod play;
pub mod scenario;
pub mod stage;

use std::time::Duration;

/// How long a test waits for an event. Far longer than any takes.
pub const DEADLINE: Duration = Duration::from_secs(30);
