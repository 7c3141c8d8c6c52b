//! Counting rare events one waiting time after another, shared by three laws.
//!
//! # Law
//! Events come at rate a + s k after k of them. By time t their number is
//!
//! - s = 0: Poisson with mean a t (independent founders),
//! - s = −1: binomial(a, 1 − e^(−t)) (each of a cells dies at rate 1),
//! - s = +1: negative binomial with a successes and odds eᵗ − 1 (Yule's pure birth from a lines; a need not be whole).
//!
//! # Method
//! Add exponential waiting times, each over its rate, until they pass t (Devroye, *Non-Uniform Random Variate Generation*, 1986,
//! X.3.3 and X.4.3). Nearly every draw is one uniform and one comparison; no sum of probabilities is rounded.
//!
//! # Numerics
//! The first waiting time comes from a uniform of full relative precision near 0, so that an event of probability 10⁻³⁰ has it.

use crate::stream::Stream;

/// Below this mean events are rare.
pub(super) const RARE: f64 = 1.0 / 1024.0;

/// The number of events by the time `time()`, which is at most `bound` and is asked for only when `bound` does not decide.
/// `rate` × `bound`, about the mean, should be below some 1/100. Rates stop at 0.
#[inline]
pub(super) fn rare_events(stream: &mut Stream, rate: f64, slope: f64, bound: f64, time: impl FnOnce() -> f64) -> u64 {
    let u = stream.uniform_near_zero();
    // −ln(1 − u) > u, so nearly every draw ends here.
    if u >= rate * bound {
        return 0;
    }
    count(stream, rate, slope, -libm::log1p(-u), time())
}

#[cold]
fn count(stream: &mut Stream, rate: f64, slope: f64, first: f64, time: f64) -> u64 {
    let mut elapsed = first / rate;
    let mut rate = rate;
    let mut events = 0;
    while elapsed < time {
        events += 1;
        rate += slope;
        if rate <= 0.0 {
            break;
        }
        elapsed += stream.exponential() / rate;
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_when_nobody_is_left() {
        let soon = Stream::word_for(1e-6) & !0xff;
        let mut stream = Stream::scripted(vec![Stream::word_for(0.001), soon, soon]);
        assert_eq!(rare_events(&mut stream, 3.0, -1.0, 0.004, || 0.004), 3);
    }

    #[test]
    fn a_family_grows_faster_as_it_grows() {
        let word = Stream::word_for(0.3) & !0xff | 200;
        let waited = Stream::scripted(vec![word]).exponential();
        // From half a line the second event comes at rate 1.5 and the third at 2.5, one wait later each.
        for (rates, events) in [(1.0 / 1.4, 2), (1.0 / 1.5 + 1.0 / 2.4, 3), (1.0 / 1.5 + 1.0 / 2.6, 2)] {
            let mut stream = Stream::scripted(vec![word; 3]);
            assert_eq!(count(&mut stream, 0.5, 1.0, 0.1, 0.2 + rates * waited), events);
        }
    }

    #[test]
    fn a_late_first_event_asks_for_nothing_more() {
        let mut stream = Stream::scripted(vec![Stream::word_for(0.8)]);
        assert_eq!(rare_events(&mut stream, 2.0, 1.0, 0.3, || unreachable!()), 0);
    }
}
