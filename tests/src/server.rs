use std::{
    fmt, io,
    net::SocketAddr,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use actix_http::Request;
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::{
    Error, HttpServer,
    body::MessageBody,
    dev::{AppConfig, Response, ServerHandle},
    rt::System,
};

/// An application that listens on a loopback port of its own until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts an application on one worker.
    ///
    /// # Panics
    ///
    /// When no loopback port can be bound.
    #[must_use]
    pub fn start<F, I, S, B>(app: F) -> Self
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        Self::start_with_workers(1, app)
    }

    /// Starts an application on so many workers.
    ///
    /// # Panics
    ///
    /// When no loopback port can be bound.
    #[must_use]
    pub fn start_with_workers<F, I, S, B>(workers: usize, app: F) -> Self
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let (started, address_and_handle) = mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(app)
                    .workers(workers)
                    .disable_signals()
                    .shutdown_timeout(0)
                    .bind(("127.0.0.1", 0))?;
                let address = server.addrs().first().copied();
                let server = server.run();
                // Whoever waits for it has given up if it cannot be told.
                _ = started.send((address, server.handle()));
                server.await
            })
        });
        let (address, handle) = address_and_handle
            .recv()
            .expect("a loopback port to listen on");
        let address = address.expect("a bound server has an address");
        Self {
            address,
            handle,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The future only waits for the answer; the order is given when it is made.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
