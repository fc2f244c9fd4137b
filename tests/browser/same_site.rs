//! What another site can make the browser do.

use actix_web::{HttpRequest, HttpResponse, web};
use sessions_tests::Folder;

use crate::{certificate::Certificate, chromium::Chromium, other_site::OtherSite, shop::Shop};

#[actix_web::test]
async fn another_site_s_form_brings_no_session_and_its_link_does() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    // Of the shop's host, so that the shop's cookies go there: ports are no border for them.
    let mirror = OtherSite::open(&certificate, |config| {
        config.default_service(web::to(echo));
    });
    let target = mirror.url("shop.test", "/");
    let logout = shop.url("/logout");
    let account = shop.url("/account");
    let page = format!(
        "<form method=post action='{target}'><button id=post>Win</button></form>\
         <form method=post action='{logout}'><button id=log-out>Win</button></form>\
         <a id=link href='{target}'>Look</a> <a id=account href='{account}'>Look</a>\
         <iframe src='{target}'></iframe><iframe src='{account}'></iframe>"
    );
    let elsewhere = OtherSite::open_page(&certificate, page);
    let elsewhere = elsewhere.url("elsewhere.test", "/");
    browser.sign_up(&shop, "ada").await;
    let login = browser.cookie("__Host-login").await.unwrap();
    let login = format!("__Host-login={}", login.value());

    browser.go(&elsewhere).await;
    browser.enter_frame(0).await;
    assert_eq!(browser.text().await, "GET", "a frame");
    browser.leave_frame().await;
    browser.enter_frame(1).await;
    let text = browser.text().await;
    assert!(!text.contains("Windowsill"), "the shop in a frame: {text}");
    browser.leave_frame().await;
    browser.click("#post").await;
    assert_eq!(browser.text().await, "POST", "a form");
    browser.go(&elsewhere).await;
    browser.click("#link").await;
    let text = browser.text().await;
    assert!(
        text.starts_with("GET ") && text.contains(&login),
        "a link: {text}"
    );

    // The shop itself refuses the form before it looks for a session, and shows the page of the link.
    browser.go(&elsewhere).await;
    browser.click("#log-out").await;
    assert!(
        browser
            .text()
            .await
            .contains("This is for somebody else to do.")
    );
    browser.go(&elsewhere).await;
    browser.click("#account").await;
    assert!(browser.text().await.contains("ada@seeds.example"));
}

#[actix_web::test]
async fn a_neighbor_s_form_brings_the_session_and_is_refused_all_the_same() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    let mirror = OtherSite::open(&certificate, |config| {
        config.default_service(web::to(echo));
    });
    let page = format!(
        "<form method=post action='{}'><button id=post>Win</button></form>\
         <form method=post action='{}'><button id=log-out>Win</button></form>",
        mirror.url("shop.test", "/"),
        shop.url("/logout"),
    );
    let neighbor = OtherSite::open_page(&certificate, page);
    let neighbor = neighbor.url("blog.shop.test", "/");
    browser.sign_up(&shop, "ada").await;

    browser.go(&neighbor).await;
    browser.click("#post").await;
    let text = browser.text().await;
    assert!(text.contains("__Host-login="), "the same site: {text}");
    browser.go(&neighbor).await;
    browser.click("#log-out").await;
    assert!(
        browser
            .text()
            .await
            .contains("This is for somebody else to do.")
    );
    browser.go(&shop.url("/account")).await;
    assert!(browser.text().await.contains("ada@seeds.example"));
}

/// Says what it was asked with: the method, and the cookies.
pub(crate) async fn echo(request: HttpRequest) -> HttpResponse {
    let mut words = vec![request.method().as_str()];
    // HTTP/2 may bring each in a line of its own.
    let cookies = request.headers().get_all("cookie");
    words.extend(cookies.map(|cookies| cookies.to_str().unwrap()));
    let text = words.join(" ");
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .content_type("text/plain")
        .body(text)
}
