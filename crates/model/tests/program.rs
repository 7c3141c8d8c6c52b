//! The one list of operations against the trees it was made from: same bits, for random trees of every operation, law and slot,
//! at first and after an input has moved. Not a statistical test.

use remission_model::expr::{Expr, Law, Op, Slot};
use remission_model::program::{Depends, Layout, Program, evaluate};
use remission_model::resolved::{Axis, Table};
use remission_model::units::Dimension;

const LAYOUT: Layout = Layout { parameters: 3, drugs: 2, levels: 1, cells: 2 };
const OPS: [Op; 5] = [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Pow];

/// Numbers that need no more than to differ.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn number(&mut self) -> f64 {
        (self.below(2_000) as f64 - 500.0) / 250.0
    }
}

fn slots() -> Vec<(Slot, Depends)> {
    let mut all: Vec<(Slot, Depends)> = (0..3).map(|i| (Slot::Parameter(i), Depends::Patient)).collect();
    for i in 0..2 {
        all.extend([Slot::Drug(i), Slot::Delayed(i), Slot::Effect(i)].map(|s| (s, Depends::Exposure)));
        all.push((Slot::Cells(i), Depends::State));
    }
    all.extend([(Slot::Time, Depends::Exposure), (Slot::Level(0), Depends::State), (Slot::Total, Depends::State)]);
    all
}

fn tree(dice: &mut Dice, depth: usize, seen: &mut [usize; 5]) -> Expr {
    let slots = slots();
    match if depth == 0 { dice.below(2) } else { dice.below(10) } {
        0 => Expr::Number(dice.number()),
        1 => Expr::Slot(slots[dice.below(slots.len())].0),
        2 => Expr::Neg(Box::new(tree(dice, depth - 1, seen))),
        3 => Expr::Table(0, Box::new(tree(dice, depth - 1, seen))),
        9 => Expr::Surface(1, Box::new(tree(dice, depth - 1, seen)), Box::new(tree(dice, depth - 1, seen))),
        4 => {
            let (_, law) = Law::ALL[dice.below(Law::ALL.len())];
            Expr::Call(law, (0..law.arity()).map(|_| tree(dice, depth - 1, seen)).collect())
        }
        _ => {
            let op = dice.below(5);
            seen[op] += 1;
            let (a, b) = (tree(dice, depth - 1, seen), tree(dice, depth - 1, seen));
            Expr::Binary(OPS[op], Box::new(a), Box::new(b))
        }
    }
}

#[test]
fn the_list_computes_what_the_trees_say() {
    let (x, y, plain) = (vec![-1.0, 0.5, 2.0], vec![0.3, 1.2, 0.1], Dimension::PLAIN);
    let second = Some(Axis { at: vec![-0.5, 0.0, 1.5], of: plain });
    let surface = Table {
        name: "s".into(),
        x: vec![-1.0, 1.0],
        second,
        y: vec![0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
        of: plain,
        gives: plain,
    };
    let tables = [Table { name: "t".into(), x, second: None, y, of: plain, gives: plain }, surface];
    let (mut dice, slots) = (Dice(7), slots());
    let (mut finite, mut all, mut seen) = (0, 0, [0; 5]);
    for _ in 0..3_000 {
        let trees: Vec<Expr> = (0..4).map(|_| tree(&mut dice, 4, &mut seen)).collect();
        let program = Program::new(&trees, &tables, LAYOUT);
        let mut registers = program.registers();
        for &(slot, _) in &slots {
            registers.set(slot, dice.number());
        }
        program.run(&mut registers, Depends::Patient);
        for round in 0..4 {
            for (k, tree) in trees.iter().enumerate() {
                let (listed, said) = (program.output(&registers, k), evaluate(tree, &tables, &|s| registers.get(s)));
                let same = listed.to_bits() == said.to_bits() || (listed.is_nan() && said.is_nan());
                assert!(same, "round {round}: {listed} for {said} of {tree:?}");
                (finite, all) = (finite + usize::from(said.is_finite()), all + 1);
            }
            let (slot, class) = slots[dice.below(slots.len())];
            registers.set(slot, dice.number());
            if round % 2 == 0 {
                program.run(&mut registers, class);
            } else {
                program.run_plan(&mut registers, &program.plan(&[slot]));
            }
        }
    }
    assert!(finite > all / 2 && seen.iter().all(|&n| n > 1_000), "{finite} of {all} are finite; operations {seen:?}");
}
