//! Made-up answers that no assay should give and one day will: hostile text, extreme numbers, sixty parameters, empty pictures.

use super::sample::{draws, estimate, explanation, figure, next, spread, words};
use remission_infer::answer::{Answer, Said, Sampled, Table, Test, Value};
use remission_infer::figure::{Axis, Figure, Layer};
use remission_infer::verdict::{Origin, Verdict};

const INFINITE: f64 = f64::INFINITY;
const NONE: f64 = f64::NAN;

/// Text that wants to be more than text.
pub fn hostile() -> Answer {
    let bad = "<script>alert(1)</script>";
    let run = "=cmd|' /C calc'!A0";
    let long = "name ".repeat(60);
    let mut verdict = Verdict::new(vec![
        explanation(bad, run, Origin::Cycling, 0.0, f64::NEG_INFINITY, NONE),
        explanation("\u{1b}[2J\u{202e}", &long, Origin::Persister, 1.0, -1e300, INFINITE),
    ]);
    verdict.reason = format!("{bad} & \"quotes\" 'too'\nand a second line");
    verdict.next =
        vec![next(bad, NONE, NONE, Some(-1.0)), next(&long, 1e-300, INFINITE, None), next(run, 3.0, 0.1, Some(0.0))];
    Answer {
        assay: bad.into(),
        experiment: Some("../../etc\r\n\"x\"".into()),
        words: words(&[bad, run, "\u{1b}]0;title\u{7}", &long]),
        unconverged: words(&[bad]),
        stands: bad.to_owned(),
        remedy: String::new(),
        estimates: vec![
            estimate(bad, INFINITE, (NONE, NONE), run, bad),
            estimate(run, NONE, (-INFINITE, INFINITE), "", ""),
            estimate(
                "same",
                1e308,
                (-1e308, 1e308),
                "a very long unit that goes on, per something and per something else",
                "x",
            ),
            estimate("same", 5e-324, (0.0, INFINITE), "", "y"),
        ],
        tests: vec![Test { name: bad.into(), statistic: INFINITE, law: run.into(), p: 0.0 }],
        verdict: Some(verdict),
        diagnostics: vec![
            (bad.into(), Said::Text(bad.into())),
            ("flag".into(), Said::Flag(false)),
            ("many".into(), Said::Numbers(vec![NONE; 9])),
            ("none".into(), Said::Numbers(Vec::new())),
            ("nan".into(), Said::Number(NONE)),
        ],
        notes: words(&[bad, &long]),
        tables: vec![
            Table {
                name: "../../x".into(),
                caption: bad.into(),
                columns: words(&[run, bad]),
                rows: vec![
                    vec![Value::Text(run.into()), Value::Nothing],
                    vec![Value::Real(INFINITE), Value::Real(NONE)],
                ],
            },
            Table { name: String::new(), caption: String::new(), columns: Vec::new(), rows: Vec::new() },
            Table {
                name: "CON/..".into(),
                caption: "-".into(),
                columns: words(&["a"]),
                rows: vec![vec![Value::Whole(-3)]],
            },
        ],
        figures: vec![Figure {
            id: "\"><script>".into(),
            title: bad.into(),
            caption: bad.into(),
            x: Axis::names(bad, words(&[bad, run, &long])),
            y: Axis::log(long.trim()),
            layers: vec![
                Layer::Bars { name: bad.into(), at: vec![(0.0, 3.0), (1.0, 0.0), (2.0, INFINITE)], width: NONE },
                Layer::Level { name: long.clone(), y: 1.0 },
                Layer::Moment { name: long.clone(), x: 1.0 },
            ],
        }],
        sampled: Some(Sampled {
            posterior: draws(
                &[("../x", "", 0.0, 1.0), ("chain", "", 1.0, 0.0), (bad, "=unit", 1.0, 0.3), ("Chain", "", 2.0, 1.0)],
                2,
                40,
            ),
            observed_name: "unit/../".into(),
            observed: vec![1.0, INFINITE],
            ..Sampled::default()
        }),
    }
}

/// Sixty parameters at once, with names as long as they come.
pub fn sixty() -> Answer {
    let names: Vec<String> =
        (0..60).map(|k| format!("growth_rate_at_dose_{k}.line_with_a_long_name_{}", k % 7)).collect();
    let parameters: Vec<(&str, &str, f64, f64)> = names
        .iter()
        .enumerate()
        .map(|(k, n)| {
            (
                n.as_str(),
                if k % 3 == 0 { "per day" } else { "" },
                1.0 + 0.1 * k as f64,
                if k == 10 { 0.0 } else { 0.1 + 0.03 * k as f64 },
            )
        })
        .collect();
    let how = "posterior median";
    Answer {
        assay: "screen".into(),
        words: words(&["Sixty rates were estimated at once."]),
        estimates: parameters.iter().map(|p| estimate(p.0, p.2, (p.2 - p.3, p.2 + p.3), p.1, how)).collect(),
        figures: vec![figure(
            "all",
            "All rates",
            Axis::names("rate", names.clone()),
            Axis::new("per day"),
            vec![
                Layer::Intervals {
                    name: "estimate".into(),
                    at: parameters
                        .iter()
                        .enumerate()
                        .map(|(k, p)| (k as f64, p.2 - p.3, p.2, if k == 7 { INFINITE } else { p.2 + p.3 }))
                        .collect(),
                },
                Layer::Level { name: "no growth".into(), y: 0.0 },
            ],
        )],
        sampled: Some(Sampled {
            posterior: draws(&parameters, 4, 100),
            prior: draws(&parameters, 1, 400),
            ..Sampled::default()
        }),
        ..Answer::default()
    }
}

/// Pictures at the edge of what can be drawn.
pub fn edges() -> Answer {
    let points = |name: &str, at: &[(f64, f64)]| Layer::Points { name: name.into(), at: at.to_vec() };
    let line = |name: &str, at: &[(f64, f64)]| Layer::Line { name: name.into(), at: at.to_vec() };
    let many: Vec<(f64, f64)> = (0..3000).map(|k| (spread(k, 0.618), spread(k, 0.7549))).collect();
    let broken = [(0.0, 1.0), (1.0, NONE), (2.0, 3.0), (3.0, 5.0), (4.0, INFINITE), (5.0, 2.0), (6.0, -1.0)];
    let (x, y) = (|| Axis::new("x"), || Axis::new("y, units"));
    let ranged = Axis { range: Some((2.0, 4.0)), ..Axis::new("part of the time, days") };
    let close: Vec<Layer> =
        (0..5).map(|k| Layer::Level { name: format!("threshold {k}"), y: 1.0 + 0.02 * f64::from(k) }).collect();
    let arms: Vec<Layer> = (0..9)
        .map(|k| line(&format!("arm {k}"), &(0..20).map(|t| (f64::from(t), f64::from(t * k))).collect::<Vec<_>>()))
        .collect();
    let long = words(&[
        "pre-existing resistant clone",
        "cycling cell under treatment",
        "drug-tolerant persister",
        "a mutation that the drug made",
        "tolerance without a mutation",
    ]);
    let figures = vec![
        figure("no-layers", "No layers", x(), y(), Vec::new()),
        figure("no-points", "No points", x(), Axis::log("y"), vec![points("data", &[]), line("model", &[])]),
        figure("one-point", "One point", x(), y(), vec![points("data", &[(3.0, 7.0)])]),
        figure(
            "one-point-log",
            "One point on logarithms",
            Axis::log("dose, uM"),
            Axis::log("cells"),
            vec![points("data", &[(3.0, 7e12)])],
        ),
        figure(
            "infinite",
            "Infinite and missing values",
            x(),
            y(),
            vec![points("data", &broken), line("model", &broken)],
        ),
        figure(
            "infinite-log",
            "The same on logarithms",
            x(),
            Axis::log("y"),
            vec![
                points("data", &broken),
                line("model", &broken),
                Layer::Band { name: "band".into(), at: vec![(0.0, 0.0, 3.0), (3.0, 1.0, INFINITE), (6.0, 2.0, 9.0)] },
            ],
        ),
        figure(
            "huge",
            "From the smallest to the largest",
            x(),
            Axis::log("y"),
            vec![points("data", &[(0.0, 5e-324), (1.0, 1.0), (2.0, 1.7e308)])],
        ),
        figure(
            "huge-linear",
            "Across all numbers",
            x(),
            y(),
            vec![points("data", &[(-1.7e308, -1.7e308), (1.7e308, 1.7e308)])],
        ),
        figure(
            "tiny",
            "A tiny step on a large number",
            x(),
            y(),
            vec![line("drift", &[(0.0, 1e6), (1.0, 1e6 + 1e-3), (2.0, 1e6 + 2e-3)])],
        ),
        figure(
            "small",
            "Small rates",
            Axis::new("divisions"),
            Axis::new("rate, per division"),
            vec![line("rate", &[(0.0, 1e-8), (5e6, 3.3e-8)])],
        ),
        figure(
            "ranged",
            "A part of the time",
            ranged,
            y(),
            vec![line("model", &[(0.0, 0.0), (3.0, 9.0), (10.0, -5.0)]), points("data", &[(1.0, 1.0), (3.0, 8.0)])],
        ),
        figure("many", "Three thousand points", x(), y(), vec![points("draws", &many)]),
        figure(
            "close",
            "Thresholds close together",
            x(),
            y(),
            close.into_iter().chain([points("data", &[(0.0, 0.0), (10.0, 2.0)])]).collect(),
        ),
        figure("arms", "Nine arms", Axis::new("time, days"), Axis::new("cells"), arms),
        figure(
            "names",
            "Names that need room",
            Axis::names("", long.clone()),
            Axis::new("probability"),
            vec![Layer::Bars {
                name: "posterior".into(),
                at: (0..5).map(|k| (f64::from(k), 0.06 * f64::from(k))).collect(),
                width: 0.7,
            }],
        ),
        figure(
            "names-up",
            "Names upwards",
            Axis::new("share"),
            Axis::names("origin", long),
            vec![Layer::Points {
                name: "share".into(),
                at: (0..5).map(|k| (0.2 * f64::from(k), f64::from(k))).collect(),
            }],
        ),
        figure(
            "two-bars",
            "Two histograms",
            Axis::new("barcodes"),
            Axis::new("share"),
            vec![
                Layer::Bars {
                    name: "seen".into(),
                    at: (0..9).map(|k| (f64::from(k), 0.3 / f64::from(k + 1))).collect(),
                    width: 1.0,
                },
                Layer::Bars {
                    name: "expected".into(),
                    at: (0..9).map(|k| (f64::from(k), 0.02 * f64::from(k))).collect(),
                    width: 1.0,
                },
            ],
        ),
        figure(
            "open",
            "Open intervals",
            Axis::names("dose", words(&["a", "b", "c"])),
            Axis::log("rate, per day"),
            vec![Layer::Intervals {
                name: "rate".into(),
                at: vec![(0.0, 0.0, 0.1, 0.4), (1.0, 0.2, 0.5, INFINITE), (2.0, NONE, NONE, NONE)],
            }],
        ),
    ];
    Answer { assay: "edges".into(), words: words(&["Nothing here was measured."]), figures, ..Answer::default() }
}
