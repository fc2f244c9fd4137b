//! `docs/performance.md`, made from what was recorded.

use std::{error::Error, fmt::Write as _, fs};

use crate::{
    case::Case,
    chart::{self, Axis, Bar, Kind},
    compile::{self, Compiled},
    contender::Contender,
    counts,
    engines::{self, EngineFigure},
    figure::{Counts, Figure, Times},
    load::{self, Load},
    machine::Machine,
    recording::{Recording, docs, folder},
    scale::{self, Growth},
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
    if let Some(counts) = &counts {
        let versions = counts.machine.versions.join(", ");
        writeln!(
            page,
            "{METHOD}\n\nMeasured are {versions}. A dash stands for what a contender cannot do.\n"
        )?;
    }
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
    if let Some(load) = Recording::<Figure<Load>>::load(load::PART)? {
        servers(&mut page, &load)?;
    }
    if let Some(scale) = Recording::<Growth>::load(scale::PART)? {
        growth(&mut page, &scale)?;
    }
    if let Some(engines) = Recording::<EngineFigure>::load(engines::PART)? {
        engines::section(&mut page, &engines, told)?;
    }
    if let Some(compiled) = Recording::<Compiled>::load(compile::PART)? {
        building(&mut page, &compiled)?;
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
            name: plain(who.title()),
            value,
            label: label(value),
            kind: kind(who),
        })
    });
    bars.collect()
}

/// A title without marks.
fn plain(title: &str) -> String {
    title.replace(['*', '`'], "")
}

const fn kind(who: Contender) -> Kind {
    match who {
        Contender::Sealed | Contender::Signed | Contender::Memory | Contender::Filesystem => {
            Kind::Ours
        }
        Contender::PrimitivesSealed
        | Contender::PrimitivesSigned
        | Contender::PrimitivesMemory
        | Contender::Bare
        | Contender::Axum
        | Contender::NetHttp => Kind::Primitives,
        _ => Kind::Peer,
    }
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
        // Of what is next to nothing there is no multiple.
        let ratio = if ours > 500.0 {
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

/// What whole servers do.
fn servers(page: &mut String, load: &Recording<Figure<Load>>) -> Result<(), Box<dyn Error>> {
    writeln!(
        page,
        "## Whole servers\n\n{LOAD}\n\n{}\n",
        told(&load.machine)
    )?;
    for case in load::CASES {
        let of = |who| Figure::find(&load.figures, who, case, Size::Usual);
        let mut table = Table::new(&[
            case.title().as_str(),
            "requests/s",
            "server µs/request",
            "over the framework, µs",
            "p50, ms",
            "p99, ms",
        ]);
        let mut bars = Vec::new();
        for who in Contender::ALL {
            let Some(load) = of(who) else { continue };
            let over = over_base(who, |who| of(who).map(|load| load.processor.median));
            let over = over.filter(|_| !who.is_bare());
            table.row(vec![
                who.title().to_owned(),
                whole(load.requests.median),
                format!("{:.1}", load.processor.median),
                over.map_or("–".into(), |over| format!("{over:.1}")),
                format!("{:.2}", load.half.median),
                format!("{:.2}", load.most.median),
            ]);
            // Beside files, nothing would be seen of the others.
            if who == Contender::Filesystem {
                continue;
            }
            bars.push(Bar {
                name: plain(who.title()),
                value: load.processor.median,
                label: format!("{:.1}", load.processor.median),
                kind: kind(who),
            });
        }
        let title = format!(
            "{}: microseconds of a processor that the server takes for a request",
            case.title()
        );
        let file = format!("load-{case}.svg");
        chart::bars(&folder().join(&file), &title, &bars)?;
        writeln!(page, "{table}\n![{title}](performance/{file})\n")?;
    }
    Ok(())
}

/// What grows with what.
fn growth(page: &mut String, scale: &Recording<Growth>) -> Result<(), Box<dyn Error>> {
    writeln!(
        page,
        "## As it grows\n\n{SCALE}\n\n{}\n",
        told(&scale.machine)
    )?;
    for growth in &scale.figures {
        writeln!(page, "### {}\n\n{}\n", growth.title, growth.note)?;
        let Some(first) = growth.curves.first() else {
            continue;
        };
        let axis = if growth.is_logarithmic {
            Axis::Logarithmic
        } else {
            Axis::Linear
        };
        let file = format!("{}.svg", growth.name);
        let labels = (
            growth.title.as_str(),
            growth.across.as_str(),
            growth.up.as_str(),
        );
        chart::curves(&folder().join(&file), labels, axis, &growth.curves)?;
        writeln!(page, "![{}](performance/{file})\n", growth.title)?;
        let mut head = vec![format!("{}, by {}", growth.up, growth.across)];
        head.extend(first.points.iter().map(|(across, _)| whole(*across)));
        let mut table = Table::new(&head);
        for curve in &growth.curves {
            let values = curve.points.iter().map(|(_, up)| whole(*up));
            table.row([curve.name.clone()].into_iter().chain(values).collect());
        }
        writeln!(page, "{table}")?;
    }
    Ok(())
}

/// What building costs.
fn building(page: &mut String, compiled: &Recording<Compiled>) -> Result<(), Box<dyn Error>> {
    let is_of_framework =
        |compiled: &&Compiled| compiled.brought_by.iter().any(|by| by == "actix-web");
    let sum = |compiled: &[&Compiled]| compiled.iter().map(|one| one.seconds).sum::<f64>();
    let all: Vec<&Compiled> = compiled.figures.iter().collect();
    let (framework, mut others): (Vec<&Compiled>, Vec<&Compiled>) =
        all.iter().copied().partition(is_of_framework);
    others.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    writeln!(
        page,
        "## Building\n\nSeconds of a processor that the compiler takes for `cargo build -p sessions`, default features, in an empty folder: {:.0} for {} \
         crates, {:.0} of them for {} crates that actix-web without its default features needs anyway. The reasons of each dependency are in \
         [design.md](design.md#dependencies); what it brings along is under its name here.\n\n{}\n",
        sum(&all),
        all.len(),
        sum(&framework),
        framework.len(),
        told(&compiled.machine)
    )?;
    let mut table = Table::new(&["crate", "comes with", "seconds"]);
    for one in &others {
        let by: Vec<String> = one
            .brought_by
            .iter()
            .filter(|by| **by != one.name)
            .map(|by| format!("`{by}`"))
            .collect();
        table.row(vec![
            format!("`{}`", one.name),
            by.join(", "),
            format!("{:.1}", one.seconds),
        ]);
    }
    table.row(vec![
        format!("{} crates", framework.len()),
        "`actix-web`".into(),
        format!("{:.1}", sum(&framework)),
    ]);
    writeln!(page, "{table}")?;
    Ok(())
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
        "Taken on {} of {} with {} ({}), {} cores, {} of memory, {}, {}.",
        machine.date,
        machine.commit,
        machine.processor,
        machine.features.join(", "),
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

What a session costs, beside its peers and beside what it cannot do without. Everything here is written by one command, from
the figures that stand in [performance/](performance) as JSON. Its parts can be run one by one (CONTRIBUTING.md); each section says when its figures were taken:

```console
tests/bench/with-servers report                    # starts servers, for the part about engines
cargo run --release -p sessions-bench -- report    # without that part
```

";

const METHOD: &str = "\
## How it is measured

Contenders answer the same requests, with the same data, on the same routes: this library with four kinds of store; actix-session; the jars of the `cookie` crate, used by hand
in a handler; tower-sessions in axum; gorilla/sessions in Go, which times itself in a program of its own; and the primitives that a session cannot do without, as plain function calls.
What the framework alone takes for the same request, actix-web, axum or net/http, is taken off. The request has five other cookies. A visitor keeps cookies like a browser, outside of what is measured.

A round is one request, or for flash messages two: *not asked for* sends a session to a handler that does not want it; *read* asks for it and reads a field; *read, modify,
write* counts up a number; *login* does that and renews the ID; *two sessions* does it in two sessions of different types; *flash* pushes a message in one request and takes it in the
next. Data has 64, 300, 1,024 or 2,860 bytes as CBOR: a user, a name, roles, a token, and from 1 KiB on a cart.

Built in the release profile as it is: `opt-level` 3, no link-time optimization, for any processor of its kind.";

const INSTRUCTIONS: &str = "Counted by callgrind from when the application gets a request until its answer is let go of, over the framework alone; the visitor's own \
work is not counted. They are the same on every run, within a tenth of a percent. Callgrind knows no SHA extensions, so whatever hashes looks dearer here than it is: \
judge signatures and tokens by their time. Files are left out, since a part of that work is done by other threads and by the system.";

const ALLOCATIONS: &str = "How often a round asks the allocator / for how many bytes, over the framework alone / how long the longest `Set-Cookie` line is. Browsers keep no \
line above 4,096 bytes: what is longer here would be lost, although it is measured.";

const TIME: &str = "Nanoseconds a round over the framework alone: the median of 41 turns, taken by all contenders one after the other, so that what slows down the machine slows \
down all. In brackets the multiple of our own time of the same kind; behind it half of what lies between the first and the third quarter of the turns.";

const LOAD: &str = "One worker, on loopback, under all the load that 32 connections of wrk make (one thread of it, on the same machine): three runs of two seconds each, \
the servers by turns, medians. 256 visitors take turns, so that no two requests of one session meet. The processor time is the server's alone, threads and system calls \
included, and is the figure to compare; latencies are those of a server that is never idle. What needs a new cookie for each request is not asked for here.";

const SCALE: &str = "Where the unit is instructions, they are callgrind's over the framework alone with the same request.";

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
- Go collects its garbage beside the requests: a part of that work is in nobody's figure. It keeps its data in a map of values, in gob, as is the way there.
- The allocator counts what it is asked for, at some ten instructions each; who allocates more pays that more often.
- Time was taken on a virtual machine that others use too. Turns and medians take most of that out of ratios, and nothing takes it out of the longest wait.
- No link-time optimization, no profile-guided one, one kind of processor. Ratios travel; nanoseconds do not.
";
