use std::borrow::Cow;

use crate::{
    clock::Timestamp,
    store::{Device, Handle, Listed, Loaded, Principal, Record, StoreKey, WriteId},
};

use super::{
    dialect::Dialect,
    value::{Columns, Value},
};

/// The columns of a record, in the order of [`values`] and [`loaded`].
pub(super) const RECORD: [&str; 10] = [
    "handle",
    "write_id",
    "created",
    "last_seen",
    "deadline",
    "principal",
    "device",
    "address",
    "user_agent",
    "body",
];

/// The columns of a list's line, in the order of [`listed`].
pub(super) const LISTED: [&str; 7] = [
    "store_key",
    "handle",
    "created",
    "last_seen",
    "device",
    "address",
    "user_agent",
];

pub(super) fn values<D: Dialect>(record: &Record) -> [Value<'_>; RECORD.len()] {
    let principal = record.principal.as_ref().map(Principal::as_bytes);
    let device = record.device.as_ref();
    let address = device.and_then(|device| device.address.as_deref());
    let user_agent = device.and_then(|device| device.user_agent.as_deref());
    [
        Value::Bytes(record.handle.as_bytes()),
        Value::Bytes(record.write_id.as_bytes()),
        Value::Number(number(record.created)),
        Value::Number(number(record.last_seen)),
        Value::Number(number(record.deadline)),
        Value::OptionalBytes(principal),
        // No device is not the same as one of which nothing is known.
        Value::Flag(device.is_some()),
        Value::OptionalText(address.map(storable::<D>)),
        Value::OptionalText(user_agent.map(storable::<D>)),
        Value::Bytes(&record.body),
    ]
}

/// Reads a record whose first column has this number.
pub(super) fn loaded(row: &impl Columns, first: usize) -> Result<Loaded, sqlx::Error> {
    let principal = row.optional_bytes(first + 5)?;
    Ok(Loaded::from(Record {
        handle: Handle::from_bytes(fixed(row.bytes(first)?)?),
        write_id: WriteId::from_bytes(fixed(row.bytes(first + 1)?)?),
        created: time(row.number(first + 2)?)?,
        last_seen: time(row.number(first + 3)?)?,
        deadline: time(row.number(first + 4)?)?,
        principal: principal.map(Principal::from_bytes),
        device: device(row, first + 6)?,
        body: row.bytes(first + 9)?,
    }))
}

pub(super) fn listed(row: &impl Columns) -> Result<Listed, sqlx::Error> {
    Ok(Listed {
        key: key(row, 0)?,
        handle: handle(row, 1)?,
        created: time(row.number(2)?)?,
        last_seen: time(row.number(3)?)?,
        device: device(row, 4)?,
    })
}

pub(super) fn key(row: &impl Columns, column: usize) -> Result<StoreKey, sqlx::Error> {
    fixed(row.bytes(column)?).map(StoreKey::from_bytes)
}

pub(super) fn handle(row: &impl Columns, column: usize) -> Result<Handle, sqlx::Error> {
    fixed(row.bytes(column)?).map(Handle::from_bytes)
}

/// Seconds since 1970. What lies beyond the engine's last number does so for longer than anybody waits.
pub(super) fn number(time: Timestamp) -> i64 {
    i64::try_from(time.as_seconds()).unwrap_or(i64::MAX)
}

fn time(number: i64) -> Result<Timestamp, sqlx::Error> {
    u64::try_from(number)
        .map(Timestamp::from_seconds)
        .map_err(|_| no_record("a time before 1970"))
}

fn device(row: &impl Columns, first: usize) -> Result<Option<Device>, sqlx::Error> {
    if !row.flag(first)? {
        return Ok(None);
    }
    Ok(Some(Device {
        address: row.optional_text(first + 1)?,
        user_agent: row.optional_text(first + 2)?,
    }))
}

fn fixed<const LEN: usize>(bytes: Vec<u8>) -> Result<[u8; LEN], sqlx::Error> {
    <[u8; LEN]>::try_from(bytes).map_err(|_| no_record("a key or an identifier of another length"))
}

fn no_record(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}

/// A text as the engine takes it. No header of a request holds a NUL, so this is for what did not come from one.
fn storable<D: Dialect>(text: &str) -> Cow<'_, str> {
    if D::TEXT_HOLDS_NUL || !text.contains('\0') {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    }
}
