//! Sessions inside of other sites' pages.

use actix_web::{HttpResponse, web};
use serde_json::json;
use sessions::{CookieStore, KeyRing, SameSite, Session, SessionData, SessionMiddleware};
use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, other_site::OtherSite, shop::Shop};

/// What a widget knows of whoever looks at it.
#[derive(SessionData)]
struct Visit {
    count: u32,
}

#[derive(Clone, Copy)]
enum Jar {
    /// One for each site that embeds the widget.
    Partitioned,
    /// One for all of them.
    Shared,
}

fn widget(certificate: &Certificate, jar: Jar) -> OtherSite {
    async fn count(mut visit: Session<Visit>) -> HttpResponse {
        *visit.count_mut() += 1;
        let text = format!("visit {}", visit.count());
        HttpResponse::Ok().content_type("text/html").body(text)
    }

    let store = CookieStore::sealed(KeyRing::generate().unwrap());
    let sessions = SessionMiddleware::builder(store)
        .options(|all| {
            all.same_site(SameSite::None)
                .partitioned(matches!(jar, Jar::Partitioned))
        })
        .build()
        .unwrap();
    OtherSite::open(certificate, move |config| {
        let scope = web::scope("").wrap(sessions.clone());
        config.service(scope.route("/", web::get().to(count)));
    })
}

/// What the widget says in a frame of this site.
async fn seen_on(browser: &Chromium, embedder: &OtherSite, host: &str) -> String {
    browser.go(&embedder.url(host, "/")).await;
    browser.enter_frame(0).await;
    let text = browser.text().await;
    browser.leave_frame().await;
    text
}

fn embedder(certificate: &Certificate, url: &str) -> OtherSite {
    let page = format!("<iframe src='{url}'></iframe>");
    OtherSite::open(certificate, move |config| {
        let page = page.clone();
        let show = move || {
            let page = page.clone();
            async move { HttpResponse::Ok().content_type("text/html").body(page) }
        };
        config.route("/", web::get().to(show));
    })
}

/// What a browser does with the cookies of sites in frames. Its default changes from release to release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ThirdParties {
    Keep,
    Block,
}

async fn browser(
    profile: &Folder,
    certificate: &Certificate,
    third_parties: ThirdParties,
) -> Option<Chromium> {
    let blocks = third_parties == ThirdParties::Block;
    let preferences = json!({
        "profile.block_third_party_cookies": blocks,
        "profile.cookie_controls_mode": u8::from(blocks),
    });
    Chromium::open_with(profile.path(), certificate, &[], &preferences).await
}

#[actix_web::test]
async fn a_partitioned_session_is_another_one_in_each_site_that_embeds_it() {
    let certificate = Certificate::new();
    let widget = widget(&certificate, Jar::Partitioned);
    let url = widget.url("widget.test", "/");
    let embedder = embedder(&certificate, &url);
    for third_parties in [ThirdParties::Keep, ThirdParties::Block] {
        let profile = Folder::new();
        let Some(browser) = browser(&profile, &certificate, third_parties).await else {
            return;
        };
        assert_eq!(seen_on(&browser, &embedder, "one.test").await, "visit 1");
        assert_eq!(seen_on(&browser, &embedder, "one.test").await, "visit 2");
        assert_eq!(seen_on(&browser, &embedder, "two.test").await, "visit 1");
        browser.go(&url).await;
        assert_eq!(browser.text().await, "visit 1", "by itself");
        assert_eq!(seen_on(&browser, &embedder, "one.test").await, "visit 3");
    }
}

#[actix_web::test]
async fn one_that_is_not_follows_its_visitor_from_site_to_site_or_is_not_kept() {
    let certificate = Certificate::new();
    let widget = widget(&certificate, Jar::Shared);
    let embedder = embedder(&certificate, &widget.url("widget.test", "/"));
    for (third_parties, second) in [
        (ThirdParties::Keep, "visit 2"),
        (ThirdParties::Block, "visit 1"),
    ] {
        let profile = Folder::new();
        let Some(browser) = browser(&profile, &certificate, third_parties).await else {
            return;
        };
        assert_eq!(seen_on(&browser, &embedder, "one.test").await, "visit 1");
        assert_eq!(seen_on(&browser, &embedder, "two.test").await, second);
    }
}

#[actix_web::test]
async fn the_shop_is_shown_in_nobody_s_frame() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    let embedder = embedder(&certificate, &shop.url("/"));
    let text = seen_on(&browser, &embedder, "elsewhere.test").await;
    assert!(!text.contains("Six seeds"), "{text}");
}
