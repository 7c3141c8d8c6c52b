//! Made-up runs for the report's tests: a trial of three arms with 1,000 patients each, a dish, and the odd ones
//! (nobody finished, nothing left, twelve arms with hostile names). No figure here is a result.

use super::data::*;
use super::sample_patients;

/// A small generator of evenly spread numbers, good enough to make curves that look like curves.
pub struct Spread(u64);

impl Spread {
    /// The next number, between 0 and 1.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

const HORIZON: f64 = 1826.25;

/// Kaplan-Meier of (day, event) pairs, with plain Greenwood intervals.
fn curve(mut seen: Vec<(f64, bool)>, horizon: f64) -> Curve {
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let patients = seen.len();
    let (mut steps, mut censored) = (vec![(0.0, 1.0, 1.0, 1.0)], Vec::<(f64, f64, usize)>::new());
    let (mut share, mut greenwood, mut at) = (1.0, 0.0, 0);
    while at < patients {
        let day = seen[at].0;
        let same = seen[at..].iter().take_while(|s| s.0 == day).count();
        let died = seen[at..at + same].iter().filter(|s| s.1).count();
        let risk = (patients - at) as f64;
        if died > 0 {
            share *= 1.0 - died as f64 / risk;
            greenwood += died as f64 / (risk * (risk - died as f64).max(1.0));
            let error = 1.96 * share * f64::sqrt(greenwood);
            steps.push((day, share, (share - error).max(0.0), (share + error).min(1.0)));
        }
        if same > died {
            censored.push((day, share, same - died));
        }
        at += same;
    }
    let first = |of: fn(&(f64, f64, f64, f64)) -> f64| steps.iter().find(|s| of(s) <= 0.5).map(|s| s.0);
    let (median_days, ci95_days) = (first(|s| s.1), (first(|s| s.2), first(|s| s.3)));
    let every = if horizon > 400.0 { 6.0 * 30.4375 } else { horizon / 4.0 };
    let risk_table = (0..=(horizon / every + 1e-9) as usize)
        .map(|k| {
            let day = k as f64 * every;
            let before = |event: bool| seen.iter().filter(|s| s.0 < day && s.1 == event).count();
            (day, patients - before(true) - before(false), before(false), before(true))
        })
        .collect();
    let events = seen.iter().filter(|s| s.1).count();
    Curve { median_days, ci95_days, events, patients, steps, censored, risk_table }
}

/// A trial's arm: progression with this median seen every 8 weeks, death later.
fn trial_arm(name: &str, regimen: &str, median: f64, spread: &mut Spread) -> ArmData {
    let (mut progression, mut survival) = (Vec::new(), Vec::new());
    for _ in 0..1000 {
        let time = median * (-f64::ln(spread.next()) / std::f64::consts::LN_2).powf(0.7);
        let death = time + 400.0 * -f64::ln(spread.next());
        let leaves = if spread.next() < 0.05 { spread.next() * HORIZON } else { HORIZON };
        let visit = (time / 56.0).ceil() * 56.0;
        let last_visit = (leaves / 56.0).floor() * 56.0;
        progression.push(if visit <= last_visit { (visit, true) } else { (last_visit, false) });
        survival.push(if death <= leaves { (death, true) } else { (leaves, false) });
    }
    let burden = (0..=120)
        .map(|k| {
            let day = k as f64 * HORIZON / 120.0;
            let middle = 4e9 * (f64::exp(-day / 20.0) + 0.02 * f64::exp(day / median)).min(40.0);
            Band {
                day,
                low: middle * 0.03,
                middle,
                high: middle * 9.0,
                patients: (1000.0 * f64::exp(-day / (2.0 * median))) as usize,
            }
        })
        .collect();
    let mut arm = ArmData {
        name: name.to_owned(),
        regimen: vec![regimen.to_owned()],
        rules: match name {
            "osimertinib 80 mg daily" => vec![
                "hold osimertinib when neutrophils < 1e9 cells/L until neutrophils >= 1.5e9 cells/L".to_owned(),
                "reduce osimertinib by 50 % when neutrophils < 500 cells/uL, at most 1 time".to_owned(),
            ],
            _ => Vec::new(),
        },
        after_progression: "stop".to_owned(),
        progressed: progression.iter().filter(|p| p.1).count() as u64,
        progression: Some(curve(progression, HORIZON)),
        survival: Some(curve(survival, HORIZON)),
        response: Some((0.76, 0.732, 0.785)),
        origins: Some(shares(&[
            ("pre_existing", 0.61),
            ("cycling", 0.14),
            ("persister", 0.21),
            ("drug_induced", 0.0),
            ("non_genetic", 0.04),
        ])),
        mechanisms: Some(shares(&[
            ("t790m", if name.starts_with("osi") { 0.0 } else { 0.625 }),
            ("met_bypass", 0.053),
            ("her2_bypass", 0.125),
            ("histologic", 0.03),
            ("c797s", if name.starts_with("osi") { 0.07 } else { 0.0 }),
            ("other", 0.18),
        ])),
        burden,
        doses: Vec::new(),
        last: [("sensitive", 1e5, 3e7, 2e9), ("persister", 0.0, 4e4, 2e6), ("t790m", 0.0, 2.1e9, 3e10)]
            .map(|(n, a, b, c)| (n.to_owned(), a, b, c))
            .to_vec(),
        ..ArmData::default()
    };
    sample_patients::fill(&mut arm, median, spread);
    arm
}

fn shares(list: &[(&str, f64)]) -> Vec<(String, f64)> {
    list.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect()
}

fn dose(day: usize, drug: &str, amount: f64) -> (f64, String, f64, String) {
    (day as f64, drug.to_owned(), amount, "mg".to_owned())
}

/// Three arms, 1,000 patients each, five years.
pub fn trial() -> ReportData {
    let mut spread = Spread(2026);
    let mut arms = vec![
        trial_arm("erlotinib 150 mg daily", "erlotinib 150 mg oral every day", 300.0, &mut spread),
        trial_arm(
            "erlotinib pulsed",
            "erlotinib 1200 mg on days 1-2 and 50 mg on days 3-7, every 7 days",
            295.0,
            &mut spread,
        ),
        trial_arm("osimertinib 80 mg daily", "osimertinib 80 mg oral every day", 560.0, &mut spread),
    ];
    arms[0].doses = (0..56).map(|d| dose(d, "erlotinib", 150.0)).collect();
    arms[1].doses = (0..56).map(|d| dose(d, "erlotinib", if d % 7 < 2 { 1200.0 } else { 50.0 })).collect();
    arms[2].doses = (0..56).map(|d| dose(d, "osimertinib", 80.0)).collect();
    let against = arms[0].name.clone();
    let compared = |arm: &str, ratio: f64, low: f64, high: f64, p: f64| ComparisonData {
        arm: arm.to_owned(),
        against: against.clone(),
        hazard_ratio: Some(ratio),
        ci95: Some((low, high)),
        p_value: Some(p),
    };
    ReportData {
        format: FORMAT,
        study: "nsclc-egfr-tki".to_owned(),
        title: "EGFR-mutant lung adenocarcinoma, first-line TKI".to_owned(),
        question:
            "Where does resistance to a first EGFR inhibitor come from, and does pulsing or osimertinib delay it?"
                .to_owned(),
        asked: 1000,
        finished: 1000,
        failed: Vec::new(),
        failed_count: 0,
        seed: 2026,
        method: "leap".to_owned(),
        horizon_days: HORIZON,
        assesses_progression: true,
        detection_limit_cells: Some(2e7),
        comparisons: vec![
            compared("erlotinib pulsed", 1.02, 0.93, 1.11, 0.71),
            compared("osimertinib 80 mg daily", 0.47, 0.42, 0.51, 1e-30),
        ],
        arms,
        assumptions: vec![
            Assumption {
                name: "u_t790m".to_owned(),
                value: "1e-8".to_owned(),
                why: "one site at the order of the germline rate per base and division".to_owned(),
                prior: "loguniform(1e-9, 1e-7)".to_owned(),
            },
            Assumption {
                name: "entry_persister".to_owned(),
                value: "3e-4 /day".to_owned(),
                why: "no measurement in a patient; the order seen in the dish".to_owned(),
                prior: "loguniform(1e-5 /day, 1e-2 /day)".to_owned(),
            },
        ],
        citations: vec![
            ("10.1126/scitranslmed.3002356".to_owned(), "growth of PC-9 lines under erlotinib".to_owned()),
            ("https://example.org/paper?a=1&b=2".to_owned(), "table 2".to_owned()),
        ],
        version: "0.1.0".to_owned(),
        detection_limit_is: "largest lesion 2.5 mm across".to_owned(),
        percentiles_of: 1000,
        ranking: Some(sample_patients::ranking()),
        misses: Vec::new(),
        answers: Vec::new(),
        levels_of: 1000,
        levels_left: Vec::new(),
        levels_constant: vec!["albumin".to_owned()],
        map: Some(crate::map::sample::patient()),
    }
}

/// A dish: hours to days, no progression, four concentrations held.
pub fn dish() -> ReportData {
    let mut data = trial();
    data.study = "pc9-erlotinib".to_owned();
    data.title = "PC-9 cells under erlotinib in the dish".to_owned();
    data.horizon_days = 3.0;
    data.assesses_progression = false;
    data.detection_limit_cells = None;
    data.comparisons.clear();
    let names = ["erlotinib 1 uM", "no drug", "erlotinib 3 uM", "erlotinib 10 uM"];
    let model = data.arms[0].clone();
    data.arms = names
        .iter()
        .enumerate()
        .map(|(k, name)| ArmData {
            name: (*name).to_owned(),
            regimen: if k == 1 { Vec::new() } else { vec![format!("{name} held from day 0")] },
            progressed: 0,
            progression: None,
            survival: None,
            response: None,
            origins: None,
            mechanisms: None,
            doses: if k == 1 {
                Vec::new()
            } else {
                vec![(0.0, "erlotinib".to_owned(), k as f64 + 1.0, "uM".to_owned())]
            },
            after_progression: String::new(),
            burden: (0..=24)
                .map(|h| {
                    let (day, middle) = (f64::from(h) / 8.0, 1e6 * f64::exp(f64::from(h) * (0.03 - 0.02 * k as f64)));
                    Band { day, low: middle * 0.97, middle, high: middle * 1.03, patients: 100 }
                })
                .collect(),
            portraits: vec![sample_patients::dish_portrait()],
            last: model.last.clone(),
            ..ArmData::default()
        })
        .collect();
    data.ranking = None;
    data
}

/// Nobody finished.
pub fn nobody() -> ReportData {
    let mut data = trial();
    data.finished = 0;
    data.failed_count = 1000;
    data.failed =
        (1..=50).map(|k| (k, None, "the death rate of sensitive is not a number on day 3".to_owned())).collect();
    for arm in &mut data.arms {
        *arm = ArmData { name: arm.name.clone(), ..ArmData::default() };
    }
    data
}

/// One arm, in which every tumour vanished and nobody progressed or died.
pub fn cured() -> ReportData {
    let mut data = trial();
    data.comparisons.clear();
    data.arms.truncate(1);
    let arm = &mut data.arms[0];
    arm.burden.iter_mut().for_each(|b| (b.low, b.middle, b.high) = (0.0, 0.0, 0.0));
    arm.progressed = 0;
    arm.origins = Some(shares(&[("pre_existing", 0.0), ("non_genetic", 0.0)]));
    arm.mechanisms = Some(Vec::new());
    // Deaths of those whose runs end early say little; so little must be said of them.
    let early = curve((0..20).map(|k| (if k < 15 { 200.0 } else { HORIZON }, false)).collect(), HORIZON);
    let never = curve(vec![(HORIZON, false); 20], HORIZON);
    (arm.progression, arm.survival) = (Some(never), Some(early));
    let fall = arm.waterfall.get_or_insert_default();
    fall.bars.iter_mut().for_each(|b| *b = (-1.0, "CR".to_owned()));
    arm.portraits.iter_mut().for_each(|p| p.clones.truncate(1));
    for c in &mut arm.courses {
        (c.progressed, c.ended, c.end, c.best) = (None, "horizon".to_owned(), HORIZON, "CR".to_owned());
    }
    arm.series[0].points.iter_mut().for_each(|r| (r.low, r.middle, r.high, r.detected) = (0.0, 0.0, 0.0, 0.0));
    arm.levels[1].points.iter_mut().for_each(|p| (p.low, p.middle, p.high) = (0.0, 0.0, 0.0));
    arm.happened[0].steps = vec![(0.0, 0.0)];
    data.ranking = None;
    data.detection_limit_cells = None;
    data.failed = vec![(7, Some("erlotinib 150 mg daily".to_owned()), "more than 1e13 cells".to_owned())];
    (data.failed_count, data.finished) = (1, 999);
    data
}

/// Twelve arms with names that try to break out, a drug cocktail, and figures missing here and there.
pub fn twelve() -> ReportData {
    let mut data = trial();
    data.title = "<script>alert(1)</script> & \"quotes\"".to_owned();
    data.map = Some(crate::map::sample::hostile());
    let models = data.arms.clone();
    data.arms = (0..12)
        .map(|k| {
            let mut arm = models[k % 3].clone();
            arm.name = format!(
                "=HYPERLINK(\"http://x\") <b>arm {k}</b> with a name so long that no picture can hold it in one line"
            );
            if k % 4 == 3 {
                (arm.origins, arm.mechanisms, arm.response, arm.survival) = (None, None, None, None);
                arm.burden.clear();
                (arm.waterfall, arm.courses, arm.portraits) = (None, Vec::new(), Vec::new());
                (arm.exposure, arm.series) = (Vec::new(), Vec::new());
                (arm.levels, arm.happened) = (Vec::new(), Vec::new());
            }
            if k % 5 == 4 {
                arm.doses = (0..8)
                    .flat_map(|d| ["cisplatin", "pemetrexed", "bevacizumab"].map(|g| dose(7 * d, g, 75.0)))
                    .collect();
                let drugs = ["cisplatin", "pemetrexed", "bevacizumab"];
                arm.exposure = drugs.map(|g| sample_patients::exposure(g, 21.0, 60.0 * (k as f64 + 1.0))).to_vec();
            }
            if k % 6 == 5 {
                let courses = [
                    "12 of 15 patients: drug 150 mg oral every day, 61 doses from day 1",
                    "3 of 15 patients: 3 other courses",
                ];
                (arm.regimen, arm.recorded) =
                    (courses.map(String::from).to_vec(), Some("patient 0 (ID <104>)".to_owned()));
                arm.exposure.iter_mut().for_each(|e| e.record.clone_from(&arm.recorded));
            }
            arm
        })
        .collect();
    data.comparisons = (1..12)
        .map(|k| ComparisonData {
            arm: data.arms[k].name.clone(),
            against: data.arms[0].name.clone(),
            hazard_ratio: (k != 3).then_some(0.2 * k as f64),
            ci95: (k != 3).then_some((0.0, 0.5 * k as f64)),
            p_value: (k != 3).then_some(0.04),
        })
        .collect();
    data
}

/// Every made-up run with its name.
pub fn all() -> Vec<(&'static str, ReportData)> {
    vec![("trial", trial()), ("dish", dish()), ("nobody", nobody()), ("cured", cured()), ("twelve", twelve())]
}
