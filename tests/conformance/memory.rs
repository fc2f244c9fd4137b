//! The memory store, which has every ability but to forget by itself; as it is, shared, and in the wrappers, which change nothing until told to.

mod plain {
    sessions::store_conformance!(async || sessions::MemoryStore::new());
}

mod wrapped {
    use sessions::{
        MemoryStore,
        test_util::{CountingStore, FaultyStore, GatedStore},
    };

    sessions::store_conformance!(
        async || CountingStore::new(FaultyStore::new(GatedStore::new(MemoryStore::new())))
    );
}

mod shared {
    use std::sync::Arc;

    use sessions::{MemoryStore, store::SessionStore};

    sessions::store_conformance!(async || Arc::new(MemoryStore::new()) as Arc<dyn SessionStore>);
}
