//! The middleware at the boundary users stand on: bytes in, bytes out.

mod values;
