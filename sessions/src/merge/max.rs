/// Keeps the greater of two values.
///
/// It fits what only grows: a high score, the last page that was read, a time of last use. Take [`sum`](super::sum) for what is counted, and
/// a function of your own for `f64`, which has no order of all values.
///
/// ```
/// use sessions::{SessionData, merge};
///
/// #[derive(SessionData)]
/// struct Game {
///     #[session(merge = merge::max)]
///     high_score: u64,
/// }
///
/// assert_eq!(merge::max(10, 30, 20), 30);
/// // The value we came from is not asked: what was lowered comes back.
/// assert_eq!(merge::max(10, 0, 10), 10);
/// ```
pub fn max<V: Ord>(base: V, ours: V, theirs: V) -> V {
    drop(base);
    theirs.max(ours)
}
