//! Functions under the attributes.

use std::cell::Cell;

use spakky_cache::{cache_evict, cacheable};

use crate::answer::Failure;
use crate::value::Any;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// How often a body ran.
pub(crate) fn calls() -> u64 {
    CALLS.get()
}

#[cacheable(key = "profile:{id}:{part}", ttl = "5m", tags = ["profiles", "profile:{id}"])]
pub(crate) fn profile(id: &str, part: &str, fail: Option<&str>) -> Result<String, Failure> {
    loaded(id, part, fail)
}

#[cacheable(key = "profile:{0}:{1}", ttl = "5m", tags = ["profiles", "profile:{0}"])]
pub(crate) fn by_position(id: &str, part: &str, fail: Option<&str>) -> Result<String, Failure> {
    loaded(id, part, fail)
}

#[cacheable]
pub(crate) fn default_key(id: Any, part: Any) -> Result<(Any, Any), Failure> {
    CALLS.set(CALLS.get() + 1);
    Ok((id, part))
}

fn loaded(id: &str, part: &str, fail: Option<&str>) -> Result<String, Failure> {
    CALLS.set(CALLS.get() + 1);
    outcome(fail).map(|()| format!("profile {id} {part}"))
}

#[cache_evict(key = "profile:{id}:{part}")]
pub(crate) fn evict_key(id: &str, part: &str, fail: Option<&str>) -> Result<(), Failure> {
    outcome(fail)
}

#[cache_evict(tags = ["profile:{id}"])]
pub(crate) fn evict_tags(id: &str, fail: Option<&str>) -> Result<(), Failure> {
    outcome(fail)
}

#[cache_evict(all)]
pub(crate) fn evict_all(fail: Option<&str>) -> Result<(), Failure> {
    outcome(fail)
}

fn outcome(fail: Option<&str>) -> Result<(), Failure> {
    fail.map_or(Ok(()), |message| Err(Failure::new("function", message)))
}
