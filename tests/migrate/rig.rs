use std::{pin::pin, sync::Arc, time::Duration};

use actix_web::rt::{self, task::JoinHandle};
use futures_util::future::{Either, select};
use sessions::{
    Handle, MemoryStore, Timestamp,
    migrate::{Migration, Moved, PairStore},
    store::{Loaded, Principal, Record, Revision, SessionStore, StoreKey, Write, WriteId, Written},
    test_util::{Fault, FaultyStore, Gate, TestClock, Verb},
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub(crate) const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_003_600);
pub(crate) const KEY: StoreKey = StoreKey::from_bytes([7; 32]);

pub(crate) type Half = Arc<FaultyStore<MemoryStore>>;

/// The pair of a server, one that moves for the migration, and both halves of both.
#[derive(Clone, Debug)]
pub(crate) struct Rig {
    pub(crate) new: Half,
    pub(crate) old: Half,
    pub(crate) pair: PairStore,
    pub(crate) moving: PairStore,
}

/// What a server is that has requests while others move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Prepares,
    Moves,
}

/// A call on the way of a session from the old store to the new: which of its verb.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    New(Verb, usize),
    Old(Verb, usize),
}

/// All of them, in their order: to be held at one is to have the one before behind oneself.
pub(crate) const WAY: [Call; 7] = [
    Call::New(Verb::Load, 1),
    Call::Old(Verb::Load, 1),
    Call::New(Verb::Create, 1),
    Call::Old(Verb::Load, 2),
    Call::Old(Verb::Update, 1),
    Call::New(Verb::Update, 1),
    Call::Old(Verb::Delete, 1),
];

/// Each call, while each kind of server has a request.
pub(crate) fn ways() -> impl Iterator<Item = (Call, Server)> {
    let servers = [Server::Prepares, Server::Moves];
    WAY.into_iter()
        .flat_map(move |call| servers.map(|server| (call, server)))
}

impl Rig {
    pub(crate) fn new(server: Server) -> Self {
        let half = || Arc::new(FaultyStore::new(MemoryStore::new()));
        let (new, old) = (half(), half());
        let moving = PairStore::new(Arc::clone(&new), Arc::clone(&old));
        Self {
            pair: match server {
                Server::Prepares => PairStore::prepare(Arc::clone(&new), Arc::clone(&old)),
                Server::Moves => moving.clone(),
            },
            moving,
            new,
            old,
        }
    }

    /// With one session in the old store.
    pub(crate) async fn seeded(server: Server) -> Self {
        let rig = Self::new(server);
        seed(&rig.old, &KEY, &record(1)).await;
        rig
    }

    pub(crate) fn fail(&self, call: Call, fault: Fault) {
        match call {
            Call::New(verb, nth) => self.new.fail(verb, nth, fault),
            Call::Old(verb, nth) => self.old.fail(verb, nth, fault),
        }
    }

    /// Begins to move everything, and stops before a call.
    pub(crate) async fn held_at(&self, call: Call) -> (JoinHandle<Moved>, Gate) {
        let gate = Gate::closed();
        self.fail(call, Fault::Held(gate.clone()));
        let rig = self.clone();
        let migration = rt::spawn(async move { rig.migrate().await });
        gate.reached(1).await;
        (migration, gate)
    }

    /// The same, where it may not come to that call.
    pub(crate) async fn begin(&self, call: Call) -> (JoinHandle<Moved>, Gate) {
        let (gate, over) = (Gate::closed(), Gate::closed());
        self.fail(call, Fault::Held(gate.clone()));
        let (rig, end) = (self.clone(), over.clone());
        let migration = rt::spawn(async move {
            let moved = rig.migrate().await;
            end.open();
            moved
        });
        let (reached, passed) = (pin!(gate.reached(1)), pin!(over.pass()));
        let reached = select(reached, passed).await;
        if let Either::Right(_) = reached {
            // Nobody else is to be held there.
            gate.open();
        }
        (migration, gate)
    }

    pub(crate) async fn migrate(&self) -> Moved {
        let clock = TestClock::at(NOW.into());
        let migration = Migration::of(&self.moving).clock(clock.clock());
        migration.run().await.unwrap()
    }

    pub(crate) async fn load(&self, key: &StoreKey) -> Option<Loaded> {
        self.pair.load(key, NOW).await.unwrap()
    }

    /// The body under the one key.
    pub(crate) async fn body(&self) -> Option<Vec<u8>> {
        self.load(&KEY).await.map(|found| found.record.body)
    }

    pub(crate) async fn update(&self, expected: Revision, record: &Record) -> Written {
        let written = self
            .pair
            .write(Write::update(&KEY, record, expected, NOW))
            .await;
        written.unwrap()
    }

    /// Nothing is left in the old store, and in the new one lie so many sessions and nothing else that stays.
    pub(crate) async fn assert_settled(&self, sessions: usize) {
        self.migrate().await;
        let soon = NOW.saturating_add(Duration::from_secs(1));
        for half in [&self.old, &self.new] {
            half.delete_expired(100, soon).await.unwrap();
        }
        assert_eq!(keys(&self.old).await, []);
        assert_eq!(keys(&self.new).await.len(), sessions);
    }

    /// How many sessions Anna has.
    pub(crate) async fn listed(&self) -> usize {
        let index = self.pair.abilities().principals.unwrap();
        index.list(&anna(), NOW).await.unwrap().len()
    }
}

pub(crate) async fn keys(store: &Half) -> Vec<StoreKey> {
    let scan = store.abilities().scan.unwrap();
    let scanned = scan.step(None, usize::MAX).await.unwrap();
    assert_eq!(scanned.next, None);
    scanned.keys
}

pub(crate) async fn seed(store: &impl SessionStore, key: &StoreKey, record: &Record) {
    let written = store.write(Write::create(key, record, NOW)).await.unwrap();
    assert!(matches!(written, Written::Applied { .. }), "{written:?}");
}

pub(crate) fn anna() -> Principal {
    Principal::from_bytes(*b"anna")
}

pub(crate) fn record(write: u8) -> Record {
    Record {
        handle: Handle::from_bytes([1; 16]),
        write_id: WriteId::from_bytes([write; 16]),
        created: NOW,
        last_seen: NOW,
        deadline: DEADLINE,
        principal: Some(anna()),
        device: None,
        body: vec![write],
    }
}
