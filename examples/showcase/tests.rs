//! The shop from outside, on a real socket: each of its promises once.

use std::{
    env,
    time::{Duration, Instant, SystemTime},
};

use actix_web::web::Data;
use sessions::{KeyRing, test_util::TestClock};
use sessions_tests::{Browser, Folder, Reply, Server};

use crate::{
    accounts::Accounts,
    shop::{self, Shop, Transport},
    stores::Keeping,
};

/// A shop that is open, and what its owner knows.
struct Site {
    server: Server,
    clock: TestClock,
    password: String,
}

impl Site {
    fn open() -> Self {
        Self::keeping("memory")
    }

    /// With logins in the store of this flag.
    fn keeping(store: &str) -> Self {
        let keys = KeyRing::generate().unwrap();
        let opening = Keeping::open(store, &keys);
        let keeping = actix_web::rt::System::new().block_on(opening).unwrap();
        let clock = TestClock::at(SystemTime::now());
        let (shop, password) = Shop::open(keys, keeping.abilities()).unwrap();
        let shop = Data::new(shop);
        let sessions = shop::sessions(&shop, keeping, Transport::Tls, clock.clock()).unwrap();
        let server = Server::start(move || shop::app(shop.clone(), sessions.clone()));
        Self {
            server,
            clock,
            password,
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.server)
    }

    /// One in which this name has just signed up.
    fn browser_of(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.post_and_follow("/signup", &sign_up(name));
        assert!(page.text().contains(&format!("Welcome, {name}.")));
        browser
    }

    fn administrator(&self) -> Browser {
        let mut browser = self.browser();
        let form = format!("name=admin&password={}&next=admin", self.password);
        let page = browser.post_and_follow("/login", &form);
        assert!(page.text().contains("<h1>Administration</h1>"));
        browser
    }
}

fn sign_up(name: &str) -> String {
    format!("name={name}&email={name}%40seeds.example&password=correct+horse")
}

fn log_in(name: &str) -> String {
    format!("name={name}&password=correct+horse")
}

/// What is said first of all: the page's notice.
fn notice(page: &Reply) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("<p class=\"notice").expect("a notice");
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</p>").unwrap().0.to_owned()
}

fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303, "{reply:?}");
    reply.header("location").unwrap()
}

fn cookie(browser: &Browser, name: &str) -> String {
    let cookie = browser.jar.get(name);
    cookie.expect("such a cookie").value.clone()
}

/// The path of the button that ends another device.
fn button_of_another(page: &Reply) -> String {
    let text = page.text();
    let paths = text.split("action=\"").skip(1);
    let mut paths = paths.map(|rest| rest.split_once('"').unwrap().0);
    let is_meant = |path: &&str| path.starts_with("/devices/") && !path.contains("others");
    paths.find(is_meant).expect("another device").to_owned()
}

#[test]
fn somebody_signs_up_logs_out_and_logs_in() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    assert!(browser.get("/account").text().contains("ada@seeds.example"));
    let page = browser.post_and_follow("/logout", "");
    assert_eq!(notice(&page), "Goodbye.");
    assert!(browser.jar.get("__Host-login").is_none());
    assert_eq!(location(&browser.get("/account")), "/login?next=account");
    let form = format!("{}&next=account", log_in("ADA"));
    let page = browser.post_and_follow("/login", &form);
    assert_eq!(notice(&page), "Welcome back, ada.");
    assert!(page.text().contains("<h1>Your account</h1>"));
}

#[test]
fn a_form_at_fault_is_shown_again_with_what_was_written() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    browser.post_and_follow("/logout", "");
    for (form, problem) in [
        (sign_up("ada"), "That name is taken."),
        (
            sign_up("a+b"),
            "A name has up to 32 letters, digits and hyphens.",
        ),
        (
            "name=eve&email=here&password=12345678".to_owned(),
            "That is no e-mail address.",
        ),
        (
            "name=eve&email=e%40f&password=1234567".to_owned(),
            "A password has 8 to 128 characters.",
        ),
    ] {
        let page = browser.post("/signup", &form);
        assert_eq!((page.status, notice(&page)), (422, problem.to_owned()));
    }
    let page = browser.post("/signup", "name=%3Cb%3E&email=e%40f&password=12345678");
    assert!(
        page.text().contains("value=\"&#60;b&#62;\""),
        "{}",
        page.text()
    );
}

#[test]
fn an_unknown_name_and_a_wrong_password_are_told_alike() {
    let site = Site::open();
    site.browser_of("ada");
    let mut browser = site.browser();
    let [unknown, wrong] = ["eve", "ada"].map(|name| {
        let page = browser.post("/login", &format!("name={name}&password=wrong+horse"));
        (page.status, page.text().replace(name, "…"))
    });
    assert_eq!(unknown, wrong);
    assert_eq!(unknown.0, 422);
}

#[actix_web::test]
async fn an_unknown_name_costs_a_hash_as_a_known_one_does() {
    let (accounts, _) = Accounts::new().unwrap();
    for name in ["admin", "nobody"] {
        let start = Instant::now();
        let account = accounts.check(name, "wrong".to_owned()).await.unwrap();
        assert!(account.is_none());
        // Nineteen MiB are filled twice by no machine in so short a time.
        assert!(start.elapsed() > Duration::from_millis(2), "{name}");
    }
}

#[test]
fn each_login_has_a_token_of_its_own_and_the_one_before_is_dead() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    let mut thief = browser.clone();
    let first = cookie(&browser, "__Host-login");
    browser.post_and_follow("/login", &log_in("ada"));
    assert_ne!(cookie(&browser, "__Host-login"), first);
    assert_eq!(location(&thief.get("/account")), "/login?next=account");
    assert_eq!(browser.get("/account").status, 200);
}

#[test]
fn a_login_outlives_the_browser_only_if_it_is_to_stay() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    assert_eq!(browser.jar.get("__Host-login").unwrap().expires, None);
    browser.jar.restart();
    assert_eq!(location(&browser.get("/account")), "/login?next=account");

    browser.post_and_follow("/login", &format!("{}&stay=on", log_in("ada")));
    let days = Duration::from_secs(29 * 24 * 60 * 60);
    site.clock.advance(days);
    browser.advance(days);
    browser.jar.restart();
    let page = browser.get("/account");
    assert!(page.text().contains("Stays logged in for 30 days"));
}

#[test]
fn who_guesses_at_a_password_has_to_wait() {
    let site = Site::open();
    site.browser_of("ada");
    let mut browser = site.browser();
    for _ in 0..5 {
        assert_eq!(
            browser.post("/login", "name=ada&password=guess").status,
            422
        );
    }
    let refused = browser.post("/login", &log_in("ada"));
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((890..=901).contains(&wait), "{wait}");
    assert!(refused.text().contains("Too many guesses"));
    assert!(browser.jar.get("__Host-login").is_none());
}

#[test]
fn a_cart_is_the_browser_s_and_stays_when_its_owner_comes_and_goes() {
    let site = Site::open();
    let mut browser = site.browser();
    let page = browser.post_and_follow("/cart", "seed=basil");
    assert_eq!(notice(&page), "Basil is in your cart.");
    assert!(!browser.get("/").text().contains("Basil is in your cart."));
    browser.post_and_follow("/cart", "seed=basil");
    browser.post_and_follow("/signup", &sign_up("ada"));
    assert!(browser.get("/cart").text().contains("€ 4.80"));
    browser.post_and_follow("/logout", "");
    assert!(browser.get("/cart").text().contains("€ 4.80"));
    let page = browser.post_and_follow("/cart/empty", "");
    assert!(page.text().contains("Nothing in it yet."));
    assert!(browser.jar.get("__Host-cart").is_none());
}

#[test]
fn a_note_that_does_not_fit_is_refused_with_a_word_and_the_cart_stays() {
    let site = Site::open();
    let mut browser = site.browser();
    browser.post_and_follow("/cart", "seed=poppy");
    let page = browser.post_and_follow("/cart/note", "note=To+the+porter");
    assert_eq!(notice(&page), "We will read your note.");
    let long = format!("note={}", "x".repeat(4_000));
    let page = browser.post_and_follow("/cart/note", &long);
    assert_eq!(notice(&page), "That note is too long, and was not kept.");
    assert!(page.text().contains(">To the porter</textarea>"));
    assert!(page.text().contains("€ 1.90"));
}

#[test]
fn somebody_sees_their_devices_and_logs_out_there() {
    let site = Site::open();
    let mut here = site.browser_of("ada");
    let mut there = site.browser();
    let firefox =
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let form = "Content-Type: application/x-www-form-urlencoded";
    there.send("POST", "/login", &[firefox, form], &log_in("ada"));
    let page = here.get("/devices");
    assert!(page.text().contains("Firefox on Linux"), "{}", page.text());
    assert!(page.text().contains("From 127.0.0.1 · logged in just now"));
    assert_eq!(page.text().matches("this one").count(), 1);

    let mut stranger = site.browser_of("eve");
    let button = button_of_another(&page);
    let page = stranger.post_and_follow(&button, "");
    assert_eq!(notice(&page), "That device was logged out already.");
    assert_eq!(there.get("/account").status, 200);

    let page = here.post_and_follow(&button, "");
    assert_eq!(notice(&page), "Logged out there.");
    assert_eq!(location(&there.get("/account")), "/login?next=account");

    there.post_and_follow("/login", &log_in("ada"));
    let page = here.post_and_follow("/devices/others/end", "");
    assert_eq!(notice(&page), "Logged out on 1 other device(s).");
    assert_eq!(location(&there.get("/account")), "/login?next=account");
    assert_eq!(here.get("/account").status, 200);
}

#[test]
fn on_a_sixth_device_the_one_that_was_away_for_longest_is_logged_out() {
    let site = Site::open();
    let mut first = site.browser_of("ada");
    for _ in 0..5 {
        assert_eq!(first.get("/account").status, 200);
        site.clock.advance(Duration::from_secs(1));
        site.browser().post_and_follow("/login", &log_in("ada"));
    }
    assert_eq!(location(&first.get("/account")), "/login?next=account");
}

#[test]
fn what_is_sensitive_asks_for_the_password_again_after_five_minutes() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    site.clock.advance(Duration::from_secs(299));
    assert_eq!(browser.get("/account/password").status, 200);
    site.clock.advance(Duration::from_secs(1));
    let asked = "/confirm?next=password";
    assert_eq!(location(&browser.get("/account/password")), asked);
    let form = "password=another+horse";
    assert_eq!(location(&browser.post("/account/password", form)), asked);
    assert_eq!(browser.get("/account").status, 200);

    let wrong = browser.post("/confirm", "password=wrong+horse&next=password");
    assert_eq!(
        (wrong.status, notice(&wrong).as_str()),
        (422, "That is not your password.")
    );
    let before = cookie(&browser, "__Host-login");
    let page = browser.post_and_follow("/confirm", "password=correct+horse&next=password");
    assert!(page.text().contains("<h1>Change your password</h1>"));
    assert_ne!(cookie(&browser, "__Host-login"), before);
}

#[test]
fn who_confirms_their_password_stays_logged_in_as_they_asked() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    browser.post_and_follow("/login", &format!("{}&stay=on", log_in("ada")));
    browser.post_and_follow("/confirm", "password=correct+horse&next=email");
    assert!(browser.jar.get("__Host-login").unwrap().expires.is_some());
}

#[test]
fn a_new_password_logs_out_everybody_who_has_the_old_one() {
    let site = Site::open();
    let mut here = site.browser_of("ada");
    let mut there = site.browser();
    there.post_and_follow("/login", &log_in("ada"));
    let before = cookie(&here, "__Host-login");
    let page = here.post_and_follow("/account/password", "password=another+horse");
    assert_eq!(
        notice(&page),
        "Your password is changed. Logged out on 1 other device(s)."
    );
    assert_ne!(cookie(&here, "__Host-login"), before);
    assert_eq!(location(&there.get("/account")), "/login?next=account");
    assert_eq!(there.post("/login", &log_in("ada")).status, 422);
    let page = there.post_and_follow("/login", "name=ada&password=another+horse");
    assert_eq!(notice(&page), "Welcome back, ada.");

    let page = here.post_and_follow("/account/email", "email=ada%40home.example");
    assert!(page.text().contains("ada@home.example"));
}

#[test]
fn what_another_site_s_page_posts_is_refused() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    let form = "Content-Type: application/x-www-form-urlencoded";
    for header in [
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Origin: https://elsewhere.example",
        "Origin: https://shop.example.elsewhere.example",
        "Origin: null",
    ] {
        let refused = browser.send("POST", "/logout", &[form, header], "");
        assert_eq!(refused.status, 403, "{header}");
        assert!(refused.text().contains("Not for you"));
        assert!(refused.header("set-cookie").is_none());
        assert_eq!(browser.get("/account").status, 200);
    }
    // A link from there is none of that.
    let page = browser.send("GET", "/account", &["Sec-Fetch-Site: cross-site"], "");
    assert_eq!(page.status, 200);
    for header in [
        "Sec-Fetch-Site: same-origin",
        "Origin: https://shop.example",
    ] {
        let own = browser.send("POST", "/cart", &[form, header], "seed=basil");
        assert_eq!(own.status, 303, "{header}");
    }
}

#[test]
fn no_link_leads_a_login_to_another_site() {
    let site = Site::open();
    let mut browser = site.browser();
    for next in ["https://elsewhere.example", "//elsewhere.example", "/\\e"] {
        assert_eq!(browser.get(&format!("/login?next={next}")).status, 400);
        let form = format!("{}&next={next}", log_in("ada"));
        assert_eq!(browser.post("/login", &form).status, 400);
    }
}

#[test]
fn every_page_says_what_browsers_are_to_do_with_it() {
    let site = Site::open();
    let mut browser = site.browser_of("ada");
    for path in ["/", "/account", "/devices", "/nowhere", "/admin"] {
        let page = browser.get(path);
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            page.header("content-security-policy"),
            Some(
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            )
        );
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert!(!page.text().contains("<script"));
        assert!(!page.text().contains(" style="), "the policy forbids it");
    }
    let style = browser.get("/style.css");
    assert_eq!(style.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(style.header("vary"), None);
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn keys_change_while_the_shop_is_open_and_the_old_cookies_open_still() {
    let site = Site::open();
    let mut customer = site.browser();
    customer.post_and_follow("/cart", "seed=tomato");
    let before = cookie(&customer, "__Host-cart");

    let mut administrator = site.administrator();
    assert_eq!(
        administrator
            .get("/admin")
            .text()
            .matches("<li><code>")
            .count(),
        1
    );
    let page = administrator.post_and_follow("/admin/keys", "");
    assert_eq!(
        notice(&page),
        "Cookies are sealed with a new key from now on."
    );
    assert_eq!(page.text().matches("<li><code>").count(), 2);

    assert!(customer.get("/cart").text().contains("€ 3.20"));
    assert_eq!(
        cookie(&customer, "__Host-cart"),
        before,
        "nothing was written"
    );
    customer.post_and_follow("/cart", "seed=tomato");
    // The key's number stands behind the version, in the first five bytes.
    assert_ne!(cookie(&customer, "__Host-cart")[..6], before[..6]);
    assert!(customer.get("/cart").text().contains("€ 6.40"));
}

#[test]
fn the_administrator_sees_what_became_of_sessions_and_nobody_else_does() {
    let site = Site::open();
    let mut customer = site.browser_of("ada");
    assert_eq!(customer.get("/admin").status, 403);
    assert_eq!(customer.post("/admin/keys", "").status, 403);
    assert_eq!(location(&site.browser().get("/admin")), "/login?next=admin");
    customer.post_and_follow("/login", &log_in("ada"));
    customer.post_and_follow("/logout", "");
    let mut forger = site.browser();
    forger.send(
        "GET",
        "/",
        &[&format!("Cookie: __Host-login={}", "A".repeat(43))],
        "",
    );

    let page = site.administrator().get("/admin");
    let text = page
        .text()
        .replace("</td><td>", " ")
        .replace("</td><td class=\"number\">", " ");
    for row in [
        "login created 2",
        "login renewed 1",
        "login destroyed 1",
        "login rejected 1",
    ] {
        assert!(text.contains(&format!("<td>{row}</td>")), "{row} in {text}");
    }
    assert!(text.contains("<td>login loaded "));
    assert!(text.contains("Logins are kept in: memory."));
}

#[test]
fn a_login_whose_account_ended_with_its_process_is_logged_out() {
    let folder = Folder::new();
    let flag = format!("files:{}", folder.path().join("logins").display());
    let mut browser = Site::keeping(&flag).browser_of("ada");
    let next = Site::keeping(&flag);
    let mut moved = next.browser();
    moved.jar = browser.jar.clone();
    assert_eq!(moved.get("/").status, 200);
    assert_eq!(location(&moved.get("/account")), "/login?next=account");
    assert!(moved.jar.get("__Host-login").is_none());
    browser = next.browser_of("ada");
    assert_eq!(browser.get("/account").status, 200);
}

#[test]
fn a_store_is_changed_by_one_flag() {
    let folder = Folder::new();
    let files = format!("files:{}", folder.path().join("logins").display());
    let mut flags = vec!["memory".to_owned(), files];
    if cfg!(feature = "sqlite") {
        flags.push(format!(
            "sqlite:{}",
            folder.path().join("logins.db").display()
        ));
    }
    #[cfg(feature = "postgres")]
    flags.extend(sessions_tests::Engine::Postgres.url());
    #[cfg(feature = "redis")]
    flags.extend(sessions_tests::Engine::Redis.url());
    for flag in flags {
        let site = Site::keeping(&flag);
        let mut here = site.browser_of("ada");
        site.browser().post_and_follow("/login", &log_in("ada"));
        let page = here.get("/devices");
        assert!(page.text().contains("On one more than 5"), "{flag}");
        assert_eq!(page.text().matches("last seen just now").count(), 2);
        let page = here.post_and_follow("/devices/others/end", "");
        assert_eq!(notice(&page), "Logged out on 1 other device(s).", "{flag}");
        here.post_and_follow("/logout", "");
        assert_eq!(location(&here.get("/account")), "/login?next=account");
    }
}

#[test]
fn a_store_that_keeps_no_list_is_said_to_keep_none() {
    let site = Site::keeping("cookie");
    let mut browser = site.browser_of("ada");
    let page = browser.get("/devices");
    assert_eq!(page.status, 200);
    assert!(notice(&page).starts_with("This shop keeps its logins in a sealed cookie."));
    let page = browser.post_and_follow("/devices/others/end", "");
    assert_eq!(
        notice(&page),
        "The store cannot tell where else you are logged in."
    );
    let handle = "0".repeat(32);
    let page = browser.post_and_follow(&format!("/devices/{handle}/end"), "");
    assert_eq!(
        notice(&page),
        "The store cannot tell where else you are logged in."
    );
    let page = browser.post_and_follow("/account/password", "password=another+horse");
    assert_eq!(
        notice(&page),
        "Your password is changed. Where else you are logged in, the store cannot tell: you stay so."
    );
}

#[actix_web::test]
async fn a_store_that_is_none_is_refused_without_repeating_its_password() {
    let keys = KeyRing::generate().unwrap();
    for flag in [
        "mongo://ada:secret@host",
        "memory:secret",
        "redis",
        "postgres",
    ] {
        let error = Keeping::open(flag, &keys).await.unwrap_err().to_string();
        assert_eq!(error, "--store is none of the stores that --help tells of");
    }
    if env::consts::OS == "linux" {
        let error = Keeping::open("files:/proc/nowhere", &keys).await;
        assert!(error.is_err());
    }
}
