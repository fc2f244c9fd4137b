//! What is left of a session that ended.

use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, shop::Shop};

#[actix_web::test]
async fn a_session_that_ends_takes_its_cookie_along() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.sign_up(&shop, "ada").await;
    browser.click("button[value=basil]").await;
    for (name, page, button) in [
        ("__Host-cart", "/cart", "#empty"),
        ("__Host-login", "/", "#log-out"),
    ] {
        browser.go(&shop.url(page)).await;
        assert!(browser.cookie(name).await.is_some(), "{name}");
        browser.click(button).await;
        assert_eq!(browser.cookie(name).await, None);
    }
    browser.go(&shop.url("/cart")).await;
    let text = browser.text().await;
    assert!(text.contains("Nothing in it yet.") && text.contains("Log in"));
}

#[actix_web::test]
async fn a_session_that_another_browser_ends_is_over_here() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(here) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    here.sign_up(&shop, "ada").await;
    let other_profile = Folder::new();
    let there = Chromium::open(other_profile.path(), &certificate).await;
    let there = there.unwrap();
    there.go(&shop.url("/login")).await;
    there.fill_in("name", "ada").await;
    there.fill_in("password", "correct horse").await;
    there.click("form.card button").await;

    here.go(&shop.url("/devices")).await;
    assert!(here.text().await.contains("Chrome on Linux"));
    here.click("#end-others").await;
    assert_eq!(here.notice().await, "Logged out on 1 other device(s).");
    there.go(&shop.url("/account")).await;
    assert_eq!(there.path().await, "/login");
}
