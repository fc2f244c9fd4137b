//! One file or folder a task; run one with `cargo run -p sessions-examples --example NAME`, and those of an engine with `--features NAME` besides.
//!
//! | example | shows |
//! | --- | --- |
//! | `quickstart` | a small shop: visits, a cart with flash messages, logging in and out, "keep me logged in" |
//! | `redb`, `sqlite`, `postgres`, `mysql`, `redis`, `memcached` | sessions in that engine, and the lines to start it |
//! | `coming_from_gorilla` | a shop that was written in Go: whoever had a full cart still has it (`--features gorilla`) |
//! | `coming_from_actix_session` | one page before and after (`--features actix-session-import`, and for the first `-- before`) |
//! | `custom_store` | a store of your own, and how it proves itself (`cargo test --example custom_store`) |
//! | `cron_sweep` | deletes the dead sessions of a directory, for a cron job |
//! | `keygen` | prints a fresh key for `SESSION_KEYS` |
