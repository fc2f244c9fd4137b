//! What a session costs, beside its peers and beside what it cannot do without.
//!
//! ```console
//! cargo run --release -p sessions-bench -- report    measures everything and writes docs/performance.md
//! cargo run --release -p sessions-bench -- check     fails when a hot path costs more than was recorded
//! cargo run --release -p sessions-bench -- record    writes down what the hot paths cost now
//! ```
//!
//! Parts of the report, to be measured alone: `counts`, `time`, `load`, `scale`, `engines`, `compile`; then `render` writes the page from what was
//! recorded. `tests/bench/with-servers` starts the servers that `engines` wants, and runs it; `engines 1000 20000` is the same with fewer sessions.
//!
//! To look closer: `rounds sealed modify 300` is what runs under valgrind, `serve sealed` is a server of its own, `sweep 1000000` sweeps so many
//! sessions in memory, `stored memory 1000000` asks a store that holds so many.

mod allocations;
mod baseline;
mod bulk;
mod case;
mod chart;
mod compile;
mod contender;
mod contenders;
mod counts;
mod data;
mod engines;
mod fields;
mod figure;
mod instructions;
mod load;
mod machine;
mod meter;
mod page;
mod recording;
mod report;
mod scale;
mod scenario;
mod scratch;
mod server;
mod size;
mod stored;
mod sweep;
mod table;
mod time;
mod tool;
mod visitor;

use std::{env, error::Error, io, process::ExitCode};

use crate::{engines::Sizes, scenario::Scenario};

fn main() -> ExitCode {
    if let Some(code) = compile::as_compiler() {
        return code;
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    match actix_web::rt::System::new().block_on(run(&arguments)) {
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
        ["scale"] => scale::measure(),
        ["load"] => load::measure(),
        ["engines"] => engines::measure(Sizes::default()).await,
        ["engines", few, many] => engines::measure(Sizes::parse(few, many)?).await,
        ["compile"] => compile::measure(),
        ["report"] => report::run().await,
        ["render"] => page::render(),
        ["sweep", sessions] => sweep::run(sessions.parse()?, out),
        [stored::STORED, store, sessions] => stored::run(store, sessions.parse()?, out).await,
        [server::SERVE, contender] => server::serve(contender.parse()?).await,
        [instructions::ROUNDS, ..] => {
            let scenario = Scenario::parse(arguments.get(1..).unwrap_or_default())?;
            instructions::rounds(&scenario).await
        }
        _ => Err("report, check, record, counts, time, load, scale, engines, compile, render, rounds CONTENDER CASE SIZE, serve CONTENDER, sweep SESSIONS, or stored STORE SESSIONS".into()),
    }
}
