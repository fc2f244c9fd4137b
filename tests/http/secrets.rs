//! What a failing request never tells: data, tokens, keys.

use actix_web::{
    HttpResponse,
    error::{ErrorForbidden, ErrorInternalServerError},
    web,
};
use serde::{Deserialize, Serialize, Serializer};
use sessions::{CookieStore, Key, KeyRing, Session, SessionData, SessionMiddleware, Values};
use sessions_tests::Browser;

use crate::{
    journal,
    site::{NONE, serve},
};

const SECRET: &str = "correct-horse-battery-staple";

#[derive(SessionData)]
struct Vault {
    #[session(principal)]
    user: Option<String>,
    text: String,
    lock: Lock,
}

/// Cannot be written when it is true.
#[derive(Default, Deserialize)]
struct Lock(bool);

impl Serialize for Lock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            return Err(serde::ser::Error::custom("locked"));
        }
        serializer.serialize_bool(false)
    }
}

async fn fail(
    mut vault: Session<Vault>,
    mut values: Session<Values>,
    how: web::Path<String>,
) -> actix_web::Result<HttpResponse> {
    vault.set_text(SECRET);
    values
        .insert("secret", SECRET)
        .map_err(ErrorInternalServerError)?;
    match how.as_str() {
        "large" => vault.set_text(SECRET.repeat(200)),
        "unwritable" => vault.lock_mut().0 = true,
        "guard" => std::mem::forget(vault.write()),
        "principal" => vault.write().user = Some(SECRET.to_owned()),
        "save" => {
            vault.set_text(SECRET.repeat(200));
            vault.save().await?;
        }
        "value" => drop(
            values
                .get::<u32>("secret")
                .map_err(ErrorInternalServerError)?,
        ),
        "forbidden" => return Err(ErrorForbidden("no")),
        _ => return Err(ErrorInternalServerError("no")),
    }
    Ok(HttpResponse::Ok().body(SECRET))
}

#[test]
fn no_failing_request_shows_data_a_token_or_a_key() {
    journal::open();
    let key = Key::generate().unwrap();
    let store = CookieStore::sealed(KeyRing::new(key.clone()));
    let server = serve(SessionMiddleware::builder(store), |app| {
        app.route("/{how}", web::get().to(fail));
    });
    let mut kept = Vec::new();
    for how in [
        "large",
        "unwritable",
        "guard",
        "principal",
        "save",
        "value",
        "forbidden",
        "error",
    ] {
        let mut browser = Browser::new(&server);
        browser.get("/forbidden");
        kept.extend(
            browser
                .jar
                .cookies()
                .iter()
                .map(|cookie| cookie.value.clone()),
        );
        let reply = browser.get(&format!("/{how}"));
        assert_ne!(reply.status, 200, "{how}");
        assert!(!reply.text().contains(SECRET), "{how}");
        // Cut in the middle, the cookie is rejected; that is logged.
        let (half, _) = kept.last().unwrap().split_at(100);
        let header = format!("Cookie: __Host-vault={half}");
        Browser::new(&server).send("GET", &format!("/{how}"), &[&header], "");
        assert!(!journal::about("session rejected session=\"vault\"").is_empty());
    }
    assert!(!kept.is_empty());
    let parts = kept.iter().map(|value| &value[20..60]);
    for secret in parts.chain([SECRET, &*key.dangerous_reveal()]) {
        assert_eq!(journal::about(secret), NONE);
    }
}

#[test]
fn what_is_printed_of_a_session_hides_what_is_secret() {
    #[derive(SessionData)]
    struct Account {
        name: String,
        #[session(secret)]
        pin: String,
    }
    let store = CookieStore::sealed(KeyRing::generate().unwrap());
    let server = serve(SessionMiddleware::builder(store), |app| {
        app.route(
            "/",
            web::get().to(
                |mut account: Session<Account>, mut values: Session<Values>| async move {
                    account.set_name("ada");
                    account.set_pin(SECRET);
                    values.insert("pin", SECRET).unwrap();
                    let shown = format!("{account:?} {values:?}");
                    let handles = [account.handle().to_string(), values.handle().to_string()];
                    shown.replace(&handles[0], "1").replace(&handles[1], "2")
                },
            ),
        );
    });
    assert_eq!(
        Browser::new(&server).get("/").text(),
        "Session { name: \"account\", handle: Handle(1), name: \"ada\", pin: .. } \
         Session { name: \"values\", handle: Handle(2), keys: [Text(\"pin\")] }"
    );
}
