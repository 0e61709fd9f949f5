//! Seeded interleavings of many callers, and a checker that detects stale reads.
//!
//! [`history`] records what callers did and were answered, and [`checker`]
//! compares it with the guarantees. Neither depends on how the calls were made:
//! by a [`simulation`], of which a [`campaign`] runs many, or by real processes
//! at the same time.

pub mod campaign;
pub mod checker;
pub mod history;
pub mod simulation;
