//! The memory store, which has every ability but to forget by itself; and the wrappers, which change nothing until told to.

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
