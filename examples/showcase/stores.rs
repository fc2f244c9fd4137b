use std::{error::Error, fs, path::Path};

use sessions::{CookieStore, FilesystemStore, KeyRing, MemoryStore, Store, store::SessionStore};

/// Where logins are kept, as the flag `--store` says. Nothing else in the shop knows which it is.
#[derive(Debug)]
pub(crate) struct Keeping {
    store: Store,
    abilities: Abilities,
}

/// What the shop may ask of the store, and what it calls it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    pub(crate) name: &'static str,
    /// Lists the sessions of a principal, and ends them.
    pub(crate) lists: bool,
    /// Holds a principal to so many sessions.
    pub(crate) limits: bool,
}

impl Keeping {
    /// Opens a store by its flag.
    pub(crate) async fn open(flag: &str, keys: &KeyRing) -> Result<Self, Box<dyn Error>> {
        let (kind, rest) = match flag.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (flag, None),
        };
        match (kind, rest) {
            ("memory", None) => Ok(Self::on_server("memory", MemoryStore::new())),
            ("cookie", None) => Ok(Self::in_cookie(keys)),
            ("files", folder) => Self::files(folder.unwrap_or("target/showcase/logins")),
            ("sqlite", file) => Self::sqlite(file.unwrap_or("target/showcase/logins.db")).await,
            ("postgres" | "postgresql", Some(_)) => Self::postgres(flag).await,
            ("redis" | "rediss", Some(_)) => Self::redis(flag).await,
            // The flag may hold a password: it is not repeated.
            _ => Err("--store is none of the stores that --help tells of".into()),
        }
    }

    pub(crate) fn abilities(&self) -> Abilities {
        self.abilities
    }

    pub(crate) fn into_store(self) -> Store {
        self.store
    }

    /// Asks the store itself what it can do.
    fn on_server(name: &'static str, store: impl SessionStore) -> Self {
        let index = store.abilities().principals;
        let abilities = Abilities {
            name,
            lists: index.is_some(),
            limits: index.is_some_and(|index| index.limits()),
        };
        Self {
            store: store.into(),
            abilities,
        }
    }

    /// A login in the visitor's own cookie: to see what is lost by it.
    fn in_cookie(keys: &KeyRing) -> Self {
        Self {
            store: CookieStore::sealed(keys.clone()).into(),
            abilities: Abilities {
                name: "a sealed cookie",
                lists: false,
                limits: false,
            },
        }
    }

    fn files(folder: &str) -> Result<Self, Box<dyn Error>> {
        make_room_for(folder)?;
        Ok(Self::on_server("files", FilesystemStore::new(folder)?))
    }

    #[cfg(feature = "sqlite")]
    async fn sqlite(file: &str) -> Result<Self, Box<dyn Error>> {
        make_room_for(file)?;
        let store = sessions::SqliteStore::connect(&format!("sqlite:{file}")).await?;
        store.migrate().await?;
        Ok(Self::on_server("SQLite", store))
    }

    #[cfg(feature = "postgres")]
    async fn postgres(url: &str) -> Result<Self, Box<dyn Error>> {
        let store = sessions::PostgresStore::connect(url).await?;
        store.migrate().await?;
        Ok(Self::on_server("PostgreSQL", store))
    }

    #[cfg(feature = "redis")]
    async fn redis(url: &str) -> Result<Self, Box<dyn Error>> {
        let store = sessions::RedisStore::connect(url).await?;
        Ok(Self::on_server("Redis", store))
    }
}

/// What was left out of this build says how to get it.
#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "redis")))]
impl Keeping {
    #[cfg(not(feature = "sqlite"))]
    async fn sqlite(_: &str) -> Result<Self, Box<dyn Error>> {
        Err(left_out("sqlite"))
    }

    #[cfg(not(feature = "postgres"))]
    async fn postgres(_: &str) -> Result<Self, Box<dyn Error>> {
        Err(left_out("postgres"))
    }

    #[cfg(not(feature = "redis"))]
    async fn redis(_: &str) -> Result<Self, Box<dyn Error>> {
        Err(left_out("redis"))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "redis")))]
fn left_out(feature: &str) -> Box<dyn Error> {
    format!("this store was left out of the build: add --features showcase,{feature}").into()
}

fn make_room_for(path: &str) -> Result<(), Box<dyn Error>> {
    let Some(parent) = Path::new(path).parent() else {
        return Ok(());
    };
    Ok(fs::create_dir_all(parent)?)
}
