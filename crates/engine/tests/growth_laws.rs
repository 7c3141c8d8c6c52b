//! Growth laws against their closed forms, and against the master equation at moderate size.
//!
//! Closed forms (Benzekry et al. 2014, PLoS Comput Biol 10:e1003800, Table 1, solved for n(0) = n0, as rates a and b of
//! cells): each is what the mean equations must give to [`TOLERANCE`]; their integrator keeps 1e-9 a step. The
//! exponential-linear law has none for psi = 20; there the time that n needs is an integral, computed by quadrature.
//!
//! # False alarms
//! For `exact` and `leap` the mean at a given day is compared with that of the master equation, dp_n/dt of a birth-death
//! process with the same rates, by z with the master equation's own variance: one false alarm in 10^6 seeds for the
//! file (Bonferroni over laws and methods). Seeds are indices and were not chosen.

mod common;

use common::{even, integral, sample_moments, z_limit};
use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_engine::ode::{Tolerance, integrate};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::model_from_toml;
use remission_model::resolved::Model;

const TOLERANCE: f64 = 1e-7;

/// A model of one type. Parameters: a, b (/day), k, s (cells), g, p (plain).
fn model(birth: &str, death: &str, start: f64, values: [f64; 6]) -> Model {
    let [a, b, k, s, g, p] = values;
    let text = format!(
        r#"
        [model]
        title = "growth"
        [parameters]
        a = {{ value = "{a} /day", fitted = "x" }}
        b = {{ value = "{b} /day", fitted = "x" }}
        k = {{ value = "{k} cells", fitted = "x" }}
        s = {{ value = "{s} cells", fitted = "x" }}
        g = {{ value = "{g}", fitted = "x" }}
        p = {{ value = "{p}", fitted = "x" }}
        [cells.tumour]
        birth = "{birth}"
        death = "{death}"
        [before_treatment]
        start = {{ tumour = "{start} cells" }}
        "#
    );
    model_from_toml("growth.toml", &text).unwrap_or_else(|p| panic!("{p}"))
}

fn central(model: &Model) -> Vec<f64> {
    model.parameters.iter().map(|p| p.value).collect()
}

/// Mean at each day.
fn mean(model: &Model, days: &[f64]) -> Vec<f64> {
    let compiled = Compiled::new(model);
    let mut tumour = MeanTumour::start(&compiled, &central(model)).unwrap();
    let at = |day: &f64| {
        tumour.advance(*day).unwrap();
        tumour.means().total()
    };
    days.iter().map(at).collect()
}

const VALUES: [f64; 6] = [0.3, 0.05, 1e10, 2e7, 0.7, 0.25];
const DAYS: [f64; 5] = [1.0, 10.0, 30.0, 100.0, 365.0];

fn close(what: &str, birth: &str, death: &str, start: f64, exact: impl Fn(f64) -> f64) {
    let found = mean(&model(birth, death, start, VALUES), &DAYS);
    for (day, n) in DAYS.iter().zip(found) {
        let off = n / exact(*day) - 1.0;
        println!("{what}, day {day}: {n:.9e}, off by {off:+.1e}");
        assert!(off.abs() <= TOLERANCE, "{what}, day {day}: {n} for {}", exact(*day));
    }
}

#[test]
fn the_mean_follows_the_closed_forms() {
    let [a, b, k, s, g, p] = VALUES;
    let n0 = 1e6;
    let e = |rate: f64, t: f64| (-rate * t).exp();
    close("logistic", "a * logistic(total, k)", "0", n0, |t| k / (1.0 + (k / n0 - 1.0) * e(a, t)));
    close("Gompertz", "b * gompertz(total, k)", "0", n0, |t| k * ((n0 / k).ln() * e(b, t)).exp());
    let richards =
        |theta: f64| move |t: f64| k / (1.0 + ((k / n0).powf(theta) - 1.0) * e(a * theta, t)).powf(1.0 / theta);
    close("generalised logistic", "a * richards(total, k, p)", "0", n0, richards(p));
    close("generalised logistic, theta 1", "a * richards(total, k, 1)", "0", n0, richards(1.0));
    let q = 1.0 - g;
    close("power law", "a * power_law(total, s, g)", "0", n0, |t| s * ((n0 / s).powf(q) + a * q * t).powf(1.0 / q));
    close("power law, exponent 1", "b * power_law(total, s, 1)", "0", n0, |t| n0 * e(-b, t));
    close("power law, exponent 0", "a * power_law(total, s, 0)", "0", n0, |t| n0 + a * s * t);
    let bertalanffy = |t: f64| k * (1.0 - (1.0 - (n0 / k).powf(q)) * e(b * q, t)).powf(1.0 / q);
    close("von Bertalanffy", "b * von_bertalanffy(total, k, g)", "0", n0, bertalanffy);
    close("von Bertalanffy in births and deaths", "b * power_law(total, k, g)", "b", n0, bertalanffy);
    let reached = (s / n0).ln() / a;
    let piecewise = |t: f64| if t < reached { n0 * e(-a, t) } else { s * (1.0 + a * (t - reached)) };
    close("exponential, then linear", "a * min(1, s / total)", "0", n0, piecewise);
}

#[test]
fn exponential_linear_growth_takes_the_time_that_it_should() {
    let [a, _, _, s, _, _] = VALUES;
    let n0 = 1e6;
    for psi in [1.0, 20.0] {
        let found = mean(&model(&format!("a * exponential_linear(total, s, {psi})"), "0", n0, VALUES), &DAYS);
        for (day, n) in DAYS.iter().zip(found) {
            // dt = (1 + (n / s)^psi)^(1 / psi) / (a n) dn, over x = ln n.
            let slow = |x: f64| (1.0 + (x.exp() / s).powf(psi)).powf(1.0 / psi);
            let pieces: Vec<f64> = even((n / n0).ln(), 2000).iter().map(|x| x + n0.ln()).collect();
            let needed = integral(&pieces, |x| slow(x) / a);
            if psi == 1.0 {
                let closed = ((n / n0).ln() + (n - n0) / s) / a;
                assert!((needed / closed - 1.0).abs() < 1e-9, "the quadrature: {needed} for {closed}");
            }
            // An error of time is one of the size by the growth a day.
            let off = (needed - day) * a / slow(n.ln());
            println!("exponential-linear, psi {psi}, day {day}: {n:.9e}, off by {off:+.1e}");
            assert!(off.abs() <= TOLERANCE, "psi {psi}, day {day}: {n} takes {needed} days");
        }
    }
}

#[test]
fn laws_keep_their_limits_at_no_cells_and_far_beyond() {
    use remission_model::expr::{Expr, Law};
    let at = |law, x: [f64; 3]| {
        let expr = Expr::Call(law, x.iter().map(|x| Expr::Number(*x)).collect());
        remission_model::program::evaluate(&expr, &[], &|_| f64::NAN)
    };
    assert_eq!(at(Law::Richards, [0.0, 1e9, 0.5]), 1.0);
    assert_eq!(at(Law::Richards, [-1.0, 1e9, 0.5]), 1.0, "a mean field may step below 0 for a moment");
    assert_eq!(at(Law::Richards, [2e9, 1e9, 0.5]), 0.0);
    assert_eq!(at(Law::PowerLaw, [0.0, 1e9, 0.5]), 0.0);
    assert_eq!(at(Law::VonBertalanffy, [0.0, 1e9, 0.5]), 0.0);
    assert_eq!(at(Law::VonBertalanffy, [2e9, 1e9, 0.5]), 0.0);
    assert_eq!(at(Law::ExponentialLinear, [0.0, 1e9, 20.0]), 1.0);
    // (n / size)^psi = 1e400 is beyond any number; size / n is not.
    assert_eq!(at(Law::ExponentialLinear, [1e20, 1.0, 20.0]), 1e-20);
    let (near, beyond) =
        (at(Law::ExponentialLinear, [1.0, 1.0, 20.0]), at(Law::ExponentialLinear, [1.0 + 1e-12, 1.0, 20.0]));
    assert!((near / beyond - 1.0).abs() < 1e-11, "the two forms meet: {near} and {beyond}");
}

/// Mean and variance at `days` of a birth-death process with rates per cell `birth(n)` and `death`, from n0.
fn master(birth: impl Fn(f64) -> f64, death: f64, n0: usize, days: f64, most: usize) -> (f64, f64) {
    let up: Vec<f64> = (0..=most).map(|n| if n == 0 || n == most { 0.0 } else { birth(n as f64) * n as f64 }).collect();
    let mut p = vec![0.0; most + 1];
    p[n0] = 1.0;
    let tolerance = Tolerance { relative: 1e-7, absolute: 1e-12 };
    integrate(&mut p, 0.0, days, tolerance, &mut |_, p, dp| {
        for n in 0..=most {
            let mut change = -(up[n] + death * n as f64) * p[n];
            if n > 0 {
                change += up[n - 1] * p[n - 1];
            }
            if n < most {
                change += death * (n + 1) as f64 * p[n + 1];
            }
            dp[n] = change;
        }
        Ok(())
    })
    .unwrap();
    let sum: f64 = p.iter().sum();
    assert!((sum - 1.0).abs() < 1e-6 && p[most] < 1e-9, "{sum}, {} at the end", p[most]);
    let mean = p.iter().enumerate().map(|(n, p)| n as f64 * p).sum::<f64>();
    let square = p.iter().enumerate().map(|(n, p)| (n as f64 - mean).powi(2) * p).sum::<f64>();
    (mean, square)
}

#[test]
fn exact_and_leap_have_the_mean_of_the_master_equation() {
    const FALSE_ALARM: f64 = 1e-6;
    const REPLICATES: u64 = 4000;
    let values = [0.5, 0.1, 500.0, 150.0, 0.7, 2.0];
    let [a, b, k, s, g, p] = values;
    type Rate = Box<dyn Fn(f64) -> f64>;
    let laws: [(&str, Rate); 6] = [
        ("a * logistic(total, k)", Box::new(move |n| a * (1.0 - n / k).max(0.0))),
        ("a * gompertz(total, k)", Box::new(move |n| a * (k / n).ln().max(0.0))),
        ("a * richards(total, k, p)", Box::new(move |n| a * (1.0 - (n / k).powf(p)).max(0.0))),
        ("a * power_law(total, s, g)", Box::new(move |n| a * (n / s).powf(g - 1.0))),
        ("a * von_bertalanffy(total, k, g)", Box::new(move |n| a * ((n / k).powf(g - 1.0) - 1.0).max(0.0))),
        ("a * exponential_linear(total, s, p)", Box::new(move |n| a / (1.0 + (n / s).powf(p)).powf(1.0 / p))),
    ];
    let limit = z_limit(FALSE_ALARM / 12.0);
    for (birth, rate) in &laws {
        let model = model(birth, "b", 100.0, values);
        let compiled = Compiled::new(&model);
        let parameters = central(&model);
        let (mean, variance) = master(rate, b, 100, 4.0, 1200);
        for method in [Method::Exact, Method::Leap] {
            let one = |k: u64| {
                let mut before = Stream::new(1, 0, k, Purpose::BeforeTreatment);
                let start = remission_engine::before::start(&compiled, &parameters, method, &mut before).unwrap();
                let mut tumour = Tumour::new(&compiled, &parameters, start, method).unwrap();
                tumour.advance(4.0, f64::INFINITY, &mut Stream::new(1, 0, k, Purpose::Treatment)).unwrap();
                tumour.state.total() as f64
            };
            let sizes: Vec<f64> = (0..REPLICATES).map(one).collect();
            let (m, v, _) = sample_moments(&sizes);
            let z = (m - mean) / (variance / REPLICATES as f64).sqrt();
            println!("{birth}, {method:?}: mean {m:.2} for {mean:.2}, z {z:+.2}; variance {v:.0} for {variance:.0}");
            assert!(z.abs() <= limit, "{birth}, {method:?}: mean {m} for {mean}, z {z}");
        }
    }
}
