//! The `SessionData` derive.
