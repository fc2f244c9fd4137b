use std::{
    env,
    error::Error,
    io::{self, Write as _},
    process::{Command, Stdio},
};

/// A program that measuring needs and Rust does not bring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// What is run, and what Debian calls the package.
    name: &'static str,
}

impl Tool {
    pub(crate) const VALGRIND: Self = Self { name: "valgrind" };
    pub(crate) const WRK: Self = Self { name: "wrk" };

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
        let words = [
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
            self.name,
        ];
        let is_done = runs("apt-get", &["update"])
            && runs("apt-get", words.get(1..).unwrap_or_default())
            || runs("sudo", &["-n", "apt-get", "update"])
                && runs("sudo", &[&["-n"], words.as_slice()].concat());
        if is_done && self.is_there() {
            return Ok(true);
        }
        let missing = format!("missing: {0} (apt-get install {0})", self.name);
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
