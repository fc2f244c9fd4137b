//! What the hot paths cost when it was last written down, and whether they cost more now.

use std::{collections::BTreeMap, error::Error, fs, io::Write, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    allocations::Allocations, case::Case, contender::Contender, instructions, machine::Machine,
    scenario::Scenario, size::Size, tool::Tool,
};

/// How much more a path may cost, in percent: a tenth of what would be seen in a server, and many times what two runs differ by.
const TOLERANCE: u64 = 2;

/// The same for figures of another compiler or processor, which choose other instructions for the same program.
const FOREIGN_TOLERANCE: u64 = 10;

/// What a path may cost more in any case: one branch here or there.
const LEEWAY: u64 = 60;

/// The costs of the hot paths, over those of actix-web alone.
#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    toolchain: Toolchain,
    paths: BTreeMap<String, Cost>,
}

/// What decides which instructions a program becomes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Toolchain {
    rustc: String,
    valgrind: String,
    processor: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Cost {
    instructions: u64,
    allocations: usize,
}

/// Fails when a path costs more than was recorded.
///
/// # Errors
///
/// When one does, with what to do about it.
pub(crate) async fn check(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if !Tool::VALGRIND.install()? {
        writeln!(out, "nothing was checked")?;
        return Ok(());
    }
    let text = fs::read_to_string(path())?;
    let recorded: Baseline = serde_json::from_str(&text)?;
    let now = measure().await?;
    let is_foreign = recorded.toolchain != now.toolchain;
    let tolerance = if is_foreign {
        writeln!(
            out,
            "recorded with {:?}\nmeasured with {:?}\nso the tolerance is {FOREIGN_TOLERANCE} % instead of {TOLERANCE} %\n",
            recorded.toolchain, now.toolchain
        )?;
        FOREIGN_TOLERANCE
    } else {
        TOLERANCE
    };
    writeln!(
        out,
        "{:22} {:>12} {:>9} {:>8} {:>12} {:>9}",
        "over actix-web alone", "instructions", "recorded", "", "allocations", "recorded"
    )?;
    let mut grown = Vec::new();
    let mut shrunk = Vec::new();
    for (path, cost) in &now.paths {
        let Some(before) = recorded.paths.get(path) else {
            grown.push(format!("{path} (not recorded)"));
            continue;
        };
        let allowed = (before.instructions * tolerance / 100).max(LEEWAY);
        let change = percent(before.instructions, cost.instructions);
        writeln!(
            out,
            "{path:22} {:>12} {:>9} {change:>+7.1}% {:>12} {:>9}",
            cost.instructions, before.instructions, cost.allocations, before.allocations
        )?;
        if cost.instructions > before.instructions + allowed
            || cost.allocations > before.allocations
        {
            grown.push(path.clone());
        } else if cost.instructions + allowed < before.instructions
            || cost.allocations < before.allocations
        {
            shrunk.push(path.clone());
        }
    }
    if !grown.is_empty() {
        return Err(format!(
            "these paths cost more than tests/bench/baseline.json says: {}; find out why (CONTRIBUTING.md, \"Speed\"), and if it is worth it, \
             `cargo run --release -p sessions-bench -- record` writes the new costs down",
            grown.join(", ")
        )
        .into());
    }
    if !shrunk.is_empty() {
        writeln!(
            out,
            "\nthese paths cost less than was recorded, so that what was won may be lost again unnoticed: {}; \
             `cargo run --release -p sessions-bench -- record` writes it down",
            shrunk.join(", ")
        )?;
    }
    Ok(())
}

/// Writes down what the paths cost now.
///
/// # Errors
///
/// When it cannot be measured or written.
pub(crate) async fn record(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if !Tool::VALGRIND.install()? {
        return Err("what is recorded is what callgrind counts".into());
    }
    let now = measure().await?;
    for (path, cost) in &now.paths {
        writeln!(
            out,
            "{path:22} {:>12} instructions {:>4} allocations",
            cost.instructions, cost.allocations
        )?;
    }
    let mut text = serde_json::to_string_pretty(&now)?;
    text.push('\n');
    fs::write(path(), text)?;
    Ok(())
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "baseline.json"]
        .iter()
        .collect()
}

/// What a change in percent is.
fn percent(before: u64, now: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of instructions of a request are far below 2^52"
    )]
    let (before, now) = (before.max(1) as f64, now as f64);
    (now / before - 1.0) * 100.0
}

async fn measure() -> Result<Baseline, Box<dyn Error>> {
    let machine = Machine::here();
    let scenario = |contender, case| Scenario::new(contender, case, Size::Usual);
    let bare: Vec<Scenario> = Case::COMPARED
        .into_iter()
        .map(|case| scenario(Contender::Bare, case))
        .collect();
    let ours: Vec<Scenario> = [Contender::Sealed, Contender::Signed, Contender::Memory]
        .into_iter()
        .flat_map(|contender| Case::COMPARED.map(|case| scenario(contender, case)))
        .collect();
    let all = [bare.as_slice(), ours.as_slice()].concat();
    let mut costs = Vec::new();
    for (scenario, instructions) in all.iter().zip(instructions::count(&all)?) {
        let allocations = Allocations::count(scenario).await?.count;
        costs.push(Cost {
            instructions,
            allocations,
        });
    }
    let (bare_costs, our_costs) = costs.split_at(bare.len());
    let paths = ours
        .iter()
        .zip(our_costs)
        .zip(bare_costs.iter().cycle())
        .map(|((scenario, cost), bare)| {
            let cost = Cost {
                instructions: cost.instructions.saturating_sub(bare.instructions),
                allocations: cost.allocations.saturating_sub(bare.allocations),
            };
            (scenario.to_string(), cost)
        })
        .collect();
    Ok(Baseline {
        toolchain: Toolchain {
            rustc: machine.rustc,
            valgrind: Tool::VALGRIND.version().unwrap_or_default(),
            processor: machine.features,
        },
        paths,
    })
}
