use crate::{
    page::code,
    sources::{self, files},
};

#[test]
fn every_message_of_the_derive_is_in_the_chapter_on_errors() {
    let chapter = sources::text("sessions/docs/errors.md");
    let (_, section) = chapter.split_once("\n# While compiling\n").unwrap();
    let (section, _) = section.split_once("\n# ").unwrap();
    let forms: Vec<&str> = section.lines().flat_map(code).collect();
    let mut seen = 0;
    for (path, text) in files("tests/derive/ui", "stderr") {
        for line in text.lines().filter(|line| line.starts_with("error")) {
            let (_, message) = line.split_once(": ").unwrap();
            let is_there = forms
                .iter()
                .any(|form| is_rule(form) && is_of_form(message, form));
            assert!(is_there, "{}: {message}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 60, "this test sees nothing");
}

/// Whether it is a message, and no word in a sentence about one.
fn is_rule(form: &str) -> bool {
    form.split_whitespace().count() >= 2
}

/// Whether a text is of a form, in which `…` stands for anything.
fn is_of_form(text: &str, form: &str) -> bool {
    let mut parts = form.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}
