//! Clones of a patient's tumour led, while they are small, to grow to what the readings ask for.
//!
//! Clones of some hundred cells grow by chance to a size that scatters by a tenth or more, while readings of a relapse ask for one
//! within some per cent. From visit to visit each of the n cells of a type leaves nobody, or a number of cells that is geometric: K of n lines
//! survive, a binomial number, and m cells of K lines are
//!     P(m | K) = C(m - 1, K - 1) (1 - r)^K r^(m - K),   r / (1 - r) = odds of a line ([`Line`]).
//! Of several pairs one is chosen by the guess of the readings from this visit on: K drawn from its law, m from its law or from about what is asked
//! for, weighed by the law over the mixture of both, so that averages stay. The m - K more than one of each line fall to the lines as
//! they would: to clones by a Dirichlet-multinomial law with their surviving lines.

use super::asked::{below, looks, variance};
use super::led::{Led, SIZES, chosen, missing};
use super::patient::Patient;
use remission_engine::draw;
use remission_engine::state::{Founder, State};
use remission_engine::step::Line;
use remission_engine::stream::Stream;

/// Scatter of the size of all clones, over the spread of the size that is asked for, from which on their growth is led.
const NOISY: f64 = 0.5;
/// Most clones that are led.
const MANY: usize = 256;

/// Clones of a type about to grow.
pub(super) struct Growing {
    look: usize,
    cell_type: usize,
    clones: Vec<(Founder, u64)>,
    line: Line,
}

impl Led {
    /// The clones of the type that the readings ask for most, on their way to look number `look`; none where their growth is sure enough.
    pub fn growing(&self, patient: &Patient, look: usize, state: &State) -> Option<Growing> {
        let compiled = patient.setting.compiled;
        let (cell_type, asked) = self.most_asked()?;
        let spread = asked.course.as_ref()?.spread;
        let line = patient.left().get(look)?.lines[cell_type]?;
        let (b, position) = compiled.place[cell_type];
        let width = compiled.blocks[b].types.len();
        let own = state.blocks[b].founders.iter().zip(state.blocks[b].counts.chunks_exact(width));
        let clones: Vec<(Founder, u64)> = own.map(|(f, row)| (*f, row[position])).collect();
        let cells: u64 = clones.iter().map(|c| c.1).sum();
        let noisy = variance(&line) > (NOISY * spread) * (NOISY * spread) * cells as f64;
        let led = cells > 0 && clones.len() <= MANY && noisy;
        led.then_some(Growing { look, cell_type, clones, line })
    }

    /// Gives those clones other sizes at the look, in a tumour that has come there; returns ln of what the weight is multiplied by.
    pub fn regrown(&self, patient: &Patient, of: Growing, state: &mut State, stream: &mut Stream) -> f64 {
        let compiled = patient.setting.compiled;
        let to = of.cell_type;
        let Some(course) = self.most_asked().and_then(|a| a.1.course.as_ref()) else { return 0.0 };
        let (b, position) = compiled.place[to];
        let width = compiled.blocks[b].types.len();
        // Those that were founded on the way stay.
        let clones = &mut state.blocks[b];
        let last = of.clones.last().map_or(0, |c| c.0.id);
        let old = clones.founders.partition_point(|f| f.id <= last);
        clones.founders.drain(..old);
        clones.counts.drain(..old * width);
        let rest: Vec<f64> = state.by_type(compiled).into_iter().map(|n| n as f64).collect();
        let near = missing(course.near(of.look + 1), rest[to]);
        let per_line = 1.0 / (1.0 + of.line.odds);
        let mut lines: [Vec<u64>; SIZES] = Default::default();
        let law = |k: usize, size: Option<f64>, stream: &mut Stream| {
            let survive = |c: &(Founder, u64)| draw::binomial(stream, c.1, of.line.survival);
            lines[k] = of.clones.iter().map(survive).collect();
            let all: u64 = lines[k].iter().sum();
            let size = size.unwrap_or_else(|| draw::geometric_family_sum_odds(stream, all, of.line.odds) as f64);
            let chance = match (all, size) {
                (0, size) => f64::from(u8::from(size == 0.0)),
                _ => libm::exp(draw::log_binomial(all, size as u64, per_line)) * all as f64 / size.max(1.0),
            };
            (size, chance)
        };
        // From here on without the clones, and of one of their cells.
        let mut one = vec![0.0; rest.len()];
        one[to] = 1.0;
        let (others, one) = (looks(patient, of.look + 1, &rest), looks(patient, of.look + 1, &one));
        let ahead = |size: f64| below(patient, of.look + 1, &others, &one, size);
        let wanted = ahead((course.wanted[of.look + 1] - rest[to]).max(0.0));
        let mut here = rest.clone();
        let guess = |size: f64| {
            here[to] = rest[to] + size;
            let now = patient.below(of.look, &here);
            course.guess(of.look + 1, ahead(size), here[to], wanted) - now
        };
        let Some((k, size, more)) = chosen(near, law, guess, stream) else { return f64::NEG_INFINITY };
        let (mut founders, mut counts) = (Vec::new(), Vec::new());
        let all: u64 = lines[k].iter().sum();
        let (mut cells, mut left) = (size - all, all as f64);
        for ((founder, _), own) in of.clones.iter().zip(&lines[k]).filter(|(_, own)| **own > 0) {
            left -= *own as f64;
            // The share of one among the others of a Dirichlet law is beta.
            let a = draw::gamma(stream, *own as f64, 1.0);
            let share = if left > 0.0 { a / (a + draw::gamma(stream, left, 1.0)) } else { 1.0 };
            let more = draw::binomial(stream, cells, share);
            cells -= more;
            founders.push(*founder);
            let first = counts.len();
            counts.resize(first + width, 0);
            counts[first + position] = own + more;
        }
        let clones = &mut state.blocks[b];
        clones.founders.splice(..0, founders);
        clones.counts.splice(..0, counts);
        more
    }
}
