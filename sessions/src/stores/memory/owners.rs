use std::collections::{HashMap, HashSet};

use crate::store::StoreKey;

use super::shards::ByKey;

/// Who owns which records: a shard of the index.
#[derive(Default)]
pub(super) struct Owners {
    keys: HashMap<Box<[u8]>, HashSet<StoreKey, ByKey>>,
}

impl Owners {
    pub(super) fn keys(&self, principal: &[u8]) -> impl Iterator<Item = &StoreKey> {
        self.keys.get(principal).into_iter().flatten()
    }

    pub(super) fn add(&mut self, principal: &[u8], key: StoreKey) {
        if let Some(keys) = self.keys.get_mut(principal) {
            keys.insert(key);
        } else {
            self.keys
                .insert(principal.into(), HashSet::from_iter([key]));
        }
    }

    /// Nothing is left of a principal without a key.
    pub(super) fn remove(&mut self, principal: &[u8], key: &StoreKey) {
        if let Some(keys) = self.keys.get_mut(principal) {
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(principal);
            }
        }
    }
}
