//! A contender as a server of its own, with one worker, so that it can be asked by wrk.

use std::{
    error::Error,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    process, thread,
};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
};

use crate::{
    contender::Contender,
    contenders::{
        Content, Kind, Ours, axum_alone, bare_routes, jar_routes, our_routes, peer, peer_routes,
        tower_router,
    },
    data::Usual,
    size::Size,
};

/// The word by which this program calls itself as a server.
pub(crate) const SERVE: &str = "serve";

/// Answers until its input ends; the first line it writes is its port.
///
/// # Errors
///
/// When it cannot listen.
pub(crate) async fn serve(contender: Contender) -> Result<(), Box<dyn Error>> {
    thread::spawn(|| {
        // Whoever started this is gone, whatever the reason.
        let _ = io::stdin().read(&mut [0]);
        process::exit(0);
    });
    match contender {
        Contender::Sealed | Contender::Signed | Contender::Memory | Contender::Filesystem => {
            let ours = Ours::new(contender)?;
            let middleware = ours.middleware.clone();
            let app = move || {
                App::new()
                    .wrap(middleware.clone())
                    .configure(|config| our_routes::<Usual>(config, Size::Usual))
            };
            listen(app).await
        }
        Contender::PeerPrivate | Contender::PeerSigned => {
            let content = match contender {
                Contender::PeerSigned => Content::Signed,
                _ => Content::Private,
            };
            let app = move || {
                App::new()
                    .wrap(peer(content))
                    .configure(|config| peer_routes::<Usual>(config, Size::Usual))
            };
            listen(app).await
        }
        Contender::JarPrivate | Contender::JarSigned => {
            let kind = match contender {
                Contender::JarSigned => Kind::Signed,
                _ => Kind::Private,
            };
            let app = move || {
                App::new().configure(|config| jar_routes::<Usual>(config, kind, Size::Usual))
            };
            listen(app).await
        }
        Contender::Axum => listen_axum(axum_alone()).await,
        Contender::TowerMemory => listen_axum(tower_router::<Usual>(Size::Usual)).await,
        Contender::Bare => listen(|| App::new().configure(bare_routes)).await,
        Contender::NetHttp
        | Contender::Gorilla
        | Contender::PrimitivesSealed
        | Contender::PrimitivesSigned
        | Contender::PrimitivesMemory => Err(format!("{contender} is no server here").into()),
    }
}

async fn listen<F, T, B>(app: F) -> Result<(), Box<dyn Error>>
where
    F: Fn() -> App<T> + Send + Clone + 'static,
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0))?;
    say(server.addrs().first().copied())?;
    Ok(server.run().await?)
}

async fn listen_axum(router: axum::Router) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    say(listener.local_addr().ok())?;
    Ok(axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await?)
}

fn say(address: Option<SocketAddr>) -> Result<(), Box<dyn Error>> {
    let port = address.ok_or("no address")?.port();
    let mut out = io::stdout();
    writeln!(out, "{port}")?;
    Ok(out.flush()?)
}
