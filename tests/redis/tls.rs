//! TLS: with a certificate that the system trusts, and with none that it does.

use std::{env, process::Command};

use sessions::{RedisErrorKind, RedisStore};
use sessions_tests::{Engine, RedisServer};

use crate::report::say;

const TASK: &str = "SESSIONS_TEST_TLS_URL";

/// The child's part: what the environment says is trusted cannot be changed in a process that runs.
#[actix_web::test]
async fn a_child_connects() {
    let Ok(url) = env::var(TASK) else { return };
    match RedisStore::connect(&url).await {
        Ok(store) => {
            crate::refusals::use_every_verb(&store).await;
            say("connected");
        }
        Err(error) => {
            assert_eq!(error.kind(), RedisErrorKind::Unavailable);
            say("refused");
        }
    }
}

#[test]
fn a_certificate_is_checked_against_those_that_the_system_trusts() {
    if !Engine::Redis.is_running() {
        return;
    }
    let folder = env::temp_dir().join(format!("sessions-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(&folder)
        .output()
        .expect("openssl is installed");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let certificate = folder.join("certificate.pem");
    let key = folder.join("key.pem");
    let server = RedisServer::start();
    let port = server.address().port();
    for setting in [
        ["tls-cert-file", certificate.to_str().unwrap()],
        ["tls-key-file", key.to_str().unwrap()],
        ["tls-ca-cert-file", certificate.to_str().unwrap()],
        ["tls-auth-clients", "no"],
    ] {
        server
            .command(&["CONFIG", "SET", setting[0], setting[1]])
            .unwrap();
    }
    let tls_port = (port + 5000).to_string();
    server
        .command(&["CONFIG", "SET", "tls-port", &tls_port])
        .unwrap();
    let url = format!("rediss://127.0.0.1:{tls_port}");
    for (trusted, answer) in [(Some(&certificate), "connected"), (None, "refused")] {
        let mut child = Command::new(env::current_exe().unwrap());
        child
            .args(["--exact", "tls::a_child_connects", "--nocapture"])
            .env(TASK, &url);
        if let Some(trusted) = trusted {
            child.env("SSL_CERT_FILE", trusted);
        }
        let output = child.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains(answer), "{text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
