use std::{error::Error, io::Write as _, sync::Arc};

use futures_util::future::LocalBoxFuture;
use sessions::{
    MemcachedStore,
    store::{SessionStore, StoreKey, Write},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::Mutex,
};

use crate::bulk::key;

use super::{
    counter::Counted,
    subject::{Found, LIFETIME, Subject, now, record},
    turns::Turns,
};

/// One memcached, the first of several. Bare, it is a socket on which the same commands are written.
pub(crate) struct Memcached {
    address: String,
    prefix: String,
    connection: Mutex<BufReader<TcpStream>>,
}

/// So many commands go together.
const TOGETHER: usize = 500;

impl Memcached {
    pub(crate) async fn open(addresses: &str) -> Result<Self, Box<dyn Error>> {
        let address = addresses.split(',').next().unwrap_or_default().to_owned();
        let stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            prefix: format!("sessions-bench-{}:", std::process::id()),
            connection: Mutex::new(BufReader::new(stream)),
        })
    }

    async fn connected(&self, address: &str) -> Result<Arc<dyn SessionStore>, Box<dyn Error>> {
        let builder = MemcachedStore::builder([address]).prefix(&*self.prefix);
        Ok(Arc::new(builder.connect().await?))
    }

    fn name(&self, key: &StoreKey) -> String {
        format!("{}{key}", self.prefix)
    }

    /// What is under a key, and its number.
    async fn get(&self, name: &str) -> Result<(Vec<u8>, String), Box<dyn Error>> {
        let mut connection = self.connection.lock().await;
        let command = format!("mg {name} v c\r\n");
        connection.get_mut().write_all(command.as_bytes()).await?;
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        let mut words = line.trim_end().split(' ').skip(1);
        let length: usize = words.next().ok_or("a session is gone")?.parse()?;
        let state = words.next().and_then(|word| word.strip_prefix('c'));
        let state = state.ok_or("a value without a number")?.to_owned();
        let mut bytes = vec![0; length + 2];
        connection.read_exact(&mut bytes).await?;
        bytes.truncate(length);
        Ok((bytes, state))
    }

    /// Sends commands that are answered only if they fail.
    async fn quietly(&self, commands: &[u8]) -> Result<(), Box<dyn Error>> {
        let mut connection = self.connection.lock().await;
        connection.get_mut().write_all(commands).await?;
        connection.get_mut().write_all(b"mn\r\n").await?;
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        if line == "MN\r\n" {
            Ok(())
        } else {
            Err(format!("memcached says {line}").into())
        }
    }
}

impl Subject for Memcached {
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
        Box::pin(async move {
            let mut connection = self.connection.lock().await;
            connection.get_mut().write_all(b"version\r\n").await?;
            let mut line = String::new();
            connection.read_line(&mut line).await?;
            Ok(line.trim_end().replace("VERSION", "memcached"))
        })
    }

    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
        Box::pin(self.connected(&self.address))
    }

    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
        Box::pin(async move {
            let turns = Turns::before(self.address.parse()?)?;
            Ok(Some(Counted {
                store: self.connected(&turns.address().to_string()).await?,
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
            let (bytes, _) = self.get(&self.name(&sample)).await?;
            store.delete(&sample).await?;
            for keys in keys.chunks(TOGETHER) {
                let mut commands = Vec::new();
                for key in keys {
                    let (name, length, ttl) = (self.name(key), bytes.len(), LIFETIME.as_secs());
                    write!(commands, "ms {name} {length} T{ttl} q\r\n")?;
                    commands.extend_from_slice(&bytes);
                    commands.extend_from_slice(b"\r\n");
                }
                self.quietly(&commands).await?;
            }
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
        Box::pin(async move {
            let (bytes, _) = self.get(&self.name(key)).await?;
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
            let (there, state) = self.get(&name).await?;
            if Found::of_packed(there)?.write_id != found.write_id {
                return Err("somebody else wrote".into());
            }
            let bytes = found.repacked(write);
            let (length, ttl) = (bytes.len(), LIFETIME.as_secs());
            let line = format!("ms {name} {length} C{state} T{ttl}\r\n");
            let command = [line.as_bytes(), &bytes, b"\r\n"].concat();
            let mut connection = self.connection.lock().await;
            connection.get_mut().write_all(&command).await?;
            let mut line = String::new();
            connection.read_line(&mut line).await?;
            if line == "HD\r\n" {
                Ok(())
            } else {
                Err(format!("memcached says {line}").into())
            }
        })
    }

    fn clear(&self, sessions: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let mut first = 0;
            while first < sessions {
                let last = sessions.min(first + TOGETHER as u64);
                let mut commands = Vec::new();
                for number in first..last {
                    write!(commands, "md {} q\r\n", self.name(&key(number)))?;
                }
                self.quietly(&commands).await?;
                first = last;
            }
            Ok(())
        })
    }
}
