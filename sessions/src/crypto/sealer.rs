use std::{
    cell::{OnceCell, RefCell},
    fmt,
    ops::Range,
    sync::Arc,
};

use crate::crypto::{
    error::{OpenError, SealError},
    header::Header,
    key::KeyId,
    ring::{KeyRing, Keys, RingKey, Role},
    seal::SealKey,
    sign::SignKey,
};

/// Seals and opens the messages of one session name, in place and without allocation.
///
/// It belongs to one worker thread: what it derives from the keys of the ring it keeps, and makes
/// anew when the ring's keys are replaced.
///
/// A message holds its payload between a prefix and a suffix, whose lengths its [`Mode`] tells:
///
/// ```text
/// +------------------------+---------+------------------------+
/// | prefix_length() bytes  | payload | suffix_length() bytes  |
/// +------------------------+---------+------------------------+
/// ```
pub(crate) struct Sealer {
    ring: KeyRing,
    name: Box<str>,
    mode: Mode,
    // Borrowed only within a method here, and none calls out of the room, so no borrow meets
    // another.
    cache: RefCell<Cache>,
}

impl Sealer {
    /// Makes a sealer for one session name.
    pub(crate) fn new(ring: KeyRing, name: &str, mode: Mode) -> Self {
        let cache = RefCell::new(Cache::new(&ring));
        Self {
            ring,
            name: name.into(),
            mode,
            cache,
        }
    }

    /// Returns the mode it was made for.
    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    /// Seals what follows the reserved prefix under the active key.
    ///
    /// The buffer holds [`Mode::prefix_length`] bytes of any value and then the payload. It grows by
    /// [`Mode::suffix_length`]; reserve that, and nothing is allocated.
    pub(crate) fn seal_in_place(&self, buffer: &mut Vec<u8>) -> Result<(), SealError> {
        self.with_cache(|cache| {
            let header = Header {
                key_id: cache.active.id(),
            };
            match cache.active.cipher(&self.name, self.mode) {
                Cipher::Seal(key) => key.seal(header, buffer),
                Cipher::Sign(key) => key.sign(header, buffer),
            }
        })
    }

    /// Opens a message that anyone may have written, and tells where in it the payload now is.
    ///
    /// The message names its key, so this is one try, whatever the size of the ring. A refused
    /// message is left as it was.
    pub(crate) fn open_in_place(&self, message: &mut [u8]) -> Result<Opened, OpenError> {
        let header = Header::read(message)?;
        let mode = self.mode;
        let Some(payload_end) = message
            .len()
            .checked_sub(mode.suffix_length())
            .filter(|end| *end >= mode.prefix_length())
        else {
            return Err(OpenError::Malformed);
        };
        self.with_cache(|cache| {
            let slot = cache.find(header.key_id).ok_or(OpenError::UnknownKey)?;
            match slot.cipher(&self.name, mode) {
                Cipher::Seal(key) => key.open(message)?,
                Cipher::Sign(key) => key.verify(message)?,
            }
            Ok(Opened {
                payload: mode.prefix_length()..payload_end,
                retired: slot.key.role == Role::Retired,
            })
        })
    }

    fn with_cache<R>(&self, f: impl FnOnce(&Cache) -> R) -> R {
        let cache = self.cache.borrow();
        if cache.generation == self.ring.generation() {
            return f(&cache);
        }
        drop(cache);
        self.refresh();
        f(&self.cache.borrow())
    }

    #[cold]
    fn refresh(&self) {
        *self.cache.borrow_mut() = Cache::new(&self.ring);
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("name", &self.name)
            .field("mode", &self.mode)
            .field("ring", &self.ring)
            .finish_non_exhaustive()
    }
}

/// Chooses what is done to a payload. The two never open each other's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Hidden and authenticated.
    Sealed,
    /// Readable by anyone, and authenticated.
    Signed,
}

impl Mode {
    /// Returns how many bytes of a message stand before its payload.
    pub(crate) const fn prefix_length(self) -> usize {
        match self {
            Self::Sealed => SealKey::PREFIX_LENGTH,
            Self::Signed => SignKey::PREFIX_LENGTH,
        }
    }

    /// Returns how many bytes of a message stand behind its payload.
    pub(crate) const fn suffix_length(self) -> usize {
        match self {
            Self::Sealed => SealKey::SUFFIX_LENGTH,
            Self::Signed => SignKey::SUFFIX_LENGTH,
        }
    }
}

/// Tells what opening a message has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Where in the message the payload is.
    pub(crate) payload: Range<usize>,
    /// Whether its key is a retired one, so that it should be sealed anew. A pre-published key is
    /// not: it is newer than the one that would seal.
    pub(crate) retired: bool,
}

// What a worker has derived from one generation of keys.
struct Cache {
    generation: u64,
    active: Slot,
    // Sorted by ID.
    others: Box<[Slot]>,
}

impl Cache {
    fn new(ring: &KeyRing) -> Self {
        let (generation, keys) = ring.snapshot();
        let Keys { active, others } = &*keys;
        let mut others: Box<[Slot]> = others.iter().map(Slot::new).collect();
        others.sort_unstable_by_key(Slot::id);
        Self {
            generation,
            active: Slot::new(active),
            others,
        }
    }

    fn find(&self, id: KeyId) -> Option<&Slot> {
        if self.active.id() == id {
            return Some(&self.active);
        }
        let index = self.others.binary_search_by_key(&id, Slot::id).ok()?;
        self.others.get(index)
    }
}

// One key of the ring. Most retired keys are never asked for again, so each is derived when it is.
struct Slot {
    key: Arc<RingKey>,
    cipher: OnceCell<Cipher>,
}

impl Slot {
    fn new(key: &Arc<RingKey>) -> Self {
        Self {
            key: Arc::clone(key),
            cipher: OnceCell::new(),
        }
    }

    fn id(&self) -> KeyId {
        self.key.id
    }

    fn cipher(&self, name: &str, mode: Mode) -> &Cipher {
        self.cipher
            .get_or_init(|| Cipher::new(&self.key, name, mode))
    }
}

// Boxed, because an expanded key is half a kilobyte and a ring may have a hundred keys.
enum Cipher {
    Seal(Box<SealKey>),
    Sign(Box<SignKey>),
}

impl Cipher {
    #[cold]
    fn new(key: &RingKey, name: &str, mode: Mode) -> Self {
        match mode {
            Mode::Sealed => Self::Seal(Box::new(SealKey::new(&key.key, name))),
            Mode::Signed => Self::Sign(Box::new(SignKey::new(&key.key, name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::crypto::key::Key;

    const MODES: [Mode; 2] = [Mode::Sealed, Mode::Signed];
    const PAYLOAD: &[u8] = b"two apples and a pear";

    #[test]
    fn what_is_sealed_opens() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1]), "cart", mode);
            for length in [0, 1, 15, 16, 17, 300, 5000] {
                let payload = vec![0x5a; length];
                let mut message = seal(&sealer, &payload);
                assert_eq!(
                    message.len(),
                    mode.prefix_length() + length + mode.suffix_length()
                );
                let opened = sealer.open_in_place(&mut message).unwrap();
                assert!(!opened.retired);
                assert_eq!(message[opened.payload], payload);
            }
        }
    }

    #[test]
    fn a_message_begins_with_its_version_and_its_key() {
        assert_eq!(Mode::Sealed.prefix_length(), 29);
        assert_eq!(Mode::Sealed.suffix_length(), 16);
        assert_eq!(Mode::Signed.prefix_length(), 5);
        assert_eq!(Mode::Signed.suffix_length(), 32);
        for mode in MODES {
            let message = seal(&Sealer::new(ring(&[1]), "cart", mode), PAYLOAD);
            assert_eq!(message[..5], [1, 0x3a, 0x9c, 0x9e, 0x2d]);
        }
    }

    #[test]
    fn only_a_sealed_payload_is_hidden() {
        for mode in MODES {
            let message = seal(&Sealer::new(ring(&[1]), "cart", mode), PAYLOAD);
            let shown = message.windows(PAYLOAD.len()).any(|part| part == PAYLOAD);
            assert_eq!(shown, mode == Mode::Signed);
        }
    }

    #[test]
    fn no_two_seals_are_alike() {
        let sealer = Sealer::new(ring(&[1]), "cart", Mode::Sealed);
        let mut nonces: Vec<_> = (0..1000)
            .map(|_| seal(&sealer, PAYLOAD)[5..29].to_vec())
            .collect();
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 1000);
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1, 2, 3]), "cart", mode);
            let message = seal(&sealer, PAYLOAD);
            for bit in 0..8 * message.len() {
                let mut altered = message.clone();
                altered[bit / 8] ^= 1 << (bit % 8);
                let before = altered.clone();
                let expected = match bit / 8 {
                    0 => OpenError::Malformed,
                    1..5 => OpenError::UnknownKey,
                    _ => OpenError::Unauthentic,
                };
                assert_eq!(sealer.open_in_place(&mut altered), Err(expected), "{bit}");
                assert_eq!(altered, before);
            }
        }
    }

    #[test]
    fn every_truncation_and_extension_is_refused() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1]), "cart", mode);
            let message = seal(&sealer, PAYLOAD);
            let least = mode.prefix_length() + mode.suffix_length();
            for length in 0..message.len() {
                let expected = if length < least {
                    OpenError::Malformed
                } else {
                    OpenError::Unauthentic
                };
                assert_eq!(
                    sealer.open_in_place(&mut message[..length].to_vec()),
                    Err(expected)
                );
                assert!(
                    sealer
                        .open_in_place(&mut message[message.len() - length..].to_vec())
                        .is_err()
                );
            }
            for byte in 0..=255 {
                let mut longer = message.clone();
                longer.push(byte);
                assert_eq!(
                    sealer.open_in_place(&mut longer),
                    Err(OpenError::Unauthentic)
                );
            }
        }
    }

    #[test]
    fn a_message_of_another_version_is_refused() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1]), "cart", mode);
            let message = seal(&sealer, PAYLOAD);
            for version in (0..=255).filter(|version| *version != 1) {
                let mut altered = message.clone();
                altered[0] = version;
                assert_eq!(
                    sealer.open_in_place(&mut altered),
                    Err(OpenError::Malformed)
                );
            }
        }
    }

    #[test]
    fn a_message_of_another_name_mode_or_ring_is_refused() {
        for (mode, other_mode) in [(Mode::Sealed, Mode::Signed), (Mode::Signed, Mode::Sealed)] {
            let message = seal(&Sealer::new(ring(&[1]), "cart", mode), PAYLOAD);
            for name in ["", "car", "carts", "Cart", "login"] {
                let other = Sealer::new(ring(&[1]), name, mode);
                assert_eq!(
                    other.open_in_place(&mut message.clone()),
                    Err(OpenError::Unauthentic)
                );
            }
            let other = Sealer::new(ring(&[1]), "cart", other_mode);
            assert_eq!(
                other.open_in_place(&mut message.clone()),
                Err(OpenError::Unauthentic)
            );
            let other = Sealer::new(ring(&[2]), "cart", mode);
            assert_eq!(
                other.open_in_place(&mut message.clone()),
                Err(OpenError::UnknownKey)
            );
        }
    }

    #[test]
    fn a_message_that_claims_another_key_of_the_ring_is_refused() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1, 2]), "cart", mode);
            let mut message = seal(&sealer, PAYLOAD);
            message[1..5].copy_from_slice(&Key::of_seed(2).id().to_bytes());
            assert_eq!(
                sealer.open_in_place(&mut message),
                Err(OpenError::Unauthentic)
            );
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_never_open() {
        let mut rng = StdRng::seed_from_u64(3);
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1, 2, 3]), "cart", mode);
            for _ in 0..20_000 {
                let mut bytes = vec![0; rng.random_range(0..120)];
                rng.fill_bytes(&mut bytes);
                // Most tries get past the version and the key.
                if rng.random_range(0..4) > 0 && bytes.len() >= 5 {
                    bytes[0] = 1;
                    let id = Key::of_seed(rng.random_range(1..=3)).id();
                    bytes[1..5].copy_from_slice(&id.to_bytes());
                }
                assert!(sealer.open_in_place(&mut bytes).is_err());
            }
        }
    }

    #[test]
    fn a_buffer_without_room_for_the_prefix_is_refused() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1]), "cart", mode);
            let mut short = vec![0; mode.prefix_length() - 1];
            assert_eq!(sealer.seal_in_place(&mut short), Err(SealError));
        }
    }

    #[test]
    fn sealing_into_a_reserved_buffer_does_not_move_it() {
        for mode in MODES {
            let sealer = Sealer::new(ring(&[1]), "cart", mode);
            let mut buffer =
                Vec::with_capacity(mode.prefix_length() + PAYLOAD.len() + mode.suffix_length());
            buffer.resize(mode.prefix_length(), 0);
            buffer.extend_from_slice(PAYLOAD);
            let place = buffer.as_ptr();
            sealer.seal_in_place(&mut buffer).unwrap();
            assert_eq!(buffer.as_ptr(), place);
        }
    }

    #[test]
    fn a_retired_key_opens_and_never_seals() {
        for mode in MODES {
            let mut message = seal(&Sealer::new(ring(&[1]), "cart", mode), PAYLOAD);
            let rotated = Sealer::new(ring(&[2, 1]), "cart", mode);
            let opened = rotated.open_in_place(&mut message).unwrap();
            assert!(opened.retired);
            assert_eq!(message[opened.payload], *PAYLOAD);

            let message = seal(&rotated, PAYLOAD);
            assert_eq!(message[1..5], Key::of_seed(2).id().to_bytes());
        }
    }

    #[test]
    fn a_pre_published_key_opens_and_neither_seals_nor_counts_as_retired() {
        for mode in MODES {
            let mut message = seal(&Sealer::new(ring(&[2]), "cart", mode), PAYLOAD);
            let ring = KeyRing::new(Key::of_seed(1))
                .pre_published(Key::of_seed(2))
                .unwrap();
            let sealer = Sealer::new(ring, "cart", mode);
            assert!(!sealer.open_in_place(&mut message).unwrap().retired);

            let message = seal(&sealer, PAYLOAD);
            assert_eq!(message[1..5], Key::of_seed(1).id().to_bytes());
        }
    }

    #[test]
    fn every_key_of_a_large_ring_opens() {
        for mode in MODES {
            let seeds: Vec<u8> = (0..8).collect();
            let sealer = Sealer::new(ring(&seeds), "cart", mode);
            for seed in seeds {
                let mut message = seal(&Sealer::new(ring(&[seed]), "cart", mode), PAYLOAD);
                let opened = sealer.open_in_place(&mut message).unwrap();
                assert_eq!(opened.retired, seed != 0);
            }
        }
    }

    #[test]
    fn a_key_is_derived_when_it_is_first_asked_for() {
        let sealer = Sealer::new(ring(&[1, 2, 3]), "cart", Mode::Sealed);
        let derived = || {
            let cache = sealer.cache.borrow();
            [&cache.active]
                .into_iter()
                .chain(&cache.others)
                .filter(|slot| slot.cipher.get().is_some())
                .count()
        };
        assert_eq!(derived(), 0);
        seal(&sealer, PAYLOAD);
        seal(&sealer, PAYLOAD);
        assert_eq!(derived(), 1);
        let mut message = seal(&Sealer::new(ring(&[3]), "cart", Mode::Sealed), PAYLOAD);
        sealer.open_in_place(&mut message).unwrap();
        assert_eq!(derived(), 2);
    }

    #[test]
    fn a_replacement_is_seen_by_a_sealer_in_use() {
        for mode in MODES {
            let ring_in_use = ring(&[1]);
            let sealer = Sealer::new(ring_in_use.clone(), "cart", mode);
            let old = seal(&sealer, PAYLOAD);

            ring_in_use.replace(&ring(&[2, 1]));
            assert!(sealer.open_in_place(&mut old.clone()).unwrap().retired);
            let new = seal(&sealer, PAYLOAD);
            assert_eq!(new[1..5], Key::of_seed(2).id().to_bytes());

            ring_in_use.replace(&ring(&[2]));
            assert_eq!(
                sealer.open_in_place(&mut old.clone()),
                Err(OpenError::UnknownKey)
            );
            assert!(!sealer.open_in_place(&mut new.clone()).unwrap().retired);
        }
    }

    #[test]
    fn a_replacement_is_seen_by_every_worker() {
        let shared = ring(&[1]);
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (ask, asked) = mpsc::channel::<()>();
                let (tell, told) = mpsc::channel();
                let clone = shared.clone();
                let thread = thread::spawn(move || {
                    let sealer = Sealer::new(clone, "cart", Mode::Sealed);
                    for () in asked {
                        tell.send(seal(&sealer, PAYLOAD)[1..5].to_vec()).unwrap();
                    }
                });
                (ask, told, thread)
            })
            .collect();

        for seed in [1, 2, 3] {
            shared.replace(&ring(&[seed]));
            for (ask, told, _) in &workers {
                ask.send(()).unwrap();
                assert_eq!(told.recv().unwrap(), Key::of_seed(seed).id().to_bytes());
            }
        }
        for (ask, _, thread) in workers {
            drop(ask);
            thread.join().unwrap();
        }
    }

    // Workers that seal and open without pause while the keys change under them: each message names
    // a key of some generation, and opens in a sealer that knows them all.
    #[test]
    fn keys_change_under_load_without_a_message_lost() {
        let shared = ring(&[1, 2, 3]);
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let clone = shared.clone();
                thread::spawn(move || {
                    let sealer = Sealer::new(clone, "cart", Mode::Sealed);
                    for _ in 0..2000 {
                        let mut message = seal(&sealer, PAYLOAD);
                        let opened = sealer.open_in_place(&mut message).unwrap();
                        assert_eq!(message[opened.payload], *PAYLOAD);
                    }
                })
            })
            .collect();
        for round in 0..200 {
            let mut seeds = [1, 2, 3];
            seeds.rotate_left(round % 3);
            shared.replace(&ring(&seeds));
        }
        for worker in workers {
            worker.join().unwrap();
        }
    }

    #[test]
    fn a_sealer_may_be_made_in_one_thread_for_another() {
        fn is_send<T: Send>() {}
        is_send::<Sealer>();
    }

    #[test]
    fn debug_shows_no_secret() {
        let sealer = Sealer::new(ring(&[1]), "cart", Mode::Sealed);
        seal(&sealer, PAYLOAD);
        assert_eq!(
            format!("{sealer:?}"),
            "Sealer { name: \"cart\", mode: Sealed, ring: KeyRing { \
             active: KeyId(3a9c9e2d), pre_published: [], retired: [] }, .. }"
        );
        assert_eq!(sealer.mode(), Mode::Sealed);
    }

    fn ring(seeds: &[u8]) -> KeyRing {
        let (active, retired) = seeds.split_first().unwrap();
        retired
            .iter()
            .fold(KeyRing::new(Key::of_seed(*active)), |ring, seed| {
                ring.retired(Key::of_seed(*seed)).unwrap()
            })
    }

    fn seal(sealer: &Sealer, payload: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; sealer.mode().prefix_length()];
        buffer.extend_from_slice(payload);
        sealer.seal_in_place(&mut buffer).unwrap();
        buffer
    }
}
