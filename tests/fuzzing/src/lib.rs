//! Fuzz targets: the decoder of envelopes, the handling of Redis's replies, and
//! the contract's inputs.
//!
//! Each target is a function that panics if its bytes break a promise. A fuzzer
//! calls it with bytes that it makes up (`fuzz/`, `./just fuzz`), and a test with
//! those that are kept (`fuzz/corpus/`, `fuzz/regressions/`).
//!
//! The targets judge by properties that hold whatever happens. `tests/simulation`
//! judges which value is stale and who may hold a lease.

mod contract;
mod envelope;
mod replies;

use std::collections::BTreeSet;
use std::time::Duration;

pub use contract::contract;
pub use envelope::envelope;
pub use replies::replies;

/// What came of an input, by name. A test checks that the corpus reaches them all.
pub type Outcomes = BTreeSet<&'static str>;

/// Much longer than anything takes, so that it only catches what never ends.
const DEADLINE: Duration = Duration::from_secs(20);

async fn in_time<T>(step: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(DEADLINE, step).await;
    answer.unwrap_or_else(|_| panic!("not done after {DEADLINE:?}"))
}
