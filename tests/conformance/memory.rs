//! The memory store, which has every ability but to forget by itself; as it is, shared, and in the wrappers, which change nothing until told to.

mod plain {
    use actix_web::test;

    sessions::store_conformance!(async || sessions::MemoryStore::new());

    #[test]
    async fn the_laws_stand_beside_tests_of_actix_web() {
        let request = test::TestRequest::get().to_request();
        assert_eq!(request.path(), "/");
    }
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
