//! CPU time of the calling thread, which a busy machine stretches less than the clock on the wall. Where a system does
//! not tell it (outside Unix), the wall's clock stands in, and [`NAME`] says so.

/// What is measured, as it is printed.
pub const NAME: &str = if cfg!(unix) { "CPU time of one thread" } else { "wall-clock time" };

/// A moment of the thread's clock.
pub struct Clock(Moment);

#[cfg(unix)]
type Moment = std::time::Duration;
#[cfg(not(unix))]
type Moment = std::time::Instant;

impl Clock {
    /// Now.
    pub fn start() -> Clock {
        Clock(now())
    }

    /// Milliseconds of this thread since the start.
    pub fn milliseconds(&self) -> f64 {
        1e3 * now().saturating_sub_moment(self.0)
    }
}

/// Seconds between two moments.
trait Between {
    fn saturating_sub_moment(self, earlier: Self) -> f64;
}

#[cfg(unix)]
impl Between for std::time::Duration {
    fn saturating_sub_moment(self, earlier: Self) -> f64 {
        self.saturating_sub(earlier).as_secs_f64()
    }
}

#[cfg(not(unix))]
impl Between for std::time::Instant {
    fn saturating_sub_moment(self, earlier: Self) -> f64 {
        self.saturating_duration_since(earlier).as_secs_f64()
    }
}

#[cfg(unix)]
fn now() -> Moment {
    use nix::time::{ClockId, clock_gettime};
    // The clock exists on every Unix that the crate compiles on; were it refused, all times would read 0.
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Moment::ZERO, Moment::from)
}

#[cfg(not(unix))]
fn now() -> Moment {
    Moment::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn sleeping_costs_next_to_nothing_and_working_costs_something() {
        let clock = Clock::start();
        std::thread::sleep(std::time::Duration::from_millis(100));
        let asleep = clock.milliseconds();
        assert!(asleep < 50.0, "{asleep}");
        let mut x = 1.0f64;
        while clock.milliseconds() < asleep + 5.0 {
            x = std::hint::black_box(x.sqrt() + 1.0);
        }
    }
}
