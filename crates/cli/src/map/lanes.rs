//! Lanes: between two columns every line that changes its height does so on a vertical lane of its own. The order of the lanes is
//! that with few crossings and no two lines on one another, found by moving one lane at a time.

/// Where a net enters or leaves a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pin {
    /// On the left side of the gap.
    pub left: bool,
    /// Height.
    pub y: f64,
    /// What is there.
    pub at: At,
}

/// What is at a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The box where the net begins.
    Out,
    /// Its place in a column that it crosses.
    Pass,
    /// The end of this branch.
    Tap(usize),
}

/// The nets between two columns, each with its pins.
pub struct Gap {
    /// Net and pins.
    pub nets: Vec<(usize, Vec<Pin>)>,
}

/// Lines nearer than this look like one.
const NEAR: f64 = 5.0;
/// What two lines on one another cost, in crossings.
const COVERED: usize = 12;
/// More lanes than this are left in the order of their heights.
const SEARCHED: usize = 40;
/// Rounds in which every lane is moved.
const ROUNDS: usize = 6;

impl Gap {
    /// True when a net needs no lane: it comes in on one side and leaves on the other at one height.
    pub fn level(pins: &[Pin]) -> bool {
        matches!(pins, [a, b] if a.left != b.left && (a.y - b.y).abs() < 0.5)
    }

    /// Places in [`Gap::nets`] of those that need a lane, from left to right.
    pub fn lanes(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.nets.len()).filter(|&n| !Gap::level(&self.nets[n].1)).collect();
        let mean = |n: usize| {
            let left: Vec<f64> = self.nets[n].1.iter().filter(|p| p.left).map(|p| p.y).collect();
            left.iter().sum::<f64>() / left.len().max(1) as f64
        };
        order.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)).then(a.cmp(b)));
        if order.len() > SEARCHED {
            return order;
        }
        let mut cost = self.cost(&order);
        for _ in 0..ROUNDS {
            let before = cost;
            for from in 0..order.len() {
                for to in 0..order.len() {
                    let mut other = order.clone();
                    let lane = other.remove(from);
                    other.insert(to, lane);
                    let c = self.cost(&other);
                    if c < cost {
                        (order, cost) = (other, c);
                    }
                }
            }
            if cost == before {
                break;
            }
        }
        order
    }

    /// Crossings and covered lines of an order.
    fn cost(&self, order: &[usize]) -> usize {
        let mut cost = 0;
        for (ka, a) in order.iter().enumerate() {
            for (kb, b) in order.iter().enumerate().filter(|(kb, _)| *kb != ka) {
                let (pins, others) = (&self.nets[*a].1, &self.nets[*b].1);
                let low = others.iter().map(|p| p.y).fold(f64::INFINITY, f64::min);
                let high = others.iter().map(|p| p.y).fold(f64::NEG_INFINITY, f64::max);
                for pin in pins {
                    // On the left a line runs to its own lane over those before it; on the right from it over those behind.
                    if if pin.left { kb < ka } else { kb > ka } {
                        cost += usize::from(low < pin.y && pin.y < high);
                        let near = |p: &&Pin| p.left != pin.left && (p.y - pin.y).abs() < NEAR;
                        cost += COVERED * others.iter().filter(near).count();
                    }
                }
            }
        }
        cost
    }
}
