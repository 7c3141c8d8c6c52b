//! Net rate against dose: a line, an exponential and a Hill curve, with profile-likelihood intervals on concentrations.
//!
//! In a window each dose has its own level and the slope g(C). The sum of squares is that within doses plus
//! sum_d Sxx_d (slope_d - g(C_d))^2, so curves are fitted to the slopes with weights Sxx_d and judged on the readings'
//! own scatter. Curves:
//!
//! ```text
//! line          top - range C
//! exponential   top - range (1 - e^(-C/scale))
//! hill          top - range C^h / (scale^h + C^h), h from 0.3 to 8; h = 1 with four doses
//! ```
//!
//! A concentration of interest is made a value of the curve and held while the others are fitted: the 95 % interval is
//! where the sum of squares stays below its least times 1 + t^2/n, t Student's on the n degrees of freedom (Bates and
//! Watts 1988, Nonlinear Regression Analysis, 6.1). An interval may have no end on a side. GR50: where the number of
//! doublings is log2(1.5) = 0.585 of the untreated (Hafner et al. 2016, Nat. Methods 13:521).

use crate::least_squares::{Search, minimise};
use crate::student::t_95;

/// The slope at one dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Dose, 0 or more.
    pub concentration: f64,
    /// Net rate, per hour.
    pub per_hour: f64,
    /// Sum of squared distances of its times from their mean.
    pub weight: f64,
    /// Sum of squares of ln(signal) around its line.
    pub sum_of_squares: f64,
    /// Readings less two.
    pub degrees_of_freedom: usize,
}

/// The kind of curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Straight.
    Line,
    /// Exponential towards a floor.
    Exponential,
    /// Hill, or Emax.
    Hill,
}

impl Shape {
    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Line => "line",
            Shape::Exponential => "exponential",
            Shape::Hill => "hill",
        }
    }
}

/// A concentration that a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Net growth is 0.
    Zero,
    /// Growth rate inhibition of a half.
    Gr50,
    /// Half of the effect that the drug can have: IC50 of the rate. Not for a line.
    Half,
}

/// A concentration with its 95 % interval; an end is 0 or infinite where the readings set none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concentration {
    /// The estimate; none where the curve never comes there.
    pub value: Option<f64>,
    /// The interval; empty (low above high) where the readings speak against any.
    pub ci95: (f64, f64),
}

/// A fitted curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Kind.
    pub shape: Shape,
    /// Rate without drug, per hour.
    pub top: f64,
    /// What the drug can take away, per hour; for a line per unit of concentration.
    pub range: f64,
    /// Scale, unit of the concentrations; not used by a line.
    pub scale: f64,
    /// Hill exponent; 1 where it was held or there is none.
    pub hill: f64,
    /// Sum of squares, that within doses included.
    pub sum_of_squares: f64,
    /// Readings less levels and values.
    pub degrees_of_freedom: usize,
    /// Akaike's criterion for small samples; the smallest is the best supported.
    pub aicc: f64,
    /// Whether the search ended at a minimum.
    pub reached: bool,
    slopes: Vec<Slope>,
    free_hill: bool,
}

const GR: f64 = 0.584_962_500_721_156_2;
const HILL: (f64, f64) = (0.3, 8.0);

fn hill_at(z: f64) -> f64 {
    let share = 1.0 / (1.0 + libm::exp(-z));
    HILL.0 * libm::exp(share * libm::log(HILL.1 / HILL.0))
}

/// Share of the range that is taken away at a dose.
pub(super) fn taken(shape: Shape, concentration: f64, scale: f64, hill: f64) -> f64 {
    match shape {
        Shape::Line => concentration,
        Shape::Exponential => -libm::expm1(-concentration / scale),
        Shape::Hill if concentration == 0.0 => 0.0,
        Shape::Hill => 1.0 / (1.0 + libm::exp(hill * libm::log(scale / concentration))),
    }
}

/// The scale at which a share `taken` of the range is gone at `concentration`.
fn scale_for(shape: Shape, concentration: f64, taken: f64, hill: f64) -> f64 {
    match shape {
        Shape::Line => 1.0,
        Shape::Exponential => -concentration / libm::log1p(-taken),
        Shape::Hill => concentration * libm::exp(libm::log((1.0 - taken) / taken) / hill),
    }
}

impl Curve {
    /// Least squares of a curve on slopes; none where there are too few doses (line 3, exponential and Hill 4), all
    /// slopes are alike, or there is no degree of freedom.
    pub fn fit(shape: Shape, slopes: &[Slope]) -> Option<Curve> {
        let doses = slopes.len();
        let least = if shape == Shape::Line { 3 } else { 4 };
        let size = slopes.iter().map(|s| s.per_hour.abs()).fold(0.0, f64::max);
        let positive: Vec<f64> = slopes.iter().map(|s| s.concentration).filter(|c| *c > 0.0).collect();
        if doses < least || size == 0.0 || positive.len() + 1 < least {
            return None;
        }
        let free_hill = shape == Shape::Hill && doses >= 5;
        let values = match shape {
            Shape::Line => 2,
            Shape::Exponential => 3,
            Shape::Hill => 3 + usize::from(free_hill),
        };
        let within: f64 = slopes.iter().map(|s| s.sum_of_squares).sum();
        let readings: usize = slopes.iter().map(|s| s.degrees_of_freedom + 1).sum();
        let degrees_of_freedom = readings.checked_sub(values).filter(|d| *d > 0)?;
        let spread = slopes.iter().map(|s| s.per_hour).fold(f64::INFINITY, f64::min);
        let first = slopes[0].per_hour;
        let mut best: Option<(Vec<f64>, f64, bool)> = None;
        let mut starts: Vec<f64> = positive.iter().flat_map(|c| [c / 4.0, *c]).collect();
        starts.truncate(if shape == Shape::Line { 1 } else { starts.len() });
        let most = positive.iter().copied().fold(0.0, f64::max);
        for start in starts {
            let range = if shape == Shape::Line { (first - spread) / most } else { first - spread };
            let mut x = vec![first / size, if range > 0.0 { range / size } else { 0.1 }];
            if shape != Shape::Line {
                x.push(libm::log(start));
            }
            if free_hill {
                x.push(0.0);
            }
            let residuals = |x: &[f64], r: &mut [f64]| {
                let (scale, hill) = (x.get(2).map_or(1.0, |s| libm::exp(*s)), x.get(3).map_or(1.0, |z| hill_at(*z)));
                for (out, s) in r.iter_mut().zip(slopes) {
                    let g = size * (x[0] - x[1] * taken(shape, s.concentration, scale, hill));
                    *out = libm::sqrt(s.weight) * (g - s.per_hour);
                }
            };
            let Ok(fit) = minimise(residuals, doses, &x, &Search::default()) else { continue };
            if best.as_ref().is_none_or(|b| fit.sum_of_squares < b.1) {
                let reached = fit.convergence.reached() || fit.sum_of_squares < 1e-6 * within;
                best = Some((fit.estimate, fit.sum_of_squares, reached));
            }
        }
        let (x, sum, reached) = best?;
        let (sum_of_squares, n) = (within + sum, readings as f64);
        let k = (values + 1) as f64;
        let correction = if n - k - 1.0 > 0.0 { 2.0 * k * (k + 1.0) / (n - k - 1.0) } else { f64::INFINITY };
        Some(Curve {
            shape,
            top: size * x[0],
            range: size * x[1],
            scale: x.get(2).map_or(1.0, |s| libm::exp(*s)),
            hill: x.get(3).map_or(1.0, |z| hill_at(*z)),
            sum_of_squares,
            degrees_of_freedom,
            aicc: n * libm::log(sum_of_squares / n) + 2.0 * k + correction,
            reached,
            slopes: slopes.to_vec(),
            free_hill,
        })
    }

    /// The rate at a dose, per hour.
    pub fn at(&self, concentration: f64) -> f64 {
        self.top - self.range * taken(self.shape, concentration, self.scale, self.hill)
    }

    /// The concentration at which a level is reached, with its profile interval.
    pub fn concentration(&self, level: Level) -> Concentration {
        let nowhere = Concentration { value: None, ci95: (f64::INFINITY, 0.0) };
        let share = match level {
            Level::Zero => self.top / self.range,
            Level::Gr50 => (1.0 - GR) * self.top / self.range,
            Level::Half if self.shape == Shape::Line => return nowhere,
            Level::Half => 0.5,
        };
        let reaches = share > 0.0 && share.is_finite() && (self.shape == Shape::Line || share < 1.0);
        let value = reaches.then(|| match self.shape {
            Shape::Line => share,
            Shape::Exponential => -self.scale * libm::log1p(-share),
            Shape::Hill => self.scale * libm::exp(libm::log(share / (1.0 - share)) / self.hill),
        });
        let bend = t_95(self.degrees_of_freedom as f64);
        let most = self.sum_of_squares * (1.0 + bend * bend / self.degrees_of_freedom as f64);
        let positive = || self.slopes.iter().map(|s| s.concentration).filter(|c| *c > 0.0);
        let low = libm::log(positive().fold(f64::INFINITY, f64::min) * 1e-3);
        let high = libm::log(positive().fold(0.0, f64::max) * 1e3);
        let begin = value.map_or(high, libm::log).clamp(low, high);
        let Some(first) = self.held(level, begin, None).filter(|(sum, _)| *sum <= most) else {
            return Concentration { value, ..nowhere };
        };
        let end = |towards: f64| {
            let (mut inside, mut x, mut step) = (begin, first.1.clone(), 0.02);
            loop {
                let at = if towards > 0.0 { f64::min(inside + step, high) } else { f64::max(inside - step, low) };
                match self.held(level, at, Some(&x)).filter(|(sum, _)| *sum <= most) {
                    Some((_, _)) if at == low => return 0.0,
                    Some((_, _)) if at == high => return f64::INFINITY,
                    Some((_, found)) => (inside, x, step) = (at, found, step * 1.3),
                    None if step < 1e-5 => return libm::exp(inside),
                    None => step *= 0.3,
                }
            }
        };
        let upper = if begin >= high { f64::INFINITY } else { end(1.0) };
        let lower = if begin <= low { 0.0 } else { end(-1.0) };
        Concentration { value, ci95: (lower, upper) }
    }

    /// Least sum of squares with the level held at a concentration (its logarithm), and where it lies.
    fn held(&self, level: Level, log_concentration: f64, start: Option<&[f64]>) -> Option<(f64, Vec<f64>)> {
        let concentration = libm::exp(log_concentration);
        let size = self.slopes.iter().map(|s| s.per_hour.abs()).fold(0.0, f64::max);
        let within: f64 = self.slopes.iter().map(|s| s.sum_of_squares).sum();
        // Free: the top (as a logarithm where a share of it is the level), how much of the range is gone there, Hill.
        let part = if level == Level::Zero { 1.0 } else { 1.0 - GR };
        let unpack = |x: &[f64]| -> (f64, f64, f64, f64) {
            let hill = match self.free_hill {
                true => hill_at(x[x.len() - 1]),
                false => 1.0,
            };
            match (level, self.shape) {
                (Level::Half, _) => (x[0] * size, x[1] * size, scale_for(self.shape, concentration, 0.5, hill), hill),
                (_, Shape::Line) => (libm::exp(x[0]) * size, libm::exp(x[0]) * size * part / concentration, 1.0, 1.0),
                _ => {
                    let (top, gone) = (libm::exp(x[0]) * size, 1.0 / (1.0 + libm::exp(-x[1])));
                    (top, part * top / gone, scale_for(self.shape, concentration, gone, hill), hill)
                }
            }
        };
        let top = (self.top / size).max(0.01);
        let mut own = match (level, self.shape) {
            (Level::Half, _) => vec![self.top / size, self.range / size],
            (_, Shape::Line) => vec![libm::log(top)],
            _ => {
                let gone = (part * self.top / self.range).clamp(0.02, 0.98);
                vec![libm::log(top), libm::log(gone / (1.0 - gone))]
            }
        };
        if self.free_hill {
            let share = libm::log(self.hill / HILL.0) / libm::log(HILL.1 / HILL.0);
            let share = share.clamp(0.02, 0.98);
            own.push(libm::log(share / (1.0 - share)));
        }
        let residuals = |x: &[f64], r: &mut [f64]| {
            let (top, range, scale, hill) = unpack(x);
            for (out, s) in r.iter_mut().zip(&self.slopes) {
                let g = top - range * taken(self.shape, s.concentration, scale, hill);
                *out = libm::sqrt(s.weight) * (g - s.per_hour);
            }
        };
        let mut best: Option<(f64, Vec<f64>)> = None;
        for x in [start.map(<[f64]>::to_vec), Some(own)].into_iter().flatten() {
            let Ok(fit) = minimise(residuals, self.slopes.len(), &x, &Search::default()) else { continue };
            if best.as_ref().is_none_or(|b| within + fit.sum_of_squares < b.0) {
                best = Some((within + fit.sum_of_squares, fit.estimate));
            }
        }
        best
    }
}
