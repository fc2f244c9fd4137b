use std::{fs, process::Command, thread};

use serde::{Deserialize, Serialize};

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
        }
    }
}

/// What AES-GCM, SHA-256, base64 and the search for bytes choose their instructions by.
const FEATURES: [&str; 5] = ["aes", "pclmulqdq", "avx2", "vaes", "sha_ni"];

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
