use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Counts how often somebody guesses at passwords, and makes them wait (OWASP ASVS v5, 6.3.1).
///
/// Five wrong passwords for one name from one address, thirty from one address, a hundred for one name: then no more for a quarter of an hour
/// from the first. The three differ, so that whoever guesses at a name from elsewhere does not soon lock its owner out.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    by_whom: Mutex<HashMap<Whom, Window>>,
}

/// Somebody who guesses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whom {
    Pair(Option<IpAddr>, String),
    Address(Option<IpAddr>),
    Name(String),
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Instant,
    guesses: u32,
}

/// Says how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

impl Guesses {
    /// Counts a guess before it is looked at, so that many at once are no more than one after the other.
    pub(crate) fn count(
        &self,
        address: Option<IpAddr>,
        name: &str,
        now: Instant,
    ) -> Result<(), TooMany> {
        self.count_all(&everybody(address, name), now)
    }

    /// Counts somebody who signs up: that keeps a processor busy too, and tells which names are taken.
    pub(crate) fn count_sign_up(
        &self,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), TooMany> {
        let [_, address, _] = everybody(address, "");
        self.count_all(&[address], now)
    }

    /// Takes a guess back that was right.
    pub(crate) fn forget(&self, address: Option<IpAddr>, name: &str) {
        let mut by_whom = self.by_whom.lock().unwrap_or_else(PoisonError::into_inner);
        for (whom, _) in everybody(address, name) {
            if matches!(whom, Whom::Pair(..)) {
                by_whom.remove(&whom);
            } else if let Some(window) = by_whom.get_mut(&whom) {
                // The others' wrong ones stay: a right password of one's own buys no guesses at another's.
                window.guesses = window.guesses.saturating_sub(1);
            }
        }
    }

    fn count_all(&self, whose: &[(Whom, u32)], now: Instant) -> Result<(), TooMany> {
        let mut by_whom = self.by_whom.lock().unwrap_or_else(PoisonError::into_inner);
        // A map that strangers fill: full of those who are still to wait, it takes nobody new.
        if by_whom.len() >= MOST {
            by_whom.retain(|_, window| window.left(now).is_some());
        }
        for (whom, limit) in whose {
            let left = match by_whom.get(whom) {
                Some(window) if window.guesses >= *limit => window.left(now),
                None if by_whom.len() >= MOST => Some(WINDOW),
                _ => None,
            };
            if let Some(left) = left {
                return Err(TooMany(left));
            }
        }
        for (whom, _) in whose {
            let fresh = Window {
                began: now,
                guesses: 0,
            };
            let window = by_whom.entry(whom.clone()).or_insert(fresh);
            if window.left(now).is_none() {
                *window = fresh;
            }
            window.guesses += 1;
        }
        Ok(())
    }
}

impl Window {
    /// How long it is still open.
    fn left(&self, now: Instant) -> Option<Duration> {
        let left = WINDOW.saturating_sub(now.saturating_duration_since(self.began));
        (!left.is_zero()).then_some(left)
    }
}

const WINDOW: Duration = Duration::from_secs(15 * 60);
const MOST: usize = 100_000;

fn everybody(address: Option<IpAddr>, name: &str) -> [(Whom, u32); 3] {
    // One household has a whole /64 of addresses to guess from.
    let address = address.map(|address| match address {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() >> 64 << 64).to_be_bytes()),
        IpAddr::V4(_) => address,
    });
    // As accounts are found, and no longer than a name can be.
    let name: String = name.trim().to_ascii_lowercase().chars().take(32).collect();
    [
        (Whom::Pair(address, name.clone()), 5),
        (Whom::Address(address), 30),
        (Whom::Name(name), 100),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn the_sixth_wrong_password_for_a_name_waits_out_the_window() {
        let guesses = Guesses::default();
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(guesses.count(address(1), "ada", start), Ok(()));
        }
        let minute = start + Duration::from_secs(60);
        let left = Duration::from_secs(14 * 60);
        assert_eq!(
            guesses.count(address(1), " ADA", minute),
            Err(TooMany(left))
        );
        assert_eq!(guesses.count(address(1), "grace", minute), Ok(()));
        assert_eq!(guesses.count(address(2), "ada", minute), Ok(()));
        assert_eq!(guesses.count(address(1), "ada", start + WINDOW), Ok(()));
    }

    #[test]
    fn many_names_from_one_address_are_guesses_of_one_address() {
        let guesses = Guesses::default();
        let now = Instant::now();
        for number in 0..30 {
            let name = number.to_string();
            assert_eq!(guesses.count(address(1), &name, now), Ok(()));
        }
        assert!(guesses.count(address(1), "another", now).is_err());
        assert!(guesses.count(address(2), "another", now).is_ok());
    }

    #[test]
    fn a_right_password_takes_back_its_own_guess_and_no_others() {
        let guesses = Guesses::default();
        let now = Instant::now();
        for number in 0..29 {
            let name = number.to_string();
            assert_eq!(guesses.count(address(1), &name, now), Ok(()));
        }
        for _ in 0..3 {
            assert_eq!(guesses.count(address(1), "ada", now), Ok(()));
            guesses.forget(address(1), "ada");
        }
        assert_eq!(guesses.count(address(1), "grace", now), Ok(()));
        assert!(guesses.count(address(1), "grace", now).is_err());
    }
}
