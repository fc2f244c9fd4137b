use std::{sync::Arc, time::Duration};

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::{
    error::{RedisError, RedisErrorKind},
    link::Link,
};

/// Where a server is, who we are there, and which of its databases is ours.
#[derive(Clone)]
pub(super) struct Server {
    /// Has the password: it is not to be printed.
    info: ConnectionInfo,
    name: Arc<str>,
}

impl Server {
    pub(super) fn parse(url: &str) -> Result<Self, RedisError> {
        // What the parser says may repeat the URL, and with it the password.
        let invalid = |_| RedisError::new(RedisErrorKind::InvalidUrl);
        Self::new(url.into_connection_info().map_err(invalid)?)
    }

    /// The primary that sentinels know by this name, with nothing to say about who we are.
    pub(super) fn named(name: &str) -> Result<Self, RedisError> {
        let address = ConnectionAddr::Tcp(name.to_owned(), 0);
        let invalid = |_| RedisError::new(RedisErrorKind::InvalidUrl);
        Self::new(address.into_connection_info().map_err(invalid)?)
    }

    fn new(info: ConnectionInfo) -> Result<Self, RedisError> {
        if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
            if *insecure {
                return Err(RedisError::new(RedisErrorKind::InvalidUrl));
            }
            // The client asks rustls for the process's choice of cryptography, and rustls panics where two are compiled in and none is chosen.
            if rustls::crypto::CryptoProvider::get_default().is_none() {
                // Somebody who was faster has chosen.
                _ = rustls::crypto::ring::default_provider().install_default();
            }
        }
        let redis = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3)
            .set_lib_name("sessions", env!("CARGO_PKG_VERSION"));
        let keepalive = TcpKeepalive::new()
            .with_time(IDLE)
            .with_interval(Duration::from_secs(5));
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive);
        // Data that the other side does not even confirm: a machine that is gone without a word.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let tcp = tcp.set_user_timeout(IDLE);
        let name = info.addr().to_string().into();
        Ok(Self {
            info: info.set_redis_settings(redis).set_tcp_settings(tcp),
            name,
        })
    }

    /// The same user, database and kind of connection elsewhere.
    pub(super) fn elsewhere(&self, host: &str, port: u16) -> Self {
        let host = host.to_owned();
        let address = match self.info.addr() {
            ConnectionAddr::TcpTls { tls_params, .. } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        Self {
            name: address.to_string().into(),
            info: self.info.clone().set_addr(address),
        }
    }

    /// Its address, without anything that is secret.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// `None` where it is a socket in the file system.
    pub(super) fn host_and_port(&self) -> Option<(&str, u16)> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some((host, *port))
            }
            _ => None,
        }
    }

    pub(super) fn database(&self) -> i64 {
        self.info.redis_settings().db()
    }

    pub(super) async fn open(&self) -> Result<Link, RedisError> {
        let client = Client::open(self.info.clone())
            .map_err(|error| RedisError::new(RedisErrorKind::InvalidUrl).because(&error))?;
        Link::open(&client)
            .await
            .map_err(|error| error.at(&self.name))
    }
}

/// For how long a connection may be silent before somebody looks whether the other side is there.
const IDLE: Duration = Duration::from_secs(15);
