//! Two devices in the shop, and the pictures of it that the README shows.

use std::{env, fs, path::Path};

use serde_json::json;
use sessions_tests::Folder;

use crate::{
    certificate::Certificate,
    chromium::{Chromium, PASSWORD},
    shop::Shop,
};

/// With `SESSIONS_SCREENSHOTS=1` they are written to `docs/screenshots`.
#[actix_web::test]
async fn one_device_logs_out_the_other() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    // A dark one and light ones, whatever this system prefers.
    let light = [
        "--blink-settings=preferredColorScheme=1",
        "--hide-scrollbars",
    ];
    let Some(browser) = Chromium::open_with(profile.path(), &certificate, &light, &json!({})).await
    else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.go(&shop.url("/login")).await;
    keep("login", &browser).await;
    browser.sign_up(&shop, "ada").await;
    for seed in ["basil", "tomato", "basil", "borage"] {
        browser.click(&format!("button[value={seed}]")).await;
    }
    browser.go(&shop.url("/cart")).await;
    browser
        .fill_in("note", "Please leave it with the neighbors.")
        .await;
    browser.click("form[action='/cart/note'] button").await;
    keep("cart", &browser).await;

    let other_profile = Folder::new();
    let dark = [
        "--blink-settings=preferredColorScheme=0",
        "--hide-scrollbars",
        "--user-agent=Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
    ];
    let other = Chromium::open_with(other_profile.path(), &certificate, &dark, &json!({})).await;
    let other = other.unwrap();
    other.go(&shop.url("/login")).await;
    other.log_in("ada", PASSWORD).await;
    keep("shelf", &other).await;
    browser.go(&shop.url("/devices")).await;
    assert!(browser.text().await.contains("Safari on an iPhone"));
    keep("devices", &browser).await;
    browser.click("#end-others").await;
    assert_eq!(browser.notice().await, "Logged out on 1 other device(s).");
    other.go(&shop.url("/account")).await;
    assert_eq!(other.path().await, "/login");

    browser.go(&shop.url("/login?next=admin")).await;
    browser.log_in("admin", &shop.password).await;
    browser.click("#rotate").await;
    assert_eq!(
        browser.notice().await,
        "Cookies are sealed with a new key from now on."
    );
    keep("admin", &browser).await;
}

async fn keep(name: &str, browser: &Chromium) {
    let picture = browser.picture().await;
    assert!(picture.len() > 5_000, "{name} is empty");
    if env::var("SESSIONS_SCREENSHOTS").as_deref() == Ok("1") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}
