use std::time::Duration;

use crate::clock::Timestamp;

/// For how many milliseconds the server is to keep a record: counted from now, whatever its clock shows.
pub(super) fn lifetime(deadline: Timestamp, now: Timestamp) -> String {
    let left = Duration::from_secs(deadline.seconds_since(now));
    let kept = left.saturating_add(GRACE).min(LONGEST);
    kept.as_millis().to_string()
}

/// Up to which deadline an entry of an index is dead for everybody, also for those whose clock is behind.
pub(super) fn dead(now: Timestamp) -> String {
    now.as_seconds().saturating_sub(GRACE.as_secs()).to_string()
}

/// How long after its deadline the server forgets a record: the clocks of two machines may be that far apart.
const GRACE: Duration = Duration::from_secs(60);

/// No server has to keep anything for longer, nor may be asked to: the milliseconds since 1970 must fit.
const LONGEST: Duration = Duration::from_hours(1_000 * 365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_minute_longer_and_fits_whatever_the_deadline() {
        let at = Timestamp::from_seconds;
        assert_eq!(lifetime(at(100), at(40)), "120000");
        assert_eq!(lifetime(at(40), at(100)), "60000");
        assert_eq!(lifetime(at(u64::MAX), at(0)), "31536000000000");
        assert_eq!(dead(at(100)), "40");
        assert_eq!(dead(at(0)), "0");
    }
}
