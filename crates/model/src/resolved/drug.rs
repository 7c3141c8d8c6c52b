//! Drugs: how they enter and leave, and what cells feel of them.

use crate::expr::Expr;

/// How a drug enters the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// Into a depot, absorbed at rate `ka` (per day).
    Oral {
        /// Absorption rate.
        ka: Expr,
    },
    /// At once into the central compartment.
    Bolus,
    /// Into the central compartment over the time that the regimen says.
    Infusion,
    /// The concentration itself is typed in by the regimen (a dish): a dose sets the level until the next.
    Held,
    /// A beam: a dose in Gy is a fraction, given at an even rate over this many days; what is felt is that dose rate, Gy a day.
    Radiation {
        /// Days, above 0.
        fraction: f64,
    },
    /// Doses drive a virtual compartment without a volume; what is felt is the virtual infusion rate, mg a day:
    /// elimination times amount (K-PD; Jacqmin et al. 2007).
    Kpd {
        /// Elimination rate constant KDE (per day).
        elimination: Expr,
    },
}

impl Route {
    /// True where the regimen itself sets what is felt, and no compartment stands between: a dish, a beam.
    pub fn is_set(&self) -> bool {
        matches!(self, Route::Held | Route::Radiation { .. })
    }
}

/// A drug with linear pharmacokinetics; expressions are over parameters only.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    /// As used in expressions, where it means the felt concentration.
    pub name: String,
    /// Route of every dose.
    pub route: Route,
    /// L/day; 0 when held, K-PD or radiation.
    pub clearance: Expr,
    /// Central volume, L; 1 when held, K-PD or radiation.
    pub volume: Expr,
    /// Second and third compartments: (flow between it and the central one, L/day; its volume, L).
    pub peripheral: Vec<(Expr, Expr)>,
    /// Days from a dose to its arrival in depot, centre or virtual compartment.
    pub lag: Option<Expr>,
    /// Share of every dose that arrives.
    pub bioavailability: Option<Expr>,
    /// Felt concentration in base units (mg/L, or µmol/L) for one mg/L of drug: 1, or 1000 / molar mass in g/mol.
    pub felt_per_mg_per_l: f64,
    /// Unit in which the felt concentration is written and printed ("uM"); of a K-PD drug, the felt rate ("mg/day").
    pub felt_unit: String,
    /// What one such unit is in base units.
    pub felt_scale: f64,
    /// Delay of effect: `delayed(drug)` in expressions is the concentration passed through `states`
    /// transit states of total mean `mean` days.
    pub delay: Option<Delay>,
    /// Rate constant ke0 (per day) of an effect compartment: `effect(drug)` in expressions is the concentration Ce in it,
    /// dCe/dt = ke0 (C - Ce) (Sheiner et al. 1979).
    pub effect: Option<Expr>,
}

impl Drug {
    /// Unit in which doses are written, and what one is in the unit of a rule's amount: mg, of a held drug that in which it is felt, of
    /// radiation Gy.
    pub fn dose_unit(&self) -> (&str, f64) {
        match self.route {
            Route::Held => (&self.felt_unit, self.felt_scale),
            Route::Radiation { .. } => ("Gy", 1.0),
            _ => ("mg", 1.0),
        }
    }
}

/// A chain of transit states: dX1/dt = k (C - X1), ..., k = states / mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Delay {
    /// Number of states, 1 to 20.
    pub states: usize,
    /// Mean delay, days.
    pub mean: Expr,
}
