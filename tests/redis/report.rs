use std::io::{self, Write as _};

/// Says something that is to be read although the test passes.
pub(crate) fn say(line: &str) {
    io::stderr()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}
