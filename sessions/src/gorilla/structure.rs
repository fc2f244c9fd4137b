use std::{fmt, sync::Arc};

use super::{FromValue, Value, ValueError, value_error::Under as _};

/// A struct that the Go application had registered, as gob describes it: a name, and its fields with theirs.
///
/// Go sends no field that holds its type's zero. Those are there all the same: a number is 0, a text and a list are empty, and a pointer, an
/// interface or a time is [`Value::Nil`].
///
/// ```
/// # use sessions::gorilla::{Value, Values, ValueErrorKind};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let values = Values::from_gob(
/// #     b"\x0e\xff\x81\x04\x01\x02\xff\x82\x00\x01\x10\x01\x10\x00\x00L\xff\x82\x00\x01\x06string\x0c\x03\x00\x01p\x0bmain.Person\
/// #       \xff\x83\x03\x01\x01\x06Person\x01\xff\x84\x00\x01\x03\x01\x05First\x01\x0c\x00\x01\x03Age\x01\x04\x00\x01\x04Tags\x01\
/// #       \xff\x86\x00\x00\x00\x16\xff\x85\x02\x01\x01\x08[]string\x01\xff\x86\x00\x01\x0c\x00\x00\
/// #       \x0e\xff\x84\x0b\x02<\x01\x02\x02t1\x02t2\x00",
/// # )?;
/// // session.Values["p"] = Person{First: "", Age: 30, Tags: []string{"t1", "t2"}}
/// let Some(Value::Struct(person)) = values.value("p") else { panic!() };
/// assert_eq!(person.name(), "main.Person");
/// assert_eq!(person.get::<u8>("Age")?, 30);
/// assert_eq!(person.get::<Vec<&str>>("Tags")?, ["t1", "t2"]);
/// assert_eq!(person.get::<String>("First")?, "");
///
/// let error = person.get::<String>("first").unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::Missing);
/// # Ok(())
/// # }
/// ```
// On the heap, so that a tree of small values is not made of large ones.
#[derive(Clone, PartialEq)]
pub struct Struct(Box<Content>);

#[derive(Clone)]
struct Content {
    registered: Option<Box<str>>,
    shape: Arc<Shape>,
    /// By number, ascending.
    present: Vec<(usize, Value)>,
}

/// What all structs of one type share.
#[derive(PartialEq)]
pub(super) struct Shape {
    pub(super) name: Box<str>,
    pub(super) fields: Box<[ShapeField]>,
}

#[derive(PartialEq)]
pub(super) struct ShapeField {
    pub(super) name: Box<str>,
    /// What an absent field holds. A reference: a list of a thousand empty structs holds no thousand times their fields.
    pub(super) zero: &'static Value,
}

impl Struct {
    pub(super) fn new(
        registered: Option<&str>,
        shape: Arc<Shape>,
        present: Vec<(usize, Value)>,
    ) -> Self {
        Self(Box::new(Content {
            registered: registered.map(Into::into),
            shape,
            present,
        }))
    }

    /// The name it was registered under, such as `main.Person` or `*example.com/shop/cart.Item`; of one that stands in another value and not
    /// in an interface, the bare name of its type, `Person`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.registered.as_deref().unwrap_or(&self.0.shape.name)
    }

    /// The value of a field; `None` if the struct has no field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        let mut fields = self.0.shape.fields.iter();
        let number = fields.position(|field| *field.name == *name)?;
        self.number(number)
    }

    /// The value of a field, as a `V`.
    ///
    /// # Errors
    ///
    /// There is no field of this name, or what it holds is no `V`.
    pub fn get<'a, V: FromValue<'a>>(&'a self, field: &str) -> Result<V, ValueError> {
        V::from_entry(self.field(field)).under(&field.into())
    }

    /// All fields with their values, in the order of Go's source.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let fields = self.0.shape.fields.iter().enumerate();
        fields.filter_map(|(number, field)| Some((&*field.name, self.number(number)?)))
    }

    fn number(&self, number: usize) -> Option<&Value> {
        let present = &self.0.present;
        match present.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(index) => present.get(index).map(|(_, value)| value),
            Err(_) => Some(self.0.shape.fields.get(number)?.zero),
        }
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        let one_shape = Arc::ptr_eq(&self.shape, &other.shape) || self.shape == other.shape;
        one_shape && self.registered == other.registered && self.present == other.present
    }
}

/// The fields that were sent, and the kinds of their values: the values are somebody's data.
impl fmt::Debug for Struct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names are what a stream says they are: no line break of theirs gets into a log.
        let mut debug = f.debug_struct(&self.name().escape_debug().to_string());
        for (number, value) in &self.0.present {
            if let Some(field) = self.0.shape.fields.get(*number) {
                debug.field(&field.name.escape_debug().to_string(), value);
            }
        }
        debug.finish_non_exhaustive()
    }
}
