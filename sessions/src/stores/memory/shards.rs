use std::{
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Many small things, each behind a lock of its own.
pub(super) struct Shards<T> {
    parts: Box<[Mutex<T>]>,
}

impl<T: Default> Shards<T> {
    /// At least one.
    pub(super) fn new(count: usize) -> Self {
        Self {
            parts: (0..count.max(1)).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.parts.len()
    }

    /// The number of the shard that evenly spread bits choose.
    pub(super) fn number(&self, bits: u32) -> usize {
        bits as usize % self.parts.len()
    }

    pub(super) fn lock(&self, number: usize) -> MutexGuard<'_, T> {
        #[expect(
            clippy::indexing_slicing,
            reason = "any number is brought below the count, which is not zero"
        )]
        let part = &self.parts[number % self.parts.len()];
        // No panic can come between two halves of a change: whatever a thread that panicked left behind is whole.
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks several, in the one order that cannot end in a deadlock.
    pub(super) fn lock_all(&self, mut numbers: Vec<usize>) -> Locked<'_, T> {
        numbers.sort_unstable();
        numbers.dedup();
        Locked {
            guards: numbers
                .into_iter()
                .map(|number| (number, self.lock(number)))
                .collect(),
        }
    }
}

/// Several shards, locked together.
pub(super) struct Locked<'a, T> {
    /// By ascending number.
    guards: Vec<(usize, MutexGuard<'a, T>)>,
}

impl<T> Locked<'_, T> {
    /// `None` for a shard that is not among the locked ones.
    pub(super) fn get(&self, number: usize) -> Option<&T> {
        let at = self.position(number)?;
        self.guards.get(at).map(|(_, guard)| &**guard)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let at = self.position(number)?;
        self.guards.get_mut(at).map(|(_, guard)| &mut **guard)
    }

    fn position(&self, number: usize) -> Option<usize> {
        self.guards
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()
    }
}

/// Hashes store keys, which are hashes: their last bytes will do.
///
/// Nobody outside chooses the keys that are stored, so no one can make them collide; a visitor who looks for keys stores none.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

pub(super) type ByKey = BuildHasherDefault<KeyHasher>;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    /// The length of a key is no news.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::{panic, thread};

    use super::*;

    #[test]
    fn a_lock_whose_holder_panicked_opens_again() {
        let shards = Shards::<Vec<u8>>::new(4);
        thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _guard = shards.lock(2);
                panic::resume_unwind(Box::new(()));
            });
            assert!(holder.join().is_err());
        });
        shards.lock(2).push(7);
        assert_eq!(
            shards.lock_all(vec![3, 2, 3]).get(2),
            Some(&vec![7]),
            "each number is locked once"
        );
    }

    #[test]
    fn a_shard_that_was_not_locked_is_not_there() {
        let shards = Shards::<u8>::new(0);
        assert_eq!(shards.count(), 1);
        assert_eq!(shards.number(u32::MAX), 0);
        let mut locked = shards.lock_all(vec![0]);
        assert!(locked.get(1).is_none());
        assert!(locked.get_mut(0).is_some());
    }
}
