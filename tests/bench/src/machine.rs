use std::{fs, process::Command, thread};

use serde::{Deserialize, Serialize};

use crate::tool::Tool;

/// What the figures were taken on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// The abilities of the processor that the programs measured make use of.
    pub(crate) features: Vec<String>,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    pub(crate) date: String,
    /// Which state of this project was measured.
    #[serde(default)]
    pub(crate) commit: String,
    /// The versions of all that is measured beside it.
    #[serde(default)]
    pub(crate) versions: Vec<String>,
}

impl Machine {
    /// Looks around; what cannot be seen is empty.
    pub(crate) fn here() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let flags = line(&processor, "flags");
        let features = FEATURES
            .into_iter()
            .filter(|feature| flags.split_whitespace().any(|flag| flag == *feature));
        let kibibytes: u64 = line(&memory, "MemTotal")
            .trim_end_matches(" kB")
            .parse()
            .unwrap_or_default();
        Self {
            processor: line(&processor, "model name"),
            cores: thread::available_parallelism().map_or(1, usize::from),
            features: features.map(str::to_owned).collect(),
            memory: format!("{} GiB", kibibytes.div_ceil(1024 * 1024)),
            kernel: said("uname", &["-sr"]),
            rustc: said("rustc", &["--version"]),
            date: said("date", &["-u", "+%Y-%m-%d"]),
            commit: commit(),
            versions: versions(),
        }
    }
}

/// What AES-GCM, SHA-256, base64 and the search for bytes choose their instructions by.
const FEATURES: [&str; 5] = ["aes", "pclmulqdq", "avx2", "vaes", "sha_ni"];

/// Others who are measured, and what they and we stand on.
const MEASURED: [&str; 12] = [
    "actix-web",
    "actix-http",
    "actix-session",
    "axum",
    "hyper",
    "tower-sessions",
    "cookie",
    "serde_json",
    "serde_cbor_2",
    "base64",
    "xaes-256-gcm",
    "sha2",
];

/// Reads versions where this was built from.
fn versions() -> Vec<String> {
    let lock = include_str!("../../../Cargo.lock");
    let mut lines = lock.lines().peekable();
    let mut versions = Vec::new();
    while let Some(line) = lines.next() {
        let name = line
            .strip_prefix("name = ")
            .map(|name| name.trim_matches('"'));
        let version = lines
            .peek()
            .and_then(|line| line.strip_prefix("version = "));
        if let (Some(name), Some(version)) = (name, version)
            && MEASURED.contains(&name)
        {
            versions.push(format!("{name} {}", version.trim_matches('"')));
        }
    }
    let tools = [Tool::VALGRIND, Tool::WRK]
        .into_iter()
        .filter_map(Tool::version);
    versions.extend(tools.map(|version| {
        let version = version.split(" Copyright").next().unwrap_or_default();
        version.replace(" [epoll]", "")
    }));
    let package = "golang-github-gorilla-sessions-dev";
    let foreign = [
        said("go", &["version"]),
        said(
            "dpkg-query",
            &["-W", "-f", "${Package} ${Version}", package],
        ),
    ];
    versions.extend(foreign.into_iter().filter(|version| !version.is_empty()));
    versions
}

/// Names the commit that is checked out, and says if the sources are not as it has them.
fn commit() -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut commit = said("git", &["-C", root, "rev-parse", "--short", "HEAD"]);
    // The report itself changes while it is being written.
    let sources = ["sessions", "sessions-derive", "tests", "Cargo.lock"];
    let status = [
        ["-C", root, "status", "--porcelain", "--"].as_slice(),
        &sources,
    ]
    .concat();
    if !said("git", &status).is_empty() {
        commit.push_str(" (changed)");
    }
    commit
}

fn line(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_once(':'));
    value
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
