//! A session inside a WebSocket, whose head has long left. It listens on port 8080, and is told "tea" by (do it twice):
//!
//! ```console
//! cargo run -p sessions-examples --example websocket
//! curl -m 1 -c jar -b jar -NX GET --data-binary $'\x81\x83AAAA5$ ' -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Content-Length:' \
//!   -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: c2Vzc2lvbnMgaW4gYWN0aQ==' http://127.0.0.1:8080/
//! ```

use std::error::Error;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Result, get, rt, web::Payload};
use actix_ws::{CloseCode, Message};
use sessions::{MemoryStore, Session, SessionData, SessionError, SessionMiddleware};

#[derive(SessionData)]
struct Chat {
    sockets: u32,
    #[session(merge = sessions::merge::sum)]
    messages: u32,
}

#[get("/")]
async fn open(head: HttpRequest, body: Payload, mut chat: Session<Chat>) -> Result<HttpResponse> {
    // A cookie goes with the head: a session that the visitor does not have yet begins here, or never.
    *chat.sockets_mut() += 1;
    let (response, mut socket, mut messages) = actix_ws::handle(&head, body)?;
    rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            match message {
                Message::Text(_) => match count(&mut chat).await {
                    Ok(count) => socket.text(format!("message {count}\n")).await?,
                    // It was ended by a logout, or the store is down.
                    Err(_) => return socket.close(Some(CloseCode::Policy.into())).await,
                },
                Message::Ping(bytes) => socket.pong(&bytes).await?,
                _ => break,
            }
        }
        socket.close(None).await
    });
    Ok(response)
}

/// From here on nothing is saved by itself: `try_write` refuses what never could be, and `save` reports.
async fn count(chat: &mut Session<Chat>) -> Result<u32, SessionError> {
    chat.try_write()?.messages += 1;
    chat.save().await?;
    Ok(chat.messages())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = SessionMiddleware::builder(MemoryStore::new());
    let sessions = sessions.options(|all| all.insecure_http()).build()?; // behind TLS, without this option
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service(open));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn messages_are_counted_until_the_session_is_ended_elsewhere() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Server, WebSocket};

    #[actix_web::post("/logout")]
    async fn log_out(mut chat: Session<Chat>) -> &'static str {
        chat.destroy();
        "Bye."
    }
    let sessions = SessionMiddleware::builder(MemoryStore::new()).build()?;
    let app = move || App::new().wrap(sessions.clone()).service((open, log_out));
    let server = Server::start(app);
    let mut browser = Browser::new(&server);
    let [mut one, mut other] = [(); 2].map(|()| WebSocket::open(&mut browser, "/"));
    assert_eq!(one.say("tea"), "message 1\n");
    assert_eq!(other.say("milk"), "message 2\n");
    assert_eq!(one.say("tea"), "message 3\n");
    browser.post("/logout", "");
    assert_eq!(one.say("tea"), "closed: 1008");
    Ok(())
}
