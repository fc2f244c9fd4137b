//! Sessions in the files of one directory: no database, any number of processes on one machine.
//!
//! ```text
//! <directory>/
//! ├── records/<first byte of the key>/<key>                       one file a session
//! │                                  /.<random>.tmp              a record on its way there
//! ├── principals/<first byte of the hash>/<hash>/<key>           an empty file: a hint to look at that record
//! └── locks/record-<byte>, principal-<byte>                      never deleted; held by the processes that write
//! ```
//!
//! Every name is hexadecimal digits of a hash: of the token, of the principal. No byte that a visitor sent is ever part of a path.
//!
//! Readers take no lock: a record's file is replaced in one step, or its times are written over in place and checked. Writers hold the lock
//! of the record's first byte. Whoever gives a principal another session, counts its sessions or lists them, holds the lock of the principal
//! before. Locks are taken in the order of [`Stripe`](locks::Stripe), so that no two processes wait for each other.

mod admission;
mod change;
mod directory;
mod durability;
mod error;
mod hop;
mod layout;
mod locks;
mod principals;
mod reads;
mod record_file;
mod records;
mod store;
mod sweep;
mod temporary;

pub use self::{
    durability::FilesystemDurability,
    error::{FilesystemError, FilesystemErrorKind},
    reads::FilesystemReads,
    store::FilesystemStore,
};
