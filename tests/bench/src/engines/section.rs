use std::{error::Error, fmt::Write as _};

use crate::{
    chart::{self, Bar, Kind},
    machine::Machine,
    recording::{Recording, folder},
    table::{Table, grouped, whole},
};

use super::{
    figure::EngineFigure,
    latency::{Beside, Latency},
    trips::Trips,
};

/// Writes this part of the page, and draws its chart.
///
/// # Errors
///
/// When the chart cannot be written.
pub(crate) fn section(
    page: &mut String,
    recording: &Recording<EngineFigure>,
    told: impl FnOnce(&Machine) -> String,
) -> Result<(), Box<dyn Error>> {
    let figures = &recording.figures;
    writeln!(
        page,
        "## Engines\n\n{METHOD}\n\n{}\n",
        told(&recording.machine)
    )?;
    let versions = figures.iter().map(|figure| &*figure.version);
    let mut versions: Vec<&str> = versions.filter(|version| !version.is_empty()).collect();
    versions.dedup();
    writeln!(page, "Versions: {}.\n", versions.join(", "))?;
    trips(page, figures)?;
    waits(page, figures)?;
    chart(page, figures)?;
    crowds(page, figures)?;
    workers(page, figures)
}

fn trips(page: &mut String, figures: &[EngineFigure]) -> Result<(), Box<dyn Error>> {
    let counted = || {
        figures
            .iter()
            .filter_map(|figure| Some((figure, figure.trips.as_ref()?)))
    };
    let Some((_, first)) = counted().next() else {
        return Ok(());
    };
    writeln!(page, "### Round trips\n\n{TRIPS}\n")?;
    let mut head = vec!["round trips".to_owned()];
    head.extend(first.iter().map(|trips| trips.verb.clone()));
    let mut table = Table::new(&head);
    let cell = |trips: &Trips| match trips.afterwards {
        0 => trips.waited_for.to_string(),
        afterwards => format!("{} (+{afterwards})", trips.waited_for),
    };
    for (figure, trips) in counted() {
        let cells = trips.iter().map(cell);
        table.row([figure.engine.clone()].into_iter().chain(cells).collect());
    }
    writeln!(page, "{table}")?;
    Ok(())
}

fn waits(page: &mut String, figures: &[EngineFigure]) -> Result<(), Box<dyn Error>> {
    writeln!(page, "### How long one waits\n\n{WAITS}\n")?;
    wait(page, "load", figures, |figure| figure.load)?;
    wait(page, "save", figures, |figure| figure.save)
}

fn wait(
    page: &mut String,
    verb: &str,
    figures: &[EngineFigure],
    of: impl Fn(&EngineFigure) -> Beside<Latency>,
) -> Result<(), Box<dyn Error>> {
    let mut table = Table::new(&[
        &*format!("{verb}, µs"),
        "p50",
        "p99",
        "client alone, p50",
        "p99",
        "ratio of p50",
    ]);
    for figure in figures {
        let Beside { ours, bare } = of(figure);
        table.row(vec![
            figure.engine.clone(),
            fine(ours.half),
            fine(ours.most),
            fine(bare.half),
            fine(bare.most),
            format!("{:.2}×", ours.half / bare.half.max(f64::MIN_POSITIVE)),
        ]);
    }
    writeln!(page, "{table}")?;
    Ok(())
}

fn chart(page: &mut String, figures: &[EngineFigure]) -> Result<(), Box<dyn Error>> {
    let title =
        "Load: microseconds that half wait for at most, with our store and with the client alone";
    let bar = |name: String, value: f64, kind| Bar {
        name,
        value,
        label: fine(value),
        kind,
    };
    let bars: Vec<Bar> = figures
        .iter()
        .flat_map(|figure| {
            let Beside { ours, bare } = figure.load;
            let alone = format!("{}, client alone", figure.engine);
            [
                bar(figure.engine.clone(), ours.half, Kind::Ours),
                bar(alone, bare.half, Kind::Primitives),
            ]
        })
        .collect();
    chart::bars(&folder().join("engines.svg"), title, &bars)?;
    writeln!(page, "![{title}](performance/engines.svg)\n")?;
    Ok(())
}

fn crowds(page: &mut String, figures: &[EngineFigure]) -> Result<(), Box<dyn Error>> {
    let largest = figures.iter().max_by_key(|figure| figure.crowds.len());
    let Some(largest) = largest else {
        return Ok(());
    };
    writeln!(page, "### Among many\n\n{CROWDS}\n")?;
    let mut head = vec!["p50, µs".to_owned()];
    for verb in ["load", "save"] {
        let crowds = largest.crowds.iter();
        head.extend(crowds.map(|crowd| format!("{verb}, {}", grouped(crowd.sessions.into()))));
    }
    let mut table = Table::new(&head);
    for figure in figures {
        let mut row = vec![figure.engine.clone()];
        for is_load in [true, false] {
            for place in 0..largest.crowds.len() {
                row.push(figure.crowds.get(place).map_or("–".into(), |crowd| {
                    fine(if is_load { crowd.load } else { crowd.save })
                }));
            }
        }
        table.row(row);
    }
    writeln!(page, "{table}")?;
    for figure in figures {
        if let Some(reason) = &figure.left_out {
            writeln!(page, "- {}: {reason}.", figure.engine)?;
        }
    }
    if figures.iter().any(|figure| figure.left_out.is_some()) {
        writeln!(page)?;
    }
    Ok(())
}

fn workers(page: &mut String, figures: &[EngineFigure]) -> Result<(), Box<dyn Error>> {
    let Some(first) = figures.first() else {
        return Ok(());
    };
    writeln!(page, "### Workers at once\n\n{WORKERS}\n")?;
    let mut head = vec!["sessions loaded and saved a second, by workers".to_owned()];
    head.extend(first.workers.iter().map(|(count, _)| count.to_string()));
    let mut table = Table::new(&head);
    for figure in figures {
        let pairs = figure.workers.iter().map(|(_, pairs)| whole(*pairs));
        table.row([figure.engine.clone()].into_iter().chain(pairs).collect());
    }
    writeln!(page, "{table}")?;
    Ok(())
}

/// Microseconds, with what stands behind the point where there is little before it.
fn fine(microseconds: f64) -> String {
    if microseconds < 10.0 {
        format!("{microseconds:.2}")
    } else {
        whole(microseconds)
    }
}

const METHOD: &str = "\
The stores alone, without a web server around them, with records of 300 bytes, on loopback: what a network adds comes on top, for each round trip. Servers run as the tests start \
them: Redis and memcached keep nothing on a disk, PostgreSQL with `fsync=off` and MariaDB with `innodb_flush_log_at_trx_commit=0`, each else as it comes; redb and SQLite keep what \
they promise by default. So a save shows what is ours and what is the engine's, and not what a disk of that machine would add.";

const TRIPS: &str = "Counted on the way by a proxy, for sentinels and a cluster by the servers' own counters, the median of eleven rounds, of which the first make connections and prepare \
statements; for a session that belongs to nobody. In brackets what a pool asks when a connection is given back, for which nobody waits.";

const WAITS: &str = "One call at a time. *Client alone* is the crate that our store uses, doing the same commands on the same kind of connection: `GET` and our script by `EVALSHA`; \
`mg` and `ms` on a socket; the same `SELECT` and `UPDATE` through a pool of `sqlx`; a table of redb and a commit; a file that is read, or written beside and moved; a map behind \
a lock. The two take turns, so that what slows down the machine slows down both. SQLite's client alone reads and writes by one connection, where \
our store reads by others.\n\n\
Only what stands in one row may be compared. How long a server on the same machine takes to wake up depends on where the system lets it run: from one row \
to the next, and from ten thousand sessions to a million, the same question was seen to take two to three times as long.";

const CROWDS: &str = "The same calls with our store, for sessions drawn at random.";

const WORKERS: &str = "Each worker has a thread and a runtime of its own, and loads and saves one session after the other, drawn at random, for half a second.";
