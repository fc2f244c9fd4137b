use redis::{Cmd, Value, cmd};

use crate::store::{ScanCursor, Scanned};

use super::{
    engine::{Effect, Engine},
    error::{RedisError, RedisErrorKind},
    failure::Failure,
    store::{RedisStore, string},
    topology::Address,
};

/// Where a scan is: a server's own cursor, and in a cluster which server.
///
/// ```text
/// cursor 8 · port 2 · host      port and host in a cluster only
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    cursor: u64,
    node: Option<Address>,
}

impl Place {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (cursor, rest) = bytes.split_first_chunk()?;
        let node = match rest.split_first_chunk() {
            None => None,
            Some((port, host)) => {
                let host = String::from_utf8(host.to_vec()).ok()?;
                Some((host, u16::from_be_bytes(*port)))
            }
        };
        Some(Self {
            cursor: u64::from_be_bytes(*cursor),
            node,
        })
    }

    fn to_cursor(&self) -> ScanCursor {
        let mut bytes = self.cursor.to_be_bytes().to_vec();
        if let Some((host, port)) = &self.node {
            bytes.extend(port.to_be_bytes());
            bytes.extend(host.as_bytes());
        }
        ScanCursor::from_bytes(bytes)
    }
}

impl RedisStore {
    /// Goes through one server after the other. A record that a cluster moves to another server meanwhile may be missed by this scan, and is found by
    /// the next.
    pub(super) async fn scan_on(
        &self,
        after: Option<&ScanCursor>,
        limit: usize,
    ) -> Result<Scanned, Failure> {
        let place = match after {
            None => Place::default(),
            Some(after) => Place::parse(after.as_bytes()).ok_or_else(strange)?,
        };
        let command = self.command(place.cursor, limit);
        let (answer, node, next_node) = match &*self.engine {
            Engine::One(_) => {
                let asked = self
                    .engine
                    .run(&[], &command, Effect::Repeatable, self.timeout);
                (asked.await?, None, None)
            }
            Engine::Cluster(cluster) => {
                let asked = cluster.run_on_primary(place.node, &command, self.timeout);
                let (answer, node, next) = asked.await?;
                (answer, Some(node), next)
            }
        };
        let (cursor, names) = parse(answer).ok_or_else(strange)?;
        let next = match (cursor, next_node) {
            (0, None) => None,
            (0, next) => Some(Place {
                cursor: 0,
                node: next,
            }),
            (cursor, _) => Some(Place { cursor, node }),
        };
        Ok(Scanned {
            keys: names
                .iter()
                .filter_map(|name| self.names.store_key(name))
                .collect(),
            next: next.map(|place| place.to_cursor()),
        })
    }

    fn command(&self, cursor: u64, limit: usize) -> Cmd {
        let mut command = cmd("SCAN");
        command
            .arg(cursor)
            .arg("MATCH")
            .arg(self.names.pattern())
            .arg("COUNT")
            .arg(limit.max(1));
        command
    }
}

/// The next cursor, and the names.
fn parse(answer: Value) -> Option<(u64, Vec<Vec<u8>>)> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [cursor, names] = <[Value; 2]>::try_from(parts).ok()?;
    let cursor = str::from_utf8(&string(cursor)?).ok()?.parse().ok()?;
    let Value::Array(names) = names else {
        return None;
    };
    Some((cursor, names.into_iter().filter_map(string).collect()))
}

fn strange() -> Failure {
    Failure::NotDone(RedisError::new(RedisErrorKind::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_from_its_cursor() {
        for place in [
            Place::default(),
            Place {
                cursor: u64::MAX,
                node: None,
            },
            Place {
                cursor: 7,
                node: Some(("redis-1.internal".to_owned(), 6379)),
            },
        ] {
            let cursor = place.to_cursor();
            assert_eq!(Place::parse(cursor.as_bytes()), Some(place));
        }
        assert_eq!(Place::parse(b"short"), None);
    }

    #[test]
    fn what_is_no_answer_to_a_scan_is_none() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let whole = Value::Array(vec![text("17"), Value::Array(vec![text("a")])]);
        assert_eq!(parse(whole), Some((17, vec![b"a".to_vec()])));
        for answer in [
            Value::Nil,
            Value::Array(vec![text("17")]),
            Value::Array(vec![text("x"), Value::Array(Vec::new())]),
            Value::Array(vec![text("1"), Value::Nil]),
        ] {
            assert_eq!(parse(answer), None);
        }
    }
}
