//! gorilla/sessions: a program in Go, of the packages that Debian has, which times itself.

use std::{
    env,
    error::Error,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use futures_util::future::LocalBoxFuture;

use crate::{
    case::Case, contender::Contender, meter::Meter, scenario::Scenario, tool::Tool,
    visitor::Contestant,
};

/// Builds the program; tells whether there is one.
///
/// # Errors
///
/// When the compiler refuses it; with `CI=true` also when there is no compiler.
pub(crate) fn is_there() -> Result<bool, Box<dyn Error>> {
    let packages = Path::new("/usr/share/gocode");
    if !Tool::GO.install()? || !packages.join("src/github.com/gorilla/sessions").exists() {
        return Ok(false);
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("gorilla/main.go");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(program()?)
        .arg(source)
        .env("GO111MODULE", "off")
        .env("GOPATH", packages)
        .status()?;
    if !built.success() {
        return Err("the program in Go does not build".into());
    }
    Ok(true)
}

pub(super) fn contestant(scenario: &Scenario) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let case = match scenario.contender {
        // Whatever is asked for: there is no session.
        Contender::NetHttp => Case::Untouched,
        _ => scenario.case,
    };
    let mut child = Command::new(program()?)
        .args([format!("/{case}"), scenario.size.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let orders = child.stdin.take().ok_or("no way to ask it")?;
    let answers = child.stdout.take().ok_or("no way to hear it")?;
    Ok(Box::new(Gorilla {
        orders: Some(orders),
        answers: BufReader::new(answers),
        child,
    }))
}

/// Beside the program that runs it.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    Ok(env::current_exe()?.with_file_name("sessions-bench-gorilla"))
}

/// The running program: a line says how many rounds, and the line it answers how many nanoseconds.
struct Gorilla {
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    child: Child,
}

impl Gorilla {
    fn rounds(&mut self, rounds: usize) -> Result<Duration, Box<dyn Error>> {
        let orders = self.orders.as_mut().ok_or("it has ended")?;
        writeln!(orders, "{rounds}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(Duration::from_nanos(answer.trim().parse()?))
    }
}

impl Contestant for Gorilla {
    fn run<'a>(
        &'a mut self,
        rounds: usize,
        meter: &'a mut Meter,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            meter.time += self.rounds(rounds)?;
            Ok(())
        })
    }

    #[cfg(test)]
    fn ask_once<'a>(&'a mut self, _: &'a str) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async { Err("it has no such page".into()) })
    }

    fn longest_line(&self) -> usize {
        0
    }
}

impl Drop for Gorilla {
    fn drop(&mut self) {
        // It ends with its orders.
        self.orders = None;
        let _ = self.child.wait();
    }
}
