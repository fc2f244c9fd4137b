use std::{
    net::{SocketAddr, TcpStream},
    process::Command,
};

use crate::{
    daemon::Daemon,
    redis_server::{find, free_port},
};

/// A memcached of one test: on a port of its own, killed when it is dropped, and with it everything that it kept.
#[derive(Debug)]
pub struct MemcachedServer {
    daemon: Daemon,
    port: u16,
    arguments: Vec<String>,
}

impl MemcachedServer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments, `-m 1` for instance.
    ///
    /// # Panics
    ///
    /// When there is no such server on this machine, or it does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        // Between finding a free port and starting there, somebody else may take it.
        for _ in 0..5 {
            let mut server = Self {
                daemon: Daemon::default(),
                port: free_port(),
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            };
            if server.try_to_start() {
                return server;
            }
        }
        panic!("memcached starts with {arguments:?}");
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Ends it, and with it everything that it keeps.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it on the same port again, empty.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.kill();
        assert!(self.try_to_start(), "the server starts again");
    }

    /// Stops it in the middle of whatever it does: it holds its connections and answers nothing.
    pub fn pause(&self) {
        self.daemon.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.daemon.resume();
    }

    fn try_to_start(&mut self) -> bool {
        let mut command = Command::new(find("memcached").expect("memcached is installed"));
        // As root it wants to be told that it may; for anybody else it is no question.
        command
            .args(["-l", "127.0.0.1", "-U", "0", "-u", "root"])
            .args(["-p", &self.port.to_string()])
            .args(&self.arguments);
        let address = self.address();
        self.daemon
            .start(&mut command, || TcpStream::connect(address).is_ok())
    }
}
