//! `catalogue pages` from outside: what it writes, what it takes away, and what it refuses.

use std::fs;
use std::process::{Command, Output};

fn pages(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(["catalogue", "pages"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_page_has_its_pictures_and_the_index_lists_the_pages_that_are_there() {
    let out = std::env::temp_dir().join(format!("remission-pages-{}", std::process::id()));
    let _ = fs::remove_dir_all(&out);
    let id = "hodgkin-cart-rechallenge";
    let folder = out.join(id);
    fs::create_dir_all(&folder).unwrap();
    // A picture of an older page goes, what somebody else put there stays.
    fs::write(folder.join("swimmer.svg"), "<svg/>").unwrap();
    fs::write(folder.join("mine.txt"), "mine").unwrap();
    let shown = out.to_str().unwrap();
    let ran = pages(&[id, "--out", shown, "--patients", "3"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let page = fs::read_to_string(out.join(format!("{id}.md"))).unwrap();
    let parts = [
        "# HDLM-2",
        "## Answer",
        "## Published numbers",
        "## Pictures",
        "## Where the numbers come from",
        "## What is assumed",
        "## Commands",
    ];
    let places: Vec<usize> =
        parts.iter().map(|p| page.find(p).unwrap_or_else(|| panic!("no `{p}` in {page}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("3 runs an arm") && page.contains("\"patients\":3"));
    for picture in ["burden", "levels", "exposure", "map"] {
        assert!(page.contains(&format!("]({id}/{picture}.svg)")), "{picture}");
        let svg = fs::read_to_string(folder.join(format!("{picture}.svg"))).unwrap();
        assert!(
            svg.starts_with("<svg")
                && svg.contains("xmlns=")
                && svg.contains("fill=\"#ffffff\"")
                && !svg.contains("<script")
        );
    }
    assert!(!folder.join("swimmer.svg").exists() && folder.join("mine.txt").exists());
    let index = fs::read_to_string(out.join("README.md")).unwrap();
    assert_eq!(index.matches(".md) |").count(), 1, "{index}");
    // The same files and seed give the same page.
    let again = pages(&[id, "--out", shown, "--patients", "3"]);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(fs::read_to_string(out.join(format!("{id}.md"))).unwrap(), page);
    let _ = fs::remove_dir_all(&out);
}

#[test]
fn variants_strangers_and_files_in_the_way_are_refused() {
    let refused = |arguments: &[&str], says: &str| {
        let ran = pages(arguments);
        let said = text(&ran.stderr);
        assert!(ran.status.code() == Some(1) && said.contains(says) && ran.stdout.is_empty(), "{arguments:?}: {said}");
    };
    refused(&["tnbc/adc", "--out", "nowhere"], "name the entry: tnbc");
    refused(&["tnbk", "--out", "nowhere"], "did you mean tnbc");
    let file = std::env::temp_dir().join(format!("remission-pages-file-{}", std::process::id()));
    fs::write(&file, "mine").unwrap();
    refused(&["tnbc", "--out", file.to_str().unwrap()], "exists and is not a folder");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let _ = fs::remove_file(&file);
}
