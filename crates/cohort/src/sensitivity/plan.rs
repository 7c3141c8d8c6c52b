//! The order of an analysis: central values, both ends of every prior, paths of elementary effects, and, for the inputs that these leave,
//! shares of variance.

use super::evaluate::Evaluated;
use super::input::Input;
use super::mean;
use super::morris::{self, Effect, Effects, Path};
use super::sobol::{self, Design, Index, Values};
use remission_engine::stream::{Purpose, Stream};

/// Most inputs whose shares of variance are computed.
pub const MOST: usize = 12;
/// An input whose mu* is below this share of the largest of a figure does little for it.
pub const LITTLE: f64 = 0.05;
/// Shares of a prior that bars of a tornado end at.
pub const ENDS: [f64; 2] = [0.05, 0.95];
/// Bootstrap samples behind an interval.
const RESAMPLES: usize = 1_000;

/// Sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Paths of elementary effects.
    pub paths: usize,
    /// Rows of the design for shares of variance; 0: none.
    pub rows: usize,
}

/// The first evaluations: at the centre, at the ends of every prior, and along paths.
#[derive(Debug, Clone)]
pub struct Screening {
    /// What is varied.
    pub inputs: Vec<Input>,
    paths: Vec<Path>,
}

/// One bar of a tornado: the figure with one input at each of [`ENDS`], all others at their centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// The input, by its place.
    pub input: usize,
    /// Its value at each end, base units.
    pub at: [f64; 2],
    /// The figure there; NaN where there is none.
    pub figure: [f64; 2],
    /// Variance from patients of its difference from the central figure.
    pub noise: [f64; 2],
}

/// What the first evaluations say of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Screened {
    /// At central values.
    pub central: f64,
    /// Its variance from patients.
    pub noise: f64,
    /// One bar an input.
    pub bars: Vec<Bar>,
    /// Elementary effects of each input.
    pub effects: Vec<Effects>,
}

impl Screening {
    /// Paths for these inputs, drawn by `seed`.
    pub fn new(inputs: Vec<Input>, sizes: Sizes, seed: u64) -> Screening {
        let mut stream = Stream::new(seed, 0, 0, Purpose::Design);
        let paths = morris::paths(inputs.len(), sizes.paths, &mut stream);
        Screening { inputs, paths }
    }

    /// Number of evaluations.
    pub fn evaluations(&self) -> usize {
        1 + self.inputs.len() * 2 + self.paths.iter().map(|p| p.points.len()).sum::<usize>()
    }

    /// All points, as changes of parameters.
    pub fn points(&self) -> Vec<Vec<(usize, f64)>> {
        let ends = self.inputs.iter().flat_map(|i| ENDS.map(|u| vec![(i.parameter, i.at(u))]));
        let along = self.paths.iter().flat_map(|p| &p.points).map(|u| changes(&self.inputs, u));
        std::iter::once(Vec::new()).chain(ends).chain(along).collect()
    }

    /// What the evaluations of [`points`](Self::points) say of output `o`.
    pub fn read(&self, found: &[Evaluated], o: usize) -> Screened {
        let figure = |k: usize| &found[k].figures[o];
        let (central, k) = (figure(0), self.inputs.len());
        let bar = |input: usize| {
            let both = [1 + 2 * input, 2 + 2 * input].map(figure);
            Bar {
                input,
                at: ENDS.map(|u| self.inputs[input].at(u)),
                figure: both.map(|f| f.value),
                noise: both.map(|f| f.noise_of_difference(central)),
            }
        };
        let mut effects: Vec<Vec<Effect>> = vec![Vec::new(); k];
        let mut first = 1 + 2 * k;
        for path in &self.paths {
            for (n, (input, step)) in path.moves.iter().enumerate() {
                let (before, after) = (figure(first + n), figure(first + n + 1));
                effects[*input].push(Effect {
                    value: (after.value - before.value) / step,
                    noise: after.noise_of_difference(before) / (step * step),
                });
            }
            first += path.points.len();
        }
        Screened {
            central: central.value,
            noise: central.noise(),
            bars: (0..k).map(bar).collect(),
            effects: effects.iter().map(|e| morris::effects(e)).collect(),
        }
    }

    /// The inputs that do something for some figure: above noise, and at least [`LITTLE`] of the largest mu*. Where they are more than [`MOST`], those
    /// with the largest part of the sum of mu*^2, which goes like the variance, in the mean over the figures; and, apart, those that were left.
    pub fn kept(&self, screened: &[Screened]) -> (Vec<usize>, Vec<usize>) {
        let mut scored: Vec<(f64, usize)> = Vec::new();
        for input in 0..self.inputs.len() {
            let (mut does, mut score) = (false, 0.0);
            for s in screened {
                // All of them, so that a figure that is mostly noise gives little to any.
                let sizes = s.effects.iter().map(|e| e.mu_star).filter(|m| m.is_finite());
                let (most, squares) = sizes.fold((0.0f64, 0.0), |(m, q), x| (m.max(x), q + x * x));
                let mine = &s.effects[input];
                if most > 0.0 && mine.above_noise() {
                    does |= mine.mu_star >= LITTLE * most;
                    score += mine.mu_star * mine.mu_star / squares;
                }
            }
            if does {
                scored.push((score, input));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut kept: Vec<usize> = scored.iter().map(|s| s.1).collect();
        let mut left = kept.split_off(kept.len().min(MOST));
        kept.sort_unstable();
        left.sort_unstable();
        (kept, left)
    }
}

/// Values of parameters at a point of the unit cube.
fn changes(inputs: &[Input], point: &[f64]) -> Vec<(usize, f64)> {
    inputs.iter().zip(point).map(|(i, u)| (i.parameter, i.at(*u))).collect()
}

/// Evaluations for shares of variance.
#[derive(Debug, Clone)]
pub struct Shares {
    /// What is varied; all else is at its centre.
    pub inputs: Vec<Input>,
    design: Design,
    seed: u64,
}

/// What they say of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// Evaluations of A and B that have the figure.
    pub known: usize,
    /// Mean over the priors.
    pub mean: f64,
    /// Variance over the priors.
    pub variance: f64,
    /// Mean variance of one evaluation from patients.
    pub noise: f64,
    /// Indices of each input; none where the figure does not vary.
    pub indices: Vec<Option<Index>>,
    /// Of each input, the total index that noise alone would give.
    pub by_noise: Vec<f64>,
}

impl Shared {
    /// True when the total index of an input is more than noise would give: the lower end of its interval is.
    pub fn above_noise(&self, input: usize) -> bool {
        self.indices[input].is_some_and(|i| i.total.low > self.by_noise[input])
    }

    /// Part of the variance that is noise from patients.
    pub fn noise_share(&self) -> f64 {
        self.noise / self.variance
    }
}

impl Shares {
    /// A design for these inputs, drawn by `seed`.
    pub fn new(inputs: Vec<Input>, sizes: Sizes, seed: u64) -> Shares {
        let mut stream = Stream::new(seed, 1, 0, Purpose::Design);
        let design = Design::new(sizes.rows, inputs.len(), &mut stream);
        Shares { inputs, design, seed }
    }

    /// All points, as changes of parameters.
    pub fn points(&self) -> Vec<Vec<(usize, f64)>> {
        self.design.points().iter().map(|u| changes(&self.inputs, u)).collect()
    }

    /// What the evaluations of [`points`](Self::points) say of output `o`.
    pub fn read(&self, found: &[Evaluated], o: usize) -> Shared {
        let n = self.design.a.len();
        let values: Vec<f64> = found.iter().map(|e| e.figures[o].value).collect();
        let part = |k: usize| &values[k * n..(k + 1) * n];
        let k = self.inputs.len();
        let all = Values { a: part(0), b: part(1), mixed: (0..k).map(|i| part(2 + i)).collect() };
        let variance = sobol::spread(&all);
        let mut stream = Stream::new(self.seed, 2, 0, Purpose::Design);
        let finite = |v: Vec<f64>| -> Vec<f64> { v.into_iter().filter(|x| x.is_finite()).collect() };
        let by_noise = |i: usize| {
            let apart = (0..n).map(|j| found[j].figures[o].noise_of_difference(&found[(2 + i) * n + j].figures[o]));
            mean(&finite(apart.collect())) / (2.0 * variance)
        };
        let known = finite(values[..2 * n].to_vec());
        Shared {
            known: known.len(),
            mean: mean(&known),
            variance,
            noise: mean(&finite(found[..2 * n].iter().map(|e| e.figures[o].noise()).collect())),
            indices: sobol::indices(&all, RESAMPLES, &mut stream),
            by_noise: (0..k).map(by_noise).collect(),
        }
    }
}
