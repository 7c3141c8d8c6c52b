//! The standard normal law.
//!
//! # Law
//! Density exp(−x²/2)/√(2π); mean 0, variance 1.
//!
//! # Method
//! Ziggurat of 256 layers (see `ziggurat`), with Marsaglia's exact tail (*Generating a variable from the tail of the
//! normal distribution*, Technometrics 6, 1964). Layer and place take different bits of the word, which answers Doornik's
//! objection (*An improved ziggurat method*, 2005) to the first published code.
//!
//! # Numerics
//! Values lie on a grid no coarser than 2⁻⁵⁰, are symmetric about 0 and are never 0.

use super::ziggurat::{NORMAL, NORMAL_TAIL};
use crate::stream::Stream;

/// Normal with mean 0 and variance 1.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Parameters);
/// let clearance = 12.0 * libm::exp(0.3 * draw::normal(&mut stream)); // log-normal between patients
/// assert!(clearance > 0.0);
/// ```
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    loop {
        let word = stream.next_u64();
        let layer = (word & 0xff) as usize;
        let u = (((word as i64) >> 11) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64);
        let x = u * NORMAL.x[layer];
        if x.abs() < NORMAL.x[layer + 1] {
            return x;
        }
        if layer == 0 {
            return tail(stream, u < 0.0);
        }
        if in_wedge(stream, layer, x) {
            return x;
        }
    }
}

#[cold]
fn in_wedge(stream: &mut Stream, layer: usize, x: f64) -> bool {
    let (low, high) = (NORMAL.y[layer], NORMAL.y[layer + 1]);
    low + (high - low) * stream.uniform() < libm::exp(-0.5 * x * x)
}

#[cold]
fn tail(stream: &mut Stream, negative: bool) -> f64 {
    loop {
        let x = stream.exponential() / NORMAL_TAIL;
        if 2.0 * stream.exponential() > x * x {
            return if negative { -NORMAL_TAIL - x } else { NORMAL_TAIL + x };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_its_mirror_give_a_value_and_its_mirror() {
        for word in [0x4123_4567_89ab_c010_u64, 0x0fff_ffff_ffff_f880, 0x0000_0000_0000_0001] {
            let x = normal(&mut Stream::scripted(vec![word]));
            let y = normal(&mut Stream::scripted(vec![(!word & !0xff) | (word & 0xff)]));
            assert_eq!(x, -y);
        }
    }

    /// Mean of what is beyond T: h - T with h = f(T) / Q(T), and variance 1 + T h - h^2. |z| of 5 is a false alarm once in 1.7 million.
    #[test]
    fn the_tail_is_as_long_as_it_should() {
        let t = NORMAL_TAIL;
        let above = 0.5 * libm::erfc(t / 2.0f64.sqrt());
        let h = libm::exp(-0.5 * t * t) / (std::f64::consts::TAU.sqrt() * above);
        let mut stream = Stream::new(5, 0, 0, crate::stream::Purpose::Check);
        let n = 200_000;
        let mean = (0..n).map(|_| tail(&mut stream, false) - t).sum::<f64>() / f64::from(n);
        let z = (mean - (h - t)) / ((1.0 + t * h - h * h) / f64::from(n)).sqrt();
        println!("mean {mean:.6} for {:.6}, z {z:+.2}", h - t);
        assert!(z.abs() < 5.0, "z {z}");
    }

    #[test]
    fn the_tail_lies_beyond_its_start() {
        let outer = (i64::MAX as u64) & !0xff; // base layer, far right
        let near = (Stream::word_for(0.01) & !0xff) | 200;
        let x = normal(&mut Stream::scripted(vec![outer, near, near]));
        assert!(x > NORMAL_TAIL && x < NORMAL_TAIL + 0.1);
        let x = normal(&mut Stream::scripted(vec![1 << 63, near, near]));
        assert!(x < -NORMAL_TAIL);
    }
}
