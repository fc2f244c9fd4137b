//! `docs/performance.md`, made from what was recorded.

use std::{error::Error, fmt::Write as _, fs};

use crate::{
    case::Case,
    chart::{self, Bar, Kind},
    contender::Contender,
    counts,
    figure::{Counts, Figure, Times},
    machine::Machine,
    recording::{Recording, docs, folder},
    size::Size,
    table::{Table, grouped, whole},
    time,
};

/// Writes the page and its charts anew.
///
/// # Errors
///
/// When a recording cannot be read or a file not be written.
pub(crate) fn render() -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder())?;
    let counts = Recording::<Figure<Counts>>::load(counts::PART)?;
    let times = Recording::<Figure<Times>>::load(time::PART)?;
    let mut page = String::from(HEAD);
    if let Some(times) = &times {
        summary(&mut page, counts.as_ref(), &times.figures)?;
    }
    if let Some(counts) = &counts {
        instructions(&mut page, counts)?;
        allocations(&mut page, counts)?;
    }
    if let Some(times) = &times {
        wall(&mut page, times)?;
    }
    page.push_str(TAIL);
    Ok(fs::write(docs().join("performance.md"), page)?)
}

/// What stands first: how much more than the framework alone, at the usual size.
fn summary(
    page: &mut String,
    counts: Option<&Recording<Figure<Counts>>>,
    times: &[Figure<Times>],
) -> Result<(), Box<dyn Error>> {
    writeln!(
        page,
        "## At a glance\n\nNanoseconds a round over the framework alone, {} bytes of data:\n",
        Size::Usual.bytes()
    )?;
    let mut head = vec![String::new()];
    head.extend(Case::COMPARED.map(Case::title));
    let mut table = Table::new(&head);
    for contender in Contender::ALL.into_iter().filter(|who| !who.is_bare()) {
        let mut row = vec![contender.title().to_owned()];
        for case in Case::COMPARED {
            let over = over_base(contender, |who| {
                Figure::find(times, who, case, Size::Usual).map(|times| times.median)
            });
            row.push(over.map_or("–".into(), whole));
        }
        table.row(row);
    }
    writeln!(page, "{table}")?;
    for (case, file) in [(Case::Read, "read"), (Case::Modify, "modify")] {
        if let Some(counts) = counts {
            let title = format!(
                "{}: instructions over the framework alone, 300 bytes",
                case.title()
            );
            let bars = bars(
                |who| {
                    let counts = Figure::find(&counts.figures, who, case, Size::Usual)?;
                    counts.instructions.map(as_float)
                },
                whole,
            );
            chart::bars(
                &folder().join(format!("{file}-instructions.svg")),
                &title,
                &bars,
            )?;
            writeln!(page, "![{title}](performance/{file}-instructions.svg)\n")?;
        }
        let title = format!(
            "{}: nanoseconds over the framework alone, 300 bytes",
            case.title()
        );
        let bars = bars(
            |who| Figure::find(times, who, case, Size::Usual).map(|times| times.median),
            whole,
        );
        chart::bars(&folder().join(format!("{file}-time.svg")), &title, &bars)?;
        writeln!(page, "![{title}](performance/{file}-time.svg)\n")?;
    }
    Ok(())
}

fn bars(value: impl Fn(Contender) -> Option<f64>, label: impl Fn(f64) -> String) -> Vec<Bar> {
    let contenders = Contender::ALL
        .into_iter()
        // Files are measured by another scale, which would leave nothing to see of the others.
        .filter(|who| !who.is_bare() && *who != Contender::Filesystem);
    let bars = contenders.filter_map(|who| {
        let value = over_base(who, &value)?;
        Some(Bar {
            name: who.title().replace(['*', '`'], ""),
            value,
            label: label(value),
            kind: match who {
                Contender::Sealed | Contender::Signed | Contender::Memory => Kind::Ours,
                who if who.base().is_none() => Kind::Primitives,
                _ => Kind::Peer,
            },
        })
    });
    bars.collect()
}

/// What somebody costs beyond the framework; the primitives need none.
fn over_base(who: Contender, value: impl Fn(Contender) -> Option<f64>) -> Option<f64> {
    let base = match who.base() {
        Some(base) => value(base)?,
        None => 0.0,
    };
    Some(value(who)? - base)
}

fn instructions(
    page: &mut String,
    counts: &Recording<Figure<Counts>>,
) -> Result<(), Box<dyn Error>> {
    writeln!(
        page,
        "## Instructions\n\n{INSTRUCTIONS}\n\n{}\n",
        told(&counts.machine)
    )?;
    by_case(page, |who, case, size| {
        let of = |who| {
            let counts = Figure::find(&counts.figures, who, case, size)?;
            counts.instructions.map(as_float)
        };
        over_base(who, of).map(whole)
    })
}

fn allocations(
    page: &mut String,
    counts: &Recording<Figure<Counts>>,
) -> Result<(), Box<dyn Error>> {
    writeln!(page, "## Allocations\n\n{ALLOCATIONS}\n")?;
    by_case(page, |who, case, size| {
        let of =
            |who| Figure::find(&counts.figures, who, case, size).map(|counts| counts.allocations);
        let mine = of(who)?;
        let (count, bytes) = match who.base() {
            Some(base) => (of(base)?.count, of(base)?.bytes),
            None => (0, 0),
        };
        let difference = |mine: usize, base: usize| grouped(mine as i128 - base as i128);
        let line = match mine.line {
            0 => String::new(),
            line => format!(" / {}", grouped(line as i128)),
        };
        Some(format!(
            "{} / {}{line}",
            difference(mine.count, count),
            difference(mine.bytes, bytes)
        ))
    })
}

fn wall(page: &mut String, times: &Recording<Figure<Times>>) -> Result<(), Box<dyn Error>> {
    writeln!(page, "## Time\n\n{TIME}\n\n{}\n", told(&times.machine))?;
    by_case(page, |who, case, size| {
        let of = |who| Figure::find(&times.figures, who, case, size).copied();
        let over = |who: Contender| over_base(who, |who| of(who).map(|times| times.median));
        let (mine, ours) = (over(who)?, over(yardstick(who))?);
        let spread = of(who)?;
        // Of what is nothing there is no multiple.
        let ratio = if ours > 50.0 {
            format!(" ({:.1}×)", mine / ours)
        } else {
            String::new()
        };
        Some(format!(
            "{}{ratio} ±{}",
            whole(mine),
            whole((spread.upper - spread.lower) / 2.0)
        ))
    })
}

/// Whose time another's is a multiple of.
const fn yardstick(who: Contender) -> Contender {
    match who {
        Contender::Signed
        | Contender::PeerSigned
        | Contender::JarSigned
        | Contender::PrimitivesSigned => Contender::Signed,
        Contender::Memory
        | Contender::TowerMemory
        | Contender::PrimitivesMemory
        | Contender::Filesystem => Contender::Memory,
        _ => Contender::Sealed,
    }
}

/// A table for each case: contenders down, sizes across.
fn by_case(
    page: &mut String,
    cell: impl Fn(Contender, Case, Size) -> Option<String>,
) -> Result<(), Box<dyn Error>> {
    for case in Case::COMPARED {
        let mut head = vec![case.title()];
        head.extend(Size::ALL.map(|size| format!("{} B", grouped(size.bytes() as i128))));
        let mut table = Table::new(&head);
        for who in Contender::ALL.into_iter().filter(|who| !who.is_bare()) {
            let cells = Size::ALL.map(|size| cell(who, case, size).unwrap_or("–".into()));
            if cells.iter().any(|cell| cell != "–") {
                table.row([vec![who.title().to_owned()], cells.to_vec()].concat());
            }
        }
        writeln!(page, "{table}")?;
    }
    Ok(())
}

fn told(machine: &Machine) -> String {
    format!(
        "Taken on {} with {}, {} cores, {} of memory, {}, {}.",
        machine.date,
        machine.processor,
        machine.cores,
        machine.memory,
        machine.kernel,
        machine.rustc
    )
}

fn as_float(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of instructions of a request are far below 2^52"
    )]
    let float = count as f64;
    float
}

const HEAD: &str = "\
# Performance

What a session costs, beside its peers and beside what it cannot do without. Everything here is written by one command, which takes about half an
hour, from the figures in [performance/](performance):

```console
cargo run --release -p sessions-bench -- report
```

";

const INSTRUCTIONS: &str = "Counted by callgrind from when the application gets a request until its answer is let go of, over the framework alone; the visitor's own \
work is not counted. They are the same on every run, within a tenth of a percent. Callgrind knows no SHA extensions, so whatever hashes looks dearer here than it is: \
judge signatures and tokens by their time. Files are left out, since a part of that work is done by other threads and by the system.";

const ALLOCATIONS: &str = "How often a round asks the allocator / for how many bytes, over the framework alone / how long the longest `Set-Cookie` line is. Browsers keep no \
line above 4,096 bytes: what is longer here would be lost, although it is measured.";

const TIME: &str = "Nanoseconds a round over the framework alone: the median of 41 turns, taken by all contenders one after the other, so that what slows down the machine slows \
down all. In brackets the multiple of our own time of the same kind; behind it half of what lies between the first and the third quarter of the turns.";

const TAIL: &str = "\
## What the figures do not say

- A request here is answered within one process: no socket, no TLS, no HTTP to read and write. That costs tens of microseconds, and most of it is the
  system's. A saving of three microseconds is seen in the bill for processors, not by a visitor.
- The store of a session in memory costs nothing to reach. Over a network the round trips decide, and there is one to load, one to save, none if nothing
  was asked for.
- The contenders do not promise the same. Ours keeps two deadlines on the server, names its key, refuses an altered header and merges concurrent writes; the
  jars keep no deadline at all. None of that is in the figures but its cost.
- Flash messages, and two sessions in a request, are written by hand where a contender has no word for them, as its users would. What it cannot do is left out.
- actix-session, tower-sessions and the jars keep JSON, ours and the primitives CBOR, which is a part of the difference.
- Some primitives are dearer than ours: serde's derive looks for each field by its name, the decoder of `SessionData` expects them in the order in which it wrote them.
- The allocator counts what it is asked for, at some ten instructions each; who allocates more pays that more often.
- No link-time optimization, no profile-guided one, one kind of processor. Ratios travel; nanoseconds do not.
";
