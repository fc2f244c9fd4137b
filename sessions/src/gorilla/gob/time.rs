use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads what Go's `time.Time` writes of itself; `None` if it is nothing of the kind, or beyond what this platform can tell.
///
/// ```text
/// 0           1                         9                     13                15
/// +-----------+-------------------------+---------------------+-----------------+- - - - - - - - -+
/// | 1 or 2    | seconds since year 1, 8 | nanoseconds, 4      | zone, minutes 2 | its seconds, 1  |
/// +-----------+-------------------------+---------------------+-----------------+- - - - - - - - -+
///                                                                               version 2 only
/// ```
///
/// Numbers have their highest byte first. The zone says how the time was shown, not which it is.
pub(super) fn decode(bytes: &[u8]) -> Option<SystemTime> {
    match (bytes.first()?, bytes.len()) {
        (1, 15) | (2, 16) => {}
        _ => return None,
    }
    let seconds = i64::from_be_bytes(*bytes.get(1..)?.first_chunk()?);
    let nanoseconds = u32::from_be_bytes(*bytes.get(9..)?.first_chunk()?);
    if nanoseconds >= NANOSECONDS_OF_A_SECOND {
        return None;
    }
    let seconds = seconds.checked_sub(EPOCH)?;
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        UNIX_EPOCH.checked_sub(whole)
    } else {
        UNIX_EPOCH.checked_add(whole)
    }?;
    time.checked_add(Duration::from_nanos(u64::from(nanoseconds)))
}

/// From the first of January of the year 1 to that of 1970.
const EPOCH: i64 = 62_135_596_800;

const NANOSECONDS_OF_A_SECOND: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: u8, seconds: i64, nanoseconds: u32, rest: &[u8]) -> Vec<u8> {
        let (seconds, nanoseconds) = (seconds.to_be_bytes(), nanoseconds.to_be_bytes());
        [&[version][..], &seconds, &nanoseconds, rest].concat()
    }

    #[test]
    fn both_versions_are_read_and_the_zone_changes_nothing() {
        let expected = UNIX_EPOCH + Duration::new(5, 7);
        assert_eq!(
            decode(&written(1, EPOCH + 5, 7, b"\xff\xff")),
            Some(expected)
        );
        assert_eq!(
            decode(&written(2, EPOCH + 5, 7, b"\x01\x4a\x1c")),
            Some(expected)
        );
        assert_eq!(
            decode(&written(1, EPOCH - 1, 999_999_999, b"\0\0")),
            Some(UNIX_EPOCH - Duration::from_nanos(1))
        );
    }

    #[test]
    fn other_versions_lengths_and_impossible_times_are_none() {
        for bytes in [
            b"".to_vec(),
            vec![1; 14],
            vec![1; 16],
            written(0, EPOCH, 0, b"\0\0"),
            written(3, EPOCH, 0, b"\0\0\0"),
            written(2, EPOCH, 0, b"\0\0"),
            written(1, EPOCH, NANOSECONDS_OF_A_SECOND, b"\0\0"),
            written(1, i64::MIN, 0, b"\0\0"),
        ] {
            assert_eq!(decode(&bytes), None, "{bytes:?}");
        }
        // Whether the end of time can be told is the platform's; that it is no panic is ours.
        let _ = decode(&written(1, i64::MAX, 999_999_999, b"\0\0"));
    }
}
