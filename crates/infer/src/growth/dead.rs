//! The answer to a table of dead cells alone: percentages by dose and time. Rates of death need net rates as well.

use super::read::Data;
use crate::answer::{Answer, Estimate, Table, Value};
use crate::least_squares::line;
use crate::student::{t_95, t_beyond};

/// One line's percentages, with the trend over doses at the last time.
pub(super) fn answer(data: &Data, name: &str) -> Answer {
    let mut answer = Answer { assay: "growth".into(), experiment: Some(name.into()), ..Answer::default() };
    let mut times: Vec<f64> = data.readings.iter().filter(|r| r.cell_type == name).map(|r| r.time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut rows = Vec::new();
    for &time in &times {
        for &dose in &data.doses(name) {
            let at = |r: &&crate::table::Reading| r.cell_type == name && r.time == time && r.concentration == dose;
            let all: Vec<f64> = data.readings.iter().filter(at).map(|r| r.signal).collect();
            if all.is_empty() {
                continue;
            }
            let n = all.len() as f64;
            let mean = all.iter().sum::<f64>() / n;
            let spread = libm::sqrt(all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0) / n);
            let ci95 = (all.len() > 1).then(|| (mean - t_95(n - 1.0) * spread, mean + t_95(n - 1.0) * spread));
            rows.push(vec![
                Value::Real(time),
                Value::Real(dose),
                Value::Real(mean),
                ci95.map_or(Value::Nothing, |c| Value::Real(c.0)),
                ci95.map_or(Value::Nothing, |c| Value::Real(c.1)),
            ]);
            answer.estimates.push(Estimate {
                name: format!("dead_{time}h_at_{dose}{}", data.unit),
                value: mean,
                ci95,
                unit: "%".into(),
                how: "mean of the wells, Student's t".into(),
            });
        }
    }
    let columns = ["time_h", "concentration", "dead_percent", "low", "high"].map(String::from).to_vec();
    let caption = "Dead cells, mean of the wells with 95 % interval".to_string();
    answer.tables.push(Table { name: "dead".into(), caption, columns, rows });
    let last = times.last().copied().unwrap_or(0.0);
    let (x, y): (Vec<f64>, Vec<f64>) = data
        .readings
        .iter()
        .filter(|r| r.cell_type == name && r.time == last)
        .map(|r| (libm::log1p(r.concentration), r.signal))
        .unzip();
    let trend = line("dead cells against ln(1 + dose)", &x, &y).ok().filter(|l| l.degrees_of_freedom > 0);
    let first = match trend {
        Some(found) => {
            let t = found.slope / found.slope_error;
            let p = t_beyond(t, found.degrees_of_freedom as f64);
            answer.tests.push(crate::answer::Test {
                name: format!("no_trend_of_dead_over_dose_at_{last}h"),
                statistic: t,
                law: format!("Student's t, {} degrees of freedom", found.degrees_of_freedom),
                p,
            });
            let rises = match (p < 0.05, found.slope > 0.0) {
                (true, true) => "rise with the dose",
                (true, false) => "fall with the dose",
                _ => "show no trend over doses",
            };
            format!("Dead {name} cells {rises} at {last} h (slope on ln(1 + dose), {}).", crate::words::p_value(p))
        }
        None => format!("Dead {name} cells were read at one dose: there is no trend to test."),
    };
    answer.words.push(first);
    answer.words.push(
        "A percentage of dead cells is no rate: give the signals of living cells of the same wells as well, and death \
         and birth follow per hour."
            .to_string(),
    );
    answer
}
