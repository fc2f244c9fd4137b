//! What the derive accepts, and what it says of everything else: one short file per mistake.

#[test]
fn hostile_surroundings_compile_and_mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
}
