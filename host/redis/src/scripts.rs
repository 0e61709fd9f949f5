//! The Lua scripts: what no plain command does at once.
//!
//! Each touches a single key, and compares no more of its value than the token,
//! the first [`CAS_TOKEN_BYTES`]: a value of 8 MiB costs a comparison of 24 bytes.
//! What is shorter than a token has to be the whole value.

use std::fmt::Write as _;

use redis::{Cmd, Value};
use spakky_cache_core::StoreError;
use spakky_cache_core::envelope::CAS_TOKEN_BYTES;

use crate::live::Operation;

/// A script on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// `token value px`: stores `value` if the key holds what begins with
    /// `token`, for `px` milliseconds, or for ever if that is empty. 1 or 0.
    ReplaceIfToken,
    /// `token`: removes the key if it holds what begins with `token`. 1 or 0.
    RemoveIfToken,
    /// `token px`: lets the key live for `px` milliseconds from now on, if it
    /// holds what begins with `token`. 1 or 0.
    RenewIfToken,
    /// `value px`: what the key holds, or, if that is nothing, null, and
    /// `value` is stored. `SET .. NX GET PX` for Redis before 7.0.
    SetIfNothing,
    /// `px`: lets the key live for `px` milliseconds at least, or for ever if
    /// that is empty. It is never shortened (`PEXPIRE .. GT` is of 7.0).
    Lengthen,
}

impl Script {
    pub(crate) const ALL: [Self; 5] = [
        Self::ReplaceIfToken,
        Self::RemoveIfToken,
        Self::RenewIfToken,
        Self::SetIfNothing,
        Self::Lengthen,
    ];

    pub(crate) fn source(self) -> String {
        let body = match self {
            Self::ReplaceIfToken => {
                "if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
                 else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
                 return 1"
            }
            Self::RemoveIfToken => "redis.call('UNLINK', KEYS[1]) return 1",
            Self::RenewIfToken => "return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
            Self::SetIfNothing => {
                return "local held = redis.call('GET', KEYS[1])
                        if not held then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
                        return held"
                    .into();
            }
            Self::Lengthen => {
                return "if ARGV[1] == '' then return redis.call('PERSIST', KEYS[1]) end
                        local left = redis.call('PTTL', KEYS[1])
                        if left < 0 or left >= tonumber(ARGV[1]) then return 0 end
                        return redis.call('PEXPIRE', KEYS[1], ARGV[1])"
                    .into();
            }
        };
        let mut source = String::new();
        let last = CAS_TOKEN_BYTES - 1;
        // Writing to a string cannot fail.
        let _ = write!(
            source,
            "if redis.call('GETRANGE', KEYS[1], 0, {last}) ~= ARGV[1] then return 0 end {body}"
        );
        source
    }

    /// What an error calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReplaceIfToken => "replace-if-token",
            Self::RemoveIfToken => "remove-if-token",
            Self::RenewIfToken => "renew-if-token",
            Self::SetIfNothing => "set-if-nothing",
            Self::Lengthen => "lengthen",
        }
    }
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

impl Operation {
    /// Runs `script` on `key`.
    pub(crate) async fn script(
        &self,
        script: Script,
        key: &[u8],
        arguments: &[&[u8]],
    ) -> Result<Value, StoreError> {
        let reply = self.command(&self.by_digest(script, key, arguments)).await?;
        if is_unknown(&reply) {
            return self.command(&by_source(script, key, arguments)).await;
        }
        Ok(reply)
    }

    /// Runs `script` on each key with its arguments, in one round trip.
    pub(crate) async fn script_many(
        &self,
        script: Script,
        runs: &[(&[u8], Vec<&[u8]>)],
    ) -> Result<Vec<Value>, StoreError> {
        let mut pipeline = redis::pipe();
        for (key, arguments) in runs {
            pipeline.add_command(self.by_digest(script, key, arguments));
        }
        let mut replies = self.pipeline(&pipeline).await?;
        for (reply, (key, arguments)) in replies.iter_mut().zip(runs) {
            // The first one makes the server know it again, but the others have
            // been refused by then. It is rare: one by one will do.
            if is_unknown(reply) {
                *reply = self.script(script, key, arguments).await?;
            }
        }
        Ok(replies)
    }

    fn by_digest(&self, script: Script, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        run("EVALSHA", self.live().digests().of(script), key, arguments)
    }
}

/// Sends the whole script, which makes the server know it.
fn by_source(script: Script, key: &[u8], arguments: &[&[u8]]) -> Cmd {
    run("EVAL", &script.source(), key, arguments)
}

fn run(command: &str, script: &str, key: &[u8], arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(command);
    command.arg(script).arg(1).arg(key);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}

/// The server has forgotten the script (`SCRIPT FLUSH`, a failover), and has
/// not run it.
fn is_unknown(reply: &Value) -> bool {
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
        for script in [Script::ReplaceIfToken, Script::RemoveIfToken, Script::RenewIfToken] {
            assert!(script.source().contains("GETRANGE', KEYS[1], 0, 23)"), "{script:?}");
        }
    }
}
