//! Several processes on one file of SQLite, and the death of one.

use sessions::{
    SqliteStore,
    store::{SessionStore as _, StoreErrorKind, StoreKey, Write, Written},
};

use crate::{
    child::{Worker, say},
    file::File,
    fixture::{
        NOW, alice, applied, at_most, found, key, number, record, record_of, record_written,
    },
};

const PROCESSES: u32 = 2;
const INCREMENTS: u32 = 150;
const LOGINS: u32 = 40;
const DEATHS: u32 = 8;
const ACKNOWLEDGED: usize = 60;

/// The record that all count in.
const COUNTER: StoreKey = StoreKey::from_bytes([1; StoreKey::LEN]);

fn all_do(task: &str, file: &File) -> Vec<String> {
    // They make the tables, too, if they are the first.
    let workers = (0..PROCESSES).map(|number| Worker::start(task, &file.url(), number));
    let workers = workers.collect::<Vec<_>>();
    workers.into_iter().flat_map(Worker::finish).collect()
}

pub(crate) async fn increment(store: &SqliteStore, _: u32) {
    let mut zero = record();
    zero.body = 0_u32.to_be_bytes().to_vec();
    let created = store
        .write(Write::create(&COUNTER, &zero, NOW))
        .await
        .unwrap();
    assert!(matches!(
        created,
        Written::Applied { .. } | Written::Conflict
    ));
    for _ in 0..INCREMENTS {
        loop {
            let loaded = store.load(&COUNTER, NOW).await.unwrap().unwrap();
            let mut next = loaded.record;
            let count = u32::from_be_bytes(next.body.as_slice().try_into().unwrap());
            next.body = (count + 1).to_be_bytes().to_vec();
            next.write_id = record().write_id;
            match store
                .write(Write::update(&COUNTER, &next, loaded.revision, NOW))
                .await
            {
                Ok(Written::Applied { .. }) => break,
                Ok(Written::Conflict) => {}
                // The other one had the file for two seconds: that is an answer, and nothing was done.
                Err(error) if error.kind() == StoreErrorKind::Unavailable => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[actix_web::test]
async fn no_increment_is_lost_between_processes() {
    let file = File::new();
    all_do("increment", &file);
    let counted = found(&file.store().await, &COUNTER).await.unwrap();
    assert_eq!(counted.body, (PROCESSES * INCREMENTS).to_be_bytes());
}

pub(crate) async fn log_in(store: &SqliteStore) {
    for _ in 0..LOGINS {
        let login = record_of(&alice());
        let written = store
            .write(Write::create(&key(number()), &login, NOW).admitted_by(at_most(3)))
            .await;
        applied(&written.unwrap());
    }
}

#[actix_web::test]
async fn a_limit_holds_between_processes() {
    let file = File::new();
    all_do("log in", &file);
    let store = file.store().await;
    let listed = store
        .abilities()
        .principals
        .unwrap()
        .list(&alice(), NOW)
        .await;
    assert_eq!(listed.unwrap().len(), 3);
}

pub(crate) async fn write_until_killed(store: &SqliteStore) {
    loop {
        let number = number();
        let mut record = record_written(number);
        record.body = number.to_be_bytes().repeat(100);
        applied(
            &store
                .write(Write::create(&key(number), &record, NOW))
                .await
                .unwrap(),
        );
        say(&format!("wrote {number}"));
    }
}

/// The file is never broken, and holds every write that was answered for, whole.
#[actix_web::test]
async fn what_was_answered_for_survives_the_death_of_its_writer() {
    let file = File::new();
    let mut answered = Vec::new();
    for death in 0..DEATHS {
        let mut worker = Worker::start("write until killed", &file.url(), death);
        let lines = worker.lines();
        let words = lines.map_while(Result::ok).filter_map(|line| {
            let number = line.strip_prefix("wrote ")?;
            number.parse::<u64>().ok()
        });
        answered.extend(words.take(ACKNOWLEDGED + usize::try_from(death).unwrap()));
        worker.kill();
    }
    let store = file.store().await;
    assert!(answered.len() > usize::try_from(DEATHS).unwrap() * ACKNOWLEDGED);
    for number in answered {
        let record = found(&store, &key(number)).await;
        let record = record.unwrap_or_else(|| panic!("{number} was answered for"));
        assert_eq!(record.body, number.to_be_bytes().repeat(100));
    }
    let pool = file.pool().await;
    let checked = sqlx::query_scalar::<_, String>("PRAGMA integrity_check");
    assert_eq!(checked.fetch_one(&pool).await.unwrap(), "ok");
}
