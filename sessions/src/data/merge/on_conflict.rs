/// Says what happens where two requests changed one field and no `merge` function of the field decides.
///
/// Fields that only one of the two changed are never in conflict: both changes are kept. Nor are flash fields, which keep the messages of
/// both. Only a `HashSet` may seem changed where it is not, since it is stored in an order of its own each time; a `BTreeSet` is not.
///
/// ```
/// use sessions::OnConflict;
///
/// assert_eq!(OnConflict::default(), OnConflict::Merge);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnConflict {
    /// The request that saves last has its way in that field.
    #[default]
    Merge,
    /// The request that saves last fails with a conflict (409), and nothing of it is saved.
    Reject,
}
