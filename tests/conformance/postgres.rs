//! PostgreSQL: as a server connects, several instances as several processes have them, and by a pool whose connections are in another time zone
//! and at another level of isolation.

use sessions::PostgresStore;
use sessions_tests::Engine;
use sqlx::{Executor as _, postgres::PgPoolOptions};

use crate::{several::Several, tables::new_table};

pub(crate) async fn store(table: &str) -> PostgresStore {
    let url = Engine::Postgres.url().unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.table(table).unwrap();
    store.migrate().await.unwrap();
    store
}

mod one {
    use super::*;

    sessions::store_conformance!(if Engine::Postgres.is_running(), async || {
        store(&new_table()).await
    });
}

mod several {
    use super::*;

    sessions::store_conformance!(if Engine::Postgres.is_running(), async || {
        let table = new_table();
        let mut instances = Vec::new();
        for _ in 0..3 {
            instances.push(store(&table).await);
        }
        Several::new(instances)
    });
}

mod in_another_time_zone {
    use super::*;

    sessions::store_conformance!(if Engine::Postgres.is_running(), async || {
        let pool = PgPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "SET TIME ZONE 'Pacific/Auckland'; \
                         SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    )
                    .await
                    .map(drop)
            })
        });
        let pool = pool.connect(&Engine::Postgres.url().unwrap()).await.unwrap();
        let store = PostgresStore::from_pool(pool).table(&new_table()).unwrap();
        store.migrate().await.unwrap();
        store
    });
}
