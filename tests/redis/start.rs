//! What is wrong at the start is said at the start, and no password with it.

use std::{
    error::Error,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread,
};

use sessions::{RedisError, RedisErrorKind, RedisStore};
use sessions_tests::{Engine, RedisServer};

/// What cannot be connected to, in full.
fn refused(connected: Result<RedisStore, RedisError>) -> (RedisErrorKind, String) {
    let error = connected.unwrap_err();
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!text.contains("secret"), "{text}");
    (error.kind(), text)
}

/// A loopback port where nobody listens.
fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap()
}

#[actix_web::test]
async fn a_url_that_is_none_is_refused_and_not_repeated() {
    for url in [
        "",
        "secret",
        "localhost:6379",
        "http://user:secret@localhost",
        "redis://",
        "redis://user:secret@localhost/first",
        "redis://user:secret@localhost:99999",
        "rediss://user:secret@localhost/#insecure",
    ] {
        let (kind, _) = refused(RedisStore::connect(url).await);
        assert_eq!(kind, RedisErrorKind::InvalidUrl, "{url}");
    }
    for builder in [
        RedisStore::cluster(Vec::<String>::new()),
        RedisStore::cluster(["redis://localhost/1"]),
        RedisStore::sentinel(Vec::<String>::new(), "sessions"),
        RedisStore::sentinel(["redis://localhost"], "http://secret@sessions"),
    ] {
        let (kind, _) = refused(builder.connect().await);
        assert_eq!(kind, RedisErrorKind::InvalidUrl);
    }
}

#[actix_web::test]
async fn nobody_to_talk_to_is_unavailable_and_named() {
    let address = nowhere();
    let url = format!("redis://user:secret@{address}");
    for builder in [
        RedisStore::single(&url),
        RedisStore::sentinel([&url, &url], "sessions"),
        RedisStore::cluster([&url, &url]),
    ] {
        let (kind, text) = refused(builder.connect().await);
        assert_eq!(kind, RedisErrorKind::Unavailable);
        assert!(text.contains(&address.to_string()), "{text}");
    }
}

#[actix_web::test]
async fn a_wrong_password_user_or_database_is_refused() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let address = server.address();
    for (url, kind) in [
        (format!("redis://{address}"), RedisErrorKind::Denied),
        (format!("redis://:secret@{address}"), RedisErrorKind::Denied),
        (
            format!("redis://nobody:secret@{address}"),
            RedisErrorKind::Denied,
        ),
        (
            format!("redis://:right@{address}/99"),
            RedisErrorKind::Refused,
        ),
    ] {
        let (refusal, text) = refused(RedisStore::connect(&url).await);
        assert_eq!(refusal, kind, "{text}");
    }
    let url = format!("redis://:right@{address}/15");
    let store = RedisStore::connect(&url).await.unwrap();
    assert!(!format!("{store:?} {:?}", RedisStore::single(&url)).contains("right"));
}

#[actix_web::test]
async fn a_user_without_the_rights_is_refused() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let rights = "+evalsha +eval +get +getrange +set +setrange +del +pexpire +pttl +zadd +zrange +zrem +zremrangebyscore +zscore";
    for (user, rights) in [("reader", "+get +getrange"), ("app", rights)] {
        let mut words = vec!["ACL", "SETUSER", user, "on", ">secret", "~sessions:*"];
        words.extend(rights.split(' '));
        server.command(&words).unwrap();
    }
    let url = |user| format!("redis://{user}:secret@{}", server.address());
    let (kind, _) = refused(RedisStore::connect(&url("reader")).await);
    assert_eq!(kind, RedisErrorKind::Denied);
    let elsewhere = RedisStore::single(&url("app")).prefix("shop:").connect();
    assert_eq!(refused(elsewhere.await).0, RedisErrorKind::Denied);
    // What the documentation says a user needs is enough.
    let store = RedisStore::connect(&url("app")).await.unwrap();
    crate::refusals::use_every_verb(&store).await;
}

#[actix_web::test]
async fn a_replica_is_refused() {
    if !Engine::Redis.is_running() {
        return;
    }
    let primary = RedisServer::start();
    let port = primary.address().port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
    let (kind, _) = refused(RedisStore::connect(&replica.url()).await);
    assert_eq!(kind, RedisErrorKind::ReadOnly);
}

#[actix_web::test]
async fn one_server_is_no_cluster_and_a_cluster_is_not_one_server() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let (kind, _) = refused(RedisStore::cluster([server.url()]).connect().await);
    assert_eq!(kind, RedisErrorKind::OtherShape);
    let (kind, _) = refused(
        RedisStore::sentinel([server.url()], "sessions")
            .connect()
            .await,
    );
    assert_eq!(kind, RedisErrorKind::Refused);
    let Some(cluster) = Engine::RedisCluster.url() else {
        return;
    };
    let mut kinds = Vec::new();
    for url in cluster.split(',') {
        let connected = RedisStore::connect(url).await;
        kinds.extend(connected.err().map(|error| error.kind()));
    }
    // All but the one that has the key it is tried with.
    assert!(kinds.len() >= 5, "{kinds:?}");
    assert!(
        kinds.iter().all(|kind| *kind == RedisErrorKind::OtherShape),
        "{kinds:?}"
    );
}

#[actix_web::test]
async fn a_primary_that_no_sentinel_knows_is_named_so() {
    let Some(urls) = Engine::RedisSentinel.url() else {
        return;
    };
    let (kind, _) = refused(
        RedisStore::sentinel(urls.split(','), "others")
            .connect()
            .await,
    );
    assert_eq!(kind, RedisErrorKind::UnknownPrimary);
    // One that does not run is passed over, and so is one that knows nothing.
    let nowhere = format!("redis://{}", nowhere());
    let mut some = vec![&*nowhere];
    some.extend(urls.split(','));
    RedisStore::sentinel(some, "redis://sessions/3")
        .connect()
        .await
        .unwrap();
}

/// Servers before version 6 have no `HELLO`, and repeat in their message what they were sent with it: the password.
#[actix_web::test]
async fn what_a_server_repeats_of_a_request_is_not_passed_on() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = client.read(&mut request);
            let old =
                "unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'user' 'secret'";
            let _ = client.write_all(format!("-ERR {old}\r\n").repeat(4).as_bytes());
        }
    });
    let url = format!("redis://user:secret@{address}");
    let (kind, _) = refused(RedisStore::connect(&url).await);
    assert_eq!(kind, RedisErrorKind::Refused);
}
