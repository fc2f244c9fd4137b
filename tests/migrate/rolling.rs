//! Servers of which some have the old store alone, some prepare and some move.

use std::{pin::pin, sync::Arc};

use actix_web::rt::{self, task::JoinHandle};
use futures_util::future::select;
use sessions::{
    Timestamp,
    migrate::PairStore,
    store::{SessionStore as _, StoreKey, Touched, Write, Written},
    test_util::{CountingStore, Fault, Gate, Verb},
};

use crate::rig::{Call, KEY, NOW, Rig, Server, keys, record, seed};

const LATER: Timestamp = Timestamp::from_seconds(1_700_009_000);
const OTHER: StoreKey = StoreKey::from_bytes([8; 32]);

#[actix_web::test]
async fn a_server_that_has_the_old_store_alone_finds_what_one_that_prepares_wrote() {
    let rig = Rig::new(Server::Prepares);
    let pair = &rig.pair;
    let created = pair
        .write(Write::create(&KEY, &record(1), NOW))
        .await
        .unwrap();
    let Written::Applied { revision, .. } = created else {
        panic!("{created:?}");
    };
    let written = rig.update(revision, &record(2)).await;
    let Written::Applied { revision, .. } = written else {
        panic!("{written:?}");
    };
    let touched = pair.touch(&KEY, LATER, NOW).await.unwrap();
    assert_eq!(touched, Touched::Applied);
    let found = rig.old.load(&KEY, NOW).await.unwrap().unwrap();
    assert_eq!((found.record.body, found.record.deadline), (vec![2], LATER));
    let next = record(3);
    let renewal = pair.write(Write::rename(&KEY, &OTHER, &next, revision, NOW));
    assert!(matches!(renewal.await.unwrap(), Written::Applied { .. }));
    assert_eq!(rig.old.load(&KEY, NOW).await.unwrap(), None);
    let found = rig.old.load(&OTHER, NOW).await.unwrap().unwrap();
    assert_eq!(found.record, next);
    assert_eq!(keys(&rig.new).await, []);
    pair.delete(&OTHER).await.unwrap();
    assert_eq!(keys(&rig.old).await, []);
}

#[actix_web::test]
async fn a_server_that_prepares_sees_what_one_that_has_the_old_store_alone_wrote() {
    let rig = Rig::seeded(Server::Prepares).await;
    let before = rig.load(&KEY).await.unwrap();
    let found = rig.old.load(&KEY, NOW).await.unwrap().unwrap();
    let next = record(2);
    let update = rig
        .old
        .write(Write::update(&KEY, &next, found.revision, NOW));
    assert!(matches!(update.await.unwrap(), Written::Applied { .. }));
    assert_eq!(rig.body().await, Some(vec![2]));
    let stale = rig.update(before.revision, &record(3)).await;
    assert_eq!(stale, Written::Conflict);
    rig.old.delete(&KEY).await.unwrap();
    assert_eq!(rig.load(&KEY).await, None);
    let gone = rig.update(before.revision, &record(3)).await;
    assert_eq!(gone, Written::Missing);
}

/// In each order of their calls.
#[actix_web::test]
async fn of_a_server_that_prepares_and_one_that_moves_one_at_most_creates_under_a_key() {
    let turns = (0..64_u8).filter(|turns| turns.count_ones() == 3);
    for turns in turns {
        let rig = Rig::new(Server::Prepares);
        let one = Creation::begin(
            &rig,
            &rig.pair,
            1,
            [
                Call::New(Verb::Load, 1),
                Call::Old(Verb::Create, 1),
                Call::New(Verb::Load, 2),
            ],
        )
        .await;
        let other = Creation::begin(
            &rig,
            &rig.moving,
            2,
            [
                Call::Old(Verb::Load, 1),
                Call::New(Verb::Create, 1),
                Call::Old(Verb::Load, 2),
            ],
        )
        .await;
        let (mut ones, mut others) = (0..3, 0..3);
        for turn in 0..6 {
            if turns & (1 << turn) == 0 {
                one.go_on(ones.next().unwrap()).await;
            } else {
                other.go_on(others.next().unwrap()).await;
            }
        }
        let (one, other) = (one.end().await, other.end().await);
        let is_applied = |written: &Written| matches!(written, Written::Applied { .. });
        let applied = [&one, &other]
            .into_iter()
            .filter(|written| is_applied(written));
        let applied = applied.count();
        assert!(applied <= 1, "{turns:06b}: {one:?} {other:?}");
        let found = rig.load(&KEY).await.map(|found| found.record.body);
        let expected = if is_applied(&one) { vec![1] } else { vec![2] };
        assert_eq!(found, (applied == 1).then_some(expected), "{turns:06b}");
        if found.is_none() {
            seed(&rig.pair, &KEY, &record(3)).await;
        }
        rig.assert_settled(1).await;
    }
}

/// A creation that stops before each of its calls.
struct Creation {
    gates: [Gate; 3],
    over: Gate,
    written: JoinHandle<Written>,
}

impl Creation {
    async fn begin(rig: &Rig, pair: &PairStore, write: u8, calls: [Call; 3]) -> Self {
        let gates = calls.map(|call| {
            let gate = Gate::closed();
            rig.fail(call, Fault::Held(gate.clone()));
            gate
        });
        let over = Gate::closed();
        let (pair, end) = (pair.clone(), over.clone());
        let written = rt::spawn(async move {
            let next = record(write);
            let written = pair.write(Write::create(&KEY, &next, NOW)).await.unwrap();
            end.open();
            written
        });
        gates[0].reached(1).await;
        Self {
            gates,
            over,
            written,
        }
    }

    /// Lets it through one gate, and up to the next.
    async fn go_on(&self, step: usize) {
        self.gates[step].open();
        match self.gates.get(step + 1) {
            Some(next) => {
                select(pin!(next.reached(1)), pin!(self.over.pass())).await;
            }
            None => self.over.pass().await,
        }
    }

    async fn end(self) -> Written {
        self.gates.iter().for_each(Gate::open);
        self.written.await.unwrap()
    }
}

#[actix_web::test]
async fn a_renewal_onto_a_key_that_is_taken_in_the_other_store_is_a_conflict() {
    for server in [Server::Prepares, Server::Moves] {
        for is_old in [true, false] {
            let rig = Rig::new(server);
            let (lies, taken) = if is_old {
                (&rig.old, &rig.new)
            } else {
                (&rig.new, &rig.old)
            };
            seed(lies, &KEY, &record(1)).await;
            seed(taken, &OTHER, &record(2)).await;
            let (expected, next) = (rig.load(&KEY).await.unwrap().revision, record(3));
            let renewal = rig
                .pair
                .write(Write::rename(&KEY, &OTHER, &next, expected, NOW))
                .await;
            assert_eq!(renewal.unwrap(), Written::Conflict, "{server:?} {is_old}");
            assert_eq!(rig.load(&KEY).await.unwrap().record, record(1));
            assert_eq!(rig.load(&OTHER).await.unwrap().record, record(2));
        }
    }
}

/// As the page of the pair says.
#[actix_web::test]
async fn a_call_takes_as_many_round_trips_as_is_said() {
    for server in [Server::Prepares, Server::Moves] {
        for is_old in [true, false] {
            let trips = trips(server, is_old).await;
            let said = match (server, is_old) {
                (Server::Prepares, true) => [1, 2, 2, 3, 3, 4, 2],
                (Server::Prepares, false) => [2, 2, 2, 3, 3, 4, 2],
                (Server::Moves, true) => [2, 3, 9, 9, 3, 10, 2],
                (Server::Moves, false) => [1, 3, 1, 2, 3, 2, 2],
            };
            assert_eq!(trips, said, "{server:?} {is_old}");
        }
    }
}

/// Load, load of an unknown token, update, touch, create, renewal, deletion: each of a session of its own.
async fn trips(server: Server, is_old: bool) -> [u64; 7] {
    let rig = Rig::new(server);
    let half = |half| Arc::new(CountingStore::new(half));
    let (new, old) = (half(Arc::clone(&rig.new)), half(Arc::clone(&rig.old)));
    let pair = match server {
        Server::Prepares => PairStore::prepare(Arc::clone(&new), Arc::clone(&old)),
        Server::Moves => PairStore::new(Arc::clone(&new), Arc::clone(&old)),
    };
    let mut trips = [0; 7];
    for (index, trips) in trips.iter_mut().enumerate() {
        pair.delete(&KEY).await.unwrap();
        let lies = if is_old { &rig.old } else { &rig.new };
        if !matches!(index, 1 | 4) {
            seed(lies, &KEY, &record(1)).await;
        }
        let expected = rig.load(&KEY).await.map(|found| found.revision);
        for half in [&new, &old] {
            half.reset();
        }
        let next = record(2);
        match (index, expected) {
            (0 | 1, _) => drop(pair.load(&KEY, NOW).await.unwrap()),
            (2, Some(expected)) => {
                let update = pair.write(Write::update(&KEY, &next, expected, NOW));
                assert!(matches!(update.await.unwrap(), Written::Applied { .. }));
            }
            (3, _) => drop(pair.touch(&KEY, LATER, NOW).await.unwrap()),
            (4, _) => drop(pair.write(Write::create(&KEY, &next, NOW)).await.unwrap()),
            (5, Some(expected)) => {
                let renewal = pair.write(Write::rename(&KEY, &OTHER, &next, expected, NOW));
                assert!(matches!(renewal.await.unwrap(), Written::Applied { .. }));
            }
            _ => pair.delete(&KEY).await.unwrap(),
        }
        let verbs = [
            Verb::Create,
            Verb::Load,
            Verb::Update,
            Verb::Touch,
            Verb::Rename,
            Verb::Delete,
        ];
        let counted = verbs.map(|verb| new.count(verb) + old.count(verb));
        *trips = counted.iter().sum();
    }
    trips
}
