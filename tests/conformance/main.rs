//! Every store against the conformance kit, and the kit against stores that are broken on purpose.

mod broken;
mod memory;
