//! A page of text for a terminal: headings, wrapped paragraphs, and tables whose cells wrap.

/// Narrowest and widest page, columns.
const WIDTHS: (usize, usize) = (60, 100);
/// Longest word that a narrowing column keeps whole.
const LONGEST_WORD: usize = 24;

/// Text being laid out.
pub struct Page {
    out: String,
    width: usize,
}

impl Page {
    /// An empty page of `width` columns.
    pub fn new(width: usize) -> Page {
        Page { out: String::new(), width }
    }

    /// An empty page as wide as the terminal says it is (`COLUMNS`), within 60 to 100; 80 where it says nothing.
    pub fn for_terminal() -> Page {
        let said = std::env::var("COLUMNS").ok().and_then(|c| c.trim().parse::<usize>().ok());
        Page::new(said.unwrap_or(80).clamp(WIDTHS.0, WIDTHS.1))
    }

    /// The text. A title or a name may hold anything; a terminal must not obey it.
    pub fn finish(self) -> String {
        self.out.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
    }

    /// An empty line, unless there is one already.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading with a line under it.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.out += &format!("{text}\n{}\n", "-".repeat(text.chars().count()));
    }

    /// A paragraph, wrapped, `indent` columns in.
    pub fn text(&mut self, indent: usize, text: &str) {
        self.item(indent, "", text);
    }

    /// A paragraph after `mark`, its further lines under the first word after the mark.
    pub fn item(&mut self, indent: usize, mark: &str, text: &str) {
        let hang = indent + mark.chars().count();
        for (k, line) in wrap(text, self.width.saturating_sub(hang)).iter().enumerate() {
            let lead = if k == 0 { format!("{}{mark}", " ".repeat(indent)) } else { " ".repeat(hang) };
            self.out += format!("{lead}{line}").trim_end();
            self.out.push('\n');
        }
    }

    /// A line as it is.
    pub fn verbatim(&mut self, line: &str) {
        self.out += line.trim_end();
        self.out.push('\n');
    }

    /// Rows of cells; columns named in `right` are set to the right. Where the page is too narrow the widest columns wrap.
    pub fn table(&mut self, indent: usize, rows: &[Vec<String>], right: &[usize]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let longest = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(longest).collect();
        let words = |t: &str| t.split(' ').map(|w| w.chars().count()).max().unwrap_or(0);
        let longest_word = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| words(t)).max().unwrap_or(0);
        let word: Vec<usize> = (0..columns).map(|c| longest_word(c).min(LONGEST_WORD)).collect();
        let room = self.width.saturating_sub(indent + 2 * columns.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            // The widest column that has words to break gives way.
            let Some(widest) = (0..columns).filter(|&c| widths[c] > word[c]).max_by_key(|&c| widths[c]) else { break };
            widths[widest] -= 1;
        }
        for row in rows {
            let cells: Vec<Vec<String>> =
                widths.iter().enumerate().map(|(c, w)| wrap(row.get(c).map_or("", String::as_str), *w)).collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..lines {
                let mut text = " ".repeat(indent);
                for (c, cell) in cells.iter().enumerate() {
                    let part = cell.get(line).map_or("", String::as_str);
                    let pad = " ".repeat(widths[c].saturating_sub(part.chars().count()));
                    text += &if right.contains(&c) { format!("{pad}{part}  ") } else { format!("{part}{pad}  ") };
                }
                self.out += text.trim_end();
                self.out.push('\n');
            }
        }
    }
}

/// Lines of at most `width` columns, broken at spaces; a longer word has a line of its own. At least one line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push(String::new());
            length = 0;
        } else if length > 0 {
            lines.last_mut().expect("there is a line").push(' ');
            length += 1;
        }
        lines.last_mut().expect("there is a line").push_str(word);
        length += letters;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_the_page_unless_a_word_is() {
        let mut page = Page::new(30);
        page.heading("Cells");
        page.text(2, "a sentence that has to be broken into several lines of this page");
        page.table(
            2,
            &[vec!["arm with a very long name in it".into(), "0.1".into(), "doubles in 43 days".into()]],
            &[1],
        );
        let text = page.finish();
        assert!(text.lines().all(|l| l.chars().count() <= 30), "{text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains("broken into several lines of this page"), "{text}");
        assert_eq!(text.split_whitespace().filter(|w| *w == "doubles").count(), 1);
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let mut page = Page::new(80);
        page.text(0, "a\u{1b}[31mb\u{7}");
        assert_eq!(page.finish(), "a[31mb\n");
    }
}
