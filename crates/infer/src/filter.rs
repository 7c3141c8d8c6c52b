//! A particle filter: how likely readings of a hidden random process are, estimated without bias, and a path of the
//! process drawn given them.
//!
//! Gordon, Salmond and Smith 1993 (IEE Proc F 140:107): particles are carried by the process itself from look to look and
//! weighted by the density of what was read there; they are resampled (systematic) when their effective number falls
//! below [`Settings::kept`] of them. The product of the mean weights has the likelihood as its expectation (Del Moral
//! 2004, 7.4.1), with resampling only now and then too (Whiteley, Lee and Heine 2016). Ancestors are kept, so that one
//! particle chosen at the end by its weight gives a whole path: with [`crate::pmmh`] a draw from all paths given the data
//! (Andrieu, Doucet and Holenstein 2010, J R Stat Soc B 72:269).
//!
//! With more starts than particles ([`Settings::starts`]) it looks ahead: a process may guess how likely the readings to come are, and
//! particles are weighted, and chosen among the starts, by densities times guesses; what a guess gave is taken back at the next look, so
//! that the expectation stays (twisted filters: Guarniero, Johansen and Lee 2017, JASA 112:1636).
//!
//! A pass without guesses can be given up early, without error, once even the likeliest readings to come cannot bring it to what it must reach.

use crate::special::log_sum;
use remission_engine::stream::Stream;

/// A hidden process that is looked at a number of times.
pub trait Process {
    /// The process at a moment.
    type State: Clone;
    /// What is kept of it at a look, for paths.
    type Look: Clone;

    /// How many looks there are.
    fn looks(&self) -> usize;

    /// The process before the first look; none where it cannot be.
    fn start(&mut self, stream: &mut Stream) -> Option<Self::State>;

    /// The same for a pass with guesses, led to where the readings are likely, with ln of its weight: averages with weights are those of
    /// [`start`](Self::start).
    fn start_led(&mut self, stream: &mut Stream) -> Option<(Self::State, f64)> {
        self.start(stream).map(|state| (state, 0.0))
    }

    /// Called before the particles are carried to look number `look`.
    fn prepare(&mut self, _look: usize) {}

    /// To look number `look`, from the one before or the start; false where what was seen there cannot be.
    fn advance(&mut self, look: usize, state: &mut Self::State, stream: &mut Stream) -> bool;

    /// The same for a pass with guesses, led to where the readings are likely, with ln of the state's weight: averages with weights are those of
    /// [`advance`](Self::advance). None where what was seen there cannot be.
    fn advance_led(&mut self, look: usize, state: &mut Self::State, stream: &mut Stream) -> Option<f64> {
        self.advance(look, state, stream).then_some(0.0)
    }

    /// ln of the density of what was read at a look.
    fn log_density(&mut self, look: usize, state: &mut Self::State) -> f64;

    /// No state has a larger [`log_density`](Self::log_density).
    fn log_density_at_most(&self, _look: usize) -> f64 {
        f64::INFINITY
    }

    /// ln of a guess, up to a factor, how likely the readings of looks `look` and later are, made of a state at the look before (at
    /// the start, for look 0). The better it is the less estimates scatter; their mean is the likelihood whatever it is.
    fn guess(&mut self, _look: usize, _state: &Self::State) -> f64 {
        0.0
    }

    /// Whether [`guess`](Self::guess) says anything.
    fn guesses(&self) -> bool {
        false
    }

    /// What is kept of a state at a look.
    fn keep(&self, look: usize, state: &Self::State) -> Self::Look;
}

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Particles, 2 or more.
    pub particles: usize,
    /// Starts for each particle, among which the particles are drawn by the process's guesses; 1, the default: it makes no guesses.
    pub starts: usize,
    /// Whether a pass with guesses may be led ([`Process::start_led`], [`Process::advance_led`]); default yes.
    pub led: bool,
    /// Effective number of particles, as a share of them, below which they are resampled; default 0.5.
    pub kept: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { particles: 100, starts: 1, led: true, kept: 0.5 }
    }
}

/// What a pass found.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass<S, L> {
    /// ln of the unbiased estimate of the likelihood.
    pub log_likelihood: f64,
    /// Effective number of particles after each look.
    pub effective: Vec<f64>,
    /// One path given the readings, by look.
    pub path: Vec<L>,
    /// Its state at the last look.
    pub last: S,
}

/// One pass; none where the estimate is 0, or where it cannot reach `least` (ln; minus infinity: whatever it is).
pub fn pass<P: Process>(
    process: &mut P,
    settings: &Settings,
    least: f64,
    stream: &mut Stream,
) -> Option<Pass<P::State, P::Look>> {
    let n = settings.particles.max(2);
    let looks = process.looks();
    // What is left to gain after each look at best.
    let mut ahead = vec![0.0; looks + 1];
    for look in (0..looks).rev() {
        ahead[look] = ahead[look + 1] + process.log_density_at_most(look);
    }
    let guesses = settings.starts > 1 && process.guesses();
    let starts = if guesses { n * settings.starts } else { n };
    // ln of the weights, which sum to 1, and the guesses that are part of them.
    let (mut states, mut guessed, mut weights) = (Vec::with_capacity(starts), vec![0.0; starts], vec![0.0; starts]);
    for number in 0..starts {
        if guesses {
            let led = settings.led.then(|| process.start_led(stream));
            let (state, weight) = led.unwrap_or_else(|| process.start(stream).map(|state| (state, 0.0)))?;
            guessed[number] = process.guess(0, &state);
            weights[number] = weight + guessed[number];
            states.push(state);
        } else {
            states.push(process.start(stream)?);
        }
    }
    let sum = log_sum(&weights);
    weights.iter_mut().for_each(|w| *w -= sum);
    let mut log_likelihood = sum - libm::log(starts as f64);
    let even = -libm::log(n as f64);
    let mut effective = Vec::with_capacity(looks);
    let mut kept: Vec<Vec<P::Look>> = Vec::with_capacity(looks);
    let mut parents: Vec<Vec<usize>> = Vec::with_capacity(looks);
    for look in 0..looks {
        process.prepare(look);
        let mut chosen: Vec<usize> = (0..n).collect();
        if states.len() > n || crate::smc::effective(&weights) < settings.kept * n as f64 {
            let shares: Vec<f64> = weights.iter().map(|w| libm::exp(*w)).collect();
            chosen = crate::smc::systematic(&shares, n, stream.uniform());
            states = chosen.iter().map(|&k| states[k].clone()).collect();
            guessed = chosen.iter().map(|&k| guessed[k]).collect();
            weights = vec![even; n];
        }
        parents.push(chosen);
        for ((state, weight), guessed) in states.iter_mut().zip(&mut weights).zip(&mut guessed) {
            if *weight == f64::NEG_INFINITY {
                continue;
            }
            let moved = match guesses && settings.led {
                true => process.advance_led(look, state, stream),
                false => process.advance(look, state, stream).then_some(0.0),
            };
            let density = moved.map_or(f64::NEG_INFINITY, |weight| weight + process.log_density(look, state));
            let next = if guesses && look + 1 < looks { process.guess(look + 1, state) } else { 0.0 };
            *weight = if density.is_nan() { f64::NEG_INFINITY } else { *weight + density + next - *guessed };
            *guessed = next;
        }
        let sum = log_sum(&weights);
        log_likelihood += sum;
        if sum == f64::NEG_INFINITY || (!guesses && log_likelihood + ahead[look + 1] < least) {
            return None;
        }
        weights.iter_mut().for_each(|w| *w -= sum);
        effective.push(crate::smc::effective(&weights));
        kept.push(states.iter().map(|s| process.keep(look, s)).collect());
    }
    let u = stream.uniform();
    let mut passed = 0.0;
    let last = weights.iter().position(|w| {
        passed += libm::exp(*w);
        u < passed
    });
    let heaviest = || (0..n).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap_or(0);
    let last = last.unwrap_or_else(heaviest);
    let (mut at, mut path) = (last, Vec::with_capacity(looks));
    for look in (0..looks).rev() {
        path.push(kept[look][at].clone());
        at = parents[look][at];
    }
    path.reverse();
    Some(Pass { log_likelihood, effective, path, last: states.swap_remove(last) })
}
