use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use sessions::{
    Timestamp,
    gorilla::{FilesystemReader, KeyPair, OpenErrorKind, Payload, Reader},
};

use crate::{
    mint::mint,
    shown::shown,
    vectors::{Vector, values, vectors},
};

/// A directory of the test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gorilla-import-{test}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A cookie with an ID, the ID, and what is in its file.
fn sessions() -> Vec<(Vector, String, String)> {
    let vectors = vectors();
    let of = |kind: &str, keys: &str| {
        let case = format!("{kind}/{keys}");
        let mut found = vectors.iter().filter(|vector| vector.case == case);
        found.next().unwrap().clone()
    };
    let pairs = ["hmac32", "hmac32+aes256"].map(|keys| {
        let (cookie, file) = (of("fs_id", keys), of("fs_file", keys));
        let id = cookie.expect.rsplit('_').next().unwrap().to_owned();
        let expected = Vector {
            expect: r#"{"foo"="bar"}"#.into(),
            ..cookie
        };
        (expected, id, file.cookie_value)
    });
    let of_values = values()
        .into_iter()
        .filter(|vector| !vector.file.is_empty());
    let of_values = of_values.map(|vector| {
        let id = vector.kind().trim_start_matches("file ").to_owned();
        let file = vector.file.clone();
        assert!(file.len() > 4096);
        (vector, id, file)
    });
    pairs.into_iter().chain(of_values).collect()
}

/// As the Go store was configured: with the maximum length of a cookie.
fn reader(folder: &Folder, vector: &Vector) -> FilesystemReader {
    FilesystemReader::new(folder.path(), Reader::new(vector.keys()))
}

#[test]
fn a_cookie_with_an_id_opens_what_its_file_holds() {
    let folder = Folder::new("opens");
    let sessions = sessions();
    assert_eq!(sessions.len(), 4);
    for (_, id, file) in &sessions {
        fs::write(folder.path().join(format!("session_{id}")), file).unwrap();
    }
    for (vector, _, _) in &sessions {
        let opened = reader(&folder, vector)
            .open(&vector.cookie_name, vector.value(), vector.written())
            .unwrap();
        assert_eq!(shown(&opened.values), vector.expect);
        assert_eq!(opened.timestamp, vector.written());
    }
}

#[test]
fn a_file_is_refused_as_a_cookie_is() {
    let folder = Folder::new("refused");
    let (vector, id, file) = sessions().swap_remove(0);
    let path = folder.path().join(format!("session_{id}"));
    let open = |name: &str, now: Timestamp| {
        let opened = reader(&folder, &vector).open(name, vector.value(), now);
        opened.map(drop).map_err(|error| error.kind())
    };
    let written = vector.written();
    assert_eq!(open("session", written), Err(OpenErrorKind::NoFile));

    // Each is looked at for a while, as if it were just being written.
    for place in (0..file.len()).step_by(9) {
        let mut altered = file.clone().into_bytes();
        altered[place] ^= 1;
        fs::write(&path, &altered).unwrap();
        assert_eq!(
            open("session", written),
            Err(OpenErrorKind::Unauthentic),
            "{place}"
        );
    }

    fs::write(&path, &file).unwrap();
    assert_eq!(open("session", written), Ok(()));
    assert_eq!(open("other", written), Err(OpenErrorKind::Unauthentic));
    let month = Timestamp::from_seconds(vector.timestamp + 30 * 24 * 3600 + 1);
    assert_eq!(open("session", month), Err(OpenErrorKind::Expired));

    // A file of which nobody has written a megabyte.
    fs::write(&path, "A".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(open("session", written), Err(OpenErrorKind::Unreadable));
    fs::write(&path, "A".repeat(1 << 20)).unwrap();
    assert_eq!(open("session", written), Err(OpenErrorKind::Unauthentic));

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(open("session", written), Err(OpenErrorKind::Unreadable));
}

/// A disk that was not mounted, or a path with a mistake in it, ends nobody's session.
#[test]
fn where_the_directory_is_missing_no_session_has_ended() {
    let folder = Folder::new("missing");
    let (vector, ..) = sessions().swap_remove(0);
    let keys = || Reader::new(vector.keys());
    let open = |reader: &FilesystemReader| {
        let opened = reader.open("session", vector.value(), vector.written());
        opened.map(drop).unwrap_err()
    };
    let reader = FilesystemReader::new(folder.path().join("sessions"), keys());
    let error = open(&reader);
    assert_eq!(error.kind(), OpenErrorKind::NoDirectory);
    assert_eq!(
        error.to_string(),
        "the directory of gorilla's sessions is not there"
    );
    fs::write(folder.path().join("sessions"), "").unwrap();
    assert_eq!(open(&reader).kind(), OpenErrorKind::Unreadable);
    fs::remove_file(folder.path().join("sessions")).unwrap();
    fs::create_dir(folder.path().join("sessions")).unwrap();
    assert_eq!(open(&reader).kind(), OpenErrorKind::NoFile);
}

#[test]
fn the_older_of_two_timestamps_counts() {
    let folder = Folder::new("older");
    let keys = KeyPair::signed("k").unwrap();
    let reader = FilesystemReader::new(folder.path(), Reader::new(keys).payload(Payload::Json));
    let now = Timestamp::from_seconds(1_000_000);
    for (cookie, file) in [("999900", "999800"), ("999800", "999900")] {
        let content = mint("k", "session", file, b"{}");
        fs::write(folder.path().join("session_ABC"), content).unwrap();
        let cookie = mint("k", "session", cookie, b"\"ABC\"");
        let opened = reader.open("session", &cookie, now).unwrap();
        assert_eq!(opened.timestamp.as_seconds(), 999_800);
    }
}

#[test]
fn no_id_leads_out_of_the_directory_though_its_key_has_leaked() {
    let folder = Folder::new("leads-out");
    let inner = folder.path().join("inner");
    fs::create_dir_all(inner.join("session_")).unwrap();
    let content = mint("k", "session", "7", b"{}");
    for reachable in [
        "secret",
        "inner/session_abc",
        "inner/session_A.B",
        "inner/session_",
    ] {
        let _ = fs::write(folder.path().join(reachable), &content);
    }
    let reader = Reader::new(KeyPair::signed("k").unwrap()).payload(Payload::Json);
    let reader = FilesystemReader::new(&inner, reader);
    let secret = folder.path().join("secret");
    for id in [
        "/../../secret",
        "../secret",
        "../../secret",
        secret.to_str().unwrap(),
        "",
        "abc",
        "A.B",
        "ABC\0",
        "ABC/",
        "A=",
        &"A".repeat(300),
    ] {
        let json = serde_json::to_vec(id).unwrap();
        let cookie = mint("k", "session", "7", &json);
        let error = reader.open("session", &cookie, Timestamp::from_seconds(7));
        assert_eq!(
            error.unwrap_err().kind(),
            OpenErrorKind::Undecodable,
            "{id:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn only_a_file_itself_is_read_and_no_error_names_a_path() {
    let folder = Folder::new("link");
    let (vector, id, file) = sessions().swap_remove(0);
    let target = folder.path().join("target");
    fs::write(&target, file).unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join(format!("session_{id}"))).unwrap();
    let error = reader(&folder, &vector)
        .open("session", vector.value(), vector.written())
        .unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unreadable);
    let told = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!told.contains(&id) && !told.contains("link"), "{told}");
}
