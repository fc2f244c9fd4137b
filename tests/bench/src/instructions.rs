//! Instructions a round, as callgrind counts them: the same on every run, whatever else the machine does.

use std::{env, error::Error, num::NonZero, process::Stdio, sync::Mutex, thread};

use crate::{
    contenders::contestant,
    meter::{COUNTED, Meter},
    scenario::Scenario,
    tool::Tool,
};

/// The word by which this program calls itself under valgrind.
pub(crate) const ROUNDS: &str = "rounds";

/// Counts the instructions of a round of each scenario, several at once.
///
/// # Errors
///
/// When one of them cannot be run, with what it said.
pub(crate) fn count(scenarios: &[Scenario]) -> Result<Vec<u64>, Box<dyn Error>> {
    let next = Mutex::new(scenarios.iter().enumerate());
    let counts = Mutex::new(vec![Err(String::new()); scenarios.len()]);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads.min(scenarios.len()) {
            scope.spawn(|| {
                while let Some((place, scenario)) =
                    next.lock().ok().and_then(|mut next| next.next())
                {
                    let counted =
                        count_one(scenario).map_err(|error| format!("{scenario}: {error}"));
                    if let Ok(mut counts) = counts.lock()
                        && let Some(place) = counts.get_mut(place)
                    {
                        *place = counted;
                    }
                }
            });
        }
    });
    let counts = counts.into_inner()?;
    Ok(counts.into_iter().collect::<Result<_, String>>()?)
}

fn count_one(scenario: &Scenario) -> Result<u64, Box<dyn Error>> {
    let output = Tool::VALGRIND
        .command()
        .arg("--tool=callgrind")
        .arg("--callgrind-out-file=/dev/null")
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(env::current_exe()?)
        .arg(ROUNDS)
        .args(scenario.words())
        .stdin(Stdio::null())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .filter(|_| output.status.success())
        .ok_or_else(|| told.lines().last().unwrap_or("it said nothing").to_owned())?;
    let collected: u64 = collected.1.trim().parse()?;
    // A round of which something was inlined into what is not counted would be told as cheap.
    if collected == 0 {
        return Err("nothing was counted".into());
    }
    Ok((collected + MEASURED / 2) / MEASURED)
}

/// What runs under valgrind: some rounds that are not counted, and some that are.
///
/// # Errors
///
/// When a request fails, or was not answered by this thread alone.
pub(crate) async fn rounds(scenario: &Scenario) -> Result<(), Box<dyn Error>> {
    let mut contestant = contestant(scenario).await?;
    contestant.run(UNMEASURED, &mut Meter::stopped()).await?;
    let mut meter = Meter::running();
    contestant
        .run(usize::try_from(MEASURED)?, &mut meter)
        .await?;
    meter.check_all_was_seen()
}

/// After so many rounds tables have grown, and what is made once has been made.
const UNMEASURED: usize = 20;

/// Enough for what happens once in ten rounds, like drawing new numbers for nonces.
const MEASURED: u64 = 40;
