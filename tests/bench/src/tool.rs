use std::{
    env,
    error::Error,
    io::{self, Write as _},
    process::{Command, Stdio},
};

/// A program that measuring needs and Rust does not bring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    name: &'static str,
    /// What Debian calls its package, and what it needs besides.
    packages: &'static [&'static str],
}

impl Tool {
    pub(crate) const VALGRIND: Self = Self {
        name: "valgrind",
        packages: &["valgrind"],
    };
    pub(crate) const WRK: Self = Self {
        name: "wrk",
        packages: &["wrk"],
    };
    pub(crate) const GO: Self = Self {
        name: "go",
        packages: &["golang-go", "golang-github-gorilla-sessions-dev"],
    };

    /// Installs what is missing, on Debian and Ubuntu, as root or where `sudo` asks for no password; tells whether it is there now.
    ///
    /// # Errors
    ///
    /// With `CI=true`, when it is not.
    pub(crate) fn install(self) -> Result<bool, Box<dyn Error>> {
        if self.is_there() {
            return Ok(true);
        }
        let mut told = io::stderr();
        writeln!(told, "installing {}", self.name)?;
        let install = ["install", "-y", "--no-install-recommends"];
        let install = [&install, self.packages].concat();
        let is_done = runs("apt-get", &["update"]) && runs("apt-get", &install)
            || runs("sudo", &["-n", "apt-get", "update"])
                && runs("sudo", &[&["-n", "apt-get"], install.as_slice()].concat());
        if is_done && self.is_there() {
            return Ok(true);
        }
        let missing = format!(
            "missing: {} (apt-get install {})",
            self.name,
            self.packages.join(" ")
        );
        if env::var_os("CI").is_some_and(|ci| ci == "true") {
            return Err(missing.into());
        }
        writeln!(told, "{missing}")?;
        Ok(false)
    }

    /// Returns what it says of its version.
    pub(crate) fn version(self) -> Option<String> {
        let output = Command::new(self.name).arg("--version").output().ok()?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        text.lines().next().map(str::to_owned)
    }

    /// Begins a command with it.
    pub(crate) fn command(self) -> Command {
        Command::new(self.name)
    }

    fn is_there(self) -> bool {
        // Whatever it says to this: it answers.
        Command::new(self.name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    }
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
