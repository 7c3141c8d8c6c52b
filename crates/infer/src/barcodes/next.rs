//! What to measure next, in expected bits about the origin of the winners.
//!
//! Each further measurement is reduced to counts whose law is known under every explanation: of the winners so far, by
//! the number of replicates they won in, how many win in one more replicate, and how many new ones win; for deeper
//! sequencing, which of the doubtful barcodes won; for a larger library, how many winners of one replicate a second shares.
//! When the harvested cells are treated again, how many of the winners win again. Laws are averaged over posterior draws. That winners share in groups beyond these counts is left out, so bits are a
//! lower bound for what the reduced data can tell, but take calls as right.

use super::sharing::{Drawn, Rates, reached, received};
use super::weigh::EXPLAINED;
use crate::expected;
use crate::special::log_sum;
use crate::verdict::{Next, Origin, Verdict};
use remission_engine::draw::{binomial, log_binomial, log_poisson, poisson};
use remission_engine::stream::Stream;

/// What each draw of each explanation says of a measurement.
fn laws<T>(few: &[Vec<Option<&Rates>>], law: impl Fn(usize, Option<&Rates>) -> T) -> Vec<Vec<T>> {
    few.iter().enumerate().map(|(k, draws)| draws.iter().map(|rates| law(k, *rates)).collect()).collect()
}

/// Expected bits of a measurement whose outcome is drawn from the law of a draw, and has that ln of a chance under it.
fn bits<T, O>(
    verdict: &Verdict,
    repeats: usize,
    stream: &mut Stream,
    laws: &[Vec<T>],
    draw: impl Fn(&T, &mut Stream) -> O,
    log_chance: impl Fn(&T, &O) -> f64,
) -> (f64, f64) {
    expected::bits(
        verdict,
        repeats,
        stream,
        |k, stream| {
            let one = ((stream.uniform() * laws[k].len() as f64) as usize).min(laws[k].len() - 1);
            draw(&laws[k][one], stream)
        },
        |k, found| {
            let each: Vec<f64> = laws[k].iter().map(|law| log_chance(law, found)).collect();
            log_sum(&each) - libm::log(each.len() as f64)
        },
    )
}

/// What is known of the winners so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Replicates.
    pub replicates: usize,
    /// Called winners and their mean frequency, by the number of replicates they won in, from 1.
    pub groups: Vec<(u64, f64)>,
    /// Doubtful barcodes: frequency, other replicates called, log odds of the count.
    pub doubtful: Vec<(f64, usize, f64)>,
    /// The pool's effective barcodes.
    pub effective: f64,
    /// Sum of the squares of frequencies.
    pub squares: f64,
}

/// Chance that a barcode of frequency `f` wins in exactly the first `k` of `r` replicates.
///
/// ```
/// use remission_infer::barcodes::{next::pattern, sharing::{Law, Rates}};
/// let rates = Rates { before: 50.0, during: 20.0, law: Law::Older(2.0) };
/// let all: f64 = (0..=3).map(|k| [1.0, 3.0, 3.0, 1.0][k] * pattern(&rates, 0.01, k, 3)).sum();
/// assert!((all - 1.0).abs() < 1e-12);
/// ```
pub fn pattern(rates: &Rates, f: f64, k: usize, r: usize) -> f64 {
    let a = -libm::expm1(-rates.during * f);
    let power = |x: f64, n: usize| libm::pow(x, n as f64);
    let law = received(&reached(r, rates.law), rates.before * f);
    let (mut sum, mut ways) = (0.0, 1.0);
    for i in 0..=k {
        sum += ways * power(a, k - i) * law[i];
        ways *= (k - i) as f64 / (i + 1) as f64;
    }
    power(1.0 - a, r - k) * sum
}

/// Chance that a winner wins again when the harvested cells are treated again: one that is resistant, and one that is not.
const AGAIN: (f64, f64) = (0.95, 0.05);

fn wins(rates: Option<&Rates>, f: f64, k: usize, r: usize) -> f64 {
    let p = rates.map_or(1e-3, |rates| pattern(rates, f, k + 1, r + 1) / pattern(rates, f, k, r));
    p.clamp(1e-6, 1.0 - 1e-6)
}

impl Known {
    /// New winners that one more replicate is expected to have.
    fn new_winners(&self, rates: Option<&Rates>) -> f64 {
        let Some(rates) = rates else { return 0.1 };
        let reached = reached(self.replicates + 1, rates.law);
        let alone = reached[self.replicates + 1] - reached[self.replicates];
        let rate = rates.before * alone + rates.during;
        (-libm::expm1(-rate / self.effective) * self.effective).max(1e-3)
    }

    /// The share of winners that win again when the harvested cells are treated again, in the mean, where those that are not from before
    /// survived by `chance`, or were resistant.
    fn again(&self, rates: Option<&Rates>, chance: bool) -> f64 {
        let resistant = rates.map_or(0.0, |rates| {
            let before = rates.before * reached(1, rates.law)[1];
            if chance { before / (before + rates.during) } else { 1.0 }
        });
        AGAIN.0 * resistant + AGAIN.1 * (1.0 - resistant)
    }

    /// Ranks further measurements; `draws`: rates of each explanation, in the verdict's order; `regrown`: chance survivors are ruled out.
    pub fn rank(&self, verdict: &mut Verdict, draws: &[Drawn], regrown: bool, repeats: usize, stream: &mut Stream) {
        let few: Vec<Vec<Option<&Rates>>> = draws
            .iter()
            .map(|d| match d {
                Some(rates) => rates.iter().step_by((rates.len() / 60).max(1)).map(Some).collect(),
                None => vec![None],
            })
            .collect();
        let r = self.replicates;
        let mut next = Vec::new();
        let mut push = |name: &str, (expected_bits, error): (f64, f64)| {
            next.push(Next { name: name.to_string(), expected_bits, error, cost: None });
        };
        let group = |rates: Option<&Rates>| -> (Vec<f64>, f64) {
            let again = self.groups.iter().enumerate().map(|(k, g)| wins(rates, g.1, k + 1, r)).collect();
            (again, self.new_winners(rates))
        };
        let replicate = bits(
            verdict,
            repeats,
            stream,
            &laws(&few, |_, rates| group(rates)),
            |(again, new), stream| {
                let mut found: Vec<u64> =
                    again.iter().zip(&self.groups).map(|(p, g)| binomial(stream, g.0, *p)).collect();
                found.push(poisson(stream, *new));
                found
            },
            |(again, new), found| {
                let known: f64 =
                    again.iter().zip(&self.groups).zip(found).map(|((p, g), n)| log_binomial(*n, g.0, *p)).sum();
                known + log_poisson(found[again.len()], *new)
            },
        );
        push("one more treated replicate of the same pool", replicate);
        if !self.doubtful.is_empty() {
            let chance = |rates: Option<&Rates>, (f, k, odds): &(f64, usize, f64)| {
                let p = wins(rates, *f, *k, r - 1);
                let all = libm::log(p / (1.0 - p)) + odds;
                (1.0 / (1.0 + libm::exp(-all))).clamp(1e-9, 1.0 - 1e-9)
            };
            let deeper = bits(
                verdict,
                repeats,
                stream,
                &laws(&few, |_, rates| self.doubtful.iter().map(|d| chance(rates, d)).collect::<Vec<f64>>()),
                |chances, stream| chances.iter().map(|p| stream.uniform() < *p).collect::<Vec<bool>>(),
                |chances, found| {
                    let each = |(p, won): (&f64, &bool)| libm::log(if *won { *p } else { 1.0 - p });
                    chances.iter().zip(found).map(each).sum()
                },
            );
            push("deeper sequencing of the same samples", deeper);
        }
        let won: u64 = self.groups.iter().map(|g| g.0).sum();
        if won > 0 && !regrown {
            // A random sample grows from few cells of each lineage, and is no more resistant than likes.
            let chance = |k: usize| EXPLAINED[k].chance || EXPLAINED[k].origin == Origin::NonGenetic;
            let again = bits(
                verdict,
                repeats,
                stream,
                &laws(&few, |k, rates| self.again(rates, chance(k))),
                |p, stream| binomial(stream, won, *p),
                |p, found| log_binomial(*found, won, *p),
            );
            push("the harvested cells treated again", again);
        }
        for (library, name) in
            [(1.0, "two replicates of a new pool"), (10.0, "two replicates of a new pool with ten times the barcodes")]
        {
            // Winners of the first, and how many of them the second shares.
            let law = |rates: Option<&Rates>| -> (f64, f64) {
                let Some(rates) = rates else { return (0.1, 1e-3) };
                let reached = reached(2, rates.law);
                let (one, two) = (reached[1], 2.0 * reached[1] - reached[2]);
                let effective = library * self.effective;
                let count = -libm::expm1(-(rates.before * one + rates.during) / effective) * effective;
                let chance = (count * self.squares / library).min(1.0);
                let share = rates.before * two / (rates.before * one + rates.during);
                (count.max(1e-3), (share + (1.0 - share) * chance).clamp(1e-6, 1.0 - 1e-6))
            };
            let bits = bits(
                verdict,
                repeats,
                stream,
                &laws(&few, |_, rates| law(rates)),
                |(count, share), stream| {
                    let n = poisson(stream, *count);
                    (n, binomial(stream, n, *share))
                },
                |(count, share), (n, shared)| log_poisson(*n, *count) + log_binomial(*shared, *n, *share),
            );
            push(name, bits);
        }
        verdict.rank(next);
    }
}
