//! The chance of sharing without a common cause: winners drawn anew, as many in each replicate, by frequency.

use super::emission::Pool;
use remission_engine::stream::Stream;

/// Sharing of called winners against chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Pairs of replicates that share a winner, over all winners.
    pub shared: usize,
    /// The number expected if replicates drew their winners alone, by frequency.
    pub expected: f64,
    /// Chance of as many or more then.
    pub p: f64,
    /// Winners by how many replicates they won in, from 1.
    pub by_replicates: Vec<usize>,
}

/// Compares called winners of replicates with winners drawn anew, as many in each replicate, without replacement and by
/// frequency; `repeats` imagined draws.
pub fn overlap(pool: &Pool, called: &[&[bool]], repeats: usize, stream: &mut Stream) -> Overlap {
    let barcodes = pool.frequency.len();
    let mut sums = Vec::with_capacity(barcodes);
    let mut sum = 0.0;
    for f in &pool.frequency {
        sum += f;
        sums.push(sum);
    }
    let mut by_replicates = vec![0; called.len()];
    let pairs = |won: usize| won * won.saturating_sub(1) / 2;
    let mut shared = 0;
    for b in 0..barcodes {
        let won = called.iter().filter(|c| c[b]).count();
        if won > 0 {
            by_replicates[won - 1] += 1;
        }
        shared += pairs(won);
    }
    let numbers: Vec<usize> = called.iter().map(|c| c.iter().filter(|x| **x).count()).collect();
    let (mut total, mut as_many) = (0usize, 0usize);
    let mut won = vec![0usize; barcodes];
    let mut last = vec![usize::MAX; barcodes];
    let mut mark = 0;
    let often = often(&pool.frequency);
    for _ in 0..repeats {
        let mut touched = Vec::new();
        for &n in &numbers {
            if n > often {
                for b in raced(&pool.frequency, n, stream) {
                    won[b] += 1;
                    touched.push(b);
                }
                continue;
            }
            mark += 1;
            let mut drawn = 0;
            while drawn < n {
                let u = stream.uniform() * sum;
                let b = sums.partition_point(|s| *s < u).min(barcodes - 1);
                if last[b] == mark {
                    continue;
                }
                last[b] = mark;
                won[b] += 1;
                touched.push(b);
                drawn += 1;
            }
        }
        let mut count = 0;
        for b in touched {
            count += pairs(std::mem::take(&mut won[b]));
        }
        total += count;
        as_many += usize::from(count >= shared);
    }
    let n = repeats.max(1) as f64;
    Overlap { shared, expected: total as f64 / n, p: (1.0 + as_many as f64) / (1.0 + n), by_replicates }
}

/// How many barcodes, the most frequent first, are drawn nine times in ten: of more than these, one that is not yet drawn is seldom met.
fn often(frequency: &[f64]) -> usize {
    let mut sorted = frequency.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let most = 0.9 * sorted.iter().sum::<f64>();
    let sums = sorted.iter().scan(0.0, |sum, f| {
        *sum += f;
        Some(*sum)
    });
    sums.take_while(|sum| *sum < most).count()
}

/// `n` barcodes by frequency, without replacement: the first to arrive where each does so at the rate of its frequency (Efraimidis and
/// Spirakis 2006, Inf. Process. Lett. 97:181).
fn raced(frequency: &[f64], n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut arrival: Vec<(f64, usize)> =
        frequency.iter().enumerate().map(|(b, f)| (-libm::log(stream.uniform()) / f, b)).collect();
    if n < arrival.len() {
        arrival.select_nth_unstable_by(n, |a, b| a.0.total_cmp(&b.0));
        arrival.truncate(n);
    }
    arrival.into_iter().map(|a| a.1).collect()
}
