use std::{fs, path::Path};

use syn::{Expr, ImplItem, Item, Lit, Type, Visibility, visit::Visit};

/// Every string literal in the table.
#[derive(Default)]
struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::Lit(literal) = expr
            && let Lit::Str(text) = &literal.lit
        {
            self.0.push(text.value());
        }
        syn::visit::visit_expr(self, expr);
    }
}

fn parse(path: &str) -> syn::File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap()
}

/// An accessor named like a method of `Session` could never be called.
#[test]
fn every_method_of_session_is_reserved() {
    let mut table = Names::default();
    for item in parse("sessions-derive/src/reserved.rs").items {
        if let Item::Const(item) = item {
            table.visit_expr(&item.expr);
        }
    }

    let mut methods = Vec::new();
    for item in parse("sessions/src/session/session.rs").items {
        let Item::Impl(item) = item else { continue };
        let of_session = matches!(&*item.self_ty, Type::Path(ty)
            if ty.path.segments.last().is_some_and(|last| last.ident == "Session"));
        if !of_session {
            continue;
        }
        for member in item.items {
            let ImplItem::Fn(function) = member else {
                continue;
            };
            let is_public = matches!(function.vis, Visibility::Public(_)) || item.trait_.is_some();
            if is_public && function.sig.receiver().is_some() {
                methods.push(function.sig.ident.to_string());
            }
        }
    }

    assert!(
        methods.iter().any(|method| method == "renew"),
        "{methods:?}"
    );
    methods.retain(|method| !table.0.contains(method));
    assert!(methods.is_empty(), "not in the table: {methods:?}");
}
