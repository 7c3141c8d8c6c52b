//! Who the patients are: laws over patients, categories, and correlations, on spec/cases/valid/covariates.toml.
//!
//! # False alarms
//! Every statistic of the 10^5 patients gives a probability under the stated law: Fisher's z of each pair of normal
//! deviates, (atanh r - atanh rho) sqrt(n - 3), the Kolmogorov-Smirnov statistic of each margin, and the normal
//! approximation of each share. They are judged together by Bonferroni: one false alarm in 10^4 seeds.

use remission_cohort::statistics::special::{kolmogorov_tail, normal_quantile, normal_two_sided};
use remission_cohort::variation::{parameters, patient, sample};
use remission_engine::stream::{Purpose, Stream};
use remission_model::resolved::{Covariate, Model, Variation};

const PATIENTS: u64 = 100_000;
const FALSE_ALARM: f64 = 1e-4;

fn text() -> String {
    std::fs::read_to_string("../../spec/cases/valid/covariates.toml").unwrap()
}

fn read(text: &str) -> Model {
    remission_model::model_from_toml("covariates.toml", text).unwrap_or_else(|p| panic!("{p}"))
}

fn uncorrelated() -> Model {
    let text = text();
    let (head, rest) = text.split_once("[[correlations]]").unwrap();
    let (_, tail) = rest.split_once("[cells.").unwrap();
    let model = read(&format!("{head}[cells.{tail}"));
    assert!(model.correlations.members.is_empty());
    model
}

fn stream(k: u64) -> Stream {
    Stream::new(1, k, 0, Purpose::Parameters)
}

/// Where a value lies in its law: the share of patients below it.
fn below(law: Variation, centre: f64, x: f64) -> f64 {
    let normal = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    match law {
        Variation::LogNormal { sigma } => normal((x / centre).ln() / sigma),
        Variation::Normal { sd } => normal((x - centre) / sd),
        Variation::Uniform { low, high } => (x - low) / (high - low),
        Variation::LogUniform { low, high } => (x / low).ln() / (high / low).ln(),
    }
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[test]
fn patients_have_the_stated_margins_shares_and_correlations() {
    let model = read(&text());
    let all: Vec<_> = (0..PATIENTS).map(|k| patient(&model, &mut stream(k))).collect();
    let n = PATIENTS as f64;
    let mut chances: Vec<(String, f64)> = Vec::new();
    let mut deviates: Vec<(usize, Vec<f64>)> = Vec::new();
    for (k, p) in model.parameters.iter().enumerate() {
        let Some(law) = p.between_patients else { continue };
        let mut shares: Vec<f64> = all.iter().map(|(x, _)| below(law, p.value, x[k])).collect();
        deviates.push((k, shares.iter().map(|u| normal_quantile(*u)).collect()));
        shares.sort_by(f64::total_cmp);
        let gap = |(i, u): (usize, &f64)| (u - i as f64 / n).abs().max(((i + 1) as f64 / n - u).abs());
        let d = shares.iter().enumerate().map(gap).fold(0.0, f64::max);
        chances.push((format!("margin of {}: D {d:.5}", p.name), kolmogorov_tail(d * n.sqrt())));
    }
    assert_eq!(deviates.len(), 6);
    for (i, (a, x)) in deviates.iter().enumerate() {
        for (b, y) in &deviates[..i] {
            let named = |p: &&remission_model::resolved::Correlation| p.between == [*a, *b] || p.between == [*b, *a];
            let rho = model.correlations.pairs.iter().find(named).map_or(0.0, |p| p.value);
            let r = correlation(x, y);
            let z = (r.atanh() - rho.atanh()) * (n - 3.0).sqrt();
            let names = (&model.parameters[*a].name, &model.parameters[*b].name);
            chances.push((format!("{names:?}: r {r:+.4} for {rho:+.2}, z {z:+.2}"), normal_two_sided(z)));
        }
    }
    for (c, p) in model.parameters.iter().filter(|p| p.covariate.is_some()).enumerate() {
        let Some(Covariate::Categories(list)) = &p.covariate else { continue };
        for (k, category) in list.iter().enumerate() {
            let seen = all.iter().filter(|(_, traits)| traits[c].category == Some(k)).count() as f64;
            assert!(all.iter().all(|(_, t)| t[c].category != Some(k) || t[c].value == category.value));
            let z = (seen / n - category.share) / (category.share * (1.0 - category.share) / n).sqrt();
            let what = format!("{} {}: {} for {}, z {z:+.2}", p.name, category.name, seen / n, category.share);
            chances.push((what, normal_two_sided(z)));
        }
    }
    assert_eq!(chances.len(), 6 + 15 + 5);
    let least = FALSE_ALARM / chances.len() as f64;
    for (what, chance) in &chances {
        println!("{what}, chance {chance:.2e}");
        assert!(*chance >= least, "{what}, chance {chance:.2e}");
    }
}

#[test]
fn without_correlations_patients_are_drawn_quantity_by_quantity() {
    let model = uncorrelated();
    for k in 0..1000 {
        let mut one = stream(k);
        let expected: Vec<f64> = (model.parameters.iter())
            .filter(|p| !matches!(p.covariate, Some(Covariate::Categories(_))))
            .map(|p| p.between_patients.map_or(p.value, |law| sample(law, p.value, &mut one)))
            .collect();
        let found = parameters(&model, &mut stream(k));
        assert_eq!(found[..expected.len()], expected, "patient {k}");
    }
}

#[test]
fn a_correlation_leaves_all_other_quantities_as_they_were() {
    let (with, without) = (read(&text()), uncorrelated());
    let members = &with.correlations.members;
    let mut moved = 0;
    for k in 0..1000 {
        let a = patient(&with, &mut stream(k));
        let b = patient(&without, &mut stream(k));
        for i in 0..a.0.len() {
            // The first of the members keeps its draw too, up to rounding where it is uniform.
            let same = (a.0[i] - b.0[i]).abs() <= 1e-12 * b.0[i].abs();
            if !members.contains(&i) {
                assert_eq!(a.0[i].to_bits(), b.0[i].to_bits(), "patient {k}, {}", with.parameters[i].name);
            } else if i == members[0] {
                assert!(same, "patient {k}: {} and {}", a.0[i], b.0[i]);
            } else {
                moved += usize::from(!same);
            }
        }
        let categories = |c: &[remission_cohort::outcome::CovariateValue]| -> Vec<_> {
            c.iter().map(|c| (c.parameter, c.category)).collect()
        };
        assert_eq!(categories(&a.1), categories(&b.1));
    }
    // `cl` is correlated with nothing before it.
    assert_eq!(moved, 3 * 1000, "ec50, vol and weight follow others");
}
