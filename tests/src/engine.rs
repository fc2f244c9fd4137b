use std::{
    env, fmt,
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
    process,
    sync::Mutex,
    thread,
};

/// A server that tests run against, if somebody has started it: `tests/run` does.
///
/// Where it is stands in the environment. Without it, tests that ask for it pass without doing anything, and the process says so once; with
/// `CI=true` that is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// `SESSIONS_TEST_REDIS`: the URL of a server.
    Redis,
    /// `SESSIONS_TEST_REDIS_SENTINEL`: the URLs of sentinels, separated by commas, which watch a primary as `sessions`.
    RedisSentinel,
    /// `SESSIONS_TEST_REDIS_CLUSTER`: the URLs of nodes, separated by commas.
    RedisCluster,
    /// `SESSIONS_TEST_MEMCACHED`: the addresses of servers, `host:port`, separated by commas.
    Memcached,
    /// `SESSIONS_TEST_POSTGRES`: the URL of an empty database.
    Postgres,
    /// `SESSIONS_TEST_MYSQL`: the URL of an empty database.
    Mysql,
    /// `SESSIONS_TEST_BROWSER`: the URL of a WebDriver that opens Chromium.
    Browser,
}

impl Engine {
    /// Where it is; `None` if it is not to be had, and then the test has nothing to do.
    ///
    /// # Panics
    ///
    /// If it is not to be had and `CI` is `true`.
    #[must_use]
    pub fn url(self) -> Option<String> {
        let Ok(url) = env::var(self.variable()) else {
            assert!(
                env::var("CI").as_deref() != Ok("true"),
                "{} is not set; tests/run starts {self} and sets it",
                self.variable()
            );
            self.say_once(&format!(
                "{self}: NOT RUN, as {} is not set; tests/run starts it",
                self.variable()
            ));
            return None;
        };
        self.note();
        Some(url)
    }

    /// Whether it is to be had.
    ///
    /// # Panics
    ///
    /// As [`url`](Self::url) does.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.url().is_some()
    }

    /// The environment's variable that says where it is.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Redis => "SESSIONS_TEST_REDIS",
            Self::RedisSentinel => "SESSIONS_TEST_REDIS_SENTINEL",
            Self::RedisCluster => "SESSIONS_TEST_REDIS_CLUSTER",
            Self::Memcached => "SESSIONS_TEST_MEMCACHED",
            Self::Postgres => "SESSIONS_TEST_POSTGRES",
            Self::Mysql => "SESSIONS_TEST_MYSQL",
            Self::Browser => "SESSIONS_TEST_BROWSER",
        }
    }

    /// Past the capture of what tests print: those that pass would say nothing.
    fn say_once(self, line: &str) {
        static SAID: Mutex<Vec<Engine>> = Mutex::new(Vec::new());
        let mut said = SAID
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !said.contains(&self) {
            said.push(self);
            // Nobody to tell it to is no failure of a test.
            _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Writes down that a test ran on it, for the table that `tests/run` prints.
    fn note(self) {
        let Some(folder) = env::var_os("SESSIONS_TEST_JOURNAL") else {
            return;
        };
        let program = env::args().next().unwrap_or_default();
        let program = Path::new(&program).file_stem().unwrap_or_default();
        // A test runner that gives each test a process of its own runs it on the main thread.
        let test = env::var("NEXTEST_TEST_NAME")
            .ok()
            .or_else(|| thread::current().name().map(str::to_owned))
            .unwrap_or_else(|| process::id().to_string());
        let journal = Path::new(&folder).join(self.variable());
        if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(journal) {
            _ = writeln!(file, "{} {test}", program.to_string_lossy());
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis => "Redis",
            Self::RedisSentinel => "Redis with sentinels",
            Self::RedisCluster => "Redis Cluster",
            Self::Memcached => "memcached",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MariaDB or MySQL",
            Self::Browser => "a browser",
        })
    }
}
