use std::collections::HashMap;

use syn::{Data, Fields, Ident, LitStr, ext::IdentExt as _};

use crate::{
    accessor,
    ast::{Container, Field, Kind, identifier},
    attr::Given,
    errors::Errors,
    name, reserved,
    shape::Shape,
};

/// Reports every rule that the struct breaks.
pub(crate) fn check(container: &Container<'_>, errors: &mut Errors) {
    check_kind(container, errors);
    check_lifetimes(container, errors);
    check_name(container, errors);
    check_version(container, errors);
    for field in &container.fields {
        check_pairs(field, errors);
        check_flash(field, errors);
        check_principal(field, errors);
        check_accessor(field, errors);
    }
    check_only_principal(container, errors);
    check_keys(container, errors);
    check_methods(container, errors);
}

fn check_kind(container: &Container<'_>, errors: &mut Errors) {
    let ident = &container.original.ident;
    match &container.original.data {
        Data::Struct(data) => {
            if let Fields::Unnamed(fields) = &data.fields {
                errors.at(
                    fields,
                    format!(
                        "session data is a struct with named fields: the names become wire keys \
                         and accessors; write `struct {ident} {{ name: Type }}`",
                    ),
                );
            }
        }
        Data::Enum(data) => errors.at(
            data.enum_token,
            "session data is a struct with named fields, not an enum; put the enum in a field of a \
             struct",
        ),
        Data::Union(data) => errors.at(
            data.union_token,
            "session data is a struct with named fields, not a union; write `struct`",
        ),
    }
}

fn check_lifetimes(container: &Container<'_>, errors: &mut Errors) {
    for param in container.original.generics.lifetimes() {
        errors.at(
            &param.lifetime,
            "session data outlives the request and cannot borrow from it; use owned types, such as \
             `String` for `&str`",
        );
    }
}

fn check_name(container: &Container<'_>, errors: &mut Errors) {
    let Some(rule) = name::broken_rule(&container.name()) else {
        return;
    };
    match &container.attrs.name {
        Some(given) => errors.at(&given.value, rule),
        None => errors.at(
            &container.original.ident,
            format!("{rule}; give a name with `#[session(name = \"…\")]`"),
        ),
    }
}

fn check_version(container: &Container<'_>, errors: &mut Errors) {
    let attrs = &container.attrs;
    if let Some(version) = &attrs.version
        && version.value == 0
    {
        errors.at(
            &version.name,
            "versions are counted from 1; write `version = 1`",
        );
        return;
    }
    if let Some(previous) = &attrs.previous
        && container.version() < 2
    {
        errors.at(
            &previous.name,
            "`previous` is for a `version` of 2 or more: the version of the previous type is lower \
             and at least 1; add `version = 2`",
        );
    }
}

/// Reports attributes that contradict each other.
fn check_pairs(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    if attrs.skip.is_some() {
        let stored = "a field with `skip` is never stored";
        refuse(attrs.key.as_ref(), stored, errors);
        refuse(attrs.aliases.first(), stored, errors);
        refuse(attrs.with.as_ref(), stored, errors);
        refuse(attrs.flash.as_ref(), stored, errors);
        refuse(attrs.principal.as_ref(), stored, errors);
        refuse(attrs.merge.as_ref(), stored, errors);
    }
    if attrs.flash.is_some() {
        let reader = "a `flash` field has no reader: it is taken whole";
        refuse(attrs.copy.as_ref(), reader, errors);
        let merged =
            "a `flash` field merges by itself: what others left, then what was pushed here";
        refuse(attrs.merge.as_ref(), merged, errors);
        let owner = "a `flash` field is gone when read, and cannot say who the session belongs to";
        refuse(attrs.principal.as_ref(), owner, errors);
        if field.default_expr().is_some() {
            let empty = "a `flash` field is empty until something is pushed";
            refuse(attrs.default.as_ref(), empty, errors);
        }
    }
    if attrs.principal.is_some() {
        let whole = "a session belongs to one or to another, which nothing can merge";
        refuse(attrs.merge.as_ref(), whole, errors);
        if field.default_expr().is_some() {
            let nobody = "a new session belongs to nobody";
            refuse(attrs.default.as_ref(), nobody, errors);
        }
    }
}

/// Reports an attribute, if given, that another rules out.
fn refuse<T>(attr: Option<&Given<T>>, rule: &str, errors: &mut Errors) {
    if let Some(Given { name, .. }) = attr {
        errors.at(name, format!("{rule}; remove `{name}`"));
    }
}

fn check_flash(field: &Field<'_>, errors: &mut Errors) {
    let Some(given) = &field.attrs.flash else {
        return;
    };
    if matches!(field.shape, Shape::Other) {
        errors.at(
            field.original_ty,
            "a `flash` field is an `Option<V>` for one message or a `Vec<V>` for several; change \
             the type",
        );
    }
    if let Some(one) = &given.value
        && syn::parse_str::<Ident>(&format!("push_{}", one.value())).is_err()
    {
        errors.at(
            one,
            "the name of one entry becomes a method, `push_` and the name; use letters, digits and \
             underscores",
        );
    }
}

fn check_principal(field: &Field<'_>, errors: &mut Errors) {
    if field.attrs.principal.is_some() && !matches!(field.shape, Shape::Option(_)) {
        errors.at(
            field.original_ty,
            "a `principal` field is an `Option<V>`: a session may belong to nobody; wrap the type",
        );
    }
}

fn check_accessor(field: &Field<'_>, errors: &mut Errors) {
    if let Some(given) = &field.attrs.accessor
        && identifier(&given.value.value()).is_none()
    {
        errors.at(
            &given.value,
            "an accessor's name must be an identifier, as a method's is; use letters, digits and \
             underscores",
        );
    }
}

fn check_only_principal(container: &Container<'_>, errors: &mut Errors) {
    let mut principals = container
        .fields
        .iter()
        .filter_map(|field| Some((field.ident, field.attrs.principal.as_ref()?)));
    let Some((first, _)) = principals.next() else {
        return;
    };
    for (_, given) in principals {
        errors.at(
            &given.name,
            format!("a session belongs to one principal, and `{first}` is it; keep one"),
        );
    }
}

fn check_keys(container: &Container<'_>, errors: &mut Errors) {
    let mut owners: HashMap<String, &Ident> = HashMap::new();
    // A key that is written goes before an alias, wherever they stand: it is the alias that can go.
    for field in container.stored() {
        let key = field.key();
        match &field.attrs.key {
            Some(given) if key.is_empty() => refuse_empty(&given.value, errors),
            Some(given) => claim(&mut owners, key, field, &given.value, errors),
            None => claim(&mut owners, key, field, field.ident, errors),
        }
    }
    for field in container.stored() {
        for alias in &field.attrs.aliases {
            let key = alias.value.value();
            if key.is_empty() {
                refuse_empty(&alias.value, errors);
            } else {
                claim(&mut owners, key, field, &alias.value, errors);
            }
        }
    }
}

fn refuse_empty(key: &LitStr, errors: &mut Errors) {
    errors.at(key, "a wire key must not be empty; give it a name");
}

fn claim<'f>(
    owners: &mut HashMap<String, &'f Ident>,
    key: String,
    field: &Field<'f>,
    place: impl quote::ToTokens,
    errors: &mut Errors,
) {
    match owners.get(&key) {
        None => {
            owners.insert(key, field.ident);
        }
        Some(owner) if *owner == field.ident => errors.at(
            place,
            format!("the field is read from the wire key {key:?} already; remove the alias"),
        ),
        Some(owner) => errors.at(
            place,
            format!(
                "the wire key {key:?} belongs to the field `{owner}`; choose another with \
                 `#[session(key = \"…\")]`",
            ),
        ),
    }
}

/// Reports accessors that could not be called, and two of one name.
fn check_methods(container: &Container<'_>, errors: &mut Errors) {
    let mut owners: HashMap<String, &Ident> = HashMap::new();
    for field in &container.fields {
        let mut refused = false;
        for accessor in accessor::of_field(field) {
            let method = accessor.name.unraw().to_string();
            let problem = if let Some(owner) = reserved::owner_of(&method) {
                Some(format!(
                    "the accessor `{method}` could not be called: its name is taken by {owner}",
                ))
            } else {
                owners
                    .get(&method)
                    .map(|owner| format!("the field `{owner}` has an accessor `{method}` already"))
            };
            // One line a field: its other accessors are renamed by the same remedy.
            if let Some(problem) = problem.filter(|_| !refused) {
                refused = true;
                // The name as the user wrote it: an error at ours would be blamed on the macro.
                let place = accessor.name.span().resolved_at(field.ident.span());
                errors.push(syn::Error::new(
                    place,
                    format!("{problem}; {}", remedy(field)),
                ));
            }
            owners.entry(method).or_insert(accessor.field.ident);
        }
    }
}

fn remedy(field: &Field<'_>) -> &'static str {
    match field.kind {
        Kind::Plain | Kind::Principal => "rename this one with `#[session(accessor = \"…\")]`",
        Kind::Flash => {
            "rename this one with `#[session(accessor = \"…\")]` or `#[session(flash(one = \"…\"))]`"
        }
    }
}
