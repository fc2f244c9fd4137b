//! MariaDB or MySQL: as a server connects, several instances as several processes have them, and by a pool whose connections are in another
//! time zone and at another level of isolation.

use sessions::MysqlStore;
use sessions_tests::Engine;
use sqlx::{Executor as _, mysql::MySqlPoolOptions};

use crate::{several::Several, tables::new_table};

async fn store(table: &str) -> MysqlStore {
    let url = Engine::Mysql.url().unwrap();
    let store = MysqlStore::connect(&url).await.unwrap();
    let store = store.table(table).unwrap();
    store.migrate().await.unwrap();
    store
}

mod one {
    use super::*;

    sessions::store_conformance!(if Engine::Mysql.is_running(), async || {
        store(&new_table()).await
    });
}

mod several {
    use super::*;

    sessions::store_conformance!(if Engine::Mysql.is_running(), async || {
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

    sessions::store_conformance!(if Engine::Mysql.is_running(), async || {
        let pool = MySqlPoolOptions::new().after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "SET time_zone = '+13:00'; \
                         SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    )
                    .await
                    .map(drop)
            })
        });
        let pool = pool.connect(&Engine::Mysql.url().unwrap()).await.unwrap();
        let store = MysqlStore::from_pool(pool).table(&new_table()).unwrap();
        store.migrate().await.unwrap();
        store
    });
}
