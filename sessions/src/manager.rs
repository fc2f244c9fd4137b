//! The hall: a visitor enters with cookies and leaves with one.
//!
//! A [`Desk`] stands for one session name as it was configured, on one worker thread. It opens what the request brought and seats the
//! session; at the end it asks [`decide`] what becomes of it and does it. What a handler does in between is none of its business.

use std::{borrow::Cow, rc::Rc};

use crate::{
    clock::{Clock, Timestamp},
    cookie::{LineError, MaxAge, RequestCookies, SessionCookie, SetCookie},
    data,
    error::{SessionError, SessionErrorKind},
    session::{
        Begun, FlashRule, Keeper, Lifetime, OpenSession, SessionData, Slot,
        lifecycle::{Facts, Plan, decide},
        new_meta,
    },
    store::{Meta, Origin, Persistence, Rejection},
    stores::{CookieCodec, Opened},
};

/// One session name as it was configured.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) name: Cow<'static, str>,
    pub(crate) cookie: SessionCookie,
    pub(crate) max_age: MaxAge,
    pub(crate) backend: Backend,
    pub(crate) lifetime: Lifetime,
    pub(crate) save_on_server_error: bool,
    pub(crate) flash_on_prefetch: bool,
    pub(crate) clock: Clock,
}

/// Where the data stays.
#[derive(Debug)]
pub(crate) enum Backend {
    ClientSide(CookieCodec),
}

/// What a session leaves with.
#[derive(Debug, Default)]
pub(crate) struct Departure {
    /// Goes in any case: the session it is about has ended, or was saved by the handler.
    pub(crate) committed: Option<SetCookie>,
    /// Goes in its place if every session of the request was saved.
    pub(crate) pending: Option<SetCookie>,
    pub(crate) error: Option<SessionError>,
}

/// What was done about a session.
struct Settled {
    cookie: SetCookie,
    /// What the visitor has from now on.
    stored: Option<Meta>,
}

/// What a request says about itself.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) cookies: RequestCookies,
    pub(crate) audience: Audience,
}

/// Who will see the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Somebody,
    /// Fetched ahead of need: perhaps somebody.
    Prefetch,
    /// A response without its body.
    Nobody,
}

impl Desk {
    /// Seats the session that a request brought, or a new one.
    pub(crate) fn enter<T: SessionData>(self: &Rc<Self>, visit: &Visit) -> Slot<T> {
        let now = self.clock.now();
        let mut cookie_held = false;
        let mut rejection = None;
        // A browser sends the cookies of several paths and domains under one name, in an order that says nothing (RFC 6265bis, section 5.8.3).
        for value in self.cookie.values(&visit.cookies) {
            cookie_held = true;
            match self.open::<T>(value, now) {
                Ok((opened, decoded)) => {
                    let begun = Begun {
                        retired: opened.retired,
                        ..self.begun(visit, Origin::Loaded, cookie_held, opened.meta)
                    };
                    return Slot::loaded(begun, decoded, opened.payload);
                }
                Err(reason) => rejection = rejection.max(Some(reason)),
            }
        }
        if let Some(reason) = rejection {
            tracing::info!(session = &*self.name, %reason, "session rejected");
        }
        let origin = rejection.map_or(Origin::New, Origin::Rejected);
        Slot::fresh(self.begun(visit, origin, cookie_held, new_meta(now)))
    }

    /// Saves what is to be saved; `server_error` is the response's status being 500 or more.
    pub(crate) fn leave(&self, session: &dyn OpenSession, server_error: bool) -> Departure {
        let core = session.core();
        let failed = server_error && !self.save_on_server_error;
        // An end is an end whatever else goes wrong, also where a new session was to take the old one's place.
        let ended = core.intent().destroyed && core.cookie_held();
        let settled = self.settle(session, failed);
        core.note_head_left();
        let saved = core.take_outbox();
        let committed = if ended {
            Some(self.cookie.removal())
        } else {
            saved
        };
        match settled {
            Ok(settled) => Departure {
                committed,
                pending: settled.map(|settled| settled.cookie),
                error: None,
            },
            Err(error) => Departure {
                committed,
                pending: None,
                error: Some(error),
            },
        }
    }

    fn open<T: SessionData>(
        &self,
        value: &[u8],
        now: Timestamp,
    ) -> Result<(Opened, data::Decoded<T>), Rejection> {
        let Backend::ClientSide(codec) = &self.backend;
        let opened = codec.open(value, now)?;
        let decoded = data::decode(opened.payload.as_bytes())?;
        Ok((opened, decoded))
    }

    fn begun(
        self: &Rc<Self>,
        visit: &Visit,
        origin: Origin,
        cookie_held: bool,
        meta: Meta,
    ) -> Begun {
        let read = match visit.audience {
            Audience::Somebody => true,
            Audience::Prefetch => self.flash_on_prefetch,
            Audience::Nobody => false,
        };
        let flash_rule = if read {
            FlashRule::Read
        } else {
            FlashRule::Leave
        };
        Begun {
            keeper: Rc::clone(self) as _,
            origin,
            flash_rule,
            cookie_held,
            retired: false,
            meta,
        }
    }

    /// Decides what becomes of a session and does it.
    fn settle(
        &self,
        session: &dyn OpenSession,
        failed: bool,
    ) -> Result<Option<Settled>, SessionError> {
        let core = session.core();
        let Backend::ClientSide(codec) = &self.backend;
        let now = self.clock.now();
        let mut written = None;
        if core.is_written() && !failed {
            let buffer = self.encode(codec, session)?;
            if core.differs(buffer.get(codec.payload_start()..).unwrap_or_default()) {
                written = Some(buffer);
            }
        }
        let plan = decide(&Facts {
            stored: core.stored(),
            seen: core.seen(),
            intent: core.intent(),
            cookie_held: core.cookie_held(),
            changed: written.is_some(),
            retired: core.is_retired(),
            failed,
            now,
            lifetime: self.lifetime,
        });
        let meta = match plan {
            Plan::Keep => return Ok(None),
            Plan::Destroy => {
                self.report(plan, core.seen());
                return Ok(Some(Settled {
                    cookie: self.cookie.removal(),
                    stored: None,
                }));
            }
            Plan::Create(meta)
            | Plan::Update(meta)
            | Plan::Touch(meta)
            | Plan::Renew(meta)
            | Plan::Replace(meta) => meta,
        };
        let buffer = match (written, core.loaded()) {
            (Some(buffer), _) => buffer,
            // Unchanged data goes on byte for byte: encoded anew it might be of a version that older code cannot read yet.
            (None, Some(loaded)) => {
                let mut buffer = codec.buffer(loaded.as_bytes().len());
                buffer.extend_from_slice(loaded.as_bytes());
                buffer
            }
            (None, None) => self.encode(codec, session)?,
        };
        let cookie = self.seal(codec, &meta, now, buffer)?;
        self.report(plan, meta);
        Ok(Some(Settled {
            cookie,
            stored: Some(meta),
        }))
    }

    fn encode(
        &self,
        codec: &CookieCodec,
        session: &dyn OpenSession,
    ) -> Result<Vec<u8>, SessionError> {
        let expected = session
            .core()
            .loaded()
            .map_or(256, |loaded| loaded.as_bytes().len() + 64);
        let mut buffer = codec.buffer(expected);
        session.encode(&mut buffer)?;
        Ok(buffer)
    }

    fn seal(
        &self,
        codec: &CookieCodec,
        meta: &Meta,
        now: Timestamp,
        mut buffer: Vec<u8>,
    ) -> Result<SetCookie, SessionError> {
        let value_len = codec.value_len(&buffer);
        let max_age = match meta.persistence {
            Persistence::ForgottenOnClose => None,
            Persistence::Configured => self.max_age.seconds(meta.time_left(now)),
            Persistence::Remembered => MaxAge::UntilDeadline.seconds(meta.time_left(now)),
        };
        let mut sealed = Ok(());
        let line = self.cookie.line(value_len, max_age, |value| {
            sealed = codec.seal(meta, now, &mut buffer);
            CookieCodec::write_value(&buffer, value);
        });
        let error = |kind| SessionError::new(kind, self.name.clone());
        sealed.map_err(|refused| error(SessionErrorKind::Unwritable).because(refused))?;
        line.map_err(|refused| match refused {
            LineError::TooLarge(sizes) => error(SessionErrorKind::TooLarge).because(sizes),
            LineError::Malformed => error(SessionErrorKind::Unwritable).because(refused),
        })
    }

    fn report(&self, plan: Plan, meta: Meta) {
        let done = match plan {
            Plan::Keep => return,
            Plan::Create(_) => "session created",
            Plan::Update(_) => "session updated",
            Plan::Touch(_) => "session touched",
            Plan::Renew(_) => "session renewed",
            Plan::Destroy => "session destroyed",
            Plan::Replace(_) => "session replaced",
        };
        tracing::debug!(session = &*self.name, handle = %meta.handle, "{done}");
    }
}

impl Keeper for Desk {
    fn name(&self) -> &str {
        &self.name
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn renews_handle(&self) -> bool {
        match self.backend {
            Backend::ClientSide(_) => true,
        }
    }

    fn save(&self, session: &dyn OpenSession) -> Result<(), SessionError> {
        let core = session.core();
        if core.head_left() {
            return Err(SessionError::new(
                SessionErrorKind::TooLate,
                self.name.clone(),
            ));
        }
        let settled = self.settle(session, false).inspect_err(|error| {
            // A handler that passes it on with `?` tells nobody.
            tracing::error!(session = &*self.name, %error, "session not saved");
        })?;
        if let Some(Settled { cookie, stored }) = settled {
            core.put_in_outbox(cookie);
            core.note_saved(stored, self.clock.now());
        }
        Ok(())
    }
}

impl From<data::DecodeError> for Rejection {
    fn from(error: data::DecodeError) -> Self {
        match error.kind() {
            data::DecodeErrorKind::NewerVersion => Self::NewerVersion,
            data::DecodeErrorKind::UnknownVersion => Self::UnknownVersion,
            data::DecodeErrorKind::Malformed => Self::Undecodable,
        }
    }
}
