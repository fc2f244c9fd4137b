//! Moves the sessions of one store to another, while servers run on a pair of both:
//! `cargo run -p sessions-examples --example migrate --features sqlite -- /var/lib/shop/sessions sqlite:/var/lib/shop/sessions.db`.
//!
//! From the first to the second; each is a directory, or a URL of an engine whose feature is on. It may be stopped, and run again.
//! Run it as the servers' user: who may write to a store could forge sessions.

use std::{env, error::Error, path::Path, sync::Arc};

use indicatif::{ProgressBar, ProgressStyle};
use sessions::{
    FilesystemStore,
    migrate::{Migration, Moved, PairStore},
    store::SessionStore,
};

type Store = Arc<dyn SessionStore>;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut places = env::args().skip(1);
    let (Some(old), Some(new), None) = (places.next(), places.next(), places.next()) else {
        return Err("from where, and to where?".into());
    };
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    let moved = run(&old, &new, &bar).await?;
    bar.finish_with_message(said(moved));
    if moved.failed > 0 {
        return Err("some sessions stayed where they were; the log says why".into());
    }
    Ok(())
}

async fn run(old: &str, new: &str, bar: &ProgressBar) -> Result<Moved, Box<dyn Error>> {
    // A directory would be made that a mistake in the command names.
    if !old.contains(':') && !Path::new(old).is_dir() {
        return Err("no directory to move from".into());
    }
    let pair = PairStore::new(open(new).await?, open(old).await?);
    let tell = |moved: Moved| {
        bar.set_message(said(moved));
        bar.tick();
    };
    Ok(Migration::of(&pair).on_progress(tell).run().await?)
}

async fn open(place: &str) -> Result<Store, Box<dyn Error>> {
    match place.split_once(':').map(|(scheme, _)| scheme) {
        None => Ok(Arc::new(FilesystemStore::new(place)?)),
        #[cfg(feature = "sqlite")]
        Some("sqlite") => {
            let store = sessions::SqliteStore::connect(place).await?;
            store.migrate().await?;
            Ok(Arc::new(store))
        }
        #[cfg(feature = "postgres")]
        Some("postgres" | "postgresql") => {
            let store = sessions::PostgresStore::connect(place).await?;
            store.migrate().await?;
            Ok(Arc::new(store))
        }
        #[cfg(feature = "redis")]
        Some("redis" | "rediss") => Ok(Arc::new(sessions::RedisStore::connect(place).await?)),
        Some(_) => Err("no engine of that name, or its feature is off".into()),
    }
}

fn said(so_far: Moved) -> String {
    format!("{} moved, {} failed", so_far.moved, so_far.failed)
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test, web};
    use sessions::{Session, SessionData, SessionMiddleware, test_util::Visitor};

    use super::*;

    #[derive(SessionData)]
    struct Login {
        user: Option<String>,
    }

    async fn page(login: Session<Login>) -> String {
        login.user().clone().unwrap_or_else(|| "nobody".to_owned())
    }

    #[actix_web::test]
    async fn who_logged_in_at_the_old_store_is_known_at_the_new() -> Result<(), Box<dyn Error>> {
        let folder = env::temp_dir().join(format!("migrate-{}", std::process::id()));
        let [old, mut new] = ["old", "new"].map(|name| folder.join(name).display().to_string());
        if cfg!(feature = "sqlite") {
            new.insert_str(0, "sqlite:");
        }
        let before = SessionMiddleware::builder(open(&old).await?).build()?;
        let mut ada = Visitor::new(&before);
        ada.seed::<Login>(|login| login.set_user("Ada".to_owned()))
            .await?;
        let moved = run(&old, &new, &ProgressBar::hidden()).await?;
        assert_eq!((moved.moved, moved.failed), (1, 0));
        let after = SessionMiddleware::builder(open(&new).await?).build()?;
        let app = App::new().wrap(after).route("/", web::get().to(page));
        let app = test::init_service(app).await;
        let request = ada.bring(test::TestRequest::get()).to_request();
        assert_eq!(test::call_and_read_body(&app, request).await, "Ada");
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }
}
