//! The behaviours that gorilla/sessions 1.3 and gorilla/securecookie 1.1 hold by their own test suites, held here.
//!
//! # gorilla/sessions
//!
//! | there | behaviour | here |
//! | --- | --- | --- |
//! | `TestFlashes` | a new session has no flashes | `flashes::a_new_session_has_no_flashes_and_taking_none_sends_nothing` |
//! | | flashes come back once, in order | `flashes::flashes_are_taken_once_and_in_the_order_they_were_pushed` |
//! | | flashes under a key of their own | `flashes::flashes_of_one_kind_leave_those_of_another` |
//! | | flashes of a custom type | `flashes::a_flash_can_be_of_a_type_of_ones_own` |
//! | | one cookie for all of a session | `fresh::several_values_of_one_session_travel_in_one_cookie` |
//! | | a name no cookie may have is an error | `registry::a_name_that_no_cookie_may_have_is_an_error`; in a derive it does not compile |
//! | | a shallow copy of the request has the same session | `fresh::every_handle_of_a_request_is_to_the_same_session` |
//! | `TestCookieStoreMapPanic` | a session made by hand is saved | `fresh::a_session_that_was_never_read_can_be_written` |
//! | `TestGH8CookieStore` | a store's options changed later leave an open session's alone | `options::options_changed_after_the_build_are_nobody_s` |
//! | `TestGH2MaxLength` | too long is an error | `length::the_largest_session_that_fits_goes_and_the_next_is_an_error_that_sends_nothing` |
//! | `TestGH8FilesystemStoreDelete` | `MaxAge < 0` ends the session | `options::a_destroyed_session_leaves_with_a_line_that_removes_its_cookie` |
//! | `TestGH8FilesystemStoreDelete2` | `MaxAge = 0` | `options::a_session_to_be_forgotten_ends_with_the_browser_and_stays_so_when_it_is_written_again` |
//! | `TestNewCookieFromOptions` | each option becomes its attribute | `options::each_option_writes_its_attribute_and_nothing_else` |
//! | the documentation | `IsNew`; `Save` with none; several stores; the registry; one context a request | `fresh`, `registry`, `isolation` |
//!
//! # gorilla/securecookie
//!
//! | there | behaviour | here |
//! | --- | --- | --- |
//! | `TestSecureCookie` | what one codec wrote it reads, fifty times, and another does not | `fresh::fifty_cookies_open_under_their_key_and_none_under_another` |
//! | its to-do | timestamps too old | `timestamps`, to the second |
//! | its to-do | timestamps too new | `timestamps::a_cookie_from_a_machine_whose_clock_is_an_hour_ahead_opens_and_from_further_ahead_does_not` |
//! | `TestSecureCookieNilKey`, `TestMissingKey`, `TestMultiNoCodecs` | no key is an error | `codecs::no_key_is_no_store_and_a_weak_key_is_no_key`; without a key nothing compiles |
//! | `TestDecodeInvalid` | garbage is refused | `codecs::values_that_were_never_ours_are_malformed` and the rest of `codecs` |
//! | `TestAuthentication` | a signature verifies | `codecs::every_single_character_that_is_changed_is_noticed`; the vectors of RFC 4231 stand beside the code |
//! | `TestEncryption` | what is sealed opens | the same; C2SP's vectors stand beside the code |
//! | `TestGobSerialization`, `TestJSONSerialization`, `TestNopSerialization` | data is written and read | `custom`; there is one serialization, whose bytes are frozen beside the code |
//! | `TestEncoding` | the cookie's alphabet | `fresh::a_cookie_value_needs_no_encoding` |
//! | `TestMultiError` | every error is reported | `registry::every_session_that_cannot_be_saved_is_in_the_error` |
//! | `TestCustomType` | a custom type comes back | `custom::nested_structs_enums_maps_bytes_floats_and_large_integers_come_back` |
//! | `CodecsFromPairs`, `DecodeMulti` | old keys open, new ones seal | `codecs`, from `a_retired_key_opens_and_the_active_one_seals` on |
//! | `FuzzEncodeDecode` | any data comes back | the `properties` suite |
//!
//! # Without a counterpart yet
//!
//! There is no file store: its own options (`TestGH8FilesystemStore`), a maximum length that is raised or taken away
//! (`FilesystemStore.MaxLength`), and the removal of its file at the end of a session have no test here. What those tests say of cookies
//! stands in the table. Serializers other than CBOR and hash functions to choose from are features that are not meant to come.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod codecs;
mod custom;
mod flashes;
mod fresh;
mod isolation;
mod length;
mod options;
mod registry;
mod site;
mod timestamps;
