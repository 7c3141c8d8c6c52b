//! The verdict: how probable each explanation of the data is, what each says of the origin of resistance, and whether
//! the data tell them apart at all.
//!
//! With p(y | e) the evidence of explanation e and p(e) its prior probability, p(e | y) is proportional to p(e) p(y | e).
//! An explanation assigns its weight to one origin, or shares it between several (a mixture). The verdict is
//! *undetermined* unless one origin has probability [`CERTAIN`] or more: where probabilities are calibrated, a verdict
//! that is given is then wrong in at most one case of twenty.

/// Origins of resistance, and mixtures of them, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Founded before treatment began.
    PreExisting,
    /// Mutated from a dividing cell under treatment.
    Cycling,
    /// Mutated from a drug-tolerant cell under treatment.
    Persister,
    /// A mutation that the drug made.
    DrugInduced,
    /// Resistance without a mutation: tolerance, switching.
    NonGenetic,
    /// Under treatment, by any of the ways that the data cannot tell apart.
    DuringTreatment,
    /// From before and from during treatment, both with a share that matters.
    Mixture,
    /// No resistance in these data.
    None,
}

impl Origin {
    /// All, in the order in which they are shown.
    pub const ALL: [Origin; 8] = [
        Origin::PreExisting,
        Origin::Cycling,
        Origin::Persister,
        Origin::DrugInduced,
        Origin::NonGenetic,
        Origin::DuringTreatment,
        Origin::Mixture,
        Origin::None,
    ];

    /// As in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Origin::PreExisting => "pre_existing",
            Origin::Cycling => "cycling",
            Origin::Persister => "persister",
            Origin::DrugInduced => "drug_induced",
            Origin::NonGenetic => "non_genetic",
            Origin::DuringTreatment => "during_treatment",
            Origin::Mixture => "mixture",
            Origin::None => "none",
        }
    }
}

/// Probability from which an origin is called; below it for all: undetermined.
pub const CERTAIN: f64 = 0.95;

/// Expected bits below which a measurement tells nothing that is worth its cost, and is not shown.
pub const TELLS: f64 = 0.005;

/// A probability to be rounded to three digits: what is no verdict is not rounded to one.
///
/// ```
/// use remission_infer::verdict::unrounded;
/// assert_eq!((unrounded(0.9497), unrounded(0.95), unrounded(0.3)), (0.949, 0.95, 0.3));
/// ```
pub fn unrounded(p: f64) -> f64 {
    if p < CERTAIN { p.min(CERTAIN - 0.001) } else { p }
}

/// One explanation with what the data say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Short name, as in JSON: `before_plating`.
    pub name: String,
    /// In plain words: `all mutants arose before the drug`.
    pub words: String,
    /// Where resistance came from if it is true.
    pub origin: Origin,
    /// Prior probability.
    pub prior: f64,
    /// ln p(data | explanation).
    pub log_evidence: f64,
    /// Standard error of [`log_evidence`](Explanation::log_evidence), from the sampler.
    pub error: f64,
}

/// Whether each measurement that tells anything has a cost, so that they are ranked by bits per cost.
pub fn costed(next: &[Next]) -> bool {
    let cost = |n: &Next| n.cost.is_some_and(|c| c > 0.0);
    next.iter().any(cost) && next.iter().all(|n| cost(n) || n.expected_bits < TELLS)
}

/// A further measurement that could be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// In plain words: `24 more cultures`.
    pub name: String,
    /// Information about the origin that it is expected to give, bits; at most the entropy of the present verdict.
    pub expected_bits: f64,
    /// Monte Carlo standard error of it, bits.
    pub error: f64,
    /// What it costs, where costs were given.
    pub cost: Option<f64>,
}

/// Where the resistance came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Explanations with their evidence.
    pub explanations: Vec<Explanation>,
    /// Probability of each explanation, in their order; sums to 1.
    pub probability: Vec<f64>,
    /// Probability of each origin that some explanation has, in the order of [`Origin::ALL`]; sums to 1.
    pub origin: Vec<(Origin, f64)>,
    /// No origin has probability [`CERTAIN`] or more, or what has it is held back.
    pub undetermined: bool,
    /// The evidence is withheld: probabilities are those of the prior, and none is to be shown as a result.
    pub withheld: bool,
    /// Why, in plain words.
    pub reason: String,
    /// What to measure next, the most telling first (per unit of cost where all have one).
    pub next: Vec<Next>,
}

impl Verdict {
    /// Weighs explanations; `reason` is given the origins with their probabilities and says why in words.
    ///
    /// Evidence may be minus infinity (impossible data); where it is for all, the prior stands. Priors need not sum to 1.
    ///
    /// ```
    /// use remission_infer::verdict::{Explanation, Origin, Verdict};
    /// let explanation = |name: &str, origin, log_evidence| Explanation {
    ///     name: name.into(), words: String::new(), origin, prior: 0.5, log_evidence, error: 0.0,
    /// };
    /// let both = vec![explanation("before", Origin::PreExisting, -10.0), explanation("after", Origin::Cycling, -10.0)];
    /// let verdict = Verdict::new(both);
    /// assert!(verdict.undetermined && verdict.origin[0] == (Origin::PreExisting, 0.5));
    /// let one = vec![explanation("before", Origin::PreExisting, -10.0), explanation("after", Origin::Cycling, -20.0)];
    /// assert!(!Verdict::new(one).undetermined);
    /// ```
    pub fn new(mut explanations: Vec<Explanation>) -> Verdict {
        let all: f64 = explanations.iter().map(|e| e.prior.max(0.0)).sum();
        if all > 0.0 && all.is_finite() {
            explanations.iter_mut().for_each(|e| e.prior = e.prior.max(0.0) / all);
        }
        let weight = |e: &Explanation| libm::log(e.prior.max(0.0)) + e.log_evidence;
        let most = explanations.iter().map(weight).fold(f64::NEG_INFINITY, f64::max);
        let raw: Vec<f64> = match most.is_finite() {
            true => explanations.iter().map(|e| libm::exp(weight(e) - most)).collect(),
            false => explanations.iter().map(|e| e.prior.max(0.0)).collect(),
        };
        let sum: f64 = raw.iter().sum();
        let probability: Vec<f64> = raw.iter().map(|w| w / sum).collect();
        let of = |origin: Origin| -> Option<(Origin, f64)> {
            let mine = explanations.iter().zip(&probability).filter(|(e, _)| e.origin == origin);
            let shares: Vec<f64> = mine.map(|(_, p)| *p).collect();
            (!shares.is_empty()).then(|| (origin, shares.iter().sum()))
        };
        let origin: Vec<(Origin, f64)> = Origin::ALL.into_iter().filter_map(of).collect();
        let undetermined = !origin.iter().any(|(_, p)| *p >= CERTAIN);
        let (reason, next) = (String::new(), Vec::new());
        Verdict { explanations, probability, origin, undetermined, withheld: false, reason, next }
    }

    /// The verdict after further data of which each explanation says, in their order, this ln of a density.
    pub fn after(&self, log_densities: &[f64]) -> Verdict {
        let mut explanations = self.explanations.clone();
        for ((e, p), log_density) in explanations.iter_mut().zip(&self.probability).zip(log_densities) {
            (e.prior, e.log_evidence) = (*p, *log_density);
        }
        Verdict::new(explanations)
    }

    /// The same without the evidence, and why: where no explanation makes such data, they tell nothing.
    pub fn withheld(&self, why: String) -> Verdict {
        let mut explanations = self.explanations.clone();
        explanations.iter_mut().for_each(|e| e.log_evidence = 0.0);
        Verdict { reason: why, undetermined: true, withheld: true, ..Verdict::new(explanations) }
    }

    /// Whether an origin that is probable enough is not called all the same, for what [`reason`](Verdict::reason) says.
    pub fn held_back(&self) -> bool {
        self.undetermined && self.best().is_some_and(|b| b.1 >= CERTAIN)
    }

    /// The most probable origin with its probability; none without explanations.
    pub fn best(&self) -> Option<(Origin, f64)> {
        self.origin.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Origins that no other is more probable than: one, or those that tie.
    pub fn ahead(&self) -> Vec<Origin> {
        let most = self.best().map_or(0.0, |b| b.1);
        // Sums of the same numbers in another order differ in the last digits.
        self.origin.iter().filter(|o| o.1 >= most * (1.0 - 1e-9)).map(|o| o.0).collect()
    }

    /// Entropy of the origins, bits: what a perfect measurement would tell.
    pub fn entropy(&self) -> f64 {
        self.origin.iter().filter(|(_, p)| *p > 0.0).map(|(_, p)| -p * libm::log2(*p)).sum()
    }

    /// Gives further measurements their costs and puts them in order anew. A cost is for the measurements whose name contains its text,
    /// whatever the case; of several texts the longest within the first words of a name (before a colon) counts, and elsewhere the longest.
    /// Tells which of the costs are used.
    ///
    /// ```
    /// use remission_infer::verdict::{Next, Verdict};
    /// let next = |name: &str, expected_bits| Next { name: name.into(), expected_bits, error: 0.0, cost: None };
    /// let mut verdict = Verdict::new(Vec::new());
    /// verdict.rank(vec![next("a biopsy", 0.5), next("one more blood sample", 0.2)]);
    /// let used = verdict.priced(&[("Biopsy".into(), 1000.0), ("blood".into(), 100.0), ("scan".into(), 1.0)]);
    /// assert_eq!((verdict.next[0].name.as_str(), verdict.next[0].cost), ("one more blood sample", Some(100.0)));
    /// assert_eq!(used, [true, true, false]);
    /// ```
    pub fn priced(&mut self, costs: &[(String, f64)]) -> Vec<bool> {
        let mut used = vec![false; costs.len()];
        let mut next = std::mem::take(&mut self.next);
        for n in &mut next {
            let name = n.name.to_lowercase();
            let first = name.split(':').next().unwrap_or_default();
            let fits = |k: &usize| Some(costs[*k].0.to_lowercase()).filter(|part| name.contains(part.as_str()));
            let found = (0..costs.len()).filter_map(|k| fits(&k).map(|part| (first.contains(&part), part.len(), k)));
            let best = found.max_by_key(|(in_first, length, k)| (*in_first, *length, std::cmp::Reverse(*k)));
            n.cost = best.map(|(_, _, k)| costs[k].1);
            if let Some((_, _, k)) = best {
                used[k] = true;
            }
        }
        self.rank(next);
        used
    }

    /// Puts further measurements in order: most bits first, or most bits per unit of cost where each that tells anything
    /// (0.005 bits or more) has a cost; those without one then come last.
    pub fn rank(&mut self, mut next: Vec<Next>) {
        let costed = costed(&next);
        let worth = |n: &Next| match costed {
            true => n.cost.filter(|c| *c > 0.0).map_or(-1.0, |c| n.expected_bits / c),
            false => n.expected_bits,
        };
        next.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        self.next = next;
    }
}
