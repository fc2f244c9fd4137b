//! What is wrong at the start is said at the start; and what is not ours is left alone.

use std::{
    error::Error,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use sessions::{
    MemcachedErrorKind, MemcachedStore,
    store::{SessionStore as _, StoreErrorKind, Write, Written},
};
use sessions_tests::{Engine, MemcachedServer};

use crate::fixture::{loaded, new_key, now, record, stored};

/// A loopback port where nobody listens.
fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A server that answers to whatever is sent with the same words.
fn that_says(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 1024];
            if stream.read(&mut request).is_ok() {
                _ = stream.write_all(words);
            }
        }
    });
    address
}

#[actix_web::test]
async fn an_address_that_is_none_is_refused() {
    for addresses in [
        &[][..],
        &["localhost"],
        &["memcached://localhost:11211"],
        &["localhost:11211", "localhost:11211"],
    ] {
        let error = MemcachedStore::connect(addresses).await.unwrap_err();
        assert_eq!(error.kind(), MemcachedErrorKind::InvalidAddress);
    }
}

#[actix_web::test]
async fn nobody_to_talk_to_is_unavailable_and_named() {
    let address = nowhere().to_string();
    let error = MemcachedStore::connect([&address]).await.unwrap_err();
    assert_eq!(error.kind(), MemcachedErrorKind::Unavailable);
    assert_eq!(
        error.to_string(),
        format!("memcached cannot be reached; look whether it runs and listens there: {address}")
    );
    assert!(error.source().is_some());
}

#[actix_web::test]
async fn what_is_no_memcached_is_refused() {
    for (words, kind) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            MemcachedErrorKind::Refused,
        ),
        (b"-ERR unknown command\r\n", MemcachedErrorKind::Refused),
        (b"\x00\x01\x02\xff", MemcachedErrorKind::Refused),
        (b"", MemcachedErrorKind::Unavailable),
    ] {
        let address = that_says(words).to_string();
        let connected = MemcachedStore::builder([address])
            .timeout(Duration::from_millis(300))
            .connect()
            .await;
        assert_eq!(connected.unwrap_err().kind(), kind, "{words:?}");
    }
}

#[actix_web::test]
async fn an_answer_longer_than_anything_stored_is_not_waited_for() {
    // It greets, and then says that gigabytes follow.
    let address = that_says(b"MN\r\nVA 4000000000 c1\r\nxx\r\n").to_string();
    let store = MemcachedStore::builder([address])
        .timeout(Duration::from_millis(300))
        .connect()
        .await;
    let error = store.unwrap().load(&new_key(), now()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TimedOut);
}

/// Told to keep no states (`-C`), a server takes any write in the place of any other: a logout would be undone by whoever was slower.
#[actix_web::test]
async fn a_server_that_keeps_no_states_is_refused_with_the_remedy() {
    let refused = async |address: SocketAddr| {
        let address = address.to_string();
        let error = MemcachedStore::connect([&address]).await.unwrap_err();
        assert_eq!(error.kind(), MemcachedErrorKind::CasDisabled);
        assert_eq!(
            error.to_string(),
            format!(
                "this memcached compares nothing before it writes; start it without -C: {address}"
            )
        );
    };
    refused(that_says(
        b"STAT maxbytes 67108864\r\nSTAT cas_enabled no\r\nEND\r\nMN\r\n",
    ))
    .await;
    if Engine::Memcached.is_running() {
        refused(MemcachedServer::start_with(&["-C"]).address()).await;
    }
}

/// Not everything that speaks the protocol has settings to be asked for.
#[actix_web::test]
async fn a_value_without_a_state_is_no_answer() {
    for words in [
        &b"MN\r\nVA 5\r\nother\r\n"[..],
        b"MN\r\nVA 5 c0\r\nother\r\n",
        b"MN\r\nVA 5 cx\r\nother\r\n",
    ] {
        let address = that_says(words).to_string();
        let store = MemcachedStore::connect([address]).await.unwrap();
        let key = new_key();
        let errors = [
            store.load(&key, now()).await.map(drop),
            store.load_many(&[key], now()).await.map(drop),
            store.touch(&key, now(), now()).await.map(drop),
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().kind(), StoreErrorKind::TimedOut);
        }
    }
}

#[actix_web::test]
async fn applications_with_prefixes_of_their_own_see_nothing_of_each_other() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let with_prefix = |prefix: &str| {
        let address = server.address().to_string();
        MemcachedStore::builder([address]).prefix(prefix).connect()
    };
    let shop = with_prefix("shop:").await.unwrap();
    let forum = with_prefix("forum:").await.unwrap();
    let record = record();
    let (key, _) = stored(&shop, &record).await;
    assert_eq!(loaded(&forum, &key).await, None);
    assert_eq!(loaded(&shop, &key).await, Some(record));
    let shown = format!("{shop:?}");
    assert_eq!(
        shown,
        "MemcachedStore { servers: 1, prefix: \"shop:\", .. }"
    );
}

#[actix_web::test]
async fn what_is_no_record_is_corrupt_and_not_written_over() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let store = MemcachedStore::connect([server.address().to_string()]).await;
    let (store, key, record) = (store.unwrap(), new_key(), record());
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let mut answer = String::new();
    write!(stream, "ms sessions:{key} 5\r\nother\r\n").unwrap();
    BufReader::new(&stream).read_line(&mut answer).unwrap();
    assert_eq!(answer, "HD\r\n");
    let errors = [
        store.load(&key, now()).await.map(drop),
        store.load_many(&[key], now()).await.map(drop),
        store
            .write(Write::create(&key, &record, now()))
            .await
            .map(drop),
        store.touch(&key, record.deadline, now()).await.map(drop),
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Corrupt);
    }
    store.delete(&key).await.unwrap();
    let created = store
        .write(Write::create(&key, &record, now()))
        .await
        .unwrap();
    assert_eq!(created, Written::applied(record.write_id));
}
