//! Agreement with R's survival package on trial data.
//!
//! Expected figures: tests/data/survival_expected.csv, whose header names versions and calls. The trials' times are
//! read from ../shared/data/survival (beside the workspace); where that is absent the tests say `skipped`.
//! Tolerance: relative 1e-6, or absolute 1e-12 for figures near 0; counts exactly.

use flate2::read::GzDecoder;
use remission_cohort::statistics::Observation;
use remission_cohort::statistics::cox::{CoxEstimate, CoxOptions, Ties, cox, hazard_ratio};
use remission_cohort::statistics::kaplan_meier::{KaplanMeier, KaplanMeierOptions, Scale, kaplan_meier};
use remission_cohort::statistics::log_rank::{LogRank, log_rank};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const EXPECTED: &str = include_str!("data/survival_expected.csv");

/// A data set as read: one observation and one arm a row.
#[derive(Default)]
struct Trial {
    observations: Vec<Observation>,
    arms: Vec<String>,
}

impl Trial {
    /// Names of the arms in alphabetical order.
    fn names(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.arms.iter().map(String::as_str).collect();
        names.into_iter().collect()
    }

    fn arm(&self, name: &str) -> Vec<Observation> {
        let rows = self.observations.iter().zip(&self.arms);
        rows.filter(|(_, arm)| *arm == name).map(|(&observation, _)| observation).collect()
    }
}

fn shared(file: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/survival");
    if !folder.is_dir() {
        // Not `println!`, which a passing test swallows.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/data/survival is absent");
        return None;
    }
    Some(folder.join(file))
}

fn trials() -> Option<BTreeMap<String, Trial>> {
    let file = std::fs::File::open(shared("kmdata_ipd.csv.gz")?).expect("the data can be opened");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the data can be read");
    let mut trials: BTreeMap<String, Trial> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim_matches('"')).collect();
        let [dataset, time, event, arm] = fields[..] else { panic!("four fields: {line}") };
        let trial = trials.entry(dataset.to_string()).or_default();
        trial.observations.push(Observation { time: time.parse().unwrap(), event: event == "1" });
        trial.arms.push(arm.to_string());
    }
    Some(trials)
}

/// What was computed for one data set, in the same shape as R's figures.
struct Computed {
    curves: BTreeMap<(String, &'static str), KaplanMeier>,
    two: LogRank,
    four: LogRank,
    one_covariate: BTreeMap<&'static str, CoxEstimate>,
    three_covariates: BTreeMap<&'static str, CoxEstimate>,
}

fn compute(trial: &Trial) -> Computed {
    let names = trial.names();
    let mut curves = BTreeMap::new();
    for name in &names {
        for (key, scale) in [("log", Scale::Log), ("loglog", Scale::LogLog), ("plain", Scale::Plain)] {
            let options = KaplanMeierOptions { scale, level: 0.95 };
            curves.insert((name.to_string(), key), kaplan_meier(&trial.arm(name), &options).unwrap());
        }
    }
    let (reference, treatment) = (trial.arm(names[0]), trial.arm(names[1]));
    let mut quarters: [Vec<Observation>; 4] = Default::default();
    for (i, &observation) in trial.observations.iter().enumerate() {
        quarters[i % 4].push(observation);
    }
    let x1: Vec<f64> = trial.arms.iter().map(|arm| if arm == names[1] { 1.0 } else { 0.0 }).collect();
    let x2: Vec<f64> = (0..x1.len()).map(|i| (i % 7) as f64 / 3.0).collect();
    let x3: Vec<f64> = (0..x1.len()).map(|i| (i % 2) as f64).collect();
    let (mut one_covariate, mut three_covariates) = (BTreeMap::new(), BTreeMap::new());
    for (key, ties) in [("efron", Ties::Efron), ("breslow", Ties::Breslow)] {
        let options = CoxOptions { ties, ..CoxOptions::default() };
        let one = hazard_ratio(&reference, &treatment, &options).unwrap();
        one_covariate.insert(key, one.estimate().unwrap().clone());
        let three = cox(&trial.observations, &[&x1, &x2, &x3], &options).unwrap();
        three_covariates.insert(key, three.estimate().unwrap().clone());
    }
    Computed {
        curves,
        two: log_rank(&[&reference, &treatment]).unwrap(),
        four: log_rank(&[&quarters[0], &quarters[1], &quarters[2], &quarters[3]]).unwrap(),
        one_covariate,
        three_covariates,
    }
}

/// The figure that a row of the table names; none where R prints NA.
fn figure(computed: &Computed, arm: &str, quantity: &str, at: f64) -> Option<f64> {
    let curve = |scale: &str| computed.curves.iter().find(|(key, _)| key.0 == arm && key.1 == scale).unwrap().1;
    let (stem, last) = quantity.rsplit_once('_').unwrap_or((quantity, ""));
    let one = || &computed.one_covariate[last];
    let three = || &computed.three_covariates[last];
    match quantity {
        "survival" => return Some(curve("log").survival_at(at).unwrap().survival),
        "standard_error" => return curve("log").survival_at(at).unwrap().standard_error,
        "at_risk" => return Some(curve("log").at_risk(at).unwrap().at_risk as f64),
        "events" => return Some(curve("log").at_risk(at).unwrap().events as f64),
        "censored" => return Some(curve("log").at_risk(at).unwrap().censored as f64),
        "quantile" => return curve("log").quantile(at).unwrap().estimate,
        "restricted_mean" => return Some(curve("log").restricted_mean(at).unwrap().mean),
        "restricted_mean_se" => {
            return Some(curve("log").restricted_mean(at).unwrap().standard_error);
        }
        "log_rank_2" => return Some(computed.two.test.chi_square),
        "log_rank_2_p" => return Some(computed.two.test.p_value),
        "log_rank_2_expected" => return Some(computed.two.expected[at as usize]),
        "log_rank_4" => return Some(computed.four.test.chi_square),
        "log_rank_4_p" => return Some(computed.four.test.p_value),
        _ => {}
    }
    match stem {
        "lower" => curve(last).survival_at(at).unwrap().interval.map(|i| i.lower),
        "upper" => curve(last).survival_at(at).unwrap().interval.map(|i| i.upper),
        "quantile_lower" => curve(last).quantile(at).unwrap().lower,
        "quantile_upper" => curve(last).quantile(at).unwrap().upper,
        "cox1" => Some(one().effects[0].log_hazard_ratio),
        "cox1_se" => Some(one().effects[0].standard_error),
        "cox1_hazard_ratio" => Some(one().effects[0].hazard_ratio),
        "cox1_lower" => Some(one().effects[0].interval.lower),
        "cox1_upper" => Some(one().effects[0].interval.upper),
        "cox1_wald_p" => Some(one().effects[0].p_value),
        "cox1_null" => Some(one().log_likelihood_null),
        "cox1_loglik" => Some(one().log_likelihood),
        "cox1_lr_p" => Some(one().likelihood_ratio.p_value),
        "cox1_score" => Some(one().score.chi_square),
        "cox3" => Some(three().effects[at as usize].log_hazard_ratio),
        "cox3_se" => Some(three().effects[at as usize].standard_error),
        "cox3_score" => Some(three().score.chi_square),
        "cox3_lr_p" => Some(three().likelihood_ratio.p_value),
        other => panic!("no such figure: {other}"),
    }
}

#[test]
fn agrees_with_the_survival_package() {
    let Some(trials) = trials() else { return };
    let mut computed: BTreeMap<&str, Computed> = BTreeMap::new();
    // Largest relative difference by kind of figure, printed for the reader.
    let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in EXPECTED.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [dataset, arm, quantity, at, want] = fields[..] else { panic!("five fields: {line}") };
        let results = computed.entry(dataset).or_insert_with(|| compute(&trials[dataset]));
        let got = figure(results, arm, quantity, at.parse().unwrap());
        rows += 1;
        match (got, want.parse::<f64>().ok()) {
            (None, None) => {}
            (Some(got), Some(want)) => {
                let difference = (got - want).abs();
                let exact = matches!(quantity, "at_risk" | "events" | "censored");
                let near = difference <= 1e-6 * want.abs() || difference < 1e-12;
                if want != 0.0 {
                    let most = worst.entry(quantity).or_default();
                    *most = most.max(difference / want.abs());
                }
                if !near || (exact && difference != 0.0) {
                    wrong.push(format!("{line}: got {got}"));
                }
            }
            _ => wrong.push(format!("{line}: got {got:?}")),
        }
    }
    println!("{rows} figures of {} data sets; largest relative difference by kind:", computed.len());
    for (quantity, most) in &worst {
        println!("  {quantity:<28} {most:.1e}");
    }
    assert_eq!(computed.len(), 10);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The collection's own recomputed hazard ratios, all 304 sets, to the last digit printed. It states each against the
/// arm that the trial took as its control, which the table does not name, so either direction may be meant.
#[test]
fn agrees_with_the_recomputed_hazard_ratios() {
    let (Some(trials), Some(path)) = (trials(), shared("kmdata_hr.csv")) else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("the hazard ratios can be read");
    let (mut sets, mut wrong) = (0, Vec::new());
    for line in text.lines().skip(1) {
        let dataset = line.split(',').next().unwrap().trim_matches('"');
        let want: f64 = line.rsplit(',').next().unwrap().parse().unwrap();
        let trial = &trials[dataset];
        let names = trial.names();
        let fit = hazard_ratio(&trial.arm(names[0]), &trial.arm(names[1]), &CoxOptions::default()).unwrap();
        let got = fit.estimate().unwrap().effects[0].hazard_ratio;
        sets += 1;
        // Half a unit of the fourth decimal, and a hair for values printed from a tie.
        if (got - want).abs().min((1.0 / got - want).abs()) > 0.5001e-4 {
            wrong.push(format!("{dataset}: got {got}, printed {want}"));
        }
    }
    println!("{sets} hazard ratios");
    assert!(sets > 290 && wrong.is_empty(), "{} of {sets} differ:\n{}", wrong.len(), wrong.join("\n"));
}
