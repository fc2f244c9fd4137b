/// What the public type of each dialect has in common with the others: it holds a [`SqlStore`](super::store::SqlStore) and passes every verb
/// on. The types differ in how they connect, and in what their pages say.
macro_rules! sql_store {
    ($Store:ident, $Dialect:ty) => {
        impl $Store {
            /// Keeps sessions in a table of another name than `sessions`, for several applications in one database.
            ///
            /// What belongs to it is named after it: `app_sessions` comes with `app_sessions_schema`, and with locks and indexes.
            ///
            /// # Errors
            ///
            /// If the name is not one that needs no quotes anywhere: up to 40 lower-case letters, digits and underscores, of which the first is
            /// a letter.
            pub fn table(self, name: &str) -> Result<Self, SqlError> {
                Ok(Self {
                    store: self.store.table(name)?,
                })
            }

            /// Makes the tables, or brings those of an older version to this program's; does nothing where that is done.
            ///
            /// Any number of processes may do it at once. It takes the right to create tables, which a server need not have later: run it as
            /// another user, or run the text of [`migrations`](Self::migrations) by a tool of your own.
            ///
            /// # Errors
            ///
            /// If the database cannot be reached, refuses, or has tables of a newer version.
            pub async fn migrate(&self) -> Result<(), SqlError> {
                self.store.migrate().await
            }

            /// Finds out whether the tables are there, in the version that this program knows: for a server that would rather not start.
            ///
            /// A store that was not asked finds out with its first call, which is then
            /// [`Refused`](crate::store::StoreErrorKind::Refused).
            ///
            /// # Errors
            ///
            /// If the database cannot be reached, refuses, or has other tables or none.
            pub async fn check(&self) -> Result<(), SqlError> {
                self.store.check().await
            }

            /// The steps that [`migrate`](Self::migrate) takes, as SQL text.
            #[must_use]
            pub const fn migrations() -> &'static [SqlMigration] {
                <$Dialect>::MIGRATIONS
            }
        }

        impl fmt::Debug for $Store {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.store.fmt(stringify!($Store), f)
            }
        }

        impl SessionStore for $Store {
            fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
                self.store.write(write)
            }

            fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
                self.store.load(key, now)
            }

            fn touch<'a>(
                &'a self,
                key: &'a StoreKey,
                deadline: Timestamp,
                now: Timestamp,
            ) -> Answer<'a, Touched> {
                self.store.touch(key, deadline, now)
            }

            fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
                self.store.delete(key)
            }

            fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
                self.store.delete_expired(limit, now)
            }

            fn load_many<'a>(
                &'a self,
                keys: &'a [StoreKey],
                now: Timestamp,
            ) -> Answer<'a, Vec<Option<Loaded>>> {
                self.store.load_many(keys, now)
            }

            fn abilities(&self) -> Abilities<'_> {
                Abilities {
                    principals: Some(self),
                    scan: Some(self),
                    renames_at_once: true,
                    ..Abilities::default()
                }
            }
        }

        impl Scan for $Store {
            fn step<'a>(
                &'a self,
                after: Option<&'a ScanCursor>,
                limit: usize,
            ) -> Answer<'a, Scanned> {
                self.store.scan(after, limit)
            }
        }

        impl PrincipalIndex for $Store {
            fn list<'a>(
                &'a self,
                principal: &'a Principal,
                now: Timestamp,
            ) -> Answer<'a, Vec<Listed>> {
                self.store.list(principal, now)
            }

            fn limits(&self) -> bool {
                true
            }
        }
    };
}

pub(super) use sql_store;
