use std::io;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{
    error::{MemcachedError, MemcachedErrorKind},
    reply::{Line, Reply},
};

/// A connection to one server, on which nobody owes an answer.
#[derive(Debug)]
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    /// Of an item, with its key and what the server adds.
    max_item: usize,
}

/// The longest line that a server says.
const MAX_LINE: u64 = 2048;

/// What the server adds to an item's key and value, and as much again for other versions.
const AROUND: usize = 128;

/// Unless it says otherwise.
const DEFAULT_MAX_ITEM: usize = 1024 * 1024;

impl Connection {
    /// Connects, and asks what the server takes: one that is told to store more than that forgets what it has. And whether it compares the
    /// states of items: without them every condition would hold.
    pub(super) async fn open(server: &str) -> Result<Self, MemcachedError> {
        let stream = TcpStream::connect(server).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut connection = Self {
            stream: BufReader::new(stream),
            max_item: DEFAULT_MAX_ITEM,
        };
        connection.greet().await?;
        Ok(connection)
    }

    /// Whether a value of so many bytes fits, under a key of so many.
    pub(super) fn takes(&self, key: usize, value: usize) -> bool {
        key + value + AROUND <= self.max_item
    }

    /// Sends commands, and reads an answer to each.
    pub(super) async fn exchange(
        &mut self,
        commands: &[u8],
        count: usize,
    ) -> io::Result<Vec<Reply>> {
        self.stream.get_mut().write_all(commands).await?;
        let mut replies = Vec::with_capacity(count);
        for _ in 0..count {
            replies.push(self.reply().await?);
        }
        Ok(replies)
    }

    /// Whether it can be used again: the server has not closed it, and has said nothing that nobody asked for.
    pub(super) fn is_idle(&self) -> bool {
        let read = self.stream.get_ref().try_read(&mut [0]);
        let is_quiet = read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        is_quiet && self.stream.buffer().is_empty()
    }

    async fn greet(&mut self) -> Result<(), MemcachedError> {
        let stream = self.stream.get_mut();
        let asked = stream.write_all(b"stats settings\r\nmn\r\n").await;
        asked.map_err(failed)?;
        loop {
            let line = self.line().await.map_err(failed)?;
            if line == b"MN" {
                return Ok(());
            }
            if line == b"STAT cas_enabled no" {
                return Err(MemcachedError::new(MemcachedErrorKind::CasDisabled));
            }
            // Not every proxy has settings. Behind one, a server without states is found out by its first value.
            let is_known = line == b"END" || line == b"ERROR" || line.starts_with(b"STAT ");
            let is_known = is_known || line.starts_with(b"SERVER_ERROR");
            if !is_known {
                return Err(failed(io::ErrorKind::InvalidData.into()));
            }
            let line = std::str::from_utf8(&line).unwrap_or_default();
            let max_item = line.strip_prefix("STAT item_size_max ");
            if let Some(max_item) = max_item.and_then(|size| size.parse().ok()) {
                self.max_item = max_item;
            }
        }
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let (cas, length) = match Line::parse(&self.line().await?)? {
            Line::Whole(reply) => return Ok(reply),
            Line::Value { cas, length } => (cas, length),
        };
        if length > self.max_item {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut value = vec![0; length + 2];
        self.stream.read_exact(&mut value).await?;
        if !value.ends_with(b"\r\n") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        value.truncate(length);
        Ok(Reply::Found { cas, value })
    }

    /// The next line, without its end.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(MAX_LINE);
        limited.read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(line.to_vec()),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// For a connection that did not come about.
fn failed(error: io::Error) -> MemcachedError {
    let kind = match error.kind() {
        io::ErrorKind::InvalidData => MemcachedErrorKind::Refused,
        _ => MemcachedErrorKind::Unavailable,
    };
    MemcachedError::new(kind).because(error)
}
