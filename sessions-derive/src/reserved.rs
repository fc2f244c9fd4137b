/// Who would answer a call instead of the accessor, and under which names.
///
/// Accessors are reached by auto-deref from `Session<T>`. Method lookup meets the methods of
/// `Session<T>` itself first, and those of every trait in scope that `Session<T>` implements, so an
/// accessor of the same name could never be called.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "`Session`",
        &[
            "authenticated_at",
            "authenticated_within",
            "clear",
            "created_at",
            "destroy",
            "forget_on_close",
            "handle",
            "is_new",
            "origin",
            "principal_sessions",
            "read",
            "remember",
            "renew",
            "save",
            "try_read",
            "try_write",
            "write",
        ],
    ),
    (
        "the standard library's traits",
        &[
            "as_mut",
            "as_ref",
            "borrow",
            "borrow_mut",
            "clone",
            "clone_from",
            "clone_into",
            "deref",
            "deref_mut",
            "fmt",
            "from",
            "into",
            "to_owned",
            "try_from",
            "try_into",
            "type_id",
        ],
    ),
    (
        "actix-web's extractor and responder traits",
        &["customize", "extract", "from_request", "respond_to"],
    ),
    (
        "tracing's `Instrument` and `WithSubscriber`",
        &[
            "in_current_span",
            "instrument",
            "with_current_subscriber",
            "with_subscriber",
        ],
    ),
];

/// Returns who already answers to this method name on a `Session<T>`, if anyone does.
pub(crate) fn owner_of(method: &str) -> Option<&'static str> {
    OWNERS
        .iter()
        .find(|(_, names)| names.contains(&method))
        .map(|(owner, _)| *owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_in_order() {
        let mut seen = Vec::new();
        for (_, names) in OWNERS {
            assert!(names.is_sorted(), "{names:?}");
            seen.extend_from_slice(names);
        }
        seen.sort_unstable();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn the_owner_is_named() {
        assert_eq!(owner_of("renew"), Some("`Session`"));
        assert_eq!(owner_of("into"), Some("the standard library's traits"));
        assert_eq!(owner_of("items"), None);
    }
}
