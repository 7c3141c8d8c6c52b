//! What to do about a number whose unit is missing or does not fit its key.
//!
//! The unit is the writer's to know: the units named are examples, two where two are usual, never a guess.

use crate::tree::short;
use crate::units::{Dimension, unit};

/// Units that are usual for a key, and for a dimension where the key has none of its own.
fn examples(path: &str, want: Dimension) -> &'static [&'static str] {
    let key = path.rsplit('.').next().unwrap_or_default();
    let of_key: &[&str] = match key {
        "half_life" | "lag" => &["min", "h"],
        "mean" => &["h", "days"],
        "clearance" | "flow" => &["L/h", "L/day"],
        "ka" | "ke0" | "elimination" => &["/h", "/day"],
        "blood" => &["mL", "L"],
        "background" if path.starts_with("death") => &["/year", "/month"],
        "too_small" => &["mm", "cm"],
        "horizon" => &["years", "months"],
        _ => &[],
    };
    if of_key.first().is_some_and(|u| unit(u).is_ok_and(|u| u.dimension == want)) {
        return of_key;
    }
    match want {
        Dimension::TIME => &["h", "days"],
        Dimension::RATE => &["/day", "/h"],
        Dimension::CELLS => &["cells"],
        Dimension::CELLS_RATE => &["cells/day", "cells/h"],
        Dimension::CELLS_PER_VOLUME => &["cells/cm^3", "cells/L"],
        Dimension::MASS => &["mg", "g"],
        Dimension::MASS_RATE => &["mg/day", "mg/h"],
        Dimension::MOLAR_MASS => &["g/mol", "kg/mol"],
        Dimension::MASS_CONCENTRATION => &["ng/mL", "mg/L"],
        Dimension::MOLAR_CONCENTRATION => &["nM", "uM"],
        Dimension::LENGTH => &["mm", "cm"],
        Dimension::VOLUME => &["L", "mL"],
        Dimension::FLOW => &["L/h", "L/day"],
        Dimension::RADIATION => &["Gy"],
        _ => &[],
    }
}

/// `number` with each example, as a choice; where there is none, the dimension in words.
fn choice(path: &str, want: Dimension, form: impl Fn(&str) -> String) -> String {
    let forms: Vec<String> = examples(path, want).iter().map(|u| format!("`{}`", form(u))).collect();
    match forms.is_empty() {
        true => format!("a unit that comes out in {want}"),
        false => forms.join(" or "),
    }
}

/// For a number without a unit.
pub(super) fn no_unit(number: &str, path: &str, want: Dimension) -> String {
    let number = short(number.trim());
    let repair =
        format!("`{number}` has no unit; write which, such as {}", choice(path, want, |u| format!("{number} {u}")));
    match path.ends_with(".per_time") {
        true => format!("{repair}; for a probability write per_division = \"{number}\""),
        false => repair,
    }
}

/// For a parameter without a unit.
pub(super) fn no_unit_of(name: &str, number: f64, path: &str, want: Dimension) -> String {
    if path.ends_with(".per_time") {
        return format!("`{name}` is a plain number, a probability: write per_division = \"{name}\"");
    }
    let number = crate::units::number(number);
    let forms = choice(path, want, |u| format!("{name} = {{ value = \"{number} {u}\", ... }}"));
    format!("`{name}` has no unit; write which in [parameters], such as {forms}")
}

/// For an expression made of plain numbers.
pub(super) fn no_unit_within(text: &str, path: &str, want: Dimension) -> String {
    if path.ends_with(".per_time") {
        return format!("it is a plain number, a probability: write per_division = \"{}\"", short(text));
    }
    let units = choice(path, want, str::to_string);
    format!("give what it is made of its units in [parameters], so that the whole is in one such as {units}")
}

/// For a unit that is there and is another.
pub(super) fn other_unit(text: &str, path: &str, [found, want]: [Dimension; 2]) -> String {
    let text = short(text.trim());
    let named = crate::parse::is_name(&text);
    if path.ends_with(".per_division") && found == Dimension::RATE {
        return format!("`{text}` is a rate: write per_time = \"{text}\"");
    }
    if found == Dimension::TIME && want == Dimension::RATE {
        let half = if named { text.clone() } else { "<its name>".into() };
        let name = if named { "" } else { "give the time a name under [parameters]; " };
        return format!(
            "{name}a rate is ln(2) / a half-life, or 1 / a mean time: write `ln(2) / {half}` or `1 / {half}`"
        );
    }
    if found == Dimension::RATE && want == Dimension::TIME {
        return "a half-life is ln(2) / its rate, and a mean time 1 / its rate".into();
    }
    let month = |w: &str| w == "m" || w == "M";
    if text.split(|c: char| !c.is_alphabetic()).any(month) && (want == Dimension::TIME || want == Dimension::RATE) {
        return "`m` is the metre and `M` is mol/L; a minute is `min`, a month `month`".into();
    }
    if want == Dimension::PLAIN {
        return "divide by a quantity of the same unit, or use a plain number".into();
    }
    if found == Dimension::VOLUME && want == Dimension::CELLS {
        return "multiply the volume by the cells in a volume, such as 1e9 cells/cm^3 under [parameters]".into();
    }
    if want.over(Dimension::MASS) == Some(found) {
        return "it is per body weight: multiply it by a weight, such as that of a covariate".into();
    }
    match (crate::units::quantity(&text).is_ok(), examples(path, want), found.over(want)) {
        (true, units @ [_, ..], _) => format!("write a value in a unit such as {}", units.join(" or ")),
        (false, units, _) if named => {
            let like = if units.is_empty() { want.to_string() } else { units.join(" or ") };
            format!("`{text}` is in {found}: name something in a unit such as {like}")
        }
        (false, _, Some(over)) => format!(
            "`{text}` comes out in {found}: divide it by something in {over}, or correct the units of what it is made of"
        ),
        _ => format!("write an expression that comes out in {want}"),
    }
}

/// For two units side by side in an expression, of which neither is a parameter's that was left out.
pub(super) fn side_by_side([l, r]: [Dimension; 2], literal: Option<&str>) -> Option<String> {
    let are = |a, b| [l, r] == [a, b] || [l, r] == [b, a];
    if let Some(number) = literal {
        return Some(format!(
            "inside an expression the number {number} is plain: give it with its unit a name under [parameters], and \
             write that name"
        ));
    }
    if are(Dimension::TIME, Dimension::RATE) {
        return Some("a rate is ln(2) / a half-life, or 1 / a mean time: write the time so".into());
    }
    if are(Dimension::MASS_CONCENTRATION, Dimension::MOLAR_CONCENTRATION) {
        return Some(
            "give both per mass or both in mol: a drug is felt in the unit of `felt_as`, which in mol needs `molar_mass`"
                .into(),
        );
    }
    None
}
