use futures_util::lock::OwnedMutexGuard;

use crate::{
    error::SessionError,
    session::{Kept, OpenSession, lifecycle::Plan},
};

use super::{
    Desk,
    clerk::Clerk,
    desk::{Backend, Decision},
    work::{Done, Work},
};

/// What is to be done at a store about one session, in two steps: what adds, and what takes away. Only what makes way goes before both.
pub(super) struct Errand {
    /// Nobody else saves the session meanwhile; `None` while somebody does.
    turn: Option<OwnedMutexGuard<()>>,
    work: Option<Work>,
}

impl Errand {
    /// To be decided on when another save of the session is done.
    pub(super) fn waiting() -> Self {
        Self {
            turn: None,
            work: None,
        }
    }

    pub(super) fn in_turn(turn: OwnedMutexGuard<()>) -> Self {
        Self {
            turn: Some(turn),
            work: None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.turn.is_none()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.work.is_none()
    }

    /// Decides what is to be done; nothing where it stays idle.
    pub(super) fn decide(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
        failed: bool,
    ) -> Result<(), SessionError> {
        let core = session.core();
        let (mark, old, now) = (core.mark(), core.place(), desk.clock.now());
        self.work = Some(Work {
            plan: Plan::Destroy,
            at: now,
            mark,
            payload: Vec::new(),
            changed: false,
            old,
            handle: core.stored().map(|stored| stored.handle),
            principal: None,
            leaves_rest: false,
            created: None,
            successor: None,
        });
        let Decision { plan, written } = desk.decide(session, failed, now)?;
        let changed = written.is_some();
        let (payload, principal) = match plan {
            Plan::Keep => {
                self.work = None;
                return Ok(());
            }
            Plan::Touch(_) | Plan::Destroy => (Vec::new(), None),
            Plan::Create(_) | Plan::Update(_) | Plan::Renew(_) | Plan::Replace(_) => {
                (desk.payload(session, written)?, desk.owner(session)?)
            }
        };
        if let Some(work) = &mut self.work {
            work.plan = plan;
            work.payload = payload;
            work.changed = changed;
            work.principal = principal;
        }
        Ok(())
    }

    /// Only what is there is ended: what was to be written cannot be.
    pub(super) fn only_end(&mut self) {
        if let Some(work) = &mut self.work {
            work.plan = Plan::Destroy;
            work.leaves_rest = true;
        }
    }

    /// Whether it comes to nothing unless a cookie can be set.
    pub(super) fn needs_cookie(&self, session: &dyn OpenSession) -> bool {
        self.work.as_ref().is_some_and(|work| match work.plan {
            Plan::Create(_) | Plan::Renew(_) | Plan::Replace(_) => true,
            Plan::Update(_) => session.core().intent().lifetime.is_some(),
            // What is dead on the server needs no cookie to be dead.
            Plan::Keep | Plan::Touch(_) | Plan::Destroy => false,
        })
    }

    /// Before anything else: ends what another session is to take the place of.
    ///
    /// It ends in any case, and first, so that its principal is not counted twice, and no successor begins beside what could not be ended.
    pub(super) async fn make_way(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
    ) -> Result<Done, SessionError> {
        let Some((clerk, work)) = self.at_clerk(desk, session) else {
            return Ok(Done::Nothing);
        };
        let Plan::Replace(_) = work.plan else {
            return Ok(Done::Nothing);
        };
        let done = clerk.end(work).await?;
        session.core().note_ended();
        Ok(done)
    }

    /// The first step: creates, updates, touches, and what announces a renewal.
    pub(super) async fn write(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
    ) -> Result<Done, SessionError> {
        let Some((clerk, work)) = self.at_clerk(desk, session) else {
            return Ok(Done::Nothing);
        };
        match work.plan {
            Plan::Create(meta) | Plan::Replace(meta) => clerk.create(work, meta).await,
            Plan::Update(meta) => clerk.update(work, meta).await,
            Plan::Touch(meta) => Ok(clerk.touch(work, meta).await),
            Plan::Renew(_) => clerk.announce(work).await,
            Plan::Keep | Plan::Destroy => Ok(Done::Nothing),
        }
    }

    /// The second step: renewals, unless something failed, and what ends, in any case.
    pub(super) async fn finish(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
        failed: bool,
    ) -> Result<Done, SessionError> {
        let Some((clerk, work)) = self.at_clerk(desk, session) else {
            return Ok(Done::Nothing);
        };
        match work.plan {
            Plan::Renew(meta) if !failed => clerk.renew(work, meta).await,
            Plan::Renew(_) => {
                clerk.stay(work).await;
                Ok(Done::Nothing)
            }
            Plan::Destroy => {
                let done = clerk.end(work).await?;
                if work.leaves_rest {
                    session.core().note_ended();
                } else {
                    clerk.note_saved(work, None, None, Kept::Unknown);
                }
                Ok(done)
            }
            Plan::Keep | Plan::Create(_) | Plan::Update(_) | Plan::Touch(_) | Plan::Replace(_) => {
                Ok(Done::Nothing)
            }
        }
    }

    /// Deletes what was created: its cookie is withheld.
    pub(super) async fn withdraw(&mut self, desk: &Desk, session: &dyn OpenSession) {
        if let Some((clerk, work)) = self.at_clerk(desk, session)
            && let Some(key) = work.created.take()
        {
            if let Err(error) = clerk.server.vault.delete(&key).await {
                // It lies there until its deadline.
                tracing::warn!(session = &*desk.name, %error, "a session that nobody was told of was not deleted; it lies in the store until its deadline");
            }
            session.core().note_gone();
        }
    }

    /// The work, and where it is done; `None` where there is none.
    fn at_clerk<'a>(
        &'a mut self,
        desk: &'a Desk,
        session: &'a dyn OpenSession,
    ) -> Option<(Clerk<'a>, &'a mut Work)> {
        let Backend::ServerSide(server) = &desk.backend else {
            return None;
        };
        let clerk = Clerk {
            desk,
            server,
            session,
        };
        Some((clerk, self.work.as_mut()?))
    }
}
