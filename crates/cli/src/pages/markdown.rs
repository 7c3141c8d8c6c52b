//! Text in Markdown: what a model says can neither break a table nor become markup.

/// Text in a line or a cell.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '`' | '[' | ']' | '\\' | '$' | '~' | '_' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text set as code, also in a cell.
pub fn code(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let fence = if line.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", line.replace('|', "\\|"))
}

/// A table: head and rows of finished Markdown.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|h| (*h).to_string()).collect();
    let rule: Vec<String> = head.iter().map(|_| "---".to_string()).collect();
    line(&head) + &line(&rule) + &rows.iter().map(|r| line(r)).collect::<String>() + "\n"
}

/// A paper as a link: `doi:10....` or an address; other text stays text.
pub fn paper(address: &str) -> String {
    let safe = |a: &str| !a.contains([' ', '(', ')', '<', '>', '"', '\n']);
    if let Some(doi) = address.strip_prefix("doi:").filter(|d| safe(d)) {
        return format!("[{}](https://doi.org/{doi})", plain(address));
    }
    match address.starts_with("https://") || address.starts_with("http://") {
        true if safe(address) => format!("<{address}>"),
        _ => plain(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_model_is_no_markup() {
        assert_eq!(plain("a | b <i>\n* [x](y) `z`"), "a \\| b &lt;i&gt; \\* \\[x\\](y) \\`z\\`");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(paper("doi:10.1/x"), "[doi:10.1/x](https://doi.org/10.1/x)");
        assert_eq!(paper("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(paper("https://a.org/b c"), "https://a.org/b c");
        assert_eq!(table(&["a", "b"], &[vec!["1".into(), "2".into()]]), "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n");
    }
}
