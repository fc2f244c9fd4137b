use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, Value, cmd, pipe};

use super::{
    error::{RedisError, RedisErrorKind},
    failure::{Failure, Redirect},
    lanes::Lanes,
    primary::Primary,
    server::Server,
    slot::slot,
    topology::{Address, Topology},
};

/// Sends every command to the node that has its key.
///
/// The client has a cluster of its own, which sends a command again when a connection broke before the answer: a write may then happen twice,
/// and nobody hears of it. Here a command is sent again only if a node said that it was not carried out.
pub(super) struct Cluster {
    /// Who was named at the beginning. The first says who we are on every node.
    seeds: Vec<Server>,
    /// As it was last seen.
    topology: Mutex<Arc<Topology>>,
    /// Locked while somebody looks.
    looking: tokio::sync::Mutex<()>,
    /// Who is asked first for the topology: another node each time, as one that is cut off from the others does not know it.
    turn: AtomicUsize,
    nodes: Mutex<HashMap<Address, Arc<Lanes>>>,
}

/// How often a command follows a redirection before something must be wrong.
const REDIRECTIONS: usize = 5;

/// How long a node may take to show the topology before the next is asked.
const LOOK_LIMIT: Duration = Duration::from_secs(1);

impl Cluster {
    pub(super) async fn connect(seeds: Vec<Server>) -> Result<Self, RedisError> {
        let cluster = Self {
            seeds,
            topology: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            turn: AtomicUsize::new(0),
            nodes: Mutex::default(),
        };
        let unknown = cluster.topology();
        cluster.look_again(&unknown).await?;
        Ok(cluster)
    }

    /// What the node answers that has the key.
    pub(super) async fn run(
        &self,
        key: &[u8],
        command: &Cmd,
        limit: Duration,
    ) -> Result<Value, Failure> {
        let slot = slot(key);
        let mut topology = self.topology();
        let mut node = topology.primary(slot).cloned();
        let mut asking = false;
        let mut failure = Failure::NotDone(RedisError::new(RedisErrorKind::Unavailable));
        for _ in 0..=REDIRECTIONS {
            let Some(address) = &node else {
                topology = self.look_again(&topology).await.map_err(Failure::NotDone)?;
                node = topology.primary(slot).cloned();
                if node.is_none() {
                    break;
                }
                continue;
            };
            let Some(lanes) = self.node(address) else {
                break;
            };
            failure = match run_on(&lanes, command, asking, limit).await {
                Err(failure) => failure,
                answer => return answer,
            };
            asking = false;
            match &failure {
                Failure::Moved(redirect) => {
                    node = Some(target(redirect, address));
                    // The next command should not have to take the same way. If nobody shows the topology, this one can go on.
                    if let Ok(newer) = self.look_again(&topology).await {
                        topology = newer;
                    }
                }
                Failure::Ask(redirect) => {
                    asking = true;
                    node = Some(target(redirect, address));
                }
                Failure::NotDone(error)
                    if matches!(
                        error.kind(),
                        RedisErrorKind::Unavailable | RedisErrorKind::ReadOnly
                    ) =>
                {
                    let Ok(newer) = self.look_again(&topology).await else {
                        break;
                    };
                    let successor = newer.primary(slot).cloned();
                    if successor == node {
                        break;
                    }
                    topology = newer;
                    node = successor;
                }
                Failure::NotDone(_)
                | Failure::Late(_)
                | Failure::Lost(_)
                | Failure::UnknownScript
                | Failure::Foreign => break,
            }
        }
        Err(match failure {
            Failure::NotDone(error) if error.kind() == RedisErrorKind::ReadOnly => {
                Failure::NotDone(RedisError::new(RedisErrorKind::Unavailable))
            }
            Failure::Moved(_) | Failure::Ask(_) => {
                Failure::NotDone(RedisError::new(RedisErrorKind::Unavailable))
            }
            failure => failure,
        })
    }

    /// What a primary answers, and which one comes next; begins with the first.
    pub(super) async fn run_on_primary(
        &self,
        node: Option<Address>,
        command: &Cmd,
        limit: Duration,
    ) -> Result<(Value, Address, Option<Address>), Failure> {
        let unavailable = || Failure::NotDone(RedisError::new(RedisErrorKind::Unavailable));
        let topology = self.topology();
        let node = node.or_else(|| topology.primary_after(None).cloned());
        // Where it has left, somebody else has what it had, and perhaps somebody who was asked before.
        let node = node.filter(|node| topology.is_primary(node));
        let node = node.ok_or_else(unavailable)?;
        let lanes = self.node(&node).ok_or_else(unavailable)?;
        let answer = lanes.run(command, limit).await?;
        let next = topology.primary_after(Some(&node)).cloned();
        Ok((answer, node, next))
    }

    fn topology(&self) -> Arc<Topology> {
        let topology = self.topology.lock();
        Arc::clone(&topology.unwrap_or_else(PoisonError::into_inner))
    }

    /// A topology that is newer than the one that was found wanting.
    async fn look_again(&self, wanting: &Arc<Topology>) -> Result<Arc<Topology>, RedisError> {
        let _looking = self.looking.lock().await;
        let current = self.topology();
        if !Arc::ptr_eq(&current, wanting) {
            // Somebody has looked while we waited.
            return Ok(current);
        }
        let seeds = self
            .seeds
            .iter()
            .filter_map(|seed| seed.host_and_port())
            .map(|(host, port)| (host.to_owned(), port));
        let mut candidates = current.nodes().to_vec();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if !candidates.is_empty() {
            let first = turn % candidates.len();
            candidates.rotate_left(first);
        }
        candidates.extend(seeds);
        let mut worst = RedisError::new(RedisErrorKind::Unavailable);
        for candidate in &candidates {
            let Some(lanes) = self.node(candidate) else {
                continue;
            };
            match tokio::time::timeout(LOOK_LIMIT, look(&lanes, candidate)).await {
                Ok(Ok(topology)) => {
                    let topology = Arc::new(topology);
                    self.forget_all_but(&topology);
                    let shown = self.topology.lock();
                    *shown.unwrap_or_else(PoisonError::into_inner) = Arc::clone(&topology);
                    return Ok(topology);
                }
                Ok(Err(error)) => worst = error,
                Err(_) => {}
            }
        }
        Err(worst)
    }

    /// The connections to a node; `None` if nobody was named who could say who we are.
    fn node(&self, address: &Address) -> Option<Arc<Lanes>> {
        let template = self.seeds.first()?;
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lanes) = nodes.get(address) {
            return Some(Arc::clone(lanes));
        }
        let (host, port) = address;
        let lanes = Arc::new(Lanes::new(Primary::Fixed {
            server: template.elsewhere(host, *port),
            probe: None,
        }));
        nodes.insert(address.clone(), Arc::clone(&lanes));
        Some(lanes)
    }

    /// Drops the connections to nodes that have left: where addresses come and go, they would pile up.
    fn forget_all_but(&self, topology: &Topology) {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|address, _| topology.nodes().contains(address));
    }
}

async fn run_on(
    lanes: &Lanes,
    command: &Cmd,
    asking: bool,
    limit: Duration,
) -> Result<Value, Failure> {
    if !asking {
        return lanes.run(command, limit).await;
    }
    let mut commands = pipe();
    commands.cmd("ASKING").add_command(command.clone());
    let mut answers = lanes.run_all(&commands, limit).await?;
    answers
        .pop()
        .unwrap_or_else(|| Err(Failure::Lost(RedisError::new(RedisErrorKind::NoAnswer))))
}

fn target(redirect: &Redirect, from: &Address) -> Address {
    let host = if redirect.host.is_empty() {
        &from.0
    } else {
        &redirect.host
    };
    (host.clone(), redirect.port)
}

/// The topology as one node sees it.
async fn look(lanes: &Lanes, address: &Address) -> Result<Topology, RedisError> {
    let answer = lanes.run(cmd("CLUSTER").arg("SLOTS"), LOOK_LIMIT).await;
    match answer {
        Ok(answer) => Topology::parse(&answer, address)
            .ok_or_else(|| RedisError::new(RedisErrorKind::Unavailable)),
        Err(Failure::NotDone(error)) if error.kind() == RedisErrorKind::Refused => {
            // "This instance has cluster support disabled".
            Err(RedisError::new(RedisErrorKind::OtherShape))
        }
        Err(Failure::NotDone(error) | Failure::Late(error) | Failure::Lost(error)) => Err(error),
        Err(Failure::UnknownScript | Failure::Moved(_) | Failure::Ask(_) | Failure::Foreign) => {
            Err(RedisError::new(RedisErrorKind::Refused))
        }
    }
}
