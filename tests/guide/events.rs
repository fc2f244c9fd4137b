use syn::{Attribute, ImplItemFn, ItemMod, LitStr, visit::Visit};

use crate::{page::code, sources};

#[test]
fn every_event_and_every_reason_is_in_the_chapter_on_operations() {
    let chapter = sources::text("sessions/docs/operations.md");
    let names: Vec<&str> = code(&chapter);
    let mut said = Words::default();
    said.visit_file(&sources::parsed("sessions/src/event.rs"));
    said.visit_file(&sources::parsed("sessions/src/store/origin.rs"));
    assert!(said.found.len() > 20, "this test sees nothing");
    for word in said.found {
        assert!(names.contains(&word.as_str()), "{word}");
    }
}

/// What `as_str` says of an event, and `Display` of a reason.
#[derive(Default)]
struct Words {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Words {
    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if item.sig.ident == "as_str" || item.sig.ident == "fmt" {
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.found.push(text.value());
    }
}
