//! What a further measurement is expected to tell of the origin: the mean fall of its entropy, in bits.
//!
//! Explanations k have probabilities p(k) and draws of their parameters. Data y of the further measurement are drawn
//! from an explanation with its probability; each explanation's predictive density p(y | k) gives the probabilities
//! after y; the fall of the entropy over origins, averaged over y, is the mutual information between origin and y
//! (Lindley 1956, Ann. Math. Stat. 27:986).

use crate::verdict::Verdict;
use remission_engine::stream::Stream;

/// Expected bits with their Monte Carlo standard error, from `repeats` imagined measurements.
///
/// `imagine(k, stream)` draws data under explanation k; `log_density(k, data)` is ln p(data | k), averaged over what
/// is known of its parameters. An explanation with probability 0 is never imagined.
///
/// ```
/// use remission_engine::{draw::normal, stream::{Purpose, Stream}};
/// use remission_infer::{expected, special::log_normal_density, verdict::*};
/// let even = |name: &str, origin| Explanation {
///     name: name.into(), words: String::new(), origin, prior: 0.5, log_evidence: 0.0, error: 0.0,
/// };
/// let verdict = Verdict::new(vec![even("a", Origin::PreExisting), even("b", Origin::Cycling)]);
/// let mut stream = Stream::new(1, 0, 0, Purpose::Inference);
/// // A reading whose mean is 0 or 20 with standard deviation 1 tells all there is: one bit.
/// let (bits, error) = expected::bits(
///     &verdict, 200, &mut stream,
///     |k, stream| 20.0 * k as f64 + normal(stream), |k, y| log_normal_density(*y, 20.0 * k as f64, 1.0),
/// );
/// assert!((bits - 1.0).abs() < 1e-6 && error < 1e-6);
/// ```
pub fn bits<Y>(
    verdict: &Verdict,
    repeats: usize,
    stream: &mut Stream,
    mut imagine: impl FnMut(usize, &mut Stream) -> Y,
    log_density: impl Fn(usize, &Y) -> f64,
) -> (f64, f64) {
    let before = verdict.entropy();
    if before <= 0.0 || repeats == 0 {
        return (0.0, 0.0);
    }
    let last = verdict.probability.len() - 1;
    let mut falls = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let mut u = stream.uniform();
        let mut chosen = last;
        for (k, p) in verdict.probability.iter().enumerate() {
            if u < *p {
                chosen = k;
                break;
            }
            u -= p;
        }
        let data = imagine(chosen, stream);
        let log_densities: Vec<f64> = (0..=last).map(|k| log_density(k, &data)).collect();
        falls.push(before - verdict.after(&log_densities).entropy());
    }
    mean(&falls, before)
}

/// Mean fall of the entropy with its standard error; information lies between nothing and `entropy`, what there is to be
/// learned, though its estimate from few falls may not.
///
/// ```
/// let (bits, error) = remission_infer::expected::mean(&[0.2, 0.4], 1.0);
/// assert!((bits - 0.3).abs() < 1e-15 && (error - 0.1).abs() < 1e-15);
/// ```
pub fn mean(falls: &[f64], entropy: f64) -> (f64, f64) {
    let n = falls.len().max(1) as f64;
    let mean = falls.iter().sum::<f64>() / n;
    let variance = falls.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean.clamp(0.0, entropy), libm::sqrt(variance / n))
}
