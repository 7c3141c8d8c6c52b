//! Points of the unit cube that are evenly spread along every axis: Latin hypercube samples.
//!
//! McKay, Beckman & Conover 1979, Technometrics 21:239: each axis is cut into n parts, each point takes one part of every axis, by a random
//! order of its own for each, and a random place within it. Every point is uniform in the cube, so means over points have no bias, and what
//! an axis does by itself is averaged over all its parts (Stein 1987, Technometrics 29:143).
//!
//! Looked at and left: rank-1 lattices. Projections on pairs of the 24 axes are too uneven at the sizes in use here, and a bootstrap over
//! their rows does not see it.

use remission_engine::stream::Stream;

/// `n` points in `dimensions` dimensions, none of them on the edge of the cube.
///
/// ```
/// use remission_cohort::sensitivity::hypercube::points;
/// use remission_engine::stream::{Purpose, Stream};
/// let found = points(64, 3, &mut Stream::new(1, 0, 0, Purpose::Check));
/// let mut parts: Vec<usize> = found.iter().map(|p| (64.0 * p[1]) as usize).collect();
/// parts.sort();
/// assert_eq!(parts, (0..64).collect::<Vec<_>>());
/// ```
pub fn points(n: usize, dimensions: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut out = vec![Vec::with_capacity(dimensions); n];
    for _ in 0..dimensions {
        // Fisher and Yates.
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, below(i + 1, stream));
        }
        for (point, part) in out.iter_mut().zip(order) {
            let u = (part as f64 + stream.uniform()) / n as f64;
            point.push(u.min(1.0 - f64::EPSILON));
        }
    }
    out
}

/// A whole number from 0 to n - 1; n is at least 1.
pub(super) fn below(n: usize, stream: &mut Stream) -> usize {
    ((stream.uniform() * n as f64) as usize).min(n - 1)
}
