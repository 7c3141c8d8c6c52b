//! Rates that go wrong: ten thousand generated models with divisions by zero, overflow, negative and exploding rates, through
//! drugs, time, counts, levels and parameters. Each runs, or ends with a failure that says what, when and in which state;
//! none panics and none goes on without end.
//!
//! Models come from a numbered generator, so a failing one is found again by its number. Nothing here is a statistical test.
//! `MODELS=1000000 cargo test --release -p remission-engine --test bad_rates` looks at more.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::failure::{Budget, Failure};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::{Expr, Law, Op, Slot};
use remission_model::resolved::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MODELS: u64 = 10_000;
/// Small, so that ten thousand models take a minute; what is tested is that the budget ends a run wherever it is.
const WORK: Budget = Budget { events: 2_000, steps: 80, evaluations: 4_000, clones: 500 };
/// Processor time that one model may take by either method, seconds.
const LONGEST: f64 = 2.0;

/// Draws models.
struct Generator {
    stream: Stream,
    parameters: usize,
    drugs: usize,
    levels: usize,
    types: usize,
}

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        (self.stream.next_u64() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn wild_number(&mut self) -> f64 {
        const WILD: [f64; 16] =
            [0.0, 1.0, -1.0, 0.5, 2.0, 10.0, 1e-3, 1e3, -1e3, 1e6, 1e-300, 1e300, 1e17, -1e-9, 5e-324, f64::MAX];
        WILD[self.below(WILD.len())]
    }

    fn slot(&mut self) -> Expr {
        let counts = [1, 1, self.types, self.levels, 3 * self.drugs, self.parameters];
        loop {
            let kind = self.below(counts.len());
            if counts[kind] == 0 {
                continue;
            }
            let k = self.below(counts[kind]);
            return Expr::Slot(match kind {
                0 => Slot::Time,
                1 => Slot::Total,
                2 => Slot::Cells(k),
                3 => Slot::Level(k),
                4 => [Slot::Drug(k / 3), Slot::Delayed(k / 3), Slot::Effect(k / 3)][k % 3],
                _ => Slot::Parameter(k),
            });
        }
    }

    fn wild(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.one_in(5) {
            return if self.one_in(2) { number(self.wild_number()) } else { self.slot() };
        }
        const TWO: [Law; 5] = [Law::Min, Law::Max, Law::Logistic, Law::Gompertz, Law::Hill];
        const THREE: [Law; 6] =
            [Law::Hill, Law::Emax, Law::Richards, Law::PowerLaw, Law::VonBertalanffy, Law::ExponentialLinear];
        match self.below(9) {
            0 => Expr::Neg(Box::new(self.wild(depth - 1))),
            1 => Expr::Call([Law::Exp, Law::Ln, Law::Sqrt][self.below(3)], vec![self.wild(depth - 1)]),
            2 => {
                let law = TWO[self.below(4)];
                Expr::Call(law, vec![self.wild(depth - 1), self.wild(depth - 1)])
            }
            3 => {
                let law = THREE[self.below(6)];
                Expr::Call(law, vec![self.wild(depth - 1), self.wild(depth - 1), self.wild(depth - 1)])
            }
            k => {
                let op = [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Pow][k - 4];
                Expr::Binary(op, Box::new(self.wild(depth - 1)), Box::new(self.wild(depth - 1)))
            }
        }
    }

    /// A rate of usual size, or one that may be anything: as it is, or added to a usual one, where it can turn bad later.
    fn rate(&mut self, usual: f64) -> Expr {
        let plain = number(usual * self.stream.uniform());
        match self.below(6) {
            0 => self.wild(3),
            1 => plus(plain, times(number(0.01), self.wild(2))),
            _ => plain,
        }
    }

    fn model(number_of: u64) -> Model {
        let mut g = Generator {
            stream: Stream::new(number_of, 0, 0, Purpose::Check),
            parameters: 2,
            drugs: 0,
            levels: 0,
            types: 1,
        };
        (g.drugs, g.levels, g.types) = (g.below(2), g.below(5) / 3, 1 + g.below(3));
        let names = ["S", "P", "R"];
        let mut cells = Vec::new();
        for i in 0..g.types {
            let mut c = cell(names[i], 0.0, 0.0);
            (c.birth, c.death) = (g.rate(0.6), g.rate(0.6));
            if g.one_in(5) {
                c.immigration = Some(g.rate(2.0));
            }
            if g.types > 1 && g.one_in(2) {
                let to = (i + 1) % g.types;
                c.switches = vec![Switch { to, rate: g.rate(0.2) }];
            }
            if g.types > 1 && g.one_in(2) {
                let to = (i + g.types - 1) % g.types;
                let per_division = g.one_in(2);
                c.mutations = vec![Mutation::new(to, per_division, g.rate(0.02))];
            }
            cells.push(c);
        }
        let mut m = model(cells, &[]);
        // Parameters are given their values in `run`; their laws matter to the cohort alone.
        m.start = if g.one_in(3) {
            Start::Grown { founder: 0, from: 1, until: number([5.0, 100.0, 1e5][g.below(3)]) }
        } else {
            let cells = [1.0, 30.0, 1e3, 1e9, 1e15][g.below(5)];
            Start::Given(vec![(0, if g.one_in(10) { g.wild(1) } else { number(cells) })])
        };
        for _ in 0..g.levels {
            let start = if g.one_in(10) { g.wild(1) } else { number(1.0) };
            let rate = g.rate(1.0);
            m.levels.push(Level { name: "level".into(), start, rate, unit: String::new(), unit_scale: 1.0 });
        }
        for _ in 0..g.drugs {
            let mut drug = if g.one_in(2) { held_drug() } else { oral_drug(20.0, 3.0, 1.0) };
            if g.one_in(5) {
                drug.clearance = number(g.wild_number());
            }
            if g.one_in(5) {
                drug.volume = number(g.wild_number());
            }
            m.drugs.push(drug);
        }
        m
    }
}

/// Runs one model; whatever happens, with the work done in seconds of processor time.
fn run(compiled: &Compiled, method: Method, number_of: u64) -> Result<(), Failure> {
    let mut stream = Stream::new(number_of, 1, 0, Purpose::Check);
    let parameters = [1.0, [0.0, 1e300, -1.0, f64::INFINITY, f64::NAN, 3.0][(number_of % 6) as usize]];
    let start = before::start_within(compiled, &parameters, method, WORK, &mut stream)?;
    let mut tumour = Tumour::new(compiled, &parameters, start, method)?;
    tumour.limit(WORK);
    if !compiled.model.drugs.is_empty() {
        tumour.follow(&if number_of.is_multiple_of(2) { every(0, 1.0, 1.0) } else { always_on() });
    }
    for look in 1..=2 {
        tumour.advance(4.0 * f64::from(look), f64::INFINITY, &mut stream)?;
        assert_eq!(tumour.state.time, 4.0 * f64::from(look), "it stopped early without a word");
    }
    Ok(())
}

/// A failure must say what went wrong, when, and in which state.
fn is_told(compiled: &Compiled, failure: &Failure) -> bool {
    let said = failure.to_string();
    let told = match failure {
        Failure::Rate { term, value, time, state } => {
            let everything = compiled.model.drugs.len() + compiled.model.levels.len() + compiled.types();
            let named = term.starts_with("cells.") || term.starts_with("levels.");
            let bad = !value.is_finite() || *value < 0.0 || term.contains("mutates") || term.starts_with("levels.");
            named && bad && time.is_finite() && state.len() == everything
        }
        Failure::Budget { what, time } => !what.is_empty() && time.is_finite(),
        Failure::TooMany { time } => time.is_finite(),
        Failure::NeverDetected { why, .. } => !why.is_empty(),
        Failure::Parameter { name, .. } => !name.is_empty(),
        // A simulation has no such limit.
        Failure::NoLaw { .. } => false,
    };
    told && said.len() > 20
}

fn seconds() -> f64 {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    own.and_then(|s| s.split(' ').next().and_then(|x| x.parse::<f64>().ok())).map_or(0.0, |n| n * 1e-9)
}

#[test]
fn bad_rates_end_with_a_reason() {
    let models = std::env::var("MODELS").ok().and_then(|n| n.parse().ok()).unwrap_or(MODELS);
    let names = ["ran", "rate", "budget", "too many", "never detected", "parameter"];
    let mut ended = [[0u64; 6]; 2];
    let mut faults = Vec::new();
    let (mut slowest, mut which) = (0.0, 0);
    for k in 0..models {
        let compiled = Compiled::new(&Generator::model(k));
        for (m, method) in [Method::Exact, Method::Leap].into_iter().enumerate() {
            let began = seconds();
            let outcome = catch_unwind(AssertUnwindSafe(|| run(&compiled, method, k)));
            let took = seconds() - began;
            if took > slowest {
                (slowest, which) = (took, k);
            }
            if took > LONGEST {
                faults.push(format!("model {k}, {method:?}: {took:.1} s"));
            }
            let kind = match outcome {
                Err(_) => {
                    faults.push(format!("model {k}, {method:?}: panic"));
                    continue;
                }
                Ok(Ok(())) => 0,
                Ok(Err(failure)) => {
                    if !is_told(&compiled, &failure) {
                        faults.push(format!("model {k}, {method:?}: {failure:?} says too little"));
                    }
                    match failure {
                        Failure::Rate { .. } => 1,
                        Failure::Budget { .. } => 2,
                        Failure::TooMany { .. } => 3,
                        Failure::NeverDetected { .. } | Failure::NoLaw { .. } => 4,
                        Failure::Parameter { .. } => 5,
                    }
                }
            };
            ended[m][kind] += 1;
        }
    }
    for (m, method) in ["exact", "leap"].iter().enumerate() {
        let parts: Vec<String> = names.iter().zip(ended[m]).map(|(name, n)| format!("{name} {n}")).collect();
        println!("{models} models, {method}: {}", parts.join(", "));
    }
    println!("slowest: model {which}, {slowest:.3} s of processor time");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(30)].join("\n"));
    // The generator must reach what it is there for.
    assert!(ended.iter().all(|e| e[0] > models / 10 && e[1] > models / 10 && e[2] > 0 && e[5] > 0));
}
