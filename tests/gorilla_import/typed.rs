use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, UNIX_EPOCH},
};

use sessions::gorilla::{FromValue, Struct, Value, ValueError, ValueErrorKind, Values};

use crate::vectors::values;

/// The values of a session of `values.go`.
fn session(kind: &str) -> Values {
    let vectors = values();
    let vector = vectors.iter().find(|vector| vector.kind() == kind).unwrap();
    let opened = vector
        .reader()
        .open(&vector.cookie_name, vector.value(), vector.written());
    opened.unwrap().values
}

#[test]
fn a_struct_is_filled_by_asking_for_its_fields() {
    struct Login {
        user: u32,
        name: String,
        roles: Vec<String>,
        since: std::time::SystemTime,
        theme: Option<String>,
    }
    let old = session("user");
    let login = || -> Result<Login, ValueError> {
        Ok(Login {
            user: old.get("user_id")?,
            name: old.get("name")?,
            roles: old.get("roles")?,
            since: old.get("since")?,
            theme: old.get("theme")?,
        })
    };
    let login = login().unwrap();
    assert_eq!((login.user, login.name.as_str()), (77, "ann"));
    assert_eq!(login.roles, ["admin"]);
    assert_eq!(login.since, UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    assert_eq!(login.theme, None);
}

#[test]
fn an_integer_is_given_as_any_type_that_holds_it() {
    let old = session("integers");
    assert_eq!(old.get::<i64>("min").unwrap(), i64::MIN);
    assert_eq!(old.get::<u64>("u64").unwrap(), u64::MAX);
    assert_eq!(old.get::<u128>("u64").unwrap(), u128::from(u64::MAX));
    assert_eq!(old.get::<u8>("u8").unwrap(), 255);
    assert_eq!(old.get::<i16>("u8").unwrap(), 255);
    assert_eq!(old.get::<i8>("i8").unwrap(), -128);
    assert_eq!(old.get::<usize>("zero").unwrap(), 0);
    assert_eq!(old.get::<u32>("user").unwrap(), 42);
    assert_eq!(
        Duration::from_nanos(old.get("duration").unwrap()),
        Duration::from_secs(3600)
    );
    assert!((old.get::<f64>("i32").unwrap() + 70_000.0).abs() < f64::EPSILON);

    let refused = [
        old.get::<i8>("u8").map(drop),
        old.get::<u64>("neg").map(drop),
        old.get::<i64>("u64").map(drop),
        old.get::<u8>("i16").map(drop),
        old.get::<usize>("min").map(drop),
        old.get::<f64>("max").map(drop),
        old.get::<Option<u8>>("neg").map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), ValueErrorKind::OutOfRange);
    }
}

#[test]
fn other_scalars_are_given_as_what_they_are() {
    let old = session("other scalars");
    assert!(old.get::<bool>("t").unwrap());
    assert!(!old.get::<bool>("f").unwrap());
    assert!((old.get::<f64>("pi").unwrap() * 1e5 - 314_159.0).abs() < 1e-6);
    assert!((old.get::<f32>("f32").unwrap() - 0.1).abs() < f32::EPSILON);
    assert!(old.get::<f64>("nan").unwrap().is_nan());
    assert!(old.get::<f32>("inf").unwrap().is_infinite());
    assert_eq!(old.get::<&str>("text").unwrap(), "grüße");
    assert_eq!(old.get::<String>("role").unwrap(), "r");
    assert_eq!(old.get::<Vec<u8>>("bytes").unwrap(), b"\x00\xff");
    assert_eq!(old.get::<&[u8]>("nobytes").unwrap(), b"");
    assert_eq!(old.get::<&[u8]>("broken").unwrap(), b"a\xffb");
    assert_eq!(old.get::<&[u8]>("role").unwrap(), b"r");
    assert_eq!(old.value("c"), Some(&Value::Complex { re: 3.0, im: 4.0 }));

    let refused = [
        old.get::<bool>("text").map(drop),
        old.get::<String>("t").map(drop),
        old.get::<String>("broken").map(drop),
        old.get::<u8>("pi").map(drop),
        old.get::<f64>("text").map(drop),
        old.get::<Vec<String>>("text").map(drop),
        old.get::<Vec<u8>>("pi").map(drop),
        old.get::<BTreeMap<String, u8>>("text").map(drop),
        old.get::<std::time::SystemTime>("pi").map(drop),
        old.get::<&Struct>("pi").map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), ValueErrorKind::OtherType);
    }
}

#[test]
fn keys_are_texts_or_integers_and_others_are_met_by_walking() {
    let old = session("keys");
    assert_eq!(old.get::<&str>(1).unwrap(), "int");
    assert_eq!(old.get::<&str>(-2_i64).unwrap(), "int64");
    assert_eq!(old.get::<&str>(3_u64).unwrap(), "uint8");
    assert_eq!(old.get::<&str>(9).unwrap(), "named");
    assert_eq!(old.get::<&str>("s").unwrap(), "string");
    assert_eq!(old.get::<&str>(&"q".to_owned()).unwrap(), "named text");
    assert!(!old.contains_key("1"));
    let mut others = old.iter().filter(|(key, _)| **key == Value::Bool(true));
    assert_eq!(others.next().unwrap().1, &Value::Str("bool".into()));
    assert_eq!(old.len(), 10);
    assert!(!old.is_empty());
    assert!(session("empty").is_empty());
}

#[test]
fn what_is_absent_or_nil_is_none_and_nothing_else_is() {
    let old = session("nil");
    assert_eq!(old.get::<Option<u8>>("n").unwrap(), None);
    assert_eq!(old.get::<Option<u8>>("absent").unwrap(), None);
    assert_eq!(
        old.get::<Vec<Option<u8>>>("list").unwrap(),
        [None, Some(1), None]
    );
    assert_eq!(
        old.get::<u8>("n").unwrap_err().kind(),
        ValueErrorKind::OtherType
    );
    assert_eq!(
        old.get::<u8>("absent").unwrap_err().kind(),
        ValueErrorKind::Missing
    );
    assert_eq!(
        old.get::<Option<u8>>("list").unwrap_err().kind(),
        ValueErrorKind::OtherType
    );
}

#[test]
fn lists_and_maps_are_given_whole() {
    let old = session("collections");
    let map: BTreeMap<String, i32> = [("a".into(), 1), ("b".into(), -2)].into();
    assert_eq!(old.get::<BTreeMap<String, i32>>("msi").unwrap(), map);
    let map: HashMap<i8, &str> = [(-1, "x")].into();
    assert_eq!(old.get::<HashMap<i8, &str>>("mis").unwrap(), map);
    assert_eq!(old.get::<Vec<i8>>("arr").unwrap(), [1, 0, -1]);
    assert_eq!(
        old.get::<Vec<Vec<&str>>>("nest").unwrap(),
        [vec!["a"], vec![], vec!["b", "c"]]
    );
    assert_eq!(old.get::<Vec<u8>>("ints").unwrap(), [1, 2]);
    assert_eq!(old.get::<Vec<f32>>("f32s").unwrap(), [0.5]);
    assert_eq!(old.get::<Vec<Value>>("empty").unwrap(), []);
    assert_eq!(old.get::<Vec<&Value>>("iarr").unwrap().len(), 2);
    assert_eq!(
        old.get::<Vec<i8>>("nest").unwrap_err().to_string(),
        "`nest` holds a list where an integer was asked for"
    );
}

#[test]
fn structs_are_read_field_by_field_with_their_zeros() {
    let old = session("people");
    let people = old.get::<Vec<&Struct>>("ps").unwrap();
    let [ann, nobody, last] = people.as_slice() else {
        panic!("{old:?}");
    };
    assert_eq!(ann.get::<i32>("Age").unwrap(), -30);
    assert_eq!(ann.get::<Vec<u8>>("Digest").unwrap(), [1, 2, 3, 0]);
    assert_eq!(
        ann.get::<&Struct>("Home")
            .unwrap()
            .get::<&str>("Zip")
            .unwrap(),
        "01234"
    );
    assert_eq!(last.get::<&str>("Last").unwrap(), "z");

    assert_eq!(nobody.get::<u32>("Logins").unwrap(), 0);
    assert!(!nobody.get::<bool>("Admin").unwrap());
    assert_eq!(nobody.get::<Vec<String>>("Tags").unwrap(), [""; 0]);
    assert!(nobody.get::<Option<&Struct>>("Work").unwrap().is_none());
    assert!(
        nobody
            .get::<Option<std::time::SystemTime>>("Born")
            .unwrap()
            .is_none()
    );
    assert_eq!(
        nobody.get::<u8>("age").unwrap_err().kind(),
        ValueErrorKind::Missing
    );
    let names: Vec<&str> = nobody.fields().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 18);
    assert_eq!(names[..3], ["First", "Last", "Age"]);
}

#[test]
fn an_error_within_a_struct_of_ones_own_names_the_way_to_it() {
    #[derive(Debug)]
    struct Point;
    impl FromValue<'_> for Point {
        fn from_value(value: &Value) -> Result<Self, ValueError> {
            value.get::<f64>("X")?;
            value.get::<u8>("Y")?;
            Ok(Self)
        }
    }
    let old = session("pointers");
    let geo = old.value("a").unwrap().get::<Point>("Geo").unwrap_err();
    assert_eq!(
        geo.to_string(),
        "`Geo.Y` holds a float where an integer was asked for"
    );
}

#[test]
fn flashes_come_in_order_and_of_any_type() {
    let old = session("flashes");
    let flashes: Vec<&Value> = old.flashes().unwrap();
    assert_eq!(flashes.len(), 4);
    assert_eq!(flashes[0], &Value::Str("saved".into()));
    assert_eq!(flashes[1], &Value::Int(7));
    assert!(matches!(flashes[2], Value::Struct(point) if point.name() == "main.Point"));
    assert!(matches!(flashes[3], Value::Struct(address) if address.name() == "*main.Address"));
    assert!(old.flashes::<String>().is_err());
    assert_eq!(old.flashes_under::<String>("mine").unwrap(), [""; 0]);
}

#[test]
fn types_that_write_themselves_are_bytes_and_times_are_times() {
    let old = session("encoders");
    assert_eq!(old.get::<Vec<u8>>("packed").unwrap(), [1, 2, 0xff]);
    let Some(Value::Opaque(secret)) = old.value("secret") else {
        panic!("{old:?}");
    };
    assert_eq!(secret.name(), "main.Secret");
    assert_eq!(secret.bytes(), b"gob:x");
    assert_eq!(format!("{secret:?}"), "main.Secret(..)");

    let times = session("times");
    assert_eq!(
        times.get::<std::time::SystemTime>("utc").unwrap(),
        UNIX_EPOCH + Duration::new(1_795_253_728, 123_456_789)
    );
    let visit = session("behind pointers");
    let visit = visit.get::<&Struct>("v").unwrap();
    assert!(visit.get::<std::time::SystemTime>("At").is_ok());
}
