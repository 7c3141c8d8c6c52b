//! Ordinary differential equations, by Dormand and Prince's pair of orders 5 and 4 with step control.
//!
//! J. R. Dormand & P. J. Prince 1980, J. Comput. Appl. Math. 6:19; step control as in Hairer, Norsett & Wanner,
//! Solving Ordinary Differential Equations I, II.4. For the small, mostly non-stiff systems of means and levels.

use crate::failure::Failure;

/// Accuracy asked for.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// Relative error a step.
    pub relative: f64,
    /// Absolute error a step.
    pub absolute: f64,
}

/// The right-hand side: time, state, and where to put the slope.
pub type Slope<'a> = dyn FnMut(f64, &[f64], &mut [f64]) -> Result<(), Failure> + 'a;

/// Share of the whole time below which a step in which a rate is impossible is not shortened further.
const LEAST_STAGE: f64 = 1e-9;
/// Steps that one call may take.
const MOST_STEPS: usize = 200_000;

const C: [f64; 7] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0];
const A: [[f64; 6]; 7] = [
    [0.0; 6],
    [0.2, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// Difference between the fifth- and fourth-order results.
const E: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// Carries `y` from time `from` to `to` under dy/dt = `f(t, y)`.
///
/// # Errors
/// What `f` returns, or [`Failure::Budget`] when the equations are too stiff for this method.
///
/// ```
/// use remission_engine::ode::{integrate, Tolerance};
/// let mut y = [1.0];
/// let tolerance = Tolerance { relative: 1e-9, absolute: 1e-12 };
/// integrate(&mut y, 0.0, 2.0, tolerance, &mut |_, y, dy| { dy[0] = -y[0]; Ok(()) }).unwrap();
/// assert!((y[0] - (-2f64).exp()).abs() < 1e-9);
/// ```
pub fn integrate(y: &mut [f64], from: f64, to: f64, tolerance: Tolerance, f: &mut Slope<'_>) -> Result<(), Failure> {
    let n = y.len();
    let mut k = vec![0.0; 7 * n];
    let mut stage = vec![0.0; n];
    let mut t = from;
    if to <= from {
        return Ok(());
    }
    f(t, y, &mut k[..n])?;
    let mut h = (to - from).min(first_step(y, &k[..n], tolerance));
    for _ in 0..MOST_STEPS {
        if t >= to {
            return Ok(());
        }
        let last = t + h * (1.0 + 1e-12) >= to;
        if last {
            h = to - t;
        }
        let mut refused = None;
        for s in 1..7 {
            for i in 0..n {
                let mut x = 0.0;
                for (r, a) in A[s].iter().enumerate().take(s) {
                    x += a * k[r * n + i];
                }
                stage[i] = y[i] + h * x;
            }
            if let Err(failure) = f(t + C[s] * h, &stage, &mut k[s * n..(s + 1) * n]) {
                refused = Some(failure);
                break;
            }
        }
        if let Some(failure) = refused {
            // A stage lies beside the path: what is 0 or a little more may there be a little less, and a rate of it no rate. On the
            // path itself, to which the stages come as the step shrinks, a rate that is impossible stays so.
            if !matches!(failure, Failure::Rate { .. }) || h < LEAST_STAGE * (to - from) {
                return Err(failure);
            }
            h *= 0.1;
            continue;
        }
        let mut error = 0.0;
        for i in 0..n {
            let mut e = 0.0;
            for (s, c) in E.iter().enumerate() {
                e += c * k[s * n + i];
            }
            let scale = tolerance.absolute + tolerance.relative * y[i].abs().max(stage[i].abs());
            error += (h * e / scale) * (h * e / scale);
        }
        let error = libm::sqrt(error / n as f64);
        if error <= 1.0 {
            // The seventh stage is the result and the first slope of the next step.
            // What falls to 0 ends a little below it by the error that is allowed, and a rate of it would be impossible: it is 0.
            let mut zeroed = false;
            for (x, next) in y.iter().zip(&mut stage) {
                if *next < 0.0 && *next >= -tolerance.absolute && *x >= 0.0 {
                    (*next, zeroed) = (0.0, true);
                }
            }
            y.copy_from_slice(&stage);
            t = if last { to } else { t + h };
            if zeroed {
                f(t, y, &mut k[..n])?;
            } else {
                k.copy_within(6 * n..7 * n, 0);
            }
        }
        let factor = if error > 0.0 { 0.9 * libm::pow(error, -0.2) } else { 5.0 };
        h *= if error.is_nan() { 0.1 } else { factor.clamp(0.2, 5.0) };
        if h < 1e-14 * t.abs().max(1e-10) {
            break;
        }
    }
    if t >= to {
        return Ok(());
    }
    let what =
        format!("the equations of means and levels needed more than {MOST_STEPS} steps for {:.3} days", to - from);
    Err(Failure::Budget { what, time: t })
}

fn first_step(y: &[f64], slope: &[f64], tolerance: Tolerance) -> f64 {
    let norm = |v: &[f64]| {
        let sum: f64 =
            v.iter().zip(y).map(|(x, y)| (x / (tolerance.absolute + tolerance.relative * y.abs())).powi(2)).sum();
        libm::sqrt(sum / v.len() as f64)
    };
    let (size, speed) = (norm(y), norm(slope));
    if size > 1e-5 && speed > 1e-5 { 0.01 * size / speed } else { 1e-4 }
}
