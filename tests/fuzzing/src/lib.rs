//! What is fed garbage: the decoder of envelopes, the handling of Redis's
//! replies, and the contract's inputs.
//!
//! Each is a function of any bytes that panics if a promise is broken. A fuzzer
//! calls it with bytes that it makes up (`fuzz/`, `./just fuzz`), and a test
//! with those that the fuzzer found worth keeping (`fuzz/corpus/`) and with
//! [`seeds`], which are made by hand.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod contract;
mod envelope;
mod input;
mod replies;
pub mod seeds;

pub use contract::contract;
pub use envelope::envelope;
pub use replies::replies;
use seeds::Seed;

/// One thing that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called, as is the directory of its corpus.
    pub name: &'static str,
    /// Panics if the bytes make it break a promise.
    pub body: fn(&[u8]),
    /// Inputs to begin with, each with what it is.
    pub seeds: fn() -> Vec<Seed>,
}

/// All that is fuzzed.
pub const TARGETS: [Target; 3] = [
    Target { name: "envelope", body: envelope, seeds: seeds::envelope },
    Target { name: "replies", body: replies, seeds: seeds::replies },
    Target { name: "contract", body: contract, seeds: seeds::contract },
];
