//! Keeps the house in order: imports point downstairs, and few rooms know the street.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use syn::{UseTree, visit::Visit};

/// The rooms and their floors. A room imports from floors below its own, and from itself.
const FLOORS: [(&str, u8); 21] = [
    ("base64url", 0),
    ("clock", 0),
    ("merge", 0),
    ("crypto", 1),
    ("data", 1),
    ("store", 1),
    ("cookie", 1),
    ("error", 2),
    ("event", 2),
    ("import", 2),
    ("gorilla", 3),
    ("stores", 3),
    ("vault", 3),
    ("actix_session", 4),
    ("migrate", 4),
    ("session", 4),
    ("sweeper", 4),
    ("manager", 5),
    ("registry", 6),
    ("web", 7),
    ("test_util", 8),
];

/// The rooms that may name the web framework.
const DOORS: [&str; 4] = ["cookie", "manager", "test_util", "web"];

/// What a room without I/O does not name.
const OUTSIDE: [&str; 6] = ["fs", "net", "process", "env", "tokio", "actix_web"];

/// The first two segments of every path in a file, whether imported or written out.
#[derive(Default)]
struct Paths {
    found: Vec<(String, String)>,
}

impl Paths {
    fn walk(&mut self, first: Option<&str>, tree: &UseTree) {
        match (tree, first) {
            (UseTree::Path(path), None) => self.walk(Some(&path.ident.to_string()), &path.tree),
            (UseTree::Path(path), Some(first)) => self.note(first, &path.ident.to_string()),
            (UseTree::Name(name), Some(first)) => self.note(first, &name.ident.to_string()),
            (UseTree::Rename(rename), Some(first)) => self.note(first, &rename.ident.to_string()),
            (UseTree::Name(name), None) => self.note(&name.ident.to_string(), ""),
            (UseTree::Rename(rename), None) => self.note(&rename.ident.to_string(), ""),
            (UseTree::Group(group), first) => {
                group.items.iter().for_each(|item| self.walk(first, item));
            }
            (UseTree::Glob(_), Some(first)) => self.note(first, "*"),
            (UseTree::Glob(_), None) => {}
        }
    }

    fn note(&mut self, first: &str, second: &str) {
        self.found.push((first.to_owned(), second.to_owned()));
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.walk(None, &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        if let Some(first) = segments.next() {
            self.note(&first, &segments.next().unwrap_or_default());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The top of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder.
fn rust_files(root: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no sources found");
    files
}

/// Every source file of the library: its room, its path, its paths.
fn sources() -> Vec<(String, PathBuf, Paths)> {
    let root = repository().join("sessions/src");
    rust_files(root.clone())
        .into_iter()
        .map(|path| {
            let first = path.strip_prefix(&root).unwrap().iter().next().unwrap();
            let room = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
            let mut paths = Paths::default();
            paths.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
            (room, path, paths)
        })
        .collect()
}

fn floor(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

#[test]
fn imports_point_downstairs() {
    let mut seen = 0;
    for (room, path, paths) in sources() {
        if ["lib", "private", "guide"].contains(&room.as_str()) {
            continue;
        }
        let own = floor(&room).unwrap_or_else(|| panic!("{room} has no floor; give it one"));
        for (first, second) in &paths.found {
            if first != "crate" || second.is_empty() || *second == room {
                continue;
            }
            let other = floor(second);
            let other = other.unwrap_or_else(|| {
                panic!("{path:?} names crate::{second}: import it from its room")
            });
            assert!(
                other < own,
                "{path:?} on floor {own} climbs to crate::{second} on floor {other}"
            );
            seen += 1;
        }
    }
    assert!(
        seen > 50,
        "only {seen} imports seen: this test sees nothing"
    );
}

#[test]
fn only_the_doors_know_the_web_framework() {
    let mut seen = 0;
    for (room, path, paths) in sources() {
        for (first, _) in &paths.found {
            if first == "actix_web" || first == "actix_service" {
                assert!(DOORS.contains(&room.as_str()), "{path:?} names {first}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "only {seen} uses seen: this test sees nothing");
}

#[test]
fn sessions_and_data_do_no_input_or_output() {
    for (room, path, paths) in sources() {
        if room != "session" && room != "data" {
            continue;
        }
        for (first, second) in &paths.found {
            let named = if first == "std" { second } else { first };
            assert!(
                !OUTSIDE.contains(&named.as_str()),
                "{path:?} names {first}::{second}"
            );
        }
    }
}

#[test]
fn only_the_clock_asks_the_system_for_the_time() {
    for (room, path, paths) in sources() {
        for (first, second) in &paths.found {
            let asks = (first == "SystemTime" || first == "Instant") && second == "now";
            assert!(!asks || room == "clock", "{path:?} names {first}::{second}");
        }
    }
}

/// The words of a page, outside of its drawings.
fn names(page: &str) -> Vec<&str> {
    let mut is_drawing = false;
    let text = page.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        is_drawing ^= is_fence;
        !is_drawing && !is_fence
    });
    text.flat_map(|line| {
        line.split(|letter: char| letter.is_whitespace() || "`(),;:".contains(letter))
    })
    .collect()
}

#[test]
fn the_pages_name_what_is_there() {
    let folders = ["sessions", "sessions-derive", "examples", "tests"];
    let files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| rust_files(repository().join(folder)))
        .collect();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let words: HashSet<String> = texts
        .flat_map(|text| {
            let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            words.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for page in ["ARCHITECTURE.md", "docs/formats.md"] {
        let text = fs::read_to_string(repository().join(page)).unwrap();
        for name in names(&text) {
            if name.ends_with(".rs") {
                let is_there = files.iter().any(|file| file.ends_with(name));
                assert!(is_there, "{page} names the file {name}, which is nowhere");
            }
            let is_word = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            if name.contains('_') && name.chars().all(is_word) {
                assert!(
                    words.contains(name),
                    "{page} names {name}, which is nowhere"
                );
            }
        }
    }
}

#[test]
fn every_example_is_in_the_tables() {
    let read = |path| fs::read_to_string(repository().join(path)).unwrap();
    let manifest = read("examples/Cargo.toml");
    let mut lines = manifest.lines();
    let mut seen = 0;
    while lines.any(|line| line == "[[example]]") {
        let name = lines.next().and_then(|line| line.strip_prefix("name = "));
        let name = name
            .expect("an example begins with its name")
            .replace('"', "`");
        for page in ["README.md", "examples/README.md"] {
            assert!(read(page).contains(&name), "{page} does not name {name}");
        }
        seen += 1;
    }
    assert!(
        seen > 10,
        "only {seen} examples seen: this test sees nothing"
    );
}

#[test]
fn what_a_crate_includes_is_packaged_with_it() {
    let mut seen = 0;
    for package in ["sessions", "sessions-derive"] {
        let root = repository().join(package);
        for file in rust_files(root.join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for rest in text.split("include_str!(\"").skip(1) {
                let name = rest.split('"').next().unwrap();
                let climbs = Path::new(name).iter().filter(|part| *part == "..").count();
                let depth = file.strip_prefix(&root).unwrap().iter().count() - 1;
                assert!(
                    climbs <= depth,
                    "{file:?} includes {name}, outside of {package}"
                );
                assert!(
                    file.with_file_name(name).is_file(),
                    "{file:?} includes {name}, which is nowhere"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "only {seen} files seen: this test sees nothing");
}
