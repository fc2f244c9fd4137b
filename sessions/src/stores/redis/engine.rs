use std::time::Duration;

use futures_util::future::join_all;
use redis::{Cmd, Value, pipe};

use super::{
    cluster::Cluster, error::RedisErrorKind, failure::Failure, lanes::Lanes, script::Script,
};

/// The servers, however many there are.
pub(super) enum Engine {
    /// One server takes every write: alone, or with replicas that sentinels watch.
    One(Lanes),
    /// Each key has its server.
    Cluster(Cluster),
}

/// Whether a request may be carried out twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It may not: if its answer is lost, somebody has to look.
    Once,
    /// It may: if the connection breaks, it is sent again.
    Repeatable,
}

impl Engine {
    /// Runs a script on the server of its first key.
    pub(super) async fn script(
        &self,
        script: &Script,
        keys: &[&[u8]],
        arguments: &[&[u8]],
        effect: Effect,
        limit: Duration,
    ) -> Result<Value, Failure> {
        let key = keys.first().copied().unwrap_or_default();
        let by_hash = script.by_hash(keys, arguments);
        match self.run(key, &by_hash, effect, limit).await {
            Err(Failure::UnknownScript) => {
                let in_full = script.in_full(keys, arguments);
                self.run(key, &in_full, effect, limit).await
            }
            answer => answer,
        }
    }

    /// Runs a command on the server of a key.
    pub(super) async fn run(
        &self,
        key: &[u8],
        command: &Cmd,
        effect: Effect,
        limit: Duration,
    ) -> Result<Value, Failure> {
        match self.run_once(key, command, limit).await {
            Err(Failure::Lost(_)) if effect == Effect::Repeatable => {
                self.run_once(key, command, limit).await
            }
            answer => answer,
        }
    }

    async fn run_once(&self, key: &[u8], command: &Cmd, limit: Duration) -> Result<Value, Failure> {
        match self {
            Self::One(lanes) => match lanes.run(command, limit).await {
                // It was a primary when we connected. Its successor may be there already.
                Err(Failure::NotDone(error)) if error.kind() == RedisErrorKind::ReadOnly => {
                    lanes.retire();
                    lanes.run(command, limit).await
                }
                answer => answer,
            },
            Self::Cluster(cluster) => cluster.run(key, command, limit).await,
        }
    }

    /// Runs a command that changes nothing for each of several keys: in one round trip to one server, at the same time to several.
    pub(super) async fn read(
        &self,
        keys: &[Vec<u8>],
        command: impl Fn(&[u8]) -> Cmd,
        limit: Duration,
    ) -> Result<Vec<Value>, Failure> {
        match self {
            Self::One(lanes) => {
                let mut commands = pipe();
                for key in keys {
                    commands.add_command(command(key));
                }
                let answers = match lanes.run_all(&commands, limit).await {
                    Err(Failure::Lost(_)) => lanes.run_all(&commands, limit).await,
                    answers => answers,
                };
                answers?.into_iter().collect()
            }
            Self::Cluster(_) => {
                let asked = keys.iter().map(async |key| {
                    let command = command(key);
                    self.run(key, &command, Effect::Repeatable, limit).await
                });
                join_all(asked).await.into_iter().collect()
            }
        }
    }
}
