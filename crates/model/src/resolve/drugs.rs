//! Drugs: route, compartments, the concentration that cells feel, and a delay of effect.

use super::Context;
use crate::expr::Expr;
use crate::problem::Code;
use crate::resolved::{Delay, Drug, Route};
use crate::scope::{Allowed, read_quantity, read_unit};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, number, unit};
use crate::written;

const ROUTES: [&str; 4] = ["oral", "bolus", "infusion", "held"];

/// Dimension of a drug's name in expressions; `None` when its unit is at fault.
pub(super) fn felt_dimension(d: &written::Drug) -> Option<Dimension> {
    let unit = unit(&d.felt_as.as_ref()?.text).ok()?;
    concentration(unit).then_some(unit.dimension)
}

fn concentration(unit: Unit) -> bool {
    [Dimension::MASS_CONCENTRATION, Dimension::MOLAR_CONCENTRATION].contains(&unit.dimension)
}

pub(super) fn drug(d: &written::Drug, cx: &mut Context<'_>) -> Option<Drug> {
    let name = &d.name.text;
    let route_text = d.route.as_ref().filter(|r| known_route(r, cx));
    let held = route_text.is_some_and(|r| r.text == "held");
    if let Some(route) = route_text {
        keys_of_route(d, route, cx);
    }
    let ka = cx.positive(&d.ka, Dimension::RATE);
    let clearance = cx.positive(&d.clearance, Dimension::FLOW);
    let volume = cx.positive(&d.volume, Dimension::VOLUME);
    let peripheral = d.peripheral.as_ref().map(|(flow, volume)| {
        let flow = cx.positive(flow, Dimension::FLOW);
        Some((flow?, cx.positive(volume, Dimension::VOLUME)?))
    });
    let felt = felt(d, held, cx);
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
    let route = match route_text?.text.as_str() {
        "oral" => Route::Oral { ka: ka? },
        "bolus" => Route::Bolus,
        "infusion" => Route::Infusion,
        _ => Route::Held,
    };
    let (felt_per_mg_per_l, felt_unit, felt_scale) = felt?;
    Some(Drug {
        name: name.clone(),
        route,
        clearance: if held { Expr::Number(0.0) } else { clearance? },
        volume: if held { Expr::Number(1.0) } else { volume? },
        peripheral: match peripheral {
            Some(p) => Some(p?),
            None => None,
        },
        felt_per_mg_per_l,
        felt_unit,
        felt_scale,
        delay: match delay {
            Some(d) => Some(d?),
            None => None,
        },
    })
}

fn known_route(route: &Text, cx: &mut Context<'_>) -> bool {
    let known = ROUTES.contains(&route.text.as_str());
    if !known {
        cx.report.add_near(
            Code::UnknownWord,
            &route.at,
            [
                format!("`{}`", short(&route.text)),
                "oral, bolus, infusion, or held (a concentration kept in a dish)".into(),
                "choose one of the four".into(),
            ],
            &route.text,
            ROUTES,
        );
    }
    known
}

/// Keys that a route needs, and keys that it has no use for.
fn keys_of_route(d: &written::Drug, route: &Text, cx: &mut Context<'_>) {
    let held = route.text == "held";
    let keys = [
        ("ka", d.ka.is_some(), route.text == "oral", "ka = \"0.95 /h\""),
        ("clearance", d.clearance.is_some(), !held, "clearance = \"3.95 L/h\""),
        ("volume", d.volume.is_some(), !held, "volume = \"233 L\""),
    ];
    for (key, given, wanted, example) in keys {
        if given == wanted {
            continue;
        }
        let (found, repair) = if given {
            (format!("`{key}` with route {}", route.text), format!("remove `{key}`, or change the route"))
        } else {
            (format!("route {} without `{key}`", route.text), format!("add {example}"))
        };
        let allowed = match route.text.as_str() {
            "oral" => "oral: ka, clearance, volume",
            "held" => "held: no compartments, the regimen types the concentration in",
            _ => "bolus and infusion: clearance, volume",
        };
        cx.report.add(Code::RouteKeys, &d.name.at, found, allowed, repair);
    }
    if held && d.peripheral.is_some() {
        cx.report.add(
            Code::RouteKeys,
            &d.name.at,
            "`peripheral` with route held",
            "held: no compartments, the regimen types the concentration in",
            "remove `peripheral`, or change the route",
        );
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
    if !concentration(unit) {
        cx.report.add(
            Code::NotConcentration,
            &text.at,
            format!("\"{}\", which is in {}", short(&text.text), unit.dimension),
            "a concentration: uM, nM, umol/L, mg/L, ug/mL, ng/mL, ...",
            "write the unit in which effects (such as an EC50) are given",
        );
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
