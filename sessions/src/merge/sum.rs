use std::time::Duration;

use super::sealed::Sealed;

/// Adds up what both requests added: `theirs`, and by how much `ours` differs from `base`.
///
/// It fits counters and balances that several requests move up or down. A sum that the type cannot hold is its greatest or least value.
/// It does not fit a field that is set to values of its own, like a page size: a visitor who sets it to 20 twice would get 40 less what it was.
///
/// ```
/// use sessions::{SessionData, merge};
///
/// #[derive(SessionData)]
/// struct Player {
///     #[session(merge = merge::sum)]
///     coins: u32,
/// }
///
/// // From 10, we spent 3 while another request earned 5.
/// assert_eq!(merge::sum(10_u32, 7, 15), 12);
/// assert_eq!(merge::sum(10_u32, 0, 5), 0);
/// ```
pub fn sum<V: Sum>(base: V, ours: V, theirs: V) -> V {
    V::sum(base, ours, theirs)
}

/// A type whose values [`sum`] adds: every integer, `f32`, `f64` and [`Duration`].
#[diagnostic::on_unimplemented(
    message = "`merge::sum` does not add values of the type `{Self}`",
    label = "adds numbers and `Duration`s",
    note = "write a function of your own: `fn(base: {Self}, ours: {Self}, theirs: {Self}) -> {Self}`"
)]
pub trait Sum: Sealed + Sized {
    #[doc(hidden)]
    fn sum(base: Self, ours: Self, theirs: Self) -> Self;
}

macro_rules! integers {
    ($add:ident, $subtract:ident: $($integer:ty)*) => {
        $(impl Sum for $integer {
            fn sum(base: Self, ours: Self, theirs: Self) -> Self {
                // The difference of two signed numbers may not fit their type; without its sign it does.
                let difference = ours.abs_diff(base);
                if ours < base {
                    theirs.$subtract(difference)
                } else {
                    theirs.$add(difference)
                }
            }
        })*
    };
}

integers!(saturating_add, saturating_sub: u8 u16 u32 u64 u128 usize);
integers!(saturating_add_unsigned, saturating_sub_unsigned: i8 i16 i32 i64 i128 isize);

macro_rules! floats {
    ($($float:ty)*) => {
        $(impl Sum for $float {
            fn sum(base: Self, ours: Self, theirs: Self) -> Self {
                theirs + (ours - base)
            }
        })*
    };
}

floats!(f32 f64);

impl Sum for Duration {
    fn sum(base: Self, ours: Self, theirs: Self) -> Self {
        if ours < base {
            theirs.saturating_sub(base - ours)
        } else {
            theirs.saturating_add(ours - base)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_differences_count() {
        assert_eq!(sum(10_u8, 12, 9), 11);
        assert_eq!(sum(10_i8, -10, 20), 0);
        assert_eq!(sum(1.5_f64, 2.0, 4.0), 4.5);
        let seconds = Duration::from_secs;
        assert_eq!(sum(seconds(9), seconds(4), seconds(10)), seconds(5));
        assert_eq!(sum(seconds(4), seconds(9), seconds(10)), seconds(15));
    }

    #[test]
    fn the_sum_ends_at_what_the_type_holds() {
        assert_eq!(sum(0_u8, 255, 1), 255);
        assert_eq!(sum(255_u8, 0, 254), 0);
        assert_eq!(sum(i8::MIN, i8::MAX, 0), i8::MAX);
        assert_eq!(sum(i8::MIN, i8::MAX, i8::MIN), i8::MAX);
        assert_eq!(sum(i8::MAX, i8::MIN, i8::MAX), i8::MIN);
        assert_eq!(sum(u128::MAX, 0, u128::MAX), 0);
        assert_eq!(
            sum(Duration::ZERO, Duration::MAX, Duration::MAX),
            Duration::MAX
        );
        assert_eq!(
            sum(Duration::MAX, Duration::ZERO, Duration::ZERO),
            Duration::ZERO
        );
    }
}
