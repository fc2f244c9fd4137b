//! A renewal that a store does while somebody looks whether it has been done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sessions::{
    MemoryStore, SessionMiddleware, Store, Timestamp,
    store::{
        Abilities, Admission, Answer, Loaded, Record, Replaces, Revision, SessionStore, StoreKey,
        Touched, Write, Written,
    },
};

use crate::{account::account, engine::Engine, site::Site};

/// A store whose next renewal was sent and not answered, and is done a moment later: after the first look at where it leads to.
#[derive(Debug, Default)]
struct Late {
    store: MemoryStore,
    is_armed: Mutex<bool>,
    sent: Mutex<Option<Sent>>,
}

#[derive(Debug)]
struct Sent {
    old: StoreKey,
    new: StoreKey,
    record: Record,
    expected: Revision,
    admission: Option<Admission>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SessionStore for Late {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        if let Replaces::Other(old, expected) = write.replaces
            && std::mem::take(&mut *lock(&self.is_armed))
        {
            *lock(&self.sent) = Some(Sent {
                old: *old,
                new: *write.key,
                record: write.record.clone(),
                expected,
                admission: write.admission,
            });
            return Answer::ready(Ok(Written::Ambiguous));
        }
        self.store.write(write)
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(async move {
            let found = self.store.load(key, now).await;
            let sent = lock(&self.sent).take();
            if let Some(sent) = sent {
                let Sent {
                    old,
                    new,
                    record,
                    expected,
                    admission,
                } = &sent;
                let rename = Write::rename(old, new, record, *expected, now);
                let done = self.store.write(rename.admitted_by(*admission));
                assert!(matches!(done.await, Ok(Written::Applied { .. })));
            }
            found
        })
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.store.touch(key, deadline, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.store.delete(key)
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        self.store.delete_expired(limit, now)
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            scan: None,
            ..self.store.abilities()
        }
    }
}

#[test]
fn a_login_that_is_done_while_it_is_looked_for_is_told_or_is_an_error() {
    let late = Arc::new(Late::default());
    let store = Store::from(Arc::clone(&late)).without_sweeper();
    let site = Site::with(Engine::memory(), SessionMiddleware::builder(store), account);
    let mut browser = site.browser();
    browser.get("/items/tea");
    *lock(&late.is_armed) = true;
    let reply = browser.get("/login/ada");
    let shown = browser.get("/show").text().to_owned();
    // Ada sees her devices, at another one.
    let mut other = site.browser();
    other.get("/login/ada");
    let listed = other.get("/sessions").text().lines().count();
    let told = (reply.status, reply.set_cookies().len(), listed);
    assert!(
        told == (200, 1, 2) && shown.ends_with(r#"Some("ada") tea"#) || told == (503, 0, 1),
        "status, cookies and devices are {told:?}, and the visitor is {shown:?}; {:?}",
        site.events.take()
    );
}
