//! A fleet whose every step waits for the schedule.
//!
//! A schedule ([`run`]) has one to three processes, each with a cache and its
//! own handle on the store, and a few sessions in each. The schedule's executor
//! polls tasks in an order that the seed decides, and time passes when the seed
//! says so. Every step on the store has three moments, and others may go on in
//! between: it is sent, it happens, its caller hears of it. Meanwhile callers
//! are dropped, and connections and data are lost.

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
mod user;

pub use chance::Chance;
pub use embedded::Embedded;
pub use redis::Redis;
pub use schedule::{Finished, run};
pub use site::{Backing, Site, Work};
pub use tally::Tally;
