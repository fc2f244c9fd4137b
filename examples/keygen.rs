//! Prints a fresh key, for `SESSION_KEYS` or a key file: `export SESSION_KEYS=$(cargo run -q -p sessions-examples --example keygen)`.

use std::io::{self, Write as _};

use sessions::Key;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::generate()?;
    writeln!(io::stdout(), "{}", key.dangerous_reveal())?;
    Ok(())
}
