//! What a handler asks of a session while it is being saved.

use actix_web::web;
use futures_util::future::join;
use sessions::{Session, test_util::Verb};

use crate::{
    attack_site::{Trouble, hold, open},
    engine::Engine,
    site::{Cart, show, told},
};

/// Begins a session, and asks for something else while the store is busy with that.
async fn meddle(
    mut cart: Session<Cart>,
    mut other: Session<Cart>,
    trouble: Trouble,
    deed: web::Path<String>,
) -> String {
    cart.items_mut().push("tea".to_owned());
    let held = hold(&trouble, Verb::Create);
    let (saved, ()) = join(cart.save(), async {
        held.reached(1).await;
        match deed.as_str() {
            "renew" => other.renew(),
            "forget" => other.forget_on_close(),
            "destroy" => other.destroy(),
            item => other.items_mut().push(item.to_owned()),
        }
        held.open();
    })
    .await;
    told(saved)
}

#[test]
fn what_is_asked_while_a_save_is_under_way_is_done_afterwards_and_ends_nothing() {
    let expected = [
        ("renew", "Loaded tea"),
        ("forget", "Loaded tea"),
        ("cup", "Loaded tea,cup"),
        ("destroy", "New "),
    ];
    for (deed, shown) in expected {
        let site = open(Engine::memory(), |app| {
            app.route("/meddle/{deed}", web::to(meddle))
                .route("/show", web::to(show));
        });
        let mut browser = site.browser();
        let reply = browser.get(&format!("/meddle/{deed}"));
        assert_eq!((reply.status, reply.text()), (200, "saved"), "{deed}");
        assert_eq!(browser.get("/show").text(), shown, "{deed}");
        assert_eq!(site.live().len(), usize::from(deed != "destroy"), "{deed}");
    }
}
