//! Cholesky factor of a small symmetric matrix, for the log-rank covariance and the Cox information.
//!
//! A = L L' with L lower triangular (Golub and Van Loan, Matrix Computations, 4th ed., 4.2.5), row-major and
//! without pivoting. A pivot that has lost all but `tolerance` of its diagonal names the column that follows from
//! the ones before it.

/// Lower triangular factor of a positive definite matrix, row-major.
pub(super) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the row-major `matrix` (size x size). Errs with the column whose pivot is not above
    /// `tolerance * diagonal` or not above `floor`.
    pub(super) fn new(matrix: &[f64], size: usize, tolerance: f64, floor: f64) -> Result<Cholesky, usize> {
        let mut lower = vec![0.0; size * size];
        for column in 0..size {
            let diagonal = matrix[column * size + column];
            let mut pivot = diagonal;
            for k in 0..column {
                pivot -= lower[column * size + k] * lower[column * size + k];
            }
            // Written so that a NaN pivot is refused too.
            if !(pivot > tolerance * diagonal && pivot > floor && pivot.is_finite()) {
                return Err(column);
            }
            let root = libm::sqrt(pivot);
            lower[column * size + column] = root;
            for row in column + 1..size {
                let mut value = matrix[row * size + column];
                for k in 0..column {
                    value -= lower[row * size + k] * lower[column * size + k];
                }
                lower[row * size + column] = value / root;
            }
        }
        Ok(Cholesky { size, lower })
    }

    /// The solution x of A x = `right`.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let n = self.size;
        let mut x = right.to_vec();
        for row in 0..n {
            for k in 0..row {
                x[row] -= self.lower[row * n + k] * x[k];
            }
            x[row] /= self.lower[row * n + row];
        }
        for row in (0..n).rev() {
            for k in row + 1..n {
                x[row] -= self.lower[k * n + row] * x[k];
            }
            x[row] /= self.lower[row * n + row];
        }
        x
    }

    /// The inverse of A, row-major.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let n = self.size;
        let mut inverse = vec![0.0; n * n];
        let mut unit = vec![0.0; n];
        for column in 0..n {
            unit.fill(0.0);
            unit[column] = 1.0;
            for (row, value) in self.solve(&unit).into_iter().enumerate() {
                inverse[row * n + column] = value;
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_inverts_a_known_matrix() {
        // [4 2; 2 3] x = [8; 7] has x = (1.25, 1.5); its inverse is [3 -2; -2 4] / 8.
        let factor = Cholesky::new(&[4.0, 2.0, 2.0, 3.0], 2, 1e-12, 0.0).ok().unwrap();
        let x = factor.solve(&[8.0, 7.0]);
        assert!((x[0] - 1.25).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
        for (got, want) in factor.inverse().into_iter().zip([0.375, -0.25, -0.25, 0.5]) {
            assert!((got - want).abs() < 1e-15);
        }
    }

    #[test]
    fn names_the_dependent_column() {
        let twice = [1.0, 2.0, 2.0, 4.0];
        assert_eq!(Cholesky::new(&twice, 2, 1e-12, 0.0).err(), Some(1));
        assert_eq!(Cholesky::new(&[f64::NAN], 1, 1e-12, 0.0).err(), Some(0));
    }
}
