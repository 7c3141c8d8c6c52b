//! The fits of `catalogue/pc9-erlotinib`: every number that its notes, models and `expected.toml` print from readings.
//!
//! Left out: what a run of the studies gives, which the catalogue's own check compares.

use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_infer::delayed::{CellLine, DelayedDeath, DelayedFit, Values, filled};
use remission_infer::growth::{self, DoseCurve};
use remission_infer::least_squares::{Search, line, minimise};
use remission_infer::table::{self, Columns, Reading, Signal};
use std::sync::OnceLock;
use toml::{Table, Value};

const LINES: [&str; 2] = ["sensitive", "t790m"];
const DOSES: [f64; 5] = [0.0, 1.0, 3.0, 10.0, 20.0];
const FOLDER: &str = "../../catalogue/pc9-erlotinib/";
/// How `expected.toml` names this file.
const THIS: &str = "crates/infer/tests/pc9.rs";

fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}{name}")).unwrap()
}

fn readings() -> Vec<Reading> {
    table::read(&text("readings.csv"), &Columns::default()).unwrap()
}

fn dead() -> Vec<Reading> {
    let columns = Columns { signal: "apoptotic_percent", allowed: Signal::Percent, ..Columns::default() };
    table::read(&text("apoptosis.csv"), &columns).unwrap()
}

fn late_rates(cell_type: &str) -> Vec<growth::Rate> {
    growth::net_rates(&readings(), cell_type, 48.0, 72.0).unwrap()
}

fn late_deaths(cell_type: &str) -> Vec<growth::Rate> {
    let dead = dead();
    let of = |net: &growth::Rate| growth::death_rate(&dead, cell_type, net, 48.0, 72.0).unwrap();
    late_rates(cell_type).iter().map(of).collect()
}

fn births(cell_type: &str) -> (Vec<f64>, f64, f64) {
    let (turnover, lifted) = growth::turnover(&late_rates(cell_type), &late_deaths(cell_type)).unwrap();
    let death = turnover.iter().map(|t| t.death).sum::<f64>() / turnover.len() as f64;
    (turnover.iter().map(|t| t.birth).collect(), lifted, death)
}

fn dish(states: Option<u32>) -> DelayedDeath {
    let (sensitive, resistant) = ("sensitive".to_string(), "t790m".to_string());
    DelayedDeath { sensitive, resistant, death: 0.0085, death_resistant: 0.0035, states, step: 0.25 }
}

/// The start of the notes.
const START: Values = Values {
    signal0: 0.065,
    signal0_resistant: 0.067,
    birth: 0.045,
    birth_resistant: 0.038,
    mean: 60.0,
    c0: 0.3,
    kill: 0.045,
    c_resistant: 40.0,
    capacity: 2.0,
};

fn delayed() -> &'static DelayedFit {
    static FIT: OnceLock<DelayedFit> = OnceLock::new();
    FIT.get_or_init(|| dish(Some(12)).fit(&readings(), &START).unwrap())
}

fn curve() -> growth::DoseCurveFit {
    let start = DoseCurve { floor: 0.001, range: 0.035, scale: 0.5 };
    growth::dose_curve(&DOSES, &births("sensitive").0, &start).unwrap()
}

/// What this crate finds for a fit of `expected.toml`, by set and name.
fn found(set: &str, name: &str) -> Option<Vec<f64>> {
    let rates = |rates: Vec<growth::Rate>| rates.iter().map(|r| r.per_hour).collect();
    let windows = |from, until| {
        let (dish, values) = (dish(Some(12)), delayed().values);
        DOSES.map(|c| dish.net_rate(&values, CellLine::Sensitive, c, from, until)).to_vec()
    };
    let (what, rest) = name.split_once(' ').unwrap_or((name, ""));
    let cell_type = LINES.into_iter().find(|l| rest == format!("of {l} cells at 0, 1, 3, 10, 20 uM"));
    Some(match (set, what, cell_type) {
        ("readings", "net_rate_48_72h_per_h", Some(l)) => rates(late_rates(l)),
        ("aceso", "apoptosis_death_per_h", Some(l)) => rates(late_deaths(l)),
        ("aceso", "birth_floor", None) => vec![curve().curve.floor],
        ("aceso", "birth_range", None) => vec![curve().curve.range],
        ("aceso", "c0", None) => vec![curve().curve.scale],
        ("aceso", "birth_t790m", None) => vec![line(what, &DOSES, &births("t790m").0).unwrap().intercept],
        ("aceso", "slope_t790m", None) => vec![-line(what, &DOSES, &births("t790m").0).unwrap().slope],
        ("delayed", "net_rate_0_48h_per_h", Some("sensitive")) => windows(0.0, 48.0),
        ("delayed", "net_rate_48_72h_two_point_per_h", Some("sensitive")) => windows(48.0, 72.0),
        ("delayed", "sum_of_squares", None) if rest.is_empty() => vec![delayed().fit.sum_of_squares],
        ("delayed", "sum_of_squares", None) if rest.starts_with("without the delay") => {
            let fit = dish(None).fit(&readings(), &START).unwrap().fit;
            assert_eq!(fit.estimate.len(), 8);
            assert!(fit.convergence.reached(), "{:?}", fit.convergence);
            vec![fit.sum_of_squares]
        }
        ("delayed", "residual_standard_error_log_signal", None) => vec![delayed().fit.residual_standard_error()],
        ("delayed", _, None) if rest.is_empty() => vec![named(&delayed().values, what)?],
        _ => return None,
    })
}

fn named(v: &Values, name: &str) -> Option<f64> {
    Some(match name {
        "signal0_sensitive" => v.signal0,
        "signal0_t790m" => v.signal0_resistant,
        "birth" => v.birth,
        "birth_t790m" => v.birth_resistant,
        "delay_mean_h" => v.mean,
        "c0" => v.c0,
        "kill" => v.kill,
        "c_t790m" => v.c_resistant,
        "capacity_signal" => v.capacity,
        _ => return None,
    })
}

#[test]
fn every_fit_of_the_catalogue_comes_out_again() {
    let expected: Table = text("expected.toml").parse().unwrap();
    let fits = expected["fit"].as_array().unwrap();
    let mut wrong = Vec::new();
    for fit in fits {
        let (set, name) = (fit["set"].as_str().unwrap(), fit["name"].as_str().unwrap());
        let wanted: Vec<f64> = match fit.get("values") {
            Some(values) => values.as_array().unwrap().iter().map(number).collect(),
            None => vec![number(&fit["value"])],
        };
        let found = found(set, name).unwrap_or_else(|| panic!("no procedure here for `{name}` of set `{set}`"));
        assert_eq!(found.len(), wanted.len(), "{name}");
        for (found, wanted) in found.iter().zip(&wanted) {
            let allowed = match fit.get("tolerance_absolute") {
                Some(tolerance) => number(tolerance),
                None => number(&fit["tolerance_relative"]) * wanted.abs(),
            };
            println!("{set}: {name}: {found:.9} for {wanted}, off by {:.1e} of {allowed:.1e}", (found - wanted).abs());
            if (found - wanted).abs() > allowed {
                wrong.push(format!("{set}: {name}: {found} for {wanted} +- {allowed}"));
            }
        }
    }
    assert_eq!(fits.len(), 23, "fits were added or lost");
    assert!(fits.iter().all(|fit| fit["judged_by"].as_str() == Some(THIS)), "each fit names this test");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Published numbers that no run gives and that name this test lie in their ranges.
#[test]
fn published_numbers_of_the_readings_come_out() {
    let expected: Table = text("expected.toml").parse().unwrap();
    let published = expected["published"].as_array().unwrap();
    let mine: Vec<&Value> = published.iter().filter(|p| p.get("judged_by").is_some()).collect();
    let rate = |line: &str, dose: f64| {
        let k = DOSES.iter().position(|d| *d == dose).unwrap();
        late_rates(line)[k].per_hour
    };
    for p in &mine {
        assert_eq!(p["judged_by"].as_str(), Some(THIS));
        let found = match p["quantity"].as_str().unwrap() {
            "net_rate_48_72h_per_h" => {
                rate(p["given"]["cell_type"].as_str().unwrap(), number(&p["given"]["concentration_uM"]))
            }
            "t790m_growth_cost_48_72h" => 1.0 - rate("t790m", 0.0) / rate("sensitive", 0.0),
            other => panic!("no procedure here for `{other}`"),
        };
        let (low, high) = (number(&p["low"]), number(&p["high"]));
        println!("{}: {found:.9} in {low} to {high}", p["name"]);
        assert!((low..=high).contains(&found), "{}: {found}", p["name"]);
    }
    assert_eq!(mine.len(), 3, "published numbers of the readings were added or lost");
}

#[test]
fn two_other_starts_reach_the_same_minimum() {
    let best = delayed();
    assert!(best.fit.convergence.reached(), "{:?}", best.fit.convergence);
    // Every value off by up to 2.5-fold, in the order of `Values`.
    let factors = [[2.5, 0.4, 0.6, 1.7, 0.5, 2.5, 2.0, 0.4, 2.0], [0.5, 2.0, 1.8, 0.5, 1.6, 0.4, 0.5, 2.5, 0.6]];
    for f in factors {
        let mut factor = f.into_iter();
        let start = START.map(|value| value * factor.next().unwrap());
        let other = dish(Some(12)).fit(&readings(), &start).unwrap();
        println!("{:?}", other.fit.convergence);
        assert!(other.fit.convergence.reached(), "{:?}", other.fit.convergence);
        for (a, b) in other.fit.estimate.iter().zip(&best.fit.estimate) {
            assert!((a - b).abs() < 1e-6, "{other:?}");
        }
    }
}

#[test]
fn standard_errors_and_sums_by_states_are_those_of_the_notes() {
    let printed = [0.05, 0.05, 0.05, 0.05, 0.12, 0.52, 0.04, 0.07, 0.21];
    println!("{:?}\n{:?}", delayed().standard_error_of_log, delayed().fit.convergence);
    for (k, (found, printed)) in delayed().fit.standard_error.iter().zip(printed).enumerate() {
        assert!((found - printed).abs() <= 0.005, "value {k}: {found} for {printed}");
    }
    assert_eq!(delayed().fit.degrees_of_freedom, 87);
    // At 6 states the minimum lies at a mean of weeks and a c0 that the readings do not hold (error of its log: 10).
    for (states, printed) in [(6, 0.749), (8, 0.761), (10, 0.773), (15, 0.804), (20, 0.836)] {
        let fit = dish(Some(states)).fit(&readings(), &START).unwrap();
        let (sum, v) = (fit.fit.sum_of_squares, fit.values);
        println!("{states} states: {sum:.5}, c0 {:.3e}, mean {:.2}, {:?}", v.c0, v.mean, fit.fit.convergence);
        assert!((sum - printed).abs() <= 0.0005, "{states} states: {sum} for {printed}");
        assert!(states >= 10 || (v.mean > 80.0 && v.c0 < 0.1), "{states} states: {v:?}");
    }
}

#[test]
fn rulings_of_the_notes_follow_from_the_readings() {
    // Scatter between triplicates alone, whatever the curves.
    let mut groups: Vec<(&str, f64, f64, Vec<f64>)> = Vec::new();
    let readings = readings();
    for r in &readings {
        match groups.iter_mut().find(|g| g.0 == r.cell_type && g.1 == r.concentration && g.2 == r.time) {
            Some(group) => group.3.push(r.signal.ln()),
            None => groups.push((&r.cell_type, r.concentration, r.time, vec![r.signal.ln()])),
        }
    }
    let within = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>()
    };
    let freedom = readings.len() - groups.len();
    let scatter = (groups.iter().map(|g| within(&g.3)).sum::<f64>() / freedom as f64).sqrt();
    assert_eq!(freedom, 64);
    assert!((scatter - 0.078).abs() <= 5e-4, "{scatter}");

    let v = delayed().values;
    let half = v.c0 * 2f64.ln();
    let hour = |concentration: f64| {
        (0..).map(|k| 0.1 * f64::from(k)).find(|t| concentration * filled(12, t / v.mean) >= half).unwrap()
    };
    println!("triplicates {scatter:.4}; half of the kill at {half:.4} uM: {:.1} and {:.1} h", hour(1.0), hour(20.0));
    assert!((half - 0.125).abs() < 5e-4 && (hour(1.0) - 46.0).abs() <= 0.6 && (hour(20.0) - 28.0).abs() <= 0.6);
    assert!((v.birth - 0.0085 - v.kill + 0.0025).abs() < 5e-5);
    assert!((v.c_resistant * (v.birth_resistant / 0.0035).ln() - 103.0).abs() < 0.5);

    // Without a capacity (one so high that it is never felt) the sum of squares is .949.
    let dish = dish(Some(12));
    let residuals = |x: &[f64], r: &mut [f64]| {
        let [signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant] = *x else { panic!() };
        let v =
            Values { signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, capacity: 0.0 };
        let v = v.map(f64::exp);
        let v = Values { capacity: 1e12, ..v };
        for (out, seen) in r.iter_mut().zip(&readings) {
            let line = if seen.cell_type == "sensitive" { CellLine::Sensitive } else { CellLine::Resistant };
            *out = (dish.signals(&v, line, seen.concentration, &[seen.time])[0] / seen.signal).ln();
        }
    };
    let start = START.map(f64::ln);
    let Values { signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, .. } = start;
    let start = [signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant];
    let free = minimise(residuals, readings.len(), &start, &Search::default()).unwrap();
    println!("without capacity {:.4}, {:?}", free.sum_of_squares, free.convergence);
    assert!((free.sum_of_squares - 0.949).abs() <= 5e-4);
}

#[test]
fn early_and_late_rates_and_the_lift_are_those_of_the_notes() {
    let early = [[0.0362, 0.0318, 0.0285, 0.0233, 0.0185], [0.0329, 0.0314, 0.0322, 0.0252, 0.0201]];
    for (cell_type, printed) in LINES.into_iter().zip(early) {
        for (rate, printed) in growth::net_rates(&readings(), cell_type, 0.0, 48.0).unwrap().iter().zip(printed) {
            assert!((rate.per_hour - printed).abs() <= 5.1e-5, "{cell_type}: {rate:?} for {printed}");
        }
        // Hardly any scatter: nine readings, seven degrees of freedom, errors of about 0.002 per hour.
        for rate in late_rates(cell_type) {
            assert_eq!(rate.degrees_of_freedom, 7);
            assert!((1e-4..6e-3).contains(&rate.standard_error), "{rate:?}");
        }
    }
    let ((_, lifted, death), (_, none, death_t790m)) = (births("sensitive"), births("t790m"));
    println!("lifted by {lifted:.7}, deaths {death:.5} and {death_t790m:.5}");
    assert!((lifted - 0.0046553).abs() < 5e-8 && none == 0.0);
    assert!((death - 0.00845).abs() < 5e-6 && (death_t790m - 0.00351).abs() < 5e-6);
    let curve = curve();
    println!("{curve:?}");
    assert!(curve.fit.convergence.reached());
    assert!((curve.curve.at(0.0) - 0.0085 - 0.02765).abs() < 5e-6);
    assert!((curve.curve.at(1.0) - 0.0085 + 0.00350).abs() < 5e-6);
}

/// Every number of the two models that was fitted equals the fit to the digits written.
#[test]
fn models_carry_the_fitted_numbers() {
    let values = delayed().values;
    let cells_per_signal = 1e6 / values.signal0;
    let aceso = |name: &str| found("aceso", name).unwrap()[0];
    let entries = [
        (
            "model.toml",
            vec![
                ("birth", values.birth),
                ("birth_t790m", values.birth_resistant),
                ("kill", values.kill),
                ("c0", values.c0),
                ("c_t790m", values.c_resistant),
                ("capacity", values.capacity * cells_per_signal),
                ("delay_mean", values.mean),
            ],
        ),
        (
            "variants/aceso/model.toml",
            ["birth_floor", "birth_range", "c0", "birth_t790m", "slope_t790m"].map(|n| (n, aceso(n))).to_vec(),
        ),
    ];
    let mut wrong = Vec::new();
    for (file, fitted) in entries {
        let model: Table = text(file).parse().unwrap();
        let parameters = model["parameters"].as_table().unwrap();
        let claimed: Vec<&String> = parameters.iter().filter(|(_, p)| p.get("fitted").is_some()).map(|p| p.0).collect();
        assert_eq!(claimed.len(), fitted.len(), "{file}: {claimed:?} are said to be fitted");
        for (name, found) in fitted {
            wrong.extend(differs(file, name, parameters[name]["value"].as_str().unwrap(), found));
        }
        if file == "model.toml" {
            let delay = &model["drugs"]["erlotinib"]["delay"];
            assert_eq!(delay["states"].as_integer(), Some(12));
            assert_eq!(delay["mean"].as_str(), Some("delay_mean"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Says so when `found`, rounded to the digits of `written` ("2.71895e7 cells"), is not `written`.
fn differs(file: &str, name: &str, written: &str, found: f64) -> Option<String> {
    let number = written.split(' ').next().unwrap();
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, d)| d.len() as i32);
    let last_digit = 10f64.powi(exponent.parse::<i32>().unwrap() - decimals);
    let away = (found - number.parse::<f64>().unwrap()) / last_digit;
    println!("{file}: {name}: {found:.9e} for {written}, {away:+.2} of the last digit");
    (away.abs() > 0.5).then(|| format!("{file}: `{name}` is written {written}, the fit gives {found:.8e}"))
}

#[test]
fn expected_cells_after_ten_days_are_the_published_ones() {
    let model = remission_model::model_from_toml("model.toml", &text("variants/aceso/model.toml")).unwrap();
    let study =
        remission_model::study_from_toml("study.toml", &text("variants/aceso/study.toml"), "aceso", &model).unwrap();
    let arm = study.arms.iter().find(|a| a.name == "erlotinib 150 mg daily").unwrap();
    assert_eq!(study.horizon, 10.0);
    let compiled = Compiled::new(&model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
    mean.follow(&arm.regimen);
    mean.advance(10.0).unwrap();
    let sensitive = model.cells.iter().position(|c| c.name == "sensitive").unwrap();
    let cells = mean.means().by_type()[sensitive];
    println!("E[N(10 d)] = {cells:.1}; published 207930");
    assert!((cells / 207_930.0 - 1.0).abs() < 0.01, "{cells}");
    // 1e6 exp((birth_floor - death) t + birth_range * integral of e^(-C/c0)), C the sum of ten Bateman curves, by
    // Gauss-Legendre on panels refined towards each dose: 207011.659.
    assert!((cells / 207_011.659 - 1.0).abs() < 1e-6, "{cells}");
}

#[test]
fn a_fit_that_cannot_be_made_says_why() {
    let mut strange = readings();
    strange[0].cell_type = "hcc827".to_string();
    let said = dish(Some(12)).fit(&strange, &START).unwrap_err().to_string();
    assert_eq!(said, "cell type `hcc827` is not among those of the table or model; allowed: sensitive, t790m");
    let said = dish(Some(12)).fit(&readings(), &Values { kill: -1.0, ..START }).unwrap_err().to_string();
    assert_eq!(said, "kill at the start is -1; allowed: a finite number above 0");
    assert!(dish(Some(0)).fit(&readings(), &START).is_err());
    assert!(dish(Some(12)).fit(&readings()[..8], &START).is_err());
    let said = growth::net_rate(&readings(), "sensitive", 1.0, 48.0, 50.0).unwrap_err().to_string();
    assert!(said.contains("every reading lies at 48"), "{said}");
    let said = growth::net_rate(&readings(), "sensitive", 2.0, 48.0, 72.0).unwrap_err().to_string();
    assert!(said.starts_with("net rate of `sensitive` at 2, 48-72 h: 0 of the 2 readings"), "{said}");
}

fn number(value: &Value) -> f64 {
    value.as_float().or_else(|| value.as_integer().map(|i| i as f64)).unwrap()
}
