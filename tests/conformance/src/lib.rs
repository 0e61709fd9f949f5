//! What every store has to do: one list of cases, run on each of them.
//!
//! [`steps`] are the cases of the trait `Store`, [`guarantees`] those of the
//! cache on top of it. `tests/contract.rs` runs them on each [`Backing`].

#![expect(clippy::missing_panics_doc, reason = "a case fails by a panic")]

mod backing;
mod counting;
pub mod guarantees;
mod redis;
pub mod steps;
mod world;

use std::fmt;
use std::pin::Pin;

pub use backing::{Backing, Embedded, Keyspaces, Raw};
pub use counting::Counting;
pub use redis::Redis;
pub use world::{DEADLINE, Stopwatch, World, entry, fired, key, marker, tag, until};

/// A future that owns or borrows what it needs.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One thing that a store has to do.
pub struct Case {
    /// What it is, as a sentence.
    pub name: String,
    /// Panics if the store does not do it. It runs on tokio, and its future need not be
    /// `Send`, because asynchronous closures over references cannot prove that they are.
    pub run: fn(World) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// Lists functions as cases, each named after its function.
///
/// A function is an `async fn(World)`. One that is missing from the list is dead code, so
/// the compiler warns.
#[macro_export]
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        vec![$($crate::Case {
            name: stringify!($case).replace('_', " "),
            run: |world| Box::pin($case(world)),
        }),*]
    };
}
