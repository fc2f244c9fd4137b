//! What becomes of a session when its request ends: a table, without I/O, without a type.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    store::{Meta, Persistence},
};

use super::Lifetime;

/// What is known when a session leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// What the store holds for the visitor; `None` for a session that was not accepted or never was.
    pub(crate) stored: Option<Meta>,
    /// The session as the handler sees it. Its deadlines are those of `stored` until [`decide`] moves them.
    pub(crate) seen: Meta,
    pub(crate) intent: Intent,
    /// The visitor holds a cookie of this name, or was handed one by a save earlier in the request.
    pub(crate) cookie_held: bool,
    /// A writer was called and the bytes differ.
    pub(crate) changed: bool,
    /// When the session was written by another application, from which it was imported in this request; `None` where nobody knows.
    pub(crate) imported_from: Option<Timestamp>,
    /// What the visitor has was sealed with a key that is on its way out.
    pub(crate) retired: bool,
    /// The response is a server error and the session is not configured to be saved then.
    pub(crate) failed: bool,
    pub(crate) now: Timestamp,
    pub(crate) lifetime: Lifetime,
}

/// What the handler asked for, apart from data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) destroyed: bool,
    pub(crate) renewed: bool,
    /// The principal was set: a fresh absolute deadline begins.
    pub(crate) authenticated: bool,
    /// The owner changed: nothing of what is stored belongs to the new one.
    pub(crate) reset: bool,
    pub(crate) lifetime: Option<NewLifetime>,
}

/// A lifetime chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewLifetime {
    Remember(Duration),
    ForgetOnClose,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing, and no cookie.
    Keep,
    /// Write a session that was not there.
    Create(Meta),
    /// Write the data over what is there.
    Update(Meta),
    /// Move the idle deadline; the data stays as it is stored.
    Touch(Meta),
    /// Write the data under a new identity; the old one ends.
    Renew(Meta),
    /// End what is there.
    Destroy,
    /// End what is there and write a session that was not.
    Replace(Meta),
}

/// Decides from the facts alone.
pub(crate) fn decide(facts: &Facts) -> Plan {
    let meta = next_meta(facts);
    let intent = facts.intent;
    if facts.failed {
        // Unsaved data is dropped with everything that goes with it. An end is an end all the same.
        return if intent.destroyed && facts.cookie_held {
            Plan::Destroy
        } else {
            Plan::Keep
        };
    }
    if intent.destroyed {
        return match (facts.changed, facts.cookie_held) {
            (true, true) => Plan::Replace(meta),
            (true, false) => Plan::Create(meta),
            (false, true) => Plan::Destroy,
            (false, false) => Plan::Keep,
        };
    }
    let Some(stored) = facts.stored else {
        // Reading never creates, nor does a lifetime or a renewal without data.
        return if facts.changed {
            Plan::Create(meta)
        } else {
            Plan::Keep
        };
    };
    if intent.renewed {
        Plan::Renew(meta)
    } else if facts.changed || intent.lifetime.is_some() {
        Plan::Update(meta)
    } else if idle_moves(&meta, &stored, facts) || is_left_behind(&meta, facts) {
        Plan::Touch(meta)
    } else {
        Plan::Keep
    }
}

/// Activity moves the idle deadline, but not with every request.
fn idle_moves(meta: &Meta, stored: &Meta, facts: &Facts) -> bool {
    let interval = facts.lifetime.touch_interval.as_secs().max(1);
    meta.idle_deadline.seconds_since(stored.idle_deadline) >= interval
}

/// A session whose idle deadline cannot move is never touched, and would end with the key it was sealed with.
fn is_left_behind(meta: &Meta, facts: &Facts) -> bool {
    facts.retired && meta.idle_deadline == meta.absolute_deadline
}

/// The session's deadlines as of now.
pub(crate) fn next_meta(facts: &Facts) -> Meta {
    let Facts {
        seen,
        intent,
        now,
        lifetime,
        ..
    } = *facts;
    // What another application kept for so long does not live longer for having come here, unless somebody says anew who they are.
    let born = facts
        .imported_from
        .filter(|_| facts.stored.is_none() && !intent.destroyed && !intent.authenticated);
    let begins = facts.stored.is_none() || intent.destroyed || intent.authenticated;
    let configured = born
        .map_or(now, |born| born.min(now))
        .saturating_add(lifetime.absolute);
    let mut meta = seen;
    if begins {
        meta.absolute_deadline = configured;
        meta.persistence = Persistence::Configured;
    }
    match intent.lifetime {
        None => {}
        Some(NewLifetime::Remember(duration)) => {
            meta.absolute_deadline = now.saturating_add(duration);
            meta.persistence = Persistence::Remembered;
        }
        Some(NewLifetime::ForgetOnClose) => {
            // What was remembered for a year does not outlive the configured time once it is to be forgotten.
            meta.absolute_deadline = meta.absolute_deadline.min(configured);
            meta.persistence = Persistence::ForgottenOnClose;
        }
    }
    let idle = match meta.persistence {
        Persistence::Remembered => meta.absolute_deadline,
        Persistence::Configured | Persistence::ForgottenOnClose => {
            now.saturating_add(lifetime.idle)
        }
    };
    // A shorter configuration must not end at once what a longer one promised, unless the handler says so.
    let promised = if begins || intent.lifetime.is_some() {
        idle
    } else {
        idle.max(seen.idle_deadline)
    };
    meta.idle_deadline = promised.min(meta.absolute_deadline);
    meta
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Handle;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const LIFETIME: Lifetime = Lifetime {
        idle: Duration::from_secs(1_000),
        absolute: Duration::from_secs(10_000),
        touch_interval: Duration::from_secs(100),
    };

    fn meta(idle_in: u64, absolute_in: u64) -> Meta {
        Meta {
            handle: Handle::from_bytes([7; 16]),
            created: Timestamp::from_seconds(999_000),
            authenticated: None,
            idle_deadline: Timestamp::from_seconds(1_000_000 + idle_in),
            absolute_deadline: Timestamp::from_seconds(1_000_000 + absolute_in),
            persistence: Persistence::Configured,
        }
    }

    /// A session stored a moment ago and only read.
    fn read() -> Facts {
        let stored = meta(950, 5_000);
        Facts {
            stored: Some(stored),
            seen: stored,
            intent: Intent::default(),
            cookie_held: true,
            changed: false,
            imported_from: None,
            retired: false,
            failed: false,
            now: NOW,
            lifetime: LIFETIME,
        }
    }

    /// A visitor without a session, only read.
    fn visitor() -> Facts {
        Facts {
            stored: None,
            cookie_held: false,
            ..read()
        }
    }

    const DESTROYED: Intent = Intent {
        destroyed: true,
        renewed: false,
        authenticated: false,
        reset: false,
        lifetime: None,
    };
    const RENEWED: Intent = Intent {
        destroyed: false,
        renewed: true,
        authenticated: false,
        reset: false,
        lifetime: None,
    };
    const AUTHENTICATED: Intent = Intent {
        destroyed: false,
        renewed: true,
        authenticated: true,
        reset: false,
        lifetime: None,
    };

    fn lifetime(new: NewLifetime) -> Intent {
        Intent {
            lifetime: Some(new),
            ..Intent::default()
        }
    }

    fn name(plan: Plan) -> &'static str {
        match plan {
            Plan::Keep => "keep",
            Plan::Create(_) => "create",
            Plan::Update(_) => "update",
            Plan::Touch(_) => "touch",
            Plan::Renew(_) => "renew",
            Plan::Destroy => "destroy",
            Plan::Replace(_) => "replace",
        }
    }

    #[test]
    fn every_row_of_the_table() {
        let forget = lifetime(NewLifetime::ForgetOnClose);
        let rows: [(&str, Facts, &str); 24] = [
            ("a visitor who only reads", visitor(), "keep"),
            (
                "a visitor who writes",
                Facts {
                    changed: true,
                    ..visitor()
                },
                "create",
            ),
            (
                "a visitor who writes and fails",
                Facts {
                    changed: true,
                    failed: true,
                    ..visitor()
                },
                "keep",
            ),
            (
                "a visitor who renews nothing",
                Facts {
                    intent: RENEWED,
                    ..visitor()
                },
                "keep",
            ),
            (
                "a visitor with a lifetime and no data",
                Facts {
                    intent: forget,
                    ..visitor()
                },
                "keep",
            ),
            (
                "a visitor who logs in",
                Facts {
                    intent: AUTHENTICATED,
                    changed: true,
                    ..visitor()
                },
                "create",
            ),
            (
                "a visitor who ends nothing",
                Facts {
                    intent: DESTROYED,
                    ..visitor()
                },
                "keep",
            ),
            (
                "a rejected cookie, read",
                Facts {
                    cookie_held: true,
                    ..visitor()
                },
                "keep",
            ),
            (
                "a rejected cookie, ended",
                Facts {
                    intent: DESTROYED,
                    cookie_held: true,
                    ..visitor()
                },
                "destroy",
            ),
            (
                "a rejected cookie, written",
                Facts {
                    changed: true,
                    cookie_held: true,
                    ..visitor()
                },
                "create",
            ),
            ("a session read soon after", read(), "keep"),
            (
                "a session read later",
                Facts {
                    stored: Some(meta(900, 5_000)),
                    seen: meta(900, 5_000),
                    ..read()
                },
                "touch",
            ),
            (
                "a session read later that fails",
                Facts {
                    stored: Some(meta(900, 5_000)),
                    failed: true,
                    ..read()
                },
                "keep",
            ),
            (
                "a session near its absolute end",
                Facts {
                    stored: Some(meta(50, 60)),
                    seen: meta(50, 60),
                    ..read()
                },
                "keep",
            ),
            (
                "a session under a retired key",
                Facts {
                    retired: true,
                    ..read()
                },
                "keep",
            ),
            (
                "a remembered session under a retired key",
                Facts {
                    stored: Some(meta(5_000, 5_000)),
                    seen: meta(5_000, 5_000),
                    retired: true,
                    ..read()
                },
                "touch",
            ),
            (
                "a session written",
                Facts {
                    changed: true,
                    ..read()
                },
                "update",
            ),
            (
                "a session written that fails",
                Facts {
                    changed: true,
                    failed: true,
                    ..read()
                },
                "keep",
            ),
            (
                "a session renewed",
                Facts {
                    intent: RENEWED,
                    ..read()
                },
                "renew",
            ),
            (
                "a session renewed that fails",
                Facts {
                    intent: RENEWED,
                    failed: true,
                    ..read()
                },
                "keep",
            ),
            (
                "a session with a new lifetime",
                Facts {
                    intent: forget,
                    ..read()
                },
                "update",
            ),
            (
                "a session ended",
                Facts {
                    intent: DESTROYED,
                    ..read()
                },
                "destroy",
            ),
            (
                "a session ended that fails",
                Facts {
                    intent: DESTROYED,
                    changed: true,
                    failed: true,
                    ..read()
                },
                "destroy",
            ),
            (
                "a session ended and begun again",
                Facts {
                    intent: DESTROYED,
                    changed: true,
                    ..read()
                },
                "replace",
            ),
        ];
        for (row, facts, plan) in rows {
            assert_eq!(name(decide(&facts)), plan, "{row}");
        }
    }

    fn written(facts: Facts) -> Meta {
        match decide(&facts) {
            Plan::Create(meta)
            | Plan::Update(meta)
            | Plan::Touch(meta)
            | Plan::Renew(meta)
            | Plan::Replace(meta) => meta,
            plan => panic!("{plan:?} writes nothing"),
        }
    }

    #[track_caller]
    fn assert_deadlines(facts: Facts, idle_in: u64, absolute_in: u64, persistence: Persistence) {
        let meta = written(facts);
        let left = |deadline: Timestamp| deadline.seconds_since(NOW);
        assert_eq!(
            (
                left(meta.idle_deadline),
                left(meta.absolute_deadline),
                meta.persistence
            ),
            (idle_in, absolute_in, persistence)
        );
    }

    #[test]
    fn an_imported_session_lives_as_if_it_had_begun_when_it_was_written() {
        let imported = |written: u64| Facts {
            changed: true,
            imported_from: Some(Timestamp::from_seconds(written)),
            ..visitor()
        };
        let ends = |facts: &Facts| {
            let meta = next_meta(facts);
            let left = |deadline: Timestamp| deadline.seconds_since(NOW);
            (left(meta.idle_deadline), left(meta.absolute_deadline))
        };
        assert_eq!(ends(&imported(996_000)), (1_000, 6_000));
        assert_eq!(ends(&imported(990_500)), (500, 500));
        // A clock that is ahead lengthens nothing.
        assert_eq!(ends(&imported(2_000_000)), (1_000, 10_000));
        assert_eq!(name(decide(&imported(996_000))), "create");

        let of = |intent| Facts {
            intent,
            ..imported(996_000)
        };
        assert_eq!(ends(&of(AUTHENTICATED)), (1_000, 10_000));
        assert_eq!(ends(&of(DESTROYED)), (1_000, 10_000));
        let day = NewLifetime::Remember(Duration::from_secs(86_400));
        assert_eq!(ends(&of(lifetime(day))), (86_400, 86_400));
        let forget = of(lifetime(NewLifetime::ForgetOnClose));
        assert_eq!(ends(&forget), (1_000, 6_000));
        // Once it is stored, what is stored counts.
        let stored = Facts {
            stored: Some(meta(950, 5_000)),
            ..imported(990_500)
        };
        assert_eq!(ends(&stored), (1_000, 5_000));
    }

    #[test]
    fn activity_moves_the_idle_deadline_and_never_the_absolute_one() {
        assert_deadlines(
            Facts {
                changed: true,
                ..read()
            },
            1_000,
            5_000,
            Persistence::Configured,
        );
        assert_deadlines(
            Facts {
                intent: RENEWED,
                ..read()
            },
            1_000,
            5_000,
            Persistence::Configured,
        );
    }

    #[test]
    fn the_idle_deadline_never_passes_the_absolute_one() {
        let stored = meta(100, 400);
        assert_deadlines(
            Facts {
                stored: Some(stored),
                seen: stored,
                ..read()
            },
            400,
            400,
            Persistence::Configured,
        );
    }

    #[test]
    fn the_idle_deadline_is_not_moved_down_by_activity() {
        let stored = meta(3_000, 5_000);
        assert_deadlines(
            Facts {
                stored: Some(stored),
                seen: stored,
                changed: true,
                ..read()
            },
            3_000,
            5_000,
            Persistence::Configured,
        );
    }

    #[test]
    fn authentication_begins_a_fresh_absolute_deadline() {
        let mut stored = meta(950, 500_000);
        stored.persistence = Persistence::Remembered;
        assert_deadlines(
            Facts {
                stored: Some(stored),
                seen: stored,
                intent: AUTHENTICATED,
                ..read()
            },
            1_000,
            10_000,
            Persistence::Configured,
        );
    }

    #[test]
    fn a_remembered_session_lives_to_its_absolute_deadline_and_a_touch_does_not_undo_it() {
        let remember = lifetime(NewLifetime::Remember(Duration::from_secs(77_000)));
        assert_deadlines(
            Facts {
                intent: remember,
                ..read()
            },
            77_000,
            77_000,
            Persistence::Remembered,
        );
        let remembered = written(Facts {
            intent: remember,
            ..read()
        });
        let later = Facts {
            stored: Some(remembered),
            seen: remembered,
            changed: true,
            ..read()
        };
        assert_deadlines(later, 77_000, 77_000, Persistence::Remembered);
    }

    #[test]
    fn logging_in_and_remembering_in_one_request_is_remembered() {
        let intent = Intent {
            lifetime: Some(NewLifetime::Remember(Duration::from_secs(77_000))),
            ..AUTHENTICATED
        };
        assert_deadlines(
            Facts { intent, ..read() },
            77_000,
            77_000,
            Persistence::Remembered,
        );
    }

    #[test]
    fn forgetting_on_close_takes_back_what_was_remembered() {
        let mut stored = meta(90_000, 90_000);
        stored.persistence = Persistence::Remembered;
        let facts = Facts {
            stored: Some(stored),
            seen: stored,
            intent: lifetime(NewLifetime::ForgetOnClose),
            ..read()
        };
        assert_deadlines(facts, 1_000, 10_000, Persistence::ForgottenOnClose);
    }
}
