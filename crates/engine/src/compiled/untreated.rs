//! A model before treatment: what only a drug drives is not there.
//!
//! Cells that switch into a tolerant state under a drug alone have no tolerant cells before it: then the types are not connected, and the
//! law of one type, exact over a step of any length, takes the place of that of a block. Which switches are at rest is found once, at
//! the model's own values; a patient in whom one of them is not goes by the whole model ([`Compiled::untreated`]).

use super::{Compiled, blocks};
use crate::state::{Clones, State};
use remission_model::program::{Depends, Registers};
use remission_model::resolved::Start;

/// The model before treatment.
#[derive(Debug, Clone)]
pub struct Untreated {
    /// With blocks of the types that reach each other before treatment.
    compiled: Compiled,
    /// Switches that must be at rest: those left out whose cells may be there.
    at_rest: Vec<usize>,
}

impl Untreated {
    /// None where that is the whole model: no switch is at rest, cells act on each other, or a rate follows the date.
    pub(super) fn new(compiled: &Compiled) -> Option<Untreated> {
        let Start::Grown { founder, .. } = compiled.model.start else { return None };
        if compiled.interacting || compiled.uses_time || compiled.switches.is_empty() {
            return None;
        }
        let values: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
        let rates = rates(compiled, &mut compiled.registers(&values))?;
        let flows = |s: usize| rates[compiled.layout.switch(s)] != 0.0;
        let mut there = vec![false; compiled.types()];
        compiled.immigrants.iter().chain([&founder]).for_each(|&t| there[t] = true);
        for _ in 0..compiled.types() {
            for channel in &compiled.channels {
                there[channel.to] |= there[channel.from];
            }
            for (s, &(from, to)) in compiled.switches.iter().enumerate() {
                there[to] |= there[from] && flows(s);
            }
        }
        let connects = |s: usize| there[compiled.switches[s].0] && flows(s);
        let (mut blocks, place) = blocks(compiled.types(), &compiled.switches, &compiled.channels, &connects);
        blocks.iter_mut().for_each(|b| b.of_tumour = compiled.model.is_tumour(b.types[0]));
        if blocks.len() == compiled.blocks.len() {
            return None;
        }
        let at_rest = |s: &usize| there[compiled.switches[*s].0] && !flows(*s);
        let at_rest = (0..compiled.switches.len()).filter(at_rest).collect();
        Some(Untreated { compiled: Compiled { blocks, place, ..compiled.clone() }, at_rest })
    }

    /// The model that is followed until treatment.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// A tumour of the model before treatment as one of the whole model, `compiled`.
    pub fn joined(&self, compiled: &Compiled, state: &State) -> State {
        let mut joined = vec![Clones::default(); compiled.blocks.len()];
        for (block, clones) in self.compiled.blocks.iter().zip(&state.blocks) {
            let to = compiled.place[block.types[0]].0;
            let (width, into) = (compiled.blocks[to].types.len(), &mut joined[to]);
            for (founder, row) in clones.founders.iter().zip(clones.counts.chunks_exact(block.types.len())) {
                into.founders.push(*founder);
                let first = into.counts.len();
                into.counts.resize(first + width, 0);
                block.types.iter().zip(row).for_each(|(&t, &n)| into.counts[first + compiled.place[t].1] = n);
            }
        }
        for (block, clones) in compiled.blocks.iter().zip(&mut joined) {
            in_order(clones, block.types.len());
        }
        State { blocks: joined, levels: state.levels.clone(), ..*state }
    }
}

impl Compiled {
    /// The model before treatment, where types that a drug alone connects are not connected; none where it is no other, or where such a
    /// switch is not at rest in a patient with these parameters.
    ///
    /// ```
    /// # use remission_engine::compiled::Compiled;
    /// let text = r#"
    /// [model]
    /// title = "Tolerant cells under a drug"
    /// [parameters]
    /// entry = { value = "0.01 /day", assumed = "an example", prior = "uniform(0 /day, 0.1 /day)" }
    /// wake = { value = "0.05 /day", assumed = "an example", prior = "uniform(0 /day, 0.1 /day)" }
    /// c0 = { value = "1 mg/L", assumed = "an example", prior = "uniform(0.5 mg/L, 2 mg/L)" }
    /// [drugs.D]
    /// route = "oral"
    /// ka = "1 /h"
    /// clearance = "1 L/h"
    /// volume = "10 L"
    /// felt_as = "mg/L"
    /// [cells.S]
    /// birth = "0.2 /day"
    /// death = "0.1 /day"
    /// switches = [{ to = "P", rate = "entry * (1 - exp(-D / c0))" }]
    /// [cells.P]
    /// kind = "persister"
    /// birth = "0"
    /// death = "0"
    /// switches = [{ to = "S", rate = "wake * exp(-D / c0)" }]
    /// [before_treatment]
    /// grow = "S from 1 cell until 1e6 cells"
    /// "#;
    /// let compiled = Compiled::new(&remission_model::model_from_toml("model.toml", text).unwrap());
    /// assert_eq!(compiled.blocks.len(), 1);
    /// let patient: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    /// assert_eq!(compiled.untreated(&patient).unwrap().compiled().blocks.len(), 2);
    /// ```
    pub fn untreated(&self, parameters: &[f64]) -> Option<&Untreated> {
        let untreated = self.untreated.as_deref()?;
        let rates = rates(self, &mut self.registers(parameters))?;
        untreated.at_rest.iter().all(|&s| rates[self.layout.switch(s)] == 0.0).then_some(untreated)
    }
}

/// All rates without a drug; none where one is impossible.
fn rates(compiled: &Compiled, registers: &mut Registers) -> Option<Vec<f64>> {
    let mut rates = vec![0.0; compiled.layout.len()];
    compiled.rates(registers, Depends::Exposure, &mut rates).ok()?;
    Some(rates)
}

/// Clones in order of founding.
fn in_order(clones: &mut Clones, width: usize) {
    if clones.founders.is_sorted_by_key(|f| f.id) {
        return;
    }
    let mut order: Vec<usize> = (0..clones.founders.len()).collect();
    order.sort_by_key(|&k| clones.founders[k].id);
    let founders = order.iter().map(|&k| clones.founders[k]).collect();
    let counts = order.iter().flat_map(|&k| clones.counts[k * width..(k + 1) * width].iter().copied()).collect();
    *clones = Clones { founders, counts };
}
