//! The exponential law: how long until something that happens at rate 1.
//!
//! # Law
//! Density e⁻ˣ for x > 0; mean 1, variance 1.
//!
//! # Method
//! Ziggurat of 256 layers (see `ziggurat`). Beyond its tail the law has no memory: add where the tail begins and draw anew.
//!
//! # Numerics
//! The layer takes the lowest eight bits of a word and the place within it the highest 52, so the two are independent. Values
//! lie on a grid no coarser than 2⁻⁴⁹ and are never 0.

use super::ziggurat::{EXPONENTIAL, EXPONENTIAL_TAIL};
use crate::stream::Stream;

/// Exponential with mean 1, greater than 0. Divide by a rate for a waiting time.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// let days_to_division = draw::exponential(&mut stream) / 0.14; // births per cell and day
/// assert!(days_to_division > 0.0);
/// ```
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    let mut tail = 0.0;
    loop {
        let word = stream.next_u64();
        let layer = (word & 0xff) as usize;
        let u = ((word >> 12) as i64 as f64 + 0.5) * (1.0 / (1u64 << 52) as f64);
        let x = u * EXPONENTIAL.x[layer];
        if x < EXPONENTIAL.x[layer + 1] {
            return tail + x;
        }
        if layer == 0 {
            tail += EXPONENTIAL_TAIL;
        } else if in_wedge(stream, layer, x) {
            return tail + x;
        }
    }
}

#[cold]
fn in_wedge(stream: &mut Stream, layer: usize, x: f64) -> bool {
    let (low, high) = (EXPONENTIAL.y[layer], EXPONENTIAL.y[layer + 1]);
    low + (high - low) * stream.uniform() < libm::exp(-x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_starts_over_where_it_begins() {
        // The base layer at its far end, then layer 200 near its inner edge.
        let inner = (Stream::word_for(0.5) & !0xff) | 200;
        let mut stream = Stream::scripted(vec![!0xff, inner]);
        let x = exponential(&mut stream);
        assert!((x - EXPONENTIAL_TAIL - 0.5 * EXPONENTIAL.x[200]).abs() < 1e-14);
    }

    #[test]
    fn the_wedge_takes_a_point_below_the_curve_and_refuses_one_above() {
        // In layer 1, between the inner and the outer end.
        let u = 0.5 * (1.0 + EXPONENTIAL.x[2] / EXPONENTIAL.x[1]);
        let between = (Stream::word_for(u) & !0xff) | 1;
        let low = Stream::word_for(1e-9);
        let high = Stream::word_for(1.0 - 1e-9);
        let inner = (Stream::word_for(0.5) & !0xff) | 200;
        let x = exponential(&mut Stream::scripted(vec![between, low]));
        assert!((x - u * EXPONENTIAL.x[1]).abs() < 1e-14);
        let x = exponential(&mut Stream::scripted(vec![between, high, inner]));
        assert!((x - 0.5 * EXPONENTIAL.x[200]).abs() < 1e-14);
    }
}
