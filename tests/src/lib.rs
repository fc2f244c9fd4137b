//! Shared test equipment.
