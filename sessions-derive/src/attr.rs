use quote::ToTokens;
use syn::{
    Attribute, Expr, Ident, LitInt, LitStr, Meta, Path, Token, Type,
    ext::IdentExt as _,
    parse::{ParseStream, discouraged::Speculative as _},
    token::Paren,
};

use crate::errors::Errors;

/// The attributes of a struct, with the form each is written in.
const OF_STRUCT: &[(&str, &str)] = &[
    ("name", "name = \"cart\""),
    ("version", "version = 2"),
    ("previous", "previous = CartV1"),
    ("crate", "crate = path::to::sessions"),
];

/// The attributes of a field, with the form each is written in.
const OF_FIELD: &[(&str, &str)] = &[
    ("key", "key = \"i\""),
    ("alias", "alias = \"old\""),
    ("default", "default` or `default = expression"),
    ("with", "with = path::to::module"),
    ("skip", "skip"),
    ("flash", "flash` or `flash(one = \"notice\")"),
    ("principal", "principal"),
    ("merge", "merge = path::to::function"),
    ("secret", "secret"),
    ("accessor", "accessor = \"name\""),
    ("copy", "copy"),
];

/// What people who know serde write, and what it is called here.
const FROM_SERDE: &[(&str, &str)] = &[("rename", "key"), ("skip_serializing", "skip")];

/// One attribute as it was given: its name, for errors, and its value.
#[derive(Debug)]
pub(crate) struct Given<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

/// What `#[session(..)]` says on a struct.
#[derive(Debug, Default)]
pub(crate) struct StructAttrs {
    pub(crate) name: Option<Given<LitStr>>,
    pub(crate) version: Option<Given<u32>>,
    pub(crate) previous: Option<Given<Type>>,
    pub(crate) krate: Option<Given<Path>>,
}

impl StructAttrs {
    pub(crate) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut read = Self::default();
        each_item(attrs, Place::Struct, errors, |name, input, errors| {
            match name.to_string().as_str() {
                "name" => once(&mut read.name, name, value(input)?, errors),
                "version" => {
                    let version = value::<LitInt>(input)?.base10_parse()?;
                    once(&mut read.version, name, version, errors);
                }
                "previous" => once(&mut read.previous, name, value(input)?, errors),
                "crate" => {
                    input.parse::<Token![=]>()?;
                    let path = input.call(Path::parse_mod_style)?;
                    once(&mut read.krate, name, path, errors);
                }
                _ => {}
            }
            Ok(())
        });
        read
    }
}

/// What `#[session(..)]` says on a field.
#[derive(Debug, Default)]
pub(crate) struct FieldAttrs {
    pub(crate) key: Option<Given<LitStr>>,
    pub(crate) aliases: Vec<Given<LitStr>>,
    /// `default` alone says what holds anyway and has no expression.
    pub(crate) default: Option<Given<Option<Expr>>>,
    pub(crate) with: Option<Given<Path>>,
    pub(crate) skip: Option<Given<()>>,
    /// The name of one entry, if given.
    pub(crate) flash: Option<Given<Option<LitStr>>>,
    pub(crate) principal: Option<Given<()>>,
    pub(crate) merge: Option<Given<Path>>,
    pub(crate) secret: Option<Given<()>>,
    pub(crate) accessor: Option<Given<LitStr>>,
    pub(crate) copy: Option<Given<()>>,
}

impl FieldAttrs {
    pub(crate) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut read = Self::default();
        each_item(attrs, Place::Field, errors, |name, input, errors| {
            match name.to_string().as_str() {
                "key" => once(&mut read.key, name, value(input)?, errors),
                "alias" => read.aliases.push(Given {
                    name: name.clone(),
                    value: value(input)?,
                }),
                "default" => {
                    let expr = if input.peek(Token![=]) {
                        Some(value(input)?)
                    } else {
                        None
                    };
                    once(&mut read.default, name, expr, errors);
                }
                "with" => once(&mut read.with, name, module(input)?, errors),
                "merge" => once(&mut read.merge, name, value(input)?, errors),
                "accessor" => once(&mut read.accessor, name, value(input)?, errors),
                // A malformed `flash` is still a flash field: its accessors are called elsewhere.
                "flash" => match one_entry(input) {
                    Ok(one) => once(&mut read.flash, name, one, errors),
                    Err(error) => {
                        once(&mut read.flash, name, None, errors);
                        return Err(error);
                    }
                },
                // What follows a flag is refused by the caller, which expects a comma.
                "principal" => once(&mut read.principal, name, (), errors),
                "skip" => once(&mut read.skip, name, (), errors),
                "secret" => once(&mut read.secret, name, (), errors),
                "copy" => once(&mut read.copy, name, (), errors),
                _ => {}
            }
            Ok(())
        });
        read
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Struct,
    Field,
}

impl Place {
    fn known(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Struct => OF_STRUCT,
            Self::Field => OF_FIELD,
        }
    }

    fn form_of(self, name: &str) -> Option<&'static str> {
        form_in(self.known(), name)
    }

    /// Says why an unknown name is refused, and which one was probably meant.
    fn refusal_of(self, name: &str) -> String {
        let (here, there, elsewhere) = match self {
            Self::Struct => ("a struct", "a field", OF_FIELD),
            Self::Field => ("a field", "the struct", OF_STRUCT),
        };
        if form_in(elsewhere, name).is_some() {
            return format!("`{name}` is an attribute of {there}, not of {here}; move it there");
        }
        if let Some(form) = nearest(name, self.known()) {
            return format!("`{name}` is not a session attribute; did you mean `{form}`?");
        }
        let names: Vec<String> = self
            .known()
            .iter()
            .map(|(known, _)| format!("`{known}`"))
            .collect();
        format!(
            "`{name}` is not a session attribute; those of {here} are {}",
            names.join(", "),
        )
    }
}

/// Gives every item of every `#[session(..)]` to `read`, with the input after the item's name.
///
/// An item that `read` refuses, or leaves a rest of, is reported with the form it should have, and
/// the items after it are still read.
fn each_item(
    attrs: &[Attribute],
    place: Place,
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    for attr in attrs {
        if !attr.path().is_ident("session") {
            continue;
        }
        let Meta::List(list) = &attr.meta else {
            errors.at(
                &attr.meta,
                "attributes stand in parentheses: `#[session(..)]`",
            );
            continue;
        };
        let items = |input: ParseStream<'_>| {
            while !input.is_empty() {
                item(input, place, errors, &mut read);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = list.parse_args_with(items) {
            errors.push(error);
        }
    }
}

/// Reads one item and leaves the input at the comma after it.
fn item(
    input: ParseStream<'_>,
    place: Place,
    errors: &mut Errors,
    read: &mut impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let start = input.fork();
    let Ok(name) = input.call(Ident::parse_any) else {
        errors.at(skip_item(input), "expected the name of a session attribute");
        return;
    };
    let Some(form) = place.form_of(&name.to_string()) else {
        skip_item(input);
        errors.at(&name, place.refusal_of(&name.to_string()));
        return;
    };
    let value = input.fork();
    let result = read(&name, &value, errors);
    if result.is_ok() && (value.is_empty() || value.peek(Token![,])) {
        input.advance_to(&value);
        return;
    }
    input.advance_to(&start);
    let refusal = if name == form {
        format!("`{name}` takes no value; write `{form}`")
    } else {
        format!("`{name}` has another form; write `{form}`")
    };
    errors.at(skip_item(input), refusal);
}

/// Takes the tokens up to the next comma that is not between angle brackets.
fn skip_item(input: ParseStream<'_>) -> proc_macro2::TokenStream {
    let mut skipped = proc_macro2::TokenStream::new();
    let mut depth = 0_usize;
    while !input.is_empty() && (depth > 0 || !input.peek(Token![,])) {
        let arrow = input.peek(Token![->]) || input.peek(Token![=>]);
        if input.peek(Token![<]) {
            depth += 1;
        } else if input.peek(Token![>]) {
            depth = depth.saturating_sub(1);
        }
        for _ in 0..=usize::from(arrow) {
            let Ok(token) = input.parse::<proc_macro2::TokenTree>() else {
                return skipped;
            };
            token.to_tokens(&mut skipped);
        }
    }
    skipped
}

/// Keeps the first value given, and reports every further one.
fn once<T>(slot: &mut Option<Given<T>>, name: &Ident, value: T, errors: &mut Errors) {
    if slot.is_some() {
        errors.at(name, format!("`{name}` is given twice; keep one"));
        return;
    }
    *slot = Some(Given {
        name: name.clone(),
        value,
    });
}

/// Reads `= value`.
fn value<T: syn::parse::Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Reads `= path::to::module`, or the same in quotes, as serde has it.
fn module(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        return input.parse::<LitStr>()?.parse_with(Path::parse_mod_style);
    }
    input.call(Path::parse_mod_style)
}

/// Reads nothing, or `(one = "notice")`.
fn one_entry(input: ParseStream<'_>) -> syn::Result<Option<LitStr>> {
    if !input.peek(Paren) {
        return Ok(None);
    }
    let content;
    syn::parenthesized!(content in input);
    let one: Ident = content.parse()?;
    if one != "one" {
        return Err(syn::Error::new_spanned(one, "expected `one`"));
    }
    let entry = value(&content)?;
    content.parse::<Option<Token![,]>>()?;
    if content.is_empty() {
        return Ok(Some(entry));
    }
    Err(content.error("expected nothing more"))
}

fn form_in(table: &'static [(&str, &'static str)], name: &str) -> Option<&'static str> {
    let (_, form) = table.iter().find(|(known, _)| *known == name)?;
    Some(form)
}

/// Returns the form of the attribute whose name is written most like this one.
fn nearest(name: &str, table: &'static [(&'static str, &'static str)]) -> Option<&'static str> {
    if let Some((_, ours)) = FROM_SERDE.iter().find(|(theirs, _)| *theirs == name) {
        return form_in(table, ours);
    }
    table
        .iter()
        .map(|(known, form)| (distance(name, known), form))
        .filter(|(distance, _)| *distance <= 2 && *distance < name.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, form)| *form)
}

/// The least number of letters to insert, delete or replace to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        for (from, to, edits) in [
            ("", "", 0),
            ("flash", "flash", 0),
            ("flsh", "flash", 1),
            ("flahs", "flash", 2),
            ("", "key", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), edits, "{from} {to}");
        }
    }

    #[test]
    fn a_misspelled_attribute_finds_its_form() {
        assert_eq!(nearest("vesion", OF_STRUCT), Some("version = 2"));
        assert_eq!(nearest("rename", OF_FIELD), Some("key = \"i\""));
        assert_eq!(nearest("xyz", OF_FIELD), None);
    }
}
