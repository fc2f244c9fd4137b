use std::{
    collections::BTreeMap,
    convert::Infallible,
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
    str::FromStr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use zeroize::Zeroizing;

use crate::crypto::{
    key::{Key, KeyError, KeyId},
    ring_error::{KeyRingError, Origin, Reason},
};

/// Holds the keys of an application: one active key seals, all of them open.
///
/// A ring is refused when two of its keys have the same [`KeyId`], because a message names its key
/// by it. A message whose key is in no ring any more does not open: its visitor starts anew.
///
/// A ring is a handle: clones share their keys, in all threads, and [`replace`](Self::replace)
/// changes them for all at once. Adding a key makes a ring of its own, and earlier clones keep theirs.
///
/// # The text
///
/// [`from_env`](Self::from_env), [`from_file`](Self::from_file) and `parse` read the same text:
/// keys separated by commas or white space, **newest first**. The first is active, the others are
/// retired. A key behind `next:` is pre-published: it opens and does not seal yet. What follows a
/// `#` is a comment until the end of its line.
///
/// # Changing the key
///
/// On one machine, write the new key before the old one. On several, a machine may meet what was
/// sealed under a key that it has not been told of, so take three steps, each on all machines
/// before the next: `next:NEW,OLD`, then `NEW,OLD`, and, when the absolute timeout of your sessions
/// is over, `NEW`. If a key has leaked, leave it out at once: that ends every session under it.
///
/// ```
/// use sessions::{Key, KeyRing};
///
/// let (old, new) = (Key::generate()?, Key::generate()?);
/// let ring = KeyRing::new(old.clone()).pre_published(new.clone())?;
/// assert_eq!(ring.active_id(), old.id());
///
/// // Every clone, in every worker, seals with the new key from here on.
/// ring.replace(&KeyRing::new(new.clone()).retired(old)?);
/// assert_eq!(ring.active_id(), new.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

impl KeyRing {
    /// Makes a ring of one key, which seals and opens.
    ///
    /// ```
    /// use sessions::{Key, KeyRing};
    ///
    /// let key = Key::generate()?;
    /// assert_eq!(KeyRing::new(key.clone()).active_id(), key.id());
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    #[must_use]
    pub fn new(active: Key) -> Self {
        Self::from_keys(Keys {
            active: Arc::new(RingKey::new(active, Role::Active)),
            others: Vec::new(),
        })
    }

    /// Makes a ring of one new random key, for development and tests.
    ///
    /// The key is written nowhere: when the process ends, so does every session sealed under it, and
    /// a second process cannot open what the first has sealed.
    ///
    /// ```
    /// use sessions::KeyRing;
    ///
    /// let ring = KeyRing::generate()?;
    /// assert_eq!(ring.key_ids().len(), 1);
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::KeyErrorKind::Unavailable) when the operating system gives no random
    /// bytes.
    pub fn generate() -> Result<Self, KeyError> {
        Key::generate().map(Self::new)
    }

    /// Reads the keys from an environment variable, newest first.
    ///
    /// ```
    /// use sessions::{KeyRing, KeyRingErrorKind};
    ///
    /// let error = KeyRing::from_env("SESSION_KEYS_NOT_SET").unwrap_err();
    /// assert_eq!(error.kind(), KeyRingErrorKind::Missing);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "SESSION_KEYS_NOT_SET: the environment variable is not set, it holds the keys, newest first; \
    ///      make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`Missing`](crate::KeyRingErrorKind::Missing) when the variable is not set, and whatever the
    /// text breaks. The error names the variable and the key's position, and never shows a character
    /// of a key.
    pub fn from_env(variable: &str) -> Result<Self, KeyRingError> {
        Self::from_variable(variable, env::var_os(variable))
    }

    /// Reads the keys from a file, newest first.
    ///
    /// A file that every user of the machine can read is taken, with a warning in the log.
    ///
    /// ```
    /// use sessions::{Key, KeyRing};
    ///
    /// # let path = std::env::temp_dir().join(format!("sessions-doc-keys-{}", std::process::id()));
    /// let (new, old) = (Key::generate()?, Key::generate()?);
    /// std::fs::write(&path, format!(
    ///     "{} # since May\n{}\n",
    ///     new.dangerous_reveal(),
    ///     old.dangerous_reveal(),
    /// ))?;
    ///
    /// let ring = KeyRing::from_file(&path)?;
    /// assert_eq!(ring.key_ids(), [new.id(), old.id()]);
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unreadable`](crate::KeyRingErrorKind::Unreadable) when the file cannot be read, and whatever
    /// the text breaks. The error names the file and the key's position, and never shows a character
    /// of a key.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyRingError> {
        let path = path.as_ref();
        let refuse = |reason| KeyRingError::new(Origin::File(path.to_owned()), reason);
        let bytes = read(path).map_err(|source| refuse(Reason::Unreadable(source)))?;
        if bytes.len() > MAX_FILE_LENGTH {
            return Err(refuse(Reason::TooLarge(MAX_FILE_LENGTH)));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| refuse(Reason::NotText))?;
        Self::from_text(text).map_err(refuse)
    }

    /// Adds a key that no longer seals and still opens.
    ///
    /// What opens under it is sealed anew, under the active key, on its next write or touch.
    ///
    /// ```
    /// use sessions::{Key, KeyRing, KeyRingErrorKind};
    ///
    /// let (new, old) = (Key::generate()?, Key::generate()?);
    /// let ring = KeyRing::new(new.clone()).retired(old)?;
    /// assert_eq!(ring.active_id(), new.id());
    ///
    /// let error = ring.retired(new).unwrap_err();
    /// assert_eq!(error.kind(), KeyRingErrorKind::Duplicate);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](crate::KeyRingErrorKind::Duplicate) when a key of the ring has the same
    /// [`KeyId`].
    pub fn retired(self, key: Key) -> Result<Self, KeyRingError> {
        self.with(RingKey::new(key, Role::Retired))
    }

    /// Adds a key that opens and does not seal yet, because another machine may seal with it already.
    ///
    /// ```
    /// use sessions::{Key, KeyRing};
    ///
    /// let (now, next) = (Key::generate()?, Key::generate()?);
    /// let ring = KeyRing::new(now.clone()).pre_published(next)?;
    /// assert_eq!(ring.active_id(), now.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](crate::KeyRingErrorKind::Duplicate) when a key of the ring has the same
    /// [`KeyId`].
    pub fn pre_published(self, key: Key) -> Result<Self, KeyRingError> {
        self.with(RingKey::new(key, Role::PrePublished))
    }

    /// Replaces the keys of this ring and of all its clones by those of another, while they are in use.
    ///
    /// Whatever is sealed or opened from here on, in any thread, uses the new keys. A thread drops
    /// what it derived from the old ones when it next seals or opens.
    ///
    /// ```
    /// use sessions::KeyRing;
    ///
    /// let ring = KeyRing::generate()?;
    /// let in_a_worker = ring.clone();
    ///
    /// let newer = KeyRing::generate()?;
    /// ring.replace(&newer);
    /// assert_eq!(in_a_worker.active_id(), newer.active_id());
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    pub fn replace(&self, other: &Self) {
        // Taken first and by itself: a ring may replace itself, or two rings each other.
        let keys = other.keys();
        let Ok(()) = self.change::<Infallible>(|_| Ok(keys));
    }

    /// Changes the keys in one step: of two who do it at once, the second sees what the first left.
    fn change<E>(&self, next: impl FnOnce(&Keys) -> Result<Arc<Keys>, E>) -> Result<(), E> {
        let (active, count) = {
            let mut current = self
                .shared
                .keys
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *current = next(&current)?;
            // Within the lock, so that who holds it sees a generation and its keys.
            self.shared.generation.fetch_add(1, Ordering::Release);
            (current.active.id, 1 + current.others.len())
        };
        tracing::info!(%active, count, "session keys replaced");
        Ok(())
    }

    /// Seals with a new key from here on, in this ring and all its clones, while they are in use; the one that sealed so far is retired.
    ///
    /// For one process that keeps its keys itself. Several machines change their key in three steps, above.
    ///
    /// ```
    /// use sessions::{Key, KeyRing};
    ///
    /// let ring = KeyRing::generate()?;
    /// let (old, new) = (ring.active_id(), Key::generate()?);
    /// ring.rotate(new.clone())?;
    /// assert_eq!(ring.key_ids(), [new.id(), old]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](crate::KeyRingErrorKind::Duplicate) when another key has the same [`KeyId`]. A pre-published key may be the new one.
    pub fn rotate(&self, new: Key) -> Result<(), KeyRingError> {
        let new = Arc::new(RingKey::new(new, Role::Active));
        self.change(|current| {
            let retired = RingKey::new(current.active.key.clone(), Role::Retired);
            let others = current
                .others
                .iter()
                .filter(|other| other.key != new.key)
                .cloned();
            let keys = [new.clone(), Arc::new(retired)];
            let keys = Keys::new(keys.into_iter().chain(others).collect());
            keys.map(Arc::new)
                .map_err(|reason| KeyRingError::new(Origin::Code, reason))
        })
    }

    /// Returns the ID of the key that seals.
    #[must_use]
    pub fn active_id(&self) -> KeyId {
        self.keys().active.id
    }

    /// Returns the IDs of all keys: the active one first, the others in the order given.
    #[must_use]
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.keys().iter().map(|key| key.id).collect()
    }

    /// Returns a number that changes whenever the keys do: what a worker compares for each message.
    pub(super) fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// Returns the keys together with their generation.
    pub(super) fn snapshot(&self) -> (u64, Arc<Keys>) {
        let keys = self.shared.lock_shared();
        (self.generation(), Arc::clone(&keys))
    }

    fn from_keys(keys: Keys) -> Self {
        Self {
            shared: Arc::new(Shared {
                generation: AtomicU64::new(0),
                keys: RwLock::new(Arc::new(keys)),
            }),
        }
    }

    fn from_variable(variable: &str, value: Option<OsString>) -> Result<Self, KeyRingError> {
        let refuse = |reason| KeyRingError::new(Origin::Variable(variable.to_owned()), reason);
        let value = value.ok_or_else(|| refuse(Reason::Missing))?;
        let bytes = Zeroizing::new(value.into_encoded_bytes());
        let text = std::str::from_utf8(&bytes).map_err(|_| refuse(Reason::NotText))?;
        Self::from_text(text).map_err(refuse)
    }

    fn from_text(text: &str) -> Result<Self, Reason> {
        let mut keys = Vec::new();
        let mut is_active_known = false;
        for (index, word) in words(text).enumerate() {
            // The mark is a word because `+`, `-`, `_`, `/` and `=` are characters of base64, and
            // `*`, `~` and `!` of the shell.
            let (word, is_marked) = match word.strip_prefix(NEXT) {
                Some(rest) => (rest, true),
                None => (word, false),
            };
            let key = word.parse().map_err(|source| Reason::Key {
                position: index + 1,
                source,
            })?;
            let role = match (is_marked, is_active_known) {
                (true, _) => Role::PrePublished,
                (false, true) => Role::Retired,
                (false, false) => {
                    is_active_known = true;
                    Role::Active
                }
            };
            keys.push(Arc::new(RingKey::new(key, role)));
        }
        Keys::new(keys).map(Self::from_keys)
    }

    fn with(self, key: RingKey) -> Result<Self, KeyRingError> {
        let keys = self.keys().iter().cloned().chain([Arc::new(key)]).collect();
        Keys::new(keys)
            .map(Self::from_keys)
            .map_err(|reason| KeyRingError::new(Origin::Code, reason))
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.shared.lock_shared())
    }
}

impl FromStr for KeyRing {
    type Err = KeyRingError;

    fn from_str(text: &str) -> Result<Self, KeyRingError> {
        Self::from_text(text).map_err(|reason| KeyRingError::new(Origin::Code, reason))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        let with_role = |role| {
            keys.iter()
                .filter(|key| key.role == role)
                .map(|key| key.id)
                .collect::<Vec<_>>()
        };
        f.debug_struct("KeyRing")
            .field("active", &keys.active.id)
            .field("pre_published", &with_role(Role::PrePublished))
            .field("retired", &with_role(Role::Retired))
            .finish()
    }
}

/// Holds the keys of a ring as they are between two replacements.
pub(super) struct Keys {
    // Its role is `Active`; no other's is.
    pub(super) active: Arc<RingKey>,
    // In the order given. No two keys of a ring have the same ID.
    pub(super) others: Vec<Arc<RingKey>>,
}

impl Keys {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<RingKey>> {
        [&self.active].into_iter().chain(&self.others)
    }

    fn new(mut keys: Vec<Arc<RingKey>>) -> Result<Self, Reason> {
        let mut seen = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            if let Some((first, twin)) = seen.insert(key.id, (index + 1, key)) {
                return Err(Reason::Duplicate {
                    positions: (first, index + 1),
                    are_equal: twin.key == key.key,
                });
            }
        }
        if keys.is_empty() {
            return Err(Reason::Empty);
        }
        let Some(active) = keys.iter().position(|key| key.role == Role::Active) else {
            return Err(Reason::NoActive);
        };
        Ok(Self {
            active: keys.remove(active),
            others: keys,
        })
    }
}

/// Holds a key with what the ring knows of it.
pub(super) struct RingKey {
    pub(super) key: Key,
    pub(super) id: KeyId,
    pub(super) role: Role,
}

impl RingKey {
    fn new(key: Key, role: Role) -> Self {
        let id = key.id();
        Self { key, id, role }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Active,
    PrePublished,
    Retired,
}

struct Shared {
    // Changed only by who holds the lock for writing. A worker reads it without the lock, and takes
    // the lock only when it has moved.
    generation: AtomicU64,
    keys: RwLock<Arc<Keys>>,
}

impl Shared {
    // A thread that panics while it holds the lock leaves a whole `Arc` behind, the old one or the
    // new, so a poisoned lock is as good as any.
    fn lock_shared(&self) -> std::sync::RwLockReadGuard<'_, Arc<Keys>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split_once('#').map_or(line, |(keys, _comment)| keys))
        .flat_map(|line| line.split(|c: char| c == ',' || c.is_whitespace()))
        .filter(|word| !word.is_empty())
}

// Reads at most one byte more than is allowed, into room made beforehand: a buffer that grows leaves
// copies of the keys behind, and a path like `/dev/zero` has no end.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    warn_if_readable_by_all(&file, path);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LENGTH + 64));
    file.take(MAX_FILE_LENGTH as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn warn_if_readable_by_all(file: &File, path: &Path) {
    // Only a warning: a secret mounted into a container is often readable by all, and there is nobody else.
    if is_readable_by_all(file) {
        tracing::warn!(
            path = %path.display(),
            "the file of session keys can be read by every user of this machine; `chmod 600` it",
        );
    }
}

#[cfg(unix)]
fn is_readable_by_all(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    const READABLE_BY_OTHERS: u32 = 0o004;

    file.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & READABLE_BY_OTHERS != 0)
}

// Elsewhere the answer is in access lists, which the standard library does not read.
#[cfg(not(unix))]
const fn is_readable_by_all(_file: &File) -> bool {
    false
}

const NEXT: &str = "next:";
const MAX_FILE_LENGTH: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;
    use crate::crypto::{
        key::{KeyErrorKind, REMEDY},
        ring_error::KeyRingErrorKind,
    };

    #[test]
    fn the_first_key_that_is_not_marked_seals() {
        let [a, b, c, d] = [1, 2, 3, 4].map(Key::of_seed);
        let text = format!(
            "# the shop\n next:{}, # from June\n\n{} {},\tnext:{}\r\n#{}",
            a.dangerous_reveal(),
            b.dangerous_reveal(),
            c.dangerous_reveal(),
            d.dangerous_reveal(),
            Key::of_seed(5).dangerous_reveal(),
        );
        let ring: KeyRing = text.parse().unwrap();
        assert_eq!(
            format!("{ring:?}"),
            format!(
                "KeyRing {{ active: {:?}, pre_published: [{:?}, {:?}], retired: [{:?}] }}",
                b.id(),
                a.id(),
                d.id(),
                c.id()
            )
        );
        assert_eq!(ring.key_ids(), [b.id(), a.id(), c.id(), d.id()]);
    }

    #[test]
    fn debug_shows_ids_and_no_secret() {
        let ring = KeyRing::new(Key::of_seed(1))
            .retired(Key::of_seed(2))
            .unwrap();
        assert_eq!(
            format!("{ring:?}"),
            format!(
                "KeyRing {{ active: KeyId(3a9c9e2d), pre_published: [], retired: [{:?}] }}",
                Key::of_seed(2).id()
            )
        );
    }

    #[test]
    fn a_text_is_refused_by_the_rule_it_breaks_and_shows_no_character_of_a_key() {
        let key = Key::of_seed(1).dangerous_reveal();
        let hex: String = Key::of_seed(1)
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for (text, kind, message) in [
            (
                " # nothing\n,,".to_owned(),
                KeyRingErrorKind::Empty,
                "KEYS: there is no key in it; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
            ),
            (
                format!("{key},hunter2hunter2!"),
                KeyRingErrorKind::Key(KeyErrorKind::Encoding),
                "KEYS: key 2: a key is written as 64 characters of hex or as base64, \
                 this one is neither; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
            ),
            (
                format!("{key},next:"),
                KeyRingErrorKind::Key(KeyErrorKind::Length),
                "KEYS: key 2: a key is 32 bytes (64 characters of hex, 44 of base64), this one is 0; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
            ),
            (
                "0".repeat(64),
                KeyRingErrorKind::Key(KeyErrorKind::Weak),
                "KEYS: key 1: a key is 32 random bytes, fewer than 8 of this one's differ; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
            ),
            (
                format!("next:{key}"),
                KeyRingErrorKind::NoActive,
                "KEYS: one key must seal, and all are marked `next:`; \
                 write the key that seals without the mark",
            ),
            (
                format!("{key}\n{}\nnext:{hex}", Key::of_seed(2).dangerous_reveal()),
                KeyRingErrorKind::Duplicate,
                "KEYS: keys 1 and 3 are the same key; remove one of them",
            ),
        ] {
            let error = KeyRing::from_variable("KEYS", Some(text.into())).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), message);
            assert_eq!(
                format!("{error:?}"),
                format!("KeyRingError {{ message: {message:?} }}")
            );
        }
    }

    #[test]
    fn a_variable_is_read_or_named_in_the_refusal() {
        // Set by Cargo for every test, and no key.
        let error = KeyRing::from_env("CARGO_PKG_NAME").unwrap_err();
        assert_eq!(
            error.to_string(),
            "CARGO_PKG_NAME: key 1: a key is 32 bytes (64 characters of hex, 44 of base64), \
             this one is 6; \
             make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`"
        );

        let error = KeyRing::from_variable("KEYS", None).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::Missing);

        let key = Key::of_seed(1);
        let ring = KeyRing::from_variable("KEYS", Some(key.dangerous_reveal().into())).unwrap();
        assert_eq!(ring.active_id(), key.id());
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;

        let value = OsString::from_vec(vec![b'k', 0xff]);
        let error = KeyRing::from_variable("KEYS", Some(value)).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::NotText);
        assert_eq!(
            error.to_string(),
            "KEYS: keys are written as hex or base64, this is not even UTF-8 text; \
             make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`"
        );
    }

    #[test]
    fn a_file_is_read_or_named_in_the_refusal() {
        let path = env::temp_dir().join(format!("sessions-ring-{}", std::process::id()));
        let refusal = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            let error = KeyRing::from_file(&path).unwrap_err();
            (error.kind(), error.to_string())
        };
        let name = path.display();

        assert_eq!(
            refusal(b"# empty\n"),
            (
                KeyRingErrorKind::Empty,
                format!("{name}: there is no key in it; {REMEDY}")
            )
        );
        assert_eq!(refusal(&[0xff; 40]).0, KeyRingErrorKind::NotText);
        assert_eq!(
            refusal(&[b'\n'; MAX_FILE_LENGTH + 1]),
            (
                KeyRingErrorKind::TooLarge,
                format!(
                    "{name}: a file of keys is at most 65536 bytes, this one is larger; \
                     remove keys that are older than the absolute timeout"
                )
            )
        );

        let key = Key::of_seed(1);
        let mut content = key.dangerous_reveal().into_bytes();
        content.resize(MAX_FILE_LENGTH, b'\n');
        fs::write(&path, content).unwrap();
        assert_eq!(KeyRing::from_file(&path).unwrap().active_id(), key.id());

        fs::remove_file(&path).unwrap();
        let error = KeyRing::from_file(&path).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::Unreadable);
        assert_eq!(
            error.to_string(),
            format!(
                "{name}: the file of keys cannot be read; see that it is there, and that the server's user may read it"
            )
        );
        assert!(std::error::Error::source(&error).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_noticed() {
        use std::os::unix::fs::PermissionsExt as _;

        let path = env::temp_dir().join(format!("sessions-ring-mode-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        for (mode, is_readable) in [(0o600, false), (0o640, false), (0o644, true)] {
            file.set_permissions(fs::Permissions::from_mode(mode))
                .unwrap();
            assert_eq!(is_readable_by_all(&file), is_readable, "{mode:o}");
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn two_keys_of_one_id_are_refused() {
        // Found by trying keys until two had an ID in common.
        let [first, second] = [6745_u32, 60322].map(|number| {
            let mut bytes = *Key::of_seed(1).as_bytes();
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            Key::from_bytes(bytes).unwrap()
        });
        assert_ne!(first, second);
        assert_eq!(first.id(), second.id());

        let error = KeyRing::new(first).retired(second).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::Duplicate);
        assert_eq!(
            error.to_string(),
            "key ring: keys 1 and 2 have the same key id by chance; replace the newer one, \
             make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`"
        );
    }

    #[test]
    fn adding_a_key_leaves_earlier_clones_alone() {
        let ring = KeyRing::new(Key::of_seed(1));
        let larger = ring.clone().retired(Key::of_seed(2)).unwrap();
        assert_eq!(ring.key_ids().len(), 1);
        assert_eq!(larger.key_ids().len(), 2);
    }

    #[test]
    fn a_ring_replaces_itself_and_others_cross_wise() {
        let ring = KeyRing::new(Key::of_seed(1));
        ring.replace(&ring.clone());
        assert_eq!(ring.active_id(), Key::of_seed(1).id());

        let other = KeyRing::new(Key::of_seed(2));
        ring.replace(&other);
        other.replace(&ring);
        assert_eq!(ring.active_id(), Key::of_seed(2).id());
    }

    #[test]
    fn a_replacement_is_a_copy() {
        let ring = KeyRing::new(Key::of_seed(1));
        let other = KeyRing::new(Key::of_seed(2));
        ring.replace(&other);
        other.replace(&KeyRing::new(Key::of_seed(3)));
        assert_eq!(ring.active_id(), Key::of_seed(2).id());
    }

    #[test]
    fn a_thread_that_panics_with_the_lock_leaves_a_ring_that_works() {
        let ring = KeyRing::new(Key::of_seed(1));
        let clone = ring.clone();
        thread::spawn(move || {
            let _guard = clone.shared.keys.write().unwrap();
            panic!("poisons the lock");
        })
        .join()
        .unwrap_err();
        assert!(ring.shared.keys.is_poisoned());

        assert_eq!(ring.active_id(), Key::of_seed(1).id());
        ring.replace(&KeyRing::new(Key::of_seed(2)));
        assert_eq!(ring.active_id(), Key::of_seed(2).id());
    }

    #[test]
    fn a_ring_goes_to_every_thread() {
        fn is_shared<T: Clone + Send + Sync + 'static>() {}
        is_shared::<KeyRing>();
    }
}
