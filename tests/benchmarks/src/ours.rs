//! The cache.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use futures::future::{join_all, try_join_all};
use spakky_cache_core::{
    Cache, EntryOptions, Grants, Lookup, LookupOptions, Session, TokioRuntime,
};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};

use crate::{Task, Turn, timed};

pub(crate) const VALUE: &[u8] = &[7; 100];
pub(crate) const TTL: Duration = Duration::from_mins(10);
pub(crate) const LOAD: Duration = Duration::from_millis(100);

pub(crate) struct Ours {
    cache: Cache,
    session: Session,
}

impl Ours {
    pub(crate) async fn connect(port: u16) -> anyhow::Result<Self> {
        let port = port.to_string();
        let settings = RedisSettings::parse(|name| match name {
            "SPAKKY_REDIS__HOST" => Some("127.0.0.1".into()),
            "SPAKKY_REDIS__PORT" => Some(port.clone()),
            _ => None,
        })?;
        let prefix = settings.key_prefix.clone();
        let connection = RedisConnection::connect(settings).await?;
        let store = RedisStore::new(connection, prefix, Arc::new(TokioRuntime));
        let cache = Cache::new(Arc::new(store));
        Ok(Self { session: cache.session(Grants::default()), cache })
    }

    pub(crate) async fn prepare(&self, task: Task) -> anyhow::Result<()> {
        match task {
            Task::Hit { tags } => self.session.set("hit", value(), &options(tags)).await?,
            Task::HitsAtOnce(_) => self.session.set("hit", value(), &options(0)).await?,
            Task::Evict(count) => {
                let keys: Vec<_> = (0..count).map(|n| format!("evicted {n}")).collect();
                for keys in keys.chunks(1_000) {
                    let entries = keys.iter().map(|key| (key.as_str(), value())).collect();
                    let stored = self.session.set_many(entries, &options(1)).await?;
                    stored.into_iter().collect::<Result<(), _>>()?;
                }
            }
            Task::Waiters(_) => drop(self.session.delete("loaded").await?),
            Task::Miss | Task::Set { .. } => {}
        }
        Ok(())
    }

    pub(crate) async fn turn(&self, task: Task, operations: usize) -> anyhow::Result<Turn> {
        let session = &self.session;
        match task {
            Task::Hit { .. } => {
                timed(operations, async {
                    for _ in 0..operations {
                        if session.get("hit").await?.is_none() {
                            bail!("a hit was a miss");
                        }
                    }
                    Ok(())
                })
                .await
            }
            Task::HitsAtOnce(many) => {
                timed(operations, async {
                    for _ in 0..operations / many {
                        try_join_all((0..many).map(|_| session.get("hit"))).await?;
                    }
                    Ok(())
                })
                .await
            }
            Task::Miss => {
                timed(operations, async {
                    for _ in 0..operations {
                        session.get("missing").await?;
                    }
                    Ok(())
                })
                .await
            }
            Task::Set { tags } => {
                let options = options(tags);
                timed(operations, async {
                    for _ in 0..operations {
                        session.set("set", value(), &options).await?;
                    }
                    Ok(())
                })
                .await
            }
            Task::Evict(_) => {
                timed(1, async { Ok(session.evict_tags(&options(1).tags).await?) }).await
            }
            Task::Waiters(many) => {
                timed(1, async {
                    let loads = join_all((0..many).map(|_| self.get_or_load())).await;
                    let loads: Vec<bool> = loads.into_iter().collect::<anyhow::Result<_>>()?;
                    match loads.into_iter().filter(|loaded| *loaded).count() {
                        1 => Ok(()),
                        loads => bail!("{loads} loads"),
                    }
                })
                .await
            }
        }
    }

    /// Whether this caller loaded it.
    async fn get_or_load(&self) -> anyhow::Result<bool> {
        let session = self.cache.session(Grants::default());
        match session.lookup("loaded", &LookupOptions::default()).await? {
            Lookup::Miss(mut lease) => {
                tokio::time::sleep(LOAD).await;
                lease.commit(value(), &options(0)).await?;
                Ok(true)
            }
            Lookup::Hit(_) | Lookup::Stale { .. } | Lookup::Pass => Ok(false),
        }
    }
}

fn value() -> Bytes {
    Bytes::from_static(VALUE)
}

fn options(tags: usize) -> EntryOptions {
    EntryOptions {
        ttl: Some(TTL),
        fresh_for: None,
        tags: (0..tags).map(|n| format!("tag {n}")).collect(),
    }
}
