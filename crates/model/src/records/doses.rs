//! One row of an event table that gives a dose: its drug, amount, length, repeats and steady state, as dose rules.

use super::rows::*;
use super::table::{Line, place};
use crate::problem::{Code, Report};
use crate::regimen::MOST_MG;
use crate::resolved::{Body, DoseRule, Route, Row};
use crate::sentence::{LAST_DAY, SHORTEST};
use crate::tree::short;
use crate::units::{digits, number};

/// Shortest infusion, days: one second.
const SHORTEST_INFUSION: f64 = 1.0 / 86_400.0;
/// Largest whole number that is held exactly, 2^53.
const MOST_DOSES: f64 = 9_007_199_254_740_992.0;
/// Most infusions of one row that may run at a time.
const MOST_AT_A_TIME: f64 = 100.0;

impl Reader<'_, '_> {
    /// The doses of a row, as counted from its own time.
    pub(super) fn dose(&mut self, line: &Line, x: &[f64], reset: bool) -> Option<Vec<DoseRule>> {
        let drug = self.drug(line, x[CMT]);
        let interval = self.interval(line, x);
        let duration = self.duration(line, x, drug);
        let (drug, interval, duration) = (drug?, interval?, duration?);
        if x[AMT] == 0.0 {
            let rate = self.asked.amount.to_base(x[RATE]) / self.asked.time.to_base(1.0);
            let body = Body::Infused { rate, added: x[SS] == 2.0 && !reset };
            return Some(vec![DoseRule { drug, row: Some(Row { body, rate_given: true }), ..nothing() }]);
        }
        let amount = self.asked.amount.to_base(x[AMT]);
        let body = match (x[SS], reset) {
            (0.0, false) => Body::Kept,
            (0.0, true) => Body::Emptied,
            (ss, _) => Body::Steady { interval, added: ss == 2.0 && !reset },
        };
        let rate_given = x[RATE] > 0.0;
        // Of a steady state all that outlast their interval run at once, of additional doses as many as there are.
        let most = if x[SS] > 0.0 { f64::INFINITY } else { x[ADDL] + 1.0 };
        let at_a_time = if interval > 0.0 { libm::ceil(duration / interval).clamp(1.0, most) } else { 1.0 };
        if at_a_time > MOST_AT_A_TIME {
            let found = format!("{} infusions at a time", digits(at_a_time));
            let allowed = "infusions of one row of which at most 100 run at a time";
            self.fault(Code::RecordsRate, line, Some(II), [&found, allowed, "correct RATE, DUR or II"]);
            return None;
        }
        if x[ADDL] == 0.0 {
            return Some(vec![DoseRule { drug, amount, duration, row: Some(Row { body, rate_given }), ..nothing() }]);
        }
        // A rule runs one infusion at a time: one that outlasts its interval takes turns with others.
        let turns = libm::ceil(duration / interval).clamp(1.0, x[ADDL] + 1.0);
        let until = (x[ADDL] + 1.0) * interval;
        let rule = |turn: u32| DoseRule {
            drug,
            amount,
            duration,
            cycle: turns * interval,
            from: f64::from(turn) * interval,
            until,
            row: Some(Row { body: if turn == 0 { body } else { Body::Kept }, rate_given }),
            ..nothing()
        };
        Some((0..turns as u32).map(rule).collect())
    }

    fn drug(&mut self, line: &Line, cmt: f64) -> Option<usize> {
        if cmt < 0.0 || cmt != cmt.trunc() || cmt > 1000.0 {
            let found = format!("CMT {}", number(cmt));
            let allowed = "the number of a compartment, 1 to 1000; 0 or `.` where there is one drug";
            let repair = "correct the number; turning a compartment off is not part of this version";
            self.fault(Code::RecordsEvent, line, Some(CMT), [&found, allowed, repair]);
            return None;
        }
        if self.at[DRUG].is_some() {
            let name = self.cell(line, DRUG).to_string();
            let span = self.at[DRUG].and_then(|k| line.cells.get(k).cloned()).unwrap_or_default();
            let at = place(line, "DRUG", span);
            let found = super::drug(&name, &at, self.asked.model, &mut Report::new(""));
            return found.or_else(|| super::drug(&name, &at, self.asked.model, self.faults.one_more()?));
        }
        if let Some(drug) = self.one_drug {
            let first = *self.one_compartment.get_or_insert(cmt);
            if first == cmt {
                return Some(drug);
            }
            let found = format!("a dose into compartment {} and one into {}", number(cmt), number(first));
            let name = &self.asked.model.drugs[drug].name;
            let allowed = "doses into one compartment, or `compartments` in the study that say which drug each is";
            let repair = format!(
                "a drug has one route: give it as two drugs of the model, or write compartments = {{ {} = \"{name}\", {} = \"{name}\" }}",
                number(first),
                number(cmt)
            );
            self.fault(Code::RecordsEvent, line, Some(CMT), [&found, allowed, &repair]);
            return None;
        }
        let known = &self.asked.compartments;
        if let Some((_, drug)) = known.iter().find(|c| f64::from(c.0) == cmt) {
            return Some(*drug);
        }
        let list: Vec<String> = known.iter().map(|c| c.0.to_string()).collect();
        let found = format!("a dose into compartment {}", number(cmt));
        let allowed = format!("a compartment that `compartments` in the study names: {}", short(&list.join(", ")));
        let repair = match cmt == 0.0 {
            true => {
                "write in CMT the number that `compartments` gives to the drug: 0 stands only where there is one drug"
            }
            false => "add it to `compartments`, or correct CMT",
        };
        self.fault(Code::RecordsEvent, line, Some(CMT), [&found, &allowed, repair]);
        None
    }

    /// Days between repeated doses; 0 where none are.
    fn interval(&mut self, line: &Line, x: &[f64]) -> Option<f64> {
        let (ss, addl) = (x[SS], x[ADDL]);
        let endless = ss > 0.0 && x[AMT] == 0.0 && x[RATE] > 0.0;
        let days = self.asked.time.to_base(x[II]);
        let (column, found, allowed, repair) = if ![0.0, 1.0, 2.0].contains(&ss) {
            let allowed = "0 (no steady state), 1 (in place of what is in the body) or 2 (added to it)";
            (SS, format!("SS {}", number(ss)), allowed, "SS 3 concerns the solver of NONMEM: write 1 for it")
        } else if !(0.0..=MOST_DOSES).contains(&addl) || addl != addl.trunc() {
            let allowed = "a whole number of doses, 0 or more";
            (ADDL, format!("ADDL {}", number(addl)), allowed, "write how many doses follow the first")
        } else if endless && (days != 0.0 || addl != 0.0) {
            let allowed = "II 0 and ADDL 0 with AMT 0, RATE and SS, which are an endless infusion";
            let repair = "write AMT for infusions that repeat, or remove II and ADDL";
            (II, format!("an endless infusion with II {} and ADDL {}", number(x[II]), number(addl)), allowed, repair)
        } else if days == 0.0 && (addl > 0.0 || (ss > 0.0 && !endless)) {
            let what = if addl > 0.0 { format!("ADDL {}", number(addl)) } else { format!("SS {}", number(ss)) };
            let allowed = "the time between doses in II, above 0, with ADDL or SS";
            (II, format!("{what} with II 0"), allowed, "write II, or remove ADDL and SS")
        } else if days != 0.0 && addl == 0.0 && ss == 0.0 {
            let allowed = "II together with ADDL or SS";
            let repair = "write in ADDL how many doses follow, or remove II";
            (II, format!("II {} without ADDL or SS", number(x[II])), allowed, repair)
        } else if days != 0.0 && !(SHORTEST..=LAST_DAY).contains(&days) {
            let found = format!("II {}, {} days", number(x[II]), digits(days));
            (II, found, "1 minute to 36525 days", "correct II, or `time_unit` in the study")
        } else {
            return Some(days);
        };
        self.fault(Code::RecordsInterval, line, Some(column), [&found, allowed, repair]);
        None
    }

    /// Days of infusion; 0 for a dose at once.
    fn duration(&mut self, line: &Line, x: &[f64], drug: Option<usize>) -> Option<f64> {
        let (amt, rate, dur) = (x[AMT], x[RATE], x[DUR]);
        let endless = x[SS] > 0.0 && amt == 0.0 && rate > 0.0;
        // What follows from it, such as a rate over a second, is to be finite as well.
        let finite = |x: f64| (self.asked.amount.to_base(x) * 1e6).is_finite();
        if amt < 0.0 || (amt == 0.0 && !endless) || !finite(amt) || !finite(rate) {
            let found = format!("AMT {} at a dose", number(amt));
            let allowed = "an amount above 0 (0 with RATE and SS: an endless infusion that ends at the row)";
            let repair = match amt < 0.0 {
                true => "write an amount above 0; remove the row if nothing was given",
                false => "write what was given, or EVID 0",
            };
            self.fault(Code::RecordsAmount, line, Some(AMT), [&found, allowed, repair]);
            return None;
        }
        if self.asked.amount.to_base(amt) > MOST_MG {
            let found = format!("AMT {}, {} mg at once", number(amt), number(self.asked.amount.to_base(amt)));
            let repair = "correct AMT, or `amount_unit` in the study";
            self.fault(Code::RecordsAmount, line, Some(AMT), [&found, "a dose of at most 1 kg", repair]);
            return None;
        }
        let length = if rate > 0.0 { amt / rate } else { dur };
        let days = self.asked.time.to_base(length);
        let route = drug.map(|d| &self.asked.model.drugs[d]);
        let into_centre = route.is_none_or(|d| matches!(d.route, Route::Bolus | Route::Infusion));
        let infused = rate > 0.0 || dur > 0.0;
        let name = route.map_or("", |d| d.name.as_str());
        let (column, found, allowed, repair) = if rate == -1.0 || rate == -2.0 {
            let what = if rate == -1.0 { "a rate that the model sets" } else { "a length that the model sets" };
            let allowed = "RATE 0 (at once) or above 0 (amount per time)";
            (RATE, format!("RATE {rate}, {what}"), allowed, "write the rate or, in DUR, the length of the infusion")
        } else if rate < 0.0 || dur < 0.0 {
            let column = if rate < 0.0 { RATE } else { DUR };
            (column, format!("{} {}", NAMES[column], number(x[column])), "0 or above", "correct the number")
        } else if rate > 0.0 && dur > 0.0 && (endless || (length / dur - 1.0).abs() > 1e-6) {
            let found = format!("RATE {} and DUR {} for AMT {}", number(rate), number(dur), number(amt));
            (DUR, found, "RATE, or DUR, or both with AMT = RATE x DUR", "keep the one that was recorded")
        } else if infused && !into_centre {
            let found = format!("an infusion of `{name}`, which does not go into the central compartment at once");
            let allowed = "RATE and DUR 0 for a drug whose route is oral or kpd";
            (if rate > 0.0 { RATE } else { DUR }, found, allowed, "correct RATE, or `route` in the model")
        } else if !infused && route.is_some_and(|d| d.route == Route::Infusion) {
            let found = format!("no RATE and no DUR for `{name}`, whose route is infusion");
            (RATE, found, "RATE or DUR above 0", "write how fast it ran; at once is `route = \"bolus\"` in the model")
        } else if infused && !endless && !(SHORTEST_INFUSION..=LAST_DAY).contains(&days) {
            let found = format!("an infusion over {} days", digits(days));
            (RATE, found, "1 second to 36525 days", "correct AMT, RATE or DUR, or give it at once (RATE 0)")
        } else {
            return Some(days);
        };
        self.fault(Code::RecordsRate, line, Some(column), [&found, allowed, repair]);
        None
    }
}

/// One dose at the row, of nothing.
fn nothing() -> DoseRule {
    DoseRule {
        drug: 0,
        amount: 0.0,
        duration: 0.0,
        offsets: vec![0.0],
        cycle: f64::INFINITY,
        from: 0.0,
        until: f64::INFINITY,
        row: None,
    }
}

pub(super) fn emptied() -> Vec<DoseRule> {
    vec![DoseRule { row: Some(Row { body: Body::Emptied, rate_given: false }), ..nothing() }]
}
