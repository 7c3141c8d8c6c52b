//! Expressions as text, with no more parentheses than needed.

use crate::expr::{Expr, Law, Op, Slot};
use crate::resolved::Model;
use crate::units::number;

/// An expression as text, with no more parentheses than needed; reading it gives the same tree.
pub fn expression_text(expr: &Expr, model: &Model) -> String {
    let mut out = String::new();
    write_expression(expr, model, 0, &mut out);
    // `2 / h` alone would be read as two per hour.
    let number_ends = crate::units::number_length(&out);
    if !matches!(expr, Expr::Number(_)) && crate::units::quantity(&out).is_ok() {
        out = format!("({}){}", &out[..number_ends], &out[number_ends..]);
    }
    out
}

/// Binding of what stands outside: 0 sum, 1 right of a sum or a product, 2 right of a product, 3 sign, 4 power.
fn write_expression(expr: &Expr, model: &Model, outside: u8, out: &mut String) {
    let own = match expr {
        Expr::Binary(Op::Add | Op::Sub, ..) => 0,
        Expr::Binary(Op::Mul | Op::Div, ..) => 1,
        Expr::Neg(_) => 2,
        Expr::Number(x) if x.is_sign_negative() => 2,
        Expr::Binary(Op::Pow, ..) => 3,
        _ => 5,
    };
    let open = own < outside;
    if open {
        out.push('(');
    }
    match expr {
        Expr::Number(x) => *out += &number(*x),
        Expr::Slot(s) => *out += &slot_text(*s, model),
        Expr::Neg(a) => {
            out.push('-');
            // -(2) would be read as the number -2.
            let inside = if matches!(**a, Expr::Number(_)) { 6 } else { 2 };
            write_expression(a, model, inside, out);
        }
        Expr::Binary(op, a, b) => {
            let (sign, left, right) = match op {
                Op::Add => (" + ", 0, 1),
                Op::Sub => (" - ", 0, 1),
                Op::Mul => (" * ", 1, 2),
                Op::Div => (" / ", 1, 2),
                Op::Pow => ("^", 4, 2),
            };
            write_expression(a, model, left, out);
            *out += sign;
            write_expression(b, model, right, out);
        }
        Expr::Call(law, args) => {
            let name = Law::ALL.iter().find(|l| l.1 == *law).map_or("", |l| l.0);
            out.push_str(name);
            out.push('(');
            // The length of a fraction is the beam's, and not written.
            for (k, a) in args.iter().take(law.arity()).enumerate() {
                *out += if k > 0 { ", " } else { "" };
                write_expression(a, model, 0, out);
            }
            out.push(')');
        }
        Expr::Table(t, a) => {
            *out += &model.tables[*t].name;
            out.push('(');
            write_expression(a, model, 0, out);
            out.push(')');
        }
        Expr::Surface(t, a, b) => {
            *out += &model.tables[*t].name;
            out.push('(');
            write_expression(a, model, 0, out);
            *out += ", ";
            write_expression(b, model, 0, out);
            out.push(')');
        }
    }
    if open {
        out.push(')');
    }
}

/// A slot as it is named in files.
pub fn slot_text(slot: Slot, model: &Model) -> String {
    match slot {
        Slot::Parameter(k) => model.parameters[k].name.clone(),
        Slot::Drug(k) => model.drugs[k].name.clone(),
        Slot::Delayed(k) => format!("delayed({})", model.drugs[k].name),
        Slot::Effect(k) => format!("effect({})", model.drugs[k].name),
        Slot::Level(k) => model.levels[k].name.clone(),
        Slot::Cells(k) => model.cells[k].name.clone(),
        Slot::Total => "total".into(),
        Slot::Time => "time".into(),
    }
}
