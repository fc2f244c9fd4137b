use sessions::{Schema as _, SessionData, merge};

/// Neither `Clone` nor `PartialEq`.
#[derive(Default, Debug, serde::Serialize, serde::Deserialize)]
struct Basket {
    articles: Vec<String>,
}

/// What either has, ours first.
fn both(base: Basket, ours: Basket, theirs: Basket) -> Basket {
    let mut articles = ours.articles;
    articles.extend(theirs.articles);
    for old in base.articles {
        articles.retain(|article| *article != old);
    }
    Basket { articles }
}

#[derive(SessionData, Debug)]
struct Visit {
    plain: u8,
    #[session(merge = merge::sum, default = 9)]
    points: u8,
    #[session(skip)]
    cache: Vec<u8>,
    #[session(merge = both)]
    basket: Basket,
    #[session(merge = merge::append)]
    bytes: Vec<u8>,
    #[session(merge = merge::max)]
    digest: [u8; 2],
}

fn visit(number: u8) -> Visit {
    Visit {
        plain: number,
        points: number,
        cache: vec![number],
        basket: Basket {
            articles: vec![number.to_string()],
        },
        bytes: vec![number],
        digest: [number, 0],
    }
}

#[test]
fn a_field_is_merged_by_its_function_and_by_the_place_of_its_key() {
    for (index, expected) in [
        (1, (7, vec!["2"], vec![2], [2, 0])),
        (2, (2, vec!["2", "6"], vec![2], [2, 0])),
        (3, (2, vec!["2"], vec![6, 2], [2, 0])),
        (4, (2, vec!["2"], vec![2], [6, 0])),
        // Without a function, and behind the last.
        (0, (2, vec!["2"], vec![2], [2, 0])),
        (5, (2, vec!["2"], vec![2], [2, 0])),
    ] {
        let [mut base, mut ours, mut theirs] = [1, 2, 6].map(visit);
        Visit::merge_field(index, &mut base, &mut ours, &mut theirs);
        assert_eq!((ours.plain, &*ours.cache), (2, &[2][..]));
        let articles = ours.basket.articles.iter().map(String::as_str).collect();
        assert_eq!((ours.points, articles, ours.bytes, ours.digest), expected);
    }
}
