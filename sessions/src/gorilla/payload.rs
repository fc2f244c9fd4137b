/// Names the serializer that the Go application used for its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Payload {
    /// `encoding/gob`, which is gorilla's own choice.
    #[default]
    Gob,
    /// JSON: `securecookie.JSONEncoder`, or a serializer of the application's own that writes one object.
    Json,
}
