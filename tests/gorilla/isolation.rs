//! Requests keep to themselves: at the same time, and one after the other on one connection.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use actix_web::{HttpRequest, rt::task::yield_now, web};
use sessions::Session;
use sessions_tests::Server;

use super::site::{Cart, cookie, filled, get, sealed, serve, shop};

const AT_ONCE: usize = 8;

#[test]
fn requests_with_one_cookie_at_the_same_time_have_a_session_each() {
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);

    async fn add(mut cart: Session<Cart>, request: HttpRequest) -> String {
        cart.items_mut().push(request.query_string().to_owned());
        // Nobody goes on before everybody has written.
        ARRIVED.fetch_add(1, Ordering::SeqCst);
        while ARRIVED.load(Ordering::SeqCst) < AT_ONCE {
            yield_now().await;
        }
        format!("{:?}", cart.items())
    }

    let shop = serve(&sealed(1), |app| {
        super::site::cart_routes(app);
        app.route("/add-together", web::get().to(add));
    });
    let held = filled(&shop, "milk");
    let replies = thread::scope(|scope| {
        let visits: Vec<_> = (0..AT_ONCE)
            .map(|index| {
                let (shop, held) = (&shop, &held);
                scope.spawn(move || get(shop, &format!("/add-together?{index}"), held))
            })
            .collect();
        visits
            .into_iter()
            .map(|visit| visit.join().unwrap())
            .collect::<Vec<_>>()
    });
    for (index, reply) in replies.iter().enumerate() {
        let expected = format!("[\"milk\", \"{index}\"]");
        assert_eq!(reply.text(), expected);
        assert_eq!(
            get(&shop, "/", cookie(reply)).text(),
            format!("Loaded {expected}")
        );
    }
}

/// Sends requests over one connection, in one piece or each after the reply before it, and gives the replies' heads and bodies.
fn converse(server: &Server, requests: &[String], pipelined: bool) -> Vec<String> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut replies = Vec::new();
    let mut received = Vec::new();
    if pipelined {
        stream.write_all(requests.concat().as_bytes()).unwrap();
    }
    for request in requests {
        if !pipelined {
            stream.write_all(request.as_bytes()).unwrap();
        }
        replies.push(loop {
            if let Some(length) = whole_reply(&received) {
                let rest = received.split_off(length);
                let reply = std::mem::replace(&mut received, rest);
                break String::from_utf8(reply).unwrap();
            }
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).unwrap();
            assert!(length > 0, "the connection ended early");
            received.extend_from_slice(&chunk[..length]);
        });
    }
    replies
}

/// How long the first reply is, once it is all there.
fn whole_reply(received: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(received).unwrap();
    let head = text.find("\r\n\r\n")? + 4;
    let length = text[..head].lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")
            .map(str::to_owned)
    });
    let whole = head + length.map_or(0, |length| length.parse::<usize>().unwrap());
    (received.len() >= whole).then_some(whole)
}

fn request(path: &str, cookie: &str) -> String {
    let header = if cookie.is_empty() {
        String::new()
    } else {
        format!("Cookie: {cookie}\r\n")
    };
    format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n{header}\r\n")
}

#[test]
fn nothing_of_a_session_is_left_for_the_next_request_on_a_connection() {
    let shop = shop(&sealed(1));
    let (ada, bob) = (filled(&shop, "milk"), filled(&shop, "tea"));
    let expected = [
        (request("/", &ada), r#"Loaded ["milk"]"#),
        (request("/", ""), "New []"),
        (request("/add?jam", &bob), "added"),
        (request("/", ""), "New []"),
        (request("/", &bob), r#"Loaded ["tea"]"#),
        (request("/", "__Host-cart=broken"), "Rejected(Malformed) []"),
        (request("/add?egg", ""), "added"),
        (request("/nowhere", &ada), ""),
        (request("/", "unrelated=1"), "New []"),
        (request("/", &ada), r#"Loaded ["milk"]"#),
    ];
    let requests: Vec<String> = expected
        .iter()
        .map(|(request, _)| request.clone())
        .collect();
    for pipelined in [false, true] {
        // Twice around, so that every pooled request object is used again.
        let twice = [requests.clone(), requests.clone()].concat();
        let replies = converse(&shop, &twice, pipelined);
        for (index, reply) in replies.iter().enumerate() {
            let (request, body) = &expected[index % expected.len()];
            assert!(
                reply.ends_with(&format!("\r\n\r\n{body}")),
                "{request}\n{reply}"
            );
            let sets = reply.to_ascii_lowercase().contains("\r\nset-cookie:");
            assert_eq!(sets, request.contains("/add?"), "{request}\n{reply}");
        }
    }
}

#[test]
fn a_request_that_failed_leaves_nothing_for_the_next() {
    let site = serve(&sealed(1), |app| {
        super::site::cart_routes(app);
        app.route(
            "/fail",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.items_mut().push("lost".to_owned());
                Err::<String, _>(actix_web::error::ErrorInternalServerError("failed"))
            }),
        );
    });
    let held = filled(&site, "milk");
    let replies = converse(
        &site,
        &[
            request("/fail", &held),
            request("/", ""),
            request("/", &held),
        ],
        true,
    );
    assert!(replies[0].starts_with("HTTP/1.1 500"), "{}", replies[0]);
    assert!(replies[1].ends_with("\r\n\r\nNew []"), "{}", replies[1]);
    assert!(
        replies[2].ends_with("\r\n\r\nLoaded [\"milk\"]"),
        "{}",
        replies[2]
    );
}
