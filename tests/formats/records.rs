//! The files of the store in a directory, byte for byte.
//!
//! `records-v1/` holds files as they were written by a program that knows only the format's description. They are never edited.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use sessions::{
    FilesystemStore, Handle, Timestamp,
    store::{
        Device, Loaded, Principal, Record, Revision, SessionStore, StoreKey, Touched, Write,
        WriteId, Written,
    },
};
use sha2::{Digest as _, Sha256};

use crate::{bytes, entries, hex};

const CREATED: u64 = 1_700_000_000;
const WEEK: u64 = 7 * 24 * 60 * 60;

/// The names of the files, and what is in them.
fn cases() -> [(&'static str, Record); 4] {
    let at = Timestamp::from_seconds;
    let plain = Record {
        handle: Handle::from_bytes(*b"0123456789abcdef"),
        write_id: WriteId::from_bytes(*b"fedcba9876543210"),
        created: at(CREATED),
        last_seen: at(CREATED),
        deadline: at(CREATED + WEEK),
        principal: None,
        device: None,
        body: b"two apples".to_vec(),
    };
    let full = Record {
        last_seen: at(CREATED + 100),
        deadline: at(CREATED + 100 + WEEK),
        principal: Some(Principal::from_bytes(*b"ada")),
        device: Some(Device {
            address: Some("::1".to_owned()),
            user_agent: Some("curl".to_owned()),
        }),
        ..plain.clone()
    };
    let touched = Record {
        last_seen: at(CREATED + 4000),
        deadline: at(CREATED + 4000 + WEEK),
        ..full.clone()
    };
    let nothing_known = Record {
        principal: Some(Principal::from_bytes(*b"")),
        device: Some(Device {
            address: None,
            user_agent: None,
        }),
        body: Vec::new(),
        ..plain.clone()
    };
    [
        ("plain", plain),
        ("full", full),
        ("touched", touched),
        ("nothing-known", nothing_known),
    ]
}

/// The 32 bytes 0 to 31, of a session named `cart`.
fn key() -> StoreKey {
    let token: [u8; 32] = std::array::from_fn(|index| index as u8);
    let hash = Sha256::new().chain_update(token).chain_update(b"cart");
    StoreKey::from_bytes(hash.finalize().into())
}

fn recorded(name: &str) -> Vec<u8> {
    let file = format!("formats/records-v1/{name}.txt");
    let entries = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    assert_eq!(entries["key"], key().to_string());
    bytes(&entries["file"])
}

/// A store's directory, removed with everything in it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("sessions-formats-{}-{count}", process::id())))
    }

    fn store(&self) -> FilesystemStore {
        FilesystemStore::new(&self.0).unwrap()
    }

    /// Where the record under [`key`] lies.
    fn record(&self) -> PathBuf {
        let name = key().to_string();
        self.0.join("records").join(&name[..2]).join(name)
    }

    /// Where it is hinted at for a principal.
    fn hint(&self, principal: &Principal) -> PathBuf {
        let name = hex(&Sha256::digest(principal.as_bytes()));
        let principals = self.0.join("principals");
        principals
            .join(&name[..2])
            .join(name)
            .join(key().to_string())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[actix_web::test]
async fn a_record_is_written_as_the_recorded_file() {
    for (name, record) in cases() {
        if name == "touched" {
            continue;
        }
        let directory = Directory::new();
        let (store, key) = (directory.store(), key());
        let written = store
            .write(Write::create(&key, &record, record.created))
            .await;
        assert_eq!(written.unwrap(), Written::applied(record.write_id));
        let file = fs::read(directory.record()).unwrap();
        assert_eq!(hex(&file), hex(&recorded(name)), "{name}");
        if let Some(principal) = &record.principal {
            assert_eq!(fs::read(directory.hint(principal)).unwrap(), b"", "{name}");
        }
    }
}

#[actix_web::test]
async fn a_touch_writes_the_recorded_times_in_place() {
    let [_, (_, full), (_, touched), _] = cases();
    let directory = Directory::new();
    let (store, key) = (directory.store(), key());
    let created = store.write(Write::create(&key, &full, full.created)).await;
    assert_eq!(created.unwrap(), Written::applied(full.write_id));
    let answer = store.touch(&key, touched.deadline, touched.last_seen).await;
    assert_eq!(answer.unwrap(), Touched::Applied);
    let file = fs::read(directory.record()).unwrap();
    assert_eq!(hex(&file), hex(&recorded("touched")));
}

#[actix_web::test]
async fn every_recorded_file_loads_as_it_was_written() {
    for (name, record) in cases() {
        let directory = Directory::new();
        let (store, key) = (directory.store(), key());
        let place = directory.record();
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, recorded(name)).unwrap();
        let loaded = store.load(&key, record.created).await.unwrap();
        let revision = Revision::from(record.write_id);
        assert_eq!(loaded, Some(Loaded { record, revision }), "{name}");
    }
}

#[test]
fn the_page_of_formats_shows_these_bytes() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats.md");
    let page = fs::read_to_string(page).unwrap();
    let digits: String = page.split_whitespace().collect();
    assert!(digits.contains(&key().to_string()));
    // The page explains each line of the dump behind it, in the order of the file.
    let dump = page
        .split("```text\n")
        .find(|block| block.starts_with("53455353"));
    let dump = dump.unwrap().split("```").next().unwrap();
    let shown: String = dump.lines().filter_map(|line| line.get(..40)).collect();
    let shown: String = shown.split_whitespace().collect();
    assert_eq!(shown, hex(&recorded("touched")));
}

#[test]
fn every_file_of_a_record_is_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("formats/records-v1");
    let names = fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.trim_end_matches(".txt").to_owned()
    });
    let mut names: Vec<String> = names.collect();
    let mut expected = cases().map(|(name, _)| name.to_owned());
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}
