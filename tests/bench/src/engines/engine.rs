use std::{env, error::Error, fmt};

use super::{
    files::Files,
    memcached::Memcached,
    memory::Memory,
    redb::Redb,
    redis::{Redis, Shape},
    sql::{Mysql, Postgres, Sqlite},
    subject::Subject,
};

/// Where sessions can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Memory,
    Files,
    Redb,
    Sqlite,
    Redis,
    RedisSentinel,
    RedisCluster,
    Memcached,
    Postgres,
    Mysql,
}

impl Engine {
    pub(crate) const ALL: [Self; 10] = [
        Self::Memory,
        Self::Files,
        Self::Redb,
        Self::Sqlite,
        Self::Redis,
        Self::RedisSentinel,
        Self::RedisCluster,
        Self::Memcached,
        Self::Postgres,
        Self::Mysql,
    ];

    /// The environment's variable that says where it is; `None` where it is within this process.
    pub(crate) const fn variable(self) -> Option<&'static str> {
        match self {
            Self::Memory | Self::Files | Self::Redb | Self::Sqlite => None,
            Self::Redis => Some("SESSIONS_TEST_REDIS"),
            Self::RedisSentinel => Some("SESSIONS_TEST_REDIS_SENTINEL"),
            Self::RedisCluster => Some("SESSIONS_TEST_REDIS_CLUSTER"),
            Self::Memcached => Some("SESSIONS_TEST_MEMCACHED"),
            Self::Postgres => Some("SESSIONS_TEST_POSTGRES"),
            Self::Mysql => Some("SESSIONS_TEST_MYSQL"),
        }
    }

    /// Where it is: empty within this process, `None` where nobody has said.
    pub(crate) fn address(self) -> Option<String> {
        match self.variable() {
            None => Some(String::new()),
            Some(variable) => env::var(variable)
                .ok()
                .filter(|address| !address.is_empty()),
        }
    }

    /// Connects to it where it is.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, or does not let sessions be kept.
    pub(crate) async fn open(self, address: &str) -> Result<Box<dyn Subject>, Box<dyn Error>> {
        Ok(match self {
            Self::Memory => Box::new(Memory::new()),
            Self::Files => Box::new(Files::open()?),
            Self::Redb => Box::new(Redb::open()?),
            Self::Sqlite => Box::new(Sqlite::open_file().await?),
            Self::Redis => Box::new(Redis::open(Shape::Single, address).await?),
            Self::RedisSentinel => Box::new(Redis::open(Shape::Sentinel, address).await?),
            Self::RedisCluster => Box::new(Redis::open(Shape::Cluster, address).await?),
            Self::Memcached => Box::new(Memcached::open(address).await?),
            Self::Postgres => Box::new(Postgres::open(address).await?),
            Self::Mysql => Box::new(Mysql::open(address).await?),
        })
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Redb => "redb",
            Self::Sqlite => "SQLite",
            Self::Redis => "Redis",
            Self::RedisSentinel => "Redis, sentinels",
            Self::RedisCluster => "Redis, cluster",
            Self::Memcached => "memcached",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MariaDB or MySQL",
        })
    }
}
