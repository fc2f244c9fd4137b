//! Equipment for tests of applications that use sessions.

mod clock;

pub use self::clock::TestClock;
