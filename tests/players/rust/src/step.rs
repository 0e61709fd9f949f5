//! The steps, as they are written.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use spakky_cache::Loaded;

/// One step: an object whose `op` is the case's name.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    // The library.
    Get {
        key: String,
    },
    GetMany {
        keys: Vec<String>,
    },
    Set {
        key: String,
        value: Value,
        #[serde(default)]
        options: Options,
    },
    SetMany {
        entries: Vec<(String, Value)>,
        #[serde(default)]
        options: Options,
    },
    Describe {
        key: String,
    },
    Delete {
        key: String,
    },
    DeleteMany {
        keys: Vec<String>,
    },
    EvictTags {
        tags: Vec<String>,
    },
    Clear {},
    Metrics {},
    Config {},
    Health {
        endpoint: String,
    },
    Info {},
    GetOrLoad {
        key: String,
        #[serde(default)]
        options: Options,
        loader: Work,
    },
    GetOrLoadOutcome {
        key: String,
        #[serde(default)]
        options: Options,
        loader: Work,
    },
    WriteThrough {
        key: String,
        value: Value,
        #[serde(default)]
        options: Options,
        #[serde(default)]
        writer: Work,
    },
    WriteBehind {
        key: String,
        value: Value,
        #[serde(default)]
        options: Options,
        #[serde(default)]
        writer: Work,
    },
    Cacheable {
        id: String,
        #[serde(default)]
        part: String,
        fail: Option<String>,
        by: Option<Placeholders>,
    },
    CacheableDefault {
        id: Value,
        part: Value,
    },
    Key {
        value: Value,
    },
    CacheEvict {
        by: EvictBy,
        #[serde(default)]
        id: String,
        #[serde(default)]
        part: String,
        fail: Option<String>,
    },

    // The contract.
    Lookup {
        key: String,
        #[serde(default)]
        tags: Vec<String>,
        max_wait_ms: Option<u64>,
        #[serde(default)]
        unless: bool,
        #[serde(default)]
        strict: bool,
        lease: Option<String>,
    },
    BeginWrite {
        key: String,
        #[serde(default)]
        tags: Vec<String>,
        lease: Option<String>,
    },
    Commit {
        lease: String,
        #[serde(default, deserialize_with = "even_null")]
        value: Option<Value>,
        hex: Option<String>,
        bytes: Option<usize>,
        #[serde(default)]
        options: RawOptions,
    },
    Pass {
        lease: String,
        duration_ms: u64,
    },
    Fail {
        lease: String,
        retry_after_ms: u64,
    },
    Release {
        lease: String,
    },
    Drop {
        lease: String,
    },
    Leak {
        lease: String,
    },
    RawGet {
        key: String,
    },
    RawSet {
        key: String,
        #[serde(default, deserialize_with = "even_null")]
        value: Option<Value>,
        hex: Option<String>,
        bytes: Option<usize>,
        #[serde(default)]
        options: RawOptions,
    },

    // What the library is for.
    Misuse {},
    Abandon {
        key: String,
        how: Departure,
    },
    Hits {
        key: String,
        times: u64,
    },

    // The instance.
    Sleep {
        ms: u64,
    },
    Pause {},
    Resume {},
    Trap {},
    Panic {},
    Loop {},
    Overflow {},
    Eat {
        mib: usize,
    },
    Exit {
        code: i32,
    },
}

/// The library's options.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) ttl_ms: Option<u64>,
    /// A number, or `{"$float": "NaN"}` and the like.
    pub(crate) ttl_s: Option<Value>,
    pub(crate) fresh_ms: Option<u64>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) max_wait_ms: Option<u64>,
    pub(crate) stale_if_error: Option<bool>,
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(default)]
    pub(crate) strict: bool,
}

/// The contract's options, which nothing checks before the host does.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOptions {
    pub(crate) ttl_ms: Option<u64>,
    pub(crate) fresh_ms: Option<u64>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// What a loader or writer does: it plays the steps of `then`, sleeps, and then traps, fails
/// or returns. A loader may choose how its value is stored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    /// What a loader returns.
    #[serde(default)]
    pub(crate) value: Value,
    pub(crate) ttl_ms: Option<u64>,
    pub(crate) fresh_ms: Option<u64>,
    pub(crate) tags: Option<Vec<String>>,
    /// Whether what a loader returns may be stored; none: yes.
    pub(crate) store: Option<bool>,
    pub(crate) pass_ms: Option<u64>,
    pub(crate) fail: Option<String>,
    #[serde(default)]
    pub(crate) trap: bool,
    #[serde(default)]
    pub(crate) sleep_ms: u64,
    #[serde(default)]
    pub(crate) then: Vec<Step>,
}

impl Work {
    /// Whether it chooses how its value is stored.
    pub(crate) fn chooses(&self) -> bool {
        let store = self.store.is_some() || self.pass_ms.is_some();
        store || self.ttl_ms.is_some() || self.fresh_ms.is_some() || self.tags.is_some()
    }

    /// The value with its choice.
    pub(crate) fn choose<T>(&self, value: T) -> Loaded<T> {
        let mut loaded = match (self.pass_ms, self.store) {
            (Some(time), _) => Loaded::passed(value, Duration::from_millis(time)),
            (None, Some(false)) => Loaded::unstored(value),
            (None, _) => Loaded::new(value),
        };
        if let Some(ttl) = self.ttl_ms {
            loaded = loaded.ttl(Duration::from_millis(ttl));
        }
        if let Some(fresh) = self.fresh_ms {
            loaded = loaded.fresh_for(Duration::from_millis(fresh));
        }
        match &self.tags {
            Some(tags) => loaded.tags(tags),
            None => loaded,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EvictBy {
    Key,
    Tags,
    All,
}

/// How a template names its arguments, if not by their names.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Placeholders {
    Position,
}

/// How a scope is left, or its lease given up.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Departure {
    Return,
    Throw,
    Release,
}

/// An optional field whose value may be null.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_strictly() {
        for wrong in [
            r#"{"op": "gett", "key": "k"}"#,
            r#"{"op": "get"}"#,
            r#"{"op": "get", "key": "k", "kye": "k"}"#,
            r#"{"op": "clear", "tags": []}"#,
            r#"{"op": "set", "key": "k", "value": 1, "options": {"ttl": 5}}"#,
            r#"{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": -1}}"#,
        ] {
            assert!(serde_json::from_str::<Step>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn null_is_a_value_to_commit() {
        let step = serde_json::from_str(r#"{"op": "commit", "lease": "l", "value": null}"#);
        assert!(matches!(step, Ok(Step::Commit { value: Some(Value::Null), hex: None, .. })));
    }
}
