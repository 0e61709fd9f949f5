//! A model of the protocol's steps, explored exhaustively.
//!
//! A few callers of one key, in a few processes, share one Redis. [`explore`]
//! visits every world that they can get into, in whatever order their steps
//! happen, and checks the guarantees in each. Each check of the protocol can be
//! left out ([`checks::Check`]): then some run breaks a guarantee.
//!
//! The simulation runs the real code under many orders. The model covers all orders
//! of the steps that leases and epochs rest on.
//!
//! | here | in the code |
//! | --- | --- |
//! | `actions::read` | `host/core/src/lookup.rs` |
//! | `actions::epochs` | `host/redis/src/epochs.rs`, `tracking.rs` |
//! | `actions::take` | `Session::take`, `LeaseGuard::about_to_take` |
//! | `actions::commit` | `LeaseGuard::conclude` |
//! | `actions::release` | `LeaseGuard::release`, `Drop for LeaseGuard` |
//! | `actions::write` | `host/core/src/cache.rs`, `RedisStore::evict` |
//! | `actions::outside` | expiry, renewal, loss, kills, traps |
//!
//! # Steps
//!
//! Each command is a step, also where the code sends several in one round trip. Its
//! reply and its invalidations queue up on each connection, which handles them in
//! order. A caller that compares a reply with the table of epochs wakes up later.
//!
//! # Staleness
//!
//! The origin is a number that each change raises. A load reads it as soon as it
//! has its lease. `delete`, `evict_tags` and `clear` change it in the step of
//! their first command; a `set`, and the first step of a write, are such changes
//! themselves. When such a call returns, its change is published, and no call that
//! begins later may get anything older.
//!
//! # What is left out
//!
//! - Time is only order: a lease can end at any step. Durations, and whether
//!   renewals are in time, are not modelled.
//! - One key, one tag, up to four callers of one call each, one or two events.
//! - `fail`, which takes the steps of `pass`; circles of callers that wait.
//! - Single flight in a process (each caller reads for itself), refreshes of stale
//!   entries and of those that will not do, the sweeper, batches, and guests that trap: the simulation runs them.
//! - Worlds are told apart by 64 bits of a hash: among ten million, two are mixed
//!   up with a probability of one in 400,000.

mod actions;
pub mod checks;
pub mod configuration;
pub mod explore;
pub mod protocol;
mod world;
