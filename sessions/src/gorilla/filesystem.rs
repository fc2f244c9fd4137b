use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::task::spawn_blocking;

use crate::{
    clock::Timestamp,
    import::{Foreign, ForeignReader, Refusal},
    store::{Answer, StoreError, StoreErrorKind},
};

use super::{OpenError, OpenErrorKind, Opened, Reader, Values};

/// Opens the sessions of a gorilla `FilesystemStore`: the cookie holds an ID, a file of the directory the values.
///
/// Both are made with the same keys, under the same name; a file may be longer than a cookie, up to 1 MiB. No byte of a cookie becomes part of
/// a path unless the whole ID is of the form that gorilla gives it, capital letters and digits from 2 to 7, so that no cookie leads out of the
/// directory, also if its key has leaked.
///
/// ```
/// use sessions::{Timestamp, gorilla::{FilesystemReader, KeyPair, OpenErrorKind, Reader}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("sessions-gorilla-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let file = directory.join("session_AOY7WS7H66XXASDYCSASDOQGVGXRVRZFU2SFZJSU7EBJPNQPYVGA");
/// # std::fs::write(&file, "MTc5NTI1MzcyOHxEdi1CQkFFQ180SUFBUkFCRUFBQUlQLUNBQUVHYzNSeWFXNW5EQVVBQTJadmJ3WnpkSEpwYm1jTUJRQURZbUZ5fFGaQvD2FS8iqVginYRmCWOG6qR-xHAJUgL5yT1lpPp5")?;
/// // store := sessions.NewFilesystemStore(directory, []byte("0123456789abcdef0123456789abcdef"))
/// let keys = KeyPair::signed("0123456789abcdef0123456789abcdef")?;
/// let reader = FilesystemReader::new(&directory, Reader::new(keys));
///
/// let cookie = b"MTc5NTI1MzcyOHxOd3dBTkVGUFdUZFhVemRJTmpaWVdFRlRSRmxEVTBGVFJFOVJSMVpIV0ZKV1VscEdWVEpUUmxwS1UxVTNS\
///                VUpLVUU1UlVGbFdSMEU9fHlB6jJfSMpMVAcCFUyDJsuKvBsGAmGOqgx35Kv683OS";
/// let now = Timestamp::from_seconds(1_795_253_800);
/// assert_eq!(reader.open("session", cookie, now)?.values.get::<&str>("foo")?, "bar");
///
/// // Ended on the Go side: the file is gone.
/// # std::fs::remove_file(file)?;
/// let error = reader.open("session", cookie, now).unwrap_err();
/// assert_eq!(error.kind(), OpenErrorKind::NoFile);
/// # std::fs::remove_dir(directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct FilesystemReader {
    directory: PathBuf,
    cookies: Reader,
    // The same without a maximum length, which is that of cookies. Shared with the thread that reads a file.
    files: Arc<Reader>,
}

impl FilesystemReader {
    /// Opens what a store on this directory has written. With an empty path Go had taken the directory for temporary files; name that one.
    ///
    /// The directory is not looked at before a session is opened. Where there is none, an [`Import`](crate::import::Import) answers 503 and says so
    /// in the log at `error`: nobody's session has ended by that. Where another one stands in its place, such as the empty one on which a disk is
    /// to be mounted, all sessions are as if they had ended.
    pub fn new(directory: impl Into<PathBuf>, reader: Reader) -> Self {
        Self {
            directory: directory.into(),
            files: Arc::new(reader.clone().max_length(0)),
            cookies: reader,
        }
    }

    /// Opens the value of a cookie of this name, with what the file holds that it names.
    ///
    /// The timestamp is the older one of cookie and file. This reads a file and blocks meanwhile: some microseconds, on a local disk; where the
    /// file is not authentic, and Go may be about to write it, a twentieth of a second. An [`Import`](crate::import::Import) has it read by another
    /// thread.
    ///
    /// # Errors
    ///
    /// Whatever [`OpenErrorKind`] lists, of the cookie or of the file.
    pub fn open(&self, name: &str, value: &[u8], now: Timestamp) -> Result<Opened, OpenError> {
        let named = self.file(name, value, now)?;
        named.open(&self.files, name, now, || read(&named.path))
    }

    /// The file that a cookie names.
    fn file(&self, name: &str, value: &[u8], now: Timestamp) -> Result<Named, OpenError> {
        let cookie = self.cookies.open_id(name, value, now)?;
        let file = file_name(&cookie.id).ok_or(OpenErrorKind::Undecodable)?;
        Ok(Named {
            path: self.directory.join(file),
            timestamp: cookie.timestamp,
        })
    }
}

/// The file is read and opened where blocking is allowed, by a thread of the runtime's, and only for a cookie that is authentic.
impl ForeignReader for FilesystemReader {
    type Values = Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        let named = match self.file(name, value, now) {
            Ok(named) => named,
            Err(error) => return Answer::ready(Opened::imported(Err(error))),
        };
        let (files, name) = (Arc::clone(&self.files), name.to_owned());
        Answer::pending(async move {
            let opened = move || named.open(&files, &name, now, || read(&named.path));
            let opened = spawn_blocking(opened).await;
            let unavailable = |error| StoreError::new(StoreErrorKind::Unavailable).because(error);
            Opened::imported(opened.map_err(unavailable)?)
        })
    }
}

/// A session's file, and when the cookie that names it was written.
struct Named {
    path: PathBuf,
    timestamp: Timestamp,
}

impl Named {
    /// Opens what the file holds.
    ///
    /// Go writes a file over itself, and while it does the file is empty, or ends in the middle. A session that another request writes just now
    /// is none that nobody wrote, so it is looked at again.
    fn open(
        &self,
        files: &Reader,
        name: &str,
        now: Timestamp,
        read: impl Fn() -> Result<Vec<u8>, OpenError>,
    ) -> Result<Opened, OpenError> {
        let mut looks = 1;
        loop {
            match files.open(name, &read()?, now) {
                Ok(file) => {
                    return Ok(Opened {
                        timestamp: file.timestamp.min(self.timestamp),
                        ..file
                    });
                }
                Err(error) if error.kind() == OpenErrorKind::Unauthentic && looks < LOOKS => {
                    thread::sleep(PAUSE);
                    looks += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How often a file is looked at that is not authentic.
const LOOKS: u32 = 6;

/// Longer than it takes to write a file, unless the writer has to wait for a processor.
const PAUSE: Duration = Duration::from_millis(10);

/// Without the keys.
impl fmt::Debug for FilesystemReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesystemReader")
            .field("directory", &self.directory)
            .field("reader", &self.cookies)
            .finish()
    }
}

/// An ID is base32 (RFC 4648, section 6) without padding: 52 characters for gorilla's 32 bytes.
fn file_name(id: &str) -> Option<String> {
    let is_base32 = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let is_id = (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(is_base32);
    is_id.then(|| format!("session_{id}"))
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let directory = path.parent();
    content(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if directory.is_some_and(Path::is_dir) => {
            OpenErrorKind::NoFile.into()
        }
        io::ErrorKind::NotFound => OpenErrorKind::NoDirectory.into(),
        _ => OpenError::unreadable(error),
    })
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    // Whatever else stands there is nothing that gorilla wrote; a pipe would be waited for.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let file = File::open(path)?;
    // Something else has taken its name meanwhile.
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut content = Vec::new();
    let limit = MAX_FILE_LENGTH as u64 + 1;
    file.take(limit).read_to_end(&mut content)?;
    if content.len() > MAX_FILE_LENGTH {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

const MAX_FILE_LENGTH: usize = 1 << 20;

/// Some applications make longer IDs than gorilla's own; a file's name has 255 bytes at most.
const MAX_ID_LENGTH: usize = 128;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::gorilla::KeyPair;

    use super::*;

    const FILE: &[u8] = b"MTc5NTI1MzcyOHxEdi1CQkFFQ180SUFBUkFCRUFBQUlQLUNBQUVHYzNSeWFXNW5EQVVBQTJadmJ3WnpkSEpwYm1jTUJRQURZbUZ5\
                          fFGaQvD2FS8iqVginYRmCWOG6qR-xHAJUgL5yT1lpPp5";

    /// Opens a file of which each look sees another part, and says how often that was looked at.
    fn seen(lengths: &[usize]) -> (Result<Opened, OpenErrorKind>, usize) {
        let files = Reader::new(KeyPair::signed("0123456789abcdef0123456789abcdef").unwrap());
        let now = Timestamp::from_seconds(1_795_253_728);
        let named = Named {
            path: PathBuf::new(),
            timestamp: now,
        };
        let looks = Cell::new(0);
        let opened = named.open(&files, "session", now, || {
            let length = lengths.get(looks.replace(looks.get() + 1)).copied();
            let content = FILE.get(..length.unwrap_or(0));
            Ok(content.unwrap_or_default().to_vec())
        });
        (opened.map_err(|error| error.kind()), looks.get())
    }

    #[test]
    fn a_file_that_is_being_written_is_looked_at_again_and_not_for_ever() {
        let whole = FILE.len();
        for (lengths, expected) in [
            (&[whole][..], 1),
            (&[0, whole], 2),
            (&[0, 0, 100, whole], 4),
        ] {
            let (opened, looks) = seen(lengths);
            assert_eq!(opened.unwrap().values.get::<&str>("foo").unwrap(), "bar");
            assert_eq!(looks, expected);
        }
        assert_eq!(seen(&[]), (Err(OpenErrorKind::Unauthentic), 6));
    }

    #[test]
    fn only_base32_becomes_a_file_name() {
        let id = "AOY7WS7H66XXASDYCSASDOQGVGXRVRZFU2SFZJSU7EBJPNQPYVGA";
        assert_eq!(file_name(id), Some(format!("session_{id}")));
        assert!(file_name(&"A".repeat(128)).is_some());
        for id in [
            "",
            ".",
            "..",
            "/",
            "../../etc/passwd",
            "A/B",
            "A\\B",
            "A\0",
            "aoy7ws7h",
            "A1",
            "A8",
            "A=",
            "A ",
            "Ä",
            "C:",
            &"A".repeat(129),
        ] {
            assert_eq!(file_name(id), None, "{id:?}");
        }
    }
}
