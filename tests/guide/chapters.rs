use syn::Item;

use crate::{
    page::Page,
    sources::{self, files},
};

/// The chapters: their names, and their pages.
pub(crate) fn chapters() -> Vec<(String, Page)> {
    let guide = sources::parsed("sessions/src/guide.rs");
    let chapters = guide.items.iter().filter_map(|item| match item {
        Item::Mod(chapter) => Some((chapter.ident.to_string(), Page::of(&chapter.attrs))),
        _ => None,
    });
    let chapters: Vec<_> = chapters.collect();
    assert!(chapters.len() > 10, "only {} chapters", chapters.len());
    chapters
}

#[test]
fn the_front_page_leads_to_every_chapter() {
    let links = Page::front().links();
    for (name, page) in chapters() {
        assert!(
            links.contains(&format!("guide::{name}")),
            "no link to the chapter {name}"
        );
        assert!(
            page.text.starts_with("# "),
            "the chapter {name} has no title"
        );
    }
}

#[test]
fn the_front_page_is_two_screens() {
    let lines = Page::front().text.lines().count();
    assert!(
        lines <= 85,
        "{lines} lines: move some of them into a chapter"
    );
}

#[test]
fn every_file_of_the_documentation_is_on_one_page() {
    let sources = files("sessions/src", "rs");
    for (path, _) in files("sessions/docs", "md") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let include = format!("docs/{name}\")");
        let times: usize = sources
            .iter()
            .map(|(_, text)| text.matches(&include).count())
            .sum();
        assert_eq!(times, 1, "{name}");
    }
}

#[test]
fn the_readme_leads_to_every_chapter() {
    let readme = sources::text("README.md");
    for (path, _) in files("sessions/docs", "md") {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            readme.contains(&format!("(sessions/docs/{name})")),
            "the README does not name {name}"
        );
    }
}
