//! The part of the report that is whole servers: requests on loopback, by wrk.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    contender::Contender,
    figure::{Figure, Times},
    recording::Recording,
    scenario::Scenario,
    scratch::Scratch,
    server,
    size::Size,
    tool::Tool,
};

/// What it is recorded as.
pub(crate) const PART: &str = "load";

/// What a server with one worker does under full load.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) requests: Times,
    /// Microseconds of a processor that the server takes for a request.
    pub(crate) processor: Times,
    /// Milliseconds that half of the requests waited at most.
    pub(crate) half: Times,
    /// Milliseconds that 99 of 100 requests waited at most.
    pub(crate) most: Times,
}

/// Puts every server under load by turns, and records what they do.
///
/// # Errors
///
/// When a server or wrk fails.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    if !Tool::WRK.install()? {
        return Ok(());
    }
    // It goes after the servers, which leave files in it.
    let scratch = Scratch::new()?;
    let mut servers = Vec::new();
    for contender in CONTENDERS {
        servers.push(Server::start(contender, &scratch)?);
    }
    let mut runs: BTreeMap<(usize, usize), Vec<Run>> = BTreeMap::new();
    for _ in 0..PASSES {
        for (case, what) in CASES.iter().enumerate() {
            for (place, server) in servers.iter().enumerate() {
                let run = server.load(*what, &scratch)?;
                runs.entry((case, place)).or_default().push(run);
            }
        }
    }
    let mut figures = Vec::new();
    for (case, what) in CASES.iter().enumerate() {
        for (place, server) in servers.iter().enumerate() {
            let runs = runs
                .get(&(case, place))
                .map(Vec::as_slice)
                .unwrap_or_default();
            let of = |value: fn(&Run) -> f64| Times::of(runs.iter().map(value).collect());
            let load = Load {
                requests: of(|run| run.requests),
                processor: of(|run| run.processor),
                half: of(|run| run.half),
                most: of(|run| run.most),
            };
            figures.push(Figure::new(
                &Scenario::new(server.contender, *what, Size::Usual),
                load,
            ));
        }
    }
    Recording::new(figures).save(PART)
}

/// What one run of wrk says.
struct Run {
    requests: f64,
    processor: f64,
    half: f64,
    most: f64,
}

/// A server in a process of its own, and the visitors it knows.
struct Server {
    contender: Contender,
    /// It ends when its input does.
    process: Child,
    port: u16,
    cookies: Vec<String>,
}

impl Server {
    fn start(contender: Contender, scratch: &Scratch) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(env::current_exe()?)
            .args([server::SERVE, &contender.to_string()])
            .env("TMPDIR", scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = process.stdout.take().ok_or("a server without a voice")?;
        let mut port = String::new();
        BufReader::new(said).read_line(&mut port)?;
        let mut server = Self {
            contender,
            process,
            port: port.trim().parse()?,
            cookies: Vec::new(),
        };
        for _ in 0..VISITORS {
            let cookie = server.begin()?;
            server.cookies.push(cookie);
        }
        Ok(server)
    }

    /// Begins a session, and returns what its visitor will send.
    fn begin(&self) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let request = "GET /begin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("{}: {answer}", self.contender).into());
        }
        let pairs = answer.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim().split(';').next()?;
            name.eq_ignore_ascii_case("set-cookie")
                .then(|| format!("{value}; "))
        });
        let session: String = pairs.collect();
        Ok(format!(
            "_ga=GA1.2.1234567890.1700000000; theme=dark; {session}consent=yes; lang=en-GB; utm=spring-campaign-2026"
        ))
    }

    fn load(&self, case: Case, scratch: &Scratch) -> Result<Run, Box<dyn Error>> {
        let script = scratch.path().join("visitors.lua");
        fs::write(&script, self.script(case))?;
        let before = self.processor_time()?;
        let output = Tool::WRK
            .command()
            .args(["--threads", "1", "--connections", CONNECTIONS])
            .args(["--duration", DURATION, "--latency", "--script"])
            .arg(&script)
            .arg(format!("http://127.0.0.1:{}/", self.port))
            .stdin(Stdio::null())
            .output()?;
        let taken = self.processor_time()? - before;
        let told = String::from_utf8_lossy(&output.stdout);
        let found = |label: &str| {
            let line = told
                .lines()
                .find_map(|line| line.trim().strip_prefix(label));
            let value = line.and_then(|line| line.split_whitespace().next());
            value.ok_or_else(|| format!("{}, {case}: wrk said {told}", self.contender))
        };
        if told.contains("Non-2xx") || told.contains("Socket errors") {
            return Err(format!("{}, {case}: wrk said {told}", self.contender).into());
        }
        let all = told
            .lines()
            .find_map(|line| line.trim().split_once(" requests in "))
            .ok_or("wrk counted no requests")?;
        let all: f64 = all.0.parse()?;
        Ok(Run {
            requests: found("Requests/sec:")?.parse()?,
            processor: taken / all * 1e6,
            half: milliseconds(found("50%")?)?,
            most: milliseconds(found("99%")?)?,
        })
    }

    /// Each visitor in turn, so that no two requests of one session meet.
    fn script(&self, case: Case) -> String {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|cookie| format!("[==[{cookie}]==]"))
            .collect();
        format!(
            "local cookies = {{ {} }}\nlocal requests = {{}}\nlocal turn = 0\n\
             function init(args)\n  for place, cookie in ipairs(cookies) do\n    \
             requests[place] = wrk.format('GET', '/{case}', {{ ['Host'] = 'localhost', ['Cookie'] = cookie }})\n  end\nend\n\
             function request()\n  turn = turn % #requests + 1\n  return requests[turn]\nend\n",
            cookies.join(", ")
        )
    }

    /// Seconds for which its threads have been on a processor.
    fn processor_time(&self) -> Result<f64, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name may hold anything, also spaces and brackets.
        let (_, fields) = stat.rsplit_once(") ").ok_or("no name in /proc")?;
        let mut ticks = 0;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u32>()?;
        }
        #[expect(clippy::cast_precision_loss, reason = "it is a hundred")]
        let second = rustix::param::clock_ticks_per_second() as f64;
        Ok(f64::from(ticks) / second)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a time as wrk writes it.
fn milliseconds(text: &str) -> Result<f64, Box<dyn Error>> {
    for (unit, factor) in [("us", 1e-3), ("ms", 1.0), ("s", 1e3)] {
        if let Some(number) = text.strip_suffix(unit) {
            let microseconds = number.parse::<f64>()? * factor * 1e3;
            return Ok(microseconds.round() / 1e3);
        }
    }
    Err(format!("no time: {text}").into())
}

/// All that answer requests in a server.
const CONTENDERS: [Contender; 11] = [
    Contender::Bare,
    Contender::Sealed,
    Contender::Signed,
    Contender::Memory,
    Contender::Filesystem,
    Contender::PeerPrivate,
    Contender::PeerSigned,
    Contender::JarPrivate,
    Contender::JarSigned,
    Contender::Axum,
    Contender::TowerMemory,
];

/// Those in which a visitor may send the same cookie again.
pub(crate) const CASES: [Case; 3] = [Case::Untouched, Case::Read, Case::Modify];

const PASSES: usize = 3;
const VISITORS: usize = 256;
const CONNECTIONS: &str = "32";
const DURATION: &str = "2s";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_wrk_writes_them() {
        assert_eq!(milliseconds("250.00us").unwrap(), 0.25);
        assert_eq!(milliseconds("1.50ms").unwrap(), 1.5);
        assert_eq!(milliseconds("2.00s").unwrap(), 2000.0);
        assert!(milliseconds("soon").is_err());
    }
}
