//! Everything, one part after the other.

use std::{
    error::Error,
    io::{self, Write as _},
};

use crate::{
    compile, counts,
    engines::{self, Sizes},
    load, page, scale, time,
};

/// Measures every part anew and writes the page.
///
/// # Errors
///
/// When a part fails; those before it are recorded.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    say("instructions and allocations")?;
    counts::measure().await?;
    say("time")?;
    time::measure().await?;
    say("whole servers")?;
    load::measure()?;
    say("as it grows")?;
    scale::measure()?;
    say("engines")?;
    if engines::are_there() {
        engines::measure(Sizes::default()).await?;
    } else {
        say("not measured anew: tests/bench/with-servers report starts the servers")?;
    }
    say("building")?;
    compile::measure()?;
    page::render()
}

fn say(part: &str) -> io::Result<()> {
    writeln!(io::stderr(), "== {part}")
}
