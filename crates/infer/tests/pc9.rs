//! The fits of `catalogue/pc9-erlotinib`: every number that its notes, models and `expected.toml` print from readings.
//!
//! Left out: what a run of the studies gives, which the catalogue's own check compares.

use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_infer::delayed::{DelayedDeath, DelayedFit, Line, Values};
use remission_infer::growth::{self, DoseCurve};
use remission_infer::least_squares::line;
use remission_infer::table::{self, Columns, Reading, Signal};
use std::sync::OnceLock;
use toml::{Table, Value};

const LINES: [&str; 2] = ["sensitive", "t790m"];
const DOSES: [f64; 5] = [0.0, 1.0, 3.0, 10.0, 20.0];
const FOLDER: &str = "../../catalogue/pc9-erlotinib/";

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
        DOSES.map(|c| dish.net_rate(&values, Line::Sensitive, c, from, until)).to_vec()
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
            // Half of a last printed digit is no disagreement, but a tolerance is never widened by it.
            if (found - wanted).abs() > allowed {
                wrong.push(format!("{set}: {name}: {found} for {wanted} +- {allowed}"));
            }
        }
    }
    assert_eq!(fits.len(), 23, "fits were added or lost");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_other_starts_reach_the_same_minimum() {
    let best = delayed();
    assert!(best.fit.convergence.reached(), "{:?}", best.fit.convergence);
    let factors = [[2.5, 0.4, 0.6, 1.7, 0.5, 2.5, 2.0, 0.4, 2.0], [0.5, 2.0, 1.8, 0.5, 1.6, 0.4, 0.5, 2.5, 0.6]];
    for f in factors {
        let start = Values {
            signal0: START.signal0 * f[0],
            signal0_resistant: START.signal0_resistant * f[1],
            birth: START.birth * f[2],
            birth_resistant: START.birth_resistant * f[3],
            mean: START.mean * f[4],
            c0: START.c0 * f[5],
            kill: START.kill * f[6],
            c_resistant: START.c_resistant * f[7],
            capacity: START.capacity * f[8],
        };
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
    for (states, printed) in [(8, 0.761), (10, 0.773), (15, 0.804), (20, 0.836)] {
        let fit = dish(Some(states)).fit(&readings(), &START).unwrap();
        let sum = fit.fit.sum_of_squares;
        println!("{states} states: {sum:.5}, c0 {:.4}, mean {:.2}, {:?}", fit.values.c0, fit.values.mean, fit.fit.convergence);
        assert!((sum - printed).abs() <= 0.0005, "{states} states: {sum} for {printed}");
    }
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
            wrong.extend(differs(file, "delay", delay["mean"].as_str().unwrap(), values.mean));
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
    let parameters: Vec<f64> = Vec::new();
    let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
    mean.follow(&arm.regimen);
    mean.advance(10.0).unwrap();
    let sensitive = model.cells.iter().position(|c| c.name == "sensitive").unwrap();
    let cells = mean.means().by_type()[sensitive];
    println!("E[N(10 d)] = {cells:.1}; published 207930, notes 207030");
    assert!((cells / 207_930.0 - 1.0).abs() < 0.01, "{cells}");
    assert!((cells - 207_030.0).abs() < 5.0, "{cells} for the 207,030 of the notes");
}

const HEADER: &str = "cell_type,concentration_uM,time_h,replicate,viable_signal\n";

#[test]
fn malformed_tables_are_refused_with_line_column_found_and_allowed() {
    let cases = [
        ("sensitive,0,0,1,zero", (2, 17), "viable_signal", "`zero`", "a number above 0"),
        ("sensitive,0,0,1,0", (2, 17), "viable_signal", "`0`", "a number above 0"),
        ("sensitive,0,0,1,inf", (2, 17), "viable_signal", "`inf`", "a number above 0"),
        ("sensitive,-1,0,1,0.1", (2, 11), "concentration_uM", "`-1`", "a number, 0 or more"),
        ("sensitive,0,,1,0.1", (2, 13), "time_h", "``", "a number, 0 or more"),
        ("sensitive,0,0,1.5,0.1", (2, 15), "replicate", "`1.5`", "a whole number, 0 to 4294967295"),
        (",0,0,1,0.1", (2, 1), "cell_type", "nothing", "the name of a cell type"),
        ("sensitive,0,0,1", (2, 1), "", "4 fields", "5 fields, as in the header; decimals with a point"),
        ("sensitive,0,0,1,0,1", (2, 1), "", "6 fields", "5 fields, as in the header; decimals with a point"),
        ("\"sensitive,0,0,1,0.1", (2, 1), "", "a quote that is not closed on its line", "quotes in pairs"),
        ("", (1, 1), "", "a header alone", "a header and a line per reading"),
    ];
    for (line, at, name, found, allowed) in cases {
        let problems = table::read(&format!("{HEADER}{line}\n"), &Columns::default()).unwrap_err();
        let p = &problems.0[0];
        assert_eq!(problems.0.len(), 1, "{line}: {problems}");
        assert_eq!(((p.line, p.column), &*p.name, &*p.found, &*p.allowed), (at, name, found, allowed), "{line}");
    }
    let said = table::read(&format!("{HEADER}a,0,0,1,-2\n"), &Columns::default()).unwrap_err().to_string();
    assert_eq!(said, "line 2, column 9 (viable_signal): found `-2`; allowed: a number above 0");
}

#[test]
fn every_fault_of_a_table_is_told_at_once() {
    let text = format!("{HEADER}a,x,0,1,0\n\r\na,1,0,1,2\na,1,0,1,3\n");
    let problems = table::read(&text, &Columns::default()).unwrap_err().0;
    let places: Vec<(usize, usize)> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(2, 3), (2, 9), (5, 1)]);
    assert_eq!(problems[2].found, "the well and time of line 4 again");

    let headless = table::read("cell_type,dose,time_h,time_h\n", &Columns::default()).unwrap_err().to_string();
    for part in ["no such column among `cell_type`, `dose`", "(replicate)", "(viable_signal)", "column 23 (time_h)"] {
        assert!(headless.contains(part), "{headless}");
    }
    assert_eq!(table::read("", &Columns::default()).unwrap_err().0[0].found, "no line");
    let percent = Columns { allowed: Signal::Percent, ..Columns::default() };
    let beyond = table::read(&format!("{HEADER}a,0,0,1,100.5\n"), &percent).unwrap_err().to_string();
    assert!(beyond.ends_with("allowed: a percentage, 0 to 100"), "{beyond}");
}

#[test]
fn tables_from_other_programs_are_read() {
    let text = "\u{feff}\"viable_signal\",\"time_h\",\"note\",\"cell_type\",\"replicate\",\"concentration_uM\"\r\n\
                0.5, 24 ,\"so, \"\"so\"\"\",\"PC9, \"\"late\"\"\",2,-0\r\n";
    let read = table::read(text, &Columns::default()).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].cell_type.as_str(), read[0].replicate, read[0].time), ("PC9, \"late\"", 2, 24.0));
    assert!(read[0].concentration.is_sign_positive());
}

#[test]
fn a_fit_that_cannot_be_made_says_why() {
    let mut strange = readings();
    strange[0].cell_type = "hcc827".to_string();
    let said = dish(Some(12)).fit(&strange, &START).unwrap_err().to_string();
    assert_eq!(said, "cell type `hcc827` has no place in this model; allowed: sensitive, t790m");
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
