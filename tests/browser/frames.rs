//! Sessions inside of other sites' pages.

use actix_web::{HttpResponse, web};
use serde_json::json;
use sessions::{CookieStore, KeyRing, SameSite, Session, SessionData, SessionMiddleware};
use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, other_site::OtherSite};

/// A site that lives in frames, and sites that frame it.
struct Widget {
    site: OtherSite,
    embedder: OtherSite,
    host: &'static str,
}

/// What it knows of whoever looks at it.
#[derive(SessionData)]
struct Visit {
    count: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Jar {
    /// One for each site that embeds the widget.
    Partitioned,
    /// One for all of them.
    Shared,
}

/// What a browser does with the cookies of sites in frames. Its default changes from release to release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ThirdParties {
    Keep,
    Block,
}

impl Widget {
    fn open(certificate: &Certificate, host: &'static str, jar: Jar) -> Self {
        let store = CookieStore::sealed(KeyRing::generate().unwrap());
        let sessions = SessionMiddleware::builder(store)
            .options(|all| {
                all.same_site(SameSite::None)
                    .partitioned(jar == Jar::Partitioned)
            })
            .build()
            .unwrap();
        let site = OtherSite::open(certificate, move |config| {
            let scope = web::scope("").wrap(sessions.clone());
            config.service(scope.route("/", web::get().to(count)));
        });
        let page = format!("<iframe src='{}'></iframe>", site.url(host, "/"));
        let embedder = OtherSite::open_page(certificate, page);
        Self {
            site,
            embedder,
            host,
        }
    }

    /// What it says in a frame of this site.
    async fn seen_on(&self, browser: &Chromium, host: &str) -> String {
        browser.go(&self.embedder.url(host, "/")).await;
        browser.enter_frame(0).await;
        let text = browser.text().await;
        browser.leave_frame().await;
        text
    }

    /// What it says to who comes to it.
    async fn seen_alone(&self, browser: &Chromium) -> String {
        browser.go(&self.site.url(self.host, "/")).await;
        browser.text().await
    }
}

async fn count(mut visit: Session<Visit>) -> HttpResponse {
    *visit.count_mut() += 1;
    let text = format!("visit {}", visit.count());
    HttpResponse::Ok().content_type("text/html").body(text)
}

#[actix_web::test]
async fn a_partitioned_session_is_another_one_in_each_site_that_embeds_it() {
    let certificate = Certificate::new();
    let partitioned = Widget::open(&certificate, "widget.test", Jar::Partitioned);
    let shared = Widget::open(&certificate, "other-widget.test", Jar::Shared);
    for third_parties in [ThirdParties::Keep, ThirdParties::Block] {
        let profile = Folder::new();
        let blocks = third_parties == ThirdParties::Block;
        let preferences = json!({
            "profile.block_third_party_cookies": blocks,
            "profile.cookie_controls_mode": u8::from(blocks),
        });
        let opened = Chromium::open_with(profile.path(), &certificate, &[], &preferences);
        let Some(browser) = opened.await else {
            return;
        };
        for (host, visit) in [
            ("one.test", "visit 1"),
            ("one.test", "visit 2"),
            ("two.test", "visit 1"),
        ] {
            assert_eq!(partitioned.seen_on(&browser, host).await, visit);
        }
        assert_eq!(partitioned.seen_alone(&browser).await, "visit 1");
        let again = partitioned.seen_on(&browser, "one.test").await;
        assert_eq!(again, "visit 3");

        // One that is not follows its visitor from site to site, or is not kept.
        assert_eq!(shared.seen_on(&browser, "one.test").await, "visit 1");
        let elsewhere = shared.seen_on(&browser, "two.test").await;
        assert_eq!(elsewhere, if blocks { "visit 1" } else { "visit 2" });
    }
}
