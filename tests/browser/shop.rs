use std::{
    env,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::certificate::Certificate;

/// The showcase, as its own process: `https://shop.test`, on a port of its own. Dropped, it is ended.
pub(crate) struct Shop {
    process: Child,
    port: u16,
    /// The administrator's.
    pub(crate) password: String,
}

impl Shop {
    pub(crate) fn open(certificate: &Certificate) -> Self {
        let mut process = Command::new(program())
            .args(["--listen", "127.0.0.1:0", "--tls"])
            .args([certificate.chain_file(), certificate.key_file()])
            .env_remove("SESSION_KEYS")
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the showcase starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut last_word = |of: &str| {
            let line = lines.next().expect("it says where it is").unwrap();
            let (_, word) = line.rsplit_once(of).expect(&line);
            word.to_owned()
        };
        let port = last_word("https://127.0.0.1:").parse().unwrap();
        let password = last_word(" ");
        Self {
            process,
            port,
            password,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.url_as("shop.test", path)
    }

    /// By another name, under which the browser keeps other cookies.
    pub(crate) fn url_as(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Where the example is, built as all of the repository is, so that there is nothing left to do after the build of all tests.
fn program() -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells a test about its package would look to it like another environment to build in.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let built = cargo
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--all-features",
            "--example",
            "showcase",
        ])
        .arg("--message-format=json")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "the showcase is built");
    let messages = String::from_utf8(built.stdout).unwrap();
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_meant = message["target"]["name"] == "showcase";
        let executable = message["executable"].as_str()?;
        is_meant.then(|| PathBuf::from(executable))
    });
    executable.expect("cargo says where it is")
}
