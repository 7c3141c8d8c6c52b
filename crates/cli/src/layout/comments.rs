//! Where the comments of a TOML text are: `#` outside of strings, until the end of the line.

use std::ops::Range;

/// Spans of all comments, in order, without the line's end. `text` must be TOML.
pub fn comments(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
                let end = at + text[at..end].trim_end().len();
                out.push(at..end);
                at = end.max(at + 1);
            }
            quote @ (b'"' | b'\'') => at = string_end(bytes, at, quote),
            _ => at += 1,
        }
    }
    out
}

/// One past the end of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let escapes = quote == b'"';
    let long = bytes[at..].starts_with(&[quote; 3]);
    let mut k = at + if long { 3 } else { 1 };
    while k < bytes.len() {
        match bytes[k] {
            b'\\' if escapes => k += 2,
            b if b == quote && !long => return k + 1,
            b if b == quote && bytes[k..].starts_with(&[quote; 3]) => {
                // Up to two quotes may stand right before the end.
                let run = bytes[k..].iter().take_while(|b| **b == quote).count();
                return k + run.min(5);
            }
            _ => k += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::comments;

    #[test]
    fn a_hash_in_a_string_is_no_comment() {
        let text = "a = \"#1 \\\" #\" # one\nb = '#' #two\nc = \"\"\"\n# no \"\" \\\"\"\"\" # three\n# four \nd = ''''# no'''# five";
        let found: Vec<&str> = comments(text).into_iter().map(|c| &text[c]).collect();
        assert_eq!(found, ["# one", "#two", "# three", "# four", "# five"]);
    }
}
