use sessions::gorilla::Values;

use crate::{
    shown::shown,
    vectors::{bytes, values, vectors},
};

#[test]
fn every_vector_opens_to_what_it_says() {
    for vector in vectors() {
        if vector.kind() == "fs_id" {
            let opened = vector.reader();
            let opened = opened.open_id(&vector.cookie_name, vector.value(), vector.written());
            let opened = opened.unwrap();
            assert_eq!(
                format!("session id; file session_{}", opened.id),
                vector.expect
            );
            assert_eq!(opened.timestamp, vector.written());
            continue;
        }
        let expected = match vector.kind() {
            "empty" => "{}",
            "foo_bar" | "fs_file" | "json_foo_bar" => r#"{"foo"="bar"}"#,
            "int_key" => "{i:42=i:43}",
            "readme" => r#"{"foo"="bar", i:42=i:43}"#,
            "flashes" => r#"{"_flash"=["foo", "bar"], "custom_key"=["baz"]}"#,
            "struct" => r#"{"p"=main.Person{First="Ann", Age=i:30, Tags=["t1", "t2"]}}"#,
            "eight_fields" | "json_eight" | "cookiestore_json_eight" => EIGHT_FIELDS,
            other => panic!("{other} is new"),
        };
        let opened = vector
            .reader()
            .open(&vector.cookie_name, vector.value(), vector.written())
            .unwrap();
        assert_eq!(shown(&opened.values), expected, "{}", vector.case);
        assert_eq!(opened.timestamp, vector.written());
    }
}

#[test]
fn values_of_every_kind_open_to_what_go_held() {
    for vector in values() {
        if !vector.file.is_empty() {
            continue;
        }
        let opened = vector
            .reader()
            .open(&vector.cookie_name, vector.value(), vector.written())
            .unwrap();
        assert_eq!(shown(&opened.values), vector.expect, "{}", vector.case);
    }
}

#[test]
fn what_a_store_keeps_without_a_message_around_it_opens() {
    let mut opened = 0;
    for vector in vectors() {
        let serialized = bytes(&vector.serialized_hex);
        let values = match vector.serializer.as_str() {
            _ if serialized.is_empty() => continue,
            "gob" => Values::from_gob(&serialized),
            _ => Values::from_json(&serialized),
        };
        let within = vector.reader();
        let within = within.open(&vector.cookie_name, vector.value(), vector.written());
        // A map of Go's is written in another order each time.
        assert_eq!(
            shown(&values.unwrap()),
            shown(&within.unwrap().values),
            "{}",
            vector.case
        );
        opened += 1;
    }
    assert_eq!(opened, 20);
}

#[test]
fn debug_shows_keys_and_kinds_and_no_value() {
    let vectors = vectors();
    let of = |kind: &str| {
        let vector = vectors.iter().find(|vector| vector.kind() == kind).unwrap();
        let opened = vector.reader();
        let opened = opened.open(&vector.cookie_name, vector.value(), vector.written());
        format!("{:?}", opened.unwrap().values)
    };
    assert_eq!(
        of("struct"),
        r#"Values {"p": main.Person { First: text, Age: integer, Tags: [text, text], .. }}"#
    );
    assert_eq!(
        of("flashes"),
        r#"Values {"_flash": [text, text], "custom_key": [text]}"#
    );
    assert_eq!(of("int_key"), "Values {42: integer}");
}

const EIGHT_FIELDS: &str = r#"{"csrf"="q7Zr1m0xkP3vYt5uWb8nLd2eHs6gJa9cFo4iKpQxTzM", "email"="alice.wonderland@example.com", "last_seen"=i:1763719200, "return_to"="/projects/42/issues?state=open&sort=updated&page=3&assignee=alice", "roles"=["admin", "editor", "viewer"], "theme"="dark", "user_id"=i:1234567, "username"="alice.wonderland"}"#;
