//! What to do about a bare number.

use super::Finding;
use super::numbers::Number;

/// A number without a mark, as it is told.
pub fn finding(number: &Number, file: &str) -> Finding {
    let section = &number.section;
    let do_ = if number.literal_only {
        format!(
            "say where it comes from: source = {{ doi = \"10....\", where = \"Table 1\" }} or assumed = \"why\" in [{section}], for all \
             numbers written there"
        )
    } else {
        "give it a name at the end of [parameters], with source, fitted, or assumed and a prior, and write the name here".to_string()
    };
    Finding {
        file: file.to_string(),
        line: number.line,
        key: number.path.clone(),
        found: format!("the bare number {}", number.text),
        do_,
    }
}
