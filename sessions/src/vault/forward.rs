use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::store::{
    Handle, Loaded, Record, StoreError, StoreErrorKind, StoreKey, Write, WriteId, Written,
};

use super::Vault;

/// Where a session may have gone that was renewed: left beside its key before the renewal, for whoever ends it under that key meanwhile.
///
/// It is a record like any other, under a key that belongs to no token, so that a store needs no verb for it. Of two who renew one session
/// at once one succeeds, and it is not known which: both their keys stand here.
///
/// ```text
/// key  = SHA-256( key 32 · 0 · "forward" )    a session's name holds no zero byte
/// body = 3 · key 32 · key 32 ...
/// ```
#[derive(Debug, PartialEq, Eq)]
struct Forward {
    keys: Vec<StoreKey>,
}

/// Longer than a request is in flight.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// As long as a response may take to its visitor.
const ON_ITS_WAY: Duration = Duration::from_secs(5 * 60);

/// Tells it from the body of a session.
const FORM: u8 = 3;

/// How many may renew one session at once, and how often it is asked for where they overtake each other.
const AT_ONCE: usize = 64;

/// How many renewals are followed at once: a visitor whose requests overlap makes a handful.
const RENEWALS: usize = 1_024;

impl Forward {
    fn key(of: &StoreKey) -> StoreKey {
        let mut hash = Sha256::new();
        hash.update(of.as_bytes());
        hash.update(b"\0forward");
        StoreKey::from_bytes(hash.finalize().into())
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(1 + self.keys.len() * StoreKey::LEN);
        body.push(FORM);
        for key in &self.keys {
            body.extend_from_slice(key.as_bytes());
        }
        body
    }

    /// What a store gave back; nothing where that is no such body.
    fn parse(body: &[u8]) -> Self {
        let keys = match body.split_first() {
            Some((&FORM, keys)) => keys.as_chunks().0,
            _ => &[],
        };
        Self {
            keys: keys.iter().copied().map(StoreKey::from_bytes).collect(),
        }
    }
}

impl Vault {
    /// Notes that the session under one key is about to be renewed to another.
    ///
    /// It must be there before the renewal, whatever becomes of that: an end that comes to the store after the renewal then finds it, and one that
    /// comes before leaves nothing to renew.
    pub(crate) async fn announce_renewal(
        &self,
        from: &StoreKey,
        to: StoreKey,
        handle: Handle,
    ) -> Result<(), StoreError> {
        let at = Forward::key(from);
        let mut forward = Forward { keys: vec![to] };
        let mut expected = None;
        for _ in 0..AT_ONCE {
            let now = self.now();
            let record = Record {
                handle,
                write_id: WriteId::generate(),
                created: now,
                last_seen: now,
                deadline: now.saturating_add(LIFETIME),
                principal: None,
                device: None,
                body: forward.body(),
            };
            let write = match expected {
                None => Write::create(&at, &record, now),
                Some(revision) => Write::update(&at, &record, revision, now),
            };
            if let Written::Applied { .. } = self.write(write).await? {
                return Ok(());
            }
            // Somebody else renews it too, or the answer was lost.
            let found = self.load(&at).await?;
            expected = found.as_ref().map(|found| found.revision);
            forward = found.map_or(Forward { keys: Vec::new() }, |found| {
                Forward::parse(&found.record.body)
            });
            if forward.keys.contains(&to) {
                return Ok(());
            }
            if forward.keys.len() >= AT_ONCE {
                break;
            }
            forward.keys.push(to);
        }
        Err(StoreError::new(StoreErrorKind::Refused))
    }

    /// Takes back what was announced and did not happen: a session whose renewal is refused again and again must not run out of room here.
    ///
    /// Where this fails, a place is taken for a day.
    pub(crate) async fn retract_renewal(&self, from: &StoreKey, to: &StoreKey) {
        let at = Forward::key(from);
        for _ in 0..AT_ONCE {
            let Ok(Some(found)) = self.load(&at).await else {
                return;
            };
            let mut forward = Forward::parse(&found.record.body);
            forward.keys.retain(|key| key != to);
            let record = Record {
                write_id: WriteId::generate(),
                body: forward.body(),
                ..found.record
            };
            let update = Write::update(&at, &record, found.revision, self.now());
            match self.write(update).await {
                Ok(Written::Conflict) => {}
                _ => return,
            }
        }
    }

    /// Ends the session under a key, and under every key it was renewed to since somebody loaded it there.
    pub(crate) async fn end(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.end_and_follow(key, LIFETIME).await
    }

    /// Ends what lies under a key that opened no session, and what was renewed from there a moment ago: the browser has not got the
    /// new token yet, or its visitor was faster.
    ///
    /// Not longer: whoever knows an old token must not end the session for ever.
    pub(crate) async fn end_stray(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.end_and_follow(key, ON_ITS_WAY).await
    }

    async fn end_and_follow(&self, first: &StoreKey, within: Duration) -> Result<(), StoreError> {
        let mut keys = vec![*first];
        let mut followed = Vec::new();
        let mut ended = 0;
        while let Some(key) = keys.get(ended).filter(|_| ended < RENEWALS) {
            self.delete(key).await?;
            // After the deletion: whoever renews from now on finds nothing to renew.
            let at = Forward::key(key);
            let found = self.load(&at).await?;
            let is_recent =
                |found: &Loaded| self.now().seconds_since(found.record.created) < within.as_secs();
            if let Some(found) = found.filter(is_recent) {
                followed.push(at);
                for successor in Forward::parse(&found.record.body).keys {
                    if !keys.contains(&successor) {
                        keys.push(successor);
                    }
                }
            }
            ended += 1;
        }
        let left = keys.split_off(ended);
        let is_done = left.is_empty();
        if !is_done {
            // Whoever asks again goes on from here, so that nobody outruns an end by renewing.
            self.shorten(first, left).await?;
            followed.retain(|at| *at != Forward::key(first));
        }
        self.forget(&followed).await;
        if is_done {
            Ok(())
        } else {
            Err(StoreError::new(StoreErrorKind::Refused))
        }
    }

    /// Lets a key lead to where a long way from it ended.
    async fn shorten(&self, from: &StoreKey, to: Vec<StoreKey>) -> Result<(), StoreError> {
        let at = Forward::key(from);
        let Some(found) = self.load(&at).await? else {
            return Ok(());
        };
        let record = Record {
            write_id: WriteId::generate(),
            created: self.now(),
            body: Forward { keys: to }.body(),
            ..found.record
        };
        let update = Write::update(&at, &record, found.revision, self.now());
        self.write(update).await.map(drop)
    }

    /// Deletes what led to sessions that have all ended. What is left where that fails is forgotten after a day.
    async fn forget(&self, forwards: &[StoreKey]) {
        for at in forwards {
            if self.delete(at).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forward_has_fixed_bytes() {
        // Computed with another implementation of SHA-256.
        const KEY: &str = "dc26e930a7b1c8900acbc4825a01d33dd8bb590f0c98606e5991cb9c6da47942";
        let key = StoreKey::from_bytes([7; 32]);
        assert_eq!(Forward::key(&key).to_string(), KEY);
        let keys = vec![StoreKey::from_bytes([1; 32]), StoreKey::from_bytes([2; 32])];
        let body = Forward { keys }.body();
        assert_eq!(body, [&[3][..], &[1; 32], &[2; 32]].concat());
    }

    #[test]
    fn a_forward_reads_back_and_anything_else_names_nothing() {
        let keys = vec![StoreKey::from_bytes([1; 32]), StoreKey::from_bytes([2; 32])];
        let forward = Forward { keys };
        assert_eq!(Forward::parse(&forward.body()), forward);
        for body in [&[][..], &[3], &[3; 32], &[1; 33], &[2; 65]] {
            assert_eq!(Forward::parse(body).keys, []);
        }
    }
}
