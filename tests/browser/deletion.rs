//! What is left of a session that ended.

use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, shop::Shop};

#[actix_web::test]
async fn what_ended_leaves_no_cookie_and_nothing_behind_the_back_button() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.sign_up(&shop, "ada").await;
    browser.click("button[value=basil]").await;
    browser.go(&shop.url("/cart")).await;
    assert!(browser.cookie("__Host-cart").await.is_some());
    browser.click("#empty").await;
    assert_eq!(browser.cookie("__Host-cart").await, None);
    assert!(browser.text().await.contains("Nothing in it yet."));

    for page in ["/account", "/account/email", "/devices"] {
        browser.go(&shop.url(page)).await;
        assert!(browser.text().await.contains("ada"), "{page}");
    }
    assert!(browser.cookie("__Host-login").await.is_some());
    browser.click("#log-out").await;
    assert_eq!(browser.cookie("__Host-login").await, None);
    for page in ["/devices", "/account/email", "/account"] {
        browser.back().await;
        let text = browser.text().await;
        assert!(!text.contains("ada"), "{page}: {text}");
        assert_eq!(browser.path().await, "/login");
    }
}
