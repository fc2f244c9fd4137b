//! Holds the public surface of the library, with all its features, against the one that was written down.
//!
//! A surface that changed on purpose is written down anew with `SESSIONS_TEST_RECORD=1`, and goes into the commit for review.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
};

use public_api::Builder;

/// The compiler that the snapshot is taken with. What rustdoc writes is unstable: with a newer one comes a newer `public-api`.
const COMPILER: &str = "cargo 1.95.";

/// Traits that nobody chose, and that compilers add to.
const NOT_CHOSEN: [&str; 6] = [
    "Freeze",
    "RefUnwindSafe",
    "StructuralPartialEq",
    "Unpin",
    "UnsafeUnpin",
    "UnwindSafe",
];

/// Methods of the standard library's traits, which say no more than the line of the `impl`.
const IMPLIED: [&str; 7] = [
    "::clone(&self)",
    "::cmp(&self,",
    "::eq(&self,",
    "::fmt(&self,",
    "::hash<",
    "::partial_cmp(&self,",
    "::source(&self)",
];

/// The public items of the library, one a line.
fn surface() -> String {
    // Where this test was built: what is already there need not be built again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rustdoc = Command::new(env!("CARGO"));
    for (name, _) in env::vars_os() {
        // What cargo says of this test to itself. Build scripts look at it, and would run again whenever it comes or goes.
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_") {
            rustdoc.env_remove(&*name);
        }
    }
    let output = rustdoc
        .args(["rustdoc", "--frozen", "--quiet", "--lib"])
        .args(["--package", "sessions", "--all-features"])
        .arg("--target-dir")
        .arg(target)
        .args(["--", "-Zunstable-options", "--output-format=json"])
        .env("RUSTDOC", here.join("api/rustdoc"))
        .env_remove("RUSTDOCFLAGS")
        .current_dir(here)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let surface = Builder::from_rustdoc_json(target.join("doc/sessions.json"))
        .omit_blanket_impls(true)
        .build()
        .unwrap();
    let lines = surface.items().map(|item| format!("{item}\n"));
    lines.filter(|line| is_worth_a_line(line)).collect()
}

fn is_worth_a_line(line: &str) -> bool {
    if line.starts_with("impl") {
        // `impl<T> core::marker::Unpin for sessions::Session<T>`, whatever its bounds.
        let mut not_chosen = NOT_CHOSEN.iter();
        !not_chosen.any(|name| line.contains(&format!("::{name} for ")))
    } else {
        !IMPLIED.iter().any(|method| line.contains(method))
    }
}

#[test]
fn the_public_surface_is_the_one_that_was_written_down() {
    let cargo = Command::new(env!("CARGO")).arg("--version").output();
    let version = cargo.unwrap();
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.trim();
    if !version.starts_with(COMPILER) {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "this is {version}, not {COMPILER}"
        );
        // Past the capture of what tests print.
        _ = writeln!(
            io::stderr(),
            "public surface: NOT CHECKED, as this is {version}"
        );
        return;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/sessions.txt");
    let now = surface();
    if env::var_os("SESSIONS_TEST_RECORD").is_some() {
        fs::write(&file, now).unwrap();
        return;
    }
    let then = fs::read_to_string(&file).unwrap();
    let lines = |text: &'_ str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (then, now) = (lines(&then), lines(&now));
    let gone = then.difference(&now).map(|line| format!("- {line}\n"));
    let new = now.difference(&then).map(|line| format!("+ {line}\n"));
    let changes: String = gone.chain(new).collect();
    assert!(
        changes.is_empty(),
        "the public surface changed. If that is meant, run this with SESSIONS_TEST_RECORD=1 and commit {}:\n{changes}",
        file.display()
    );
}
