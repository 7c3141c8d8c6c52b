//! Whether chains agree: drifts, different places and different widths are seen, and independent draws are let pass.

use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::diagnostics::{R_HAT, diagnose, effective, r_hat};
use remission_model::draws::Draws;

fn chains(mut at: impl FnMut(usize, usize, &mut Stream) -> f64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(4, 0, 0, Purpose::Check);
    (0..4).map(|c| (0..1000).map(|d| at(c, d, &mut stream)).collect()).collect()
}

#[test]
fn chains_that_disagree_are_told_from_chains_that_agree() {
    let alike = chains(|_, _, s| normal(s));
    assert!(r_hat(&alike) < R_HAT, "{}", r_hat(&alike));
    assert!(effective(&alike) > 3000.0, "{}", effective(&alike));
    for (name, wrong) in [
        ("a drift common to all", chains(|_, d, s| normal(s) + 1e-3 * d as f64)),
        ("a chain elsewhere", chains(|c, _, s| normal(s) + if c == 3 { 1.0 } else { 0.0 })),
        ("a chain that is wider", chains(|c, _, s| normal(s) * if c == 3 { 3.0 } else { 1.0 })),
    ] {
        assert!(r_hat(&wrong) > 1.02, "{name}: {}", r_hat(&wrong));
    }
    // Heavy tails have no variance; ranks do not mind.
    let heavy = chains(|_, _, s| normal(s) / normal(s));
    assert!(r_hat(&heavy) < R_HAT, "{}", r_hat(&heavy));
}

#[test]
fn a_walk_counts_as_few_draws_and_is_complained_of() {
    let mut last = [0.0; 4];
    let walk = chains(|c, _, s| {
        last[c] = 0.99 * last[c] + normal(s);
        last[c]
    });
    // (1 + 0.99) / (1 - 0.99) = 199 draws for one.
    let found = effective(&walk);
    assert!((10.0..60.0).contains(&found), "{found}");
    let draws = Draws {
        names: vec!["x".into()],
        units: vec![String::new()],
        chains: walk.iter().map(|c| c.iter().map(|x| vec![*x]).collect()).collect(),
    };
    let complaints = diagnose(&draws).complaints();
    assert!(complaints.iter().any(|c| c.contains("effective draws")), "{complaints:?}");
}
