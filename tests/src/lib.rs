//! Equipment for the black-box tests: a server on a real socket, a client that speaks raw bytes, a browser's cookie jar;
//! and for those of stores: where the engines are, servers that may be killed, a network that fails when it is told to,
//! processes that die.
//!
//! Nothing here knows the `sessions` crate, so that a mistake there cannot hide behind the same mistake here.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how test equipment fails the test"
)]

mod browser;
mod daemon;
mod engine;
mod folder;
mod jar;
mod memcached_server;
mod mint;
mod proxy;
mod redis_cluster;
mod redis_sentinels;
mod redis_server;
mod server;
mod web_socket;
mod wire;
mod worker;

pub use self::{
    browser::Browser,
    engine::Engine,
    folder::Folder,
    jar::{Jar, StoredCookie},
    memcached_server::MemcachedServer,
    mint::{Mint, Stamp},
    proxy::Proxy,
    redis_cluster::RedisCluster,
    redis_sentinels::RedisSentinels,
    redis_server::RedisServer,
    server::Server,
    web_socket::WebSocket,
    wire::{Reply, exchange},
    worker::{Task, Worker},
};
