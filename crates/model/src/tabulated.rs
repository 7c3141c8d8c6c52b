//! Values of tabulated laws: linear between points, and along both arguments of a surface; constant outside.
//!
//! A surface has a value at every pair of its arguments. Between four of them it is bilinear, so along each argument it is linear
//! and on the edges of a cell of the grid it is that of a table of one argument. Checkerboards of drug combinations are read this way.

use crate::resolved::Table;

impl Table {
    /// Value at `x`: linear between points, the end values outside them.
    pub fn at(&self, x: f64) -> f64 {
        let k = self.x.partition_point(|&p| p <= x);
        if x.is_nan() {
            return f64::NAN;
        }
        if k == 0 {
            return self.y[0];
        }
        if k == self.x.len() {
            return self.y[k - 1];
        }
        let (x0, x1, y0, y1) = (self.x[k - 1], self.x[k], self.y[k - 1], self.y[k]);
        y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
    }

    /// Value of a surface at `x` and `z`; of a table of one argument, that at `x`.
    ///
    /// ```
    /// use remission_model::{resolved::{Axis, Table}, units::Dimension};
    /// let plain = Dimension::PLAIN;
    /// let second = Some(Axis { at: vec![0.0, 2.0], of: plain });
    /// let t = Table { name: "t".into(), x: vec![0.0, 1.0], second, y: vec![0.0, 2.0, 4.0, 10.0], of: plain, gives: plain };
    /// assert_eq!(t.at_both(0.5, 1.0), 4.0);
    /// assert_eq!(t.at_both(-3.0, 9.0), 2.0);
    /// ```
    pub fn at_both(&self, x: f64, z: f64) -> f64 {
        let Some(second) = &self.second else { return self.at(x) };
        if x.is_nan() || z.is_nan() {
            return f64::NAN;
        }
        let ((i, u), (j, v)) = (between(&self.x, x), between(&second.at, z));
        let width = second.at.len();
        let along = |row: usize| {
            let (a, b) = (self.y[row * width + j], self.y[row * width + (j + 1).min(width - 1)]);
            a + (b - a) * v
        };
        let (a, b) = (along(i), along((i + 1).min(self.x.len() - 1)));
        a + (b - a) * u
    }
}

/// The point at or below `x` and how far `x` is on the way to the next, from 0 to 1.
fn between(points: &[f64], x: f64) -> (usize, f64) {
    let k = points.partition_point(|&p| p <= x);
    match k {
        0 => (0, 0.0),
        k if k == points.len() => (k - 1, 0.0),
        k => (k - 1, (x - points[k - 1]) / (points[k] - points[k - 1])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolved::Axis;
    use crate::units::Dimension;

    #[test]
    fn a_surface_meets_its_points_and_is_linear_along_each_argument() {
        let (x, z, plain) = (vec![0.0, 1.0, 4.0], vec![-1.0, 0.0, 2.0, 3.0], Dimension::PLAIN);
        let y: Vec<f64> = (0..12).map(|k| f64::from((k * k * 7) % 11)).collect();
        let second = Some(Axis { at: z.clone(), of: plain });
        let t = Table { name: "t".into(), x: x.clone(), second, y: y.clone(), of: plain, gives: plain };
        for (i, a) in x.iter().enumerate() {
            for (j, b) in z.iter().enumerate() {
                assert_eq!(t.at_both(*a, *b), y[i * z.len() + j], "at a point");
            }
        }
        for k in 0..60 {
            let b = -2.0 + 0.1 * f64::from(k);
            let (low, middle, high) = (t.at_both(1.0, b), t.at_both(2.5, b), t.at_both(4.0, b));
            assert!((middle - 0.5 * (low + high)).abs() < 1e-12, "between rows at {b}");
            // An argument outside is that at the edge.
            assert_eq!(t.at_both(-7.0, b), t.at_both(0.0, b));
            assert_eq!(t.at_both(70.0, b), high);
        }
        assert!(t.at_both(f64::NAN, 0.0).is_nan() && t.at_both(0.0, f64::NAN).is_nan());
    }
}
