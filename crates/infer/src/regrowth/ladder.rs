//! The ladder under [`super::law`]: nodes of Talbot's contour at every place where the law is computed, and the transforms
//! of single lines, families and later founders there, tabulated once.
//!
//! Constants of the contour: Trefethen, Weideman and Schmelzer 2006 (BIT 46:653); with 14 nodes the inversion is good to
//! 1e-8, with 26 also for twenty lines.

use remission_engine::law::scalar::Complex;
use std::sync::OnceLock;

/// Nodes of the contour in the upper half plane, for few and for more lines.
const FEW_NODES: usize = 7;
const MORE_NODES: usize = 13;
/// Highest ln x at which the ladder begins; |q| is below 0.15 there.
pub(super) const TOP: f64 = 5.6;
/// ln x from which rungs are 1 long.
pub(super) const COARSE: f64 = -6.0;

/// A contour, the rungs at which the law is computed, and H along them for many r: a likelihood asks for H at one r
/// after another.
pub(super) struct Ladder {
    /// Nodes with weights.
    pub contour: Vec<(Complex, Complex)>,
    /// Length of a fine rung, in ln x.
    pub fine: f64,
    /// Rungs of length `fine` from [`TOP`] to [`COARSE`].
    pub rungs: usize,
    /// H at each rung of each node of each r of the table.
    table: Vec<Complex>,
    /// q / (1 + q) at each rung of each node.
    pub single: Vec<Complex>,
}

/// ln r of the table: its first, its step, how many; a cubic between them is good to 1e-6.
const TABLE: (f64, f64, usize) = (-9.25, 0.125, 100);
/// Rungs of length 1 in the table.
const LONG: usize = 40;

impl Ladder {
    /// The ladder for few lines, or for more.
    pub fn of(more: bool) -> &'static Ladder {
        static LADDERS: [OnceLock<Ladder>; 2] = [OnceLock::new(), OnceLock::new()];
        LADDERS[usize::from(more)].get_or_init(|| {
            let (half, fine) = if more { (MORE_NODES, 0.232) } else { (FEW_NODES, 0.464) };
            let contour = contour(half);
            let rungs = libm::round((TOP - COARSE) / fine) as usize;
            let mut ladder = Ladder { contour, fine, rungs, table: Vec::new(), single: Vec::new() };
            let mut heights = vec![Complex::new(0.0, 0.0); ladder.wide()];
            for (z, _) in &ladder.contour {
                let q = |j: usize| *z * libm::exp(j.min(rungs) as f64 * fine + j.saturating_sub(rungs) as f64 - TOP);
                ladder.single.extend((0..rungs + LONG + 1).map(|j| q(j) / (q(j) + 1.0)));
            }
            let mut table = Vec::new();
            for k in 0..TABLE.2 {
                for node in 0..half {
                    ladder.climb(node, libm::exp(TABLE.0 + k as f64 * TABLE.1), 0, &mut heights);
                    table.extend_from_slice(&heights);
                }
            }
            ladder.table = table;
            ladder
        })
    }

    /// Rungs that are tabulated, with the top.
    pub fn wide(&self) -> usize {
        self.rungs + LONG + 1
    }

    /// H at r on every rung of a node's ladder that begins `higher` rungs above the top.
    pub fn heights(&self, node: usize, r: f64, higher: usize, out: &mut [Complex]) {
        let place = (libm::log(r) - TABLE.0) / TABLE.1;
        let wide = self.wide();
        if higher > 0 || !(1.0..=TABLE.2 as f64 - 3.0).contains(&place) || out.len() > wide {
            return self.climb(node, r, higher, out);
        }
        let k = place as usize;
        let x = place - k as f64;
        let weights = [
            -x * (x - 1.0) * (x - 2.0) / 6.0,
            (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
            -(x + 1.0) * x * (x - 2.0) / 2.0,
            (x + 1.0) * x * (x - 1.0) / 6.0,
        ];
        let row = |k: usize| &self.table[(k * self.contour.len() + node) * wide..][..out.len()];
        let rows = [row(k - 1), row(k), row(k + 1), row(k + 2)];
        for (j, value) in out.iter_mut().enumerate() {
            *value =
                rows[0][j] * weights[0] + rows[1][j] * weights[1] + rows[2][j] * weights[2] + rows[3][j] * weights[3];
        }
    }

    /// The same, rung after rung.
    fn climb(&self, node: usize, r: f64, higher: usize, out: &mut [Complex]) {
        let (short, long) = (Rung::new(self.fine, r), Rung::new(1.0, r));
        let mut q = self.contour[node].0 * libm::exp(-TOP - higher as f64 * self.fine);
        let mut h = small(q, r);
        for (j, value) in out.iter_mut().enumerate() {
            if j > 0 {
                let rung = if j <= self.rungs + higher { &short } else { &long };
                q = q * rung.factor;
                h = rung.up(q, h);
            }
            *value = h;
        }
    }
}

/// Nodes z of the contour above the real axis with weights: a function is the real part of sum weight F(z/x) at x, where
/// F(q) / q is its transform.
fn contour(half: usize) -> Vec<(Complex, Complex)> {
    let n = 2.0 * half as f64;
    (0..half)
        .map(|k| {
            let angle = (2.0 * k as f64 + 1.0) * std::f64::consts::PI / n;
            let (sine, cosine) = (libm::sin(0.6407 * angle), libm::cos(0.6407 * angle));
            let z = Complex::new(n * (0.5017 * angle * cosine / sine - 0.6122), n * 0.2645 * angle);
            let turn = 0.5017 * cosine / sine - 0.5017 * 0.6407 * angle / (sine * sine);
            let slope = Complex::new(n * turn, n * 0.2645);
            (z, z.exp() * slope / z * Complex::new(0.0, -2.0 / n))
        })
        .collect()
}

/// H(q) for |q| below 0.2, by its series.
fn small(q: Complex, r: f64) -> Complex {
    let (mut sum, mut power) = (Complex::new(0.0, 0.0), q);
    for n in 1..=18 {
        sum += power * (r / (r + f64::from(n)));
        power = power * q * -1.0;
    }
    sum
}

/// q ln(1 + 1/q).
pub(super) fn families(q: Complex) -> Complex {
    let inverse = Complex::new(1.0, 0.0) / q;
    if inverse.norm() < 1e-3 {
        return inverse * (inverse * (1.0 / 3.0) + -0.5) + 1.0;
    }
    q * (inverse + 1.0).ln()
}

/// From H(q) to H(q e^length).
struct Rung {
    factor: f64,
    /// e^(-v) and weight times r e^(-r v) at each Gauss point v of the rung.
    points: [(f64, f64); 5],
    /// e^(-r length).
    kept: f64,
}

/// Gauss-Legendre, five points on (0, 1).
const GAUSS: [(f64, f64); 5] = [
    (0.046_910_077_030_668, 0.118_463_442_528_094_5),
    (0.230_765_344_947_158_4, 0.239_314_335_249_683_2),
    (0.5, 0.284_444_444_444_444_4),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_2),
    (0.953_089_922_969_332, 0.118_463_442_528_094_5),
];

impl Rung {
    fn new(length: f64, r: f64) -> Rung {
        let points = GAUSS.map(|(at, weight)| {
            let v = at * length;
            (libm::exp(-v), weight * length * r * libm::exp(-r * v))
        });
        Rung { factor: libm::exp(length), points, kept: libm::exp(-r * length) }
    }

    /// H at `q`, the upper end, from `h`, its value at the lower end.
    fn up(&self, q: Complex, h: Complex) -> Complex {
        let mut sum = h * self.kept;
        for (y, weight) in self.points {
            let here = q * y;
            sum += here / (here + 1.0) * weight;
        }
        sum
    }
}
