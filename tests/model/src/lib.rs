//! A model of the protocol's steps, explored to its last state.
//!
//! A few callers of one key, in a few processes, each with its connection to one
//! Redis; what each may do next; and after each step, whether every guarantee
//! still holds. [`stateright`] walks through all orders in which the steps can
//! happen. Every check that the protocol makes can be left out
//! ([`checks::Check`]), and then it finds the run in which it is missed.
//!
//! | here | in the code |
//! | --- | --- |
//! | [`store`] | what Redis holds |
//! | [`connection`] | `host/redis/src/tracking.rs`, and the order of replies and invalidations |
//! | [`single_flight`] | `host/core/src/single_flight.rs` |
//! | `steps::lookup` | `host/core/src/lookup.rs`, and `take_lease`, `elect` of `host/redis/src/store.rs` |
//! | `steps::lease` | `host/core/src/lease.rs`, and `commit`, `give_up`, `resign` |
//! | `steps::epochs` | `host/redis/src/epochs.rs` |
//! | `steps::writes` | `host/core/src/cache.rs`, `sweeper.rs`, and `put`, `remove_many`, `evict`, `clear` |
//! | `steps::environment` | expiry, loss, kills, traps |
//!
//! # A step
//!
//! Each command is a step of its own, carried out at once at the moment when
//! Redis does, also where the code sends several in one round trip. Its reply and
//! the invalidations that it causes then queue up on each connection, and are
//! handled one at a time, in order, whenever the connection gets to it. Where a
//! reply is compared with the table of epochs, its caller wakes up later still,
//! in a step of its own.
//!
//! # Stale
//!
//! The origin is a number that each change raises. A load reads it as soon as it
//! has its lease. Who calls `delete`, `evict_tags` or `clear` changes it first,
//! in the same step as the first command: anything that could come between would
//! only be less stale. A `set`, and the first step of a write, is such a change
//! by itself. When such a call returns, what it changed is published, and no
//! caller that calls from then on may get anything older.
//!
//! # What is left out
//!
//! - Time is only order: a lease can end whenever it may, and who waits for it
//!   may look again after that. That a renewal comes in time, how long anything
//!   takes, and the limit of a caller's patience are not in it.
//! - One key, two tags, up to four callers, each of which calls once; one or two
//!   events from outside in one run.
//! - Renewal of an epoch's life (`Lengthen`, `mend`): epochs either are there or
//!   are lost, or expire.
//! - Commands that a lost connection left behind: none runs later. That the
//!   handshake sees to it is tested on a real Redis.
//! - Batches (each of their keys is treated as a single one is), damaged bytes,
//!   `--on-failure miss`, quotas, and Redis as a cluster or with replicas.
//! - States are told apart by 64 bits of a hash: with ten million states, the
//!   chance that any two are mixed up is about one in 400,000.

pub mod caller;
pub mod checks;
pub mod configuration;
pub mod configurations;
pub mod connection;
pub mod keys;
pub mod model;
pub mod names;
pub mod runs;
pub mod single_flight;
mod steps;
pub mod store;
pub mod trace;
pub mod world;
