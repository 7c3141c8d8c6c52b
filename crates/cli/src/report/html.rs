//! Small pieces of HTML: escaped text, tables that carry their own CSV, and the hash that a strict policy asks for.
//!
//! A table is written once, as HTML. The page's script turns it into CSV by reading its cells; where the CSV must
//! say something else than the page does (a neutralised text, an empty cell for "not reached"), the cell carries
//! it in `data-csv`. So the rule about text cells lives here and not in the script.

use sha2::{Digest, Sha256};

/// Text as it may stand in HTML, in an attribute as well as between tags.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no place in HTML; a NUL would even be replaced by the reader.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What a spreadsheet may take for the beginning of a formula; some turn the wide forms into the narrow ones.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A text cell of a CSV file that no spreadsheet takes for a formula: an apostrophe goes before what begins with one of
/// [`FORMULA`], and before apostrophes that precede one. So every cell can be turned back: an apostrophe that stands before
/// such a beginning, other apostrophes between them or not, is taken off. What is not seen in front of it, such as a mark that turns
/// the direction of writing, is no protection and counts as an apostrophe does.
pub fn csv_text(text: &str) -> String {
    match text.trim_start_matches(|c| c == '\'' || is_unseen(c)).starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// Controls, and the characters of Unicode that only tell how others are written.
fn is_unseen(c: char) -> bool {
    let formats = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    let in_rows = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    !FORMULA.contains(&c) && (c.is_control() || formats.contains(&c) || in_rows)
}

/// One cell of a [`Table`].
pub enum Cell<'a> {
    /// Words: escaped, and neutralised in the CSV.
    Text(&'a str),
    /// A count.
    Count(usize),
    /// A number, printed by [`number`]; nothing is "not reached", and empty in the CSV.
    Number(Option<f64>),
    /// What the page shows and what the CSV holds, which is a number and stays as it is.
    Exact(&'a str, &'a str),
}

/// A table with a download button.
pub struct Table {
    id: String,
    caption: String,
    head: String,
    rows: String,
    count: usize,
}

impl Table {
    /// An empty table; `columns` are (as shown, as named in the CSV).
    pub fn new(id: &str, caption: &str, columns: &[(&str, &str)]) -> Self {
        let head = columns
            .iter()
            .map(|(shown, csv)| format!("<th scope=col data-csv=\"{}\">{}", escape(csv), escape(shown)))
            .collect();
        Table { id: escape(id), caption: escape(caption), head, rows: String::new(), count: 0 }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[Cell]) {
        self.rows.push_str("<tr>");
        for cell in cells {
            match cell {
                Cell::Text(text) => {
                    let safe = csv_text(text);
                    if safe == *text {
                        self.rows.push_str(&format!("<td>{}", escape(text)));
                    } else {
                        self.rows.push_str(&format!("<td data-csv=\"{}\">{}", escape(&safe), escape(text)));
                    }
                }
                Cell::Count(n) => self.rows.push_str(&format!("<td>{n}")),
                Cell::Number(Some(x)) if x.is_finite() => self.rows.push_str(&format!("<td>{}", number(*x))),
                Cell::Number(_) => self.rows.push_str("<td data-csv=\"\">not reached"),
                Cell::Exact(shown, csv) => {
                    self.rows.push_str(&format!("<td data-csv=\"{}\">{}", escape(csv), escape(shown)));
                }
            }
        }
        self.count += 1;
    }

    /// True when no row was added.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The table with its button.
    pub fn html(&self) -> String {
        format!(
            "<div class=behind><p class=tablehead><span>{caption} ({count} {rows})</span> \
             <button type=button hidden data-table=\"{id}\">Download CSV</button></p>\
             <div class=scroll tabindex=0 role=region aria-label=\"{caption}\"><table id=\"{id}\"><thead><tr>{head}</thead>\
             <tbody>{body}</tbody></table></div></div>",
            caption = self.caption,
            count = self.count,
            rows = if self.count == 1 { "row" } else { "rows" },
            id = self.id,
            head = self.head,
            body = self.rows,
        )
    }
}

/// Tables folded away behind a picture.
pub fn behind(tables: &[Table]) -> String {
    let tables: String = tables.iter().filter(|t| !t.is_empty()).map(Table::html).collect();
    if tables.is_empty() {
        return String::new();
    }
    format!("<details><summary>The numbers</summary>{tables}</details>")
}

/// A number as a table prints it: at most four decimals, or four digits and a power of ten from a million on.
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "not reached".to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    if x.abs() >= 1e6 || x.abs() < 1e-3 {
        return format!("{x:.3e}");
    }
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `sha256-…` of a text, for the page's content security policy.
pub fn policy_hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| (w << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for k in 0..4 {
            if k <= chunk.len() {
                out.push(char::from(LETTERS[(word >> (18 - 6 * k)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("<b a='1'>\"&\0"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;\u{fffd}");
        assert_eq!(escape("µM ≥ 5 %"), "µM ≥ 5 %");
    }

    #[test]
    fn formulas_are_neutralised_and_numbers_are_not() {
        let bad = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}A",
            "'=1",
            "''-",
            "\u{202e}\u{ff1d}1",
            "\u{200b}=1",
            "\u{1}'\u{feff}@A",
        ];
        for bad in bad {
            assert_eq!(csv_text(bad), format!("'{bad}"));
        }
        for good in ["", "a=b", "1-2", " -1", "'", "it's", "'a'", "''"] {
            assert_eq!(csv_text(good), good);
        }
    }

    #[test]
    fn neutralised_words_can_be_turned_back() {
        let back = |cell: &str| match cell.strip_prefix('\'') {
            Some(rest) if rest.trim_start_matches(|c| c == '\'' || is_unseen(c)).starts_with(FORMULA) => {
                rest.to_owned()
            }
            _ => cell.to_owned(),
        };
        let pieces = ["'", "=", "-", "a", "\t", "\u{ff20}", " ", "\u{202e}"];
        for k in 0..pieces.len().pow(4) {
            let word: String = (0..4).map(|p| pieces[k / pieces.len().pow(p) % pieces.len()]).collect();
            assert_eq!(back(&csv_text(&word)), word);
            assert!(!csv_text(&word).starts_with(FORMULA));
        }
    }

    #[test]
    fn a_table_neutralises_words_and_no_numbers() {
        let mut table = Table::new("t", "c", &[("Arm", "arm"), ("Change", "change")]);
        table.row(&[Cell::Text("-arm"), Cell::Number(Some(-0.5))]);
        let html = table.html();
        assert!(html.contains("<td data-csv=\"&#39;-arm\">-arm<td>-0.5"), "{html}");
    }

    #[test]
    fn nothing_is_not_reached_and_empty_in_the_csv() {
        let mut table = Table::new("t", "c", &[("Median", "median")]);
        table.row(&[Cell::Number(None)]);
        table.row(&[Cell::Number(Some(f64::NAN))]);
        assert_eq!(table.html().matches("<td data-csv=\"\">not reached").count(), 2);
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(10.25), "10.25");
        assert_eq!(number(207_930.0), "207930");
        assert_eq!(number(1.25e12), "1.250e12");
        assert_eq!(number(0.000_25), "2.500e-4");
    }

    #[test]
    fn base64_agrees_with_the_vectors_of_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
