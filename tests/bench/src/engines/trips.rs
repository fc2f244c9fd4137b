use std::{error::Error, time::Duration};

use serde::{Deserialize, Serialize};
use sessions::store::{Revision, Touched, Write, Written};
use tokio::time::sleep;

use crate::bulk::key;

use super::{
    counter::Counted,
    subject::{now, record, rewritten},
};

/// How often a verb goes to the server and back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Trips {
    pub(crate) verb: String,
    /// Before it answers.
    pub(crate) waited_for: u64,
    /// After it has answered: nobody waits for it.
    pub(crate) afterwards: u64,
}

/// Counts the round trips of every verb, for a session that belongs to nobody.
///
/// # Errors
///
/// When a verb fails or does not what it should.
pub(crate) async fn count(counted: &Counted) -> Result<Vec<Trips>, Box<dyn Error>> {
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        rounds.push(round(counted, number).await?);
    }
    // In the first ones, connections are made, statements prepared and scripts sent, to each node of a cluster once.
    let trips = rounds.first();
    let trips = trips.into_iter().flatten().enumerate();
    let trips = trips.map(|(place, trips)| {
        let all = || rounds.iter().filter_map(|round| round.get(place));
        Trips {
            verb: trips.verb.clone(),
            waited_for: median(all().map(|trips| trips.waited_for).collect()),
            afterwards: median(all().map(|trips| trips.afterwards).collect()),
        }
    });
    Ok(trips.collect())
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or_default()
}

async fn round(counted: &Counted, number: u64) -> Result<Vec<Trips>, Box<dyn Error>> {
    let (store, now) = (&counted.store, now());
    // Beyond all others.
    let (key, new) = (key(u64::MAX - 2 * number), key(u64::MAX - 1 - 2 * number));
    let (first, second, third) = (record(0), rewritten(record(0), 1), rewritten(record(0), 2));
    let mut trips = Vec::new();
    let mut note = |verb: &str, (waited_for, afterwards)| {
        trips.push(Trips {
            verb: verb.to_owned(),
            waited_for,
            afterwards,
        });
    };

    let (written, count) = during(counted, store.write(Write::create(&key, &first, now))).await?;
    applied(&written?)?;
    note("create", count);
    let (loaded, count) = during(counted, store.load(&key, now)).await?;
    let loaded = loaded?.ok_or("what was created is not there")?;
    note("load", count);
    let update = store.write(Write::update(&key, &second, loaded.revision, now));
    let (written, count) = during(counted, update).await?;
    let revision = applied(&written?)?;
    note("save", count);
    let later = second.deadline.saturating_add(Duration::from_secs(60));
    let (touched, count) = during(counted, store.touch(&key, later, now)).await?;
    if touched? != Touched::Applied {
        return Err("a touch was not applied".into());
    }
    note("touch", count);
    let rename = store.write(Write::rename(&key, &new, &third, revision, now));
    let (written, count) = during(counted, rename).await?;
    applied(&written?)?;
    note("rename", count);
    let (deleted, count) = during(counted, store.delete(&new)).await?;
    deleted?;
    note("delete", count);
    Ok(trips)
}

/// How often a call goes to the server: until it has answered, and then.
async fn during<T>(
    counted: &Counted,
    call: impl Future<Output = T>,
) -> Result<(T, (u64, u64)), Box<dyn Error>> {
    // What somebody has not waited for is over by now.
    sleep(PAUSE).await;
    let before = counted.counter.read().await?;
    let answer = call.await;
    let answered = counted.counter.read().await?;
    sleep(PAUSE).await;
    let after = counted.counter.read().await?;
    Ok((
        answer,
        (
            answered.saturating_sub(before),
            after.saturating_sub(answered),
        ),
    ))
}

fn applied(written: &Written) -> Result<Revision, Box<dyn Error>> {
    match written {
        Written::Applied { revision, .. } => Ok(*revision),
        other => Err(format!("a write was not applied: {other:?}").into()),
    }
}

const ROUNDS: u64 = 11;
const PAUSE: Duration = Duration::from_millis(20);
