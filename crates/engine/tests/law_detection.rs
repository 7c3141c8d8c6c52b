//! Resistance that is there when the tumour is found: Iwasa, Nowak & Michor 2006 (Genetics 172:2557).
//!
//! Sensitive cells (b, d) grown from one cell to M, founding resistant ones (b_R, d_R) with probability u a division:
//!     P(a resistant cell is alive at M) = 1 - exp(-M u F), F = (s_R / s) Int_0^1 dy / (1 - (d_R/b_R) y^alpha),
//!     alpha = (b_R - d_R) / (b - d), s = 1 - d/b, s_R = 1 - d_R/b_R; neutral: F = -ln(s) / (1 - s),
//! (a line founded among y M sensitive cells, u b y M dt of them, lives at M with probability s_R / (1 - (d_R/b_R)
//! y^alpha), and dt = dy / (y (b - d))) in the limit of large M at fixed M u. At a finite M the neutral case has an exact law, found by walking back from M
//! cells to the first: a birth undone merges two cells at random, of which those with descendants at M are tracked; a
//! mutation is fatal to "none" when its daughter is one of them. It is met event by event at M = 500, and shows how far
//! the limit is off at other M. Binomial tests, false-alarm rate 1e-6 each (below 1e-5 for the file). Seeds are numbers
//! in order.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law::arm::Law;
use remission_engine::law::start::{Beginning, Off};
use remission_engine::tumour::Method;
use remission_model::resolved::{Model, Regimen, Start};

const ALARM: f64 = 1e-6;
/// M u.
const MU: f64 = 0.5;

/// The limit, by quadrature: `r` = d_R / b_R, `ratio` = s_R / s.
fn limit(r: f64, alpha: f64, ratio: f64) -> f64 {
    // Finer toward y = 1, where the integrand is steepest, and toward 0, where y^alpha bends.
    let edges: Vec<f64> = (0..=200).map(|k| 0.5 - 0.5 * (std::f64::consts::PI * f64::from(k) / 200.0).cos()).collect();
    1.0 - (-MU * ratio * integral(&edges, |y| 1.0 / (1.0 - r * y.powf(alpha)))).exp()
}

/// P(no resistant cell among the first M cells), neutral, exactly; `r` = d / b.
fn none_at(size: usize, r: f64, u: f64) -> f64 {
    let up = 1.0 / (1.0 + r);
    let h = |k: usize| 1.0 - r.powi(k as i32);
    // Visits to n of the walk from 1 that succeeds; the same walk reversed goes down with `down[n]`, else up, and from 1
    // it ends with the rest.
    let visits = |n: usize| 1.0 / ((1.0 - up) * (1.0 - h(n - 1) / h(n)) + up * h(1) / h(size - n));
    let forth = |n: usize| up * h(n + 1) / h(n);
    let back = |n: usize| (1.0 - up) * h(n - 1) / h(n);
    let down: Vec<f64> =
        (0..size).map(|n| if n < 2 { 0.0 } else { visits(n - 1) * forth(n - 1) / visits(n) }).collect();
    let rise: Vec<f64> =
        (0..size).map(|n| if n < 1 || n + 1 >= size { 0.0 } else { visits(n + 1) * back(n + 1) / visits(n) }).collect();
    // g[n]: no fatal mutation on the way back from n cells of which `a` are tracked; one tridiagonal system for each a.
    let mut fewer = vec![0.0; size];
    let mut g = vec![0.0; size];
    for a in 1..size {
        let (mut over, mut right) = (vec![0.0; size], vec![0.0; size]);
        for n in a..size {
            let (k, all) = (a as f64, n as f64);
            let pairs = all * (all - 1.0);
            let both = if n > 1 { k * (k - 1.0) / pairs } else { 0.0 };
            let one = if n > 1 { 2.0 * k * (all - k) / pairs } else { 0.0 };
            let merged = if a > 1 { down[n] * both * (1.0 - u) * fewer[n - 1] } else { 0.0 };
            let ends = if n == 1 { 1.0 - rise[1] } else { 0.0 };
            let stays = down[n] * (one * (1.0 - 0.5 * u) + (1.0 - both - one));
            let (o, q) = if n > a { (over[n - 1], right[n - 1]) } else { (0.0, 0.0) };
            let pivot = 1.0 - stays * o;
            over[n] = rise[n] / pivot;
            right[n] = (merged + ends + stays * q) / pivot;
        }
        g.fill(0.0);
        for n in (a..size).rev() {
            g[n] = right[n] + if n + 1 < size { over[n] * g[n + 1] } else { 0.0 };
        }
        std::mem::swap(&mut fewer, &mut g);
    }
    // The last birth makes M cells of M - 1, all of them tracked.
    (1.0 - u) * fewer[size - 1]
}

/// The same by walking forth: the chain of (sensitive, resistant) cells, relaxed until it stands still.
fn none_at_forth(size: usize, r: f64, u: f64) -> f64 {
    let up = 1.0 / (1.0 + r);
    // For each pair: the chance to reach `size` without a resistant cell, and to reach it at all.
    let mut g = vec![[0.0f64; 2]; (size + 1) * (size + 1)];
    let at = |s: usize, k: usize| s * (size + 1) + k;
    g[at(size, 0)] = [1.0, 1.0];
    (1..=size).for_each(|k| g[at(size - k, k)] = [0.0, 1.0]);
    let mut moved = 1.0f64;
    while moved > 1e-16 {
        moved = 0.0;
        for s in 0..size {
            for k in 0..size - s {
                if s + k == 0 {
                    continue;
                }
                let (sensitive, all) = (s as f64 / (s + k) as f64, (1.0 - up) / (s + k) as f64);
                let founded = up * (1.0 - sensitive * (1.0 - u));
                for w in 0..2 {
                    let falls = if s > 0 { all * s as f64 * g[at(s - 1, k)][w] } else { 0.0 }
                        + if k > 0 { all * k as f64 * g[at(s, k - 1)][w] } else { 0.0 };
                    let now = up * sensitive * (1.0 - u) * g[at(s + 1, k)][w] + founded * g[at(s, k + 1)][w] + falls;
                    moved = moved.max((now - g[at(s, k)][w]).abs());
                    g[at(s, k)][w] = now;
                }
            }
        }
    }
    g[at(1, 0)][0] / g[at(1, 0)][1]
}

#[test]
fn walking_back_is_walking_forth() {
    for (size, r, u) in [(3, 0.8, 0.1), (12, 0.5, 0.05), (24, 0.8, 0.02)] {
        let (back, forth) = (none_at(size, r, u), none_at_forth(size, r, u));
        println!("{size} cells, d/b {r}: {back:.12} and {forth:.12}");
        assert!((back - forth).abs() < 1e-12);
    }
}

fn grown(b: f64, d: f64, br: f64, dr: f64, size: f64) -> Model {
    let mut m = model(vec![cell("S", b, d), cell("R", br, dr)], &[]);
    m.cells[0].mutations = vec![mutates(1, MU / size)];
    m.start = Start::Grown { founder: 0, from: 1, until: number(size) };
    m
}

fn without(model: &Model, method: Method, n: u64) -> u64 {
    finals(&Compiled::new(model), method, &Regimen::default(), 0.0, n).iter().filter(|x| x[1] == 0).count() as u64
}

/// How far the limit may be off at `size`: the neutral case's distance, which falls as ln(M) / M, doubled.
fn correction(size: f64) -> f64 {
    let scaled = |m: usize| {
        let off = none_at(m, 0.8, MU / m as f64) - (1.0 - limit(0.8, 1.0, 1.0));
        off.abs() * m as f64 / (m as f64).ln()
    };
    2.0 * scaled(1000).max(scaled(2000)) * size.ln() / size
}

#[test]
fn formulas_give_the_known_figures() {
    for (r, said) in [(0.0, 0.3935), (0.5, 0.5), (0.8, 0.6343)] {
        let p = limit(r, 1.0, 1.0);
        let closed = if r > 0.0 { 1.0 - ((1.0 - r).ln() / r * MU).exp() } else { 1.0 - (-MU).exp() };
        assert!((p - closed).abs() < 1e-10 && (p - said).abs() <= 5e-5, "d/b {r}: {p} for {said}");
        let exact: Vec<f64> = [125, 250, 500, 1000, 2000].iter().map(|&m| 1.0 - none_at(m, r, MU / m as f64)).collect();
        println!("d/b {r}: limit {p:.5}; at 125, 250, 500, 1000, 2000 cells {exact:.5?}");
        // The distance must fall like ln(M) / M for the correction at 1e5 to be what it is said to be.
        let scaled = |k: usize, m: f64| (exact[k] - p).abs() * m / m.ln();
        assert!(scaled(4, 2000.0) <= 1.2 * scaled(2, 500.0), "d/b {r}");
    }
    println!("correction at 1e5 cells at most {:.1e}", correction(1e5));
}

#[test]
fn exact_meets_the_law_at_500_cells() {
    for r in [0.0, 0.5, 0.8] {
        let p = none_at(500, r, MU / 500.0);
        let n = 10_000;
        judge(
            &format!("d/b {r}, M 500, none, exact"),
            without(&grown(1.0, r, 1.0, r, 500.0), Method::Exact, n),
            n,
            p,
            p,
            ALARM,
        );
    }
}

#[test]
fn neutral_resistance_at_1e5_cells() {
    let off = correction(1e5);
    for (r, exact) in [(0.0, 300), (0.5, 200), (0.8, 50)] {
        let p = 1.0 - limit(r, 1.0, 1.0);
        let m = grown(1.0, r, 1.0, r, 1e5);
        for (method, n) in [(Method::Leap, 20_000), (Method::Exact, exact)] {
            judge(&format!("d/b {r}, M 1e5, none, {method:?}"), without(&m, method, n), n, p - off, p + off, ALARM);
        }
    }
}

/// The founder law of `law` against the exact walk, in which mutated cells count in the size: what its bound leaves out is
/// at most the expected share of mutated cells, which it tells.
#[test]
fn the_founder_law_and_its_bound() {
    for size in [100, 500, 2000] {
        for r in [0.0, 0.5, 0.8] {
            let u = 0.1 / size as f64;
            let mut m = model(vec![cell("S", 1.0, r), cell("R", 1.0, r)], &[]);
            m.cells[0].mutations = vec![mutates(1, u)];
            m.start = Start::Grown { founder: 0, from: 1, until: number(size as f64) };
            let compiled = Compiled::new(&m);
            let law = Law::new(&compiled, &[], &Exposure::new(&compiled, &[], 0.0).unwrap(), &[1e-9]).unwrap();
            let Off::AtMost(bound) = law.founder_error(|i| i == 1).unwrap() else { panic!("no bound") };
            let Beginning::Grown(founders) = &law.beginning else { panic!() };
            let (exact, found) = (none_at(size, r, u).ln(), law.none_at_start(|i| i == 1).unwrap().ln());
            println!(
                "{size} cells, d/b {r}: ln P {exact:.6}, law {found:.6}, off {:.1e}, bound {bound:.1e}, mutated {:.1e}",
                found - exact,
                founders.mutated
            );
            assert!((found - exact).abs() <= bound + founders.mutated, "{size} cells, d/b {r}");
        }
    }
}

/// Resistant cells that grow at 0.5 and 1.5 times the rate. They count in the total at which growth stops: of the hazard
/// they take at most their expected share at M, u M^max(alpha, 1) / |alpha - 1| / M.
#[test]
fn resistance_at_another_growth_rate() {
    let size = 1e5;
    let (b, d) = (1.0, 0.5);
    for (br, dr) in [(0.75, 0.5), (1.0, 0.75), (1.25, 0.5), (1.0, 0.25)] {
        let alpha = (br - dr) / (b - d);
        let f = limit(dr / br, alpha, (1.0 - dr / br) / (1.0 - d / b));
        let share = MU / size * size.powf(f64::max(alpha, 1.0)) / f64::abs(alpha - 1.0) / size / (1.0 - d / b);
        let hazard = -(1.0 - f).ln();
        let (low, high) = (1.0 - f - correction(size), (-hazard * (1.0 - share)).exp() + correction(size));
        let n = 20_000;
        let m = grown(b, d, br, dr, size);
        judge(
            &format!("b_R {br}, d_R {dr}, alpha {alpha}, none, Leap"),
            without(&m, Method::Leap, n),
            n,
            low,
            high,
            ALARM,
        );
    }
}
