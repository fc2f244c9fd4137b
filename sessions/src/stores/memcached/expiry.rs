use crate::clock::Timestamp;

/// When the server is to forget a record, as it wants to be told.
///
/// A minute after its deadline, so that what is dead is decided by the caller's clock. Up to thirty days it is told a lifetime, and its clock does not
/// matter; beyond, it knows times of day only, and of those none after January 2038: such a record it keeps until it needs the room.
pub(super) fn expiry(deadline: Timestamp, now: Timestamp) -> u64 {
    let lifetime = deadline.seconds_since(now).saturating_add(MARGIN);
    if lifetime <= LONGEST_LIFETIME {
        return lifetime;
    }
    let day = deadline.as_seconds().saturating_add(MARGIN);
    if day <= LAST_DAY { day } else { NEVER }
}

const MARGIN: u64 = 60;

const LONGEST_LIFETIME: u64 = 30 * 24 * 60 * 60;

const LAST_DAY: u64 = 0x7fff_ffff;

const NEVER: u64 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_thirty_days_it_is_a_day_and_beyond_2038_none() {
        const NOW: u64 = 1_700_000_000;
        let month = LONGEST_LIFETIME;
        for (deadline, told) in [
            (NOW + 100, 160),
            (NOW, 60),
            (0, 60),
            (NOW + month - 60, month),
            (NOW + month - 59, NOW + month + 1),
            (LAST_DAY - 60, LAST_DAY),
            (LAST_DAY - 59, NEVER),
            (u64::MAX, NEVER),
        ] {
            let [deadline, now] = [deadline, NOW].map(Timestamp::from_seconds);
            assert_eq!(expiry(deadline, now), told);
        }
    }
}
