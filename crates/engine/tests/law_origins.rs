//! Where a relapse came from: surviving resistant lineages by the label of their founder.
//!
//! For a tumour grown to M and then treated, the surviving lineages founded before and during treatment are independent
//! Poisson numbers with means L_PRE = M u and L_DUR = M u s / |s'|, so that a surviving lineage is from treatment with
//! probability (s / |s'|) / (1 + s / |s'|), whatever M and u. For Bozic's rates (0.14, 0.13, 0.17 a day) that is
//! 1/4: L_DUR / L_PRE = 1/3. Binomial and normal tests, false-alarm rate 1e-6 each. Seeds are numbers in order.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::state::Origin;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};

const ALARM: f64 = 1e-6;

/// Clones of each origin that will live for ever, over `n` tumours treated for `days`.
fn lineages(compiled: &Compiled, method: Method, r: f64, days: f64, n: u64) -> [u64; 4] {
    let mut seen = [0; 4];
    let mut rest = Stream::new(1, 0, 0, Purpose::Check);
    for k in 0..n {
        let mut stream = Stream::new(1, 0, k, Purpose::BeforeTreatment);
        let start = before::start(compiled, &[], method, &mut stream).unwrap();
        let mut tumour = Tumour::new(compiled, &[], start, method).unwrap();
        tumour.follow(&always_on());
        tumour.advance(days, f64::INFINITY, &mut Stream::new(1, 0, k, Purpose::Treatment)).unwrap();
        for clones in &tumour.state.blocks {
            for (founder, &cells) in clones.founders.iter().zip(&clones.counts) {
                if compiled.is_resistant(founder.cell_type) && lives_on(cells, r, &mut rest) {
                    seen[founder.origin as usize] += 1;
                }
            }
        }
    }
    seen
}

/// M u = 2. Bozic's rates by leaps, and event by event at rates that are cheaper to simulate.
#[test]
fn before_and_during_treatment() {
    for (method, b, d, treated, size, days, n) in
        [(Method::Leap, 0.14, 0.13, 0.17, 1e6, 600.0, 10_000), (Method::Exact, 1.0, 0.5, 2.0, 2e4, 14.0, 500)]
    {
        let (s, t) = (1.0 - d / b, 1.0 - treated / b);
        let ratio: f64 = s / -t;
        let u = 2.0 / size;
        let compiled = Compiled::new(&therapy(b, d, treated, u, size));
        let seen = lineages(&compiled, method, d / b, days, n);
        let (pre, during) = (seen[Origin::PreExisting as usize], seen[Origin::Cycling as usize]);
        let name = format!("{method:?}, L_DUR / L_PRE = {ratio:.4}");
        println!("{name}: {pre} before, {during} during, {:.4}", during as f64 / pre as f64);
        assert_eq!(seen[Origin::Persister as usize] + seen[Origin::DrugInduced as usize], 0);
        // At this M the cell-days before treatment are known exactly; resistant cells, who count in the total, stand
        // for fewer than u ln(s M) / s of all; what sensitive cells are left at the end may still found lines.
        let before = n as f64 * u * b * s * cell_days(b, d, size as usize);
        let after = n as f64 * 2.0 * ratio;
        let few = u * (s * size).ln() / s;
        let late = ((b - treated) * days).exp();
        let low = after * (1.0 - few - late) / (before + after * (1.0 - few - late));
        let high = after / (before * (1.0 - few) + after);
        judge(&name, during, pre + during, low, high, ALARM);
        // Both are Poisson but for the spread of the cell-days.
        let all = (pre + during) as f64;
        let variance = before + after + before * before / n as f64 * cell_days_spread(b, d, size);
        let room = (before + after) * few + after * late;
        let z = (all - (before + after)).abs() - room;
        let z = z.max(0.0) / variance.sqrt();
        println!("{name}: {all} surviving lineages for {:.1} - {room:.1}, |z| {z:.2}", before + after);
        assert!(z < z_limit(ALARM), "{name}: z {z}");
    }
}
