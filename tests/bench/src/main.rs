//! What a session costs, beside its peers and beside what it cannot do without.
//!
//! ```console
//! cargo run --release -p sessions-bench -- check     fails when a hot path costs more than was recorded
//! cargo run --release -p sessions-bench -- record    writes down what the hot paths cost now
//! cargo run --release -p sessions-bench -- sweep 1000000    what a sweep of so many sessions in memory costs their neighbors
//! cargo run --release -p sessions-bench -- rounds sealed modify 300    what is run under valgrind, to look closer at one path
//! ```

mod allocations;
mod baseline;
mod case;
mod chart;
mod contender;
mod contenders;
mod counts;
mod data;
mod fields;
mod figure;
mod instructions;
mod machine;
mod meter;
mod page;
mod recording;
mod scenario;
mod scratch;
mod size;
mod sweep;
mod table;
mod time;
mod tool;
mod visitor;

use std::{env, error::Error, io, process::ExitCode};

use crate::scenario::Scenario;

#[actix_web::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use io::Write as _;
            // Whom could one tell that nobody can be told.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let out = &mut io::stdout();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => baseline::check(out).await,
        ["record"] => baseline::record(out).await,
        ["counts"] => counts::measure().await,
        ["time"] => time::measure().await,
        ["render"] => page::render(),
        ["sweep", sessions] => sweep::run(sessions.parse()?, out),
        [instructions::ROUNDS, ..] => {
            let scenario = Scenario::parse(arguments.get(1..).unwrap_or_default())?;
            instructions::rounds(&scenario).await
        }
        _ => Err("check, record, sweep SESSIONS, or rounds CONTENDER CASE SIZE".into()),
    }
}
