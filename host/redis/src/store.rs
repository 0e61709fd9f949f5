//! The store: each step of the protocol as Redis commands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value, cmd, pipe};
use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker, whole_millis};
use spakky_cache_core::store::{CasToken, Change, EvictionMark, Found, Step, Swept, Taken};
use spakky_cache_core::{Key, Prefix, Runtime, Store, StoreError, Tag};

use crate::connection::RedisConnection;
use crate::epochs::{CurrentEpochs, SHORTEST_LIFE, set_epoch};
use crate::keys::Keys;
use crate::live::Operation;
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
/// | [`take_lease`](Store::take_lease) | `SET .. NX GET PX`, or a script |
/// | [`commit`](Store::commit), [`give_up`](Store::give_up), [`renew`](Store::renew) | a script |
/// | [`put`](Store::put) | `SET` |
/// | [`remove_many`](Store::remove_many) | `GETDEL` for each key |
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
    /// The cache of `prefix` on `connection`, with randomness from
    /// `runtime`.
    pub fn new(connection: RedisConnection, prefix: Prefix, runtime: Arc<dyn Runtime>) -> Self {
        Self { connection, keys: Keys::new(prefix), runtime }
    }

    /// The connection that it uses.
    pub fn connection(&self) -> &RedisConnection {
        &self.connection
    }

    /// What each of its keys begins with.
    pub fn prefix(&self) -> &Prefix {
        self.keys.prefix()
    }

    pub(crate) fn epochs<'a>(&'a self, operation: &'a Operation) -> CurrentEpochs<'a> {
        CurrentEpochs { operation, keys: &self.keys }
    }

    fn new_epoch(&self) -> Epoch {
        Epoch::random(&*self.runtime)
    }

    async fn run(&self, script: Script, key: &[u8], args: &[&[u8]]) -> Result<bool, StoreError> {
        let reply = self.connection.begin().await?.script(script, key, args).await?;
        reply::done(&reply, To(script.name(), key))
    }

    /// `SET key token NX PX lasts`: whether nobody had it.
    async fn claim(&self, key: &[u8], token: Id, lasts: Duration) -> Result<bool, StoreError> {
        let mut set = set_for(key, &token.0, Some(lasts));
        set.arg("NX");
        let reply = self.connection.begin().await?.command(&set).await?;
        reply::stored(&reply, To("SET", key))
    }

    async fn prolong(&self, key: &[u8], held: &[u8], lasts: Duration) -> Result<bool, StoreError> {
        let lasts = whole_millis(lasts).to_string();
        self.run(Script::RenewIfToken, key, &[held, lasts.as_bytes()]).await
    }

    async fn take_if_nothing(&self, key: &[u8], marker: &Marker) -> Result<Taken, StoreError> {
        let operation = self.connection.begin().await?;
        let value = Envelope::Lease(marker.clone()).encode();
        let reply = if operation.live().server.before_7 {
            let lasts = whole_millis(marker.lasts).to_string();
            operation.script(Script::SetIfNothing, key, &[&value, lasts.as_bytes()]).await?
        } else {
            let mut set = set_for(key, &value, Some(marker.lasts));
            set.arg("NX").arg("GET");
            operation.command(&set).await?
        };
        match reply::string(reply, To("SET", key))? {
            None => Ok(Taken::Mine),
            held => Ok(Taken::Found(self.epochs(&operation).found(held).await?)),
        }
    }

    /// Stores `value` if the key holds what begins with `held`.
    async fn replace(
        &self,
        key: &[u8],
        held: &CasToken,
        value: &Envelope,
    ) -> Result<bool, StoreError> {
        let lasts = value.ttl().map_or_else(String::new, |lasts| whole_millis(lasts).to_string());
        let arguments: [&[u8]; 3] = [&held.0, &value.encode(), lasts.as_bytes()];
        self.run(Script::ReplaceIfToken, key, &arguments).await
    }

    async fn mark(&self) -> Result<EvictionMark, StoreError> {
        let key = self.keys.eviction_mark();
        let operation = self.connection.begin().await?;
        let get = get(key);
        let reply = operation.command(&get).await?;
        let mut mark = reply::string(reply, To("GET", key))?;
        if mark.is_none() {
            // Made here, since none could not be told from none later on, with
            // an eviction in between and its mark lost again.
            let mut pipeline = pipe();
            let mut set = set_for(key, &Id::random(&*self.runtime).0, None);
            pipeline.add_command(set.arg("NX").take()).add_command(get);
            let replies = operation.pipeline(&pipeline).await?;
            let [set, get] = exactly(replies, To("GET", key))?;
            reply::stored(&set, To("SET", key))?;
            mark = reply::string(get, To("GET", key))?;
        }
        // Other bytes than an eviction's are nobody's mark.
        Ok(mark.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(Id))
    }

    /// Sends the commands that replace epochs, and returns once this
    /// connection no longer knows the old ones.
    async fn replace_epochs(&self, mut pipeline: Pipeline) -> Result<(), StoreError> {
        // The invalidation of what a connection changes itself follows the
        // reply to the change, and precedes the reply to the next command.
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
        Box::pin(async move {
            let key = self.keys.entry(key);
            let operation = self.connection.begin().await?;
            let reply = operation.command(&get(&key)).await?;
            let bytes = reply::string(reply, To("GET", &key))?;
            self.epochs(&operation).found(bytes).await
        })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async move {
            let Some(first) = keys.first() else { return Ok(Vec::new()) };
            let to = self.keys.entry(first);
            let to = To("MGET", &to);
            let mut mget = cmd("MGET");
            for key in keys {
                mget.arg(self.keys.entry(key));
            }
            let operation = self.connection.begin().await?;
            let replies = reply::array(operation.command(&mget).await?, to)?;
            if replies.len() != keys.len() {
                return Err(StoreError::Failed(format!("{to}: {} answers", replies.len())));
            }
            let values = replies.into_iter().map(|reply| reply::string(reply, to));
            let values = values.collect::<Result<_, _>>()?;
            self.epochs(&operation).found_many(values).await
        })
    }

    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)> {
        Box::pin(async move {
            let key = self.keys.entry(key);
            let operation = self.connection.begin().await?;
            // Before it is read, so that no change falls in between.
            let change = operation.tracking().watch(&key);
            let mut pipeline = pipe();
            pipeline.cmd("CLIENT").arg("CACHING").arg("YES").add_command(get(&key));
            let replies = operation.pipeline(&pipeline).await?;
            let [tracked, value] = exactly(replies, To("GET", &key))?;
            reply::no_error(&tracked, To("CLIENT CACHING", &key))?;
            let bytes = reply::string(value, To("GET", &key))?;
            Ok((self.epochs(&operation).found(bytes).await?, change))
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

    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Taken> {
        Box::pin(async move {
            let key = self.keys.entry(key);
            let Some(seen) = seen else { return self.take_if_nothing(&key, marker).await };
            let taken = self.replace(&key, seen, &Envelope::Lease(marker.clone())).await?;
            Ok(if taken { Taken::Mine } else { Taken::Changed })
        })
    }

    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool> {
        Box::pin(async move {
            self.replace(&self.keys.entry(key), held, &Envelope::Entry(entry.clone())).await
        })
    }

    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool> {
        Box::pin(
            async move { self.run(Script::RemoveIfToken, &self.keys.entry(key), &[&held.0]).await },
        )
    }

    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move { self.prolong(&self.keys.entry(key), &held.0, lasts).await })
    }

    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        Box::pin(async move {
            let key = self.keys.entry(key);
            let set = set_for(&key, &envelope.encode(), envelope.ttl());
            let reply = self.connection.begin().await?.command(&set).await?;
            reply::stored(&reply, To("SET", &key)).map(|_| ())
        })
    }

    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        Box::pin(async move {
            let mut pipeline = pipe();
            for (key, envelope) in entries {
                let key = self.keys.entry(key);
                pipeline.add_command(set_for(&key, &envelope.encode(), envelope.ttl()));
            }
            let replies = self.connection.begin().await?.pipeline(&pipeline).await?;
            for (reply, (key, _)) in replies.iter().zip(entries) {
                reply::stored(reply, To("SET", &self.keys.entry(key)))?;
            }
            Ok(())
        })
    }

    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async move {
            let mut pipeline = pipe();
            for key in keys {
                pipeline.cmd("GETDEL").arg(self.keys.entry(key));
            }
            let operation = self.connection.begin().await?;
            let replies = operation.pipeline(&pipeline).await?;
            let values = replies
                .into_iter()
                .zip(keys)
                .map(|(reply, key)| reply::string(reply, To("GETDEL", &self.keys.entry(key))));
            let values = values.collect::<Result<_, _>>()?;
            self.epochs(&operation).found_many(values).await
        })
    }

    fn elect<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move { self.claim(&self.keys.refresh(key), token, lasts).await })
    }

    fn stay_elected<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move { self.prolong(&self.keys.refresh(key), &token.0, lasts).await })
    }

    fn resign<'a>(&'a self, key: &'a Key, token: Id) -> Step<'a, ()> {
        Box::pin(async move {
            self.run(Script::RemoveIfToken, &self.keys.refresh(key), &[&token.0]).await?;
            Ok(())
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

    fn elect_sweeper(&self, token: Id, lasts: Duration) -> Step<'_, bool> {
        Box::pin(async move {
            let key = self.keys.sweeper();
            // The one that sweeps already comes back with every batch.
            Ok(self.prolong(key, &token.0, lasts).await? || self.claim(key, token, lasts).await?)
        })
    }

    fn sweep(&self, from: Option<u64>, most: usize) -> Step<'_, Swept> {
        Box::pin(self.sweep_some(from.unwrap_or(0), most))
    }

    fn ping(&self) -> Step<'_, ()> {
        Box::pin(self.connection.ping())
    }
}

fn get(key: &[u8]) -> Cmd {
    let mut get = cmd("GET");
    get.arg(key);
    get
}

/// `SET key value [PX lasts]`.
fn set_for(key: &[u8], value: &[u8], lasts: Option<Duration>) -> Cmd {
    let mut set = cmd("SET");
    set.arg(key).arg(value);
    if let Some(lasts) = lasts {
        set.arg("PX").arg(whole_millis(lasts));
    }
    set
}

/// The replies, as many as there were commands.
fn exactly<const N: usize>(replies: Vec<Value>, to: To<'_>) -> Result<[Value; N], StoreError> {
    replies.try_into().map_err(|replies: Vec<Value>| {
        StoreError::Failed(format!("{to}: {} answers instead of {N}", replies.len()))
    })
}
