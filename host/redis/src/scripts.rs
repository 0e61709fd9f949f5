//! The Lua scripts: what no plain command does atomically.
//!
//! Each touches a single key. Those that compare compare the value's first
//! [`CAS_TOKEN_BYTES`] with the expected compare-and-set token, so a value of
//! 8 MiB costs a comparison of 24 bytes. A value that is shorter than a token is
//! compared as a whole.

use redis::{Cmd, Value};
use spakky_cache_core::envelope::{CAS_TOKEN_BYTES, FIXED_BYTES, VALUE_LENGTH_AT};

/// The most bytes that a header ever takes: 64 tags of 1,024 bytes fit.
pub(crate) const LONGEST_HEADER_BYTES: usize = 128 << 10;

/// What scripts and replies take for the bytes of a key that holds another type than a
/// string.
pub(crate) const OTHER_TYPE: &[u8] = b"another type";

/// A script on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// `token value px`: stores `value` if `token` matches, for `px`
    /// milliseconds, or forever if that is empty. 1 or 0.
    CompareAndPut,
    /// `token`: removes the key if `token` matches. 1 or 0.
    CompareAndRemove,
    /// `token px`: lets the key live for `px` milliseconds from now on if
    /// `token` matches. 1 or 0.
    CompareAndExtend,
    /// `value px`: returns what the key holds. If that is nothing, stores
    /// `value` and returns null. `SET .. NX GET PX` for Redis before 7.0.
    PutIfEmpty,
    /// Removes the key and returns the header of what it held: the value, which
    /// may take 8 MiB, is not sent. Null if it held nothing.
    Remove,
    /// `px`: lets the key live for at least `px` milliseconds, or forever if
    /// that is empty. Never shortens its life (`PEXPIRE .. GT` needs 7.0).
    Lengthen,
}

impl Script {
    pub(crate) const ALL: [Self; 6] = [
        Self::CompareAndPut,
        Self::CompareAndRemove,
        Self::CompareAndExtend,
        Self::PutIfEmpty,
        Self::Remove,
        Self::Lengthen,
    ];

    pub(crate) fn source(self) -> String {
        match self {
            Self::CompareAndPut => if_token_matches(
                "if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
                 else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
                 return 1",
            ),
            Self::CompareAndRemove => if_token_matches("redis.call('UNLINK', KEYS[1]) return 1"),
            Self::CompareAndExtend => {
                if_token_matches("return redis.call('PEXPIRE', KEYS[1], ARGV[2])")
            }
            // The error of another type is returned as the reply.
            Self::PutIfEmpty => "local held = redis.pcall('GET', KEYS[1])
                 if not held then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
                 return held"
                .into(),
            Self::Remove => format!(
                "local size = redis.pcall('STRLEN', KEYS[1])
                 if type(size) == 'table' then size = 0 end
                 local header = size
                 if size >= {FIXED_BYTES} then
                   local a, b, c, d = string.byte(
                     redis.call('GETRANGE', KEYS[1], {VALUE_LENGTH_AT}, {VALUE_LENGTH_AT} + 3), 1, 4)
                   header = size - (((a * 256 + b) * 256 + c) * 256 + d)
                   header = math.max({FIXED_BYTES}, math.min(header, {LONGEST_HEADER_BYTES}))
                 end
                 local bytes = false
                 if header > 0 then bytes = redis.call('GETRANGE', KEYS[1], 0, header - 1) end
                 redis.call('UNLINK', KEYS[1])
                 return bytes"
            ),
            Self::Lengthen => "if ARGV[1] == '' then return redis.call('PERSIST', KEYS[1]) end
                 local left = redis.call('PTTL', KEYS[1])
                 if left < 0 or left >= tonumber(ARGV[1]) then return 0 end
                 return redis.call('PEXPIRE', KEYS[1], ARGV[1])"
                .into(),
        }
    }

    /// The name of the script in errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CompareAndPut => "compare-and-put",
            Self::CompareAndRemove => "compare-and-remove",
            Self::CompareAndExtend => "compare-and-extend",
            Self::PutIfEmpty => "put-if-empty",
            Self::Remove => "remove",
            Self::Lengthen => "lengthen",
        }
    }

    /// Runs the script, of which the server knows the digest, on `key`.
    pub(crate) fn by_digest(self, digests: &Digests, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", digests.of(self), key, arguments)
    }

    /// Sends the whole script, which makes the server know it, and runs it.
    pub(crate) fn by_source(self, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", &self.source(), key, arguments)
    }
}

fn if_token_matches(body: &str) -> String {
    let last = CAS_TOKEN_BYTES - 1;
    let other_type = OTHER_TYPE.escape_ascii();
    format!(
        "local held = redis.pcall('GETRANGE', KEYS[1], 0, {last})
         if type(held) == 'table' then held = '{other_type}' end
         if held ~= ARGV[1] then return 0 end {body}"
    )
}

/// The digests by which a server knows the scripts.
#[derive(Debug)]
pub(crate) struct Digests([String; Script::ALL.len()]);

impl Digests {
    /// From the replies to `SCRIPT LOAD` of [`Script::ALL`], in order.
    pub(crate) fn new(digests: [String; Script::ALL.len()]) -> Self {
        Self(digests)
    }

    fn of(&self, script: Script) -> &str {
        &self.0[script as usize]
    }
}

fn command(name: &str, script: &str, key: &[u8], arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(1).arg(key);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}

/// Whether the server has forgotten the script (`SCRIPT FLUSH`, a failover), and
/// has not run it.
pub(crate) fn is_unknown(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.code() == "NOSCRIPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_found_by_script() {
        let digests = Digests::new(Script::ALL.map(|script| script.name().to_owned()));
        for script in Script::ALL {
            assert_eq!(digests.of(script), script.name());
        }
    }

    #[test]
    fn comparing_scripts_compare_the_token() {
        for script in [Script::CompareAndPut, Script::CompareAndRemove, Script::CompareAndExtend] {
            assert!(script.source().contains("GETRANGE', KEYS[1], 0, 23)"), "{script:?}");
        }
    }
}
