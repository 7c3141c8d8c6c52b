//! Exact simulation at scale: the path of known seeds, the tree of clones against its absence, the cost of an event.
//!
//! Paths and costs are exact statements; there is nothing here that chance could fail.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::state::State;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::{Expr, Law, Slot};
use remission_model::resolved::*;

/// Three types that switch, mutate both ways, and arrive; with and without a common limit to growth.
fn mixed(crowded: bool) -> Model {
    let mut s = cell("S", 0.5, 0.45);
    s.mutations = vec![mutates(2, 2e-2)];
    s.switches = vec![Switch { to: 1, rate: number(0.05) }];
    s.death = plus(number(0.4), times(number(0.1), slot(Slot::Drug(0))));
    let mut p = cell("P", 0.05, 0.05);
    p.switches = vec![Switch { to: 0, rate: number(0.1) }];
    p.mutations = vec![Mutation::new(2, false, number(1e-2))];
    let mut r = cell("R", 0.45, 0.4);
    r.immigration = Some(number(0.5));
    if crowded {
        let free = Expr::Call(Law::Logistic, vec![slot(Slot::Total), number(900.0)]);
        s.birth = times(number(0.6), free);
        r.death = plus(number(0.35), times(number(1e-4), slot(Slot::Cells(0))));
    }
    let mut m = model(vec![s, p, r], &[(0, 300.0), (1, 40.0)]);
    m.drugs = vec![oral_drug(20.0, 3.0, 1.0)];
    m
}

/// FNV-1a over everything in a state.
fn digest(state: &State) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut eat = |x: u64| x.to_le_bytes().iter().for_each(|&b| h = (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    for b in &state.blocks {
        b.counts.iter().for_each(|&n| eat(n));
        for f in &b.founders {
            eat(u64::from(f.id));
            eat(f.parent.map_or(u64::MAX, u64::from));
            eat(f.founded.to_bits());
            eat(f.origin as u64);
        }
    }
    eat(state.extinct);
    let left = state.pending.map_or((0.0, 0.0), |p| (p.left, p.since));
    [state.time, left.0, left.1].iter().for_each(|x| eat(x.to_bits()));
    h
}

fn run(compiled: &Compiled, days: f64, looks: u32, seed: u64) -> State {
    let mut stream = Stream::new(seed, 0, 0, Purpose::Treatment);
    let start = before::start(compiled, &[], Method::Exact, &mut stream).unwrap();
    let mut tumour = Tumour::new(compiled, &[], start, Method::Exact).unwrap();
    tumour.follow(&every(0, 1.0, 1.0));
    for look in 1..=looks {
        tumour.advance(days * f64::from(look) / f64::from(looks), f64::INFINITY, &mut stream).unwrap();
    }
    tumour.state
}

/// If these move, every seeded exact run has moved: the changelog must say "same law, different path".
#[test]
fn the_path_of_known_seeds() {
    let expected: [u64; 2] = [0x181b_b9a4_4fcb_eac8, 0x78ff_18c4_9124_9073];
    for (crowded, expected) in [false, true].into_iter().zip(expected) {
        let compiled = Compiled::new(&mixed(crowded));
        let state = run(&compiled, 30.0, 1, 2026);
        println!("crowded {crowded}: {} clones, {} cells, {:?}", state.clones(), state.total(), state.extinct);
        for looks in [3, 60] {
            assert_eq!(state, run(&compiled, 30.0, looks, 2026), "{looks} looks");
        }
        println!("crowded {crowded}: digest {:#018x}", digest(&state));
        assert_eq!(digest(&state), expected);
    }
}
