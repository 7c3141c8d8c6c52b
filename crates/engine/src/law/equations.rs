//! The backward equations as a small quadratic system, and its solution over intervals of constant rates.
//!
//! Every quantity asked of a branching process is a value e_i(t) of one cell of kind i at time t, with
//!     -de_i/dt = a_i e_i + l_i + g_i - (b_i e_i + g_i) e_i,
//! a_i births less losses, l_i = sum of rate x e_j over what turns into j (or is only added up), g_i the same over
//! daughters j of a division whose mother stays, b_i births whose two daughters are alike; linear values (expectations)
//! have neither b nor the product. Since the right side is quadratic, all Taylor coefficients follow from one another by
//! sums of products, so the order is as high as a step needs: coefficients are added until the last two are below the
//! tolerance beside the sum (R. Barrio, "Performance of the Taylor series method", Appl. Math. Comput. 163 (2005) 525).
//! Small values keep their digits, since nothing is subtracted from 1.

use super::scalar::Scalar;
use crate::compiled::Compiled;
use crate::failure::Failure;

/// Highest order of a step.
const ORDER: usize = 24;
/// Steps that one interval may take.
const MOST_STEPS: usize = 200_000;
/// Values below this are 0: no tumour has so many cells that they matter, and denormal numbers have no digits for a step.
const NOTHING: f64 = 1e-250;
/// Expected numbers stop here, so that they stay numbers; [`UNBOUNDED`] and up are told as infinite.
const FULL: f64 = 1e250;
/// Expected numbers from here on are no numbers of cells.
pub const UNBOUNDED: f64 = 1e200;
/// Largest partial sum of a step, as a multiple of its result.
const CANCELLED: f64 = 1e3;
/// Shortest step, days.
const SHORTEST: f64 = 1e-12;

/// A rate: position in a vector of rates, less another.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Position.
    pub plus: usize,
    /// Position of what is taken off.
    pub minus: Option<usize>,
}

impl Rate {
    /// The rate at a position.
    pub fn at(plus: usize) -> Rate {
        Rate { plus, minus: None }
    }

    fn of(self, rates: &[f64]) -> f64 {
        let minus = self.minus.map_or(0.0, |m| rates[m]);
        (rates[self.plus] - minus).max(0.0)
    }
}

/// How the value of one kind enters that of another.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The kind whose value enters.
    pub to: usize,
    /// How often.
    pub rate: Rate,
    /// The mother stays and her value is a probability: the product of both is taken off.
    pub beside: bool,
}

/// One kind of cell (or a sum that is kept).
#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// Terms of a_i: position of a rate, and its sign.
    pub own: Vec<(usize, f64)>,
    /// Position of b_i; `None` for linear values.
    pub twins: Option<usize>,
    /// Other kinds.
    pub links: Vec<Link>,
    /// What `links` add is multiplied by the value of this kind.
    pub along: Option<usize>,
}

/// A system of backward equations.
#[derive(Debug, Clone)]
pub struct Equations {
    /// Its kinds.
    pub kinds: Vec<Kind>,
}

/// Coefficients of a system at given rates.
#[derive(Debug, Clone)]
pub struct Coefficients(Vec<f64>);

impl Equations {
    /// One kind for each cell type, then one that adds up the arrivals: with start values e at the end of a time, its
    /// value is the expected number of arrivals that leave what e counts.
    pub fn plain(compiled: &Compiled) -> Equations {
        let n = compiled.types();
        let mut kinds: Vec<Kind> = (0..n).map(|i| clone_of(compiled, i, 0, true)).collect();
        for (c, channel) in compiled.channels.iter().enumerate() {
            let rate = Rate::at(compiled.layout.founding(c));
            kinds[channel.from].links.push(Link { to: channel.to, rate, beside: channel.per_division });
        }
        kinds.push(arrivals(compiled, 0));
        Equations { kinds }
    }

    /// Number of kinds.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// True when there is nothing to solve.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The same with some kinds keeping the value they have.
    pub fn frozen(&self, which: impl Fn(usize) -> bool) -> Equations {
        let kinds = self.kinds.iter().enumerate();
        Equations { kinds: kinds.map(|(i, k)| if which(i) { Kind::default() } else { k.clone() }).collect() }
    }

    /// Coefficients at these rates.
    pub fn at(&self, rates: &[f64]) -> Coefficients {
        let mut out = Vec::with_capacity(self.kinds.len() * 4);
        for kind in &self.kinds {
            out.push(kind.own.iter().map(|&(at, sign)| sign * rates[at]).sum());
            out.push(kind.twins.map_or(0.0, |at| rates[at]));
            out.extend(kind.links.iter().map(|link| link.rate.of(rates)));
        }
        Coefficients(out)
    }
}

/// The kind of type `i` within its clone: births, losses and switches, these to kind `first` + type.
pub fn clone_of(compiled: &Compiled, i: usize, first: usize, probability: bool) -> Kind {
    let layout = compiled.layout;
    let mut own = vec![(layout.birth(i), 1.0), (layout.death(i), -1.0)];
    let mut links = Vec::new();
    for (s, &(from, to)) in compiled.switches().iter().enumerate() {
        if from == i {
            own.push((layout.switch(s), -1.0));
            links.push(Link { to: first + to, rate: Rate::at(layout.switch(s)), beside: false });
        }
    }
    Kind { own, twins: probability.then(|| layout.birth(i)), links, along: None }
}

/// Adds up what arrivals of every type are worth, with the values of kinds `first` + type.
pub fn arrivals(compiled: &Compiled, first: usize) -> Kind {
    let links = (0..compiled.types())
        .filter(|&i| compiled.model.cells[i].immigration.is_some())
        .map(|i| Link { to: first + i, rate: Rate::at(compiled.layout.immigration(i)), beside: false })
        .collect();
    Kind { links, ..Kind::default() }
}

/// Coefficients that are kept of a kind.
const WIDTH: usize = ORDER + 1;

/// Solves systems of one size; keeps its memory between calls.
#[derive(Debug, Clone)]
pub struct Solver<T> {
    /// Taylor coefficients, kind by kind.
    taylor: Vec<T>,
    /// Those of b e + g.
    both: Vec<T>,
    /// Those of what `along` multiplies.
    added: Vec<T>,
    /// Relative error of a step.
    tolerance: f64,
    next: Vec<T>,
    scale: Vec<f64>,
    /// Steps so far.
    done: u64,
}

impl<T: Scalar> Solver<T> {
    /// For `kinds` kinds; each step is right to `tolerance` of every value.
    pub fn new(kinds: usize, tolerance: f64) -> Solver<T> {
        let many = vec![T::default(); kinds * WIDTH];
        Solver {
            taylor: many.clone(),
            both: many.clone(),
            added: many,
            tolerance,
            next: vec![T::default(); kinds],
            scale: vec![0.0; kinds],
            done: 0,
        }
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.done
    }

    /// Carries values back over `days` of constant rates.
    ///
    /// # Errors
    /// [`Failure::Budget`] when more than 200,000 steps were needed: rates of another unit than a day.
    pub fn carry(
        &mut self,
        equations: &Equations,
        coefficients: &Coefficients,
        e: &mut [T],
        days: f64,
    ) -> Result<(), Failure> {
        let mut left = days;
        for _ in 0..MOST_STEPS {
            if left <= 0.0 {
                return Ok(());
            }
            for x in e.iter_mut() {
                let size = x.size();
                if size < NOTHING {
                    *x = T::default();
                } else if size > FULL {
                    *x = x.times(FULL / size);
                }
            }
            match self.step(equations, coefficients, e, left) {
                Some(step) => left -= step,
                None => break,
            }
        }
        let fastest = coefficients.0.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        let what = format!(
            "the backward equations need more than {MOST_STEPS} steps (the fastest rate is {fastest:.3e} /day)"
        );
        Err(Failure::Budget { what, time: days - left })
    }

    /// One step of at most `most` days; returns its length, `None` when no step is short enough.
    fn step(&mut self, equations: &Equations, coefficients: &Coefficients, e: &mut [T], most: f64) -> Option<f64> {
        let n = e.len();
        self.done += 1;
        e.iter().enumerate().for_each(|(i, &x)| self.taylor[i * WIDTH] = x);
        self.next.copy_from_slice(e);
        self.scale.iter_mut().zip(e.iter()).for_each(|(s, x)| *s = x.size());
        let mut power = 1.0;
        let mut quiet = 0;
        let mut known = 0;
        for k in 0..ORDER {
            self.order(equations, coefficients, k);
            known = k + 1;
            power *= most;
            let mut settled = true;
            for i in 0..n {
                let term = self.taylor[i * WIDTH + k + 1].times(power);
                self.next[i] += term;
                let sum = self.next[i].size();
                self.scale[i] = self.scale[i].max(sum);
                settled &= term.size() <= self.tolerance * sum;
            }
            quiet = if settled { quiet + 1 } else { 0 };
            if quiet == 2 {
                // Sums that were much larger on the way have lost digits (what overflowed, all): such a step is too long.
                if self.scale.iter().zip(&self.next).any(|(s, x)| *s > CANCELLED * x.size()) {
                    break;
                }
                e.copy_from_slice(&self.next);
                return Some(most);
            }
        }
        // Shorter, until the last two terms are small; their coefficients stay.
        for k in known..ORDER {
            self.order(equations, coefficients, k);
        }
        let mut step = most;
        while step > SHORTEST {
            step *= 0.8;
            if self.sum(n, step, e) {
                return Some(step);
            }
        }
        None
    }

    /// Sums the series at `step`; true (and `e` moved) when its last two terms are small.
    fn sum(&mut self, n: usize, step: f64, e: &mut [T]) -> bool {
        for i in 0..n {
            let own = &self.taylor[i * WIDTH..(i + 1) * WIDTH];
            let mut sum = own[0];
            let mut scale = sum.size();
            let mut power = 1.0;
            for (k, x) in own.iter().enumerate().skip(1) {
                power *= step;
                let term = x.times(power);
                sum += term;
                scale = scale.max(sum.size());
                // What is not a number is never small.
                let small = term.size() <= self.tolerance * sum.size();
                if k + 1 >= ORDER && !small {
                    return false;
                }
            }
            if scale > CANCELLED * sum.size() {
                return false;
            }
            self.next[i] = sum;
        }
        e.copy_from_slice(&self.next);
        true
    }

    /// Coefficients of order k + 1 from those up to k.
    #[inline(always)]
    fn order(&mut self, equations: &Equations, coefficients: &Coefficients, k: usize) {
        let c = &coefficients.0;
        let mut at = 0;
        for (i, kind) in equations.kinds.iter().enumerate() {
            let own = c[at];
            let twins = c[at + 1];
            at += 2;
            let first = i * WIDTH;
            let here = self.taylor[first + k];
            let mut slope = here.times(own);
            let mut beside = T::default();
            let mut turned = T::default();
            for link in &kind.links {
                let x = self.taylor[link.to * WIDTH + k].times(c[at]);
                at += 1;
                if link.beside { beside += x } else { turned += x }
            }
            if let Some(along) = kind.along {
                self.added[first + k] = turned;
                turned = convolution(&self.added[first..], &self.taylor[along * WIDTH..], k);
            }
            slope = slope + turned + beside;
            if kind.twins.is_some() {
                self.both[first + k] = here.times(twins) + beside;
                slope = slope - convolution(&self.both[first..], &self.taylor[first..], k);
            }
            self.taylor[first + k + 1] = slope.times(1.0 / (k + 1) as f64);
        }
    }
}

/// Coefficient k of a product of two series.
#[inline(always)]
fn convolution<T: Scalar>(a: &[T], b: &[T], k: usize) -> T {
    let mut sum = T::default();
    for (&x, &y) in a[..=k].iter().zip(b[..=k].iter().rev()) {
        sum += x * y;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::scalar::Complex;
    use super::*;

    /// Birth and death in closed form (Kendall 1948): with g = b - d and E = e^{g t},
    ///     e(t) = g E e / (g + b e (E - 1)).
    #[test]
    fn one_type_is_the_closed_form() {
        let kind = Kind { own: vec![(0, 1.0), (1, -1.0)], twins: Some(0), ..Kind::default() };
        let equations = Equations { kinds: vec![kind] };
        for (b, d, t) in [(0.14, 0.19, 365.0), (1.0, 0.9, 30.0), (2.0, 0.1, 50.0), (0.0, 3.0, 10.0)] {
            let coefficients = equations.at(&[b, d]);
            let g: f64 = b - d;
            let grown = (g * t).exp();
            for start in [1.0, 1e-3, 1e-12] {
                let mut e = [start];
                Solver::new(1, 1e-13).carry(&equations, &coefficients, &mut e, t).unwrap();
                let expected = g * grown * start / (g + b * start * (g * t).exp_m1());
                assert!((e[0] / expected - 1.0).abs() < 1e-10, "b {b} d {d} from {start}: {} for {expected}", e[0]);
            }
            let start = Complex::one_without_turn(0.7);
            let mut e = [start];
            Solver::new(1, 1e-13).carry(&equations, &coefficients, &mut e, t).unwrap();
            let expected = start.times(g * grown) / (Complex::real(g) + start.times(b * (g * t).exp_m1()));
            assert!((e[0] - expected).size() < 1e-10 * expected.size().max(1e-30), "{:?} for {expected:?}", e[0]);
        }
    }
}
