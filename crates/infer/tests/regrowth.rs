//! Regrowth: the law against sums, integrals and event-by-event simulation; origins recovered and calibrated; bad tables.

use remission_cohort::statistics::special::gamma_upper;
use remission_engine::draw::exponential;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::jobs::Control;
use remission_infer::prior::Prior;
use remission_infer::regrowth::data::{Data, Experiment, read};
use remission_infer::regrowth::law::{Clock, Founders, scored_by};
use remission_infer::regrowth::simulate::{Arm, plate, time};
use remission_infer::regrowth::target::{Kind, parameters};
use remission_infer::regrowth::{Options, TEMPLATE, answer};
use remission_infer::smc::Settings;
use remission_infer::verdict::Origin;

fn stream(number: u64) -> Stream {
    Stream::new(2026, number, 0, Purpose::Check)
}

fn present(lines: f64) -> Founders {
    Founders { present: lines, grown: false, later: 0.0, decay_per_day: 1.0 }
}

fn later(lines: f64, decay_per_day: f64) -> Founders {
    Founders { present: 0.0, grown: false, later: lines, decay_per_day }
}

/// Small enough for a test, large enough to tell.
fn quick() -> Options {
    let settings = Settings { particles: 100, runs: 2, forgotten: 0.3, ..Settings::default() };
    Options { settings, next: false, ..Options::default() }
}

fn arm(wells: usize, dose: f64) -> Arm {
    Arm { wells, cells: 5000.0, dose, looks: (1..=25).map(|k| 3.0 * f64::from(k)).collect() }
}

fn two_threads() -> Control<'static> {
    Control { threads: 2, ..Control::quiet() }
}

fn of(experiment: Experiment) -> Data {
    Data { experiments: vec![experiment], notes: Vec::new() }
}

/// Lines present from the start: a Poisson number of exponential sizes, summed by the gamma law.
#[test]
fn present_lines_follow_the_sum_over_their_number() {
    for lines in [0.05, 0.7, 4.0, 15.0] {
        let clock = Clock { growth_per_day: 0.5, threshold: 1e4, scatter: 0.0 };
        let days: Vec<f64> = (1..=60).map(|k| 0.5 * f64::from(k)).collect();
        for (day, p) in days.iter().zip(scored_by(&present(lines), &clock, &days)) {
            let x = 1e4 * (-0.5 * day).exp();
            let (mut poisson, mut exact) = ((-lines).exp(), 0.0);
            for n in 1..120 {
                poisson *= lines / f64::from(n);
                exact += poisson * gamma_upper(f64::from(n), x);
            }
            // Between rungs of the ladder a cubic is followed; the contour itself is good to 1e-8.
            assert!((p - exact).abs() < 2e-3, "{lines} lines, day {day}: {p} for {exact}");
        }
    }
}

/// Few later lines: to first order the integral over the founding time of one.
#[test]
fn a_rare_later_line_follows_its_integral() {
    let (lines, decay, growth) = (1e-3, 0.1, 0.4);
    let clock = Clock { growth_per_day: growth, threshold: 2e4, scatter: 0.0 };
    let days: Vec<f64> = (1..=40).map(|k| 2.0 * f64::from(k)).collect();
    for (day, p) in days.iter().zip(scored_by(&later(lines, decay), &clock, &days)) {
        let steps = 200_000;
        let integral: f64 = (0..steps)
            .map(|k| {
                let s = (f64::from(k) + 0.5) * 400.0 / f64::from(steps);
                decay * (-decay * s).exp() * (-2e4 * (-growth * (day - s)).exp()).exp() * 400.0 / f64::from(steps)
            })
            .sum();
        let exact = lines * integral;
        assert!((p - exact).abs() < 2e-3 * lines, "day {day}: {p} for {exact}");
    }
}

/// The law against wells drawn from it, from a rare line to a thousand: Kolmogorov's statistic above 2.1 has chance 3e-4,
/// over 14 cases 0.4 %.
#[test]
fn drawn_wells_follow_the_law_from_few_lines_to_many() {
    let families = |lines: f64| Founders { grown: true, ..present(lines) };
    let both = Founders { present: 0.7, ..later(2.0, 0.03) };
    let cases = [
        present(0.5),
        present(12.0),
        present(19.0),
        present(60.0),
        later(1.0, 0.2),
        later(30.0, 0.02),
        later(1000.0, 0.02),
        later(15.0, 0.9),
        families(1.0),
        families(40.0),
        both,
    ];
    let n = 20_000;
    let mut stream = stream(1);
    let scatters = [0.05, 0.0];
    for (k, founders) in cases.iter().enumerate() {
        for scatter in scatters.into_iter().take(if k % 3 == 0 { 2 } else { 1 }) {
            let clock = Clock { growth_per_day: 0.4, threshold: 2e4, scatter };
            let mut times: Vec<f64> = (0..n).map(|_| time(founders, &clock, &mut stream)).collect();
            times.sort_by(f64::total_cmp);
            let days: Vec<f64> = times.iter().copied().step_by(200).filter(|t| t.is_finite() && *t > 0.0).collect();
            let law = scored_by(founders, &clock, &days);
            let gap = |(day, p): (&f64, &f64)| {
                let share = times.partition_point(|t| t <= day) as f64 / f64::from(n);
                (share - p).abs()
            };
            let worst = days.iter().zip(&law).map(gap).fold(0.0, f64::max) * f64::from(n).sqrt();
            assert!(worst < 2.1, "{founders:?} scatter {scatter}: {worst}");
        }
    }
}

/// Cells one by one: 1,500 tolerant cells that die or mutate, resistant cells that divide and die, the first day with
/// 1,000 of them. Shares of 3,000 wells at 8 days; five standard errors and the 1/X of the law: false alarm below 1e-5.
#[test]
fn cells_one_by_one_follow_the_law() {
    let (decay, mutation, birth, death, threshold) = (0.05, 4e-5, 0.6, 0.2, 1000u32);
    let wells = 3000;
    let mut stream = stream(2);
    let mut times = Vec::new();
    for _ in 0..wells {
        let (mut tolerant, mut resistant, mut now) = (1500u32, 1u32.min(stream.next_u64() as u32 % 2), 0.0);
        while resistant < threshold && tolerant + resistant > 0 {
            let (p, r) = (f64::from(tolerant), f64::from(resistant));
            let rates = [p * decay, p * mutation, r * birth, r * death];
            let total: f64 = rates.iter().sum();
            now += exponential(&mut stream) / total;
            let u = stream.uniform() * total;
            if u < rates[0] {
                tolerant -= 1;
            } else if u < rates[0] + rates[1] {
                tolerant -= 1;
                resistant += 1;
            } else if u < rates[0] + rates[1] + rates[2] {
                resistant += 1;
            } else {
                resistant -= 1;
            }
        }
        times.push(if resistant >= threshold { now } else { f64::INFINITY });
    }
    let survive = 1.0 - death / birth;
    let (growth, all) = (birth - death, decay + mutation);
    let clock = Clock { growth_per_day: growth, threshold: f64::from(threshold) * survive, scatter: 0.0 };
    let founders = later(1500.0 * mutation / all * survive, all);
    let days = [14.0, 18.0, 22.0, 26.0, 32.0, 40.0, 60.0, 200.0];
    // One well in two began with one resistant cell, whose line survives with chance `survive`.
    let without = scored_by(&founders, &clock, &days);
    let alone = |day: f64| survive * (-clock.threshold * (-growth * day).exp()).exp();
    for (day, p) in days.iter().zip(without) {
        // With the cell: size E + W; its law by integrating over E.
        let steps = 4000;
        let with: f64 = (0..steps)
            .map(|k| {
                let e = -((f64::from(k) + 0.5) / f64::from(steps)).ln();
                let x = clock.threshold * (-growth * day).exp() - e;
                let p = if x <= 0.0 {
                    1.0
                } else {
                    scored_by(&founders, &clock, &[(clock.threshold / x).ln() / growth])[0]
                };
                p / f64::from(steps)
            })
            .sum();
        let law = 0.5 * p + 0.5 * ((1.0 - survive) * p + survive * with);
        assert!(law >= 0.5 * alone(*day) - 1e-6);
        let share = times.iter().filter(|t| *t <= day).count() as f64 / f64::from(wells);
        let error = (law * (1.0 - law) / f64::from(wells)).sqrt();
        assert!((share - law).abs() < 5.0 * error + 0.004, "day {day}: {share} for {law}");
    }
}

/// Half of the wells with lines of before, growth measured: called, and the parameters lie in their intervals.
#[test]
fn lines_of_before_are_found_where_growth_is_known() {
    let options =
        Options { growth_per_day: Prior::LogNormal(0.35, 0.03), weights: [1.0, 0.0, 0.0, 1.0, 1.0, 1.0], ..quick() };
    let plate = plate(Kind::PreExisting, &[0.35, 0.04, 0.7], &[arm(192, 1.0)], &options, &mut stream(3));
    let found = answer(&of(plate), &options, &two_threads()).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.best().unwrap().0, Origin::PreExisting, "{:?}", verdict.origin);
    let of = |name: &str| found[0].estimates.iter().find(|e| e.name == name).unwrap().ci95.unwrap();
    let (low, high) = of("pre_existing.lines_per_well");
    assert!(low < 0.85 && high > 0.57 && high / low < 2.5, "{low} {high}");
}

/// Hundreds of tolerant cells that resume growth: every well on the same days, which rare mutations cannot do.
#[test]
fn wells_that_all_regrow_together_are_no_rare_mutation() {
    let options = Options { growth_per_day: Prior::LogNormal(0.35, 0.03), ..quick() };
    let plate = plate(Kind::NonGenetic, &[0.35, 0.03, 3000.0, 0.02], &[arm(96, 1.0)], &options, &mut stream(4));
    let found = answer(&of(plate), &options, &two_threads()).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    let p = |origin: Origin| verdict.origin.iter().find(|o| o.0 == origin).unwrap().1;
    assert!(p(Origin::Cycling) + p(Origin::DrugInduced) + p(Origin::Persister) < 0.01, "{:?}", verdict.origin);
    assert!(p(Origin::NonGenetic) > 0.2, "{:?}", verdict.origin);
}

/// One dose cannot tell mutations of dying cells from those that the drug makes; three doses can.
#[test]
fn only_doses_tell_the_drugs_own_mutations() {
    let weights = [0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
    let options = Options { weights, ..quick() };
    let at = [0.35, 0.04, 2.0, 0.2];
    let one = plate(Kind::DrugInduced, &at, &[arm(96, 1.0)], &options, &mut stream(5));
    let found = answer(&of(one), &options, &two_threads()).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    assert!(verdict.undetermined && (verdict.origin[0].1 - 0.5).abs() < 1e-12, "{:?}", verdict.origin);
    assert!(verdict.reason.contains("wells at two doses can"), "{}", verdict.reason);
    // A tie is said as one: the headline had named the later of the two.
    let tie = "equally probable, and no other more, are mutations of dividing cells while the drug killed and mutations that the \
               drug made (0.500 each)";
    assert!(found[0].words[0].contains(tie), "{}", found[0].words[0]);
    let arms = [arm(96, 3.0), arm(96, 1.0), arm(96, 0.3)];
    let three = plate(Kind::DrugInduced, &at, &arms, &options, &mut stream(5));
    let found = answer(&of(three), &options, &two_threads()).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.best().map(|b| b.0), Some(Origin::DrugInduced));
    assert!(!verdict.undetermined, "{:?}", verdict.origin);
}

/// Plates drawn from the priors: the probability given to the truth is what it should be on average. The sum's standard
/// error comes from the verdicts themselves; three and a half of them: false alarm 5e-4.
#[test]
fn verdicts_are_calibrated() {
    let options =
        Options { settings: Settings { particles: 60, runs: 2, forgotten: 0.4, ..Settings::default() }, ..quick() };
    let mut stream = stream(6);
    let (mut sum, mut variance) = (0.0, 0.0);
    for number in 0..36 {
        let kind = Kind::ALL[number % 6];
        let all = parameters(kind, &options);
        let at: Vec<f64> = all.iter().map(|p| p.prior.at(remission_engine::draw::normal(&mut stream))).collect();
        let plate = plate(kind, &at, &[arm(24, 1.0)], &options, &mut stream);
        let found = answer(&of(plate), &options, &two_threads()).unwrap();
        let p = &found[0].verdict.as_ref().unwrap().probability;
        let square: f64 = p.iter().map(|x| x * x).sum();
        sum += p[number % 6] - square;
        variance += p.iter().map(|x| x * x * x).sum::<f64>() - square * square;
    }
    assert!(sum.abs() < 3.5 * variance.sqrt(), "{sum} against {}", variance.sqrt());
    assert!(variance > 0.1, "verdicts that say nothing test nothing");
}

#[test]
fn further_measurements_are_bounded_and_a_holiday_tells_what_is_no_mutation() {
    let options = Options { next: true, weights: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], ..quick() };
    let plate = plate(Kind::NonGenetic, &[0.3, 0.04, 100.0, 0.02], &[arm(24, 1.0)], &options, &mut stream(7));
    let found = answer(&of(plate), &options, &two_threads()).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    let entropy = verdict.entropy();
    assert!(entropy > 0.3, "{:?}", verdict.origin);
    assert!(verdict.next.iter().all(|n| (0.0..=entropy).contains(&n.expected_bits)));
    let holiday = verdict.next.iter().find(|n| n.name.starts_with("drug_holiday")).unwrap();
    assert!(holiday.expected_bits > 0.95 * entropy, "{} of {entropy}", holiday.expected_bits);
    let cost = |name: &str| if name.starts_with("drug_holiday") { 1e6 } else { 1.0 };
    let costs: Vec<(String, f64)> =
        verdict.next.iter().map(|n| (n.name.split(':').next().unwrap().into(), cost(&n.name))).collect();
    let mut dear = verdict.clone();
    dear.priced(&costs);
    assert!(!dear.next[0].name.starts_with("drug_holiday") && dear.next[0].cost == Some(1.0));
}

#[test]
fn threads_change_nothing() {
    let options =
        Options { settings: Settings { particles: 30, runs: 2, ..Settings::default() }, next: true, ..quick() };
    let data = read(TEMPLATE, 1.0).unwrap();
    let one = answer(&data, &options, &Control::quiet()).unwrap();
    let two = answer(&data, &options, &two_threads()).unwrap();
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
}

#[test]
fn odd_plates_have_answers() {
    let options = Options {
        settings: Settings { particles: 20, runs: 2, moves: 5, ..Settings::default() },
        next: true,
        ..quick()
    };
    for text in [
        "regrew,time_days\nno,60\n",
        "regrew,time_days\nyes,60\n",
        "regrew,time_days\nno,60\nno,60\nno,60\n",
        "regrew,time_days\nyes,0.001\nyes,0.001\n",
        "regrew,time_days\nyes,36500\nno,36500\n",
        "regrew,time_days,cells,dose\nyes,20,1e15,0\nno,20,1e-300,1e15\n",
        "regrew_after_days,regrew_by_days\n0,5\n5,\n",
    ] {
        let found = answer(&read(text, 1.0).unwrap(), &options, &Control::quiet()).unwrap();
        let verdict = found[0].verdict.as_ref().unwrap();
        assert!(verdict.probability.iter().all(|p| p.is_finite()), "{text}: {:?}", verdict.probability);
        assert!(verdict.next.iter().all(|n| n.expected_bits.is_finite()));
        assert!(!found[0].words[0].contains("NaN"));
    }
    let none = answer(&read("regrew,time_days\nno,60\nno,60\n", 1.0).unwrap(), &options, &Control::quiet()).unwrap();
    let verdict = none[0].verdict.as_ref().unwrap();
    assert!(verdict.undetermined && verdict.reason.starts_with("No well regrew"), "{}", verdict.reason);
}

#[test]
fn bad_tables_name_the_fault() {
    for (text, fault) in [
        ("well,regrew\nA1,yes\n", "line 1: found no column `time_days`"),
        ("well,time_days\nA1,5\n", "line 1: found no column `regrew`"),
        ("well,regrew_after_days\nA1,5\n", "line 1: found no column `regrew_by_days`"),
        ("well,regrew,time_days\nA1,maybe,5\n", "line 2, column 2 (regrew): found `maybe`"),
        ("well,regrew,time_days\nA1,,5\n", "line 2, column 2 (regrew): found nothing"),
        ("well,regrew,time_days\nA1,yes,-5\n", "line 2, column 3 (time_days): found `-5`"),
        ("well;regrew;time_days\nA1;yes;5,5\n", "write decimals with a point"),
        ("well,regrew,time_days\nA1,yes,5d\n", "without a unit"),
        ("well,regrew,time_days\nA1,yes,5\nA1,yes,6\n", "line 3, column 1 (well): found `A1` again, first on line 2"),
        ("regrew_after_days,regrew_by_days\n9,5\n", "line 2, column 2 (regrew_by_days): found 5 after 9"),
        ("regrew,regrew_after_days,regrew_by_days\nno,4,5\n", "`no` with regrew_by_days"),
        ("regrew,time_days,cells\nyes,5,0\n", "line 2, column 3 (cells): found `0`"),
        ("regrew,time_days\n", "found a header alone"),
    ] {
        let found = read(text, 1.0).unwrap_err().to_string();
        assert!(found.contains(fault), "{text}: {found}");
    }
    let weekly = read("regrew,time_days\nyes,7\nyes,14\nyes,21\nno,70\n", 1.0).unwrap();
    assert!(weekly.notes.iter().any(|n| n.contains("looked at weekly")));
    let wrong = Options { survival: 1.5, ..Options::default() };
    assert!(answer(&weekly, &wrong, &Control::quiet()).unwrap_err().to_string().contains("survival is 1.5"));
    // One end of the times without the other is one fault, whatever the rows say.
    let half = read("well,regrew,regrew_after_days\nA1,yes,3\nA2,yes,4\nA3,no,60\n", 1.0).unwrap_err();
    assert!(half.0.len() == 1 && half.to_string().contains("no column `regrew_by_days`"), "{half}");
}

/// The guide shows what the template gives.
#[test]
fn the_guide_shows_what_is_printed() {
    let guide = include_str!("../../../docs/infer-regrowth.md").replace('\n', " ");
    let found = answer(&read(TEMPLATE, 1.0).unwrap(), &Options::default(), &two_threads()).unwrap();
    for words in &found[0].words {
        assert!(guide.contains(words.as_str()), "not in the guide: {:#?}", found[0].words);
    }
    assert!(found[0].unconverged.is_empty(), "{:?}", found[0].unconverged);
}

/// Watched for a thousand years, a well stays empty only where it had no line.
#[test]
fn a_long_watch_leaves_the_wells_without_lines() {
    for founders in [present(0.3), present(5.0), later(0.3, 0.02), later(6.0, 0.1)] {
        for scatter in [0.0, 0.1] {
            let clock = Clock { growth_per_day: 0.4, threshold: 2e4, scatter };
            let found = scored_by(&founders, &clock, &[30.0, 300.0, 3000.0, 365_000.0]);
            let all = 1.0 - (-founders.lines()).exp();
            assert!((found[3] - all).abs() < 1e-6, "{founders:?}: {found:?} for {all}");
            assert!(found.windows(2).all(|w| w[0] <= w[1] + 1e-12), "{found:?}");
        }
    }
}
