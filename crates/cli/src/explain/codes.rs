//! Pages of the error codes, from `spec/errors.md` as it was when the program was built.

use super::page::Page;
use remission_model::Code;
use serde::Serialize;

const PAGES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/errors.md"));

/// The page of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodePage {
    /// `RM0401`.
    pub code: String,
    /// The fault in a few words.
    pub title: String,
    /// What it means.
    pub means: String,
    /// Lines that give it.
    pub example: String,
    /// What to do.
    pub repair: String,
}

/// All pages, in the order of their numbers.
pub fn pages() -> Vec<CodePage> {
    PAGES.split("\n## ").skip(1).filter_map(read).collect()
}

fn read(section: &str) -> Option<CodePage> {
    let (heading, body) = section.split_once('\n')?;
    let (code, title) = heading.split_once(": ")?;
    // A part of a file, or of a table of doses.
    let (means, rest) = body.split_once("```toml\n").or_else(|| body.split_once("```text\n"))?;
    let (example, rest) = rest.split_once("```")?;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(CodePage {
        code: code.into(),
        title: title.into(),
        means: words(means),
        example: example.trim_end().into(),
        repair: words(rest.trim().strip_prefix("Repair:")?),
    })
}

/// True when `what` was meant as a code: `RM0401`, `rm04`, `RM401`.
pub fn looks_like_code(what: &str) -> bool {
    let rest = what.get(2..).unwrap_or("x");
    what.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("rm"))
        && (1..=6).contains(&rest.len())
        && rest.chars().all(|c| c.is_ascii_digit())
}

/// The page of `code`, in any case.
pub fn page(code: &str) -> Option<CodePage> {
    pages().into_iter().find(|p| p.code.eq_ignore_ascii_case(code))
}

/// Codes near one that does not exist: those that begin like it, else those that differ by one digit left out, added,
/// changed or swapped.
pub fn near(code: &str) -> Vec<Code> {
    let asked = code.to_ascii_uppercase();
    let all = || Code::ALL.iter().copied();
    let begin: Vec<Code> = all().filter(|c| c.text().starts_with(&asked)).collect();
    if !begin.is_empty() {
        return begin;
    }
    let beside = |c: &Code| {
        let (a, b): (Vec<char>, Vec<char>) = (asked.chars().collect(), c.text().chars().collect());
        let without = |long: &[char], short: &[char]| {
            long.len() == short.len() + 1 && (0..long.len()).any(|k| [&long[..k], &long[k + 1..]].concat() == *short)
        };
        let differ: Vec<usize> =
            if a.len() == b.len() { (0..a.len()).filter(|&k| a[k] != b[k]).collect() } else { Vec::new() };
        let swapped = matches!(differ[..], [i, j] if j == i + 1 && a[i] == b[j] && a[j] == b[i]);
        without(&a, &b) || without(&b, &a) || differ.len() == 1 || swapped
    };
    // The same group first: its number is what is remembered.
    let mut found: Vec<Code> = all().filter(beside).collect();
    found.sort_by_key(|c| (c.text().get(..4) != asked.get(..4), c.text()));
    found.truncate(4);
    found
}

/// Prints a page.
pub fn print(p: &CodePage) -> String {
    let mut page = Page::for_terminal();
    page.heading(&format!("{}: {}", p.code, p.title));
    page.text(0, &p.means);
    page.gap();
    page.text(0, "For example:");
    page.gap();
    let mut out = page.finish();
    for line in p.example.lines() {
        out += format!("    {line}").trim_end();
        out.push('\n');
    }
    let mut page = Page::for_terminal();
    page.text(0, &format!("Repair: {}", p.repair));
    out + "\n" + &page.finish()
}

/// Prints all codes with their titles.
pub fn print_list() -> String {
    let mut page = Page::for_terminal();
    let rows: Vec<Vec<String>> = Code::ALL.iter().map(|c| vec![c.text().into(), c.title().into()]).collect();
    page.table(0, &rows, &[]);
    page.gap();
    page.text(0, "`remission explain CODE` says what one means and how to repair it.");
    page.finish()
}

/// The codes as indented lines.
pub fn lines(codes: &[Code]) -> String {
    codes.iter().map(|c| format!("    {}  {}\n", c.text(), c.title())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_whole_page_and_every_page_a_code() {
        let pages = pages();
        let found: Vec<(&str, &str)> = pages.iter().map(|p| (p.code.as_str(), p.title.as_str())).collect();
        let wanted: Vec<(&str, &str)> = Code::ALL.iter().map(|c| (c.text(), c.title())).collect();
        assert_eq!(found, wanted);
        for p in &pages {
            let whole = [&p.means, &p.example, &p.repair].iter().all(|text| text.len() > 5);
            assert!(whole, "{p:?}");
        }
        assert_eq!(PAGES.matches("\n## ").count(), Code::ALL.len(), "a section of errors.md cannot be read as a page");
    }

    #[test]
    fn a_mistyped_code_finds_its_neighbours() {
        let near = |c| near(c).into_iter().map(Code::text).collect::<Vec<_>>();
        assert!(near("rm0104").contains(&"RM0104"));
        assert!(near("RM401").contains(&"RM0401"));
        assert!(near("RM0499").is_empty() || near("RM0499").iter().all(|c| c.starts_with("RM04")));
        assert!(near("RM04").len() > 5 && near("RM04").iter().all(|c| c.starts_with("RM04")));
        assert!(near("RM0820").contains(&"RM0802"), "two digits swapped");
    }

    #[test]
    fn codes_are_told_from_paths() {
        for yes in ["RM0401", "rm0401", "Rm4"] {
            assert!(looks_like_code(yes), "{yes}");
        }
        for no in ["rm", "RM04a1", "room", "mine", "µm0401", "RM12345678"] {
            assert!(!looks_like_code(no), "{no}");
        }
    }
}
