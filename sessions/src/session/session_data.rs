use crate::data::Schema;

use super::Accessors;

/// A type that lives in a session.
///
/// Derive it; the derive is the only one needed. Field types must be `Serialize + DeserializeOwned`, and `Default` or given a
/// `default = ..`.
///
/// ```
/// use sessions::{Session, SessionData};
///
/// #[derive(SessionData)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// /// Code that is the same for every session.
/// fn greeting<T: SessionData>(session: &Session<T>) -> &'static str {
///     if session.is_new() { "welcome" } else { "welcome back" }
/// }
///
/// async fn page(cart: Session<Cart>) -> &'static str {
///     greeting(&cart)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not session data",
    label = "add `#[derive(sessions::SessionData)]` to `{Self}`",
    note = "for data whose keys are only known at run time there is `sessions::Values`"
)]
pub trait SessionData: Schema {
    /// The accessors that [`Session<Self>`](crate::Session) dereferences to.
    #[doc(hidden)]
    type Accessors: Accessors<Data = Self>;
}
