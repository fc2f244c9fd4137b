//! The part of the report that is paid once: what building the library costs, and for which crates.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fs::{self, OpenOptions},
    io::Write as _,
    process::{Command, ExitCode, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::{recording::Recording, scratch::Scratch};

/// What it is recorded as.
pub(crate) const PART: &str = "compile";

/// What one crate takes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    /// Seconds of a processor, for all of its pieces.
    pub(crate) seconds: f64,
    /// Those of our dependencies that bring it.
    pub(crate) brought_by: Vec<String>,
}

/// Builds the library in an empty folder, and records what each crate takes.
///
/// # Errors
///
/// When it does not build.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let journal = scratch.path().join("journal");
    let built = cargo()
        .args(["build", "--quiet", "--package", "sessions"])
        .env("CARGO_TARGET_DIR", scratch.path().join("target"))
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(JOURNAL, &journal)
        .status()?;
    if !built.success() {
        return Err("the library does not build".into());
    }
    let mut seconds: BTreeMap<String, f64> = BTreeMap::new();
    for line in fs::read_to_string(&journal)?.lines() {
        let (name, taken) = line.split_once(' ').ok_or("a line without a time")?;
        *seconds.entry(name.to_owned()).or_default() += taken.parse::<f64>()?;
    }
    let tree = tree()?;
    let compiled = seconds.into_iter().map(|(name, seconds)| Compiled {
        brought_by: tree
            .get(&name)
            .map(|by| by.iter().cloned().collect())
            .unwrap_or_default(),
        name,
        seconds,
    });
    Recording::new(compiled.collect()).save(PART)
}

/// Does what the compiler does, and writes down what that took, if this is called in its place.
pub(crate) fn as_compiler() -> Option<ExitCode> {
    let journal = env::var_os(JOURNAL)?;
    let mut arguments = env::args_os().skip(1);
    let status = Command::new(arguments.next()?).args(arguments).status();
    // Cargo also asks the compiler who it is, for no package.
    if let Ok(name) = env::var("CARGO_PKG_NAME")
        && let Some(seconds) = children()
        && let Ok(mut journal) = OpenOptions::new().append(true).create(true).open(journal)
    {
        // What is missing in the journal is missing in the table, and the build goes on.
        let _ = writeln!(journal, "{name} {seconds}");
    }
    match status {
        Ok(status) if status.success() => Some(ExitCode::SUCCESS),
        _ => Some(ExitCode::FAILURE),
    }
}

/// Seconds of a processor that this process's children have taken.
fn children() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(13).take(2) {
        ticks += field.parse::<u32>().ok()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "it is a hundred")]
    let second = rustix::param::clock_ticks_per_second() as f64;
    Some(f64::from(ticks) / second)
}

/// For each crate, the dependencies of ours it comes with.
fn tree() -> Result<BTreeMap<String, BTreeSet<String>>, Box<dyn Error>> {
    let output = cargo()
        .args(["tree", "--package", "sessions", "--edges", "normal,build"])
        .args(["--prefix", "depth", "--no-dedupe", "--format", " {p}"])
        .stdin(Stdio::null())
        .output()?;
    let mut tree: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut ours = String::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        if depth == "1" {
            name.clone_into(&mut ours);
        }
        if depth != "0" {
            tree.entry(name.to_owned())
                .or_default()
                .insert(ours.clone());
        }
    }
    Ok(tree)
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    // Of a build within a build, the outer one's variables are none of the inner one's business.
    cargo.env_remove("CARGO_PKG_NAME");
    cargo
}

/// Names the file to which compilers write what they took.
const JOURNAL: &str = "SESSIONS_BENCH_JOURNAL";
