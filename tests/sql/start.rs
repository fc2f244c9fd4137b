//! What is wrong with a file of SQLite is said at the start, and what to do about it.

use std::{error::Error as _, fs, path::Path};

use sessions::{SqlError, SqlErrorKind, SqliteStore};
use sessions_tests::Folder;

use crate::{
    file::File,
    fixture::{chain, new_table, use_every_verb},
    journal,
};

async fn opened(path: &Path) -> Result<SqliteStore, SqlError> {
    SqliteStore::connect(&format!("sqlite:{}", path.display())).await
}

/// Of a file that is refused: what it is, and the whole of what is said.
async fn refused(path: &Path) -> (SqlErrorKind, String) {
    let error = opened(path).await.unwrap_err();
    (error.kind(), error.to_string())
}

#[actix_web::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let folder = Folder::new();
    let path = folder.path().join("nowhere/sessions.db");
    let error = opened(&path).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Inaccessible);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot keep sessions in {}; its folder has to be there, and the server's user may write to both",
            path.display()
        )
    );
    let source = error.source().unwrap().to_string();
    assert_eq!(source, "No such file or directory (os error 2)");
}

#[actix_web::test]
async fn what_is_no_database_is_left_alone() {
    let folder = Folder::new();
    let text = folder.path().join("diary.txt");
    // As private as a file of sessions.
    drop(opened(&text).await.unwrap());
    let diary = "Dear diary, ".repeat(1_000);
    fs::write(&text, &diary).unwrap();
    let error = opened(&text).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Foreign);
    assert_eq!(
        error.to_string(),
        format!(
            "{} is no database of SQLite; take another file",
            text.display()
        )
    );
    assert!(!chain(&error).contains("diary,"), "{}", chain(&error));
    let source = error.source().unwrap().to_string();
    assert_eq!(source, "file is not a database (code 26)");
    assert_eq!(fs::read_to_string(&text).unwrap(), diary);

    let (kind, _) = refused(folder.path()).await;
    assert_eq!(kind, SqlErrorKind::Foreign);
}

#[actix_web::test]
async fn a_file_that_was_cut_short_is_damaged() {
    let file = File::new();
    let store = file.store().await;
    use_every_verb(&store).await;
    drop(store);
    // Everything is in the file, and nothing in the log beside it.
    let pool = file.pool().await;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let whole = fs::read(file.path()).unwrap();
    for length in [600, 4_096, whole.len() / 2] {
        file.remove();
        drop(file.open().await);
        fs::write(file.path(), &whole[..length]).unwrap();
        let error = opened(file.path()).await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Damaged, "{length}");
        let source = error.source().unwrap().to_string();
        assert!(source.contains("malformed"), "{length}: {source}");
    }
}

#[actix_web::test]
async fn a_file_that_another_process_keeps_locked_cannot_be_reached() {
    let file = File::new();
    drop(file.store().await);
    let other = file.pool().await;
    for statement in [
        "PRAGMA journal_mode = DELETE",
        "PRAGMA locking_mode = EXCLUSIVE",
        "BEGIN EXCLUSIVE",
    ] {
        sqlx::query(statement).execute(&other).await.unwrap();
    }
    let error = opened(file.path()).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Unreachable);
    assert_eq!(
        error.to_string(),
        format!(
            "another process keeps {} locked, or its disk is slow; end that process, or start again when it is done",
            fs::canonicalize(file.path()).unwrap().display()
        )
    );
}

#[actix_web::test]
async fn a_file_that_is_only_read_is_not_made() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.db");
    let url = format!("sqlite:{}?mode=ro", path.display());
    let error = SqliteStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Inaccessible);
    assert!(!path.exists());
}

/// SQLite understands more than paths.
#[actix_web::test]
async fn a_uri_of_sqlites_own_is_left_to_it() {
    let file = File::new();
    for url in [
        format!("sqlite:file:{}", file.path().display()),
        format!("sqlite:file:{}%3Fcache=private", file.path().display()),
        format!("{}?vfs=unix", file.url()),
    ] {
        let store = SqliteStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        use_every_verb(&store).await;
        drop(store);
        file.remove();
    }
}

#[actix_web::test]
async fn tables_that_are_made_are_told_of_once() {
    journal::open();
    let file = File::new();
    let table = new_table();
    let store = file.open().await.table(&table).unwrap();
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    file.open()
        .await
        .table(&table)
        .unwrap()
        .migrate()
        .await
        .unwrap();
    let lines = journal::about(&table);
    let told = lines.iter().filter(|line| line.starts_with("INFO"));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [&format!(
            "INFO made the tables for sessions; there are none in them yet engine=\"SQLite\" table=\"{table}\""
        )]
    );
}

#[cfg(unix)]
mod rights {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, chown, symlink},
    };

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[actix_web::test]
    async fn a_file_or_folder_that_others_can_get_at_is_refused_with_the_remedy() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.db");
        let log = folder.path().join("sessions.db-wal");
        drop(opened(&path).await.unwrap());
        fs::write(&log, "").unwrap();
        set_mode(&log, 0o600);
        for (exposed, mode, right) in [
            (&*path, 0o644, 0o600),
            (&*path, 0o602, 0o600),
            (&*log, 0o644, 0o600),
            (folder.path(), 0o777, 0o700),
        ] {
            set_mode(exposed, mode);
            let said = format!(
                "every user may get at {}; make it the server's own: chmod 600 for a file, 700 for a folder",
                exposed.display()
            );
            assert_eq!(refused(&path).await, (SqlErrorKind::Exposed, said));
            set_mode(exposed, right);
        }
        // A group is how some platforms give a volume to a process that does not own it.
        set_mode(&path, 0o660);
        drop(opened(&path).await.unwrap());
    }

    /// What it leads to is somebody's choice, and may be another by the time it is opened.
    #[actix_web::test]
    async fn a_symbolic_link_is_refused_and_nothing_is_made_where_it_leads() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.db");
        let target = folder.path().join("target.db");
        symlink(&target, &path).unwrap();
        let said = format!(
            "{} is a symbolic link; name the file that it leads to",
            path.display()
        );
        assert_eq!(refused(&path).await, (SqlErrorKind::Symlink, said));
        assert!(!target.exists());

        // A link on the way there is another matter.
        let around = folder.path().join("around");
        symlink(folder.path(), &around).unwrap();
        drop(opened(&around.join("target.db")).await.unwrap());
    }

    #[actix_web::test]
    async fn a_file_of_another_user_is_refused() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.db");
        drop(opened(&path).await.unwrap());
        // Only root can give a file away, and so run this test.
        if chown(&path, Some(12_345), None).is_err() {
            return;
        }
        let said = format!(
            "{} belongs to another user, who could forge a session; make it the server's own: chown",
            path.display()
        );
        assert_eq!(refused(&path).await, (SqlErrorKind::ForeignOwner, said));
    }

    /// What is asked for stands behind the name, and not in it.
    #[actix_web::test]
    async fn a_name_asks_for_nothing() {
        let folder = Folder::new();
        let path = folder.path().join("vfs=unix&mode=ro.db");
        let store = opened(&path).await.unwrap();
        store.migrate().await.unwrap();
        use_every_verb(&store).await;
        drop(store);
        set_mode(&path, 0o644);
        assert_eq!(refused(&path).await.0, SqlErrorKind::Exposed);
    }
}
