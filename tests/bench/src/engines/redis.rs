use std::{error::Error, sync::Arc};

use futures_util::future::LocalBoxFuture;
use redis::{Client, Cmd, IntoConnectionInfo as _, aio::MultiplexedConnection, cmd, pipe};
use sessions::{
    RedisStore,
    store::{SessionStore, StoreKey, Write},
};

use crate::bulk::key;

use super::{
    counter::{Counted, Counter},
    subject::{Found, LIFETIME, Subject, now, record},
    turns::{Turns, host_of},
};

/// Redis or Valkey. Bare, it is a connection of the `redis` crate to each primary, and our own script, as the store sends it.
pub(crate) struct Redis {
    shape: Shape,
    /// As the environment has them.
    urls: Vec<String>,
    prefix: String,
    primaries: Vec<Node>,
    /// What the servers know the script by that writes.
    script: String,
}

/// How the servers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Single,
    Sentinel,
    Cluster,
}

/// A server, and the slots that are its own.
#[derive(Clone)]
struct Node {
    connection: MultiplexedConnection,
    slots: Vec<(u16, u16)>,
}

const WRITE: &str = concat!(
    include_str!("../../../../sessions/src/stores/redis/scripts/record.lua"),
    include_str!("../../../../sessions/src/stores/redis/scripts/write.lua")
);

/// What the sentinels call their primary.
const PRIMARY: &str = "sessions";

/// So many commands go in one packet, or some.
const TOGETHER: usize = 500;

impl Redis {
    pub(crate) async fn open(shape: Shape, address: &str) -> Result<Self, Box<dyn Error>> {
        let urls: Vec<String> = address.split(',').map(str::to_owned).collect();
        let first = urls.first().ok_or("no URL")?;
        let mut primaries = match shape {
            Shape::Single => vec![Node::whole(connect(first).await?)],
            Shape::Sentinel => vec![Node::whole(connect(&named_by(first).await?).await?)],
            Shape::Cluster => nodes(first).await?,
        };
        let mut script = String::new();
        for node in &mut primaries {
            script = cmd("SCRIPT")
                .arg("LOAD")
                .arg(WRITE)
                .query_async(&mut node.connection)
                .await?;
        }
        Ok(Self {
            shape,
            prefix: format!("sessions-bench-{}:", std::process::id()),
            urls,
            primaries,
            script,
        })
    }

    async fn connected(&self, urls: &[String]) -> Result<Arc<dyn SessionStore>, Box<dyn Error>> {
        let first = urls.first().ok_or("no URL")?;
        let builder = match self.shape {
            Shape::Single => RedisStore::single(first),
            Shape::Sentinel => RedisStore::sentinel(urls, PRIMARY),
            Shape::Cluster => RedisStore::cluster(urls),
        };
        Ok(Arc::new(builder.prefix(&*self.prefix).connect().await?))
    }

    fn name(&self, key: &StoreKey) -> String {
        format!("{}record:{key}", self.prefix)
    }

    /// Whose a key is.
    fn node(&self, name: &str) -> Result<&Node, Box<dyn Error>> {
        let slot = slot(name.as_bytes());
        let has = |node: &&Node| {
            let mut slots = node.slots.iter();
            slots.any(|(first, last)| (*first..=*last).contains(&slot))
        };
        Ok(self
            .primaries
            .iter()
            .find(has)
            .ok_or("a slot is nobody's")?)
    }

    /// Asks many things of whoever has the keys.
    async fn all(
        &self,
        keys: impl Iterator<Item = StoreKey>,
        command: impl Fn(&str) -> Cmd,
    ) -> Result<(), Box<dyn Error>> {
        let mut shares: Vec<_> = self.primaries.iter().map(|node| (node, pipe())).collect();
        for key in keys {
            let name = self.name(&key);
            let owner = self.node(&name)?;
            for (node, share) in &mut shares {
                if node.slots == owner.slots {
                    share.add_command(command(&name)).ignore();
                }
                if share.len() >= TOGETHER {
                    let full = std::mem::replace(share, pipe());
                    let mut connection = node.connection.clone();
                    full.query_async::<()>(&mut connection).await?;
                }
            }
        }
        for (node, share) in shares {
            let mut connection = node.connection.clone();
            if !share.is_empty() {
                share.query_async::<()>(&mut connection).await?;
            }
        }
        Ok(())
    }
}

impl Node {
    fn whole(connection: MultiplexedConnection) -> Self {
        Self {
            connection,
            slots: vec![(0, u16::MAX)],
        }
    }
}

async fn connect(url: &str) -> Result<MultiplexedConnection, Box<dyn Error>> {
    let info = url.into_connection_info()?;
    let settings = info.tcp_settings().clone().set_nodelay(true);
    let client = Client::open(info.set_tcp_settings(settings))?;
    Ok(client.get_multiplexed_async_connection().await?)
}

/// Where the sentinel says that the primary is.
async fn named_by(sentinel: &str) -> Result<String, Box<dyn Error>> {
    let mut connection = connect(sentinel).await?;
    let mut asked = cmd("SENTINEL");
    asked.arg("GET-MASTER-ADDR-BY-NAME").arg(PRIMARY);
    let (host, port): (String, u16) = asked.query_async(&mut connection).await?;
    Ok(format!("redis://{host}:{port}"))
}

/// The primaries of a cluster.
async fn nodes(url: &str) -> Result<Vec<Node>, Box<dyn Error>> {
    let mut connection = connect(url).await?;
    let mut asked = cmd("CLUSTER");
    let text: String = asked.arg("NODES").query_async(&mut connection).await?;
    let mut nodes = Vec::new();
    for line in text.lines().filter(|line| line.contains("master")) {
        // Number, address, flags, its own primary, two times, epoch, state, slots.
        let mut words = line.split(' ').skip(1);
        let address = words.next().unwrap_or_default();
        let address = address.split(['@', ',']).next().unwrap_or_default();
        let mut slots = Vec::new();
        for range in words.skip(6) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            slots.push((first.parse()?, last.parse()?));
        }
        nodes.push(Node {
            connection: connect(&format!("redis://{address}")).await?,
            slots,
        });
    }
    Ok(nodes)
}

/// CRC16 of the XMODEM kind, of which a cluster takes 14 bits: there are no braces in our keys.
fn slot(name: &[u8]) -> u16 {
    let crc = name.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    });
    crc % 16_384
}

impl Subject for Redis {
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
        Box::pin(async move {
            let node = self.primaries.first().ok_or("no server")?;
            let mut asked = cmd("INFO");
            let mut connection = node.connection.clone();
            let info: String = asked.arg("server").query_async(&mut connection).await?;
            let of = |name: &str| info.lines().find_map(|line| line.strip_prefix(name));
            Ok(match (of("valkey_version:"), of("redis_version:")) {
                (Some(version), _) => format!("Valkey {version}"),
                (None, version) => format!("Redis {}", version.unwrap_or_default()),
            })
        })
    }

    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
        Box::pin(self.connected(&self.urls))
    }

    /// Sentinels and nodes say themselves where the others are, so nobody can stand in between: there the servers count, of what the store sends.
    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
        Box::pin(async move {
            if self.shape != Shape::Single {
                return Ok(Some(Counted {
                    store: self.store().await?,
                    counter: Box::new(Commands(self.primaries.clone())),
                }));
            }
            let url = self.urls.first().ok_or("no URL")?;
            let host = host_of(url).ok_or("no host")?;
            let turns = Turns::before(host.parse()?)?;
            let url = turns.in_place_of_host(url).ok_or("no host")?;
            Ok(Some(Counted {
                store: self.connected(&[url]).await?,
                counter: Box::new(turns),
            }))
        })
    }

    fn fill<'a>(&'a self, keys: &'a [StoreKey]) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            // As the store writes it.
            let sample = key(u64::MAX);
            let store = self.store().await?;
            store
                .write(Write::create(&sample, &record(0), now()))
                .await?;
            let bytes = self.load(&sample).await?.bytes;
            store.delete(&sample).await?;
            let lifetime = LIFETIME.as_millis().to_string();
            self.all(keys.iter().copied(), |name| {
                let mut set = cmd("SET");
                set.arg(name).arg(&bytes).arg("PX").arg(&lifetime);
                set
            })
            .await
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
        Box::pin(async move {
            let name = self.name(key);
            let mut connection = self.node(&name)?.connection.clone();
            let bytes: Vec<u8> = cmd("GET").arg(&name).query_async(&mut connection).await?;
            Found::of_packed(bytes)
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a StoreKey,
        found: &'a Found,
        write: u64,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let name = self.name(key);
            let mut connection = self.node(&name)?.connection.clone();
            let now = now().as_seconds();
            let mut save = cmd("EVALSHA");
            save.arg(&self.script).arg(2).arg(&name).arg(&name);
            save.arg("update").arg(now).arg(found.repacked(write));
            save.arg(LIFETIME.as_millis().to_string());
            save.arg(&found.write_id).arg(now + LIFETIME.as_secs());
            save.arg(now).arg(0).arg("");
            save.arg(key.as_bytes()).arg(key.as_bytes()).arg("");
            let answer: redis::Value = save.query_async(&mut connection).await?;
            let is_applied = match &answer {
                redis::Value::Array(parts) => {
                    matches!(parts.first(), Some(redis::Value::BulkString(word)) if word == b"applied")
                }
                _ => false,
            };
            if is_applied {
                Ok(())
            } else {
                Err(format!("a session was not saved: {answer:?}").into())
            }
        })
    }

    fn clear(&self, sessions: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(self.all((0..sessions).map(key), |name| {
            let mut delete = cmd("DEL");
            delete.arg(name);
            delete
        }))
    }
}

/// What the servers were asked to do that our store asks, by their own count. What a script does is counted under other names.
struct Commands(Vec<Node>);

const ASKED: [&str; 3] = ["cmdstat_get:", "cmdstat_eval:", "cmdstat_evalsha:"];

impl Counter for Commands {
    fn read(&self) -> LocalBoxFuture<'_, Result<u64, Box<dyn Error>>> {
        Box::pin(async move {
            let mut count = 0;
            for node in &self.0 {
                let mut asked = cmd("INFO");
                let mut connection = node.connection.clone();
                let info: String = asked
                    .arg("commandstats")
                    .query_async(&mut connection)
                    .await?;
                for line in info.lines() {
                    let calls = ASKED.iter().find_map(|name| line.strip_prefix(name));
                    let calls = calls.and_then(|line| line.strip_prefix("calls="));
                    if let Some(calls) = calls.and_then(|line| line.split(',').next()) {
                        count += calls.parse::<u64>()?;
                    }
                }
            }
            Ok(count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_that_of_the_specification() {
        assert_eq!(slot(b"123456789"), 0x31c3);
    }
}
