//! What a dose rule that was a row of an event table asks of the body, besides its dose.

/// What a row of an event table asks for besides its dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What happens in the body right before the first dose of the rule.
    pub body: Body,
    /// The rate of the infusion was recorded and not its length, so bioavailability scales the length and keeps the rate.
    pub rate_given: bool,
}

/// What happens in the body at a row of an event table. All but `Kept` and what is added act on every drug.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Body {
    /// Nothing.
    Kept,
    /// All compartments of all drugs are emptied, infusions end and what is on its way is lost (EVID 3 and 4).
    Emptied,
    /// The steady state of the rule's dose given every `interval` days for ever (SS 1 and 2), the first dose of the rule
    /// being the next of them.
    Steady {
        /// Days between the doses (II).
        interval: f64,
        /// Added to what is in the body (SS 2); otherwise in place of it, as by `Emptied`.
        added: bool,
    },
    /// The steady state of an endless infusion, which ends at the row (AMT 0, RATE above 0, SS 1 and 2).
    Infused {
        /// mg a day.
        rate: f64,
        /// Added to what is in the body.
        added: bool,
    },
}

impl Body {
    /// True when nothing of what was given before is left.
    pub fn empties(self) -> bool {
        match self {
            Body::Kept => false,
            Body::Emptied => true,
            Body::Steady { added, .. } | Body::Infused { added, .. } => !added,
        }
    }
}
