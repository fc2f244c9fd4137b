/// The prefixes a browser gives a meaning of its own (RFC 6265bis, section 4.1.3).
///
/// They are an option of the cookie and are put in front of the session's name at run time.
const RESERVED_PREFIXES: &[&str] = &["__Host-", "__Secure-", "__Http-"];

/// Returns a type's name in kebab-case: `ShopCart` is `shop-cart`, `HTTPState` is `http-state`.
pub(crate) fn kebab_case(type_name: &str) -> String {
    let letters: Vec<char> = type_name.chars().collect();
    let mut kebab = String::with_capacity(type_name.len() + 4);
    for (index, &letter) in letters.iter().enumerate() {
        if letter == '_' {
            push_hyphen(&mut kebab);
            continue;
        }
        if letter.is_uppercase() {
            let after_word = index
                .checked_sub(1)
                .and_then(|before| letters.get(before))
                .is_some_and(|before| !before.is_uppercase());
            let before_word = letters
                .get(index + 1)
                .is_some_and(|after| after.is_lowercase());
            if after_word || before_word {
                push_hyphen(&mut kebab);
            }
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab.truncate(kebab.trim_end_matches('-').len());
    kebab
}

/// Returns the rule that a session's name breaks, if it breaks one.
pub(crate) fn broken_rule(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a session's name must not be empty; write one such as \"cart\"".to_owned());
    }
    if let Some(stranger) = name.chars().find(|&c| !is_token_char(c)) {
        return Some(format!(
            "a session's name becomes a cookie's name and must be a token (RFC 6265, section \
             4.1.1): {stranger:?} is not allowed; use letters, digits, `-`, `_` and `.`",
        ));
    }
    let prefix = RESERVED_PREFIXES.iter().find(|prefix| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })?;
    Some(format!(
        "a session's name must not begin with `{prefix}`: cookie name prefixes are an option of \
         the middleware, which adds them itself; leave the prefix out",
    ))
}

fn push_hyphen(kebab: &mut String) {
    if !kebab.is_empty() && !kebab.ends_with('-') {
        kebab.push('-');
    }
}

/// RFC 9110, section 5.6.2: `tchar`.
fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_name_becomes_kebab_case() {
        for (name, kebab) in [
            ("Cart", "cart"),
            ("ShopCart", "shop-cart"),
            ("HTTPState", "http-state"),
            ("CartV1", "cart-v1"),
            ("Login2Step", "login2-step"),
            ("Shop_Cart", "shop-cart"),
            ("_Cart_", "cart"),
            ("X", "x"),
            ("cart", "cart"),
            ("__", ""),
        ] {
            assert_eq!(kebab_case(name), kebab, "{name}");
        }
    }

    #[test]
    fn a_name_is_a_token_without_a_prefix_of_its_own() {
        for good in ["cart", "shop-cart", "a.b_c", "__host", "x__Host-"] {
            assert_eq!(broken_rule(good), None, "{good}");
        }
        for bad in [
            "",
            "a b",
            "a;b",
            "a=b",
            "ä",
            "a\"",
            "__Host-a",
            "__hOST-a",
            "__secure-",
            "__HTTP-x",
        ] {
            assert!(broken_rule(bad).is_some(), "{bad}");
        }
    }
}
