//! Many expressions evaluated together: one list of operations in which a common part is computed once.
//!
//! Operations are sorted by what they depend on, so that after a change only the part that could have
//! moved is computed again: parameters (once a patient), then concentrations and time, then levels and counts.
//! Transcendental functions come from `libm`, so results are the same bits on every machine.

use crate::expr::{Expr, Law, Op, Slot};
use crate::laws::call;
use crate::resolved::Table;
use std::collections::HashMap;

/// What a value can change with, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depends {
    /// Fixed for a patient.
    Patient,
    /// Moves with drug concentrations or the clock.
    Exposure,
    /// Moves with levels or counts.
    State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Instruction {
    Number(f64),
    Load(u32),
    Neg(u32),
    Add(u32, u32),
    Sub(u32, u32),
    Mul(u32, u32),
    Div(u32, u32),
    Pow(u32, u32),
    Call1(Law, u32),
    Call2(Law, u32, u32),
    Call3(Law, u32, u32, u32),
    Call4(Law, [u32; 4]),
    Table(u32, u32),
    Surface(u32, u32, u32),
}

/// Compiled expressions. Outputs keep the order in which they were given.
///
/// ```
/// use remission_model::{expr::{Expr, Op, Slot}, program::{Layout, Program, Depends}};
/// let layout = Layout { parameters: 1, drugs: 1, levels: 0, cells: 1 };
/// let rate = Expr::Binary(Op::Mul, Box::new(Expr::Slot(Slot::Parameter(0))), Box::new(Expr::Slot(Slot::Drug(0))));
/// let program = Program::new(&[rate], &[], layout);
/// let mut registers = program.registers();
/// registers.set(Slot::Parameter(0), 0.5);
/// registers.set(Slot::Drug(0), 4.0);
/// program.run(&mut registers, Depends::Patient);
/// assert_eq!(program.output(&registers, 0), 2.0);
/// ```
#[derive(Debug, Clone)]
pub struct Program {
    layout: Layout,
    tables: Vec<Table>,
    instructions: Vec<Instruction>,
    /// First instruction of each class of dependence, and the end.
    starts: [usize; 4],
    outputs: Vec<u32>,
    depends: Vec<Depends>,
}

/// How many of each slot there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Number of parameters.
    pub parameters: usize,
    /// Number of drugs.
    pub drugs: usize,
    /// Number of levels.
    pub levels: usize,
    /// Number of cell types.
    pub cells: usize,
}

impl Layout {
    #[inline]
    fn index(&self, slot: Slot) -> usize {
        let drugs = self.parameters;
        let delayed = drugs + self.drugs;
        let effect = delayed + self.drugs;
        let levels = effect + self.drugs;
        let cells = levels + self.levels;
        match slot {
            Slot::Parameter(i) => i,
            Slot::Drug(i) => drugs + i,
            Slot::Delayed(i) => delayed + i,
            Slot::Effect(i) => effect + i,
            Slot::Level(i) => levels + i,
            Slot::Cells(i) => cells + i,
            Slot::Total => cells + self.cells,
            Slot::Time => cells + self.cells + 1,
        }
    }

    fn len(&self) -> usize {
        self.parameters + 3 * self.drugs + self.levels + self.cells + 2
    }
}

/// Inputs and intermediate values of one [`Program`].
#[derive(Debug, Clone)]
pub struct Registers {
    layout: Layout,
    inputs: Vec<f64>,
    values: Vec<f64>,
    evaluations: u64,
    most: u64,
}

/// What must be computed again after some inputs changed, and nothing else; made by [`Program::plan`].
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    instructions: Vec<u32>,
    outputs: Vec<u32>,
}

impl Plan {
    /// True when expression `k` may have moved.
    pub fn moves(&self, k: usize) -> bool {
        self.outputs.binary_search(&(k as u32)).is_ok()
    }
}

impl Registers {
    /// How many times all that could have moved was computed again; what a budget of work is kept by.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// How many evaluations may be done; `u64::MAX` at first. Who computes rates looks at it, also within one step.
    pub fn limit(&mut self, evaluations: u64) {
        self.most = evaluations;
    }

    /// What [`limit`](Self::limit) said.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Counts one evaluation that was done by a plan.
    pub fn count(&mut self) {
        self.evaluations += 1;
    }

    /// Begins the count of evaluations anew.
    pub fn restart(&mut self) {
        self.evaluations = 0;
    }

    /// Sets an input, in base units.
    #[inline]
    pub fn set(&mut self, slot: Slot, value: f64) {
        self.inputs[self.layout.index(slot)] = value;
    }

    /// Reads an input back.
    #[inline]
    pub fn get(&self, slot: Slot) -> f64 {
        self.inputs[self.layout.index(slot)]
    }
}

impl Program {
    /// Compiles `expressions` over `tables`.
    pub fn new(expressions: &[Expr], tables: &[Table], layout: Layout) -> Self {
        let mut build = Builder { layout, nodes: Vec::new(), seen: HashMap::new() };
        let outputs: Vec<u32> = expressions.iter().map(|e| build.add(e)).collect();
        // Stable sort by dependence keeps operands before their users: an operand never depends on more.
        let mut order: Vec<usize> = (0..build.nodes.len()).collect();
        order.sort_by_key(|&i| build.nodes[i].1);
        let mut place = vec![0u32; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new as u32;
        }
        let instructions = order.iter().map(|&old| build.nodes[old].0.moved(&place)).collect();
        let classes: Vec<Depends> = order.iter().map(|&old| build.nodes[old].1).collect();
        let starts = [
            0,
            classes.partition_point(|&c| c < Depends::Exposure),
            classes.partition_point(|&c| c < Depends::State),
            classes.len(),
        ];
        let outputs: Vec<u32> = outputs.iter().map(|&o| place[o as usize]).collect();
        let depends = outputs.iter().map(|&o| classes[o as usize]).collect();
        Program { layout, tables: tables.to_vec(), instructions, starts, outputs, depends }
    }

    /// Fresh registers, all inputs 0.
    pub fn registers(&self) -> Registers {
        Registers {
            layout: self.layout,
            inputs: vec![0.0; self.layout.len()],
            values: vec![0.0; self.instructions.len()],
            evaluations: 0,
            most: u64::MAX,
        }
    }

    /// Computes everything that can have moved since an input of class `changed` was set.
    pub fn run(&self, registers: &mut Registers, changed: Depends) {
        let start = self.starts[changed as usize];
        registers.evaluations += 1;
        let (inputs, values) = (&registers.inputs[..], &mut registers.values[..]);
        for (k, &instruction) in self.instructions.iter().enumerate().skip(start) {
            values[k] = self.value(instruction, inputs, values);
        }
    }

    /// The value of one instruction, from those before it.
    #[inline(always)]
    fn value(&self, instruction: Instruction, inputs: &[f64], values: &[f64]) -> f64 {
        let v = |i: u32| values[i as usize];
        match instruction {
            Instruction::Number(x) => x,
            Instruction::Load(i) => inputs[i as usize],
            Instruction::Neg(a) => -v(a),
            Instruction::Add(a, b) => v(a) + v(b),
            Instruction::Sub(a, b) => v(a) - v(b),
            Instruction::Mul(a, b) => v(a) * v(b),
            Instruction::Div(a, b) => v(a) / v(b),
            Instruction::Pow(a, b) => libm::pow(v(a), v(b)),
            Instruction::Call1(law, a) => call(law, [v(a), 0.0, 0.0, 0.0]),
            Instruction::Call2(law, a, b) => call(law, [v(a), v(b), 0.0, 0.0]),
            Instruction::Call3(law, a, b, c) => call(law, [v(a), v(b), v(c), 0.0]),
            Instruction::Call4(law, x) => call(law, x.map(v)),
            Instruction::Table(t, a) => self.tables[t as usize].at(v(a)),
            Instruction::Surface(t, a, b) => self.tables[t as usize].at_both(v(a), v(b)),
        }
    }

    /// What depends on any of these inputs, however far: a walk through the graph of dependence.
    ///
    /// ```
    /// use remission_model::{expr::{Expr, Slot}, program::{Layout, Program}};
    /// let layout = Layout { parameters: 0, drugs: 0, levels: 0, cells: 2 };
    /// let rates = [Expr::Neg(Box::new(Expr::Slot(Slot::Cells(0)))), Expr::Slot(Slot::Cells(1))];
    /// let program = Program::new(&rates, &[], layout);
    /// let plan = program.plan(&[Slot::Cells(1)]);
    /// assert!(plan.moves(1) && !plan.moves(0));
    /// ```
    pub fn plan(&self, changed: &[Slot]) -> Plan {
        let inputs: Vec<u32> = changed.iter().map(|&s| self.layout.index(s) as u32).collect();
        let mut moved = vec![false; self.instructions.len()];
        for (k, instruction) in self.instructions.iter().enumerate() {
            let m = |i: u32| moved[i as usize];
            moved[k] = match *instruction {
                Instruction::Number(_) => false,
                Instruction::Load(i) => inputs.contains(&i),
                Instruction::Neg(a) | Instruction::Call1(_, a) | Instruction::Table(_, a) => m(a),
                Instruction::Add(a, b)
                | Instruction::Sub(a, b)
                | Instruction::Mul(a, b)
                | Instruction::Div(a, b)
                | Instruction::Pow(a, b)
                | Instruction::Call2(_, a, b)
                | Instruction::Surface(_, a, b) => m(a) || m(b),
                Instruction::Call3(_, a, b, c) => m(a) || m(b) || m(c),
                Instruction::Call4(_, x) => x.into_iter().any(m),
            };
        }
        let instructions = (0..moved.len()).filter(|&k| moved[k]).map(|k| k as u32).collect();
        let outputs = (0..self.outputs.len()).filter(|&k| moved[self.outputs[k] as usize]).map(|k| k as u32).collect();
        Plan { instructions, outputs }
    }

    /// Computes what `plan` says; the rest must be up to date.
    pub fn run_plan(&self, registers: &mut Registers, plan: &Plan) {
        let (inputs, values) = (&registers.inputs[..], &mut registers.values[..]);
        for &k in &plan.instructions {
            values[k as usize] = self.value(self.instructions[k as usize], inputs, values);
        }
    }

    /// Value of expression `k` after the last [`run`](Self::run).
    #[inline]
    pub fn output(&self, registers: &Registers, k: usize) -> f64 {
        registers.values[self.outputs[k] as usize]
    }

    /// What expression `k` changes with.
    pub fn depends(&self, k: usize) -> Depends {
        self.depends[k]
    }

    /// What the expression that changes most changes with.
    pub fn depends_most(&self) -> Depends {
        self.depends.iter().copied().max().unwrap_or(Depends::Patient)
    }

    /// Number of expressions.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// True when there is nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }
}

/// One expression at given inputs; for use outside loops.
pub fn evaluate(expr: &Expr, tables: &[Table], lookup: &impl Fn(Slot) -> f64) -> f64 {
    let go = |e: &Expr| evaluate(e, tables, lookup);
    match expr {
        Expr::Number(x) => *x,
        Expr::Slot(s) => lookup(*s),
        Expr::Neg(a) => -go(a),
        Expr::Binary(op, a, b) => binary(*op, go(a), go(b)),
        Expr::Call(law, args) => {
            let mut x = [0.0; 4];
            for (slot, arg) in x.iter_mut().zip(args) {
                *slot = go(arg);
            }
            call(*law, x)
        }
        Expr::Table(t, a) => tables[*t].at(go(a)),
        Expr::Surface(t, a, b) => tables[*t].at_both(go(a), go(b)),
    }
}

fn binary(op: Op, a: f64, b: f64) -> f64 {
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        Op::Pow => libm::pow(a, b),
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Load(u32),
    Neg(u32),
    Binary(Op, u32, u32),
    Call(Law, Vec<u32>),
    Table(u32, u32),
    Surface(u32, u32, u32),
}

struct Builder {
    layout: Layout,
    nodes: Vec<(Instruction, Depends)>,
    seen: HashMap<Key, u32>,
}

impl Builder {
    fn add(&mut self, expr: &Expr) -> u32 {
        match expr {
            Expr::Number(x) => self.intern(Key::Number(x.to_bits()), Instruction::Number(*x), Depends::Patient),
            Expr::Slot(s) => {
                let i = self.layout.index(*s) as u32;
                let depends = match s {
                    Slot::Parameter(_) => Depends::Patient,
                    Slot::Drug(_) | Slot::Delayed(_) | Slot::Effect(_) | Slot::Time => Depends::Exposure,
                    Slot::Level(_) | Slot::Cells(_) | Slot::Total => Depends::State,
                };
                self.intern(Key::Load(i), Instruction::Load(i), depends)
            }
            Expr::Neg(a) => {
                let a = self.add(a);
                self.intern(Key::Neg(a), Instruction::Neg(a), self.nodes[a as usize].1)
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.add(a), self.add(b));
                let depends = self.nodes[a as usize].1.max(self.nodes[b as usize].1);
                let instruction = match op {
                    Op::Add => Instruction::Add(a, b),
                    Op::Sub => Instruction::Sub(a, b),
                    Op::Mul => Instruction::Mul(a, b),
                    Op::Div => Instruction::Div(a, b),
                    Op::Pow => Instruction::Pow(a, b),
                };
                self.intern(Key::Binary(*op, a, b), instruction, depends)
            }
            Expr::Call(law, args) => {
                let args: Vec<u32> = args.iter().map(|a| self.add(a)).collect();
                let depends = args.iter().map(|&a| self.nodes[a as usize].1).max().unwrap_or(Depends::Patient);
                let instruction = match args[..] {
                    [a] => Instruction::Call1(*law, a),
                    [a, b] => Instruction::Call2(*law, a, b),
                    [a, b, c] => Instruction::Call3(*law, a, b, c),
                    [a, b, c, d] => Instruction::Call4(*law, [a, b, c, d]),
                    _ => unreachable!("a law takes one to four arguments; the resolver has counted them"),
                };
                self.intern(Key::Call(*law, args), instruction, depends)
            }
            Expr::Table(t, a) => {
                let a = self.add(a);
                self.intern(Key::Table(*t as u32, a), Instruction::Table(*t as u32, a), self.nodes[a as usize].1)
            }
            Expr::Surface(t, a, b) => {
                let (t, a, b) = (*t as u32, self.add(a), self.add(b));
                let depends = self.nodes[a as usize].1.max(self.nodes[b as usize].1);
                self.intern(Key::Surface(t, a, b), Instruction::Surface(t, a, b), depends)
            }
        }
    }

    fn intern(&mut self, key: Key, instruction: Instruction, depends: Depends) -> u32 {
        if let Some(&at) = self.seen.get(&key) {
            return at;
        }
        self.nodes.push((instruction, depends));
        let at = (self.nodes.len() - 1) as u32;
        self.seen.insert(key, at);
        at
    }
}

impl Instruction {
    fn moved(self, place: &[u32]) -> Self {
        let p = |i: u32| place[i as usize];
        match self {
            Instruction::Number(_) | Instruction::Load(_) => self,
            Instruction::Neg(a) => Instruction::Neg(p(a)),
            Instruction::Add(a, b) => Instruction::Add(p(a), p(b)),
            Instruction::Sub(a, b) => Instruction::Sub(p(a), p(b)),
            Instruction::Mul(a, b) => Instruction::Mul(p(a), p(b)),
            Instruction::Div(a, b) => Instruction::Div(p(a), p(b)),
            Instruction::Pow(a, b) => Instruction::Pow(p(a), p(b)),
            Instruction::Call1(law, a) => Instruction::Call1(law, p(a)),
            Instruction::Call2(law, a, b) => Instruction::Call2(law, p(a), p(b)),
            Instruction::Call3(law, a, b, c) => Instruction::Call3(law, p(a), p(b), p(c)),
            Instruction::Call4(law, x) => Instruction::Call4(law, x.map(p)),
            Instruction::Table(t, a) => Instruction::Table(t, p(a)),
            Instruction::Surface(t, a, b) => Instruction::Surface(t, p(a), p(b)),
        }
    }
}
