//! What a browser keeps of a session that grows.

use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, shop::Shop};

/// A browser ignores a cookie over 4,096 bytes without a word: then the visitor has the old one, and thinks it is the new one.
#[actix_web::test]
async fn a_cookie_that_a_browser_would_ignore_is_never_sent() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.go(&shop.url("/")).await;
    browser.click("button[value=basil]").await;

    browser.go(&shop.url("/cart")).await;
    // Between what is kept and what is refused there is no length of which neither is true.
    let (mut kept, mut refused) = (0, 8_192);
    while refused - kept > 1 {
        // First what is much too long.
        let length = match refused {
            8_192 => 5_000,
            _ => usize::midpoint(kept.max(2_500), refused),
        };
        browser.fill_in("note", &"x".repeat(length)).await;
        browser.click("form[action='/cart/note'] button").await;
        match browser.notice().await.as_str() {
            "We will read your note." => kept = length,
            "That note is too long, and was not kept." => refused = length,
            other => panic!("{other}"),
        }
        let value = browser.value("note").await;
        assert_eq!(value.len(), kept, "what was said is what the browser has");
        assert!(browser.text().await.contains("€ 2.40"));
    }
    assert!((2_800..3_000).contains(&kept), "{kept}");
    let cookie = browser.cookie("__Host-cart").await.unwrap();
    let length = cookie.name().len() + cookie.value().len();
    assert!((3_900..=4_096).contains(&length), "{length}");
}
