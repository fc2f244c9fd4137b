use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A response as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order they were sent.
    pub headers: Vec<(String, String)>,
    /// Without its transfer coding.
    pub body: Vec<u8>,
}

impl Reply {
    /// The only header of this name; `None` if there is none.
    ///
    /// # Panics
    ///
    /// When there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "several `{name}` headers: {all:?}");
        all.first().copied()
    }

    /// All headers of this name.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(header, _)| header == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The `Set-Cookie` lines.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<&str> {
        self.all("set-cookie")
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }
}

/// Sends raw bytes over a connection of their own and reads one response.
///
/// # Panics
///
/// When the server does not answer with a whole HTTP/1.1 response within ten seconds.
#[must_use]
pub fn exchange(address: SocketAddr, request: &[u8]) -> Reply {
    begin(address, request).0
}

/// Does what [`exchange`] does, and gives the connection back: behind a 101 it speaks another protocol.
pub(crate) fn begin(address: SocketAddr, request: &[u8]) -> (Reply, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout of ten seconds");
    stream.write_all(request).expect("the server reads");
    let mut reader = BufReader::new(stream);

    let mut line = String::new();
    let mut next_line = |reader: &mut BufReader<TcpStream>| {
        line.clear();
        reader.read_line(&mut line).expect("a line of the head");
        line.trim_end_matches("\r\n").to_owned()
    };
    let status_line = next_line(&mut reader);
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status in {status_line:?}"));
    let mut headers = Vec::new();
    loop {
        let header = next_line(&mut reader);
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').expect("a header has a colon");
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply {
        status,
        headers,
        body: Vec::new(),
    };
    let bodiless = request.starts_with(b"HEAD ") || status == 101 || status == 204 || status == 304;
    if !bodiless {
        reply.body = read_body(&reply, &mut reader);
    }
    (reply, reader)
}

fn read_body(reply: &Reply, reader: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    if reply.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).expect("a chunk's size");
            let size =
                usize::from_str_radix(size.trim(), 16).expect("a chunk's size in hexadecimal");
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).expect("a whole chunk");
            if size == 0 {
                return body;
            }
            chunk.truncate(size);
            body.append(&mut chunk);
        }
    }
    match reply.header("content-length") {
        Some(length) => {
            body.resize(length.parse().expect("a length in decimal"), 0);
            reader.read_exact(&mut body).expect("a whole body");
        }
        None => {
            reader
                .read_to_end(&mut body)
                .expect("a body until the end of the connection");
        }
    }
    body
}
