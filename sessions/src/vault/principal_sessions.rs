use std::{borrow::Cow, time::SystemTime};

use futures_util::future::try_join_all;
use sha2::{Digest as _, Sha256};

use crate::{
    crypto::AtRest,
    error::{Chain, SessionError, SessionErrorKind},
    event::{Listeners, SessionEvent, SessionEventKind},
    store::{Device, Handle, Listed, Principal},
};

use super::Vault;

/// The live sessions of one principal under one session name: for the page that lists "your devices", and for ending them.
///
/// Comes from [`Session::principal_sessions`](crate::Session::principal_sessions) for the visitor's own, and from
/// [`SessionMiddleware::principal_sessions`](crate::SessionMiddleware::principal_sessions) for anybody's, also outside of a request: a
/// changed password, a blocked account. The store must keep an index by principal, which cookies do not, and a store of your own if it likes.
///
/// An ended session is gone at once, whatever its visitor's requests are doing; one that renews itself meanwhile is found again.
///
/// ```
/// use actix_web::web;
/// use sessions::{Handle, Session, SessionData, SessionError};
///
/// #[derive(SessionData)]
/// struct Login {
///     #[session(principal)]
///     user: Option<String>,
/// }
///
/// /// Ends the session whose handle stood on the button; `false` if it is none of this visitor's.
/// async fn end(login: Session<Login>, button: web::Path<Handle>) -> Result<String, SessionError> {
///     let ended = login.principal_sessions()?.end(*button).await?;
///     Ok(ended.to_string())
/// }
/// # use actix_web::{App, test};
/// # #[cfg(feature = "test-util")]
/// # use sessions::{MemoryStore, SessionMiddleware, test_util::Visitor};
/// # #[cfg(not(feature = "test-util"))]
/// # fn main() {}
/// # #[cfg(feature = "test-util")]
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sessions = SessionMiddleware::builder(MemoryStore::new()).build()?;
/// # let app = test::init_service(App::new().wrap(sessions.clone()).route("/{handle}", web::post().to(end))).await;
/// # let (mut here, mut there) = (Visitor::new(&sessions), Visitor::new(&sessions));
/// # here.seed::<Login>(|login| login.set_user("ada")).await?;
/// # there.seed::<Login>(|login| login.set_user("ada")).await?;
/// # let button = there.session::<Login>().await?.handle().to_string();
/// # for text in ["true", "false"] {
/// #     let request = here.bring(test::TestRequest::post()).uri(&format!("/{button}")).to_request();
/// #     assert_eq!(test::call_and_read_body(&app, request).await, text);
/// # }
/// # assert!(there.session::<Login>().await?.is_new());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PrincipalSessions {
    vault: Vault,
    session: Cow<'static, str>,
    /// `None` for a session that belongs to nobody, whose list is empty.
    principal: Option<Principal>,
    current: Option<Handle>,
    listeners: Listeners,
}

/// How often a list is asked for anew because somebody on it renewed the session meanwhile.
const ROUNDS: usize = 16;

/// How many sessions are ended at once.
const AT_ONCE: usize = 32;

impl PrincipalSessions {
    /// Refuses a store without an index.
    pub(crate) fn new(
        vault: Vault,
        session: Cow<'static, str>,
        principal: Option<Principal>,
        current: Option<Handle>,
        listeners: Listeners,
    ) -> Result<Self, SessionError> {
        if vault.store().abilities().principals.is_none() {
            let error = SessionError::new(SessionErrorKind::NoPrincipalIndex, session);
            return Err(told(error, "sessions not listed"));
        }
        Ok(Self {
            vault,
            session,
            principal,
            current,
            listeners,
        })
    }

    /// The sessions, the one seen last first.
    ///
    /// What the running request has not saved yet is not on it: a login appears with the next request, or after
    /// [`save`](crate::Session::save).
    ///
    /// # Errors
    ///
    /// `StoreUnavailable` when the store does not answer.
    pub async fn list(&self) -> Result<Vec<SessionInfo>, SessionError> {
        let mut listed = self.listed().await?;
        listed.sort_by_key(|listed| std::cmp::Reverse((listed.last_seen, listed.created)));
        let info = |listed: Listed| SessionInfo {
            current: self.current == Some(listed.handle),
            listed,
        };
        Ok(listed.into_iter().map(info).collect())
    }

    /// Ends one of them; `false` if it is none of the principal's, or has ended already.
    ///
    /// # Errors
    ///
    /// `StoreUnavailable`: it may live on. `Conflict` if it was renewed over and over while it was to be ended.
    pub async fn end(&self, handle: Handle) -> Result<bool, SessionError> {
        let ended = self.end_where(|listed| listed.handle == handle).await?;
        Ok(ended > 0)
    }

    /// Ends all but the session this came from, and answers how many.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end); some may have ended.
    pub async fn end_others(&self) -> Result<usize, SessionError> {
        self.end_where(|listed| Some(listed.handle) != self.current)
            .await
    }

    /// Ends all of them, and answers how many. To end the visitor's own with its cookie, [`destroy`](crate::Session::destroy) it.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end); some may have ended.
    pub async fn end_all(&self) -> Result<usize, SessionError> {
        self.end_where(|_| true).await
    }

    async fn listed(&self) -> Result<Vec<Listed>, SessionError> {
        let (Some(principal), Some(index)) =
            (&self.principal, self.vault.store().abilities().principals)
        else {
            return Ok(Vec::new());
        };
        let list = index.list(principal, self.vault.now());
        let listed = self.vault.answer("list", list).await;
        listed.map_err(|source| {
            let error = SessionError::of_store(self.session.clone(), source);
            told(error, "sessions not listed")
        })
    }

    /// Ends until none is left: a session that was renewed after it was listed lies under another key, with the same handle.
    async fn end_where(&self, is_meant: impl Fn(&Listed) -> bool) -> Result<usize, SessionError> {
        let mut ended: Vec<Handle> = Vec::new();
        for _ in 0..ROUNDS {
            let mut listed = self.listed().await?;
            listed.retain(&is_meant);
            if listed.is_empty() {
                return Ok(ended.len());
            }
            for some in listed.chunks(AT_ONCE) {
                let deletions = some.iter().map(|listed| self.vault.delete(&listed.key));
                try_join_all(deletions).await.map_err(|source| {
                    let error = SessionError::of_store(self.session.clone(), source);
                    told(error, "sessions not ended")
                })?;
                for listed in some {
                    if !ended.contains(&listed.handle) {
                        ended.push(listed.handle);
                        let kind = SessionEventKind::Ended;
                        self.listeners
                            .tell(&SessionEvent::of(kind, &self.session, listed.handle));
                    }
                }
            }
        }
        let error = SessionError::new(SessionErrorKind::Conflict, self.session.clone());
        Err(told(error, "sessions not ended"))
    }
}

/// A handler that passes it on with `?` tells no log.
fn told(error: SessionError, what: &'static str) -> SessionError {
    tracing::error!(session = error.session(), error = %Chain(&error), "{what}");
    error
}

/// One of a principal's sessions.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    listed: Listed,
    current: bool,
}

impl SessionInfo {
    /// Names the session: for the button that ends it. It opens nothing, and may stand in a page.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.listed.handle
    }

    /// When it began: before the login, where its visitor had come without one. To show when somebody logged in, keep that in a field.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.listed.created.into()
    }

    /// When its visitor was last seen, to within the touch interval.
    #[must_use]
    pub fn last_seen(&self) -> SystemTime {
        self.listed.last_seen.into()
    }

    /// Whether it is the session the list came from.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.current
    }

    /// The address its visitor was last seen at, if the options say to [keep it](crate::SessionOptions::device_info).
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.device()?.address.as_deref()
    }

    /// What its visitor's browser says it is, if the options say to keep it. It may say anything.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.device()?.user_agent.as_deref()
    }

    fn device(&self) -> Option<&Device> {
        self.listed.device.as_ref()
    }
}

/// Whom a session belongs to as the store's index sees it: with the session's name, since a store may keep several.
///
/// ```text
/// principal = name · 0 · principal                as it is, up to 512 bytes in all
///           | name · 1 · SHA-256( principal ) 32    longer ones
///           | name · 2 · HMAC-SHA-256 32            where bodies are sealed
/// ```
pub(crate) fn principal_key(name: &str, at_rest: Option<&AtRest>, principal: &str) -> Principal {
    const LIMIT: usize = 512;
    let (form, text): (u8, Cow<'_, [u8]>) = match at_rest {
        Some(at_rest) => (2, at_rest.index(principal.as_bytes()).to_vec().into()),
        None if name.len() + 1 + principal.len() <= LIMIT => (0, principal.as_bytes().into()),
        None => (1, Sha256::digest(principal).to_vec().into()),
    };
    // A name is an RFC 6265 token and holds no control character.
    Principal::from_bytes([name.as_bytes(), &[form], &text].concat())
}
