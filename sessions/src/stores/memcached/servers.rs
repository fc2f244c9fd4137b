use std::{fmt::Write as _, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};

use crate::store::StoreKey;

use super::{
    error::{MemcachedError, MemcachedErrorKind},
    pool::Pool,
};

/// The servers, and which of them a key lies on.
///
/// Each server and key together give a number, and the key lies on the server with the highest (rendezvous hashing). So the servers share the keys
/// evenly, in whatever order they are listed; and when one is added or taken away, only those keys move that have to: of ten servers' keys a tenth.
/// A server that is down keeps its keys, or a session that was ended elsewhere meanwhile would be back with it.
#[derive(Debug)]
pub(super) struct Servers {
    servers: Box<[Server]>,
    prefix: String,
}

#[derive(Debug)]
struct Server {
    /// Of its name, as it stands in the configuration.
    seed: u64,
    pool: Pool,
}

/// What a key of memcached may have.
const MAX_KEY: usize = 250;

impl Servers {
    pub(super) fn new(
        addresses: &[String],
        prefix: &str,
        connections: usize,
        timeout: Duration,
    ) -> Result<Self, MemcachedError> {
        let is_printable = prefix.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_printable || prefix.len() + 2 * StoreKey::LEN > MAX_KEY {
            return Err(MemcachedError::new(MemcachedErrorKind::InvalidPrefix));
        }
        let mut servers = Vec::<Server>::with_capacity(addresses.len());
        for address in addresses {
            let is_known = servers.iter().any(|server| server.pool.server() == address);
            if is_known || !is_address(address) {
                return Err(MemcachedError::new(MemcachedErrorKind::InvalidAddress));
            }
            let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(address));
            servers.push(Server {
                seed: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
                pool: Pool::new(Arc::from(address.as_str()), connections, timeout),
            });
        }
        if servers.is_empty() {
            return Err(MemcachedError::new(MemcachedErrorKind::InvalidAddress));
        }
        Ok(Self {
            servers: servers.into(),
            prefix: prefix.to_owned(),
        })
    }

    /// Tries all of them.
    pub(super) async fn connect(&self) -> Result<(), MemcachedError> {
        for server in &self.servers {
            server.pool.connect().await?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.servers.len()
    }

    /// The number of the server that a key lies on.
    pub(super) fn number_of(&self, key: &StoreKey) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = *key.as_bytes();
        // Already a hash: any part of it spreads evenly.
        let key = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let numbers = 0..self.servers.len();
        let highest = numbers
            .zip(&self.servers)
            .max_by_key(|(_, server)| mixed(server.seed ^ key));
        highest.map_or(0, |(number, _)| number)
    }

    /// The connections to a server; `None` for a number that none has.
    pub(super) fn pool(&self, number: usize) -> Option<&Pool> {
        self.servers.get(number).map(|server| &server.pool)
    }

    /// A key as the servers see it: printable, as the protocol wants it.
    pub(super) fn name(&self, key: &StoreKey) -> String {
        let mut name = String::with_capacity(self.prefix.len() + 2 * StoreKey::LEN);
        name.push_str(&self.prefix);
        // Into a `String` it always succeeds.
        _ = write!(name, "{key}");
        name
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }
}

fn is_address(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
        is_host && !host.contains("//") && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// Spreads every bit over all: the finalizer of SplitMix64.
fn mixed(mut number: u64) -> u64 {
    number ^= number >> 30;
    number = number.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^= number >> 27;
    number = number.wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(addresses: &[&str]) -> Result<Servers, MemcachedErrorKind> {
        let addresses: Vec<_> = addresses
            .iter()
            .map(|&address| address.to_owned())
            .collect();
        Servers::new(&addresses, "shop:", 1, Duration::ZERO).map_err(|error| error.kind())
    }

    fn keys() -> impl Iterator<Item = StoreKey> {
        (0..10_000_u32)
            .map(|number| StoreKey::from_bytes(Sha256::digest(number.to_be_bytes()).into()))
    }

    fn places(addresses: &[&str]) -> Vec<String> {
        let servers = servers(addresses).unwrap();
        let server = |key| servers.pool(servers.number_of(&key)).unwrap().server();
        keys().map(|key| server(key).to_owned()).collect()
    }

    #[test]
    fn servers_share_the_keys_evenly_in_any_order() {
        let places_of_keys = places(&["a:1", "b:1", "c:1", "d:1"]);
        for server in ["a:1", "b:1", "c:1", "d:1"] {
            let count = places_of_keys
                .iter()
                .filter(|place| *place == server)
                .count();
            assert!((2300..2700).contains(&count), "{server} {count}");
        }
        assert_eq!(places(&["d:1", "b:1", "a:1", "c:1"]), places_of_keys);
    }

    #[test]
    fn only_the_keys_of_the_server_that_goes_move() {
        let before = places(&["a:1", "b:1", "c:1", "d:1"]);
        let after = places(&["a:1", "b:1", "d:1"]);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || before == "c:1");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in [
            "",
            "localhost",
            ":11211",
            "localhost:",
            "localhost:0",
            "localhost:70000",
            "a b:1",
            "memcached://localhost:11211",
            "a:1\r\nflush_all",
        ] {
            let error = servers(&[address]).unwrap_err();
            assert_eq!(error, MemcachedErrorKind::InvalidAddress, "{address}");
        }
        assert_eq!(
            servers(&[]).unwrap_err(),
            MemcachedErrorKind::InvalidAddress
        );
        let twice = servers(&["a:1", "b:1", "a:1"]);
        assert_eq!(twice.unwrap_err(), MemcachedErrorKind::InvalidAddress);
        assert_eq!(
            servers(&["[::1]:11211", "10.0.0.1:11211", "cache-1.internal:11211"])
                .unwrap()
                .len(),
            3
        );
    }

    #[test]
    fn a_prefix_that_could_end_a_command_is_refused() {
        for prefix in ["a b", "a\r\n", "é", "\0", &"x".repeat(187)] {
            let servers = Servers::new(&["a:1".to_owned()], prefix, 1, Duration::ZERO);
            assert_eq!(
                servers.unwrap_err().kind(),
                MemcachedErrorKind::InvalidPrefix
            );
        }
    }

    #[test]
    fn a_key_is_as_it_is_drawn() {
        let name = servers(&["a:1"])
            .unwrap()
            .name(&StoreKey::from_bytes([0xa7; 32]));
        assert_eq!(name, format!("shop:{}", "a7".repeat(32)));
    }
}
