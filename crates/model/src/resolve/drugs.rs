//! Drugs: route, compartments, what becomes of a dose, the concentration that cells feel, delay and effect compartment.

use super::Context;
use crate::expr::Expr;
use crate::problem::Code;
use crate::resolved::{Delay, Drug, Route};
use crate::scope::{Allowed, read_quantity, read_unit};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, number, quantity, unit};
use crate::written;

const ROUTES: [&str; 6] = ["oral", "bolus", "infusion", "held", "kpd", "radiation"];
/// Unit in which a beam is felt.
const DOSE_RATE: &str = "Gy/day";
/// Length of a fraction of radiation where none is given, and the longest, days.
const FRACTION: f64 = 10.0 / 1440.0;
const LONGEST_FRACTION: f64 = 0.5;

/// Dimension of a drug's name in expressions; `None` when its unit is at fault.
pub(super) fn felt_dimension(d: &written::Drug) -> Option<Dimension> {
    if is_radiation(d) {
        return unit(DOSE_RATE).ok().map(|u| u.dimension);
    }
    let unit = unit(&d.felt_as.as_ref()?.text).ok()?;
    can_be_felt(unit, is_kpd(d)).then_some(unit.dimension)
}

fn is_kpd(d: &written::Drug) -> bool {
    d.route.as_ref().is_some_and(|r| r.text == "kpd")
}

fn is_radiation(d: &written::Drug) -> bool {
    d.route.as_ref().is_some_and(|r| r.text == "radiation")
}

/// Length of a fraction in days; `None` of what is no radiation.
pub(super) fn fraction(d: &written::Drug) -> Option<f64> {
    let written = d.fraction.as_ref().map(|text| quantity(&text.text));
    is_radiation(d).then(|| match written {
        Some(Ok(q)) if q.unit.dimension == Dimension::TIME && q.value > 0.0 => q.value,
        _ => FRACTION,
    })
}

/// Reports a fraction whose length is no time, or as long as no fraction is.
fn sound_fraction(d: &written::Drug, cx: &mut Context<'_>) -> Option<f64> {
    let Some(text) = &d.fraction else { return Some(FRACTION) };
    let q = read_quantity(text, cx.report)?;
    if q.unit.dimension != Dimension::TIME {
        crate::scope::mismatch(&text.at, &text.text, q.unit.dimension, Dimension::TIME, cx.report);
        return None;
    }
    if !(q.value > 0.0 && q.value <= LONGEST_FRACTION) {
        cx.report.add(
            Code::OutOfRange,
            &text.at,
            format!("a fraction of {} days", number(q.value)),
            "a time above 0 and at most 12 h",
            "write how long the beam is on, for example fraction = \"10 min\"; leave it out for that",
        );
        return None;
    }
    Some(q.value)
}

fn can_be_felt(unit: Unit, kpd: bool) -> bool {
    match kpd {
        true => unit.dimension == Dimension::MASS_RATE,
        false => [Dimension::MASS_CONCENTRATION, Dimension::MOLAR_CONCENTRATION].contains(&unit.dimension),
    }
}

pub(super) fn drug(d: &written::Drug, cx: &mut Context<'_>) -> Option<Drug> {
    let name = &d.name.text;
    let route_text = d.route.as_ref().filter(|r| known_route(r, cx));
    let held = route_text.is_some_and(|r| r.text == "held");
    let no_volume = held || is_kpd(d) || is_radiation(d);
    if let Some(route) = route_text {
        keys_of_route(d, route, cx);
    }
    let ka = cx.positive(&d.ka, Dimension::RATE);
    let clearance = cx.positive(&d.clearance, Dimension::FLOW);
    let volume = cx.positive(&d.volume, Dimension::VOLUME);
    let peripheral = d.peripheral.iter().map(|(flow, volume)| {
        let flow = cx.positive(flow, Dimension::FLOW);
        Some((flow?, cx.positive(volume, Dimension::VOLUME)?))
    });
    let peripheral: Vec<_> = peripheral.collect();
    let elimination = cx.positive(&d.elimination, Dimension::RATE);
    let lag = d.lag.as_ref().map(|_| cx.above_zero(&d.lag, Dimension::TIME, "leave `lag` out when there is none"));
    let bioavailability = d.bioavailability.as_ref().map(|text| bioavailability(text, cx));
    let felt = if is_radiation(d) { Some((1.0, DOSE_RATE.to_string(), 1.0)) } else { felt(d, held, cx) };
    let fraction = sound_fraction(d, cx);
    let delay = d.delay.as_ref().map(|delay| {
        let mean = cx.positive(&delay.mean, Dimension::TIME);
        let (states, at) = delay.states.as_ref()?;
        if !(1..=20).contains(states) {
            cx.report.add(
                Code::OutOfRange,
                at,
                format!("{states} states"),
                "1 to 20 transit states",
                "more states make the delay sharper; 3 to 5 are usual",
            );
            return None;
        }
        Some(Delay { states: *states as usize, mean: mean? })
    });
    let effect = d.effect.as_ref().map(|e| cx.positive(&e.ke0, Dimension::RATE));
    let route = match route_text?.text.as_str() {
        "oral" => Route::Oral { ka: ka? },
        "bolus" => Route::Bolus,
        "infusion" => Route::Infusion,
        "kpd" => Route::Kpd { elimination: elimination? },
        "radiation" => Route::Radiation { fraction: fraction? },
        _ => Route::Held,
    };
    let (felt_per_mg_per_l, felt_unit, felt_scale) = felt?;
    Some(Drug {
        name: name.clone(),
        route,
        clearance: if no_volume { Expr::Number(0.0) } else { clearance? },
        volume: if no_volume { Expr::Number(1.0) } else { volume? },
        peripheral: peripheral.into_iter().collect::<Option<_>>()?,
        lag: given(lag)?,
        bioavailability: given(bioavailability)?,
        felt_per_mg_per_l,
        felt_unit,
        felt_scale,
        delay: given(delay)?,
        effect: given(effect)?,
    })
}

/// What was left out stays out; what was written has to be sound.
fn given<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    match written {
        Some(sound) => sound.map(Some),
        None => Some(None),
    }
}

/// A share of the dose, above 0 and at most 1 at the parameters' central values. A patient's own may be above 1, since
/// where clearance is CL/F it is relative to the typical patient's.
fn bioavailability(text: &Text, cx: &mut Context<'_>) -> Option<Expr> {
    let whole = Some(text.clone());
    let expr = cx.above_zero(&whole, Dimension::PLAIN, "leave the drug out when nothing of it arrives")?;
    if let Some(x) = cx.constant(&expr).filter(|x| *x > 1.0) {
        cx.report.add(
            Code::Bioavailability,
            &text.at,
            format!("`{}` = {}", text.at.path, number(x)),
            "a share of the dose, above 0 and at most 1 (100 %)",
            "write a percentage with its %; of forms relative to each other give the most available one 1",
        );
        return None;
    }
    Some(expr)
}

fn known_route(route: &Text, cx: &mut Context<'_>) -> bool {
    let known = ROUTES.contains(&route.text.as_str());
    if !known {
        cx.report.add_near(
            Code::UnknownWord,
            &route.at,
            [
                format!("`{}`", short(&route.text)),
                "oral, bolus, infusion, held (a concentration kept in a dish), kpd (doses without concentrations), or \
                 radiation (doses in Gy)"
                    .into(),
                "choose one of the six".into(),
            ],
            &route.text,
            ROUTES,
        );
    }
    known
}

/// Keys that a route needs, and keys that it has no use for.
fn keys_of_route(d: &written::Drug, route: &Text, cx: &mut Context<'_>) {
    let is = |name: &str| route.text == name;
    let (oral, held, kpd, beam) = (is("oral"), is("held"), is("kpd"), is("radiation"));
    let no_body = held || kpd || beam;
    // Key, whether it is there, whether it is needed, whether it is refused, an example.
    let keys = [
        ("ka", d.ka.is_some(), oral, !oral, "ka = \"0.95 /h\""),
        ("clearance", d.clearance.is_some(), !no_body, no_body, "clearance = \"3.95 L/h\""),
        ("volume", d.volume.is_some(), !no_body, no_body, "volume = \"233 L\""),
        ("elimination", d.elimination.is_some(), kpd, !kpd, "elimination = \"0.1 /day\""),
        ("peripheral", !d.peripheral.is_empty(), false, no_body, ""),
        ("molar_mass", d.molar_mass.is_some(), false, kpd || beam, ""),
        ("felt_as", d.felt_as.is_some(), false, beam, ""),
        ("fraction", d.fraction.is_some(), false, !beam, ""),
        ("lag", d.lag.is_some(), false, held || beam, ""),
        ("bioavailability", d.bioavailability.is_some(), false, held || beam, ""),
    ];
    for (key, given, needed, refused, example) in keys {
        let (found, repair) = match (given, needed, refused) {
            (true, _, true) => {
                (format!("`{key}` with route {}", route.text), format!("remove `{key}`, or change the route"))
            }
            (false, true, _) => (format!("route {} without `{key}`", route.text), format!("add {example}")),
            _ => continue,
        };
        let allowed = match route.text.as_str() {
            "oral" => "oral: ka, clearance, volume",
            "held" => "held: no compartments, the regimen types the concentration in",
            "kpd" => "kpd: elimination, and neither volumes nor concentrations",
            "radiation" => "radiation: fraction alone, how long the beam is on; it is felt in Gy/day",
            _ => "bolus and infusion: clearance, volume",
        };
        let at = match given {
            true => d.name.at.clone(),
            false => crate::problem::Place { path: format!("{}.{key}", d.name.at.path), ..d.name.at.clone() },
        };
        cx.report.add(Code::RouteKeys, &at, found, allowed, repair);
    }
}

/// (felt concentration of 1 mg/L, its unit as written, one such unit in base units)
fn felt(d: &written::Drug, held: bool, cx: &mut Context<'_>) -> Option<(f64, String, f64)> {
    let molar_mass = match &d.molar_mass {
        Some(text) => {
            let q = read_quantity(text, cx.report)?;
            if q.unit.dimension != Dimension::MOLAR_MASS {
                let found = q.unit.dimension;
                crate::scope::mismatch(&text.at, &text.text, found, Dimension::MOLAR_MASS, cx.report);
                return None;
            }
            if q.value <= 0.0 {
                not_positive(text, q.value, Dimension::MOLAR_MASS, NO_ZERO, cx);
                return None;
            }
            Some(q.value)
        }
        None => None,
    };
    let text = d.felt_as.as_ref()?;
    let unit = read_unit(text, cx.report)?;
    let kpd = is_kpd(d);
    if !can_be_felt(unit, kpd) {
        let (allowed, repair) = match kpd {
            true => {
                ("a mass per time: mg/day, ug/h, ...", "write the unit in which effects (such as an EDK50) are given")
            }
            false => (
                "a concentration: uM, nM, umol/L, mg/L, ug/mL, ng/mL, ...",
                "write the unit in which effects (such as an EC50) are given",
            ),
        };
        let found = format!("\"{}\", which is in {}", short(&text.text), unit.dimension);
        cx.report.add(Code::NotConcentration, &text.at, found, allowed, repair);
        return None;
    }
    let molar = unit.dimension == Dimension::MOLAR_CONCENTRATION;
    let per_mg = match molar_mass {
        Some(mass) if molar => 1.0 / mass,
        None if molar && !held => {
            cx.report.add(
                Code::MolarMass,
                &text.at,
                format!("`{}` is felt in {} and dosed in mg", d.name.text, short(&text.text)),
                "a molar unit together with `molar_mass`",
                "add molar_mass = \"<number> g/mol\", or feel the drug in mg/L",
            );
            return None;
        }
        _ => 1.0,
    };
    Some((per_mg, text.text.trim().to_string(), unit.scale()))
}

/// What to do about a drug constant that is not above zero.
const NO_ZERO: &str = "correct the number; a compartment that is not there is left out";

fn not_positive(text: &Text, x: f64, unit: Dimension, repair: &str, cx: &mut Context<'_>) {
    cx.report.add(
        Code::NotPositive,
        &text.at,
        format!("`{}` = {} {}", text.at.path, number(x), unit.base_unit()),
        "a number above 0",
        repair,
    );
}

impl Context<'_> {
    /// A constant of a drug, over parameters, that is above zero at their central values.
    fn positive(&mut self, text: &Option<Text>, want: Dimension) -> Option<Expr> {
        self.above_zero(text, want, NO_ZERO)
    }

    /// A value over parameters that is above zero at their central values.
    pub(super) fn above_zero(&mut self, text: &Option<Text>, want: Dimension, repair: &str) -> Option<Expr> {
        let expr = self.finite(text, want, Allowed::Parameters)?;
        if let Some(x) = self.constant(&expr).filter(|x| *x <= 0.0) {
            not_positive(text.as_ref()?, x, want, repair, self);
            return None;
        }
        Some(expr)
    }
}
