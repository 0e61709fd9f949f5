//! Calls that Rust allows and the library has to refuse.

use std::time::Duration;

use spakky_cache::{Cache, Error, Lookup, Options};

use crate::step::Departure;
use crate::value::Any;

const CACHE: Cache<Any> = Cache::new();

/// The names of the calls that the library did not refuse. The compiler refuses values of
/// another type, and null.
pub(crate) fn not_refused() -> Vec<&'static str> {
    let timed = |options: Options| CACHE.lookup("misuse", options).map(drop);
    let calls: [(&str, Result<(), Error>); 5] = [
        ("a time to live of NaN", Options::ttl_seconds(f64::NAN).map(drop)),
        ("a negative time to live", Options::ttl_seconds(-1.0).map(drop)),
        ("a time to live of zero", timed(Options::ttl(Duration::ZERO))),
        ("a time to live beyond counting", timed(Options::ttl(Duration::MAX))),
        ("a fresh time of zero", timed(Options::forever().fresh_for(Duration::ZERO))),
    ];
    calls.into_iter().filter_map(|(call, outcome)| outcome.is_ok().then_some(call)).collect()
}

/// Takes the lease of `key`, and leaves its scope without a commit.
pub(crate) fn abandon(key: &str, how: Departure) -> Result<(), Error> {
    // Rust has no exceptions: a scope is left early by an error.
    let scope = || -> Result<(), Option<Error>> {
        let lease = match CACHE.lookup(key, Options::forever()).map_err(Some)? {
            Lookup::Miss(lease) => lease,
            Lookup::Hit(_) | Lookup::Stale { .. } | Lookup::Pass => {
                return Err(Some(Error::LeaseHeld));
            }
        };
        match how {
            Departure::Return => Ok(()),
            Departure::Throw => Err(None),
            Departure::Release => lease.release().map_err(Some),
        }
    };
    scope().or_else(|error| error.map_or(Ok(()), Err))
}
