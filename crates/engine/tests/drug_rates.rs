//! Rates that a drug moves: what of a mutation rate is the drug's own, and one drug's rates computed alone. Not statistical tests.
//!
//! The excess of a mutation is the rate less what it is without any drug, however the drug is read: `drug`, `delayed(drug)` or
//! `effect(drug)`. Where one drug alone moves, only what depends on it is computed again, to the same bits.

mod common;

use common::written;
use remission_model::expr::Slot;
use remission_model::program::Depends;

const MODEL: &str = "
[model]
title = 'x'
[parameters]
u = { value = '1e-3', assumed = 'x', prior = 'uniform(1e-4, 1e-2)' }
gain = { value = '2 L/mg', assumed = 'x', prior = 'uniform(1 L/mg, 9 L/mg)' }
b = { value = '0.3 /day', assumed = 'x', prior = 'uniform(0.1 /day, 0.5 /day)' }
w = { value = '0.01 /day', assumed = 'x', prior = 'uniform(0.001 /day, 0.1 /day)' }
ec50 = { value = '1 mg/L', assumed = 'x', prior = 'uniform(0.5 mg/L, 2 mg/L)' }
[cells.s]
birth = 'b * (1 - hill(one, ec50, 1))'
death = 'b / 3 + b * hill(effect(two), ec50, 2)'
switches = [{ to = 'p', rate = 'w * (1 + gain * one + gain * two)' }]
mutates = [
    { to = 'r', per_division = 'u * (1 + gain * one)' },
    { to = 'q', per_division = 'u * (1 + gain * delayed(two))' },
    { to = 't', per_time = 'u * b * (1 + gain * effect(one))' },
]
[cells.p]
kind = 'persister'
birth = '0'
death = 'b / 30'
switches = [{ to = 's', rate = 'w' }]
[cells.r]
kind = 'resistant'
birth = 'b'
death = 'b / 3 + b * hill(two, ec50, 1)'
[cells.q]
kind = 'resistant'
birth = 'b'
death = 'b / 3'
[cells.t]
kind = 'resistant'
birth = 'b * (1 - hill(delayed(one), ec50, 1))'
death = 'b / 3'
[drugs.one]
route = 'bolus'
clearance = '5 L/h'
volume = '100 L'
felt_as = 'mg/L'
delay = { states = 2, mean = '10 h' }
effect = { ke0 = '0.1 /h' }
[drugs.two]
route = 'bolus'
clearance = '5 L/h'
volume = '100 L'
felt_as = 'mg/L'
delay = { states = 2, mean = '10 h' }
effect = { ke0 = '0.1 /h' }
[before_treatment]
start = { s = '100 cells' }
";

/// Readings of the two drugs, mg/L.
const SEEN: [[f64; 6]; 3] =
    [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.5, 0.7, 0.4, 0.0, 0.0, 0.0], [1.5, 0.7, 0.4, 3.0, 2.0, 0.9]];

fn slots() -> [Slot; 6] {
    [Slot::Drug(0), Slot::Delayed(0), Slot::Effect(0), Slot::Drug(1), Slot::Delayed(1), Slot::Effect(1)]
}

/// The readings as the model feels them: mg/L is the base unit of a drug felt so.
#[test]
fn what_a_drug_adds_to_mutation_is_its_own() {
    let (compiled, parameters) = written(MODEL);
    let mut registers = compiled.registers(&parameters);
    let layout = compiled.layout;
    let mut rates = vec![0.0; layout.len()];
    let scale = compiled.model.drugs[0].felt_scale;
    for seen in SEEN {
        for (slot, x) in slots().into_iter().zip(seen) {
            registers.set(slot, x * scale);
        }
        compiled.rates(&mut registers, Depends::Exposure, &mut rates).unwrap();
        let birth = 0.3 * (1.0 - seen[0] / (1.0 + seen[0]));
        let plain = [1e-3 * birth, 1e-3 * birth, 1e-3 * 0.3];
        let read = [seen[0], seen[4], seen[2]];
        for (c, (plain, read)) in plain.into_iter().zip(read).enumerate() {
            let (all, own) = (rates[layout.founding(c)], rates[layout.excess(c)]);
            assert!((all - plain * (1.0 + 2.0 * read)).abs() < 1e-12, "channel {c}, {seen:?}: {all}");
            assert!((own - plain * 2.0 * read).abs() < 1e-12, "channel {c}, {seen:?}: {own} of {all}");
        }
    }
}

#[test]
fn one_drug_alone_moves_what_it_should() {
    let (compiled, parameters) = written(MODEL);
    let (mut alone, mut whole) = (compiled.registers(&parameters), compiled.registers(&parameters));
    let mut rates = [vec![0.0; compiled.layout.len()], vec![0.0; compiled.layout.len()]];
    for drug in [0, 1] {
        compiled.rates(&mut alone, Depends::Exposure, &mut rates[0]).unwrap();
        for step in 1..20 {
            for (k, slot) in slots().into_iter().skip(3 * drug).take(3).enumerate() {
                let x = (step * (k + 2)) as f64 * 0.17;
                alone.set(slot, x);
                whole.set(slot, x);
            }
            compiled.moving_rates(&mut alone, Some(drug), &mut rates[0]).unwrap();
            compiled.rates(&mut whole, Depends::Exposure, &mut rates[1]).unwrap();
            assert_eq!(rates[0], rates[1], "drug {drug}, step {step}");
            assert_eq!(alone.evaluations(), whole.evaluations() + 1 + drug as u64);
        }
        let moved = compiled.moving(Some(drug));
        assert!(!moved.is_empty() && moved.len() < compiled.moving(None).len(), "{moved:?}");
    }
}
