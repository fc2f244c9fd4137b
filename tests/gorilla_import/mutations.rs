use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use sessions::gorilla::{Value, Values};

use crate::vectors::{bytes, values, vectors};

/// How many values there are in all.
pub(crate) fn count(values: &Values) -> usize {
    values
        .iter()
        .map(|(key, value)| count_in(key) + count_in(value))
        .sum()
}

fn count_in(value: &Value) -> usize {
    1 + match value {
        Value::List(list) => list.iter().map(count_in).sum(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| count_in(key) + count_in(value))
            .sum(),
        // Of its fields, those that were not sent are there as well, and cost nothing.
        _ => 0,
    }
}

/// What Go had written, before it was signed.
fn seeds() -> Vec<Vec<u8>> {
    let gobs = vectors().into_iter();
    let gobs =
        gobs.filter(|vector| vector.serializer == "gob" && !vector.serialized_hex.is_empty());
    let gobs = gobs.map(|vector| bytes(&vector.serialized_hex));
    let signed = values().into_iter();
    let signed = signed.filter(|vector| vector.block_key_hex.is_empty() && vector.file.is_empty());
    let signed = signed.map(|vector| {
        let message = URL_SAFE.decode(vector.value()).unwrap();
        let payload = message.split(|byte| *byte == b'|').nth(1).unwrap();
        URL_SAFE.decode(payload).unwrap()
    });
    gobs.chain(signed).collect()
}

/// A generator that is the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        const LIKELY: [u8; 12] = [0, 1, 2, 3, 16, 0x7f, 0x80, 0x81, 0xf8, 0xfe, 0xff, 8];
        match self.below(2) {
            0 => LIKELY[self.below(LIKELY.len())],
            _ => self.next() as u8,
        }
    }
}

fn mutate(gob: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(3) {
        let place = random.below(gob.len());
        match random.below(10) {
            // Of the same length, so that most lengths in it stay true.
            0..4 => gob[place] = random.byte(),
            4..6 => gob[place] ^= 1 << random.below(8),
            6 => gob.insert(place, random.byte()),
            7 => drop(gob.remove(place)),
            8 => {
                let end = (place + random.below(20)).min(gob.len());
                let from = random.below(other.len());
                let until = (from + random.below(20)).min(other.len());
                gob.splice(place..end, other[from..until].iter().copied());
            }
            _ => gob.truncate(place.max(1)),
        }
        if gob.is_empty() {
            gob.push(random.byte());
        }
    }
}

#[test]
fn mutated_sessions_never_panic_and_hold_no_more_values_than_bytes() {
    let seeds = seeds();
    assert!(seeds.len() > 25);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut opened, before) = (0, Instant::now());
    for round in 0..ROUNDS {
        let mut gob = seeds[round % seeds.len()].clone();
        let other = &seeds[random.below(seeds.len())];
        mutate(&mut gob, other, &mut random);
        if let Ok(values) = Values::from_gob(&gob) {
            assert!(count(&values) <= gob.len());
            opened += 1;
        }
    }
    // Some must still open, or nothing but the first check was tried.
    assert!(opened > ROUNDS / 50, "{opened}");
    assert!(before.elapsed() < Duration::from_secs(60));
}

const ROUNDS: usize = 300_000;
