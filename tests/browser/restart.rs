//! What is left when the browser was closed.

use sessions_tests::Folder;

use crate::{
    certificate::Certificate,
    chromium::{Chromium, PASSWORD},
    shop::Shop,
};

#[actix_web::test]
async fn a_login_is_there_after_a_restart_only_if_it_was_to_stay() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.sign_up(&shop, "ada").await;
    browser.click("button[value=basil]").await;
    // To the browser another site, to the shop the same account.
    let by_another_name = |path| shop.url_as("shop-of-ada.test", path);
    browser.go(&by_another_name("/login?next=account")).await;
    browser.run("document.getElementById('stay').click()").await;
    browser.log_in("ada", PASSWORD).await;
    assert!(browser.text().await.contains("Stays logged in for 30 days"));
    browser.close().await;

    let browser = Chromium::open(profile.path(), &certificate).await.unwrap();
    browser.go(&shop.url("/cart")).await;
    assert!(browser.text().await.contains("€ 2.40"), "the cart stays");
    assert_eq!(browser.cookie("__Host-login").await, None);
    browser.go(&shop.url("/account")).await;
    assert_eq!(browser.path().await, "/login");
    browser.go(&by_another_name("/account")).await;
    assert!(browser.text().await.contains("ada@seeds.example"));
}
