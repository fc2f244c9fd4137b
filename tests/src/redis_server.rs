use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::daemon::{Daemon, START_LIMIT};

/// A server of one test: on a port and in a folder of its own, killed and forgotten when it is dropped.
///
/// It takes `redis-server` or `valkey-server`, whichever is found first.
#[derive(Debug)]
pub struct RedisServer {
    daemon: Daemon,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    configuration: Option<PathBuf>,
}

impl RedisServer {
    /// Starts one that keeps everything in memory.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments, `--requirepass secret` for instance.
    ///
    /// # Panics
    ///
    /// When there is no such server on this machine, or it does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        // Between finding a free port and starting there, somebody else may take it.
        for _ in 0..5 {
            let mut server = Self {
                daemon: Daemon::default(),
                port: free_port(),
                folder: new_folder(),
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
                configuration: None,
            };
            if server.try_to_start() {
                return server;
            }
        }
        panic!("redis-server or valkey-server starts with {arguments:?}");
    }

    /// Starts one that is a sentinel, by a file of its own.
    pub(crate) fn start_sentinel(configuration: &str) -> Self {
        for _ in 0..5 {
            let folder = new_folder();
            // It writes down there what it learns.
            let file = folder.join("sentinel.conf");
            fs::write(&file, configuration).expect("a folder for temporary files");
            let mut server = Self {
                daemon: Daemon::default(),
                port: free_port(),
                folder,
                arguments: vec!["--sentinel".to_owned()],
                configuration: Some(file),
            };
            if server.try_to_start() {
                return server;
            }
        }
        panic!("a sentinel starts");
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its URL, without a password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it keeps what it keeps.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it as SIGKILL does: what is not on the disk is lost, and nobody is told.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it on the same port again, with what it kept on the disk.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.kill();
        assert!(self.try_to_start(), "the server starts again");
    }

    /// Stops it in the middle of whatever it does: it holds its connections and answers nothing.
    pub fn pause(&self) {
        self.daemon.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.daemon.resume();
    }

    /// What it answers to a command: its parts, one by one.
    ///
    /// # Errors
    ///
    /// If it does not answer, or answers with an error.
    pub fn command(&self, words: &[&str]) -> io::Result<Vec<String>> {
        command(self.address(), words)
    }

    fn try_to_start(&mut self) -> bool {
        let keeps_nothing = ["--save", "", "--appendonly", "no"];
        let mut command = Command::new(program());
        command
            .args(&self.configuration)
            .args(["--port", &self.port.to_string()])
            .args(["--bind", "127.0.0.1"])
            .args(["--dir", &self.folder.to_string_lossy()])
            .args(
                self.configuration
                    .is_none()
                    .then_some(keeps_nothing)
                    .into_iter()
                    .flatten(),
            )
            .args(["--logfile", "log"])
            .args(&self.arguments);
        let address = self.address();
        self.daemon
            .start(&mut command, || match self::command(address, &["PING"]) {
                Ok(_) => true,
                // One that wants a password answers, too.
                Err(error) => {
                    error.kind() == io::ErrorKind::Other
                        && !error.to_string().starts_with("LOADING")
                }
            })
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        // What is left lies in the folder for temporary files.
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a server answers to a command: its parts, one by one.
///
/// # Errors
///
/// If it does not answer, or answers with an error.
pub(crate) fn command(address: SocketAddr, words: &[&str]) -> io::Result<Vec<String>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(START_LIMIT))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(request.as_bytes())?;
    let mut parts = Vec::new();
    read_reply(&mut BufReader::new(stream), &mut parts)?;
    Ok(parts)
}

fn read_reply(reader: &mut BufReader<TcpStream>, parts: &mut Vec<String>) -> io::Result<()> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
    match kind {
        "-" => return Err(io::Error::other(rest.to_owned())),
        "$" => {
            let Ok(length) = rest.parse::<usize>() else {
                return Ok(());
            };
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes)?;
            bytes.truncate(length);
            parts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        "*" => {
            for _ in 0..rest.parse().unwrap_or(0) {
                read_reply(reader, parts)?;
            }
        }
        _ => parts.push(rest.to_owned()),
    }
    Ok(())
}

/// The server's program, or the one beside it that talks to it.
pub(crate) fn program() -> PathBuf {
    let found = ["redis-server", "valkey-server"].into_iter().find_map(find);
    found.expect("redis-server or valkey-server is installed")
}

pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A port that is free, and whose cluster port is, too, which a node listens on besides.
pub(crate) fn free_port() -> u16 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    // Below the ports that connections are given, and spread so that test programs that run at once seldom meet.
    let begin = std::process::id().wrapping_mul(37);
    loop {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let offset = begin.wrapping_add(turn) % 11_000;
        let port = 11_000 + u16::try_from(offset).unwrap_or_default();
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "sessions-redis-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let folder = env::temp_dir().join(name);
    // The remains of a process that had the same number.
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    folder
}
