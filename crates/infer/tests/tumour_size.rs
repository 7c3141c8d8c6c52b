//! Lesion sizes: reading, the filter against the joint normal density, the simulator against its law, the population
//! recovered from simulated patients, growth laws recovered by their own fits, and no leak from what is held out.
//!
//! Statistical tests have a false-alarm rate of 1e-6 each (five standard errors). The whole evaluation on public data is
//! the example `tumour_size_forecast`.

use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::jobs::Control;
use remission_infer::population::{self, Individual, Population};
use remission_infer::tumour_size::competitors::{Law, Target, fit};
use remission_infer::tumour_size::held_out::{POOL, Plan, held_out};
use remission_infer::tumour_size::model::{Below, Curve, Deviation, Lesion, Model};
use remission_infer::tumour_size::{Data, Look, Options, Seen, Series, TEMPLATE, answer, read};
use std::io::Write;

fn look(days: f64, diameter: f64) -> Look {
    Look { days, seen: Seen::Diameter(diameter) }
}

#[test]
fn the_public_table_reads_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/tumour_size/lesion_diameters.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/data/tumour_size is absent");
        return;
    };
    let data = read(&text).unwrap();
    let counts = data.counts();
    assert_eq!((counts.rows, counts.patients), (8560, 1472));
    assert_eq!((counts.three_rows, counts.six_rows), (1472, 652));
    assert_eq!((counts.three_numbers, counts.six_numbers), (1461, 641));
    assert_eq!((counts.numbers, counts.too_small, counts.nothing, counts.undated), (8436, 54, 69, 1));
    assert!(data.notes.iter().any(|n| n.contains("7754 (line 7753)")), "{:?}", data.notes);
}

#[test]
fn units_give_the_same_diameter() {
    let with = |value: &str, unit: &str| {
        let text = format!("patient,time_days,value,unit\na,0,{value},{unit}\n");
        read(&text).unwrap().series[0].looks[0].seen.number().unwrap()
    };
    for (value, unit) in [("20", "mm"), ("2", "cm"), ("4188.790204786391", "mm3"), ("4.188790204786391", "mL")] {
        assert!((with(value, unit) - 20.0).abs() < 1e-9, "{value} {unit}");
    }
}

#[test]
fn every_fault_is_named_with_its_place() {
    let fault = |text: &str| read(text).unwrap_err().to_string();
    let header = "patient,time_days,value,unit\n";
    assert!(fault(&format!("{header}a,0,-3,mm\n")).starts_with("line 2, column 3 (value): found `-3`"));
    assert!(fault("patient;time_days;diameter_mm\na;0;3,5\n").contains("decimals with a point"));
    assert!(fault(&format!("{header}a,0,30,inch\n")).contains("mm, cm, mm3, cm3 or mL"));
    assert!(
        fault(&format!("{header}a,0,30,mm\na,40,9000,mm3\n")).contains("a length and a volume for the same lesion")
    );
    assert!(fault(&format!("{header}a,0,gone fishing,mm\n")).contains("NOT EVALUABLE"));
    assert!(fault(&format!("{header}a,0,3000,mm\n")).contains("check the unit"));
    assert!(fault("patient,time_days\na,0\n").contains("no column `value`"));
    assert!(fault("patient,days,diameter_mm\na,0,3\n").contains("time_days"));
    let notes = read(&format!("{header}a,0,30,mm\na,0,30,mm\n")).unwrap().notes;
    assert!(notes[0].contains("line 3 (as line 2)"), "{notes:?}");
}

/// A size in cm among sizes in mm had gone unnoticed.
#[test]
fn a_size_in_another_unit_is_named_and_kept() {
    let notes = |sizes: [&str; 5]| {
        let rows: String = sizes.iter().enumerate().map(|(k, s)| format!("7,{},{s}\n", 42 * k)).collect();
        let data = read(&format!("patient,time_days,value,unit\n{rows}")).unwrap();
        assert_eq!(data.series[0].numbers(), 5);
        data.notes
    };
    let said = notes(["62,mm", "60,mm", "5.5,mm", "50,mm", "52,mm"]);
    let place =
        "line 4, 5.5 mm of 7 on day 84, about a tenth of the 60 mm before (line 3) and the 50 mm after (line 5)";
    assert!(said.len() == 1 && said[0].contains(place) && said[0].contains("mm and cm"), "{said:?}");
    // Units by row: cm said of a number in mm.
    let said = notes(["3.1,cm", "33,mm", "30,cm", "2.8,cm", "31,mm"]);
    assert!(
        said.len() == 1 && said[0].contains("line 4, 300 mm of 7 on day 84, about ten times the 33 mm"),
        "{said:?}"
    );
    // A lesion that shrinks and regrows, and one whose neighbours differ, are none.
    for sizes in [["62,mm", "30,mm", "12,mm", "28,mm", "60,mm"], ["60,mm", "58,mm", "5,mm", "15,mm", "30,mm"]] {
        assert!(notes(sizes).is_empty(), "{sizes:?}");
    }
}

#[test]
fn two_sizes_on_one_day_are_no_progression() {
    let header = "patient,time_days,value,unit\n";
    let text = format!("{header}A,0,52,mm\nA,0,61,mm\nA,42,41,mm\nA,42,50,mm\nA,84,30,mm\n");
    let faults = read(&text).unwrap_err();
    assert_eq!(faults.0.iter().map(|f| f.line).collect::<Vec<_>>(), [3, 5]);
    for part in ["the day of line 2", "add a column `lesion`", "one sum a day"] {
        assert!(faults.to_string().contains(part), "{faults}");
    }
    // What says nothing is no size; rows that say the same are one, and the answer of one patient says so too.
    let data = read(&format!("{header}A,0,52,mm\nA,0,NE,mm\nA,42,41,mm\nA,42,41,mm\n")).unwrap();
    let found = answer(&data, &Options::default(), &Control::quiet()).unwrap();
    assert!(found[0].notes.iter().any(|n| n.contains("line 5 (as line 4)")), "{:?}", found[0].notes);
    let lesions = "patient,time_days,diameter_mm,lesion\na,0,40,x\na,0,55,y\na,42,30,x\na,42,60,y\n";
    assert_eq!(read(lesions).unwrap().series.len(), 2);
}

#[test]
fn progression_is_judged_after_the_baseline() {
    let words = |days: [i32; 4]| {
        let sizes = [20, 40, 30, 32];
        let rows = days.iter().zip(sizes).map(|(t, d)| format!("a,{t},{d}\n")).collect::<String>();
        let data = read(&format!("patient,time_days,diameter_mm\n{rows}")).unwrap();
        answer(&data, &Options::default(), &Control::quiet()).unwrap()[0].words.join(" ")
    };
    assert!(!words([-30, -7, 42, 84]).contains("already"), "growth before treatment is none under it");
    assert!(words([-30, 7, 42, 84]).contains("progression on day 7 already"));
    assert!(
        words([10, 50, 92, 134]).contains("progression on day 50 already"),
        "the first look stands in for a baseline"
    );
}

/// Parameters of the still curve: ln d0, errors, no repeats, wandering.
fn still(proportional: f64, wander: f64) -> Vec<f64> {
    vec![1000f64.ln(), proportional.ln(), -30.0, -50.0, -2.0, wander.ln()]
}

const STILL: Model = Model { curve: Curve::Still, deviation: Deviation::Level };
const BELOW: Below = Below { limit: 5.0, zeros: 0.5, words: 0.3 };

#[test]
fn the_filter_gives_the_joint_normal_density() {
    let (sigma, s) = (0.05, 0.01);
    let values = [(-7.0, 980.0), (40.0, 1040.0), (85.0, 1200.0), (160.0, 1100.0)];
    let looks: Vec<Look> = values.iter().map(|(t, d)| look(*t, *d)).collect();
    let lesion = Lesion { model: STILL, looks, below: &BELOW };
    let found = lesion.log_likelihood(&still(sigma, s));
    // Covariance of ln d: a random walk from the first look, and errors; the density by elimination.
    let n = values.len();
    let mut c = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..n {
            c[i][j] = s * s * f64::min(values[i].0 + 7.0, values[j].0 + 7.0);
        }
        c[i][i] += sigma * sigma + (0.4f64 / 1000.0).powi(2);
    }
    let mut x: Vec<f64> = values.iter().map(|v| (v.1 / 1000.0f64).ln()).collect();
    let mut expected = 0.0;
    for k in 0..n {
        expected += -0.5 * x[k] * x[k] / c[k][k] - 0.5 * (std::f64::consts::TAU * c[k][k]).ln() - values[k].1.ln();
        for i in k + 1..n {
            let ratio = c[i][k] / c[k][k];
            x[i] -= ratio * x[k];
            for j in k..n {
                c[i][j] -= ratio * c[k][j];
            }
        }
    }
    assert!((found - expected).abs() < 1e-3, "{found} {expected}");
}

#[test]
fn a_lesion_below_the_limit_has_the_chance_of_being_there() {
    let looks = vec![Look { days: 0.0, seen: Seen::TooSmall }];
    let mut theta = still(0.3, 0.01);
    theta[0] = 8f64.ln();
    let found = Lesion { model: STILL, looks, below: &BELOW }.log_likelihood(&theta);
    let sd = (0.09f64 + (0.4f64 / 8.0).powi(2)).sqrt();
    let below = remission_infer::special::normal_below((5f64 / 8.0).ln() / sd);
    assert!((found - (below * 0.3).ln()).abs() < 1e-12);
}

#[test]
fn draws_ahead_follow_the_law() {
    let (sigma, s, days) = (0.05, 0.01, 100.0);
    let lesion = Lesion { model: STILL, looks: vec![look(0.0, 270.0)], below: &BELOW };
    let mut stream = Stream::new(7, 0, 0, Purpose::Check);
    let n = 20_000;
    let mut theta = still(sigma, s);
    theta[0] = 300f64.ln();
    let values: Vec<f64> = (0..n).map(|_| lesion.ahead(&theta, &[days], &mut stream)[0].ln() - 300f64.ln()).collect();
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    let expected = s * s * days + sigma * sigma;
    assert!(mean.abs() < 5.0 * (expected / n as f64).sqrt(), "{mean}");
    assert!((variance / expected - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{variance} {expected}");
}

/// Readings of a quantity that differs between individuals.
struct Readings(Vec<f64>);

impl Individual for Readings {
    fn log_likelihood(&self, theta: &[f64]) -> f64 {
        self.0.iter().map(|y| remission_infer::special::log_normal_density(*y, theta[0], 0.5)).sum()
    }
}

#[test]
fn a_population_is_recovered() {
    let mut stream = Stream::new(11, 0, 0, Purpose::Check);
    let (mean, sd, n) = (3.0, 0.8, 600);
    let all: Vec<Readings> = (0..n)
        .map(|_| {
            let own = mean + sd * normal(&mut stream);
            Readings((0..3).map(|_| own + 0.5 * normal(&mut stream)).collect())
        })
        .collect();
    let start = Population::independent(&[0.0], &[2.0]);
    let found = population::learn(&all, &start, &[1e-3], &Default::default(), &Control::quiet()).unwrap();
    // Exact maximum likelihood: means of three readings are normal with variance sd^2 + 0.25/3.
    let means: Vec<f64> = all.iter().map(|r| r.0.iter().sum::<f64>() / 3.0).collect();
    let best = means.iter().sum::<f64>() / n as f64;
    let spread = means.iter().map(|m| (m - best).powi(2)).sum::<f64>() / n as f64 - 0.25 / 3.0;
    assert!((found.mean[0] - best).abs() < 0.02, "{} {best}", found.mean[0]);
    assert!((found.sd(0) / spread.sqrt() - 1.0).abs() < 0.03, "{} {}", found.sd(0), spread.sqrt());
}

#[test]
fn growth_laws_recover_themselves() {
    let days: Vec<f64> = (0..6).map(|k| 42.0 * f64::from(k)).collect();
    let later = 300.0;
    let exponential = |t: f64| 20.0 * (0.006 * t / 3.0).exp();
    let logistic = |t: f64| 40.0 * (1.0 / (1.0 + 7.0 * (-0.02 * t).exp())).cbrt();
    let gompertz = |t: f64| 40.0 * ((1.0f64 / 8.0).ln() * (-0.012 * t).exp() / 3.0).exp();
    let laws: [(Law, &dyn Fn(f64) -> f64); 3] =
        [(Law::Exponential, &exponential), (Law::Logistic, &logistic), (Law::Gompertz, &gompertz)];
    for (law, curve) in laws {
        let sizes: Vec<f64> = days.iter().map(|t| curve(*t)).collect();
        for target in [Target::Volume, Target::Diameter] {
            let found = fit(law, &days, &sizes, target).unwrap().diameter(later);
            assert!((found / curve(later) - 1.0).abs() < 0.02, "{law:?} {target:?} {found} {}", curve(later));
        }
    }
    // Of Bertalanffy's law with l = 2/3, u = V^(1/3) = d goes to its end exponentially.
    let curve = |t: f64| 40.0 - 20.0 * (-0.01 * t).exp();
    let sizes: Vec<f64> = days.iter().map(|t| curve(*t)).collect();
    let found = fit(Law::Bertalanffy, &days, &sizes, Target::Diameter).unwrap().diameter(later);
    assert!((found / curve(later) - 1.0).abs() < 0.02, "{found} {}", curve(later));
}

fn simulated(patients: usize) -> Data {
    let mut stream = Stream::new(13, 0, 0, Purpose::Check);
    let series = (0..patients).map(|k| {
        let size = 30.0 * (0.4 * normal(&mut stream)).exp();
        let (shrinks, grows) = (0.3 * stream.uniform(), 0.05 * stream.uniform());
        let looks = (0..6).map(|v| {
            let t = 42.0 * f64::from(v);
            let d = size * (1.0 - shrinks * (1.0 - (-0.03 * t).exp())) + grows * t;
            look(t, (d * (0.04 * normal(&mut stream)).exp()).round().max(1.0))
        });
        let looks = looks.collect();
        Series {
            study: "s".into(),
            patient: k.to_string(),
            lesion: String::new(),
            arm: String::new(),
            looks,
            undated: 0,
        }
    });
    Data { series: series.collect(), notes: Vec::new() }
}

#[test]
fn what_is_held_out_does_not_leak_and_threads_change_nothing() {
    let data = simulated(60);
    let settings = population::Settings { search: 15, average: 10, ..Default::default() };
    let plan = Plan { settings, laws: false, ..Plan::default() };
    let (before, _) = held_out(&data, &plan, &Control::quiet()).unwrap();
    let mut other = data.clone();
    let last = other.series[17].looks.len() - 1;
    other.series[17].looks[last].seen = Seen::Diameter(250.0);
    other.series[17].looks[last - 1].seen = Seen::Diameter(150.0);
    let control = Control { threads: 3, ..Control::quiet() };
    let (after, _) = held_out(&other, &plan, &control).unwrap();
    let (again, _) = held_out(&data, &plan, &control).unwrap();
    assert_eq!(before, again);
    let of = |rows: &[remission_infer::tumour_size::held_out::Held]| {
        let mine = rows.iter().filter(|h| h.series == 17);
        mine.map(|h| (h.median, h.intervals, h.carried)).collect::<Vec<_>>()
    };
    assert_eq!(of(&before), of(&after));
    assert_ne!(before, after);
}

#[test]
fn growing_and_shrinking_patients_are_told_apart() {
    let series = |name: &str, sizes: [f64; 5]| {
        sizes.iter().enumerate().map(|(k, d)| format!("{name},{},{d}\n", 42 * k)).collect::<String>()
    };
    let text = format!(
        "patient,time_days,diameter_mm\n{}{}",
        series("grows", [30.0, 22.0, 24.0, 31.0, 40.0]),
        series("shrinks", [60.0, 40.0, 30.0, 24.0, 20.0])
    );
    let answers = answer(&read(&text).unwrap(), &Options::default(), &Control::quiet()).unwrap();
    let chance = |k: usize| answers[k].estimates[0].value;
    assert!(chance(0) > chance(1) + 0.2, "{} {}", chance(0), chance(1));
    for answer in &answers {
        let verdict = answer.verdict.as_ref().unwrap();
        assert!((verdict.probability.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(answer.words[0].contains("progression"));
    }
    // Shrinking says nothing of how resistance will begin, if it does.
    assert!(answers[1].verdict.as_ref().unwrap().undetermined, "{:?}", answers[1].words);
}

#[test]
fn little_or_nothing_seen_is_no_panic() {
    let quiet = Control::quiet();
    let of = |text: &str| answer(&read(text).unwrap(), &Options::default(), &quiet);
    assert!(of("patient,time_days,diameter_mm\na,0,NE\n").unwrap_err().to_string().contains("one look"));
    assert!(of("patient,time_days,diameter_mm\na,0,0\n").is_ok());
    assert!(of("patient,time_days,diameter_mm\na,0,TOO SMALL\na,40,TOO SMALL\na,80,0\n").is_ok());
    assert!(of("patient,time_days,diameter_mm\na,0,999\na,1,1\na,36000,999\n").is_ok());
    let nobody = Options { patient: Some("x".into()), ..Options::default() };
    let failure = answer(&read(TEMPLATE).unwrap(), &nobody, &quiet).unwrap_err();
    assert!(failure.to_string().contains("S1/001"));
    let never = Options { every: 0.0, ..Options::default() };
    assert!(answer(&read(TEMPLATE).unwrap(), &never, &quiet).is_err());
    assert_eq!(POOL.len(), 2);
}

#[test]
fn a_population_is_judged_and_forecast() {
    let answers = answer(&simulated(110), &Options::default(), &Control::quiet()).unwrap();
    let found = &answers[0];
    assert!(found.words[0].starts_with("The last two numbers of 110 series"), "{}", found.words[0]);
    let table = |name: &str| found.tables.iter().find(|t| t.name == name).unwrap();
    assert_eq!((table("coverage").rows.len(), table("forecast_errors").rows.len()), (4, 10));
    assert_eq!(table("next_visits").rows.len(), 110);
    assert!(found.diagnostics.iter().any(|d| d.0 == "patients_six_measurements"));
}
