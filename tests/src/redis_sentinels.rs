use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::RedisServer;

/// A primary, a replica, and three sentinels that watch them as `sessions`, for one test.
#[derive(Debug)]
pub struct RedisSentinels {
    /// The primary first, as it was at the beginning.
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl RedisSentinels {
    /// Starts them, and waits until everybody knows everybody.
    ///
    /// # Panics
    ///
    /// When they do not start.
    #[must_use]
    pub fn start() -> Self {
        let primary = RedisServer::start();
        let port = primary.address().port().to_string();
        let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
        let sentinels = (0..3).map(|_| start_sentinel(&port)).collect();
        let group = Self {
            servers: vec![primary, replica],
            sentinels,
        };
        wait("they know each other", || {
            let is_synchronous = group.servers.first().is_some_and(|primary| {
                let replicas = primary.command(&["WAIT", "1", "100"]);
                replicas.is_ok_and(|replicas| replicas == ["1"])
            });
            is_synchronous
                && group.sentinels.iter().all(|sentinel| {
                    let others = sentinel.command(&["SENTINEL", "CKQUORUM", "sessions"]);
                    let replicas = sentinel.command(&["SENTINEL", "REPLICAS", "sessions"]);
                    others.is_ok_and(|others| others.concat().contains("3 usable"))
                        && replicas.is_ok_and(|replicas| !replicas.is_empty())
                })
        });
        group
    }

    /// The sentinels' URLs.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(RedisServer::url).collect()
    }

    /// The primary, as the sentinels see it now.
    #[must_use]
    pub fn primary(&self) -> Option<SocketAddr> {
        let answers = self.sentinels.iter().filter_map(|sentinel| {
            let answer = sentinel.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "sessions"]);
            let answer = answer.ok()?;
            format!("{}:{}", answer.first()?, answer.get(1)?)
                .parse()
                .ok()
        });
        let answers = answers.collect::<Vec<SocketAddr>>();
        let first = *answers.first()?;
        (answers.len() == self.sentinels.len() && answers.iter().all(|answer| *answer == first))
            .then_some(first)
    }

    /// Waits until the primary at this address has passed on what it has written until now.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub fn wait_for_replicas(&self, primary: SocketAddr) {
        wait_for_replicas(primary);
    }

    /// Kills the server at this address, as SIGKILL does, and has the sentinels notice it soon. Until then they bear with a server that is slow.
    ///
    /// # Panics
    ///
    /// When a sentinel does not answer.
    pub fn kill(&mut self, address: SocketAddr) {
        for server in &mut self.servers {
            if server.address() == address {
                server.kill();
            }
        }
        for sentinel in &self.sentinels {
            let patience = [
                "SENTINEL",
                "SET",
                "sessions",
                "down-after-milliseconds",
                "500",
            ];
            sentinel.command(&patience).expect("a sentinel answers");
        }
    }

    /// Waits until the sentinels agree on another primary, and that one takes writes.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub fn wait_for_successor(&self, of: SocketAddr) {
        wait("another primary is found", || {
            self.primary().is_some_and(|primary| {
                primary != of
                    && crate::redis_server::command(primary, &["SET", "written", "1"]).is_ok()
            })
        });
    }
}

/// Waits until something is so.
///
/// # Panics
///
/// When that takes too long.
pub(crate) fn wait(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until what a primary has written until now is with its replicas, as it hears of them.
///
/// # Panics
///
/// When that takes too long.
pub(crate) fn wait_for_replicas(primary: SocketAddr) {
    let role = || crate::redis_server::command(primary, &["ROLE"]).ok();
    // `master`, how far it is, and of each replica host, port, and how far that one is.
    let written = role().and_then(|role| role.get(1)?.parse::<u64>().ok());
    let written = written.expect("a primary says how far it is");
    wait("the replicas follow", || {
        let role = role().unwrap_or_default();
        let replicas: Vec<_> = role.iter().skip(4).step_by(3).collect();
        let follows = |at: &String| at.parse().is_ok_and(|at: u64| at >= written);
        !replicas.is_empty() && replicas.into_iter().all(follows)
    });
}

fn start_sentinel(primary_port: &str) -> RedisServer {
    RedisServer::start_sentinel(&format!(
        "sentinel monitor sessions 127.0.0.1 {primary_port} 2\n\
         sentinel down-after-milliseconds sessions 60000\n\
         sentinel failover-timeout sessions 3000\n"
    ))
}
