//! The `redis` crate, with the usual way to get something like it: entries
//! without epochs, sets of keys as tags, a lock that waiters poll.

use anyhow::bail;
use futures::future::{join_all, try_join_all};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, RedisResult, Value, cmd, pipe};

use crate::ours::{LOAD, TTL, VALUE};
use crate::{Task, Turn, timed};

pub(crate) struct Raw {
    connection: MultiplexedConnection,
}

impl Raw {
    pub(crate) async fn connect(port: u16) -> anyhow::Result<Self> {
        let client = Client::open(format!("redis://127.0.0.1:{port}/?protocol=resp3"))?;
        // As for the cache's own connection: no timer for each command.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Self { connection })
    }

    pub(crate) async fn prepare(&self, task: Task) -> anyhow::Result<()> {
        let mut connection = self.connection.clone();
        match task {
            Task::Hit { .. } | Task::HitsAtOnce(_) => {
                set("raw:hit").query_async::<()>(&mut connection).await?;
            }
            Task::Evict(count) => {
                let keys: Vec<_> = (0..count).map(|n| format!("raw:evicted {n}")).collect();
                for keys in keys.chunks(1_000) {
                    let mut pipe = pipe();
                    for key in keys {
                        pipe.add_command(set(key)).ignore();
                    }
                    pipe.cmd("SADD").arg("raw:tag 0").arg(keys).ignore();
                    pipe.query_async::<()>(&mut connection).await?;
                }
            }
            Task::Waiters(_) => {
                let keys = ["raw:loaded", "raw:lock"];
                cmd("UNLINK").arg(&keys).query_async::<()>(&mut connection).await?;
            }
            Task::Miss | Task::Set { .. } => {}
        }
        Ok(())
    }

    pub(crate) async fn turn(&self, task: Task, operations: usize) -> anyhow::Result<Turn> {
        match task {
            Task::Hit { .. } => self.repeat(operations, &get("raw:hit")).await,
            Task::Miss => self.repeat(operations, &get("raw:missing")).await,
            Task::Set { tags: 0 } => self.repeat(operations, &set("raw:set")).await,
            Task::HitsAtOnce(many) => {
                timed(operations, async {
                    for _ in 0..operations / many {
                        try_join_all((0..many).map(|_| self.query(get("raw:hit")))).await?;
                    }
                    Ok(())
                })
                .await
            }
            Task::Set { tags } => {
                let mut connection = self.connection.clone();
                timed(operations, async {
                    for _ in 0..operations {
                        let mut pipe = pipe();
                        pipe.add_command(set("raw:set")).ignore();
                        for tag in 0..tags {
                            pipe.cmd("SADD")
                                .arg(format!("raw:set of {tag}"))
                                .arg("raw:set")
                                .ignore();
                        }
                        pipe.query_async::<()>(&mut connection).await?;
                    }
                    Ok(())
                })
                .await
            }
            Task::Evict(_) => {
                let mut connection = self.connection.clone();
                timed(1, async {
                    let members = cmd("SMEMBERS").arg("raw:tag 0").take();
                    let keys: Vec<Vec<u8>> = members.query_async(&mut connection).await?;
                    let mut unlink = cmd("UNLINK");
                    unlink.arg(keys).arg("raw:tag 0");
                    Ok(unlink.query_async::<()>(&mut connection).await?)
                })
                .await
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

    async fn repeat(&self, operations: usize, command: &Cmd) -> anyhow::Result<Turn> {
        let mut connection = self.connection.clone();
        timed(operations, async {
            for _ in 0..operations {
                command.query_async::<Value>(&mut connection).await?;
            }
            Ok(())
        })
        .await
    }

    async fn query(&self, command: Cmd) -> RedisResult<Value> {
        command.query_async(&mut self.connection.clone()).await
    }

    /// Whether this caller loaded it.
    async fn get_or_load(&self) -> anyhow::Result<bool> {
        loop {
            if self.query(get("raw:loaded")).await? != Value::Nil {
                return Ok(false);
            }
            let lock =
                cmd("SET").arg("raw:lock").arg("mine").arg("NX").arg("PX").arg(30_000).take();
            if self.query(lock).await? != Value::Nil {
                tokio::time::sleep(LOAD).await;
                self.query(set("raw:loaded")).await?;
                self.query(cmd("DEL").arg("raw:lock").take()).await?;
                return Ok(true);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

fn get(key: &str) -> Cmd {
    cmd("GET").arg(key).take()
}

fn set(key: &str) -> Cmd {
    let ttl = u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX);
    cmd("SET").arg(key).arg(VALUE).arg("PX").arg(ttl).take()
}
