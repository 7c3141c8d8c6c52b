//! Made-up patients for the report's tests: courses, best changes, clones, exposure, readings and a ranking. No figure here is
//! a result.

use super::data::*;
use super::sample::Spread;

const HORIZON: f64 = 1826.25;

/// Gives an arm of a trial with this median everything that pictures of patients need.
pub fn fill(arm: &mut ArmData, median: f64, spread: &mut Spread) {
    let mut bars: Vec<(f64, String)> = (0..989)
        .map(|_| {
            let u = spread.next();
            let change = (-0.9 + 0.5 * u + 3.0 * f64::powi(u, 12)).max(-1.0);
            let code = match change {
                c if c <= -0.89 => "CR",
                c if c <= -0.3 => "PR",
                c if c < 0.2 => ["SD", "PD", "SD", "NE"][(1e4 * u) as usize % 4],
                _ => "PD",
            };
            (change, code.to_owned())
        })
        .collect();
    bars.sort_by(|a, b| b.0.total_cmp(&a.0));
    arm.waterfall = Some(Waterfall { patients: 989, unknown: 11, bars });
    arm.courses = (0..40).map(|patient| course(patient, median, spread)).collect();
    arm.portraits = vec![portrait(958, true, median), portrait(12, false, 1.4 * median)];
    arm.exposure = vec![exposure("erlotinib", 7.0, median)];
    arm.series = vec![series(median)];
    arm.levels = levels(median);
    arm.happened = vec![EventCourse {
        name: "rash".to_owned(),
        steps: (0..40)
            .map(|k| (30.0 * f64::from(k), 0.37 * (1.0 - f64::exp(-f64::from(k) / (0.03 * median)))))
            .collect(),
    }];
}

/// One that stays within a decade, one that spans many with zero among them, and one with both signs.
pub fn levels(median: f64) -> Vec<LevelCourse> {
    let level = |name: &str, unit: &str, of: &dyn Fn(f64) -> (f64, f64, f64)| LevelCourse {
        name: name.to_owned(),
        unit: unit.to_owned(),
        points: (0..30)
            .map(|k| 56.0 * f64::from(k))
            .map(|day| {
                let (low, middle, high) = of(day);
                LevelAt { day, low, middle, high, patients: (1000.0 * f64::exp(-day / (2.0 * median))) as usize }
            })
            .collect(),
    };
    vec![
        level("neutrophils", "cells/L", &|day| {
            let m = 4e9 - 2.4e9 * f64::exp(-(day - 300.0).powi(2) / 4e4);
            (0.6 * m, m, 1.6 * m)
        }),
        level("car_t_cells", "cells/uL", &|day| {
            let m = 300.0 * f64::exp(-day / 90.0);
            (if m < 0.5 { 0.0 } else { 0.02 * m }, m, 40.0 * m)
        }),
        level("balance", "", &|day| {
            let m = 8.0 * f64::cos(day / median);
            (m - 2.0, m, m + 1.0)
        }),
    ]
}

fn course(patient: u32, median: f64, spread: &mut Spread) -> Course {
    let depth = 0.95 * spread.next();
    let end = (median * -f64::ln(spread.next())).clamp(30.0, HORIZON);
    let progresses = end < HORIZON && patient % 7 != 3;
    let looks = (end / 42.0) as usize;
    let change = |k: usize| {
        let t = k as f64 * 42.0;
        f64::exp(-t / 60.0) * depth - depth + if progresses { f64::exp((t - end) / 40.0) * depth * 1.5 } else { 0.0 }
    };
    let last = 42.0 * looks as f64;
    Course {
        patient,
        best: ["PR", "PR", "SD", "CR", "PD", "NE"][(6.0 * spread.next()) as usize % 6].to_owned(),
        baseline: (patient != 9).then_some(50.0 + f64::from(patient)),
        changes: (0..=looks).map(|k| (42.0 * k as f64, change(k))).collect(),
        responded: (depth > 0.4 && looks > 2).then_some(84.0),
        progressed: (progresses && looks > 0).then_some(last),
        ended: if end >= HORIZON {
            "horizon"
        } else {
            ["progression", "death_tumour", "death_other_cause", "ceiling"][patient as usize % 4]
        }
        .to_owned(),
        end,
        dose_changes: if patient.is_multiple_of(5) && end > 60.0 {
            vec![DoseChange { day: 50.0, drug: "erlotinib".into(), scale: 0.67, rule: "neutrophils < 1e9 /L".into() }]
        } else {
            Vec::new()
        },
    }
}

/// A founding clone with four others, one of them inside another.
fn portrait(patient: u32, own: bool, until: f64) -> Portrait {
    let looks = (until / 42.0) as usize + 2;
    let days: Vec<f64> = (0..looks).map(|k| 42.0 * k as f64).collect();
    let grows = |from: usize, days_to_double: f64| -> Vec<f64> {
        let size = |k: usize| 1e6 * f64::exp2((k - from) as f64 * 42.0 / days_to_double);
        (0..looks).map(|k| if k < from { 0.0 } else { size(k).min(3e10) }).collect()
    };
    let clone =
        |id: u32, parent: Option<u32>, cell_type: &str, origin: &str, founded: f64, cells: Vec<f64>| CloneCourse {
            id,
            parent,
            cell_type: cell_type.to_owned(),
            parent_type: parent.map(|_| "sensitive".to_owned()),
            cause: if parent.is_none() { "start" } else { "mutation" }.to_owned(),
            origin: origin.to_owned(),
            founded,
            cells,
        };
    let ground: Vec<f64> = days.iter().map(|d| 2e10 * f64::exp(-d / 80.0) + 1e7).collect();
    let clones = vec![
        clone(0, None, "sensitive", "pre_existing", -2300.0, ground),
        clone(3, Some(0), "t790m", "pre_existing", -210.0, grows(2, 30.0)),
        clone(9, Some(3), "met_bypass", "cycling", 61.0, grows(4, 28.0)),
        clone(14, Some(0), "t790m", "persister", 92.5, grows(3, 45.0)),
        clone(21, Some(77), "histologic", "drug_induced", 120.0, grows(4, 50.0)),
    ];
    let cells = (0..looks).map(|k| clones.iter().map(|c| c.cells[k]).sum::<f64>() * 1.02).collect();
    Portrait {
        patient,
        why: if own { "half of those who progressed had done so by then" } else { "the same patient as under arm one" }
            .to_owned(),
        own,
        progressed: Some(days[looks - 1]),
        ended: "progression".to_owned(),
        days,
        cells,
        clones,
    }
}

/// A cycle with a dose every other day.
pub fn exposure(drug: &str, days: f64, scale: f64) -> Exposure {
    let curve = (0..=210).map(|k| {
        let t = days * f64::from(k) / 210.0;
        let c = scale / 100.0 * (1.0 - f64::exp(-9.0 * (t % 2.0))) * f64::exp(-0.4 * (t % 2.0)) + 0.4;
        (t, c, 0.5 * c, 0.98 * c, 2.1 * c)
    });
    Exposure {
        drug: drug.to_owned(),
        unit: "uM".to_owned(),
        cycle: 5,
        steady: scale < 400.0,
        from: 28.0,
        days,
        patients: 200,
        record: None,
        varies: true,
        curve: curve.collect(),
        doses: (0..4).map(|k| (2.0 * f64::from(k), if k == 0 { 1200.0 } else { 50.0 }, Some(0.0))).collect(),
        dose_unit: "mg".to_owned(),
        lowest: (0.4, 0.2, 0.39, 0.84),
        average: (1.3, 0.65, 1.27, 2.73),
        highest: (2.5, 1.2, 2.4, 5.2),
    }
}

/// A marker in the blood that falls below its limit and comes back.
fn series(median: f64) -> Series {
    let points = (0..30).map(|k| {
        let day = 56.0 * f64::from(k);
        let middle = 12.0 * f64::exp(-day / 30.0) + 0.02 * f64::exp(day / median);
        let seen = |v: f64| if v < 0.05 { 0.0 } else { v.min(60.0) };
        Reading {
            day,
            low: seen(0.1 * middle),
            middle: seen(middle),
            high: seen(8.0 * middle),
            patients: (1000.0 * f64::exp(-day / (2.0 * median))) as usize,
            detected: (0.3 + middle / 12.0).min(1.0),
        }
    });
    Series { name: "ctdna_vaf".to_owned(), unit: "%".to_owned(), limit: Some(0.05), points: points.collect() }
}

/// Two parameters that decide and one that does not.
pub fn ranking() -> Ranking {
    let row = |name: &str, d: [f64; 3]| (name.to_owned(), d.map(Some).to_vec());
    Ranking {
        patients: 1000,
        chance: vec![Some(0.065), Some(0.066), None],
        rows: vec![
            row("growth_of_t790m_under_drug", [-0.51, -0.46, -0.01]),
            row("u_t790m", [0.12, 0.2, 0.31]),
            ("lethal".to_owned(), vec![Some(0.01), None, Some(-0.02)]),
        ],
    }
}

/// What one patient's arm has in a dish: clones alone.
pub fn dish_portrait() -> Portrait {
    let mut portrait = portrait(0, true, 200.0);
    for day in &mut portrait.days {
        *day /= 84.0;
    }
    (portrait.why, portrait.progressed, portrait.ended) = ("the first run".to_owned(), None, "horizon".to_owned());
    portrait
}
