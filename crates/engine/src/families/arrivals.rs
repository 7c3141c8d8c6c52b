//! What cells that came from another type leave: geometric families of several sizes, one for each date of arrival.
//!
//! A cell that switches into type j a time x of the interval before its end leaves, with probability M_jj^x / mu(x), a family of geometric size with
//! mean
//!     mu(x) = 1 + o (M_jj^x - 1) / (M_jj - 1),
//! o being the odds of the whole interval: the law of one line at constant rates. Dates are the four nodes of Gauss-Legendre quadrature, weighed by the
//! growth of those who switch, M_ii^(1-x), and the weights are then turned by one straight line in mu so that mean and second moment of the whole
//! are exact. One geometric law of the same two moments would leave too few, too large families: of cells that arrive at random it loses those that
//! live by some 6 % when they divide 1.4 times in an interval, which a type that is reached by few cells shows at once in its chance to be there at all.

/// Dates of arrival, from the end of the interval, and their weights.
const NODES: [(f64, f64); WIDTH] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_93),
];
/// Sizes of families.
pub(super) const WIDTH: usize = 4;
/// Odds of the whole interval below which all families are as good as of one size.
const ALIKE: f64 = 1e-3;

/// Families that cells of one type leave in another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrivals {
    /// Probability that a cell of the first type leaves any.
    pub(super) chance: f64,
    /// Mean size of a family.
    pub(super) size: f64,
    /// Of a family, the probability of each size.
    pub(super) shares: [f64; WIDTH],
    /// Mean of each size, less 1.
    pub(super) odds: [f64; WIDTH],
}

impl Arrivals {
    /// With this mean and second moment of what a cell of the first type leaves; `own` is the mean that such a cell leaves in its own type, `line`
    /// mean and odds of a line of the type that is entered. None where one size does as well, or where there are no such families.
    pub(super) fn new(mean: f64, second: f64, own: f64, line: (f64, f64)) -> Option<Arrivals> {
        let (grown, odds) = line;
        if !(odds > ALIKE && odds.is_finite() && grown > 0.0 && own > 0.0 && mean > 0.0) {
            return None;
        }
        let (rate, before) = (libm::log(grown), libm::log(own));
        let mut sizes = [0.0; WIDTH];
        let mut weights = [0.0; WIDTH];
        for (k, (x, weight)) in NODES.iter().enumerate() {
            let part = if rate.abs() < 1e-9 { *x } else { libm::expm1(rate * x) / libm::expm1(rate) };
            sizes[k] = 1.0 + odds * part;
            weights[k] = weight * libm::exp(before * (1.0 - x) + rate * x) / sizes[k];
        }
        // Chances (a + b mu) weight: two equations, of the mean, the sum of chance mu, and of the second moment, that of chance mu (2 mu - 1).
        let sum = |of: &dyn Fn(f64) -> f64| sizes.iter().zip(&weights).map(|(mu, w)| w * of(*mu)).sum::<f64>();
        let (m1, m2) = (sum(&|mu| mu), sum(&|mu| mu * mu));
        let (s1, s2) = (sum(&|mu| mu * (2.0 * mu - 1.0)), sum(&|mu| mu * mu * (2.0 * mu - 1.0)));
        let determinant = m1 * s2 - m2 * s1;
        let (a, b) = ((mean * s2 - m2 * second) / determinant, (m1 * second - mean * s1) / determinant);
        let mut chances = [0.0; WIDTH];
        for k in 0..WIDTH {
            chances[k] = (a + b * sizes[k]) * weights[k];
        }
        let chance: f64 = chances.iter().sum();
        let possible = chances.iter().all(|c| *c >= 0.0 && c.is_finite()) && chance > 0.0;
        possible.then(|| Arrivals {
            chance,
            size: mean / chance,
            shares: chances.map(|c| c / chance),
            odds: sizes.map(|mu| mu - 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells that come at an even rate, or at one that falls or grows with those who send them, and their lines, which are known: the chance to
    /// leave any is met to 0.5 % up to ten events a cell in an interval, where one geometric law is a third off.
    #[test]
    fn the_chance_to_leave_any_is_that_of_lines_that_began_at_all_dates() {
        for (birth, death, sender) in
            [(0.5, 0.4, 0.0), (0.5, 0.4, 0.03), (0.4, 0.4, -0.2), (0.1, 0.0, 0.0), (0.2, 0.5, 0.05)]
        {
            for events in [0.1, 1.0, 2.5, 10.0] {
                // Nobody dies: ten events a cell are e^10 cells of each, and no step is so long.
                if death == 0.0 && events > 5.0 {
                    continue;
                }
                let days: f64 = events / (birth + death);
                let net: f64 = birth - death;
                let size =
                    |t: f64| 1.0 + if net.abs() < 1e-12 { birth * t } else { birth * ((net * t).exp() - 1.0) / net };
                let alive = |t: f64| (net * t).exp() / size(t);
                let steps = 20_000;
                let (mut mean, mut second, mut chance) = (0.0, 0.0, 0.0);
                for k in 0..steps {
                    let t = days * (f64::from(k) + 0.5) / f64::from(steps);
                    let come = 1e-6 * (sender * (days - t)).exp() * days / f64::from(steps);
                    mean += come * (net * t).exp();
                    second += come * alive(t) * size(t) * (2.0 * size(t) - 1.0);
                    chance += come * alive(t);
                }
                let line = ((net * days).exp(), size(days) - 1.0);
                let found = Arrivals::new(mean, second, (sender * days).exp(), line).unwrap();
                let off = found.chance / chance - 1.0;
                let one = mean / (0.5 * (second / mean + 1.0)) / chance - 1.0;
                println!("b {birth} d {death} s {sender}, {events} events: off by {off:.1e}, of one size {one:.1e}");
                assert!(off.abs() < 5e-3, "{off}");
                let moments: Vec<f64> = (1..=2)
                    .map(|p| {
                        let of = |(share, odds): (&f64, &f64)| {
                            let g = 1.0 + odds;
                            share * if p == 1 { g } else { g * (2.0 * g - 1.0) }
                        };
                        found.chance * found.shares.iter().zip(&found.odds).map(of).sum::<f64>()
                    })
                    .collect();
                assert!((moments[0] / mean - 1.0).abs() < 1e-9 && (moments[1] / second - 1.0).abs() < 1e-9);
            }
        }
    }
}
