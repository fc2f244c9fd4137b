use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, cookies::Cookie, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use sessions_tests::Engine;

use crate::{certificate::Certificate, shop::Shop};

/// A browser with a profile: closed when it is dropped, whatever became of the test.
pub(crate) struct Chromium {
    client: Client,
    /// `127.0.0.1:1234`.
    driver: String,
    session: String,
    /// Of the process, to end it if the driver does not.
    process: u64,
}

/// Of everybody who signs up.
pub(crate) const PASSWORD: &str = "correct horse";

impl Chromium {
    /// Opens one; `None` where there is none to be had.
    pub(crate) async fn open(profile: &Path, certificate: &Certificate) -> Option<Self> {
        Self::open_with(profile, certificate, &[], &json!({})).await
    }

    /// With arguments and preferences of the test's own.
    pub(crate) async fn open_with(
        profile: &Path,
        certificate: &Certificate,
        arguments: &[&str],
        preferences: &Value,
    ) -> Option<Self> {
        let url = Engine::Browser.url()?;
        let mut all = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-background-networking".to_owned(),
            "--no-first-run".to_owned(),
            "--window-size=1040,900".to_owned(),
            // Nothing is asked of the network: every name is this machine's.
            "--host-resolver-rules=MAP * 127.0.0.1".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!(
                "--ignore-certificate-errors-spki-list={}",
                certificate.fingerprint()
            ),
        ];
        if is_root() {
            // Chromium's sandbox refuses to be root's.
            all.push("--no-sandbox".to_owned());
        }
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let capabilities = json!({
            "goog:chromeOptions": { "args": all, "prefs": preferences },
            "timeouts": { "pageLoad": 20_000, "script": 10_000 },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("it was written as an object");
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Capabilities::from_iter(capabilities))
            .connect(&url)
            .await
            .expect("the driver opens a browser");
        let session = client.session_id().await.unwrap().unwrap();
        let process = client.capabilities().unwrap()["goog:processID"].as_u64();
        Some(Self {
            client,
            driver: url.trim_start_matches("http://").to_owned(),
            session,
            process: process.expect("the driver says which process it is"),
        })
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// The path that is shown.
    pub(crate) async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// What is to be read on the page, or in the frame.
    pub(crate) async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
    }

    /// The page's notice.
    pub(crate) async fn notice(&self) -> String {
        let notice = self.client.find(Locator::Css(".notice")).await.unwrap();
        notice.text().await.unwrap()
    }

    /// Puts a text into a field at once: to type it takes the browser ten times as long.
    pub(crate) async fn fill_in(&self, id: &str, text: &str) {
        let script = "document.getElementById(arguments[0]).value = arguments[1]";
        let arguments = vec![json!(id), json!(text)];
        self.client.execute(script, arguments).await.unwrap();
    }

    /// What is in a field.
    pub(crate) async fn value(&self, id: &str) -> String {
        self.run(&format!("return document.getElementById('{id}').value"))
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Clicks, and waits for the page it leads to.
    pub(crate) async fn click(&self, css: &str) {
        let element = self.client.find(Locator::Css(css)).await.unwrap();
        // A mark that the next page has not.
        self.run("window.clicked = true").await;
        element.click().await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            let script = "return document.readyState == 'complete' && !window.clicked";
            // Between two pages there is none to ask.
            if let Ok(Value::Bool(true)) = self.client.execute(script, Vec::new()).await {
                return;
            }
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{css} leads nowhere");
    }

    /// Runs a script as the driver, which the page's policy does not bind.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Reads from here on what is in the frame of this number; [`leave_frame`](Self::leave_frame) goes back.
    pub(crate) async fn enter_frame(&self, number: u16) {
        self.client.enter_frame(number).await.unwrap();
    }

    pub(crate) async fn leave_frame(&self) {
        self.client.enter_parent_frame().await.unwrap();
    }

    /// The cookies for the page that is shown, those too that its scripts do not see.
    pub(crate) async fn cookies(&self) -> Vec<Cookie<'static>> {
        self.client.get_all_cookies().await.unwrap()
    }

    pub(crate) async fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        let mut cookies = self.cookies().await.into_iter();
        cookies.find(|cookie| cookie.name() == name)
    }

    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// Makes an account in the shop, and is logged in.
    pub(crate) async fn sign_up(&self, shop: &Shop, name: &str) {
        self.go(&shop.url("/signup")).await;
        self.fill_in("name", name).await;
        let email = format!("{name}@seeds.example");
        self.fill_in("email", &email).await;
        self.fill_in("password", PASSWORD).await;
        self.click("form.card button").await;
        assert_eq!(self.notice().await, format!("Welcome, {name}."));
    }

    /// Fills in the form that is shown, and sends it.
    pub(crate) async fn log_in(&self, name: &str, password: &str) {
        self.fill_in("name", name).await;
        self.fill_in("password", password).await;
        self.click("form.card button").await;
    }

    /// Closes it as somebody does who closes the window, and waits until it is gone: what it is to remember is written then.
    pub(crate) async fn close(self) {
        self.client.clone().close().await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.is_running() {
            assert!(Instant::now() < deadline, "the browser does not close");
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn is_running(&self) -> bool {
        // One that has ended and that nobody has asked for yet is a zombie.
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.process));
        let state = status.unwrap_or_default();
        let state = state.rsplit(") ").next().unwrap_or_default();
        !state.is_empty() && !state.starts_with('Z')
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if !self.is_running() {
            return;
        }
        // Without the client, whose runtime may have ended with the test.
        if let Ok(mut driver) = TcpStream::connect(&self.driver) {
            let (session, host) = (&self.session, &self.driver);
            let request = format!(
                "DELETE /session/{session} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            );
            _ = driver.set_read_timeout(Some(Duration::from_secs(5)));
            _ = driver.write_all(request.as_bytes());
            _ = driver.read(&mut [0; 64]);
        }
        for _ in 0..100 {
            if !self.is_running() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let process = self.process.to_string();
        _ = Command::new("kill").args(["-KILL", &process]).status();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout == b"0\n")
}
