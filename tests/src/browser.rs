use std::{
    io::BufReader,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{Jar, Reply, Server, wire};

/// A browser at `https://shop.example`, behind a proxy that ends TLS: it keeps cookies and sends them back.
#[derive(Clone, Debug)]
pub struct Browser {
    address: SocketAddr,
    /// The cookies it keeps.
    pub jar: Jar,
}

/// What the browser calls the server.
const HOST: &str = "shop.example";

impl Browser {
    /// Opens a browser without cookies.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        Self {
            address: server.address(),
            jar: Jar::default(),
        }
    }

    /// Gets a page.
    ///
    /// # Panics
    ///
    /// When the server sends a cookie that a browser refuses.
    pub fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    /// Posts a form's body.
    ///
    /// # Panics
    ///
    /// When the server sends a cookie that a browser refuses.
    pub fn post(&mut self, path: &str, body: &str) -> Reply {
        self.send(
            "POST",
            path,
            &["Content-Type: application/x-www-form-urlencoded"],
            body,
        )
    }

    /// Posts, and gets the page that the response redirects to.
    ///
    /// # Panics
    ///
    /// When it does not redirect with 303.
    pub fn post_and_follow(&mut self, path: &str, body: &str) -> Reply {
        let reply = self.post(path, body);
        assert_eq!(reply.status, 303, "{reply:?}");
        let location = reply
            .header("location")
            .expect("a location to go to")
            .to_owned();
        self.get(&location)
    }

    /// Sends any request, with header lines of the test's own.
    ///
    /// # Panics
    ///
    /// When the server sends a cookie that a browser refuses.
    pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        self.begin(method, path, headers, body).0
    }

    /// Does what [`send`](Self::send) does, and gives the connection back.
    pub(crate) fn begin(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> (Reply, BufReader<TcpStream>) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n");
        if let Some(cookies) = self
            .jar
            .header(HOST, path.split('?').next().unwrap_or(path))
        {
            request.push_str(&format!("Cookie: {cookies}\r\n"));
        }
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        // A request to switch protocols has no length, and others of these methods need none.
        if !(body.is_empty() && matches!(method, "GET" | "HEAD")) {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str(&format!("\r\n{body}"));
        let (reply, connection) = wire::begin(self.address, request.as_bytes());
        for line in reply.set_cookies() {
            assert!(self.jar.store(line, HOST), "a browser refuses {line}");
        }
        (reply, connection)
    }

    /// Lets time pass for the browser.
    pub fn advance(&mut self, duration: Duration) {
        self.jar.advance(duration);
    }
}
