use std::collections::BTreeSet;

use redis::{Value, cmd};

use crate::{
    clock::Timestamp,
    store::{Listed, Principal, StoreKey, packed::Packed},
};

use super::{
    engine::Effect,
    expiry::{dead, lifetime},
    failure::Failure,
    script::ENLIST,
    store::{RedisStore, string},
};

/// What is to be done with the index by principal beside what the scripts do.
///
/// It never has to be right: who reads it looks at the records. But none may be missing whose record lives.
impl RedisStore {
    /// Puts a record into its principal's index, which is on another machine than the record.
    pub(super) async fn enlist(
        &self,
        principal: &Principal,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let index = self.names.index(principal);
        let score = deadline.as_seconds().to_string();
        let (dead, lifetime) = (dead(now), lifetime(deadline, now));
        let arguments = [
            &key.as_bytes()[..],
            score.as_bytes(),
            dead.as_bytes(),
            lifetime.as_bytes(),
        ];
        self.engine
            .script(
                &ENLIST,
                &[&index],
                &arguments,
                Effect::Repeatable,
                self.timeout,
            )
            .await
            .map(drop)
    }

    /// Takes a record out of an index. If that fails, it does no harm: what the index says is checked, and forgotten at its deadline.
    pub(super) async fn unlist(&self, principal: Option<&Principal>, key: &StoreKey) {
        let Some(principal) = principal else { return };
        let index = self.names.index(principal);
        let command = cmd("ZREM").arg(&index).arg(key.as_bytes()).to_owned();
        let asked = self
            .engine
            .run(&index, &command, Effect::Repeatable, self.timeout);
        _ = asked.await;
    }

    pub(super) async fn list_all(
        &self,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Vec<Listed>, Failure> {
        let index = self.names.index(principal);
        let members = cmd("ZRANGE").arg(&index).arg(0).arg(-1).to_owned();
        let (mut seen, mut listed) = (BTreeSet::new(), Vec::new());
        // A session that is renewed while we look has left its old key and was not yet under its new one: whenever something was not where the
        // index said, look again, until that says nothing new.
        loop {
            let answer = self
                .engine
                .run(&index, &members, Effect::Repeatable, self.timeout)
                .await?;
            let mut keys = store_keys(answer);
            keys.retain(|key| seen.insert(*key));
            if keys.is_empty() {
                return Ok(listed);
            }
            let found = self.look_at(&keys, principal, now).await?;
            let is_whole = found.len() == keys.len();
            listed.extend(found);
            if is_whole {
                return Ok(listed);
            }
        }
    }

    /// Those of the records that live and belong to the principal.
    async fn look_at(
        &self,
        keys: &[StoreKey],
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Vec<Listed>, Failure> {
        let names = keys
            .iter()
            .map(|key| self.names.record(key))
            .collect::<Vec<_>>();
        let beginning = |name: &[u8]| {
            let mut command = cmd("GETRANGE");
            command.arg(name).arg(0).arg(LABELS - 1);
            command
        };
        let answers = self.engine.read(&names, beginning, self.timeout).await?;
        let mut listed = Vec::new();
        for ((key, name), answer) in keys.iter().zip(&names).zip(answers) {
            let mut bytes = string(answer).unwrap_or_default();
            if bytes.len() == LABELS && Packed::decode(&bytes).is_none() {
                // Its labels are longer.
                let whole = cmd("GET").arg(name).to_owned();
                let answer = self
                    .engine
                    .run(name, &whole, Effect::Repeatable, self.timeout)
                    .await?;
                bytes = string(answer).unwrap_or_default();
            }
            let found = Packed::decode(&bytes)
                .filter(|found| found.is_alive(now) && found.belongs_to(principal));
            listed.extend(found.map(|found| found.into_listed(*key)));
        }
        Ok(listed)
    }
}

/// So much of a record is read for a list: as a rule, all but the body.
const LABELS: usize = 1024;

fn store_keys(answer: Value) -> Vec<StoreKey> {
    let Value::Array(members) = answer else {
        return Vec::new();
    };
    let key = |member| Some(StoreKey::from_bytes(string(member)?.try_into().ok()?));
    members.into_iter().filter_map(key).collect()
}
