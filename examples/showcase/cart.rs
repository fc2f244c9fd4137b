use actix_web::{
    HttpResponse, Responder,
    http::StatusCode,
    web::{Form, Redirect},
};
use serde::{Deserialize, Serialize};
use sessions::{Session, SessionData, SessionErrorKind};

use crate::{
    notices::{Notice, Notices},
    pages::{CartPage, ShelfPage, page},
    refusal::Refusal,
    stock::{SEEDS, Seed, price},
    visitor::Visitor,
};

/// What a browser has in its cart, whoever is logged in. It travels in a sealed cookie.
#[derive(SessionData)]
#[session(name = "cart")]
pub(crate) struct Cart {
    lines: Vec<Line>,
    /// For whoever packs the parcel.
    note: String,
}

/// So many packets of one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    seed: String,
    packets: u32,
}

impl Cart {
    pub(crate) fn packets(&self) -> u32 {
        self.lines.iter().map(|line| line.packets).sum()
    }

    /// What is in it, of what the shop still sells.
    fn content(&self) -> impl Iterator<Item = (&'static Seed, u32)> {
        let seed = |line: &Line| Some((Seed::find(&line.seed)?, line.packets));
        self.lines.iter().filter_map(seed)
    }

    fn add(&mut self, seed: &Seed) {
        match self.lines.iter_mut().find(|line| line.seed == seed.id) {
            Some(line) => line.packets = MOST.min(line.packets + 1),
            None => self.lines.push(Line {
                seed: seed.id.to_owned(),
                packets: 1,
            }),
        }
    }
}

/// Of one seed.
const MOST: u32 = 99;

pub(crate) async fn shelf(mut visitor: Visitor) -> Result<HttpResponse, Refusal> {
    let shelf = ShelfPage {
        frame: visitor.frame(),
        seeds: &SEEDS,
    };
    page(StatusCode::OK, &shelf)
}

pub(crate) async fn show(mut visitor: Visitor) -> Result<HttpResponse, Refusal> {
    let mut cents = 0;
    let mut lines = Vec::new();
    for (seed, packets) in visitor.cart.read().content() {
        let of_line = seed.cents * packets;
        cents += of_line;
        lines.push((seed, packets, price(of_line)));
    }
    let show = CartPage {
        frame: visitor.frame(),
        lines,
        total: price(cents),
        note: visitor.cart.note().clone(),
    };
    page(StatusCode::OK, &show)
}

#[derive(Deserialize)]
pub(crate) struct Add {
    seed: String,
}

/// Takes the two sessions that it changes, and no other: the login is not even looked up.
pub(crate) async fn add(
    mut cart: Session<Cart>,
    mut notices: Session<Notices>,
    form: Form<Add>,
) -> impl Responder {
    if let Some(seed) = Seed::find(&form.seed) {
        cart.write().add(seed);
        let text = format!("{} is in your cart.", seed.name);
        notices.push_notice(Notice::good(text));
    }
    Redirect::to("/").see_other()
}

#[derive(Deserialize)]
pub(crate) struct Note {
    note: String,
}

/// A note may be too long for a cookie, so this saves at once, and tells.
pub(crate) async fn write_note(
    mut cart: Session<Cart>,
    mut notices: Session<Notices>,
    form: Form<Note>,
) -> Result<impl Responder, Refusal> {
    let before = cart.note().clone();
    cart.set_note(form.into_inner().note);
    let notice = match cart.save().await {
        Ok(()) => Notice::good("We will read your note."),
        Err(error) if error.kind() == SessionErrorKind::TooLarge => {
            // Or it would be tried again when the response leaves.
            cart.set_note(before);
            Notice::bad("That note is too long, and was not kept.")
        }
        Err(error) => return Err(error.into()),
    };
    notices.push_notice(notice);
    Ok(Redirect::to("/cart").see_other())
}

pub(crate) async fn empty(
    mut cart: Session<Cart>,
    mut notices: Session<Notices>,
) -> impl Responder {
    cart.destroy();
    notices.push_notice(Notice::good("Your cart is empty."));
    Redirect::to("/cart").see_other()
}
