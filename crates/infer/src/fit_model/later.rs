//! Clones that are founded under treatment, led to when and where the readings ask for them.
//!
//! A late relapse hangs on a founder that few tumours have in the right months. A clone founded on the way that has x cells' worth when the
//! readings end (so many as x cells of the type when treatment began are expected to leave) makes the readings as likely as those x cells would,
//! G(x), the rest being as it is ([`Asked`]). A founder of some day leaves nobody, or an exponential number with mean m of these, and does
//!     K = s integral of (G(x) - G(0))+ e^(-x / m) / m dx,   s its line's chance to survive,
//! more than nobody would.
//! Founders of the stretch before each look are expected in proportion to the cells that found them, which are expected in proportion to those of
//! the look before ([`remission_engine::tumour::Left`]). So what a cell of type i at that look is hoped to do for the readings to come is
//!     V(i) = sum over channels of f(i, c) K + sum over types of M(i, j) V(j, one look on),
//! f being founders, M descendants. A guess of the readings adds 1 - e^(-V) of the best to what the clones that are there explain; a tumour is led to one more founder
//! in the next stretch with the probability that the first part has of the whole ([`remission_engine::tumour::Tumour::advance_led`]).

use super::asked::{Asked, explained};
use super::patient::Patient;
use remission_engine::step::Line;

/// What is hoped of founders under treatment, by look.
pub(super) struct Later {
    /// V of each type at the look before each look, G being 1 at best.
    hopes: Vec<Vec<f64>>,
    /// The part of the stretch before that look, of each channel into the type, by type, and founders then whose lines reach the end.
    next: Vec<Vec<Next>>,
}

struct Next {
    channel: usize,
    hopes: Vec<f64>,
    founders: Vec<f64>,
}

/// Of a channel, what cells at a look are hoped to do by founders of the stretch after it, and how many of these are expected whose lines reach
/// the end.
pub(super) struct Founding {
    pub channel: usize,
    pub hope: f64,
    pub expected: f64,
}

impl Later {
    /// Of a type that is asked for; none where nobody founds it under treatment, or the readings ask for no size.
    pub fn new(patient: &Patient, to: usize, asked: &Asked) -> Option<Later> {
        let (course, compiled) = (asked.course.as_ref()?, patient.setting.compiled);
        let (types, width) = (compiled.types(), compiled.channels.len());
        let worth = course.wanted.last()? / course.wanted[0];
        let done = |line: &Line| line.survival * explained(&asked.likely, (1.0 + line.odds) / worth);
        let channels = || (0..width).filter(|&c| compiled.channels[c].to == to);
        let (mut hopes, mut next) = (Vec::new(), Vec::new());
        let mut ahead = vec![0.0; types];
        for (look, left) in patient.left().iter().enumerate().rev() {
            // Of founders at both ends of the stretch.
            let ends = [&course.onward[look], &course.onward[look + 1]];
            let done = ends.iter().map(|line| 0.5 * done(line)).sum::<f64>();
            let survive = ends.iter().map(|line| 0.5 * line.survival).sum::<f64>();
            let of = |c: usize| {
                let times = |x: f64| (0..types).map(|i| x * left.founders[i * width + c]).collect();
                Next { channel: c, hopes: times(done), founders: times(survive) }
            };
            let here: Vec<Next> = channels().map(of).collect();
            let hope = |i: usize| {
                let onward: f64 = (0..types).map(|j| left.means[i * types + j] * ahead[j]).sum();
                onward + here.iter().map(|h| h.hopes[i]).sum::<f64>()
            };
            ahead = (0..types).map(hope).collect();
            hopes.push(ahead.clone());
            next.push(here);
        }
        let some = ahead.iter().all(|v| v.is_finite()) && ahead.iter().any(|v| *v > 0.0);
        hopes.reverse();
        next.reverse();
        some.then_some(Later { hopes, next })
    }

    /// What is hoped of these cells at the look before look number `look`: the chance that somebody is founded who does.
    pub fn hope(&self, look: usize, cells: &[f64]) -> f64 {
        -libm::expm1(-sum(cells, &self.hopes[look]))
    }

    /// The part of the stretch until then, by channel.
    pub fn next(&self, look: usize, cells: &[f64]) -> Vec<Founding> {
        let share = self.hope(look, cells) / sum(cells, &self.hopes[look]);
        let of = |n: &Next| Founding {
            channel: n.channel,
            hope: share * sum(cells, &n.hopes),
            expected: sum(cells, &n.founders),
        };
        self.next[look].iter().map(of).collect()
    }
}

fn sum(cells: &[f64], of: &[f64]) -> f64 {
    cells.iter().zip(of).map(|(n, x)| n * x).sum()
}
