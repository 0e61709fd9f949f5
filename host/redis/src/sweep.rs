//! Giving back the memory of what evictions left dead.

use redis::{cmd, pipe};
use spakky_cache_core::StoreError;
use spakky_cache_core::entry::Epochs;
use spakky_cache_core::envelope::{cas_token_of, epochs_of};
use spakky_cache_core::store::{CasToken, Swept};

use crate::live::Operation;
use crate::reply::{self, To};
use crate::scripts::Script;
use crate::store::RedisStore;

/// How much of an envelope is read at first: more than 100 tags of 130 bytes.
const HEADER_BYTES: usize = 16 << 10;
/// How much is read of one whose tags take more: the most they ever take.
const LONGEST_HEADER_BYTES: usize = 128 << 10;

/// The beginning of what a key holds.
struct Header {
    key: Vec<u8>,
    token: CasToken,
    epochs: Epochs,
}

impl RedisStore {
    /// Looks at about `most` keys of entries from `cursor` on, and removes the
    /// dead: entries, and markers of leases that can only lead to dead entries.
    ///
    /// What is removed is compared again by the server, so an entry that was
    /// stored meanwhile stays.
    pub(crate) async fn sweep_some(&self, cursor: u64, most: usize) -> Result<Swept, StoreError> {
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
        let mut removed = 0;
        let replies = operation.script_many(Script::RemoveIfToken, &dead).await?;
        for (reply, (key, _)) in replies.iter().zip(&dead) {
            removed += u64::from(reply::done(reply, To(Script::RemoveIfToken.name(), key))?);
        }
        Ok(Swept { seen, removed, next: (next != 0).then_some(next) })
    }

    /// `SCAN`: the keys of entries, and the cursor of the next call, which is
    /// zero at the end.
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
            .map_err(|reply| StoreError::Failed(format!("{to}: {} answers", reply.len())))?;
        let next = reply::string(next, to)?.unwrap_or_default();
        let next = std::str::from_utf8(&next).ok().and_then(|next| next.parse().ok());
        let next = next.ok_or_else(|| StoreError::Failed(format!("{to}: no cursor")))?;
        let keys = reply::array(keys, to)?.into_iter().map(|key| reply::string(key, to));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        Ok((next, keys.into_iter().flatten().collect()))
    }
}

/// What the keys hold that are envelopes, without their values.
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
            // A key that somebody made a list of is nobody's entry.
            let bytes = match reply::string(reply, To("GETRANGE", &key)) {
                Ok(bytes) => bytes.unwrap_or_default(),
                Err(StoreError::Failed(text)) if text.contains("WRONGTYPE") => continue,
                Err(error) => return Err(error),
            };
            match epochs_of(&bytes) {
                Some(epochs) => headers.push(Header { token: cas_token_of(&bytes), key, epochs }),
                None if bytes.len() == most => cut_off.push(key),
                // Bytes of another version or another program's: not dead.
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
