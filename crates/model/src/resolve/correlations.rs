//! Correlations between what varies from patient to patient: pairs to one positive definite matrix and its factor.
//!
//! A correlation is one of the standard normal deviates behind two laws of variation
//! ([`crate::resolved::Correlations`]). The matrix is factored as L L' without pivoting (Golub and Van Loan, Matrix
//! Computations, 4th ed., 4.2.5), in the order of the parameters. When that fails at a quantity, a pair between it and one
//! before it is named, with the values that would do: given the others (matrix R, columns a and b of the two), these are
//! a' R^-1 b -+ sqrt((1 - a' R^-1 a)(1 - b' R^-1 b)).

use super::parameters;
use crate::problem::{Code, Place, Report};
use crate::resolved::{Correlation, Correlations, Covariate, Parameter};
use crate::scope::{mismatch, read_quantity};
use crate::tree::{Text, short};
use crate::units::{Dimension, number};
use crate::written;

/// Most quantities in correlations.
const MOST: usize = 100;
/// A pivot below this (of 1) is taken for none: the quantity would follow from the others.
const LEAST_PIVOT: f64 = 1e-9;

pub(super) fn correlations(
    w: &written::Model,
    parameters: &[Option<Parameter>],
    report: &mut Report,
) -> Option<Correlations> {
    let names: Vec<&Text> =
        w.parameters.iter().map(|p| &p.name).chain(w.covariates.iter().map(|c| &c.parameter.name)).collect();
    let mut pairs: Vec<Correlation> = Vec::new();
    let mut places: Vec<&Place> = Vec::new();
    let mut sound = true;
    for c in &w.correlations {
        match pair(c, &names, w, parameters, &pairs, report) {
            Some(pair) => {
                pairs.push(pair);
                places.push(&c.number.name.at);
            }
            None => sound = false,
        }
    }
    if !sound {
        return None;
    }
    let mut members: Vec<usize> = pairs.iter().flat_map(|p| p.between).collect();
    members.sort_unstable();
    members.dedup();
    if members.len() > MOST {
        report.add(
            Code::TooMany,
            places.last()?,
            format!("correlations between {} quantities", members.len()),
            format!("at most {MOST} quantities"),
            "leave out the weakest correlations",
        );
        return None;
    }
    let n = members.len();
    let place = |k: usize| members.binary_search(&k).unwrap_or(0);
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        matrix[i * n + i] = 1.0;
    }
    for p in &pairs {
        let [a, b] = p.between.map(place);
        matrix[a * n + b] = p.value;
        matrix[b * n + a] = p.value;
    }
    match factor(&matrix, n) {
        Ok(factor) => Some(Correlations { pairs, members, factor }),
        Err(row) => {
            contradiction(&pairs, &places, &members, &matrix, row, &names, report);
            None
        }
    }
}

fn wrong<T>(at: &Place, found: String, allowed: &str, repair: &str, report: &mut Report) -> Option<T> {
    report.add(Code::CorrelationPair, at, found, allowed, repair);
    None
}

fn pair(
    c: &written::Correlation,
    names: &[&Text],
    w: &written::Model,
    parameters: &[Option<Parameter>],
    before: &[Correlation],
    report: &mut Report,
) -> Option<Correlation> {
    let value = c.number.value.as_ref().and_then(|text| value(text, report));
    let quantity = c.number.value.as_ref().and_then(|_| parameters::value(&c.number, &mut Report::new("")));
    let source = parameters::source(&c.number, quantity.as_ref(), report);
    let at = &c.number.name.at;
    let between = c.between.as_ref()?;
    let found: Vec<Option<usize>> = between.iter().map(|text| find(text, names, w, parameters, report)).collect();
    let [a, b] = found[..] else {
        let allowed = "the names of two quantities";
        return wrong(at, format!("{} names", found.len()), allowed, "write one entry for each pair", report);
    };
    let (a, b) = (a?, b?);
    if a == b {
        let found = format!("`{}` with itself", short(&between[0].text));
        return wrong(&between[1].at, found, "two different quantities", "name the other quantity", report);
    }
    if before.iter().any(|p| p.between == [a, b] || p.between == [b, a]) {
        let found = format!("`{}` and `{}` a second time", short(&between[0].text), short(&between[1].text));
        return wrong(at, found, "every pair once", "keep one of the two", report);
    }
    Some(Correlation { between: [a, b], value: value?, source: source? })
}

fn value(text: &Text, report: &mut Report) -> Option<f64> {
    let q = read_quantity(text, report)?;
    if q.unit.dimension != Dimension::PLAIN {
        mismatch(&text.at, &text.text, q.unit.dimension, Dimension::PLAIN, report);
        return None;
    }
    if !(q.value > -1.0 && q.value < 1.0) {
        let repair = "correct the number; what follows from another quantity is an expression over it";
        return wrong(&text.at, short(&text.text), "a number above -1 and below 1", repair, report);
    }
    Some(q.value)
}

/// Index of a quantity that varies by a law; quantities at fault are passed over in silence.
fn find(
    text: &Text,
    names: &[&Text],
    w: &written::Model,
    parameters: &[Option<Parameter>],
    report: &mut Report,
) -> Option<usize> {
    let Some(index) = names.iter().position(|n| n.text == text.text) else {
        let message = [
            format!("`{}`", short(&text.text)),
            "a parameter or covariate with `between_patients`".into(),
            "correct the name".into(),
        ];
        let known = names.iter().map(|n| n.text.as_str());
        report.add_near(Code::CorrelationPair, &text.at, message, &text.text, known);
        return None;
    };
    let shared = w.covariates.get(index.wrapping_sub(w.parameters.len())).is_some_and(|c| c.categories.is_some());
    let allowed = "quantities that vary between patients by a law: lognormal, normal, uniform or loguniform";
    if shared {
        let repair = "let the other quantity depend on the category by an expression";
        return wrong(&text.at, format!("`{}`, which has categories", text.text), allowed, repair, report);
    }
    let p = parameters.get(index)?.as_ref()?;
    if p.between_patients.is_none() && p.covariate != Some(Covariate::Continuous) {
        let repair = "add `between_patients` to it, or remove the correlation";
        return wrong(&text.at, format!("`{}`, which is the same in all patients", p.name), allowed, repair, report);
    }
    Some(index)
}

/// Lower triangular factor of a correlation matrix, or the first row that contradicts those before it.
fn factor(matrix: &[f64], n: usize) -> Result<Vec<f64>, usize> {
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
            let left = matrix[i * n + j] - dot;
            if i == j {
                if left.is_nan() || left < LEAST_PIVOT {
                    return Err(i);
                }
                lower[i * n + i] = libm::sqrt(left);
            } else {
                lower[i * n + j] = left / lower[j * n + j];
            }
        }
    }
    Ok(lower)
}

/// Values of the correlation of members `a` and `b` that go with the others of `0..=b`; `None` when none does.
fn range(matrix: &[f64], n: usize, a: usize, b: usize) -> Option<(f64, f64)> {
    let others: Vec<usize> = (0..=b).filter(|k| *k != a && *k != b).collect();
    let m = others.len();
    let inner: Vec<f64> = others.iter().flat_map(|i| others.iter().map(|j| matrix[*i * n + *j])).collect();
    let lower = factor(&inner, m).ok()?;
    // L^-1 of the two columns.
    let solve = |column: usize| {
        let mut x = vec![0.0; m];
        for i in 0..m {
            let dot: f64 = (0..i).map(|k| lower[i * m + k] * x[k]).sum();
            x[i] = (matrix[others[i] * n + column] - dot) / lower[i * m + i];
        }
        x
    };
    let (x, y) = (solve(a), solve(b));
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(p, q)| p * q).sum::<f64>();
    let (left, right) = (1.0 - dot(&x, &x), 1.0 - dot(&y, &y));
    let half = if left > 0.0 && right > 0.0 { libm::sqrt(left * right) } else { 0.0 };
    let middle = dot(&x, &y);
    (half > 1e-6).then_some((middle - half, middle + half))
}

/// Names a pair that breaks the matrix at member `row`: the last written one for which another value would do.
fn contradiction(
    pairs: &[Correlation],
    places: &[&Place],
    members: &[usize],
    matrix: &[f64],
    row: usize,
    names: &[&Text],
    report: &mut Report,
) {
    let place = |k: usize| members.binary_search(&k).unwrap_or(0);
    let mut last = None;
    for (p, at) in pairs.iter().zip(places).rev() {
        let [a, b] = p.between.map(place);
        let (a, b) = (a.min(b), a.max(b));
        if b != row {
            continue;
        }
        let allowed = range(matrix, members.len(), a, b);
        if allowed.is_some() || last.is_none() {
            last = Some((p, *at, allowed));
        }
        if allowed.is_some() {
            break;
        }
    }
    let Some((p, at, allowed)) = last else { return };
    let [a, b] = p.between.map(|k| names[k].text.as_str());
    let rounded = |x: f64| number(libm::round(x * 1e4) / 1e4);
    let allowed = match allowed {
        Some((low, high)) => format!(
            "between {} and {}, given the other correlations of these quantities (pairs that are not named are 0)",
            rounded(low),
            rounded(high)
        ),
        None => "correlations that some patients can have together: a positive definite matrix (pairs that are not \
                 named are 0)"
            .to_string(),
    };
    let found = format!("`{}` and `{}` = {}", short(a), short(b), number(p.value));
    let repair = "correct the value, or name the correlations that were left out";
    report.add(Code::NotPositiveDefinite, at, found, allowed, repair);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_itself_is_the_matrix() {
        let matrix = [1.0, 0.6, -0.3, 0.6, 1.0, 0.2, -0.3, 0.2, 1.0];
        let l = factor(&matrix, 3).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let back: f64 = (0..3).map(|k| l[i * 3 + k] * l[j * 3 + k]).sum();
                assert!((back - matrix[i * 3 + j]).abs() < 1e-15, "{i} {j}: {back}");
            }
        }
    }

    #[test]
    fn the_range_of_a_pair_ends_where_the_matrix_stops_being_positive_definite() {
        let mut matrix = vec![1.0, 0.9, 0.9, 0.9, 1.0, 0.0, 0.9, 0.0, 1.0];
        assert_eq!(factor(&matrix, 3), Err(2));
        // For three quantities: r12 r13 -+ sqrt((1 - r12^2)(1 - r13^2)).
        let (low, high) = range(&matrix, 3, 1, 2).unwrap();
        assert!((low - 0.62).abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "{low} {high}");
        for (value, good) in [(low - 1e-6, false), (low + 1e-6, true), (high - 1e-6, true), (high + 1e-6, false)] {
            (matrix[5], matrix[7]) = (value, value);
            assert_eq!(factor(&matrix, 3).is_ok(), good, "{value}");
        }
    }
}
