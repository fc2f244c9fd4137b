use sessions::{Origin, Schema as _, SessionData};

use crate::visitor::Visitor;

#[derive(SessionData)]
#[session(name = "cart")]
struct CartV1 {
    names: Vec<String>,
}

#[derive(SessionData)]
#[session(name = "cart", version = 2, previous = CartV1)]
struct CartV2 {
    items: Vec<String>,
    coupon: Option<String>,
}

impl From<CartV1> for CartV2 {
    fn from(old: CartV1) -> Self {
        Self {
            items: old.names,
            coupon: None,
        }
    }
}

#[derive(SessionData)]
#[session(name = "cart", version = 5, previous = CartV2)]
struct CartV5 {
    count: usize,
}

impl From<CartV2> for CartV5 {
    fn from(old: CartV2) -> Self {
        Self {
            count: old.items.len(),
        }
    }
}

#[actix_web::test]
async fn data_goes_through_the_whole_chain_of_versions() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<CartV1>(|cart| cart.names_mut().push("a".to_owned()))
        .await;
    visitor
        .visit::<CartV5>(|cart| {
            assert!(!cart.is_new());
            assert_eq!(cart.count(), 1);
            cart.set_count(2);
        })
        .await;
    visitor
        .visit::<CartV5>(|cart| assert_eq!(cart.count(), 2))
        .await;
}

#[actix_web::test]
async fn old_code_rejects_data_of_a_newer_version() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<CartV2>(|cart| cart.set_coupon("SUMMER"))
        .await;
    let cookie_set = visitor
        .visit::<CartV1>(|cart| {
            assert!(matches!(cart.origin(), Origin::Rejected(_)));
            assert!(cart.names().is_empty());
        })
        .await;
    assert!(!cookie_set);
    visitor
        .visit::<CartV2>(|cart| assert_eq!(cart.coupon().as_deref(), Some("SUMMER")))
        .await;
}

#[derive(SessionData)]
#[session(name = "basket")]
struct Before {
    kept: String,
    renamed: String,
}

#[derive(SessionData)]
#[session(name = "basket")]
struct After {
    kept: String,
    #[session(key = "r", alias = "renamed")]
    better: String,
    #[session(default = 9)]
    added: u8,
}

#[actix_web::test]
async fn old_and_new_code_keep_each_other_s_fields() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Before>(|basket| {
            basket.set_kept("k");
            basket.set_renamed("r");
        })
        .await;
    visitor
        .visit::<After>(|basket| {
            assert_eq!(*basket.better(), "r", "read from its alias");
            assert_eq!(basket.added(), 9, "absent, so the default");
            basket.set_added(10);
        })
        .await;
    visitor
        .visit::<Before>(|basket| {
            assert_eq!(*basket.renamed(), "", "written under its new key");
            basket.set_kept("changed");
        })
        .await;
    visitor
        .visit::<After>(|basket| {
            assert_eq!(*basket.kept(), "changed");
            assert_eq!(*basket.better(), "r");
            assert_eq!(basket.added(), 10, "the old code wrote it back");
        })
        .await;
}

#[derive(SessionData)]
#[session(name = "kinds")]
struct AsText {
    value: String,
}

#[derive(SessionData)]
#[session(name = "kinds")]
struct AsNumber {
    value: u32,
}

#[actix_web::test]
async fn a_value_of_another_kind_is_rejected() {
    let mut visitor = Visitor::new();
    visitor.visit::<AsText>(|text| text.set_value("one")).await;
    visitor
        .visit::<AsNumber>(|number| {
            assert!(matches!(number.origin(), Origin::Rejected(_)));
            assert_eq!(number.value(), 0);
        })
        .await;
}

#[derive(SessionData)]
struct HTTPState {}

#[test]
fn name_and_version_have_defaults() {
    assert_eq!(HTTPState::NAME, "http-state");
    assert_eq!(HTTPState::VERSION, 1);
    assert_eq!(CartV5::NAME, "cart");
    assert_eq!(CartV5::VERSION, 5);
}
