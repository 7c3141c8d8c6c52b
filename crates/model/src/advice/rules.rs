//! Advice for rules of dose modification. A rule acts at visits and knows one condition: times and second conditions of
//! a prescription have no counterpart, and are not replaced by one.

use super::Stopped;
use crate::sentence::Piece;
use crate::units::number;

impl Stopped<'_, '_> {
    /// What to do about a rule that cannot be read, where that is known.
    pub(super) fn of_rule(&self) -> Option<String> {
        let (here, next) = (self.word(0), self.word(1));
        let number_word = match here.as_str() {
            "once" | "one" => Some(1),
            "twice" | "two" => Some(2),
            "thrice" | "three" => Some(3),
            "four" => Some(4),
            "five" => Some(5),
            _ => None,
        };
        if let Some(n) = number_word {
            let times = if n == 1 { "time" } else { "times" };
            return Some(match self.word(-1).as_str() {
                "most" => format!("write `at most {n} {times}`"),
                _ => format!("write `at most {n} {times}` at the end of the rule"),
            });
        }
        if self.word(-1) == "most" && self.number(0).is_none() || here == "every" {
            return Some("write `at most <n> times`; a rule acts at visits, and has no times of its own".into());
        }
        if let (true, Some(n), "most") = (here.is_empty(), self.number(-1), self.word(-2).as_str()) {
            return Some(format!("write `at most {} times`", number(n)));
        }
        if let (Some(n), "rises" | "rise" | "falls" | "fall") = (self.number(0), self.word(-1).as_str()) {
            return Some(format!("write `{} by {} % from baseline`", self.word(-1), number(n)));
        }
        if self.at == 0 && ["hold", "reduce", "stop"].contains(&here.as_str()) {
            return Some(format!("write `{here}`, in small letters"));
        }
        if matches!(self.pieces.get(self.at).map(|p| &p.0), Some(Piece::Dash)) {
            return Some("write the limit without a sign: what is compared is never below 0".into());
        }
        if here.is_empty() && self.word(-1) == "%" && self.at >= self.pieces.len() {
            return Some("write `from baseline` after the percentage".into());
        }
        let visits = self.pieces[self.at.min(self.pieces.len())..]
            .iter()
            .any(|p| matches!(p.0, Piece::Word("visits" | "visit")));
        if visits && here == "for" {
            return Some(
                "a rule acts at the visit at which its condition is met: leave `for` and what follows it out".into(),
            );
        }
        let said = match here.as_str() {
            "when" if self.at == 2 => "write the percentage before `when`: `reduce <drug> by <n> % when ...`",
            "back" => "`back to baseline` stands after `until`: write `falls by 50 % from baseline`, or a comparison",
            "increase" | "raise" | "double" | "escalate" => {
                "a rule holds, reduces or stops: plan other doses in `regimen`"
            }
            "=" => match next.as_str() {
                "<" => "for `=<` write `<=`",
                ">" => "for `=>` write `>=`",
                _ => "write `<=` or `>=`: a measurement is never exactly a number",
            },
            "==" => "write `<=` or `>=`: a measurement is never exactly a number",
            "≤" => "for `≤` write `<=`",
            "≥" => "for `≥` write `>=`",
            "below" | "under" if self.word(-1).starts_with("fall") => "write `<` for `falls below`",
            "above" | "over" if self.word(-1).starts_with("rise") => "write `>` for `rises above`",
            "below" | "under" | "less" => "write `<`",
            "above" | "over" | "exceeds" | "greater" | "more" | "higher" => "write `>`",
            "drops" | "drop" | "decreases" | "shrinks" | "declines" => "for a fall write `falls by 50 % from baseline`",
            "grows" | "increases" => "for a rise write `rises by 20 % from baseline`",
            "returns" | "recovers" => "write `back to baseline`",
            "nadir" => "compare with `baseline`: a rule does not know the smallest value so far",
            "if" | "whenever" => "write `when`",
            "and" => "a rule has one condition and one drug: keep one condition; a second drug is a second rule",
            "or" => "a rule has one condition: write two rules, one for each",
            "pause" | "interrupt" | "suspend" | "withhold" | "delay" => "write `hold <drug> when ...`",
            "discontinue" | "end" | "withdraw" | "terminate" => "write `stop <drug> when ...`",
            "lower" | "decrease" => "write `reduce <drug> by <n> % when ...`",
            "resume" | "restart" => "write `until` in the rule that holds: `hold <drug> when ... until ...`",
            "to" => "write by how much: `reduce <drug> by <n> % when ...`",
            "for" => "a hold ends by `until <condition>`, not after a time: leave `for` and what follows it out",
            "weekly" | "daily" | "monthly" | "every" => {
                return Some(format!("rules act at visits: leave `{here}` out"));
            }
            "until" => "only `hold` has an `until`: leave it out",
            "by" => "write `reduce <drug> by <n> % when ...`: the percentage stands before `when`",
            _ => "",
        };
        if !said.is_empty() {
            return Some(said.to_string());
        }
        // `by 25 when`
        let percentage = self.word(-2) == "by" && matches!(here.as_str(), "when" | "from" | "");
        let n = self.number(-1).filter(|_| percentage)?;
        Some(format!("write `{} %`", number(if n < 1.0 { 100.0 * n } else { n })))
    }
}
