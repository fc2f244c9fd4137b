use std::{
    fmt::Display,
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready as ready_or_return},
};

use actix_service::{Service, Transform, forward_ready};
use actix_web::{
    Error, HttpMessage as _,
    body::EitherBody,
    dev::{ServiceRequest, ServiceResponse},
    rt::{self, System},
};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use pin_project_lite::pin_project;

use crate::{
    error::SessionError,
    registry::{Departures, Layer, OpenSessions, Setup, Store},
    session::SessionData,
    vault::PrincipalSessions,
};

use super::{SessionMiddlewareBuilder, response};

/// Manages the sessions of every request it wraps: opens those that handlers ask for, saves those that changed.
///
/// Wrap an `App`, a `Scope`, a `Resource` or a `Route`. Middleware that uses sessions itself must be wrapped before it, since actix-web
/// calls the last one wrapped first. Clone it into each worker: keys and options are shared. Of several around a route, only the outermost
/// saves; a [`nested`](Self::nested) one gives some types other options below a scope.
///
/// A request whose handler takes no session passes untouched: no cookie is parsed and no header added.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use sessions::{CookieStore, KeyRing, Session, SessionData, SessionMiddleware};
///
/// #[derive(SessionData)]
/// struct Visit {
///     count: u32,
/// }
///
/// async fn page(mut visit: Session<Visit>) -> HttpResponse {
///     let count = visit.count() + 1;
///     visit.set_count(count);
///     HttpResponse::Ok().body(format!("visit {count}"))
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = KeyRing::generate()?; // in production: KeyRing::from_env("SESSION_KEYS")?
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(keys)).build()?;
/// let app = App::new().wrap(sessions).route("/", web::get().to(page));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionMiddleware {
    setup: Arc<Setup>,
}

impl SessionMiddleware {
    pub(super) fn new(setup: Arc<Setup>) -> Self {
        Self { setup }
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn to_setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup)
    }

    /// Begins a middleware that keeps sessions in `default` unless their options name another store.
    pub fn builder(default: impl Into<Store>) -> SessionMiddlewareBuilder {
        SessionMiddlewareBuilder::new(Some(default.into()))
    }

    /// Begins a middleware without a default store, for a scope inside another one: it answers for the types it names, each with a store in
    /// its options; all others are the outer one's, which also saves.
    ///
    /// ```
    /// use actix_web::{App, web};
    /// use sessions::{CookieStore, KeyRing, SessionData, SessionMiddleware};
    ///
    /// #[derive(SessionData)]
    /// struct Admin {
    ///     user: Option<String>,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = CookieStore::sealed(KeyRing::generate()?);
    /// let sessions = SessionMiddleware::builder(store.clone()).build()?;
    /// let admin = SessionMiddleware::nested()
    ///     .session::<Admin>(|admin| admin.store(store).lifetime(sessions::Lifetime::strict()))
    ///     .build()?;
    /// let app = App::new().service(web::scope("/admin").wrap(admin)).wrap(sessions);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nested() -> SessionMiddlewareBuilder {
        SessionMiddlewareBuilder::new(None)
    }

    /// The sessions of type `T`, under the type's own name, that belong to a principal: also outside of any request.
    ///
    /// ```
    /// use sessions::{SessionData, SessionError, SessionMiddleware};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// /// Who changes a password ends every session that knew the old one (OWASP ASVS v5, 7.4.3).
    /// async fn password_changed(sessions: &SessionMiddleware, user: &str) -> Result<usize, SessionError> {
    ///     sessions.principal_sessions::<Login>(user)?.end_all().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `NoPrincipalIndex` where the type's store has none; `MiddlewareMissing` where a nested middleware does not name the type.
    pub fn principal_sessions<T: SessionData>(
        &self,
        principal: impl Display,
    ) -> Result<PrincipalSessions, SessionError> {
        self.setup.principal_sessions::<T>(&principal.to_string())
    }
}

impl<S, B> Transform<S, ServiceRequest> for SessionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = SessionMiddlewareService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let layer = Layer::new(Arc::clone(&self.setup));
        layer.start_sweepers();
        ready(Ok(SessionMiddlewareService {
            service,
            layer: Rc::new(layer),
        }))
    }
}

/// The [`SessionMiddleware`] on one worker thread.
#[derive(Debug)]
pub struct SessionMiddlewareService<S> {
    service: S,
    layer: Rc<Layer>,
}

impl<S, B> Service<ServiceRequest> for SessionMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = SessionResponse<S::Future, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let around = request.extensions().get::<Rc<OpenSessions>>().cloned();
        let place = match around {
            Some(open) => Place::nested(open, Rc::clone(&self.layer)),
            None => {
                let open = Rc::new(OpenSessions::new(Rc::clone(&self.layer)));
                request.extensions_mut().insert(Rc::clone(&open));
                Place::Outermost(open)
            }
        };
        // The request itself goes on unshared: actix-web's scopes need it to themselves.
        SessionResponse {
            inner: self.service.call(request),
            place: Some(place),
            settling: None,
        }
    }
}

/// Where a middleware stands around a request.
enum Place {
    /// It settles the sessions.
    Outermost(Rc<OpenSessions>),
    Nested(#[expect(dead_code, reason = "it is there to be dropped")] NestedPlace),
}

/// Leaves the layer when it is dropped, also where the request is given up halfway.
struct NestedPlace(Rc<OpenSessions>);

impl Place {
    fn nested(open: Rc<OpenSessions>, layer: Rc<Layer>) -> Self {
        open.enter_layer(layer);
        Self::Nested(NestedPlace(open))
    }
}

impl Drop for NestedPlace {
    fn drop(&mut self) {
        self.0.leave_layer();
    }
}

pin_project! {
    /// The response of a wrapped service, with its sessions settled.
    pub struct SessionResponse<F, B> {
        #[pin]
        inner: F,
        place: Option<Place>,
        settling: Option<Settling<B>>,
    }
}

/// A response that waits for its sessions' stores.
struct Settling<B> {
    result: Option<Result<ServiceResponse<B>, Error>>,
    departures: LocalBoxFuture<'static, Departures>,
}

impl<B> Settling<B> {
    fn new(
        run: LocalBoxFuture<'static, Departures>,
        result: Result<ServiceResponse<B>, Error>,
    ) -> Self {
        // A visitor who hangs up drops the response, and must not drop a logout with it.
        let departures = if System::is_registered() {
            let task = rt::spawn(run);
            async { task.await.unwrap_or_else(|_| Departures::lost()) }.boxed_local()
        } else {
            run
        };
        Self {
            result: Some(result),
            departures,
        }
    }
}

impl<F, B> Future for SessionResponse<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = response::Answer<B>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.settling.is_none() {
            let result = ready_or_return!(this.inner.poll(context));
            let Some(Place::Outermost(open)) = this.place.take() else {
                return Poll::Ready(response::untouched(result));
            };
            open.note_head_left();
            if open.is_untouched() {
                return Poll::Ready(response::untouched(result));
            }
            let leaving = open.leave(response::is_server_error(&result));
            if leaving.is_done() {
                return Poll::Ready(response::take_along(leaving.finish(), result));
            }
            let mut run = leaving.run().boxed_local();
            // A store that answers at once needs no task.
            if let Some(departures) = (&mut run).now_or_never() {
                return Poll::Ready(response::take_along(departures, result));
            }
            *this.settling = Some(Settling::new(run, result));
        }
        let Some(settling) = this.settling else {
            return Poll::Pending;
        };
        let departures = ready_or_return!(settling.departures.as_mut().poll(context));
        match settling.result.take() {
            Some(result) => Poll::Ready(response::take_along(departures, result)),
            None => Poll::Pending,
        }
    }
}

impl<F, B> std::fmt::Debug for SessionResponse<F, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionResponse").finish_non_exhaustive()
    }
}
