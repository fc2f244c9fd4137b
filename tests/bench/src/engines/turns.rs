use std::{
    error::Error,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use futures_util::future::{LocalBoxFuture, ready};

use super::counter::Counter;

/// Stands between a client and a server, and counts how often the client has its turn: bytes that it sends after bytes that it got.
///
/// It lasts as long as the process.
#[derive(Debug)]
pub(crate) struct Turns {
    address: SocketAddr,
    count: Arc<AtomicU64>,
}

impl Turns {
    /// Listens on a loopback port, and connects to the target for each connection.
    pub(crate) fn before(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A client whose server is gone is told by its connection's end.
                _ = connect(client, target, &counted);
            }
        });
        Ok(Self { address, count })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL with this in place of its host and port.
    pub(crate) fn in_place_of_host(&self, url: &str) -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, String::new()),
        };
        let user = authority
            .rsplit_once('@')
            .map(|(user, _)| format!("{user}@"));
        let user = user.unwrap_or_default();
        Some(format!("{scheme}://{user}{}{path}", self.address))
    }
}

impl Counter for Turns {
    fn read(&self) -> LocalBoxFuture<'_, Result<u64, Box<dyn Error>>> {
        Box::pin(ready(Ok(self.count.load(Ordering::SeqCst))))
    }
}

/// The host and port of a URL.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    authority.rsplit('@').next()
}

fn connect(client: TcpStream, target: SocketAddr, count: &Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // Whose turn it was last.
    let is_client = Arc::new(AtomicBool::new(false));
    let (to_server, to_client) = (server.try_clone()?, client.try_clone()?);
    let (count, was_client) = (Arc::clone(count), Arc::clone(&is_client));
    thread::spawn(move || {
        pass(&client, &to_server, || {
            if !was_client.swap(true, Ordering::SeqCst) {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    thread::spawn(move || {
        pass(&server, &to_client, || {
            is_client.store(false, Ordering::SeqCst);
        });
    });
    Ok(())
}

/// Passes on bytes until either side is gone.
fn pass(mut from: &TcpStream, mut to: &TcpStream, seen: impl Fn()) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        seen();
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    // Either may be gone already.
    _ = from.shutdown(Shutdown::Both);
    _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_what_a_client_sends_until_it_is_answered() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let turns = Turns::before(listener.local_addr().unwrap()).unwrap();
        let mut client = TcpStream::connect(turns.address()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let mut byte = [0];
        for turn in 1..=3 {
            // Two packets, and one answer.
            for _ in 0..2 {
                client.write_all(b"?").unwrap();
                server.read_exact(&mut byte).unwrap();
            }
            server.write_all(b"!").unwrap();
            client.read_exact(&mut byte).unwrap();
            assert_eq!(turns.count.load(Ordering::SeqCst), turn);
        }
    }

    #[test]
    fn an_address_takes_the_place_of_another() {
        let turns = Turns {
            address: SocketAddr::from(([127, 0, 0, 1], 7)),
            count: Arc::default(),
        };
        for (url, expected, host) in [
            ("redis://h:1", "redis://127.0.0.1:7", "h:1"),
            (
                "postgres://u:p@h:1/d?x=/",
                "postgres://u:p@127.0.0.1:7/d?x=/",
                "h:1",
            ),
        ] {
            assert_eq!(turns.in_place_of_host(url).unwrap(), expected);
            assert_eq!(host_of(url).unwrap(), host);
        }
    }
}
