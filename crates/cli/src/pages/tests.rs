//! The pages in `docs/catalogue` against the entries they were made from: no run, only their stamps and links.

use super::index::index;
use super::stamp::{Stamp, of_files};
use crate::catalogue;
use std::path::PathBuf;

/// Largest picture, bytes.
const LARGEST: u64 = 150_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/catalogue")
}

fn page(id: &str) -> String {
    let again = format!("`remission catalogue pages {id} --out docs/catalogue` writes it");
    std::fs::read_to_string(folder().join(format!("{id}.md")))
        .unwrap_or_else(|e| panic!("the entry `{id}` has no page docs/catalogue/{id}.md ({e}); {again}"))
}

fn entries() -> Vec<String> {
    catalogue::ids().into_iter().filter(|id| !id.contains('/')).collect()
}

#[test]
fn every_entry_has_a_page_that_was_made_from_its_files() {
    for id in entries() {
        let stamp = Stamp::of(&page(&id)).unwrap_or_else(|| panic!("docs/catalogue/{id}.md has no stamp"));
        assert_eq!(stamp.id, id);
        assert_eq!(
            stamp.files,
            of_files(&id),
            "docs/catalogue/{id}.md was made from other files than catalogue/{id} holds now; renew it: \
             remission catalogue pages {id} --out docs/catalogue"
        );
        let study = crate::load::load(&id).unwrap_or_else(|e| panic!("{}", e.message)).study;
        assert_eq!(
            stamp.patients,
            study.unwrap().patients,
            "{id}: pages of the catalogue are made at the study's own size"
        );
    }
}

#[test]
fn no_page_is_left_of_an_entry_that_is_gone_and_the_index_lists_all() {
    let stamps: Vec<Stamp> = entries().iter().filter_map(|id| Stamp::of(&page(id))).collect();
    let found = std::fs::read_to_string(folder().join("README.md")).unwrap();
    assert!(
        found == index(&stamps),
        "docs/catalogue/README.md is not that of the pages; any `remission catalogue pages ID` writes it"
    );
    for file in std::fs::read_dir(folder()).unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let id = name.trim_end_matches(".md");
        assert!(name == "README.md" || entries().iter().any(|e| e == id), "docs/catalogue/{name} belongs to no entry");
    }
}

#[test]
fn what_pages_link_to_is_there_and_small_enough() {
    for id in entries() {
        let text = page(&id);
        for target in text.split("](").skip(1).filter_map(|t| t.split_once(')')).map(|t| t.0) {
            if !target.contains("://") {
                let file = folder().join(target);
                assert!(file.exists(), "docs/catalogue/{id}.md links to {target}, which is not there");
            }
        }
        for file in std::fs::read_dir(folder().join(&id)).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            assert!(text.contains(&format!("]({id}/{name})")), "{id}/{name} is in no page");
            let bytes = file.metadata().unwrap().len();
            assert!(bytes <= LARGEST, "{id}/{name} has {bytes} bytes, more than {LARGEST}");
        }
    }
}

#[test]
fn a_stamp_comes_back_whatever_it_says() {
    let stamp =
        Stamp { id: "a".into(), answer: "x --> y <!-- \"z\" \\u002d".into(), title: "---".into(), ..Stamp::default() };
    let text = format!("a page <!-- remission catalogue pages: no -->\n{}", stamp.written());
    assert_eq!(text.matches("-->").count(), 2);
    assert_eq!(Stamp::of(&text), Some(stamp));
    assert_eq!(Stamp::of("a page"), None);
}
