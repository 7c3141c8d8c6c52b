//! Complex numbers, as far as a contour needs them.

use std::ops::{Add, Div, Mul};

/// Real and imaginary part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Complex(pub f64, pub f64);

impl Complex {
    /// Distance from 0.
    pub fn norm(self) -> f64 {
        libm::hypot(self.0, self.1)
    }

    /// e to this power.
    pub fn exp(self) -> Complex {
        let size = libm::exp(self.0);
        let (sine, cosine) = libm::sincos(self.1);
        Complex(size * cosine, size * sine)
    }

    /// Principal logarithm.
    pub fn ln(self) -> Complex {
        Complex(libm::log(self.norm()), libm::atan2(self.1, self.0))
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, other: Complex) -> Complex {
        Complex(self.0 + other.0, self.1 + other.1)
    }
}

impl Add<f64> for Complex {
    type Output = Complex;
    fn add(self, other: f64) -> Complex {
        Complex(self.0 + other, self.1)
    }
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, other: Complex) -> Complex {
        Complex(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }
}

impl Mul<f64> for Complex {
    type Output = Complex;
    fn mul(self, other: f64) -> Complex {
        Complex(self.0 * other, self.1 * other)
    }
}

impl Div for Complex {
    type Output = Complex;
    fn div(self, other: Complex) -> Complex {
        let size = other.0 * other.0 + other.1 * other.1;
        Complex((self.0 * other.0 + self.1 * other.1) / size, (self.1 * other.0 - self.0 * other.1) / size)
    }
}
