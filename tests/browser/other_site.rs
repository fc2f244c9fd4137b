use std::{net::SocketAddr, sync::mpsc, thread};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    rt::System,
    web::{self, Data, Html, ServiceConfig},
};
use rustls::ServerConfig;

use crate::certificate::Certificate;

/// Any site that is not the shop, in this process: over TLS, or plain. Dropped, it is closed.
pub(crate) struct OtherSite {
    address: SocketAddr,
    scheme: &'static str,
    handle: ServerHandle,
}

impl OtherSite {
    pub(crate) fn open(
        certificate: &Certificate,
        routes: impl Fn(&mut ServiceConfig) + Send + Clone + 'static,
    ) -> Self {
        Self::start(Some(certificate.server_config()), routes)
    }

    /// One of a single page.
    pub(crate) fn open_page(certificate: &Certificate, page: String) -> Self {
        let page = Data::new(page);
        Self::open(certificate, move |config| {
            config
                .app_data(page.clone())
                .route("/", web::get().to(show));
        })
    }

    /// Without TLS.
    pub(crate) fn open_plain(routes: impl Fn(&mut ServiceConfig) + Send + Clone + 'static) -> Self {
        Self::start(None, routes)
    }

    fn start(
        tls: Option<ServerConfig>,
        routes: impl Fn(&mut ServiceConfig) + Send + Clone + 'static,
    ) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (started, address_and_handle) = mpsc::channel();
        thread::spawn(move || {
            System::new().block_on(async move {
                let app = move || App::new().configure(routes.clone());
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .shutdown_timeout(0);
                let any_port = ("127.0.0.1", 0);
                let server = match tls {
                    Some(tls) => server.bind_rustls_0_23(any_port, tls)?,
                    None => server.bind(any_port)?,
                };
                let address = server.addrs().first().copied();
                let server = server.run();
                // Whoever waits for it has given up if it cannot be told.
                _ = started.send((address, server.handle()));
                server.await
            })
        });
        let (address, handle) = address_and_handle.recv().expect("a port to listen on");
        Self {
            address: address.expect("a bound server has an address"),
            scheme,
            handle,
        }
    }

    /// Any name that ends in `.test` leads here.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.address.port())
    }
}

async fn show(page: Data<String>) -> Html {
    Html::new(page.to_string())
}

impl Drop for OtherSite {
    fn drop(&mut self) {
        // The order is given when the future is made.
        drop(self.handle.stop(false));
    }
}
