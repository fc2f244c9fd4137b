//! Testing handlers that take sessions: the tests below are the example. What they test listens on port 8080:
//!
//! ```console
//! cargo test -p sessions-examples --example testing
//! cargo run -p sessions-examples --example testing
//! curl -c jar -b jar -d user=ada http://127.0.0.1:8080/login
//! curl -c jar -b jar http://127.0.0.1:8080/account
//! ```

use std::{collections::HashMap, error::Error};

use actix_web::{App, HttpServer, Result, error::ErrorUnauthorized, web};
use sessions::{Clock, Lifetime, MemoryStore, Session, SessionData, SessionMiddleware, Store};

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
    visits: u32,
}

async fn log_in(mut login: Session<Login>, form: web::Form<HashMap<String, String>>) -> String {
    // A real application checks a password here.
    login.set_user(form.get("user").map_or("nobody", String::as_str));
    "Welcome.\n".to_owned()
}

async fn account(mut login: Session<Login>) -> Result<String> {
    let user = login.user().clone();
    let user = user.ok_or_else(|| ErrorUnauthorized("Log in first.\n"))?;
    *login.visits_mut() += 1;
    Ok(format!("{user}, visit {}\n", login.visits()))
}

/// Takes the store and the clock, so that a test can bring its own.
fn sessions(
    store: impl Into<Store>,
    clock: Clock,
) -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(store)
        // Behind TLS, leave `insecure_http` out.
        .options(|all| all.lifetime(Lifetime::strict()).insecure_http())
        .clock(clock)
        .build()
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/login", web::post().to(log_in));
    app.route("/account", web::get().to(account));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = sessions(MemoryStore::new(), Clock::system())?;
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).configure(routes));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, SystemTime},
    };

    use actix_web::{
        http::StatusCode,
        test::{TestRequest, call_and_read_body, call_service, init_service},
    };
    use sessions::store::StoreErrorKind;
    use sessions::test_util::{Fault, FaultyStore, TestClock, Verb, Visitor};

    use super::*;

    #[actix_web::test]
    async fn whoever_logs_in_has_an_account() -> Result<(), Box<dyn Error>> {
        let sessions = sessions(MemoryStore::new(), Clock::system())?;
        let app = init_service(App::new().wrap(sessions.clone()).configure(routes)).await;
        let mut ada = Visitor::new(&sessions);
        let stranger = ada.bring(TestRequest::with_uri("/account")).to_request();
        let status = call_service(&app, stranger).await.status();
        assert_eq!(status, StatusCode::UNAUTHORIZED);

        let form = TestRequest::post().uri("/login");
        let form = form.set_form([("user", "Ada")]).to_request();
        ada.take(&call_service(&app, form).await);
        assert_eq!(ada.session::<Login>().await?.user().as_deref(), Some("Ada"));
        Ok(())
    }

    #[actix_web::test]
    async fn a_login_ends_after_half_an_hour_without_a_visit() -> Result<(), Box<dyn Error>> {
        let clock = TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_hours(490_000));
        let sessions = sessions(MemoryStore::new(), clock.clock())?;
        let app = init_service(App::new().wrap(sessions.clone()).configure(routes)).await;
        let mut ada = Visitor::new(&sessions);
        ada.seed::<Login>(|login| login.set_user("Ada")).await?;
        let visit = || ada.bring(TestRequest::with_uri("/account")).to_request();

        clock.advance(Duration::from_mins(29));
        let body = call_and_read_body(&app, visit()).await;
        assert_eq!(body, "Ada, visit 1\n");
        clock.advance(Duration::from_mins(30));
        let status = call_service(&app, visit()).await.status();
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        Ok(())
    }

    #[actix_web::test]
    async fn an_outage_logs_nobody_out() -> Result<(), Box<dyn Error>> {
        let store = Arc::new(FaultyStore::new(MemoryStore::new()));
        let sessions = sessions(Arc::clone(&store), Clock::system())?;
        let app = init_service(App::new().wrap(sessions.clone()).configure(routes)).await;
        let mut ada = Visitor::new(&sessions);
        ada.seed::<Login>(|login| login.set_user("Ada")).await?;
        let visit = || ada.bring(TestRequest::with_uri("/account")).to_request();
        let outage = || Fault::Error(StoreErrorKind::Unavailable);

        store.fail(Verb::Load, 1, outage());
        let status = call_service(&app, visit()).await.status();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);

        // What fails as the response leaves takes its place.
        store.fail(Verb::Update, 1, outage());
        let status = call_service(&app, visit()).await.status();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);

        let body = call_and_read_body(&app, visit()).await;
        assert_eq!(body, "Ada, visit 1\n");
        Ok(())
    }
}
