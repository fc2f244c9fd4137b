//! What the back button shows.

use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, shop::Shop};

#[actix_web::test]
async fn the_back_button_shows_nothing_private_after_a_logout() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.sign_up(&shop, "ada").await;
    for page in ["/account", "/account/email", "/devices"] {
        browser.go(&shop.url(page)).await;
        assert!(browser.text().await.contains("ada"), "{page}");
    }
    browser.click("#log-out").await;
    for _ in ["/devices", "/account/email", "/account"] {
        browser.back().await;
        let text = browser.text().await;
        assert!(!text.contains("ada"), "{text}");
        assert_eq!(browser.path().await, "/login");
    }
}
