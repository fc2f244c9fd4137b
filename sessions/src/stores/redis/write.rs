use crate::store::{
    AdmissionPolicy, Principal, Record, Replaces, Revision, StoreError, StoreErrorKind, StoreKey,
    Write, Written, packed,
};

use super::{
    engine::Effect,
    expiry::{dead, lifetime},
    failure::Failure,
    reply::Reply,
    script::WRITE,
    store::RedisStore,
};

/// How often a write with a limit is tried again because its principal got other sessions meanwhile. Each time, somebody else came through.
pub(super) const ATTEMPTS: usize = 64;

/// What a string of Redis may have, and closes the connection beyond.
const MAX_LEN: usize = 512 * 1024 * 1024;

impl RedisStore {
    pub(super) async fn write_one(&self, write: Write<'_>) -> Result<Written, StoreError> {
        let value = packed::encode(write.record)
            .filter(|value| value.len() <= MAX_LEN)
            .ok_or_else(|| StoreError::new(StoreErrorKind::TooLarge))?;
        if !self.is_cluster() {
            return self.write_at_once(&write, &value).await;
        }
        if write.counted().is_some() {
            return Err(StoreError::new(StoreErrorKind::Refused));
        }
        if let Some(principal) = &write.record.principal {
            // Before the record, so that none lives unlisted. Whatever comes of it, no record has changed.
            self.enlist(principal, write.key, write.record.deadline, write.now)
                .await
                .map_err(|failure| match failure {
                    Failure::NotDone(error) => error.into_store_error(),
                    Failure::Late(error) | Failure::Lost(error) => {
                        StoreError::new(StoreErrorKind::Unavailable).because(error)
                    }
                    failure => failure.into_store_error(),
                })?;
        }
        match write.replaces {
            Replaces::Nothing | Replaces::Same(_) => {
                let reply = self.run_write(&write, &value, None, &[]).await;
                let (written, former) = outcome(reply, write.record)?;
                self.unlist_former(&write, former).await;
                Ok(written)
            }
            Replaces::Other(old, expected) => {
                self.rename_in_steps(&write, (old, expected), &value).await
            }
        }
    }

    /// All of it in one script.
    async fn write_at_once(&self, write: &Write<'_>, value: &[u8]) -> Result<Written, StoreError> {
        let index = write
            .record
            .principal
            .as_ref()
            .map(|principal| self.names.index(principal));
        let mut rivals = Vec::new();
        for _ in 0..ATTEMPTS {
            let reply = self
                .run_write(write, value, index.as_deref(), &rivals)
                .await;
            match reply {
                Ok(Reply::Undeclared(others)) => rivals.extend(others),
                reply => {
                    let (written, former) = outcome(reply, write.record)?;
                    self.unlist_former(write, former).await;
                    return Ok(written);
                }
            }
        }
        Err(StoreError::new(StoreErrorKind::Unavailable))
    }

    async fn run_write(
        &self,
        write: &Write<'_>,
        value: &[u8],
        index: Option<&[u8]>,
        rivals: &[StoreKey],
    ) -> Result<Reply, Failure> {
        let (old, expected) = write.old().unzip();
        let old = old.unwrap_or(write.key);
        let (new_name, old_name) = (self.names.record(write.key), self.names.record(old));
        let rival_names = rivals
            .iter()
            .map(|rival| self.names.record(rival))
            .collect::<Vec<_>>();
        let mut keys = vec![&*new_name, &*old_name];
        if let Some(index) = index {
            keys.push(index);
            keys.extend(rival_names.iter().map(|name| &**name));
        }
        let (limit, policy) = match write.admission {
            None => (0, ""),
            Some(admission) => match admission.policy {
                AdmissionPolicy::EvictOldest => (admission.limit.max(1), "evict"),
                AdmissionPolicy::Refuse => (admission.limit.max(1), "refuse"),
            },
        };
        // As the script knows it.
        let verb = match write.replaces {
            Replaces::Nothing => "create",
            Replaces::Same(_) => "update",
            Replaces::Other(..) => "rename",
        };
        let now = write.now.as_seconds().to_string();
        let lifetime = lifetime(write.record.deadline, write.now);
        let deadline = write.record.deadline.as_seconds().to_string();
        let (dead, limit) = (dead(write.now), limit.to_string());
        let principal = write.record.principal.as_ref();
        let mut arguments = vec![
            verb.as_bytes(),
            now.as_bytes(),
            value,
            lifetime.as_bytes(),
            expected
                .as_ref()
                .map_or(&[], |expected| &expected.as_bytes()[..]),
            deadline.as_bytes(),
            dead.as_bytes(),
            limit.as_bytes(),
            policy.as_bytes(),
            write.key.as_bytes(),
            old.as_bytes(),
            principal.map_or(&[], Principal::as_bytes),
        ];
        arguments.extend(rivals.iter().map(|rival| &rival.as_bytes()[..]));
        let answer = self
            .engine
            .script(&WRITE, &keys, &arguments, Effect::Once, self.timeout)
            .await?;
        Reply::parse(answer)
    }

    /// Creates the new, deletes the old if it still is as expected, and the new again if it is not.
    async fn rename_in_steps(
        &self,
        write: &Write<'_>,
        (old, expected): (&StoreKey, Revision),
        value: &[u8],
    ) -> Result<Written, StoreError> {
        let creation = Write {
            replaces: Replaces::Nothing,
            ..*write
        };
        let reply = self.run_write(&creation, value, None, &[]).await;
        let (written, _) = outcome(reply, write.record)?;
        if !matches!(written, Written::Applied { .. }) {
            return Ok(written);
        }
        let removal = self
            .remove(old, Some(expected), write.now, Effect::Once)
            .await;
        let refusal = match removal {
            Ok(Reply::Applied { former, .. }) => {
                self.unlist_former(write, former).await;
                return Ok(written);
            }
            // The old one may be dead, so the new one has to stay: the caller looks.
            Err(Failure::Late(_) | Failure::Lost(_)) => return Ok(Written::Ambiguous),
            refused => outcome(refused, write.record).map(|(refused, _)| refused),
        };
        let own = Some(Revision::from(write.record.write_id));
        let undone = self
            .remove(write.key, own, write.now, Effect::Repeatable)
            .await;
        match undone {
            // A touch leaves the write's name: whatever else is there is not ours.
            Ok(Reply::Applied { .. } | Reply::Missing | Reply::Conflict) => {
                self.unlist(write.record.principal.as_ref(), write.key)
                    .await;
                refusal
            }
            // The new one may live: the caller discards it.
            _ => Ok(Written::Ambiguous),
        }
    }

    /// Takes what a write replaced out of the index it was in, if that is not seen to.
    async fn unlist_former(&self, write: &Write<'_>, former: Option<Principal>) {
        let Some((former, (old, _))) = former.zip(write.old()) else {
            return;
        };
        let is_listed_here = write.key == old || !self.is_cluster();
        if write.record.principal.as_ref() == Some(&former) && is_listed_here {
            return;
        }
        self.unlist(Some(&former), old).await;
    }
}

/// What became of a write, and whose the replaced record was.
fn outcome(
    reply: Result<Reply, Failure>,
    record: &Record,
) -> Result<(Written, Option<Principal>), StoreError> {
    match reply {
        Ok(Reply::Applied { former, evicted }) => {
            let revision = Revision::from(record.write_id);
            Ok((Written::Applied { revision, evicted }, former))
        }
        Ok(Reply::Conflict) => Ok((Written::Conflict, None)),
        Ok(Reply::Missing) => Ok((Written::Missing, None)),
        Ok(Reply::Refused) => Ok((Written::Refused, None)),
        Ok(Reply::Owner(_) | Reply::Undeclared(_)) => Err(StoreError::new(StoreErrorKind::Refused)),
        Err(Failure::Late(_) | Failure::Lost(_)) => Ok((Written::Ambiguous, None)),
        Err(failure) => Err(failure.into_store_error()),
    }
}
