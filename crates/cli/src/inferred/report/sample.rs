//! Made-up answers for tests: what assays give on a good day; what no assay should give is in [`edges`].

use super::sample_edges as edges;
use remission_infer::answer::{Answer, Estimate, Said, Sampled, Table, Test, Value};
use remission_infer::figure::{Axis, Figure, Layer};
use remission_infer::special::normal_quantile;
use remission_infer::verdict::{Explanation, Next, Origin, Verdict};
use remission_model::draws::Draws;

/// Every sample, by name.
pub fn all() -> Vec<(&'static str, Vec<Answer>)> {
    vec![
        ("fluctuation", vec![fluctuation()]),
        ("lines", lines()),
        ("hostile", vec![edges::hostile()]),
        ("sixty", vec![edges::sixty()]),
        ("edges", vec![edges::edges()]),
        ("empty", vec![Answer { assay: "fluctuation".into(), ..Answer::default() }]),
    ]
}

pub fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|w| w.to_string()).collect()
}

pub fn estimate(name: &str, value: f64, ci95: (f64, f64), unit: &str, how: &str) -> Estimate {
    Estimate { name: name.into(), value, ci95: Some(ci95), unit: unit.into(), how: how.into() }
}

pub fn explanation(name: &str, words: &str, origin: Origin, prior: f64, log_evidence: f64, error: f64) -> Explanation {
    Explanation { name: name.into(), words: words.into(), origin, prior, log_evidence, error }
}

pub fn next(name: &str, expected_bits: f64, error: f64, cost: Option<f64>) -> Next {
    Next { name: name.into(), expected_bits, error, cost }
}

pub fn figure(id: &str, title: &str, x: Axis, y: Axis, layers: Vec<Layer>) -> Figure {
    let caption = "What is drawn is made up. The line is what is expected and the points are what was counted.";
    Figure { id: id.into(), title: title.into(), caption: caption.into(), x, y, layers }
}

/// Values that fill a law evenly: point `k` of a sequence with this step, through the normal quantile.
pub fn spread(k: usize, step: f64) -> f64 {
    normal_quantile(((k as f64 + 0.5) * step).fract().clamp(1e-6, 1.0 - 1e-6))
}

/// Draws of parameters that are normal, or log-normal where the unit is not empty: (name, unit, middle, spread).
pub fn draws(parameters: &[(&str, &str, f64, f64)], chains: usize, length: usize) -> Draws {
    let steps = [0.618_033_988_749_894_9, 0.754_877_666_246_692_8, 0.569_840_290_998_053_2];
    let value = |p: usize, k: usize| {
        let (_, unit, middle, sd) = parameters[p];
        let z = spread(k + 31 * p, steps[p % 3]);
        if unit.is_empty() { middle + sd * z } else { middle * (sd * z).exp() }
    };
    let one = |c: usize, d: usize| (0..parameters.len()).map(|p| value(p, c * length + d)).collect();
    Draws {
        names: parameters.iter().map(|p| p.0.to_string()).collect(),
        units: parameters.iter().map(|p| p.1.to_string()).collect(),
        chains: (0..chains).map(|c| (0..length).map(|d| one(c, d)).collect()).collect(),
    }
}

/// One fluctuation assay that cannot tell.
pub fn fluctuation() -> Answer {
    let counts = [0, 3, 1, 0, 0, 12, 5, 2, 0, 1, 107, 4, 0, 7, 2, 1, 0, 33, 3, 0, 1, 5, 0, 2];
    let how = "maximum likelihood, profile-likelihood interval";
    let mut verdict = Verdict::new(vec![
        explanation("before_plating", "all mutants arose before the drug", Origin::PreExisting, 0.5, -53.271, 0.02),
        explanation("after_plating", "all mutants arose on the plate", Origin::DuringTreatment, 0.25, -56.04, 0.03),
        explanation(
            "both",
            "mutants from before and from the plate, each with a share that matters",
            Origin::Mixture,
            0.25,
            -52.98,
            0.04,
        ),
    ]);
    verdict.reason = "24 cultures hold too few jackpots: a jackpot of 107 is expected in one set of 9 if all mutants are from before, and in one of 14 if a third are from the plate.".into();
    verdict.rank(vec![
        next("24 more cultures", 0.31, 0.012, Some(24.0)),
        next("sequence 10 colonies of each of two cultures", 0.18, 0.01, Some(30.0)),
        next("a second plating after 48 h without drug", 0.64, 0.02, Some(60.0)),
        next("count again", 0.0, 0.004, Some(1.0)),
    ]);
    let law = |k: usize| 0.3 / (1.0 + k as f64 / 1.7).powf(1.9);
    let bars = [9.0, 4.0, 3.0, 2.0, 1.0, 2.0, 0.0, 1.0].iter().enumerate().map(|(k, n)| (k as f64, n / 24.0)).collect();
    let profile = |k: usize| (1.5 + 0.05 * k as f64, -0.5 * ((1.5 + 0.05 * k as f64 - 3.21) / 0.42f64).powi(2));
    let posterior =
        draws(&[("mutations_per_culture", "", 3.2, 0.42), ("mutation_rate", "per division", 1.2e-8, 0.4)], 4, 250);
    let prior =
        draws(&[("mutations_per_culture", "", 4.0, 3.0), ("mutation_rate", "per division", 1e-8, 2.3)], 1, 1000);
    let unit = |set: &[f64], c: i32| -1.5 - 0.5 * (f64::from(c).ln_1p() - 0.4 * set[0]).powi(2);
    let units = |set: &Vec<f64>| counts.iter().map(|c| unit(set, *c)).collect::<Vec<f64>>();
    let observed: Vec<f64> = counts.iter().map(|c| f64::from(*c)).collect();
    Answer {
        assay: "fluctuation".into(),
        words: words(&[
            "These cultures do not tell whether the mutants were there before the drug: undetermined, 59 % in favour of before.",
            "The mutation rate is 1.2e-8 per division (95 % interval 0.9e-8 to 1.6e-8), whichever explanation is true.",
        ]),
        estimates: vec![
            estimate("mutations_per_culture", 3.214_592_653, (2.449, 4.1), "", how),
            estimate("mutation_rate", 1.2e-8 / 3.0 * 3.0, (9.0e-9, 1.6e-8), "per division", how),
            estimate("plating_efficiency", 0.62, (0.55, 0.70), "", "given"),
        ],
        tests: vec![Test {
            name: "no mutant was made on the plate".into(),
            statistic: 2.87,
            law: "chi-square, 1 degree of freedom, half of it".into(),
            p: 0.045,
        }],
        verdict: Some(verdict),
        diagnostics: vec![
            ("r_hat".into(), Said::Number(1.002)),
            ("effective_draws".into(), Said::Numbers(vec![812.0, 930.0])),
            ("seed".into(), Said::Number(7.0)),
            ("sampler".into(), Said::Text("tempered sequential Monte Carlo".into())),
        ],
        notes: words(&["The plating efficiency is taken as known.", "Column `well` was passed over."]),
        tables: vec![Table {
            name: "cultures".into(),
            caption: "One row a culture".into(),
            columns: words(&["culture", "mutants", "chance_of_more"]),
            rows: counts
                .iter()
                .enumerate()
                .map(|(k, c)| {
                    vec![
                        Value::Text(format!("c{k}")),
                        Value::Whole((*c).into()),
                        Value::Real(1.0 / (1.0 + f64::from(*c))),
                    ]
                })
                .collect(),
        }],
        figures: vec![
            figure(
                "counts",
                "Mutants in a culture",
                Axis::new("mutants in a culture"),
                Axis::new("share of cultures"),
                vec![
                    Layer::Bars { name: "counted".into(), at: bars, width: 0.8 },
                    Layer::Line {
                        name: "expected, all from before".into(),
                        at: (0..8).map(|k| (k as f64, law(k))).collect(),
                    },
                    Layer::Points {
                        name: "expected, half from the plate".into(),
                        at: (0..8).map(|k| (k as f64, 0.8 * law(k) + 0.03)).collect(),
                    },
                ],
            ),
            figure(
                "profile",
                "Profile of the likelihood",
                Axis::new("mutations in a culture"),
                Axis::new("ln likelihood below its maximum"),
                vec![
                    Layer::Line { name: "profile".into(), at: (0..=70).map(profile).collect() },
                    Layer::Level { name: "95 % interval".into(), y: -1.92 },
                    Layer::Moment { name: "maximum".into(), x: 3.21 },
                ],
            ),
        ],
        sampled: Some(Sampled {
            log_likelihood: posterior.chains.iter().map(|c| c.iter().map(units).collect()).collect(),
            predictive: posterior.chains.iter().map(|c| c.iter().map(|_| observed.clone()).collect()).collect(),
            posterior,
            prior,
            observed_name: "mutants".into(),
            observed,
        }),
        ..Answer::default()
    }
}

/// Three lines of one time-kill experiment: one with a verdict, one whose chains disagree, one without draws.
pub fn lines() -> Vec<Answer> {
    let made = |name: &str, certain: f64| {
        let times = [0.0, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0, 21.0];
        let cells = |t: f64| 1e6 * (0.998 * (-0.9 * t).exp() + 0.002 * (0.12 * t).exp());
        let seen = |t: f64, k: usize| cells(t) * (0.25 * spread(k, 0.618)).exp();
        let layers = vec![
            Layer::Band {
                name: "90 % of what is expected".into(),
                at: times.iter().map(|t| (*t, cells(*t) * 0.6, cells(*t) * 1.7)).collect(),
            },
            Layer::Line {
                name: "expected".into(),
                at: (0..=84).map(|k| (0.25 * k as f64, cells(0.25 * k as f64))).collect(),
            },
            Layer::Points {
                name: "counted".into(),
                at: times
                    .iter()
                    .enumerate()
                    .flat_map(|(k, t)| [(*t, seen(*t, 2 * k)), (*t, seen(*t, 2 * k + 1))])
                    .collect(),
            },
            Layer::Level { name: "limit of detection".into(), y: 200.0 },
            Layer::Moment { name: "drug off".into(), x: 14.0 },
            Layer::Moment { name: "last medium change before the count".into(), x: 15.0 },
        ];
        let doses = words(&["0.01", "0.1", "1", "10"]);
        let rates = |s: f64| {
            (0..4)
                .map(|k| (k as f64 + s, 0.5 - 0.4 * k as f64 - 0.2, 0.5 - 0.4 * k as f64, 0.7 - 0.4 * k as f64))
                .collect()
        };
        let mut verdict = Verdict::new(vec![
            explanation(
                "persisters",
                "a tolerant share that was there and grows slowly",
                Origin::NonGenetic,
                0.5,
                -120.0,
                0.1,
            ),
            explanation("mutants", "mutants from before the drug", Origin::PreExisting, 0.5, -120.0 - certain, 0.1),
        ]);
        verdict.reason = "Cells that came through and were grown without drug are as sensitive as before.".into();
        Answer {
            assay: "time_kill".into(),
            experiment: Some(name.into()),
            words: words(&[&format!("Net growth of {name} falls below zero at 0.8 uM.")]),
            estimates: vec![
                estimate("death_rate", 0.9, (0.81, 1.02), "per day", "posterior median"),
                estimate("tolerant_share", 0.002, (0.0, 0.0061), "", "posterior median"),
            ],
            verdict: Some(verdict),
            figures: vec![
                figure(
                    "course",
                    "Cells over time",
                    Axis::new("time since the drug, days"),
                    Axis::log("cells in the well"),
                    layers,
                ),
                figure(
                    "rates",
                    "Net growth by dose",
                    Axis::names("concentration, uM", doses),
                    Axis::new("net growth, per day"),
                    vec![
                        Layer::Intervals { name: "sensitive".into(), at: rates(-0.12) },
                        Layer::Intervals { name: "tolerant".into(), at: rates(0.12) },
                        Layer::Level { name: "no growth".into(), y: 0.0 },
                    ],
                ),
            ],
            ..Answer::default()
        }
    };
    let mut all = vec![made("line A", 9.0), made("line B", 1.0), made("line C", -8.0)];
    all[1].unconverged = words(&[
        "`death_rate`: the chains disagree (R-hat 1.31; 1.01 is allowed).",
        "The search for the mode stopped at its limit of 500 steps.",
    ]);
    all[1].sampled =
        Some(Sampled { posterior: draws(&[("death_rate", "per day", 0.9, 0.05)], 2, 200), ..Sampled::default() });
    all[2].verdict = None;
    all
}
