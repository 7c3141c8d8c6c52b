//! What a sample of counts says, beside its law.
//!
//! Sums of powers of d = (x - mean of the law) / (sd of the law) are kept, so memory does not grow with replicates and
//! nothing cancels. z of a mean uses the law's standard deviation; z of a standard deviation is that of the variance,
//! whose own standard error is the square root of (fourth central moment - variance^2) / n, from the sample; z of P(no
//! resistant cell) is that of a binomial share.

use super::Figures;

/// Counts of all types at the horizon.
pub struct Sample<'a> {
    theory: &'a Figures,
    n: f64,
    /// Sums of d, d^2, d^3 and d^4 of each type.
    powers: Vec<[f64; 4]>,
    none: u64,
}

impl<'a> Sample<'a> {
    /// Nothing yet.
    pub fn new(theory: &'a Figures) -> Self {
        Sample { theory, n: 0.0, powers: vec![[0.0; 4]; theory.mean.len()], none: 0 }
    }

    /// Adds one replicate: cells of each type, and which types are resistant.
    pub fn add(&mut self, cells: &[u64], resistant: &[bool]) {
        self.n += 1.0;
        let scales = self.theory.mean.iter().zip(&self.theory.sd);
        for ((sums, &x), (&mean, &sd)) in self.powers.iter_mut().zip(cells).zip(scales) {
            let d = if sd > 0.0 { (x as f64 - mean) / sd } else { x as f64 - mean };
            let mut power = 1.0;
            for sum in sums {
                power *= d;
                *sum += power;
            }
        }
        self.none += u64::from(cells.iter().zip(resistant).all(|(&n, &r)| !r || n == 0));
    }

    /// Mean, variance and fourth central moment of d of one type.
    fn central(&self, t: usize) -> (f64, f64, f64) {
        let [a, b, c, e] = self.powers[t].map(|s| s / self.n);
        let variance = (b - a * a) * self.n / (self.n - 1.0);
        (a, variance, e - 4.0 * a * c + 6.0 * a * a * b - 3.0 * a * a * a * a)
    }

    fn scale(&self, t: usize) -> f64 {
        if self.theory.sd[t] > 0.0 { self.theory.sd[t] } else { 1.0 }
    }

    /// Of the sample; a standard deviation takes two replicates.
    pub fn figures(&self) -> Figures {
        let types = 0..self.powers.len();
        Figures {
            mean: types.clone().map(|t| self.theory.mean[t] + self.scale(t) * self.powers[t][0] / self.n).collect(),
            sd: types.map(|t| self.scale(t) * self.central(t).1.max(0.0).sqrt()).collect(),
            none: self.theory.none.map(|_| self.none as f64 / self.n),
        }
    }

    /// Standard errors between sample and law.
    pub fn z(&self) -> Figures {
        let types = 0..self.powers.len();
        let chance = |t: usize| self.theory.sd[t] > 0.0;
        Figures {
            mean: types.clone().map(|t| if chance(t) { self.powers[t][0] / self.n.sqrt() } else { f64::NAN }).collect(),
            sd: types
                .map(|t| {
                    let (_, variance, fourth) = self.central(t);
                    let error = ((fourth - variance * variance) / self.n).sqrt();
                    if chance(t) && error > 0.0 { (variance - 1.0) / error } else { f64::NAN }
                })
                .collect(),
            none: self.theory.none.map(|p| {
                let error = (p * (1.0 - p) / self.n).sqrt();
                if error > 0.0 { (self.none as f64 / self.n - p) / error } else { f64::NAN }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_counts_by_hand() {
        // 1, 2, 3, 6 with law mean 2, sd 2: mean 3, variance 14/3, fourth central moment (16 + 1 + 0 + 81) / 4.
        let theory = Figures { mean: vec![2.0], sd: vec![2.0], none: Some(0.25) };
        let mut sample = Sample::new(&theory);
        for x in [1, 2, 3, 6] {
            sample.add(&[x], &[false]);
        }
        let (found, z) = (sample.figures(), sample.z());
        assert!((found.mean[0] - 3.0).abs() < 1e-14);
        assert!((found.sd[0] - (14.0f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!((z.mean[0] - 1.0 / (2.0 / 2.0)).abs() < 1e-14);
        let (variance, fourth) = (14.0 / 12.0, 98.0 / 4.0 / 16.0);
        let expected = (variance - 1.0) / ((fourth - variance * variance) / 4.0f64).sqrt();
        assert!((z.sd[0] - expected).abs() < 1e-12, "{} {expected}", z.sd[0]);
        // No type is resistant, so every replicate has no resistant cell.
        assert_eq!(found.none, Some(1.0));
        assert!((z.none.unwrap() - 0.75 / (0.1875f64 / 4.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn only_resistant_cells_count_as_resistant_and_certainty_has_no_z() {
        let theory = Figures { mean: vec![5.0, 0.0], sd: vec![1.0, 0.0], none: Some(1.0) };
        let mut sample = Sample::new(&theory);
        sample.add(&[5, 0], &[false, true]);
        sample.add(&[0, 1], &[false, true]);
        assert_eq!(sample.figures().none, Some(0.5));
        let z = sample.z();
        assert!(z.mean[1].is_nan() && z.sd[1].is_nan() && z.none.unwrap().is_nan());
    }
}
