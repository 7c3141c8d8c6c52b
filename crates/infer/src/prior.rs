//! Priors, and parameters that carry one. Each prior is a monotone map of a standard normal variable z:
//! x = F^-1(Phi(z)), so that samplers work where every prior is N(0, 1) and no bound is ever crossed.

use crate::special::{log_normal_density, normal_below, normal_quantile};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;
use std::fmt;

/// What is believed of a parameter before the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// All values between the two alike; low < high, both finite.
    Uniform(f64, f64),
    /// All orders of magnitude between the two alike; 0 < low < high.
    LogUniform(f64, f64),
    /// Mean and standard deviation (above 0).
    Normal(f64, f64),
    /// Median (above 0) and standard deviation (above 0) of the logarithm.
    LogNormal(f64, f64),
    /// A share: median (between 0 and 1) and standard deviation (above 0) of its log odds.
    LogitNormal(f64, f64),
}

impl Prior {
    /// The value that a standard normal variable `z` stands for.
    ///
    /// ```
    /// use remission_infer::prior::Prior;
    /// assert!((Prior::LogUniform(1e-9, 1e-7).at(0.0) / 1e-8 - 1.0).abs() < 1e-12);
    /// assert_eq!(Prior::Uniform(0.0, 1.0).at(-40.0), 0.0);
    /// ```
    pub fn at(&self, z: f64) -> f64 {
        // The smaller of the two tails keeps its digits.
        let between = |low: f64, high: f64| match z < 0.0 {
            true => low + (high - low) * normal_below(z),
            false => high - (high - low) * normal_below(-z),
        };
        match *self {
            Prior::Uniform(low, high) => between(low, high),
            Prior::LogUniform(low, high) => libm::exp(between(libm::log(low), libm::log(high))),
            Prior::Normal(mean, sd) => mean + sd * z,
            Prior::LogNormal(median, sd) => median * libm::exp(sd * z),
            Prior::LogitNormal(median, sd) => 1.0 / (1.0 + (1.0 - median) / median * libm::exp(-sd * z)),
        }
    }

    /// The z that stands for `x`; infinite outside the prior's range.
    ///
    /// ```
    /// use remission_infer::prior::Prior;
    /// for prior in [Prior::Uniform(1.0, 3.0), Prior::LogUniform(0.1, 10.0), Prior::LogNormal(2.0, 0.5), Prior::LogitNormal(0.1, 1.0)] {
    ///     assert!((prior.z(prior.at(0.7)) - 0.7).abs() < 1e-12, "{prior}");
    /// }
    /// ```
    pub fn z(&self, x: f64) -> f64 {
        match *self {
            Prior::Uniform(low, high) => normal_quantile(((x - low) / (high - low)).clamp(0.0, 1.0)),
            Prior::LogUniform(low, high) => {
                normal_quantile((libm::log(x / low) / libm::log(high / low)).clamp(0.0, 1.0))
            }
            Prior::Normal(mean, sd) => (x - mean) / sd,
            Prior::LogNormal(median, sd) => libm::log(x / median) / sd,
            Prior::LogitNormal(median, sd) => libm::log(x / (1.0 - x) * (1.0 - median) / median) / sd,
        }
    }

    /// Reads a law as it is printed: `uniform(a, b)`, `loguniform(a, b)`, `normal(mean, sd)`, `lognormal(median, sigma)`,
    /// `logitnormal(median, sigma)`; names before the numbers are passed over. Errs with what is allowed.
    ///
    /// ```
    /// use remission_infer::prior::Prior;
    /// assert_eq!(Prior::read("lognormal(median 0.35, sigma 0.4)"), Ok(Prior::LogNormal(0.35, 0.4)));
    /// assert_eq!(Prior::read("loguniform(1e-9, 1e-7)"), Ok(Prior::LogUniform(1e-9, 1e-7)));
    /// assert!(Prior::read("loguniform(0, 1)").unwrap_err().contains("0 < low < high"));
    /// assert!(Prior::read("gamma(1, 2)").unwrap_err().starts_with("found `gamma(1, 2)`"));
    /// ```
    pub fn read(text: &str) -> Result<Prior, String> {
        let allowed = "uniform(low, high), loguniform(low, high), normal(mean, sd), lognormal(median, sigma), logitnormal(median, sigma)";
        let wrong = |why: &str| Err(format!("found `{}`; allowed: {why}", text.trim()));
        let Some((law, rest)) = text.trim().split_once('(') else { return wrong(allowed) };
        let Some(inside) = rest.strip_suffix(')') else { return wrong(allowed) };
        let number =
            |part: &str| part.split_whitespace().last().and_then(|x| x.parse::<f64>().ok()).filter(|x| x.is_finite());
        let numbers: Vec<Option<f64>> = inside.split(',').map(number).collect();
        let [Some(a), Some(b)] = numbers[..] else { return wrong(allowed) };
        match law.trim() {
            "uniform" if a < b => Ok(Prior::Uniform(a, b)),
            "uniform" => wrong("uniform(low, high) with low < high"),
            "loguniform" if 0.0 < a && a < b => Ok(Prior::LogUniform(a, b)),
            "loguniform" => wrong("loguniform(low, high) with 0 < low < high"),
            "normal" if b > 0.0 => Ok(Prior::Normal(a, b)),
            "normal" => wrong("normal(mean, sd) with sd > 0"),
            "lognormal" if a > 0.0 && b > 0.0 => Ok(Prior::LogNormal(a, b)),
            "lognormal" => wrong("lognormal(median, sigma), both > 0"),
            "logitnormal" if 0.0 < a && a < 1.0 && b > 0.0 => Ok(Prior::LogitNormal(a, b)),
            "logitnormal" => wrong("logitnormal(median, sigma) with a median between 0 and 1 and sigma > 0"),
            _ => wrong(allowed),
        }
    }

    /// ln of the prior density at `x`; minus infinity outside its range.
    ///
    /// ```
    /// use remission_infer::prior::Prior;
    /// assert!((Prior::LogUniform(1.0, 10.0).log_density(2.0) + (2.0 * 10f64.ln()).ln()).abs() < 1e-14);
    /// assert_eq!(Prior::Uniform(0.0, 1.0).log_density(2.0), f64::NEG_INFINITY);
    /// ```
    pub fn log_density(&self, x: f64) -> f64 {
        let inside = |low: f64, high: f64| low <= x && x <= high;
        match *self {
            Prior::Uniform(low, high) if inside(low, high) => -libm::log(high - low),
            Prior::LogUniform(low, high) if inside(low, high) => -libm::log(x * libm::log(high / low)),
            Prior::Normal(mean, sd) => log_normal_density(x, mean, sd),
            Prior::LogNormal(median, sd) if x > 0.0 => {
                log_normal_density(libm::log(x), libm::log(median), sd) - libm::log(x)
            }
            Prior::LogitNormal(median, sd) if x > 0.0 && x < 1.0 => {
                let odds = |p: f64| libm::log(p / (1.0 - p));
                log_normal_density(odds(x), odds(median), sd) - libm::log(x * (1.0 - x))
            }
            _ => f64::NEG_INFINITY,
        }
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |x: &f64| crate::words::shortest(*x, 3);
        match self {
            Prior::Uniform(a, b) => write!(f, "uniform({}, {})", show(a), show(b)),
            Prior::LogUniform(a, b) => write!(f, "loguniform({}, {})", show(a), show(b)),
            Prior::Normal(a, b) => write!(f, "normal({}, {})", show(a), show(b)),
            Prior::LogNormal(a, b) => write!(f, "lognormal(median {}, sigma {})", show(a), show(b)),
            Prior::LogitNormal(a, b) => write!(f, "logitnormal(median {}, sigma {})", show(a), show(b)),
        }
    }
}

/// A parameter to be inferred.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name as in tables.
    pub name: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// What is believed of it before the data.
    pub prior: Prior,
}

impl Parameter {
    /// A parameter with name, unit and prior. A rate that a model writes as `/day` has the unit `1/day`, as everywhere else.
    ///
    /// ```
    /// use remission_infer::prior::{Parameter, Prior};
    /// let unit = |written: &str| Parameter::new("kill", written, Prior::Normal(0.0, 1.0)).unit;
    /// assert_eq!((unit("/day"), unit("1/h"), unit("")), ("1/day".into(), "1/h".into(), String::new()));
    /// ```
    pub fn new(name: impl Into<String>, unit: impl Into<String>, prior: Prior) -> Parameter {
        let mut unit = unit.into();
        if unit.starts_with('/') {
            unit.insert(0, '1');
        }
        Parameter { name: name.into(), unit, prior }
    }
}

/// The parameter set that standard normal variables stand for.
pub fn values(parameters: &[Parameter], z: &[f64]) -> Vec<f64> {
    parameters.iter().zip(z).map(|(p, z)| p.prior.at(*z)).collect()
}

/// The standard normal variables that stand for a parameter set; infinite where it is outside a prior's range.
pub fn normals(parameters: &[Parameter], at: &[f64]) -> Vec<f64> {
    parameters.iter().zip(at).map(|(p, x)| p.prior.z(*x)).collect()
}

/// So many draws from the priors in each of some chains.
pub fn draws(parameters: &[Parameter], chains: usize, count: usize, seed: u64) -> Draws {
    let chain = |number: usize| {
        let mut stream = Stream::new(seed, number as u64, 2, Purpose::Inference);
        let mut one = || values(parameters, &parameters.iter().map(|_| normal(&mut stream)).collect::<Vec<_>>());
        (0..count).map(|_| one()).collect()
    };
    let names = parameters.iter().map(|p| p.name.clone()).collect();
    let units = parameters.iter().map(|p| p.unit.clone()).collect();
    Draws { names, units, chains: (0..chains).map(chain).collect() }
}

/// What a sampler samples: parameters with priors, and what the data say of a set of them.
pub trait Target {
    /// The parameters, in the order of every set.
    fn parameters(&self) -> &[Parameter];

    /// ln p(data | parameters), normalised over data so that evidences can be compared; minus infinity where the data
    /// are impossible. Never called outside the priors' ranges.
    fn log_likelihood(&self, at: &[f64]) -> f64;

    /// The same where it is `least` or more; any value below `least` where it is not, which may be found sooner.
    fn log_likelihood_from(&self, at: &[f64], _least: f64) -> f64 {
        self.log_likelihood(at)
    }

    /// The parameter set that standard normal variables stand for.
    fn at(&self, z: &[f64]) -> Vec<f64> {
        values(self.parameters(), z)
    }
}
