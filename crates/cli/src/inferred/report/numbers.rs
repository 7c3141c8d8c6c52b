//! Numbers as a reader takes them in: as many digits as the interval bears, powers of ten where zeros would hide them, words
//! where there is no number. What must keep every bit (JSON, CSV) does not pass here.

use crate::report::words::power_of_ten;
use remission_infer::answer::{Estimate, Said};
use remission_infer::verdict::unrounded;

/// Numbers with so many significant digits, with zeros at the end of a fraction or without.
pub use remission_infer::words::{shortest as short, significant};

/// Digits that an estimate with this interval deserves: three, and more where the interval is narrow beside its value.
pub fn digits(value: f64, ci95: Option<(f64, f64)>) -> usize {
    let Some((low, high)) = ci95.filter(|(l, h)| l.is_finite() && h.is_finite() && h > l) else { return 3 };
    let most = value.abs().max(low.abs()).max(high.abs());
    let share = most / (high - low);
    if share.is_finite() && share > 1.0 { ((libm::log10(share) + 2.0).ceil() as usize).clamp(3, 12) } else { 3 }
}

/// What is said of a day to come that no forecast reaches.
const LATER: &str = "not within the forecast";

/// Whether an end of an estimate is a time after all that was forecast.
fn later(e: &Estimate, x: f64) -> bool {
    x == f64::INFINITY && e.how.contains("forecast")
}

/// The point of an estimate.
pub fn point(e: &Estimate) -> String {
    if later(e, e.value) {
        return LATER.to_owned();
    }
    significant(e.value, digits(e.value, e.ci95))
}

/// Its interval: `2.45 to 4.10`, `2.45 and above`, `up to 4.10`, `no bound`, `not known`.
pub fn interval(e: &Estimate) -> String {
    let Some((low, high)) = e.ci95.filter(|(l, h)| !l.is_nan() && !h.is_nan()) else { return "not known".to_owned() };
    let write = |x: f64| significant(x, digits(e.value, e.ci95));
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{} to {}", write(low), write(high)),
        (true, false) => format!("{} and above", write(low)),
        (false, false) if later(e, low) => LATER.to_owned(),
        (false, true) => format!("up to {}", write(high)),
        (false, false) => "no bound".to_owned(),
    }
}

/// A probability in per cent; what is nearly certain or nearly excluded is not rounded to certainty, nor what is no verdict to one.
pub fn probability(p: f64) -> String {
    let percent = 100.0 * unrounded(p);
    if !percent.is_finite() {
        "not known".to_owned()
    } else if p > 0.0 && p < 0.001 {
        "< 0.1 %".to_owned()
    } else if p > 0.999 && p < 1.0 {
        "> 99.9 %".to_owned()
    } else if (10.0..94.5).contains(&percent) || (percent - percent.round()).abs() < 1e-9 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// The same in a sentence, where the sign stays with its number.
pub fn in_text(p: f64) -> String {
    probability(p).replace(' ', "\u{a0}")
}

/// A p-value with two digits; one that fell under the smallest number says so.
pub fn p_value(p: f64) -> String {
    if p == 0.0 { "< 1e-300".to_owned() } else { short(p, 2) }
}

/// A log evidence with its standard error: `-53.27 ± 0.02`. Two decimals tell explanations apart; a number with more digits
/// than that is written as a power of ten.
pub fn evidence(log_evidence: f64, error: f64) -> String {
    let number = match log_evidence {
        l if l == f64::NEG_INFINITY => return "impossible".to_owned(),
        l if !l.is_finite() => return "not known".to_owned(),
        l if l.abs() < 1e7 => format!("{l:.2}"),
        l => short(l, 6),
    };
    if error.is_finite() && error > 0.0 { format!("{number} ± {}", short(error, 2)) } else { number }
}

/// What is said of a computation, in one piece.
pub fn said(said: &Said) -> String {
    match said {
        Said::Number(x) => short(*x, 4),
        Said::Text(text) => text.clone(),
        Said::Flag(true) => "yes".to_owned(),
        Said::Flag(false) => "no".to_owned(),
        Said::Numbers(all) if all.is_empty() => "none".to_owned(),
        Said::Numbers(all) if all.len() > 6 => {
            let known: Vec<f64> = all.iter().copied().filter(|x| !x.is_nan()).collect();
            let (low, high) = known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
            match known.is_empty() {
                true => format!("{} values, none known", all.len()),
                false => format!("{} values from {} to {}", all.len(), short(low, 4), short(high, 4)),
            }
        }
        Said::Numbers(all) => all.iter().map(|x| short(*x, 4)).collect::<Vec<_>>().join(", "),
    }
}

/// Numbers as a page shows them: `1.23 × 10⁻⁸` for `1.23e-8`, and a minus that is one.
pub fn pretty(text: &str) -> String {
    let number = |word: &str| -> Option<String> {
        word.parse::<f64>().ok().filter(|x| x.is_finite())?;
        let (body, power) = word.split_once('e').unwrap_or((word, "0"));
        let body = body.replace('-', "\u{2212}");
        let exponent: i32 = power.parse().ok()?;
        Some(if exponent == 0 { body } else { format!("{body}\u{a0}×\u{a0}{}", power_of_ten(exponent)) })
    };
    text.split(' ').map(|word| number(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}

/// A name as it stands in one line: ends of lines and other controls are seen and not obeyed.
pub fn one_line(text: &str) -> String {
    let spaces = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
    text.chars().map(spaces).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, ci95: Option<(f64, f64)>) -> Estimate {
        Estimate { name: "m".into(), value, ci95, unit: String::new(), how: String::new() }
    }

    #[test]
    fn digits_follow_the_interval() {
        let cases = [
            (3.21459, Some((2.449, 4.1)), "3.21", "2.45 to 4.10"),
            (1234.5678, Some((1234.1, 1235.0)), "1234.57", "1234.10 to 1235.00"),
            (1.234e-8, Some((9.0e-9, 1.6e-8)), "1.23e-8", "9.00e-9 to 1.60e-8"),
            (0.0, Some((0.0, 3.7e-9)), "0", "0 to 3.70e-9"),
            (12345.6, None, "12346", "not known"),
            (2.0, Some((1.0, f64::INFINITY)), "2.00", "1.00 and above"),
            (2.0, Some((f64::NEG_INFINITY, 4.0)), "2.00", "up to 4.00"),
            (2.0, Some((f64::NEG_INFINITY, f64::INFINITY)), "2.00", "no bound"),
            (f64::NAN, Some((f64::NAN, 4.0)), "not known", "not known"),
            (999.96, None, "1000", "not known"),
            (5e-324, Some((0.0, 1.7e308)), "4.94e-324", "0 to 1.70e308"),
        ];
        for (value, ci95, point_text, interval_text) in cases {
            let e = estimate(value, ci95);
            assert_eq!((point(&e).as_str(), interval(&e).as_str()), (point_text, interval_text));
        }
    }

    #[test]
    fn a_day_after_the_forecast_is_said_in_words() {
        let how = "draws from the forecast".to_owned();
        let late = Estimate { how, ..estimate(f64::INFINITY, Some((126.0, f64::INFINITY))) };
        assert_eq!((point(&late).as_str(), interval(&late).as_str()), ("not within the forecast", "126 and above"));
        let never = Estimate { ci95: Some((f64::INFINITY, f64::INFINITY)), ..late };
        assert_eq!(interval(&never), "not within the forecast");
        assert_eq!(point(&estimate(f64::INFINITY, None)), "infinite");
    }

    #[test]
    fn nearly_certain_is_not_certain() {
        let cases =
            [(0.0, "0 %"), (1e-9, "< 0.1 %"), (0.0312, "3.1 %"), (0.5, "50 %"), (0.95, "95 %"), (0.9497, "94.9 %")];
        for (p, text) in cases.into_iter().chain([
            (0.94952, "94.9 %"),
            (0.94999999, "94.9 %"),
            (0.95, "95 %"),
            (0.99999, "> 99.9 %"),
            (1.0, "100 %"),
            (f64::NAN, "not known"),
        ]) {
            assert_eq!(probability(p), text);
        }
    }

    #[test]
    fn evidence_has_two_decimals_and_its_error() {
        let cases = [(-53.271, 0.02, "-53.27 ± 0.02"), (-53.271, 0.0, "-53.27"), (-1e300, f64::NAN, "-1e300")];
        for (l, error, text) in
            cases.into_iter().chain([(f64::NEG_INFINITY, 1.0, "impossible"), (f64::NAN, 1.0, "not known")])
        {
            assert_eq!(evidence(l, error), text);
        }
        assert_eq!((p_value(0.0), p_value(0.0451)), ("< 1e-300".into(), "0.045".into()));
    }

    #[test]
    fn powers_of_ten_are_written_out_and_words_are_left() {
        assert_eq!(pretty("1.23e-8 and above"), "1.23\u{a0}×\u{a0}10⁻⁸ and above");
        assert_eq!(pretty("infinite e5 line -0.5 a-1"), "infinite e5 line \u{2212}0.5 a-1");
        assert_eq!(
            [short(1.5e-9, 4), short(2.0, 4), short(1200.0, 3), short(f64::INFINITY, 3)].join(" "),
            "1.5e-9 2 1200 infinite"
        );
    }
}
