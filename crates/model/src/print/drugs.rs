//! Drugs as resolved, back to text.

use super::{Printer, quoted};
use crate::resolved::{Drug, Route};
use crate::units::Dimension;

impl Printer<'_> {
    pub(super) fn drug(&mut self, d: &Drug) {
        self.line(&format!("\n[drugs.{}]", d.name));
        self.text("route", crate::regimen::route_key(&d.route));
        if let Route::Oral { ka } = &d.route {
            self.expression("ka", ka, Dimension::RATE);
        }
        if let Route::Kpd { elimination } = &d.route {
            self.expression("elimination", elimination, Dimension::RATE);
        } else if !d.route.is_set() {
            self.expression("clearance", &d.clearance, Dimension::FLOW);
            self.expression("volume", &d.volume, Dimension::VOLUME);
        }
        let peripheral = d.peripheral.iter().map(|(flow, volume)| {
            let flow = quoted(&self.expression_text(flow, Dimension::FLOW));
            let volume = quoted(&self.expression_text(volume, Dimension::VOLUME));
            format!("{{ flow = {flow}, volume = {volume} }}")
        });
        match &peripheral.collect::<Vec<_>>()[..] {
            [] => {}
            [one] => self.line(&format!("peripheral = {one}")),
            more => self.line(&format!("peripheral = [{}]", more.join(", "))),
        }
        if let Some(lag) = &d.lag {
            self.expression("lag", lag, Dimension::TIME);
        }
        if let Some(share) = &d.bioavailability {
            self.expression("bioavailability", share, Dimension::PLAIN);
        }
        if d.felt_per_mg_per_l != 1.0 {
            self.quantity("molar_mass", inverse(d.felt_per_mg_per_l), "mg/umol");
        }
        match d.route {
            Route::Radiation { fraction } => self.quantity("fraction", fraction, "day"),
            _ => self.text("felt_as", &d.felt_unit),
        }
        if let Some(delay) = &d.delay {
            let mean = quoted(&self.expression_text(&delay.mean, Dimension::TIME));
            self.line(&format!("delay = {{ states = {}, mean = {mean} }}", delay.states));
        }
        if let Some(ke0) = &d.effect {
            let ke0 = quoted(&self.expression_text(ke0, Dimension::RATE));
            self.line(&format!("effect = {{ ke0 = {ke0} }}"));
        }
        self.basis(&format!("drugs.{}", d.name));
    }
}

/// A number whose inverse is exactly `x`, when there is one beside 1/x.
fn inverse(x: f64) -> f64 {
    let first = 1.0 / x;
    let beside = [-2i64, -1, 0, 1, 2].map(|d| f64::from_bits(first.to_bits().wrapping_add_signed(d)));
    beside.into_iter().find(|y| 1.0 / y == x).unwrap_or(first)
}
