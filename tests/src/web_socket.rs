use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
};

use crate::Browser;

/// A WebSocket that a browser has opened (RFC 6455): short texts go out, and each gets a short answer.
#[derive(Debug)]
pub struct WebSocket {
    connection: BufReader<TcpStream>,
}

impl WebSocket {
    /// Opens one with the browser's cookies. The browser keeps those that come back.
    ///
    /// # Panics
    ///
    /// When the server does not switch protocols, or sends a cookie that a browser refuses.
    #[must_use]
    pub fn open(browser: &mut Browser, path: &str) -> Self {
        let headers = [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: c2Vzc2lvbnMgaW4gYWN0aQ==",
        ];
        let (reply, connection) = browser.begin("GET", path, &headers, "");
        assert_eq!(reply.status, 101, "{reply:?}");
        Self { connection }
    }

    /// Says a text and waits for the answer: a text, or `closed: ` and the code.
    ///
    /// # Panics
    ///
    /// When the text is longer than 125 bytes, or the server does not answer with one frame of such a length within ten seconds.
    #[must_use]
    pub fn say(&mut self, text: &str) -> String {
        // One final frame of text. A client masks what it sends; zeros leave it as it is.
        let length = u8::try_from(text.len()).expect("a short text");
        assert!(length < 126, "a short text");
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        let stream = self.connection.get_mut();
        stream.write_all(&frame).expect("the server reads");

        let [kind, length] = self.read();
        assert!(length < 126, "a longer answer");
        let mut answer = vec![0; length.into()];
        let whole = self.connection.read_exact(&mut answer);
        whole.expect("a whole frame");
        match (kind, &answer[..]) {
            (0x81, text) => String::from_utf8_lossy(text).into_owned(),
            (0x88, [high, low, ..]) => format!("closed: {}", u16::from_be_bytes([*high, *low])),
            _ => panic!("neither a text nor a close: {kind:#x} {answer:?}"),
        }
    }

    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let whole = self.connection.read_exact(&mut bytes);
        whole.expect("an answer within ten seconds");
        bytes
    }
}
