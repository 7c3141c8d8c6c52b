//! How far the founder law of a grown tumour may be off, as a bound.
//!
//! A founding type that divides at rate b and is lost at rate d (lambda = b - d), to which nothing leads back, grows from k
//! cells until it first numbers N. Its lines begin at rate c a cell (mutations at division, which leave its number as it is)
//! and, with probability q, at a loss (mutations per time). Backward from N its number is that of a birth-death process z
//! with the rates exchanged (births d, deaths b) that starts at N and never comes back to N, down to its end when k = 1: the
//! Green function of the walk is h(n) (r^n - r^N) r^-n with h(n) = 1 - r^n, r = d / b, and reversal turns its transitions
//! into those. Without "never comes back" the lines of the N cells of z are independent, so
//!     U = P(nothing is left) = (1 - psi)^N,  psi' = lambda psi + d psi^2 - d q e (1 - psi)^2 - c e (1 - psi),  psi(oo) = 0,
//! e <= 1 being what one line leaves (any probability that is asked for), and the limit is psi without what is not linear.
//! With R = c + d q and psi* = R / lambda, which no psi exceeds:
//! 1. The limit exceeds psi by at most (d psi* + 2 R) psi* / lambda, and N ln(1 - psi) lies at most N psi*^2 / (2 (1 - psi*))
//!    below -N psi.
//! 2. "Never comes back" has the probability (1 - r) / (1 + r). Such a path lies below z (a coupling), so the truth is at
//!    least U; and at most U (1 + eps), eps = (2 d / lambda) E(1 - ratio of what is left without and with a loop from N to N),
//!    a loop having 2 b / lambda steps, b / lambda of them losses, and N times its length T at most
//!    1 / (b + d) + (1 / lambda + W / b) / 2 days, W = sum over i of r^(i-1) N / (N - i):
//!    E(...) <= 2 b c / (lambda (b + d)) + q b / lambda + b psi* / (1 - psi*) T.
//! 3. From k cells: the path from 1 is one to k and, independent of it, one on from k. The first lasts at most k / lambda cell
//!    days in the mean, so it leaves nothing with at least 1 - R k / lambda and, by Jensen's inequality, at least
//!    e^(-(c - d ln(1 - q)) k / lambda); it is missing in the truth for k > 1. What the limit leaves out below k cells is at most
//!    R k / lambda.
//!
//! The bound knows only N, k and rates, so it holds for ln P of every day, type and label. It leaves out that mutated cells are
//! part of the size at which treatment begins ([`Founders::mutated`](super::start::Founders::mutated)).

/// A tumour of one growing type, without drug.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growing {
    /// Cells when treatment begins.
    pub cells: f64,
    /// Cells at first.
    pub from: f64,
    /// Births, a cell and day.
    pub birth: f64,
    /// Losses, those by mutation among them.
    pub loss: f64,
    /// Mutations that leave the mother.
    pub beside: f64,
    /// Losses by mutation.
    pub turned: f64,
}

impl Growing {
    /// Largest distance between ln P of the founder law and ln P of the process; infinite where the argument gives none.
    pub fn bound(&self) -> f64 {
        let Growing { cells, from, birth, loss, beside, turned } = *self;
        let growth = birth - loss;
        let all = beside + turned;
        let most = all / growth;
        if growth <= 0.0 || most >= 1.0 {
            return f64::INFINITY;
        }
        let below = cells * most * most / (2.0 * (1.0 - most));
        let above = cells * (loss * most + 2.0 * all) * most / growth;
        let mut loops = 0.0;
        if loss > 0.0 {
            let ratio = loss / birth;
            let days = 1.0 / (birth + loss) + 0.5 * (1.0 / growth + lengthened(ratio, cells) / birth);
            let once = 2.0 * birth * beside / (growth * (birth + loss)) + turned / loss * birth / growth;
            loops = 2.0 * loss / growth * (once + birth * most / (1.0 - most) * days);
        }
        let mut first = 0.0;
        if from > 1.0 {
            let by_loss = if turned > 0.0 { -loss * libm::log1p(-turned / loss) } else { 0.0 };
            let expected = all * from / growth;
            let rare = if expected < 1.0 { -libm::log1p(-expected) } else { f64::INFINITY };
            first = rare.min((beside + by_loss) * from / growth);
        }
        (below + all * from / growth).max(above + libm::log1p(loops) + first)
    }
}

/// At least the sum over i from 1 to N - 1 of r^(i-1) N / (N - i).
fn lengthened(r: f64, n: f64) -> f64 {
    let s = 1.0 - r;
    // N / (N - i) is at most 1 + i; at most 1 + 2 i / N up to half of N, and N beyond.
    let any = (2.0 - r) / (s * s);
    let large = 1.0 / s + 2.0 / (n * s * s) + n * libm::pow(r, 0.5 * n - 1.0) / s;
    any.min(large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_bounded_closely() {
        for r in [0.01f64, 0.3, 0.8, 0.97] {
            for n in [2, 3, 10, 200, 5000] {
                let sum: f64 = (1..n).map(|i| r.powi(i - 1) * f64::from(n) / f64::from(n - i)).sum();
                let bound = lengthened(r, f64::from(n));
                assert!(sum <= bound, "r {r}, N {n}: {sum} above {bound}");
                // Close where the sum has ended well before N.
                assert!(f64::from(n) * (1.0 - r) < 100.0 || bound <= 1.5 * sum, "r {r}, N {n}: {bound} for {sum}");
            }
        }
    }

    #[test]
    fn no_bound_where_lines_are_certain() {
        let rare = Growing { cells: 1e9, from: 1.0, birth: 0.15, loss: 0.1, beside: 1e-10, turned: 0.0 };
        assert!(rare.bound() < 1e-5, "{}", rare.bound());
        assert_eq!(Growing { beside: 0.06, ..rare }.bound(), f64::INFINITY);
        assert_eq!(Growing { loss: 0.15, ..rare }.bound(), f64::INFINITY);
        assert_eq!(Growing { beside: 0.0, ..rare }.bound(), 0.0);
    }
}
