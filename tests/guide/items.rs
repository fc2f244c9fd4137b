use std::collections::HashSet;

use syn::{Item, UseTree, Visibility};

use crate::{chapters::chapters, page::Page, sources};

/// What the crate exports: every name of its top level, with all features on.
fn exported() -> Vec<String> {
    let mut names = Vec::new();
    for item in sources::parsed("sessions/src/lib.rs").items {
        match item {
            Item::Mod(module) if is_public(&module.vis) && module.ident != "__private" => {
                names.push(module.ident.to_string());
            }
            Item::Use(import) if is_public(&import.vis) => leaves(&import.tree, &mut names),
            _ => {}
        }
    }
    assert!(names.len() > 80, "only {} names", names.len());
    names
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn leaves(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, names)),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        UseTree::Glob(_) => panic!("a glob hides what is exported"),
    }
}

#[test]
fn every_public_item_is_one_click_from_the_front_page() {
    let links = Page::front().links();
    let missing: Vec<_> = exported()
        .into_iter()
        // The chapters stand in a table of their own.
        .filter(|name| name != "guide" && !links.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "the front page does not name {missing:?}"
    );
}

#[test]
fn every_link_to_a_chapter_leads_to_one() {
    let chapters = chapters();
    let names: HashSet<String> = chapters
        .iter()
        .map(|(name, _)| format!("guide::{name}"))
        .collect();
    let pages = chapters.iter().map(|(_, page)| page);
    for page in pages.chain([&Page::front()]) {
        for link in page.links() {
            assert!(
                !link.starts_with("guide::") || names.contains(&link),
                "{link}"
            );
        }
    }
}
