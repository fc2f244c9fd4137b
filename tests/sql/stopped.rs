//! A server that is killed under load, and started again.

use std::{
    cell::RefCell,
    env, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    time::Duration,
};

use actix_web::rt::spawn;
use sessions::store::{StoreErrorKind, StoreKey, Write, Written};
use sessions_tests::Engine;

use crate::{
    fixture::{
        NOW, alice, at_most, eventually, found, new_key, number, record, record_of, use_every_verb,
    },
    server::{Server, on_each_server},
};

on_each_server! {
    what_was_answered_for_survives_the_death_of_the_server
}

async fn what_was_answered_for_survives_the_death_of_the_server<S: Server>() {
    let Some(mut server) = OwnServer::start(S::ENGINE) else {
        return;
    };
    let store = S::connect(&server.url).await.unwrap();
    store.migrate().await.unwrap();
    if S::ENGINE == Engine::Mysql {
        // The tests' servers are started to be fast; this is the least that survives a death.
        let mut administrator = S::administer(&server.url).await;
        let sql = "SET GLOBAL innodb_flush_log_at_trx_commit = 2";
        administrator.run(sql).await;
    }
    let answered = Rc::new(RefCell::new(Vec::<StoreKey>::new()));
    let faults = Rc::new(RefCell::new(Vec::new()));
    let writers = (0..4).map(|writer| {
        let (store, answered, faults) = (store.clone(), Rc::clone(&answered), Rc::clone(&faults));
        spawn(async move {
            loop {
                let key = new_key();
                let written = if writer == 0 {
                    // With others, in a transaction; it never has to go.
                    let login = record_of(&alice());
                    store
                        .write(Write::create(&key, &login, NOW).admitted_by(at_most(1_000_000)))
                        .await
                } else {
                    store.write(Write::create(&key, &record(), NOW)).await
                };
                match written {
                    Ok(Written::Applied { .. }) => answered.borrow_mut().push(key),
                    Ok(Written::Ambiguous) => faults.borrow_mut().push(None),
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => faults.borrow_mut().push(Some(error.kind())),
                }
            }
        })
    });
    let writers = writers.collect::<Vec<_>>();
    eventually("sessions are written", async || {
        answered.borrow().len() > 50
    })
    .await;
    server.kill();
    eventually("writers see it", async || faults.borrow().len() >= 4).await;
    let before = answered.borrow().len();
    server.start_again();
    eventually(
        "sessions are written again, by the same store",
        async || answered.borrow().len() > before + 50,
    )
    .await;
    for writer in writers {
        assert!(!writer.is_finished());
        writer.abort();
    }
    for fault in faults.borrow().iter().flatten() {
        assert_eq!(*fault, StoreErrorKind::Unavailable);
    }
    let answered = answered.take();
    for key in &answered {
        assert!(found(&store, key).await.is_some(), "{key} was answered for");
    }
    use_every_verb(&store).await;
}

/// A server of this test's own, by the same script as all others; killed and forgotten in the end.
struct OwnServer {
    url: String,
    folder: PathBuf,
    number: u32,
    /// Its command, to be given again.
    command: Vec<String>,
    user: u32,
    child: Option<Child>,
}

impl OwnServer {
    /// `None` if the tests were given a server elsewhere, and this machine has none to start.
    fn start(engine: Engine) -> Option<Self> {
        let folder = env::temp_dir().join(format!("sessions-sql-{}", number()));
        for name in ["pid", "env", "version"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let name = if engine == Engine::Mysql {
            "mysql"
        } else {
            "postgres"
        };
        let started = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg("run=$1; source server.sh; source \"$2.sh\"; \"$2_program\" || exit 77; \"$2_start\"")
            .args([Path::new("bash"), &folder, Path::new(name)])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("servers"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        if started.code() == Some(77) {
            assert_ne!(
                env::var("CI").as_deref(),
                Ok("true"),
                "no {engine} to start"
            );
            return None;
        }
        assert!(started.success());
        let url = fs::read_to_string(folder.join("env").join(engine.variable())).unwrap();
        let number = fs::read_dir(folder.join("pid")).unwrap().next().unwrap();
        let number = number.unwrap().file_name().into_string().unwrap();
        let process = Path::new("/proc").join(&number);
        let command = fs::read(process.join("cmdline")).unwrap();
        let words = command
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty());
        Some(Self {
            url,
            folder,
            number: number.parse().unwrap(),
            command: words
                .map(|word| String::from_utf8(word.to_vec()).unwrap())
                .collect(),
            user: fs::metadata(process).unwrap().uid(),
            child: None,
        })
    }

    /// Ends it as a power cord does: nothing of it runs anymore.
    fn kill(&mut self) {
        match self.child.take() {
            Some(mut child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            None => {
                let number = self.number.to_string();
                let _ = Command::new("kill").args(["-KILL", &number]).status();
            }
        }
    }

    fn start_again(&mut self) {
        let user = self.user;
        let own = fs::metadata("/proc/self").unwrap().uid();
        let mut command = if user == own {
            Command::new(&self.command[0])
        } else {
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={user}"), "--clear-groups".to_owned()]);
            command.arg(&self.command[0]);
            command
        };
        command
            .args(&self.command[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // What is left of the one that was killed may hold the folder for a moment.
        for _ in 0..50 {
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(400));
            if child.try_wait().unwrap().is_none() {
                self.child = Some(child);
                return;
            }
        }
        panic!("the server starts again");
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
