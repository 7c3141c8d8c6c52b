//! Why there is no answer for a treated arm, in words.

use super::read::Data;

/// Why no arm is treated: none of `arms` is, or the one that was `asked` for is not among those that are.
pub(super) fn not_treated(asked: Option<&str>, arms: &[&str], treated: &[&str]) -> String {
    match asked.filter(|_| !treated.is_empty()) {
        Some(arm) => format!(
            "`{arm}` is the baseline or untreated, and --arm names a treated arm; allowed: `{}`",
            treated.join("`, `")
        ),
        None => format!(
            "no treated arm among `{}`: each is the baseline or untreated; --baseline and --untreated say which are, and the others \
             are treated",
            arms.join("`, `")
        ),
    }
}

/// Why samples of `day` have no baseline of a later day, and which arms could be one.
pub(super) fn later(data: &Data, arm: &str, day: f64, baseline: f64) -> String {
    let mut first: Vec<String> = Vec::new();
    for s in data.samples.iter().filter(|s| s.time <= day && s.arm != arm) {
        let name = format!("`{}` (day {})", s.arm, s.time);
        if !first.contains(&name) {
            first.push(name);
        }
    }
    first.push(format!("`{arm}` itself, with another arm treated"));
    let could = first.join(", or ");
    format!(
        "the baseline is of day {baseline} and the last samples of the treated arm `{arm}` are of day {day}, which is before it; the \
         baseline is sequenced before the split: --baseline could name {could}"
    )
}
