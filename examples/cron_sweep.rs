//! Deletes the dead sessions of a directory: `cargo run -p sessions-examples --example cron_sweep -- /var/lib/shop/sessions`, from cron or a timer.
//!
//! A running server sweeps its stores by itself. This is for the directory that no server is running on, or for an hour of your choice; it may
//! run beside servers. Run it as their user: who may write to the directory could forge sessions.

use std::{env, error::Error, io::Write as _, path::Path};

use sessions::{Clock, FilesystemStore, delete_all_expired};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args_os().nth(1).ok_or("which directory?")?;
    let ended = sweep(Path::new(&directory), &Clock::system()).await?;
    writeln!(std::io::stdout(), "sessions ended: {ended}")?;
    Ok(())
}

async fn sweep(directory: &Path, clock: &Clock) -> Result<usize, Box<dyn Error>> {
    // The store would make the directory that a mistake in a crontab names.
    if !directory.is_dir() {
        return Err("not a directory".into());
    }
    let store = FilesystemStore::new(directory)?;
    Ok(delete_all_expired(&store, 1000, clock).await?)
}

#[cfg(test)]
mod tests {
    use sessions::store::{Record, SessionStore as _, StoreKey, Write, WriteId};
    use sessions::{Handle, Timestamp};

    use super::*;

    #[actix_web::test]
    async fn the_dead_are_deleted_and_counted_and_the_living_stay() -> Result<(), Box<dyn Error>> {
        let directory = env::temp_dir().join(format!("cron-sweep-{}", std::process::id()));
        let store = FilesystemStore::new(&directory)?;
        let (long_ago, end) = (
            Timestamp::from_seconds(1),
            Timestamp::from_seconds(u64::MAX),
        );
        for number in 0..5 {
            let key = StoreKey::from_bytes([number; StoreKey::LEN]);
            let record = Record {
                handle: Handle::from_bytes([number; Handle::LEN]),
                write_id: WriteId::from_bytes([number; WriteId::LEN]),
                created: long_ago,
                last_seen: long_ago,
                deadline: if number < 3 {
                    Timestamp::from_seconds(2)
                } else {
                    end
                },
                principal: None,
                device: None,
                body: Vec::new(),
            };
            store.write(Write::create(&key, &record, long_ago)).await?;
        }
        let clock = Clock::system();
        let swept = [
            sweep(&directory, &clock).await?,
            sweep(&directory, &clock).await?,
        ];
        std::fs::remove_dir_all(&directory)?;
        assert_eq!(swept, [3, 0]);
        assert!(sweep(&directory, &clock).await.is_err());
        assert!(!directory.exists(), "it was made again");
        Ok(())
    }
}
