use std::{net::SocketAddr, process::Command};

use crate::{
    RedisServer,
    redis_sentinels::{wait, wait_for_replicas},
    redis_server::program,
};

/// Three primaries with a replica each, for one test.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts them, and waits until everybody knows everybody.
    ///
    /// # Panics
    ///
    /// When they do not start.
    #[must_use]
    pub fn start() -> Self {
        let nodes = (0..6)
            .map(|_| {
                RedisServer::start_with(&[
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    "1000",
                ])
            })
            .collect::<Vec<_>>();
        let client = program().to_string_lossy().replace("-server", "-cli");
        let created = Command::new(client)
            .args(["--cluster", "create", "--cluster-replicas", "1"])
            .args(nodes.iter().map(|node| node.address().to_string()))
            .arg("--cluster-yes")
            .output()
            .expect("redis-cli or valkey-cli is installed");
        assert!(
            created.status.success(),
            "{}",
            String::from_utf8_lossy(&created.stdout)
        );
        let cluster = Self { nodes };
        cluster.wait_until_whole();
        cluster
    }

    /// The nodes' URLs.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The primaries that run.
    #[must_use]
    pub fn primaries(&self) -> Vec<SocketAddr> {
        let is_primary = |node: &&RedisServer| {
            let role = node.command(&["ROLE"]);
            role.is_ok_and(|role| role.first().is_some_and(|role| role == "master"))
        };
        self.nodes
            .iter()
            .filter(is_primary)
            .map(RedisServer::address)
            .collect()
    }

    /// Waits until the primary at this address has passed on what it has written until now.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub fn wait_for_replicas(&self, primary: SocketAddr) {
        wait_for_replicas(primary);
    }

    /// Kills the node at this address, as SIGKILL does.
    pub fn kill(&mut self, address: SocketAddr) {
        for node in &mut self.nodes {
            if node.address() == address {
                node.kill();
            }
        }
    }

    /// Waits until every slot has a primary again, as all see it who run, and every primary that can have one a replica.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub fn wait_until_whole(&self) {
        wait("the cluster is whole", || {
            let running = self
                .nodes
                .iter()
                .filter_map(|node| node.command(&["CLUSTER", "INFO"]).ok())
                .map(|info| info.concat())
                .collect::<Vec<_>>();
            self.primaries().len() == 3
                && running.iter().all(|info| {
                    info.contains("cluster_state:ok")
                        && info.contains("cluster_slots_ok:16384")
                        && info.contains("cluster_known_nodes:6")
                })
        });
        wait("replicas are up to date", || {
            let replicas = self.nodes.iter().filter_map(|node| {
                let role = node.command(&["ROLE"]).ok()?;
                (role.first()? == "slave").then(|| role.get(3).cloned())
            });
            replicas
                .into_iter()
                .all(|state| state.as_deref() == Some("connected"))
        });
    }
}
