//! Seeded interleavings of many callers, and a checker that knows a stale read.
//!
//! [`history`] notes what callers did and were answered, and [`checker`] holds
//! it against the guarantees. Neither knows how the calls were made: by a
//! [`simulation`], of which a [`campaign`] runs many, or by real processes at
//! the same time.

pub mod campaign;
pub mod checker;
pub mod history;
pub mod simulation;
