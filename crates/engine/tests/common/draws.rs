//! Judging draws against exact laws: tables summed from ratios of neighbours, Edgeworth's terms for large counts, and tests that
//! spend a stated rate of false alarms.
#![allow(dead_code)]

use remission_engine::stream::{Purpose, Stream};
use statrs::function::gamma::gamma_ur;

/// One test function's share of false alarms.
pub const FALSE_ALARM: f64 = 1e-7;

/// Compares draws with laws and spends the false-alarm rate of one test function.
pub struct Judge {
    pub announced: u32,
    pub spent: u32,
}

impl Judge {
    pub fn new(announced: u32) -> Judge {
        Judge { announced, spent: 0 }
    }

    pub fn rate(&mut self) -> f64 {
        self.spent += 1;
        assert!(self.spent <= self.announced, "more comparisons than announced");
        FALSE_ALARM / f64::from(self.announced)
    }

    /// Kolmogorov–Smirnov for counts; `below` gives P(X < k).
    pub fn counts(&mut self, name: &str, counts: &mut [u64], below: impl Fn(u64) -> f64) {
        counts.sort_unstable();
        let n = counts.len() as f64;
        let mut distance: f64 = 0.0;
        let mut at = 0;
        while at < counts.len() {
            let k = counts[at];
            distance = distance.max((at as f64 / n - below(k)).abs());
            while at < counts.len() && counts[at] == k {
                at += 1;
            }
            distance = distance.max((at as f64 / n - below(k.saturating_add(1))).abs());
        }
        self.distance(name, distance, n);
    }

    /// Kolmogorov–Smirnov for real numbers, from `lowest` upwards.
    pub fn values(&mut self, name: &str, values: &mut [f64], lowest: f64, cdf: impl Fn(f64) -> f64) {
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let mut distance: f64 = 0.0;
        for (i, &x) in values.iter().enumerate().filter(|&(_, &x)| x >= lowest) {
            let p = cdf(x);
            distance = distance.max(p - i as f64 / n).max((i + 1) as f64 / n - p);
        }
        self.distance(name, distance, n);
    }

    pub fn distance(&mut self, name: &str, distance: f64, n: f64) {
        let critical = ((2.0 / self.rate()).ln() / (2.0 * n)).sqrt();
        println!("{name}: distance {distance:.2e}, critical {critical:.2e}");
        assert!(distance < critical, "{name}: distance {distance:.2e} above {critical:.2e}");
    }

    /// Chi-square of observed against expected numbers; neighbouring cells are merged up to 200 expected.
    pub fn chi_square(&mut self, name: &str, cells: impl Iterator<Item = (u64, f64)>) {
        let (mut statistic, mut bins) = (0.0, 0u32);
        let (mut observed, mut expected) = (0.0, 0.0);
        for (o, e) in cells {
            observed += o as f64;
            expected += e;
            if expected >= 200.0 {
                statistic += (observed - expected) * (observed - expected) / expected;
                bins += 1;
                (observed, expected) = (0.0, 0.0);
            }
        }
        if expected >= 20.0 {
            statistic += (observed - expected) * (observed - expected) / expected;
            bins += 1;
        } else {
            // A rest too small to be a bin: too many draws there is still a failure, by Bernstein's bound.
            let bound = expected + 40.0 + (80.0 * expected).sqrt();
            assert!(observed < bound, "{name}: {observed} draws in a rest of {expected}");
        }
        let rate = self.rate();
        if bins < 2 {
            return;
        }
        let p = gamma_ur(0.5 * f64::from(bins - 1), 0.5 * statistic);
        println!("{name}: chi-square {statistic:.1} in {bins} bins, p {p:.2e}");
        assert!(p > rate, "{name}: chi-square {statistic:.1} in {bins} bins, p {p:.2e}");
    }

    /// A sum of many independent terms, in standard errors.
    pub fn z(&mut self, name: &str, z: f64) {
        let tail = libm::erfc(z.abs() / std::f64::consts::SQRT_2);
        let rate = self.rate();
        println!("{name}: z {z:.2}");
        assert!(tail > rate, "{name}: z {z:.2}");
    }

    /// Mean, variance and third moment of counts, in standard errors. Three comparisons.
    pub fn moments(&mut self, name: &str, counts: &[u64], law: &Cumulants) {
        let n = counts.len() as f64;
        let (whole, fraction) = (law.mean.floor(), law.mean.fract());
        let mut sums = [0.0; 3];
        for &k in counts {
            // In integers first: a count near 2⁵³ has no digits to spare.
            let z = ((i128::from(k) - whole as i128) as f64 - fraction) / law.sd;
            sums[0] += z;
            sums[1] += z * z - 1.0;
            sums[2] += z * z * z - law.skewness;
        }
        let variances = [1.0, 2.0 + law.excess, 15.0 + 15.0 * law.excess + 9.0 * law.skewness * law.skewness];
        for (i, moment) in ["mean", "variance", "third moment"].iter().enumerate() {
            self.z(&format!("{name}, {moment}"), sums[i] / (n * variances[i]).sqrt());
        }
    }

    /// Everything that fits the size of the law. `moments` counts three, the others one each: at most five comparisons.
    pub fn law(&mut self, name: &str, draws: usize, law: &CountLaw, mut draw: impl FnMut() -> u64) {
        let mut counts: Vec<u64> = (0..draws).map(|_| draw()).collect();
        if law.cumulants.sd < 30_000.0 {
            let table = Table::new(law);
            let expected = table.probabilities.iter().map(|p| p * draws as f64);
            let mut observed = vec![0u64; table.probabilities.len()];
            for &k in &counts {
                let cell = k.checked_sub(table.first).map(|i| i as usize);
                let cell = cell.filter(|&i| i < observed.len());
                observed[cell.unwrap_or_else(|| panic!("{name}: {k} is all but impossible"))] += 1;
            }
            self.chi_square(name, observed.into_iter().zip(expected));
            self.counts(name, &mut counts, |k| table.below(k));
        } else {
            self.moments(name, &counts, &law.cumulants);
            self.counts(name, &mut counts, |k| law.cumulants.edgeworth_below(k));
        }
    }
}

/// A law of counts as the tests know it.
pub struct CountLaw {
    pub cumulants: Cumulants,
    /// P(k + 1) / P(k).
    pub ratio: Box<dyn Fn(f64) -> f64>,
    pub mode: u64,
    /// The largest count possible.
    pub end: u64,
}

pub struct Cumulants {
    pub mean: f64,
    pub sd: f64,
    pub skewness: f64,
    pub excess: f64,
}

impl Cumulants {
    /// P(X < k) up to the second Edgeworth term, for a law whose atoms are too small to see.
    pub fn edgeworth_below(&self, k: u64) -> f64 {
        let (whole, fraction) = (self.mean.floor(), self.mean.fract());
        let z = ((i128::from(k) - whole as i128) as f64 - fraction - 0.5) / self.sd;
        let (g, z2) = (self.skewness, z * z);
        let density = (-0.5 * z2).exp() / std::f64::consts::TAU.sqrt();
        let correction = g / 6.0 * (z2 - 1.0)
            + self.excess / 24.0 * z * (z2 - 3.0)
            + g * g / 72.0 * z * (z2 * z2 - 10.0 * z2 + 15.0);
        normal_cdf(z) - density * correction
    }
}

pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The lower incomplete gamma function over Γ(a), by its series of positive terms.
pub fn gamma_cdf(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= x / (a + n);
        sum += term;
        n += 1.0;
    }
    sum * (a * x.ln() - x - libm::lgamma(a + 1.0)).exp()
}

/// Probabilities from `first` on, and the sums of those before.
pub struct Table {
    pub first: u64,
    pub probabilities: Vec<f64>,
    pub below: Vec<f64>,
}

impl Table {
    pub fn new(law: &CountLaw) -> Table {
        let (mut upper, mut lower) = (vec![1.0], Vec::new());
        let mut p = 1.0;
        let mut k = law.mode;
        while k < law.end && p > 1e-25 {
            p *= (law.ratio)(k as f64);
            upper.push(p);
            k += 1;
        }
        p = 1.0;
        k = law.mode;
        while k > 0 && p > 1e-25 {
            p /= (law.ratio)((k - 1) as f64);
            lower.push(p);
            k -= 1;
        }
        let mut probabilities: Vec<f64> = lower.into_iter().rev().chain(upper).collect();
        let total: f64 = probabilities.iter().sum();
        let mut below = vec![0.0];
        for p in &mut probabilities {
            *p /= total;
            below.push(below[below.len() - 1] + *p);
        }
        Table { first: k, probabilities, below }
    }

    pub fn below(&self, k: u64) -> f64 {
        let i = k.saturating_sub(self.first) as usize;
        self.below[i.min(self.below.len() - 1)]
    }
}

pub fn poisson_law(mean: f64) -> CountLaw {
    CountLaw {
        cumulants: Cumulants { mean, sd: mean.sqrt(), skewness: 1.0 / mean.sqrt(), excess: 1.0 / mean },
        ratio: Box::new(move |k| mean / (k + 1.0)),
        mode: mean as u64,
        end: u64::MAX,
    }
}

/// `p` and `q` both given, so that neither loses digits.
pub fn binomial_law(n: u64, p: f64, q: f64) -> CountLaw {
    let size = n as f64;
    let variance = size * p * q;
    CountLaw {
        cumulants: Cumulants {
            mean: if p <= 0.5 { size * p } else { size - size * q },
            sd: variance.sqrt(),
            skewness: (q - p) / variance.sqrt(),
            excess: (1.0 - 6.0 * p * q) / variance,
        },
        ratio: Box::new(move |k| (size - k) / (k + 1.0) * (p / q)),
        mode: if p <= 0.5 { (size * p) as u64 } else { n - (size * q) as u64 },
        end: n,
    }
}

pub fn negative_binomial_law(r: f64, odds: f64) -> CountLaw {
    let variance = r * odds * (1.0 + odds);
    CountLaw {
        cumulants: Cumulants {
            mean: r * odds,
            sd: variance.sqrt(),
            skewness: (1.0 + 2.0 * odds) / variance.sqrt(),
            excess: 6.0 / r + 1.0 / variance,
        },
        ratio: Box::new(move |k| (r + k) / (k + 1.0) * (odds / (1.0 + odds))),
        mode: if r > 1.0 { ((r - 1.0) * odds) as u64 } else { 0 },
        end: u64::MAX,
    }
}

pub fn stream(replicate: u64) -> Stream {
    Stream::new(0, 0, replicate, Purpose::Check)
}
