//! A fleet whose every step waits for the schedule.
//!
//! A schedule ([`run`]) has one to three processes, each with a cache and a
//! handle on the store of its own, and a few sessions in each. Tasks are polled
//! by an executor of its own, in an order that the seed decides; time passes
//! when the seed says so; and every step on the store has three moments, in
//! each of which others may go on: it is sent, it happens, its caller hears of
//! it. In between callers are dropped, connections and data lost.

mod actor;
mod chance;
mod embedded;
mod executor;
mod lag;
mod ledger;
mod redis;
mod runtime;
mod schedule;
mod site;
mod stepping;
mod steps;
mod style;
mod tally;
mod trace;
mod without;

pub use chance::Chance;
pub use embedded::Embedded;
pub use redis::Redis;
pub use schedule::{Finished, Plan, run};
pub use site::{Backing, Site};
pub use steps::Work;
pub use tally::Tally;
pub use without::{Check, Without};
