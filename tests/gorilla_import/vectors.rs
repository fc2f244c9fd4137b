use std::{fs, path::Path};

use serde::Deserialize;
use sessions::{
    Timestamp,
    gorilla::{KeyPair, Payload, Reader},
};

/// A cookie or a file of the Go library's, and how it was made.
#[derive(Clone, Deserialize)]
pub(crate) struct Vector {
    pub(crate) case: String,
    #[serde(alias = "name")]
    pub(crate) cookie_name: String,
    pub(crate) hash_key_hex: String,
    #[serde(default)]
    pub(crate) block_key_hex: String,
    pub(crate) serializer: String,
    pub(crate) cookie_value: String,
    pub(crate) timestamp: u64,
    /// What it holds, in the words of [`shown`](crate::shown::shown); another form in `vectors.jsonl`.
    pub(crate) expect: String,
    /// What is inside of message and encryption.
    #[serde(default)]
    pub(crate) serialized_hex: String,
    /// What stands in the session's file.
    #[serde(default)]
    pub(crate) file: String,
}

impl Vector {
    pub(crate) fn keys(&self) -> KeyPair {
        keys(&self.hash_key_hex, &self.block_key_hex)
    }

    pub(crate) fn payload(&self) -> Payload {
        if self.serializer == "gob" {
            Payload::Gob
        } else {
            Payload::Json
        }
    }

    /// A reader as the Go store was configured, though of any length.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.keys())
            .payload(self.payload())
            .max_length(0)
    }

    pub(crate) fn written(&self) -> Timestamp {
        Timestamp::from_seconds(self.timestamp)
    }

    pub(crate) fn value(&self) -> &[u8] {
        self.cookie_value.as_bytes()
    }

    /// The session's name in the file, without what says how it was encrypted.
    pub(crate) fn kind(&self) -> &str {
        self.case.split('/').next().unwrap()
    }
}

pub(crate) fn keys(hash: &str, block: &str) -> KeyPair {
    if block.is_empty() {
        KeyPair::signed(bytes(hash)).unwrap()
    } else {
        KeyPair::encrypted(bytes(hash), bytes(block)).unwrap()
    }
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The ones that came with the description of the format.
pub(crate) fn vectors() -> Vec<Vector> {
    let vectors = read("vectors.jsonl");
    assert_eq!(vectors.len(), 24);
    vectors
}

/// The ones for values of every kind.
pub(crate) fn values() -> Vec<Vector> {
    let vectors = read("values.jsonl");
    assert!(vectors.len() > 30);
    vectors
}

fn read(file: &str) -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("gorilla_import")
        .join(file);
    let lines = fs::read_to_string(path).unwrap();
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
