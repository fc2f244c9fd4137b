//! The part of the report that is curves: what grows with what, and what does not.

use std::{error::Error, fs};

use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    chart::Curve,
    contender::Contender,
    instructions,
    recording::Recording,
    scenario::Scenario,
    size::Size,
    stored::{self, Stored},
    sweep,
    table::grouped,
    tool::Tool,
};

/// What it is recorded as.
pub(crate) const PART: &str = "scale";

/// One chart of curves, and what is to be said about it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// Names its file.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) across: String,
    pub(crate) up: String,
    pub(crate) is_logarithmic: bool,
    pub(crate) curves: Vec<Curve>,
    pub(crate) note: String,
}

/// Measures every curve, and records them.
///
/// # Errors
///
/// When one of them fails.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let mut growths = Vec::new();
    if Tool::VALGRIND.install()? {
        growths.extend([keys()?, neighbors()?, fields()?, sessions()?]);
    }
    growths.extend(memory()?);
    growths.push(files()?);
    growths.push(threads()?);
    growths.push(sweeps()?);
    Recording::new(growths).save(PART)
}

/// Instructions over the framework alone, in one curve for each contender.
fn counted(
    contenders: &[Contender],
    values: &[usize],
    scenario: impl Fn(Contender, usize) -> Scenario,
) -> Result<Vec<Curve>, Box<dyn Error>> {
    let mut all: Vec<Scenario> = Vec::new();
    for contender in contenders.iter().copied().chain([Contender::Bare]) {
        all.extend(values.iter().map(|value| scenario(contender, *value)));
    }
    let counts: Vec<f64> = instructions::count(&all)?.into_iter().map(float).collect();
    let mut rows = counts.chunks(values.len());
    let bare = rows.next_back().unwrap_or_default();
    let curves = contenders.iter().zip(rows).map(|(contender, row)| Curve {
        name: contender.title().replace(['*', '`'], ""),
        points: values
            .iter()
            .zip(row.iter().zip(bare))
            .map(|(value, (count, bare))| (float(*value as u64), count - bare))
            .collect(),
    });
    Ok(curves.collect())
}

fn keys() -> Result<Growth, Box<dyn Error>> {
    let curves = counted(
        &[Contender::Sealed, Contender::Signed],
        &[1, 10, 100],
        |who, keys| Scenario {
            keys,
            ..Scenario::new(who, Case::Modify, Size::Usual)
        },
    )?;
    Ok(Growth {
        name: "keys".into(),
        title: "Read, modify, write: keys in the ring".into(),
        across: "keys".into(),
        up: "instructions".into(),
        is_logarithmic: true,
        curves,
        note: "The cookie names its key, so opening it is one try. The visitor's is the last of the ring.".into(),
    })
}

fn neighbors() -> Result<Growth, Box<dyn Error>> {
    let contenders = [
        Contender::Sealed,
        Contender::Memory,
        Contender::PeerPrivate,
        Contender::JarPrivate,
    ];
    let curves = counted(&contenders, &[0, 5, 10, 20, 49], |who, neighbors| {
        Scenario {
            neighbors,
            ..Scenario::new(who, Case::Read, Size::Usual)
        }
    })?;
    Ok(Growth {
        name: "cookies".into(),
        title: "Read: other cookies in the header".into(),
        across: "other cookies".into(),
        up: "instructions".into(),
        is_logarithmic: false,
        curves,
        note: "The cookie is looked for by its name; the others are not taken apart.".into(),
    })
}

fn fields() -> Result<Growth, Box<dyn Error>> {
    let contenders = [Contender::Sealed, Contender::Memory];
    let curves = counted(&contenders, &Case::FIELDS, |who, fields| {
        Scenario::new(who, Case::Fields(fields), Size::Usual)
    })?;
    Ok(Growth {
        name: "fields".into(),
        title: "Read, modify, write: fields of 16 bytes of text, one of them written".into(),
        across: "fields".into(),
        up: "instructions".into(),
        is_logarithmic: false,
        curves,
        note: "Each field costs the same: it is decoded, encoded, sealed.".into(),
    })
}

fn sessions() -> Result<Growth, Box<dyn Error>> {
    let contenders = [Contender::Sealed, Contender::Memory];
    let curves = counted(&contenders, &Case::SESSIONS, |who, sessions| {
        Scenario::new(who, Case::Sessions(sessions), Size::Usual)
    })?;
    Ok(Growth {
        name: "sessions".into(),
        title: "Read, modify, write: sessions of 300 bytes in one request".into(),
        across: "sessions".into(),
        up: "instructions".into(),
        is_logarithmic: false,
        curves,
        note: "One type under several names, by `Registry::named`.".into(),
    })
}

fn memory() -> Result<Vec<Growth>, Box<dyn Error>> {
    let mut note = String::new();
    let mut counts = vec![10_000, 100_000, 1_000_000];
    // Ten million take less than five gigabytes; half of the machine is to stay free.
    if available()? > 10 << 30 {
        counts.push(10_000_000);
    } else {
        note.push_str("There was no room for ten million on this machine. ");
    }
    let stored = counts
        .iter()
        .map(|count| Ok((*count, stored::measure("memory", *count)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let bytes = stored
        .iter()
        .map(|(count, stored)| (float(*count), float(stored.resident)))
        .collect();
    note.push_str(
        "The store alone, one record after the other, drawn at random; what a creation takes is mostly the system's, for new memory. What grows is the way to memory: a session that nobody asked for lately is in no cache of the processor.",
    );
    Ok(vec![
        operations("memory", "A record of 300 bytes in memory, among many", &stored, note),
        Growth {
            name: "memory-bytes".into(),
            title: "Resident memory for a session of 300 bytes".into(),
            across: "sessions in memory".into(),
            up: "bytes".into(),
            is_logarithmic: true,
            curves: vec![Curve {
                name: "MemoryStore".into(),
                points: bytes,
            }],
            note: "As Linux counts it, divided by the sessions: key, deadlines, body, the tables they are found by, and what the allocator rounds up.".into(),
        },
    ])
}

fn files() -> Result<Growth, Box<dyn Error>> {
    let mut stored: Vec<(u64, Stored)> = Vec::new();
    let mut note = String::new();
    for count in [1_000, 10_000, 100_000, 1_000_000] {
        // What the last one took says what this one will.
        let expected = stored
            .last()
            .map_or(0.0, |(_, stored)| stored.create * float(count) / 1e9);
        if expected > LONGEST {
            note = format!(
                "{} files would have taken {expected:.0} seconds to write and were left out. ",
                grouped(count.into())
            );
            break;
        }
        stored.push((count, stored::measure("files", count)?));
    }
    note.push_str("The store alone, on the file system of the folder for temporary files; all of it fits into the memory of the system.");
    Ok(operations(
        "files",
        "A record of 300 bytes in a file, among many",
        &stored,
        note,
    ))
}

fn operations(name: &str, title: &str, stored: &[(u64, Stored)], note: String) -> Growth {
    let curve = |name: &str, value: fn(&Stored) -> f64| Curve {
        name: name.into(),
        points: stored
            .iter()
            .map(|(count, stored)| (float(*count), value(stored)))
            .collect(),
    };
    Growth {
        name: name.into(),
        title: title.into(),
        across: "sessions in the store".into(),
        up: "nanoseconds".into(),
        is_logarithmic: true,
        curves: vec![
            curve("create", |stored| stored.create),
            curve("load", |stored| stored.load.median),
            curve("update", |stored| stored.update.median),
        ],
        note,
    }
}

fn threads() -> Result<Growth, Box<dyn Error>> {
    let mut points = Vec::new();
    for threads in [1, 2, 4, 8] {
        points.push((float(threads), stored::shared(threads)?));
    }
    Ok(Growth {
        name: "threads".into(),
        title: "Threads that share one store in memory".into(),
        across: "threads".into(),
        up: "sessions loaded and written a second".into(),
        is_logarithmic: false,
        curves: vec![Curve {
            name: "MemoryStore, 100,000 sessions".into(),
            points,
        }],
        note: "More threads than cores cannot do more; what is seen is that they do not do less: nobody waits long for a lock.".into(),
    })
}

fn sweeps() -> Result<Growth, Box<dyn Error>> {
    let mut told = Vec::new();
    sweep::run(SWEPT, &mut told)?;
    Ok(Growth {
        name: "sweep".into(),
        title: "A sweep of a million sessions in memory".into(),
        across: String::new(),
        up: String::new(),
        is_logarithmic: false,
        curves: Vec::new(),
        note: format!("```text\n{}```", String::from_utf8(told)?),
    })
}

/// Bytes that Linux would give without taking them from others.
fn available() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no MemAvailable in /proc")?
        .parse()?;
    Ok(kibibytes * 1024)
}

fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "all far below 2^52")]
    let float = count as f64;
    float
}

/// How many seconds writing files may take.
const LONGEST: f64 = 600.0;

const SWEPT: u64 = 1_000_000;
