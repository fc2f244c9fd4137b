//! The door for visitors who hold a session of another application: it is taken over once, and nobody is logged out when an application
//! moves here.
//!
//! **Who knocks:** the options of a session, at start, with an [`Import`]; the hall, when a visitor comes who has no cookie of that session,
//! with the value of the other application's cookie.
//!
//! **What is given:** a [`ForeignCookie`], a [`ForeignReader`] that opens what the other application wrote, and a function from what it held to
//! the session's own struct.
//!
//! **What comes back:** the struct, and the time at which it was written; or a [`Refusal`], with which the visitor is one without a session;
//! or, where a store behind the reader does not answer, an error, which is a 503 and no empty session.
//!
//! **What is not promised:** that the other application learns of it. Its session lives on, and so do copies of its cookie, until they expire
//! there or [`Import::until`] ends the import.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use sessions::{KeyRing, CookieStore, SessionData, SessionMiddleware, Timestamp};
//! use sessions::import::{Foreign, ForeignReader, ImportRefusal, Import, Refusal};
//! use sessions::store::Answer;
//!
//! #[derive(SessionData)]
//! struct Cart {
//!     items: Vec<String>,
//! }
//!
//! /// A reader of one's own, for an application that kept a list of articles in a cookie without a signature. For gorilla/sessions and
//! /// actix-session there are readers.
//! struct PlainList;
//!
//! impl ForeignReader for PlainList {
//!     type Values = Vec<String>;
//!
//!     fn read<'a>(
//!         &'a self,
//!         _name: &'a str,
//!         value: &'a [u8],
//!         _now: Timestamp,
//!     ) -> Answer<'a, Result<Foreign<Vec<String>>, Refusal>> {
//!         let list = std::str::from_utf8(value).map_err(|error| Refusal::new(ImportRefusal::Undecodable).because(error));
//!         let items = |list: &str| list.split('.').map(str::to_owned).collect();
//!         Answer::ready(Ok(list.map(|list| Foreign::new(items(list), None))))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let import = Import::new("basket", PlainList, |old: &Vec<String>| Ok(Cart { items: old.clone() }))
//!     .remove_foreign()
//!     .until(SystemTime::now() + Duration::from_secs(30 * 24 * 60 * 60));
//! let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
//!     .session::<Cart>(|cart| cart.import(import))
//!     .build()?;
//! # use actix_web::{App, test, web};
//! # actix_web::rt::System::new().block_on(async {
//! # async fn page(cart: sessions::Session<Cart>) -> String { cart.items().join(", ") }
//! # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
//! # let request = test::TestRequest::get().insert_header(("cookie", "basket=tea.cup"));
//! // The first response carries a cookie of ours, although the handler only read.
//! let response = test::call_service(&app, request.to_request()).await;
//! let cookies: Vec<_> = response.headers().get_all("set-cookie").cloned().collect();
//! assert!(cookies[0].to_str()?.starts_with("__Host-cart="));
//! assert_eq!(cookies[1], "basket=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
//! assert_eq!(test::read_body(response).await, "tea, cup");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`Import`], [`ForeignCookie`], [`ForeignReader`], [`Foreign`], [`Refusal`].

mod any_import;
mod foreign;
mod foreign_reader;
#[expect(
    clippy::module_inception,
    reason = "the file is named after the type it presents"
)]
mod import;
mod refusal;

pub(crate) use self::any_import::AnyImport;
pub use self::{foreign::Foreign, foreign_reader::ForeignReader, import::Import, refusal::Refusal};
pub use crate::{cookie::ForeignCookie, store::origin::ImportRefusal};
