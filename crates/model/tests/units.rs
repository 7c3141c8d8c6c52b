//! Units against each other, as they are defined: prefixes, the week, the litre, the molar. Every symbol stands in some identity.

use remission_model::units::{quantity, unit_names};

/// What is the same, in pairs.
const SAME: [(&str, &str); 47] = [
    ("60 s", "1 min"),
    ("1 minute", "1 min"),
    ("2 minutes", "2 min"),
    ("60 min", "1 h"),
    ("1 hour", "1 h"),
    ("2 hours", "2 h"),
    ("24 h", "1 day"),
    ("1 d", "1 day"),
    ("2 days", "2 d"),
    ("7 days", "1 week"),
    ("2 weeks", "14 days"),
    ("1 year", "365.25 days"),
    ("12 months", "1 year"),
    ("12 month", "1 years"),
    ("1 cell", "1 cells"),
    ("1 kg", "1000 g"),
    ("1 g", "1000 mg"),
    ("1 mg", "1000 ug"),
    ("1 ug", "1000 ng"),
    ("1 ng", "1000 pg"),
    ("1 mol", "1000 mmol"),
    ("1 mmol", "1000 umol"),
    ("1 umol", "1000 nmol"),
    ("1 nmol", "1000 pmol"),
    ("1 M", "1 mol/L"),
    ("1 mM", "1 mmol/L"),
    ("1 uM", "1 umol/L"),
    ("1 nM", "1 nmol/L"),
    ("1 pM", "1 pmol/L"),
    ("1 m", "100 cm"),
    ("1 dm", "10 cm"),
    ("1 cm", "10 mm"),
    ("1 mm", "1000 um"),
    ("1 L", "1 dm^3"),
    ("1 mL", "1 cm^3"),
    ("1 uL", "1 mm^3"),
    ("1 L", "10 dL"),
    ("1 dL", "100 mL"),
    ("1 mL", "1000 uL"),
    ("100 %", "1"),
    ("1 Gy", "1 Gy"),
    ("1 /h", "24 /day"),
    ("1 L/h", "24 L/day"),
    ("1 ng/mL", "1 ug/L"),
    ("1 cells/uL", "1e6 cells/L"),
    ("1 mg h/L", "0.001 g h L^-1"),
    ("1 mg/kg", "1e-6"),
];

#[test]
fn units_are_as_they_are_defined() {
    for (a, b) in SAME {
        let (x, y) = (quantity(a).unwrap(), quantity(b).unwrap());
        assert_eq!(x.unit.dimension, y.unit.dimension, "{a} and {b}");
        assert!((x.value / y.value - 1.0).abs() < 1e-12, "{a} is {}, {b} is {}", x.value, y.value);
    }
    for name in unit_names() {
        let words = |text: &str| text.split([' ', '/']).any(|w| w.trim_end_matches(['^', '3', '-', '1']) == name);
        assert!(SAME.iter().any(|(a, b)| words(a) || words(b)), "{name} stands nowhere");
    }
}
