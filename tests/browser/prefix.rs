//! What the cookie's name, `Secure` and `HttpOnly` promise.

use actix_web::{HttpRequest, HttpResponse, web};
use sessions_tests::Folder;

use crate::{
    certificate::Certificate, chromium::Chromium, other_site::OtherSite, same_site::echo,
    shop::Shop,
};

const NAMES: [&str; 3] = ["__Host-cart", "__Host-login", "__Host-notices"];

#[actix_web::test]
async fn the_cookies_are_kept_as_they_are_said_to_be_and_out_of_reach_of_scripts() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    browser.sign_up(&shop, "ada").await;
    browser.click("button[value=basil]").await;

    let mut cookies = browser.cookies().await;
    cookies.sort_by(|a, b| a.name().cmp(b.name()));
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.name()).collect();
    assert_eq!(names, NAMES);
    for cookie in &cookies {
        assert_eq!(cookie.secure(), Some(true), "{cookie}");
        assert_eq!(cookie.http_only(), Some(true), "{cookie}");
        assert_eq!(cookie.path(), Some("/"), "{cookie}");
        // Without a dot in front: for this host alone.
        assert_eq!(cookie.domain(), Some("shop.test"), "{cookie}");
        let lax = fantoccini::cookies::Cookie::parse("a=b; SameSite=Lax").unwrap();
        assert_eq!(cookie.same_site(), lax.same_site(), "{cookie}");
    }
    assert_eq!(browser.run("return document.cookie").await, "");

    let before = browser.cookie("__Host-login").await.unwrap();
    for attributes in ["; Secure; Path=/", "; Secure; Path=/; Max-Age=0"] {
        let planted = format!("document.cookie = '__Host-login=planted{attributes}'");
        browser.run(&planted).await;
    }
    assert_eq!(browser.run("return document.cookie").await, "");
    assert_eq!(browser.cookie("__Host-login").await, Some(before));
}

#[actix_web::test]
async fn neither_a_subdomain_nor_an_unencrypted_page_can_plant_one_or_see_one() {
    let (certificate, profile) = (Certificate::new(), Folder::new());
    let Some(browser) = Chromium::open(profile.path(), &certificate).await else {
        return;
    };
    let shop = Shop::open(&certificate);
    let neighbor = OtherSite::open(&certificate, plant);
    let unencrypted = OtherSite::open_plain(plant);
    browser.sign_up(&shop, "ada").await;
    let before = browser.cookie("__Host-login").await.unwrap();

    let host = "blog.shop.test";
    browser.go(&neighbor.url(host, "/plant")).await;
    assert_eq!(browser.text().await, "planted");
    browser.go(&neighbor.url(host, "/echo")).await;
    assert_eq!(browser.text().await, "GET ordinary=planted");
    browser.go(&unencrypted.url("shop.test", "/plant")).await;
    assert_eq!(browser.text().await, "planted");
    browser.go(&unencrypted.url("shop.test", "/echo")).await;
    assert_eq!(browser.text().await, "GET ordinary=planted");

    browser.go(&shop.url("/account")).await;
    assert!(browser.text().await.contains("ada@seeds.example"));
    assert_eq!(browser.cookie("__Host-login").await, Some(before));
}

/// Tries every way to get a login of its own into the shop, and one ordinary cookie, to see that it tries.
fn plant(config: &mut web::ServiceConfig) {
    async fn plant(request: HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        let ordinary = "ordinary=planted; Domain=shop.test; Path=/";
        for line in [
            "__Host-login=planted; Domain=shop.test; Path=/; Secure",
            "__Host-login=planted; Path=/account; Secure",
            "__Host-login=planted; Path=/",
            "__host-login=planted; Domain=shop.test; Path=/; Secure",
            "=__Host-login=planted; Domain=shop.test; Path=/; Secure",
            ordinary,
        ] {
            response.append_header(("set-cookie", line));
        }
        if !request.app_config().secure() {
            response.append_header(("set-cookie", "__Host-login=planted; Path=/; Secure"));
        }
        response.content_type("text/html").body("planted")
    }

    config
        .route("/plant", web::get().to(plant))
        .route("/echo", web::get().to(echo));
}
