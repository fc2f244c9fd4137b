use redis::Value;

use super::slot::SLOTS;

/// Which node of a cluster has which slots, as one of them saw it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Topology {
    /// First slot, last slot, and the primary that has them.
    ranges: Vec<(u16, u16, Address)>,
    /// Every node there is, primaries and replicas.
    nodes: Vec<Address>,
}

/// Where a node is: its host and port.
pub(super) type Address = (String, u16);

impl Topology {
    /// Reads the answer to `CLUSTER SLOTS`; `None` if it is none, or has no slot.
    ///
    /// A node that does not know its own name leaves it empty: then it is where it was asked.
    pub(super) fn parse(answer: &Value, asked: &Address) -> Option<Self> {
        let mut topology = Self::default();
        for range in list(answer)? {
            let [first, last, nodes @ ..] = list(range)? else {
                return None;
            };
            let (first, last) = (number(first)?, number(last)?);
            if first > last || last >= SLOTS {
                return None;
            }
            for (place, node) in nodes.iter().enumerate() {
                let [host, port, ..] = list(node)? else {
                    return None;
                };
                let host = text(host)
                    .filter(|host| !host.is_empty() && *host != "?")
                    .unwrap_or(&asked.0);
                let address = (host.to_owned(), number(port)?);
                if place == 0 {
                    topology.ranges.push((first, last, address.clone()));
                }
                if !topology.nodes.contains(&address) {
                    topology.nodes.push(address);
                }
            }
        }
        (!topology.ranges.is_empty()).then_some(topology)
    }

    /// The primary that has a slot; `None` if nobody has.
    pub(super) fn primary(&self, slot: u16) -> Option<&Address> {
        let range = self
            .ranges
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&slot));
        range.map(|(_, _, address)| address)
    }

    /// The primary that comes after one in the order of their addresses, or the first.
    pub(super) fn primary_after(&self, last: Option<&Address>) -> Option<&Address> {
        let primaries = self.ranges.iter().map(|(_, _, address)| address);
        primaries
            .filter(|address| last.is_none_or(|last| *address > last))
            .min()
    }

    pub(super) fn is_primary(&self, node: &Address) -> bool {
        self.ranges.iter().any(|(_, _, address)| address == node)
    }

    pub(super) fn nodes(&self) -> &[Address] {
        &self.nodes
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: &str, port: i64) -> Value {
        let id = Value::BulkString(b"0123".to_vec());
        Value::Array(vec![
            Value::BulkString(host.as_bytes().to_vec()),
            Value::Int(port),
            id,
        ])
    }

    #[test]
    fn the_first_node_of_a_range_is_its_primary() {
        let answer = Value::Array(vec![
            Value::Array(vec![
                Value::Int(0),
                Value::Int(8191),
                node("10.0.0.1", 7000),
                node("10.0.0.2", 7001),
            ]),
            Value::Array(vec![Value::Int(8192), Value::Int(16_383), node("", 7002)]),
        ]);
        let topology = Topology::parse(&answer, &("10.0.0.9".to_owned(), 7009)).unwrap();
        assert_eq!(topology.primary(8191), Some(&("10.0.0.1".to_owned(), 7000)));
        assert_eq!(topology.primary(8192), Some(&("10.0.0.9".to_owned(), 7002)));
        assert_eq!(topology.nodes().len(), 3);
        let first = topology.primary_after(None);
        assert_eq!(first, topology.primary(0));
        assert_eq!(topology.primary_after(first), topology.primary(8192));
        assert_eq!(topology.primary_after(topology.primary(8192)), None);
        assert!(!topology.is_primary(&("10.0.0.2".to_owned(), 7001)));
    }

    #[test]
    fn what_is_no_topology_is_none() {
        let asked = ("localhost".to_owned(), 1);
        let range = |values| Value::Array(vec![Value::Array(values)]);
        for answer in [
            Value::Nil,
            Value::Array(Vec::new()),
            range(vec![Value::Int(0)]),
            range(vec![Value::Int(0), Value::Int(16_384), node("a", 1)]),
            range(vec![Value::Int(2), Value::Int(1), node("a", 1)]),
            range(vec![Value::Int(0), Value::Int(1), node("a", 65_536)]),
            range(vec![Value::Int(0), Value::Int(1), Value::Nil]),
        ] {
            assert_eq!(Topology::parse(&answer, &asked), None, "{answer:?}");
        }
    }
}
