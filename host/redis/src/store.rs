//! Implements each step of the protocol with Redis commands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value, cmd, pipe};
use spakky_cache_core::entry::{Envelope, Epoch, Epochs, Id, whole_millis};
use spakky_cache_core::envelope::Summary;
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Prefix, Runtime, Store, StoreError, Tag};

use crate::connection::RedisConnection;
use crate::epochs::{CurrentEpochs, SHORTEST_LIFE, set_epoch};
use crate::error::CommandError;
use crate::keys::Keys;
use crate::operation::Operation;
use crate::reply::{self, To};
use crate::scripts::Script;

/// A [`Store`] on Redis: the cache of one prefix.
///
/// Stores of several prefixes share a connection. Stores of the same prefix,
/// in any process, are the same cache.
///
/// | step | commands, once the epochs are known |
/// | --- | --- |
/// | [`read`](Store::read) | `GET` |
/// | [`read_many`](Store::read_many) | `MGET` |
/// | [`watch`](Store::watch) | `CLIENT CACHING YES`, `GET` |
/// | [`capture`](Store::capture) | none |
/// | [`compare_and_set`](Store::compare_and_set), nothing expected | `SET .. NX GET PX`, or a script before Redis 7.0 |
/// | [`compare_and_set`](Store::compare_and_set), a token expected | a script |
/// | [`put`](Store::put) | `SET` for each key |
/// | [`remove`](Store::remove) | a script for each key |
/// | [`evict`](Store::evict) | `SET` for the mark and each tag, `PING` |
/// | [`clear`](Store::clear) | `SET`, `PING` |
/// | [`sweep`](Store::sweep) | `SCAN`, `GETRANGE` for each key, a script for each that is dead |
///
/// Commands of a step go in one round trip. Epochs that are not known cost one
/// more, once for each connection and after each eviction.
pub struct RedisStore {
    pub(crate) connection: RedisConnection,
    pub(crate) keys: Keys,
    runtime: Arc<dyn Runtime>,
}

impl RedisStore {
    /// The cache of `prefix` on `connection`. `runtime` provides randomness.
    pub fn new(connection: RedisConnection, prefix: Prefix, runtime: Arc<dyn Runtime>) -> Self {
        Self { connection, keys: Keys::new(prefix), runtime }
    }

    /// The connection that it uses.
    pub fn connection(&self) -> &RedisConnection {
        &self.connection
    }

    /// The beginning of each of its keys.
    pub fn prefix(&self) -> &Prefix {
        self.keys.prefix()
    }

    pub(crate) fn epochs<'a>(&'a self, operation: &'a Operation) -> CurrentEpochs<'a> {
        CurrentEpochs { operation, keys: &self.keys }
    }

    fn new_epoch(&self) -> Epoch {
        Epoch::random(&*self.runtime)
    }

    /// Stores `envelope` if `key` holds nothing.
    async fn put_if_empty(&self, key: &[u8], envelope: &Envelope) -> Result<Cas, StoreError> {
        let operation = self.connection.begin().await?;
        let value = encode(envelope, &operation)?;
        let reply = if operation.live().server.before_7 {
            let ttl = ttl_argument(envelope.ttl());
            operation.script(Script::PutIfEmpty, key, &[&value, ttl.as_bytes()]).await?
        } else {
            let mut set = set_for(key, &value, envelope.ttl());
            set.arg("NX").arg("GET");
            operation.command(&set).await?
        };
        match reply::string(reply, To("SET", key))? {
            None => Ok(Cas::Done),
            held => Ok(Cas::Occupied(self.epochs(&operation).found(held).await?)),
        }
    }

    /// Updates `key` if it holds what `expected` identifies.
    async fn update_if_held(
        &self,
        key: &[u8],
        expected: &CasToken,
        update: Update<'_>,
    ) -> Result<Cas, StoreError> {
        let operation = self.connection.begin().await?;
        let (script, value, ttl) = match update {
            Update::Put(envelope) => {
                let value = encode(envelope, &operation)?;
                (Script::CompareAndPut, Some(value), Some(envelope.ttl()))
            }
            Update::Extend(ttl) => (Script::CompareAndExtend, None, Some(Some(ttl))),
            Update::Remove => (Script::CompareAndRemove, None, None),
        };
        let ttl = ttl.map(ttl_argument);
        let mut arguments: Vec<&[u8]> = vec![&expected.0];
        arguments.extend(value.as_deref());
        arguments.extend(ttl.as_deref().map(str::as_bytes));
        let reply = operation.script(script, key, &arguments).await?;
        let done = reply::done(&reply, To(script.name(), key))?;
        Ok(if done { Cas::Done } else { Cas::Changed })
    }

    /// Checks that `key` holds nothing.
    async fn inspect(&self, key: &[u8]) -> Result<Cas, StoreError> {
        Ok(match self.read_key(key).await? {
            Found::Nothing => Cas::Done,
            found => Cas::Occupied(found),
        })
    }

    async fn read_key(&self, key: &[u8]) -> Result<Found, StoreError> {
        let operation = self.connection.begin().await?;
        let found = self.read_key_on(&operation, key).await;
        match self.connection.again(&operation, &found).await? {
            Some(operation) => self.read_key_on(&operation, key).await,
            None => found,
        }
    }

    async fn read_key_on(&self, operation: &Operation, key: &[u8]) -> Result<Found, StoreError> {
        let reply = operation.command(&get(key)).await?;
        let bytes = reply::string(reply, To("GET", key))?;
        self.epochs(operation).found(bytes).await
    }

    async fn read_keys_on(
        &self,
        operation: &Operation,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Found>, StoreError> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let to = To("MGET", first);
        let replies = operation.command(cmd("MGET").arg(keys)).await?;
        let replies = reply::array(replies, to)?;
        if replies.len() != keys.len() {
            return Err(answer_count(keys.len(), replies.len()));
        }
        let values = replies.into_iter().map(|reply| reply::string(reply, to));
        let values = values.collect::<Result<_, _>>()?;
        self.epochs(operation).found_many(values).await
    }

    async fn watch_key_on(
        &self,
        operation: &Operation,
        key: &[u8],
    ) -> Result<(Found, Change), StoreError> {
        // Before it is read, so that no change falls in between.
        let change = operation.tracking().watch(key);
        let mut pipeline = pipe();
        pipeline.cmd("CLIENT").arg("CACHING").arg("YES").add_command(get(key));
        let replies = operation.pipeline(&pipeline).await?;
        let [tracked, value] = exactly(replies)?;
        reply::no_error(&tracked, To("CLIENT CACHING", key))?;
        let bytes = reply::string(value, To("GET", key))?;
        Ok((self.epochs(operation).found(bytes).await?, change))
    }

    async fn mark(&self) -> Result<EvictionMark, StoreError> {
        let key = self.keys.eviction_mark();
        let operation = self.connection.begin().await?;
        let get = get(key);
        let reply = operation.command(&get).await?;
        let mut mark = reply::string(reply, To("GET", key))?;
        if mark.is_none() {
            // Created, because a missing mark would equal one that is missing
            // again after an eviction whose mark was lost.
            let mut pipeline = pipe();
            let mut set = set_for(key, &Id::random(&*self.runtime).0, None);
            pipeline.add_command(set.arg("NX").take()).add_command(get);
            let replies = operation.pipeline(&pipeline).await?;
            let [set, get] = exactly(replies)?;
            reply::stored(&set, To("SET", key))?;
            mark = reply::string(get, To("GET", key))?;
        }
        // Other bytes are not a mark.
        Ok(mark.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(Id))
    }

    /// Sends the commands that replace epochs. Returns once this connection no
    /// longer uses the old ones.
    async fn replace_epochs(&self, mut pipeline: Pipeline) -> Result<(), StoreError> {
        // The invalidation of a connection's own change follows the reply to the
        // change and precedes the reply to the next command.
        pipeline.cmd("PING");
        let operation = self.connection.begin().await?;
        for reply in operation.pipeline(&pipeline).await? {
            reply::no_error(&reply, To("SET", self.keys.everything()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("connection", &self.connection)
            .field("prefix", self.prefix())
            .finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        Box::pin(async move { self.read_key(&self.keys.entry(key)).await })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async move {
            let keys: Vec<_> = keys.iter().map(|key| self.keys.entry(key)).collect();
            let operation = self.connection.begin().await?;
            let found = self.read_keys_on(&operation, &keys).await;
            match self.connection.again(&operation, &found).await? {
                Some(operation) => self.read_keys_on(&operation, &keys).await,
                None => found,
            }
        })
    }

    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)> {
        Box::pin(async move {
            let key = self.keys.slot(slot);
            let operation = self.connection.begin().await?;
            let found = self.watch_key_on(&operation, &key).await;
            match self.connection.again(&operation, &found).await? {
                Some(operation) => self.watch_key_on(&operation, &key).await,
                None => found,
            }
        })
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        Box::pin(async move {
            let operation = self.connection.begin().await?;
            self.epochs(&operation).capture(tags, ttl, &*self.runtime).await
        })
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        Box::pin(self.mark())
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        Box::pin(async move {
            let key = self.keys.slot(slot);
            match (expected, update) {
                (Some(token), update) => self.update_if_held(&key, token, update).await,
                (None, Update::Put(envelope)) => self.put_if_empty(&key, envelope).await,
                (None, Update::Extend(_) | Update::Remove) => self.inspect(&key).await,
            }
        })
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        Box::pin(async move {
            let operation = self.connection.begin().await?;
            let mut pipeline = pipe();
            for (key, envelope) in entries {
                let value = encode(envelope, &operation)?;
                let key = self.keys.entry(key);
                pipeline.add_command(set_for(&key, &value, envelope.ttl()));
            }
            let replies = operation.pipeline(&pipeline).await?;
            for (reply, (key, _)) in replies.iter().zip(entries) {
                reply::stored(reply, To("SET", &self.keys.entry(key)))?;
            }
            Ok(())
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        Box::pin(async move {
            let keys: Vec<Vec<u8>> = keys.iter().map(|key| self.keys.entry(key)).collect();
            let runs: Vec<(&[u8], Vec<&[u8]>)> =
                keys.iter().map(|key| (key.as_slice(), Vec::new())).collect();
            let operation = self.connection.begin().await?;
            let replies = operation.script_many(Script::Remove, &runs).await?;
            let mut entries = Vec::with_capacity(keys.len());
            for (reply, key) in replies.into_iter().zip(&keys) {
                let header = reply::string(reply, To(Script::Remove.name(), key))?;
                let summary = header.as_deref().and_then(Summary::parse);
                entries.push(summary.filter(|summary| summary.is_entry));
            }
            let epochs: Vec<Option<&Epochs>> =
                entries.iter().map(|entry| entry.as_ref().map(|entry| &entry.epochs)).collect();
            self.epochs(&operation).alive_many(&epochs).await
        })
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        Box::pin(async move {
            let mut pipeline = pipe();
            let mark = Id::random(&*self.runtime).0;
            pipeline.add_command(set_for(self.keys.eviction_mark(), &mark, None));
            for tag in tags {
                let key = self.keys.tag(tag);
                pipeline.add_command(set_epoch(&key, self.new_epoch(), Some(SHORTEST_LIFE), false));
            }
            self.replace_epochs(pipeline).await
        })
    }

    fn clear(&self) -> Step<'_, ()> {
        Box::pin(async move {
            let mut pipeline = pipe();
            pipeline.add_command(set_epoch(self.keys.everything(), self.new_epoch(), None, false));
            self.replace_epochs(pipeline).await
        })
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        Box::pin(self.sweep_some(from.unwrap_or(0), most, sweeping))
    }

    fn ping(&self) -> Step<'_, ()> {
        Box::pin(self.connection.ping())
    }
}

/// The bytes of `envelope`, if the server takes as many: else it would close the connection,
/// which others use, too.
fn encode(envelope: &Envelope, operation: &Operation) -> Result<Vec<u8>, StoreError> {
    let bytes = envelope.encode();
    match (operation.live().server.max_argument_bytes, envelope) {
        (Some(most), Envelope::Entry(entry)) if bytes.len() as u64 > most => {
            let overhead = (bytes.len() - entry.value.len()) as u64;
            Err(CommandError::ValueTooLarge(most.saturating_sub(overhead)).into())
        }
        _ => Ok(bytes),
    }
}

fn get(key: &[u8]) -> Cmd {
    let mut get = cmd("GET");
    get.arg(key);
    get
}

/// `SET key value [PX ttl]`.
fn set_for(key: &[u8], value: &[u8], ttl: Option<Duration>) -> Cmd {
    let mut set = cmd("SET");
    set.arg(key).arg(value);
    if let Some(ttl) = ttl {
        set.arg("PX").arg(whole_millis(ttl));
    }
    set
}

/// A time to live as scripts take it: milliseconds, or nothing for forever.
fn ttl_argument(ttl: Option<Duration>) -> String {
    ttl.map_or_else(String::new, |ttl| whole_millis(ttl).to_string())
}

/// The replies, as many as there were commands.
fn exactly<const N: usize>(replies: Vec<Value>) -> Result<[Value; N], StoreError> {
    replies.try_into().map_err(|replies: Vec<Value>| answer_count(N, replies.len()))
}

fn answer_count(expected: usize, actual: usize) -> StoreError {
    CommandError::AnswerCount { expected, actual }.into()
}
