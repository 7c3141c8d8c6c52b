//! Persister fluctuation: the law against sums, enumeration and cells one by one; rates recovered; bad tables.

use remission_engine::draw::{binomial, exponential, log_binomial, log_poisson, normal};
use remission_engine::stream::{Purpose, Stream};
use remission_infer::jobs::Control;
use remission_infer::persister_fluctuation::data::{Culture, Data, Experiment, read};
use remission_infer::persister_fluctuation::fit::fit;
use remission_infer::persister_fluctuation::law::{Seen, log_chance};
use remission_infer::persister_fluctuation::model::{Explained, Kind, Model, Rates};
use remission_infer::persister_fluctuation::simulate::{Design, assay};
use remission_infer::persister_fluctuation::{Options, TEMPLATE, answer};
use remission_infer::prior::{Prior, Target};
use remission_infer::smc::Settings;
use remission_infer::verdict::Origin;

fn stream(number: u64) -> Stream {
    Stream::new(2026, number, 0, Purpose::Check)
}

fn quick() -> Options {
    let settings = Settings { particles: 80, runs: 2, forgotten: 0.3, ..Settings::default() };
    Options { settings, next: false, ..Options::default() }
}

fn two_threads() -> Control<'static> {
    Control { threads: 2, ..Control::quiet() }
}

const RATES: Rates = Rates {
    before: 2e-6,
    during: 2e-5,
    growth_per_day: 0.35,
    growth_spread: 0.1,
    persister_share: 0.01,
    persister_decay_per_day: 0.02,
};

fn design(cultures: usize) -> Design {
    Design { cells: vec![2e5; cultures], weeks: vec![3.0, 4.0, 6.0, 8.0, 10.0], persister_weeks: vec![0.0, 10.0] }
}

/// An assay that can be counted: none of the rare cultures full of mutants.
fn countable(rates: &Rates, cultures: usize, options: &Options, stream: &mut Stream) -> Experiment {
    loop {
        let drawn = assay(rates, &design(cultures), options, stream);
        if drawn.cultures.iter().all(|c| c.colonies() < 150) {
            return drawn;
        }
    }
}

/// The thinned law against families summed over their size, each cell seen or not.
#[test]
fn thinned_families_follow_the_sum_over_sizes() {
    for p in [0.02, 0.3, 0.5, 0.505, 0.7, 0.97, 1.0] {
        let most = 40;
        let shown = |j: u64| -> f64 {
            let of = |k: u64| log_binomial(j, k, p).exp() / (k as f64 * (k as f64 + 1.0));
            (j.max(1)..40_000).map(of).sum()
        };
        let sizes: Vec<f64> = (0..=most).map(shown).collect();
        let m = 1.7;
        // The part of the families beyond the sum, 1 in 40,000, shows more than 40 unless p is small.
        let mut direct = vec![(-m * (1.0 - sizes[0])).exp()];
        for n in 1..=most as usize {
            let sum: f64 = (1..=n).map(|j| j as f64 * sizes[j] * direct[n - j]).sum();
            direct.push(m * sum / n as f64);
        }
        let law = Seen::new(p, most as usize).chances(m);
        for (n, (a, b)) in law.iter().zip(&direct).enumerate() {
            assert!((a - b).abs() < 6e-5 * b, "p {p}, {n}: {a} for {b}");
        }
    }
}

/// Every way to split the colonies of two looks into those of before and those of during.
#[test]
fn a_chance_is_the_sum_over_all_splits() {
    let before = Seen::new(0.8, 12).chances(1.3);
    let (shares, means) = ([0.85, 0.15], [0.2, 0.9]);
    for new in [[0, 0], [3, 0], [0, 2], [4, 5]] {
        let mut sum = 0.0;
        for a in 0..=new[0] {
            for b in 0..=new[1] {
                let first = log_binomial(a as u64, (a + b) as u64, shares[0]).exp();
                let rest = [(new[0] - a, means[0]), (new[1] - b, means[1])];
                let rest: f64 = rest.iter().map(|(n, mean)| log_poisson(*n as u64, *mean).exp()).product();
                sum += before[a + b] * first * rest;
            }
        }
        let found = log_chance(&new, &before[..=new[0] + new[1]], &shares, &means).exp();
        assert!((found / sum - 1.0).abs() < 1e-12, "{new:?}: {found} for {sum}");
    }
}

/// Frequencies of outcomes among drawn cultures against the likelihood. Eight outcomes within 4.5 standard errors: false
/// alarm 5e-5.
#[test]
fn drawn_cultures_follow_the_likelihood() {
    let options = Options::default();
    let rates = Rates { before: 3e-6, during: 2e-4, ..RATES };
    let design = Design { persister_weeks: Vec::new(), weeks: vec![3.5, 8.0], ..design(30_000) };
    let drawn = assay(&rates, &design, &options, &mut stream(1));
    for outcome in [[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [0, 3], [2, 2], [5, 1]] {
        let looks = vec![(24.5, outcome[0]), (56.0, outcome[1])];
        let one = Culture { name: "x".into(), final_cells: 2e5, looks, persisters: Vec::new() };
        let p = Model::new(&Experiment { name: String::new(), cultures: vec![one.clone()] }, &options)
            .log_likelihood(&rates)
            .exp();
        let n = drawn.cultures.len() as f64;
        let share = drawn.cultures.iter().filter(|c| c.looks == one.looks).count() as f64 / n;
        assert!((share - p).abs() < 4.5 * (p * (1.0 - p) / n).sqrt() + 1e-9, "{outcome:?}: {share} for {p}");
    }
}

/// Days until a line of one resistant cell has `visible` cells, dividing and dying one by one; none if it dies out.
fn cell_by_cell(birth: f64, death: f64, visible: u32, stream: &mut Stream) -> Option<f64> {
    let (mut cells, mut now) = (1u32, 0.0);
    while cells > 0 && cells < visible {
        now += exponential(stream) / (f64::from(cells) * (birth + death));
        if stream.uniform() * (birth + death) < birth {
            cells += 1;
        } else {
            cells -= 1;
        }
    }
    (cells > 0).then_some(now)
}

/// Cells one by one: a culture grows from one cell to 400, some divisions mutate; a tenth become persisters, that die, divide
/// and mutate; resistant cells divide and die. Chances of no colony and of no early one, of 6,000 cultures:
/// five standard errors, and 0.01 for what mutants take from the growth of others and for 1/X; false alarm below 1e-5.
#[test]
fn cells_one_by_one_follow_the_law() {
    let (u, cells, birth, death, visible) = (2e-3, 400u64, 0.6, 0.1, 300u32);
    let (share, decay, births, u_during) = (0.1, 0.05, 0.1, 0.05);
    let survival = 1.0 - death / birth;
    let looks = [16.0, 60.0];
    let mut stream = stream(2);
    let (n, mut none, mut none_early, mut late) = (6000, 0, 0, 0.0);
    for _ in 0..n {
        let (mut wild, mut mutants) = (1u64, 0u64);
        while wild + mutants < cells {
            if stream.uniform() * ((wild + mutants) as f64) < wild as f64 {
                if stream.uniform() < u { mutants += 1 } else { wild += 1 }
            } else {
                mutants += 1;
            }
        }
        let mut times: Vec<f64> =
            (0..mutants).filter_map(|_| cell_by_cell(birth, death, visible, &mut stream)).collect();
        let (mut persisters, mut now) = (binomial(&mut stream, wild, share), 0.0);
        while persisters > 0 {
            // A division leaves one daughter a persister; the other dies or, rarely, is resistant.
            now += exponential(&mut stream) / (persisters as f64 * (decay + births * u_during));
            if stream.uniform() * (decay + births * u_during) < decay {
                persisters -= 1;
            } else {
                times.extend(cell_by_cell(birth, death, visible, &mut stream).map(|t| now + t));
            }
        }
        times.retain(|t| *t <= looks[1]);
        let early = times.iter().filter(|t| **t <= looks[0]).count();
        none += u32::from(times.is_empty());
        none_early += u32::from(early == 0);
        late += (times.len() - early) as f64 / f64::from(n);
    }
    let options =
        Options { visible_cells: f64::from(visible), survival, persister_births_per_day: births, ..Options::default() };
    let rates = Rates {
        before: u,
        during: u_during,
        growth_per_day: birth - death,
        growth_spread: 0.0,
        persister_share: share,
        persister_decay_per_day: decay,
    };
    let chance = |looks: Vec<(f64, usize)>| {
        let one = Culture { name: "x".into(), final_cells: cells as f64, looks, persisters: Vec::new() };
        Model::new(&Experiment { name: String::new(), cultures: vec![one] }, &options).log_likelihood(&rates).exp()
    };
    let close = |found: u32, p: f64, what: &str| {
        let share = f64::from(found) / f64::from(n);
        assert!((share - p).abs() < 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt() + 0.01, "{what}: {share} for {p}");
    };
    close(none, chance(vec![(looks[0], 0), (looks[1], 0)]), "no colony");
    close(none_early, chance(vec![(looks[0], 0)]), "no early colony");
    assert!(late > 0.3, "the test needs late colonies: {late}");
}

/// Thirty assays with rates 20 times apart, nuisances known: 95 % intervals of the ratio hold the truth in 24 or more (fewer
/// has chance 2e-3 at 93 %), and equal rates are refused in most.
#[test]
fn the_ratio_lies_in_its_interval() {
    let options = Options { growth_per_day: Prior::LogNormal(0.35, 0.05), ..quick() };
    let rates = Rates { before: 2e-6, during: 4e-5, ..RATES };
    let mut stream = stream(3);
    let (mut held, mut refused) = (0, 0);
    for _ in 0..30 {
        let drawn = countable(&rates, 60, &options, &mut stream);
        let found = fit(&Model::new(&drawn, &options), &options, &[rates]);
        let (low, high) = found.ratio.ci95;
        held += u32::from(low <= 20.0 && 20.0 <= high);
        refused += u32::from(found.equal_p < 0.05);
        // Both ways to ask whether the rates are equal agree.
        if (found.equal - 3.8415).abs() > 0.05 {
            assert_eq!(found.equal_p < 0.05, low > 1.0 || high < 1.0, "{found:?}");
        }
    }
    assert!(held >= 24, "{held} of 30");
    assert!(refused >= 10, "{refused} of 30");
}

#[test]
fn origins_are_called_where_colonies_tell_them() {
    let options = Options { growth_per_day: Prior::LogNormal(0.35, 0.05), ..quick() };
    for (rates, origin) in [
        (Rates { before: 0.0, during: 1e-3, ..RATES }, Origin::Persister),
        (Rates { before: 2e-6, during: 1e-3, ..RATES }, Origin::Mixture),
    ] {
        let drawn = countable(&rates, 60, &options, &mut stream(4));
        let found = answer(&Data { experiments: vec![drawn], notes: Vec::new() }, &options, &two_threads()).unwrap();
        let verdict = found[0].verdict.as_ref().unwrap();
        assert_eq!(verdict.best().unwrap().0, origin, "{:?}", verdict.origin);
    }
}

/// Assays drawn from the priors: the truth has on average the probability it should; three and a half standard errors.
#[test]
fn verdicts_are_calibrated() {
    let settings = Settings { particles: 50, runs: 2, forgotten: 0.4, ..Settings::default() };
    let options = Options {
        rate_before: Prior::LogUniform(2e-7, 1e-5),
        rate_during: Prior::LogUniform(1e-6, 1e-3),
        settings,
        ..quick()
    };
    let mut stream = stream(5);
    let (mut sum, mut variance) = (0.0, 0.0);
    let mut number = 0;
    while number < 18 {
        let kind = Kind::ALL[number % 3];
        let design = design(12);
        let blank = assay(&Rates { before: 0.0, during: 0.0, ..RATES }, &design, &options, &mut stream);
        let model = Model::new(&blank, &options);
        let target = Explained::new(kind, &model, &options);
        let at: Vec<f64> = target.parameters().iter().map(|p| p.prior.at(normal(&mut stream))).collect();
        let drawn = assay(&target.rates(&at), &design, &options, &mut stream);
        number += 1;
        // An assay that could not be counted is not made: the same for every explanation, given the counts.
        if drawn.cultures.iter().any(|c| c.colonies() > 150) {
            continue;
        }
        let found = answer(&Data { experiments: vec![drawn], notes: Vec::new() }, &options, &two_threads()).unwrap();
        let p = &found[0].verdict.as_ref().unwrap().probability;
        let square: f64 = p.iter().map(|x| x * x).sum();
        sum += p[Kind::ALL.iter().position(|k| *k == kind).unwrap()] - square;
        variance += p.iter().map(|x| x * x * x).sum::<f64>() - square * square;
    }
    assert!(sum.abs() < 3.5 * variance.sqrt(), "{sum} against {}", variance.sqrt());
    assert!(variance > 0.1, "verdicts that say nothing test nothing");
}

#[test]
fn threads_change_nothing() {
    let options =
        Options { settings: Settings { particles: 30, runs: 2, ..Settings::default() }, next: true, ..quick() };
    let data = read(TEMPLATE).unwrap();
    let one = answer(&data, &options, &Control::quiet()).unwrap();
    let two = answer(&data, &options, &two_threads()).unwrap();
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    let verdict = one[0].verdict.as_ref().unwrap();
    assert!(verdict.next.iter().all(|n| (0.0..=verdict.entropy()).contains(&n.expected_bits)));
}

#[test]
fn odd_assays_have_answers() {
    let options = Options {
        settings: Settings { particles: 20, runs: 2, moves: 5, ..Settings::default() },
        next: true,
        ..quick()
    };
    for text in [
        "culture,week,colonies,final_cells\na,10,0,1e5\n",
        "culture,week,colonies,final_cells\na,10,1,1e5\n",
        "culture,week,colonies,final_cells\na,1,60,1e5\n",
        "culture,week,colonies,final_cells\na,0.01,5,1\nb,5214,5,1e15\n",
        "culture,week,colonies,final_cells,persisters\na,10,NA,1e5,0\nb,10,0,1e15,1e15\n",
    ] {
        let found = answer(&read(text).unwrap(), &options, &Control::quiet()).unwrap();
        let verdict = found[0].verdict.as_ref().unwrap();
        assert!(verdict.probability.iter().all(|p| p.is_finite()), "{text}: {:?}", verdict.probability);
        assert!(found[0].estimates.iter().all(|e| !e.value.is_nan()), "{text}");
    }
    let none = answer(
        &read("culture,week,colonies,final_cells\na,10,0,1e5\nb,10,0,1e5\n").unwrap(),
        &options,
        &Control::quiet(),
    )
    .unwrap();
    assert!(none[0].verdict.as_ref().unwrap().undetermined);
    assert!(none[0].estimates[1].value == 0.0 && none[0].estimates[1].ci95.unwrap().1 < 1e-3);
}

#[test]
fn bad_tables_name_the_fault() {
    for (text, fault) in [
        ("culture,week,colonies\na,1,0\n", "line 1: found no column `final_cells`"),
        ("culture,week,colonies,final_cells\na,1,-2,1e5\n", "line 2, column 3 (colonies): found `-2`"),
        ("culture,week,colonies,final_cells\na,1,2.5,1e5\n", "found `2.5`"),
        ("culture;week;colonies;final_cells\na;1,5;2;1e5\n", "write decimals with a point"),
        ("culture,week,colonies,final_cells\na,1w,2,1e5\n", "without a unit"),
        ("culture,week,colonies,final_cells\na,1,2,1e5\na,1,2,1e5\n", "week 1 of culture `a` again, first on line 2"),
        ("culture,week,colonies,final_cells\na,1,2,1e5\na,2,1,1e5\n", "found 1 after 2 on line 2"),
        ("culture,week,colonies,final_cells\na,1,2,1e5\na,2,2,2e5\n", "found 200000, but 100000 on line 2"),
        ("culture,week,colonies,final_cells\na,1,2,NA\n", "no number for culture `a`"),
        ("culture,week,colonies,final_cells\na,0,2,1e5\n", "2 colonies at week 0"),
        ("culture,week,colonies,final_cells\n,1,2,1e5\n", "(culture): found nothing"),
        ("culture,week,colonies,final_cells\na,1,1001,1e5\n", "a whole number, 0 to 1000"),
    ] {
        let found = read(text).unwrap_err().to_string();
        assert!(found.contains(fault), "{text}: {found}");
    }
    let uncounted = read("culture,week,colonies,final_cells,persisters\na,1,NA,1e5,300\n").unwrap();
    let refusal = answer(&uncounted, &Options::default(), &Control::quiet()).unwrap_err().to_string();
    assert!(refusal.contains("counted in no culture"), "{refusal}");
    let wrong = Options { plating: 0.0, ..Options::default() };
    let refusal = answer(&read(TEMPLATE).unwrap(), &wrong, &Control::quiet()).unwrap_err().to_string();
    assert!(refusal.contains("plating is 0"), "{refusal}");
}

/// The guide shows what the template gives.
#[test]
fn the_guide_shows_what_is_printed() {
    let guide = include_str!("../../../docs/infer-persister-fluctuation.md").replace('\n', " ");
    let found = answer(&read(TEMPLATE).unwrap(), &Options::default(), &two_threads()).unwrap();
    for words in &found[0].words {
        assert!(guide.contains(words.as_str()), "not in the guide: {:#?}", found[0].words);
    }
    assert!(found[0].unconverged.is_empty(), "{:?}", found[0].unconverged);
}
