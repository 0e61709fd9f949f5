//! Frees the memory of entries that evictions left dead.

use redis::{cmd, pipe};
use spakky_cache_core::StoreError;
use spakky_cache_core::entry::Epochs;
use spakky_cache_core::envelope::{Summary, cas_token_of};
use spakky_cache_core::store::{CasToken, Sweeping, Swept};

use crate::error::CommandError;
use crate::operation::Operation;
use crate::reply::{self, To};
use crate::scripts::{LONGEST_HEADER_BYTES, Script};
use crate::store::RedisStore;

/// The bytes of an envelope that are read first. More than 100 tags of 130 bytes
/// fit.
const HEADER_BYTES: usize = 16 << 10;

/// The header of an envelope under a key.
struct Header {
    key: Vec<u8>,
    token: CasToken,
    epochs: Epochs,
}

impl RedisStore {
    /// Examines about `most` keys from `cursor` on, and removes or counts the dead entries
    /// and lease markers. A dead marker can only lead to a dead entry.
    ///
    /// The server compares again before it removes, so an entry that was stored
    /// meanwhile stays.
    pub(crate) async fn sweep_some(
        &self,
        cursor: u64,
        most: usize,
        sweeping: Sweeping,
    ) -> Result<Swept, StoreError> {
        let operation = self.connection.begin().await?;
        let (next, keys) = self.scan(&operation, cursor, most).await?;
        let seen = keys.len() as u64;
        let headers = headers(&operation, keys).await?;
        let epochs: Vec<Option<&Epochs>> =
            headers.iter().map(|header| Some(&header.epochs)).collect();
        let alive = self.epochs(&operation).alive_many(&epochs).await?;
        let dead: Vec<(&[u8], Vec<&[u8]>)> = headers
            .iter()
            .zip(alive)
            .filter(|(_, alive)| !alive)
            .map(|(header, _)| (header.key.as_slice(), vec![&*header.token.0]))
            .collect();
        let next = (next != 0).then_some(next);
        if sweeping == Sweeping::Count {
            return Ok(Swept { seen, dead: dead.len() as u64, next });
        }
        let mut removed = 0;
        let replies = operation.script_many(Script::CompareAndRemove, &dead).await?;
        for (reply, (key, _)) in replies.iter().zip(&dead) {
            removed += u64::from(reply::done(reply, To(Script::CompareAndRemove.name(), key))?);
        }
        Ok(Swept { seen, dead: removed, next })
    }

    /// Sends `SCAN`. Returns the next cursor, which is zero at the end, and keys of
    /// entries.
    async fn scan(
        &self,
        operation: &Operation,
        cursor: u64,
        most: usize,
    ) -> Result<(u64, Vec<Vec<u8>>), StoreError> {
        let pattern = self.keys.entry_pattern();
        let to = To("SCAN", &pattern);
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(most.max(1));
        let reply = reply::array(operation.command(&scan).await?, to)?;
        let [next, keys] = <[_; 2]>::try_from(reply)
            .map_err(|_| CommandError::Unexpected { request: to.request(), form: "an array" })?;
        let next = reply::string(next, to)?.unwrap_or_default();
        let next = std::str::from_utf8(&next).ok().and_then(|next| next.parse().ok());
        let next = next
            .ok_or_else(|| CommandError::Unexpected { request: to.request(), form: "no cursor" })?;
        let keys = reply::array(keys, to)?.into_iter().map(|key| reply::string(key, to));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        Ok((next, keys.into_iter().flatten().collect()))
    }
}

/// Reads the headers of the keys that hold envelopes.
async fn headers(operation: &Operation, mut keys: Vec<Vec<u8>>) -> Result<Vec<Header>, StoreError> {
    let mut headers = Vec::with_capacity(keys.len());
    for most in [HEADER_BYTES, LONGEST_HEADER_BYTES] {
        let mut pipeline = pipe();
        for key in &keys {
            pipeline.cmd("GETRANGE").arg(key).arg(0).arg(most - 1);
        }
        let replies = operation.pipeline(&pipeline).await?;
        let mut cut_off = Vec::new();
        for (key, reply) in keys.into_iter().zip(replies) {
            let bytes = reply::string(reply, To("GETRANGE", &key))?.unwrap_or_default();
            match Summary::parse(&bytes) {
                Some(Summary { epochs, .. }) => {
                    headers.push(Header { token: cas_token_of(&bytes), key, epochs });
                }
                None if bytes.len() == most => cut_off.push(key),
                // What another version or program stored counts as alive.
                None => {}
            }
        }
        keys = cut_off;
        if keys.is_empty() {
            break;
        }
    }
    Ok(headers)
}
