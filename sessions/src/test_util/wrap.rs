use crate::store::{Listed, Loaded, Scanned, StoreError, StoreErrorKind, Touched, Written};

/// What a caller is told when the answer to a verb was lost.
pub(super) trait Lost: Sized {
    fn lost() -> Result<Self, StoreError>;
}

impl Lost for Written {
    fn lost() -> Result<Self, StoreError> {
        Ok(Self::Ambiguous)
    }
}

macro_rules! times_out {
    ($($answer:ty),*) => {$(
        impl Lost for $answer {
            fn lost() -> Result<Self, StoreError> {
                Err(StoreError::new(StoreErrorKind::TimedOut))
            }
        }
    )*};
}

times_out!(
    Touched,
    (),
    usize,
    Option<Loaded>,
    Vec<Option<Loaded>>,
    Vec<Listed>,
    Scanned
);

/// Implements the contract for a wrapper with a field `store` by sending each call through its method `around`.
macro_rules! wrap_store {
    ($wrapper:ident) => {
        impl<S: $crate::store::SessionStore> $crate::store::SessionStore for $wrapper<S> {
            fn write<'a>(
                &'a self,
                write: $crate::store::Write<'a>,
            ) -> $crate::store::Answer<'a, $crate::store::Written> {
                self.around($crate::test_util::Verb::of(&write), move || {
                    self.store.write(write)
                })
            }

            fn load<'a>(
                &'a self,
                key: &'a $crate::store::StoreKey,
                now: $crate::clock::Timestamp,
            ) -> $crate::store::Answer<'a, Option<$crate::store::Loaded>> {
                self.around($crate::test_util::Verb::Load, move || {
                    self.store.load(key, now)
                })
            }

            fn touch<'a>(
                &'a self,
                key: &'a $crate::store::StoreKey,
                deadline: $crate::clock::Timestamp,
                now: $crate::clock::Timestamp,
            ) -> $crate::store::Answer<'a, $crate::store::Touched> {
                self.around($crate::test_util::Verb::Touch, move || {
                    self.store.touch(key, deadline, now)
                })
            }

            fn delete<'a>(
                &'a self,
                key: &'a $crate::store::StoreKey,
            ) -> $crate::store::Answer<'a, ()> {
                self.around($crate::test_util::Verb::Delete, move || {
                    self.store.delete(key)
                })
            }

            fn delete_expired(
                &self,
                limit: usize,
                now: $crate::clock::Timestamp,
            ) -> $crate::store::Answer<'_, usize> {
                self.around($crate::test_util::Verb::DeleteExpired, move || {
                    self.store.delete_expired(limit, now)
                })
            }

            fn load_many<'a>(
                &'a self,
                keys: &'a [$crate::store::StoreKey],
                now: $crate::clock::Timestamp,
            ) -> $crate::store::Answer<'a, Vec<Option<$crate::store::Loaded>>> {
                self.around($crate::test_util::Verb::LoadMany, move || {
                    self.store.load_many(keys, now)
                })
            }

            fn abilities(&self) -> $crate::store::Abilities<'_> {
                let abilities = self.store.abilities();
                $crate::store::Abilities {
                    principals: abilities.principals.map(|_| self as _),
                    scan: abilities.scan.map(|_| self as _),
                    ..abilities
                }
            }
        }

        impl<S: $crate::store::SessionStore> $crate::store::Scan for $wrapper<S> {
            fn step<'a>(
                &'a self,
                after: Option<&'a $crate::store::ScanCursor>,
                limit: usize,
            ) -> $crate::store::Answer<'a, $crate::store::Scanned> {
                self.around($crate::test_util::Verb::Scan, move || {
                    // The wrapper claims a way through only if the store has one.
                    let none = $crate::store::Scanned {
                        keys: Vec::new(),
                        next: None,
                    };
                    match self.store.abilities().scan {
                        Some(scan) => scan.step(after, limit),
                        None => $crate::store::Answer::ready(Ok(none)),
                    }
                })
            }
        }

        impl<S: $crate::store::SessionStore> $crate::store::PrincipalIndex for $wrapper<S> {
            fn list<'a>(
                &'a self,
                principal: &'a $crate::store::Principal,
                now: $crate::clock::Timestamp,
            ) -> $crate::store::Answer<'a, Vec<$crate::store::Listed>> {
                self.around($crate::test_util::Verb::List, move || {
                    self.store.abilities().principals.map_or_else(
                        // The wrapper claims an index only if the store has one.
                        || $crate::store::Answer::ready(Ok(Vec::new())),
                        |index| index.list(principal, now),
                    )
                })
            }

            fn limits(&self) -> bool {
                let index = self.store.abilities().principals;
                index.is_some_and(|index| index.limits())
            }
        }
    };
}
pub(super) use wrap_store;
