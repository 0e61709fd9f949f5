//! The faults of Spakky's cache, none of which may come back: each is a test on
//! a real Redis, through what a host uses, that Spakky would fail. What takes
//! part is a host process if it has a connection and a cache of its own.
//!
//! | Spakky's fault | test |
//! | --- | --- |
//! | pickle runs code when it reads | [`code`]: what pickle would run is a miss, and is replaced |
//! | a lock is deleted without looking whose it is | [`locks`]: a loader that lost its lease takes nobody's |
//! | a lock is not renewed | [`locks`]: a load may take longer than its lease |
//! | a killed loader blocks everyone for 30 s | [`locks`]: the lease of a killed process ends |
//! | waiters poll every 10 ms | [`waiting`]: a hundred waiters send as little as one, however long the load |
//! | one load counts many misses | [`waiting`]: a load is one miss, and every wait a hit |
//! | the 101st concurrent caller fails | [`waiting`]: three hundred callers at once, of one key and of three hundred |
//! | a value loaded before a delete, evict or clear lands after it | [`stale`]: what was loaded before is not read after |
//! | keys that begin with `__tag__:` collide | [`names`]: a key is never a tag, whatever they are called |
//! | a prefix with glob characters clears the wrong keys | [`names`]: a prefix is taken literally; different names are different keys |
//! | tag sets are never given back | [`memory`]: tags are given back, at the latest when they are evicted |
//! | evicting 100,000 entries takes 260 ms and blocks the server | [`costs`]: an evict or clear costs the same whatever it evicts |
//! | clearing 10 own keys among 200,000 foreign ones scans them all | [`costs`]: a clear looks at nobody's keys |
//!
//! Tests count commands, not milliseconds: a command whose cost grows would show
//! by its name.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "spakky_faults/code.rs"]
mod code;
#[path = "spakky_faults/costs.rs"]
mod costs;
#[path = "spakky_faults/host.rs"]
mod host;
#[path = "spakky_faults/locks.rs"]
mod locks;
#[path = "spakky_faults/memory.rs"]
mod memory;
#[path = "spakky_faults/names.rs"]
mod names;
#[path = "spakky_faults/stale.rs"]
mod stale;
#[path = "spakky_faults/waiting.rs"]
mod waiting;
