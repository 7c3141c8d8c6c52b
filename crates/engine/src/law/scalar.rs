//! The numbers that the backward equations run over: real ones for probabilities, complex ones for the distribution of a
//! count. Only + - * / of the hardware, the rest from `libm`, so that results have the same bits everywhere.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A real or complex number.
pub trait Scalar:
    Copy + Add<Output = Self> + AddAssign + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> + Default
{
    /// A real number.
    fn real(x: f64) -> Self;
    /// This number times a real one.
    fn times(self, x: f64) -> Self;
    /// Largest of the absolute parts; what step control looks at.
    fn size(self) -> f64;
    /// ln(1 - self), with the digits of small numbers kept.
    fn ln_without(self) -> Self;
}

impl Scalar for f64 {
    fn real(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn times(self, x: f64) -> f64 {
        self * x
    }
    #[inline(always)]
    fn size(self) -> f64 {
        self.abs()
    }
    fn ln_without(self) -> f64 {
        // A probability that rounding has put a bit above 1 is 1.
        libm::log1p(-self.min(1.0))
    }
}

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// re + i im.
    pub fn new(re: f64, im: f64) -> Complex {
        Complex { re, im }
    }

    /// e^self.
    pub fn exp(self) -> Complex {
        let r = libm::exp(self.re);
        let (sin, cos) = libm::sincos(self.im);
        Complex { re: r * cos, im: r * sin }
    }

    /// Distance from 0.
    pub fn norm(self) -> f64 {
        libm::hypot(self.re, self.im)
    }

    /// Principal logarithm.
    pub fn ln(self) -> Complex {
        Complex { re: libm::log(self.norm()), im: libm::atan2(self.im, self.re) }
    }

    /// 1 - e^(i t), exact for small t.
    pub fn one_without_turn(t: f64) -> Complex {
        let (sin, cos) = libm::sincos(0.5 * t);
        Complex { re: 2.0 * sin * sin, im: -2.0 * sin * cos }
    }
}

impl Add for Complex {
    type Output = Complex;
    #[inline(always)]
    fn add(self, o: Complex) -> Complex {
        Complex { re: self.re + o.re, im: self.im + o.im }
    }
}

impl Add<f64> for Complex {
    type Output = Complex;
    #[inline(always)]
    fn add(self, x: f64) -> Complex {
        Complex { re: self.re + x, im: self.im }
    }
}

impl Mul<f64> for Complex {
    type Output = Complex;
    #[inline(always)]
    fn mul(self, x: f64) -> Complex {
        Complex { re: self.re * x, im: self.im * x }
    }
}

impl AddAssign for Complex {
    #[inline(always)]
    fn add_assign(&mut self, o: Complex) {
        *self = *self + o;
    }
}

impl Sub for Complex {
    type Output = Complex;
    #[inline(always)]
    fn sub(self, o: Complex) -> Complex {
        Complex { re: self.re - o.re, im: self.im - o.im }
    }
}

impl Mul for Complex {
    type Output = Complex;
    #[inline(always)]
    fn mul(self, o: Complex) -> Complex {
        Complex { re: self.re * o.re - self.im * o.im, im: self.re * o.im + self.im * o.re }
    }
}

impl Div for Complex {
    type Output = Complex;
    fn div(self, o: Complex) -> Complex {
        // Smith 1962 (Commun. ACM 5:435): no square that could overflow.
        if o.re.abs() >= o.im.abs() {
            let r = o.im / o.re;
            let n = o.re + o.im * r;
            Complex { re: (self.re + self.im * r) / n, im: (self.im - self.re * r) / n }
        } else {
            let r = o.re / o.im;
            let n = o.re * r + o.im;
            Complex { re: (self.re * r + self.im) / n, im: (self.im * r - self.re) / n }
        }
    }
}

impl Neg for Complex {
    type Output = Complex;
    #[inline(always)]
    fn neg(self) -> Complex {
        Complex { re: -self.re, im: -self.im }
    }
}

impl Scalar for Complex {
    fn real(x: f64) -> Complex {
        Complex { re: x, im: 0.0 }
    }
    #[inline(always)]
    fn times(self, x: f64) -> Complex {
        self * x
    }
    #[inline(always)]
    fn size(self) -> f64 {
        self.re.abs().max(self.im.abs())
    }
    fn ln_without(self) -> Complex {
        // |1 - e|^2 = 1 - 2 Re e + |e|^2
        let square = self.re * self.re + self.im * self.im;
        Complex { re: 0.5 * libm::log1p(square - 2.0 * self.re), im: libm::atan2(-self.im, 1.0 - self.re) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_their_digits() {
        let e = Complex::new(1e-20, -3e-19);
        let l = e.ln_without();
        assert!((l.re + 1e-20).abs() < 1e-33 && (l.im - 3e-19).abs() < 1e-33, "{l:?}");
        let turn = Complex::one_without_turn(1e-12);
        assert!((turn.re / 0.5e-24 - 1.0).abs() < 1e-12 && (turn.im / -1e-12 - 1.0).abs() < 1e-12, "{turn:?}");
        let huge = Complex::new(1e300, -2e300);
        let one = huge / huge;
        assert!((one - Complex::real(1.0)).size() < 1e-15, "{one:?}");
        let back = Complex::new(0.3, 0.4).ln_without().exp();
        assert!((back.re - 0.7).abs() < 1e-15 && (back.im + 0.4).abs() < 1e-15, "{back:?}");
    }
}
