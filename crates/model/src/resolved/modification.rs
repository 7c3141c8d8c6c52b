//! Rules of dose modification.

/// A rule of dose modification. It is looked at at every visit after day 0, in the order written, with what that visit
/// sees, and acts on every dose of its drug from then on, the one due at the visit included, whatever the regimen.
///
/// The calendar of the regimen runs on while a drug is held: doses due meanwhile are skipped, not made up for.
#[derive(Debug, Clone, PartialEq)]
pub struct Modification {
    /// In normal form, for printing back.
    pub sentence: String,
    /// Index of the drug.
    pub drug: usize,
    /// When it acts.
    pub when: Condition,
    /// What it does.
    pub action: Action,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// No doses until a later visit at which `until` is met.
    Hold {
        /// When doses are given again.
        until: Condition,
    },
    /// Doses are `factor` times what they were; again at each visit at which the condition is met, up to `most` times.
    /// Nothing is reduced while the drug is held since an earlier visit.
    Reduce {
        /// Between 0 and 1, ends excluded.
        factor: f64,
        /// `None`: any number of times.
        most: Option<u32>,
    },
    /// No doses any more.
    Stop,
}

/// A comparison of what a visit sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// What is compared.
    pub of: Observed,
    /// True when it has to be above the limit, false when below.
    pub above: bool,
    /// True when the limit itself is enough.
    pub or_equal: bool,
    /// With what.
    pub limit: Limit,
}

/// What a visit sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// First reading of a measurement (index), with its error, in mm or cells.
    Reading(usize),
    /// A level (index) as it is, base units.
    Level(usize),
}

/// The other side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// In the unit of what is compared.
    Fixed(f64),
    /// As a share of what was seen at day 0; never met when that was not above 0.
    OfBaseline(f64),
}
