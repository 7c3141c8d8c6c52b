//! The likelihood of a persister fluctuation assay, and the explanations with their priors.

use super::Options;
use super::data::Experiment;
use super::law::{Seen, Visible, founded_and_visible, log_chance};
use crate::prior::{Parameter, Prior, Target};
use crate::special::log_normal_density;
use crate::verdict::Origin;

/// Everything that the chance of the data depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Resistance mutations a division before the drug, 0 or more.
    pub before: f64,
    /// Resistance mutations a persister's division under the drug, 0 or more.
    pub during: f64,
    /// Net growth of resistant cells under the drug, median of colonies, per day, above 0.
    pub growth_per_day: f64,
    /// Standard deviation of its logarithm between colonies, 0 or more.
    pub growth_spread: f64,
    /// Persisters when the drug was given, as a share of all cells, above 0.
    pub persister_share: f64,
    /// Decay of persisters, per day, above 0.
    pub persister_decay_per_day: f64,
}

impl Rates {
    /// No mutation at all, everything else in the middle of its default prior: an assay of a design without colonies.
    pub const NOTHING: Rates = Rates {
        before: 0.0,
        during: 0.0,
        growth_per_day: 0.35,
        growth_spread: 0.15,
        persister_share: 0.01,
        persister_decay_per_day: 0.02,
    };
}

/// Cultures with the same looks, cells and new colonies.
struct Alike {
    days: Vec<f64>,
    cells: f64,
    new: Vec<usize>,
    count: f64,
}

/// An assay ready for its likelihood.
pub struct Model {
    alike: Vec<Alike>,
    /// Every day of a look, increasing.
    days: Vec<f64>,
    /// Cells, day and ln(persisters).
    persisters: Vec<(f64, f64, f64)>,
    /// Most colonies of a culture.
    most: usize,
    /// Mean cells of a culture.
    mean_cells: f64,
    last_day: f64,
    threshold: f64,
    /// Chance that a resistant cell's line survives and is counted.
    kept: f64,
    births_per_day: f64,
    spread: f64,
}

impl Model {
    /// Makes an experiment ready.
    pub fn new(e: &Experiment, options: &Options) -> Model {
        let mut alike: Vec<Alike> = Vec::new();
        for c in e.cultures.iter().filter(|c| !c.looks.is_empty()) {
            let (days, new): (Vec<f64>, Vec<usize>) = c.looks.iter().copied().unzip();
            let same = |a: &&mut Alike| a.cells == c.final_cells && a.new == new && a.days == days;
            match alike.iter_mut().find(same) {
                Some(known) => known.count += 1.0,
                None => alike.push(Alike { days, cells: c.final_cells, new, count: 1.0 }),
            }
        }
        let mut days: Vec<f64> = alike.iter().flat_map(|a| a.days.iter().copied()).collect();
        days.sort_by(f64::total_cmp);
        days.dedup();
        let of = |c: &super::data::Culture| -> Vec<(f64, f64, f64)> {
            c.persisters.iter().map(|(day, n)| (c.final_cells, *day, libm::log(n.max(0.5)))).collect()
        };
        Model {
            days,
            persisters: e.cultures.iter().flat_map(of).collect(),
            most: alike.iter().map(|a| a.new.iter().sum()).max().unwrap_or(0),
            alike,
            mean_cells: e.mean_cells(),
            last_day: e.last_day(),
            threshold: options.visible_cells * options.survival,
            kept: options.survival * options.plating,
            births_per_day: options.persister_births_per_day,
            spread: options.persister_spread,
        }
    }

    /// Expected mutations of before in a mean culture, and of during up to the last look.
    pub fn lines(&self, rates: &Rates) -> (f64, f64) {
        (rates.before * self.mean_cells, rates.during * self.divisions(rates))
    }

    /// Divisions of persisters of a mean culture from the drug to the last look.
    pub fn divisions(&self, rates: &Rates) -> f64 {
        let decay = rates.persister_decay_per_day;
        let days = -libm::expm1(-decay * self.last_day) / decay;
        rates.persister_share * self.mean_cells * self.births_per_day * days
    }

    /// ln p(data | rates); minus infinity where they are impossible.
    pub fn log_likelihood(&self, rates: &Rates) -> f64 {
        let Rates { growth_per_day: growth, persister_decay_per_day: decay, persister_share: share, .. } = *rates;
        let usable = |x: f64| x > 0.0 && x.is_finite();
        let spread = rates.growth_spread >= 0.0 && rates.growth_spread.is_finite();
        if !(usable(growth) && spread && usable(decay) && usable(share)) {
            return f64::NEG_INFINITY;
        }
        let count = |(cells, day, seen): &(f64, f64, f64)| {
            log_normal_density(*seen, libm::log(share * cells) - decay * day, self.spread)
        };
        let persisters: f64 = self.persisters.iter().map(count).sum();
        let visible = Visible::new(growth, rates.growth_spread, self.threshold);
        let shown: Vec<f64> = self.days.iter().map(|d| self.kept * visible.by(*d)).collect();
        let founded = founded_and_visible(&self.days, decay, &visible);
        let at = |day: f64| self.days.partition_point(|d| *d < day);
        let rate = rates.during * self.births_per_day * self.kept * share;
        let mut laws: Vec<(f64, f64, Vec<f64>)> = Vec::new();
        let mut sum = persisters;
        for a in &self.alike {
            let (mut seen, mut ready) = (0.0, 0.0);
            let (mut shares, mut means) = (Vec::with_capacity(a.days.len()), Vec::with_capacity(a.days.len()));
            for day in &a.days {
                let k = at(*day);
                shares.push(shown[k] - seen);
                means.push(rate * a.cells * (founded[k] - ready).max(0.0));
                (seen, ready) = (shown[k], founded[k]);
            }
            let colonies = a.new.iter().sum::<usize>();
            let chance = if seen < 1e-300 || rates.before == 0.0 {
                shares.iter_mut().for_each(|s| *s = 0.0);
                let of = |(n, mean): (&usize, &f64)| remission_engine::draw::log_poisson(*n as u64, *mean);
                a.new.iter().zip(&means).map(of).sum()
            } else {
                shares.iter_mut().for_each(|s| *s /= seen);
                if !laws.iter().any(|l| l.0 == a.cells && l.1 == seen) {
                    laws.push((a.cells, seen, Seen::new(seen, self.most).chances(rates.before * a.cells)));
                }
                let law = laws.iter().find(|l| l.0 == a.cells && l.1 == seen);
                law.map_or(f64::NEG_INFINITY, |l| log_chance(&a.new, &l.2[..=colonies], &shares, &means))
            };
            sum += a.count * chance;
        }
        sum
    }

    /// Whether persisters were counted.
    pub fn counted_persisters(&self) -> bool {
        !self.persisters.is_empty()
    }
}

/// An explanation of the colonies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All from mutants of before the drug.
    PreExisting,
    /// All from mutations of persisters.
    Persister,
    /// Both, each with a tenth of the mutations or more.
    Mixture,
}

impl Kind {
    /// All, in the order in which they are shown.
    pub const ALL: [Kind; 3] = [Kind::PreExisting, Kind::Persister, Kind::Mixture];

    /// Where resistance came from if it is true.
    pub fn origin(self) -> Origin {
        match self {
            Kind::PreExisting => Origin::PreExisting,
            Kind::Persister => Origin::Persister,
            Kind::Mixture => Origin::Mixture,
        }
    }

    /// As in tables and JSON.
    pub fn name(self) -> &'static str {
        self.origin().name()
    }

    /// In plain words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::PreExisting => "all colonies came from mutants that arose before the drug",
            Kind::Persister => "all colonies came from mutations of persisters under the drug",
            Kind::Mixture => "colonies came from mutants of before and from mutations of persisters",
        }
    }
}

/// One explanation as a target of a sampler.
pub struct Explained<'a> {
    kind: Kind,
    model: &'a Model,
    parameters: Vec<Parameter>,
}

impl<'a> Explained<'a> {
    /// The explanation `kind` of an assay.
    pub fn new(kind: Kind, model: &'a Model, options: &Options) -> Explained<'a> {
        let mut parameters = nuisances(options);
        match kind {
            Kind::PreExisting => parameters.push(Parameter::new("rate_before", "1/division", options.rate_before)),
            Kind::Persister => parameters.push(Parameter::new("rate_during", "1/division", options.rate_during)),
            Kind::Mixture => {
                parameters.push(Parameter::new("rate_before", "1/division", options.rate_before));
                parameters.push(Parameter::new("share_during", "", Prior::Uniform(0.1, 0.9)));
            }
        }
        Explained { kind, model, parameters }
    }

    /// The rates that a set of parameters means.
    pub fn rates(&self, at: &[f64]) -> Rates {
        let mut rates = Rates {
            before: 0.0,
            during: 0.0,
            growth_per_day: at[0],
            growth_spread: at[1],
            persister_share: at[2],
            persister_decay_per_day: at[3],
        };
        match self.kind {
            Kind::PreExisting => rates.before = at[4],
            Kind::Persister => rates.during = at[4],
            Kind::Mixture => {
                rates.before = at[4];
                let lines = self.model.lines(&rates).0;
                rates.during = lines * at[5] / (1.0 - at[5]) / self.model.divisions(&rates);
            }
        }
        rates
    }
}

/// Parameters that every explanation has.
pub fn nuisances(options: &Options) -> Vec<Parameter> {
    vec![
        Parameter::new("growth_per_day", "1/day", options.growth_per_day),
        Parameter::new("growth_spread", "", options.growth_spread),
        Parameter::new("persister_share", "", options.persister_share),
        Parameter::new("persister_decay_per_day", "1/day", options.persister_decay_per_day),
    ]
}

impl Target for Explained<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.model.log_likelihood(&self.rates(at))
    }
}
