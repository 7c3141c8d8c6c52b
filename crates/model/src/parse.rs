//! Expression text to a tree of names and numbers; what the names mean is looked up in `scope.rs`.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = sign { ("*" | "/") sign }
//! sign    = ["-" | "+"] sign | power
//! power   = atom ["^" sign]              right to left; -2^2 is -(2^2)
//! atom    = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
//! ```
//! The depth of a tree is at most [`MAX_DEPTH`], chains such as `a + b + c` included, so that no later walk
//! over it can exhaust the stack; the number of nodes is at most [`MAX_NODES`].

use crate::expr::{MAX_NODES, Op};
use crate::units::number_length;
use std::ops::Range;

/// Deepest tree accepted.
pub const MAX_DEPTH: usize = 256;

/// A node with its bytes in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// What stands here.
    pub node: Node,
    /// Bytes of the text.
    pub span: Range<usize>,
    depth: usize,
}

/// What an expression is made of, before its names are looked up.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// 0.5
    Number(f64),
    /// birth
    Name(String),
    /// -a
    Neg(Box<Tree>),
    /// a + b
    Binary(Op, Box<Tree>, Box<Tree>),
    /// hill(a, b, c), with the bytes of the name
    Call(String, Range<usize>, Vec<Tree>),
}

/// Why an expression cannot be read, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// Kinds of fault.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// (what was found, what was expected)
    Unexpected(String, &'static str),
    /// A character outside ASCII, and what to write for it.
    Strange(char, &'static str),
    /// A number that is infinite or not a number.
    NotFinite,
    /// Too deep or too many nodes.
    TooDeep,
    /// A unit inside an expression.
    UnitInside(String),
}

/// Reads an expression.
///
/// ```
/// use remission_model::parse::parse;
/// assert!(parse("entry * hill(erlotinib, ec50, 2)").is_ok());
/// assert!(parse("entry * (").is_err());
/// ```
pub fn parse(text: &str) -> Result<Tree, Fault> {
    let mut parser = Parser { text, at: 0, nodes: 0 };
    let tree = parser.sum(0)?;
    match parser.peek()? {
        None => Ok(tree),
        Some(_) => Err(parser.unexpected("an operator or the end")),
    }
}

/// True when `name` may be used as a name: an ASCII letter, then letters, digits or `_`; at most 64 bytes.
pub fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
}

impl Parser<'_> {
    /// Next byte that is not a space; characters outside ASCII are refused here.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        match self.text[self.at..].chars().next() {
            Some(c) if !c.is_ascii() => {
                let instead = look_alike(c);
                let span = self.at..self.at + c.len_utf8();
                Err(Fault { kind: FaultKind::Strange(c, instead), span })
            }
            other => Ok(other.map(|c| c as u8)),
        }
    }

    fn eat(&mut self, byte: u8) -> Result<bool, Fault> {
        let found = self.peek()? == Some(byte);
        self.at += usize::from(found);
        Ok(found)
    }

    fn unexpected(&self, expected: &'static str) -> Fault {
        let found = match self.text[self.at..].chars().next() {
            None => "the end".to_string(),
            Some(c) => format!("`{c}`"),
        };
        let end = (self.at + 1).min(self.text.len());
        Fault { kind: FaultKind::Unexpected(found, expected), span: self.at.min(end)..end }
    }

    fn tree(&mut self, node: Node, span: Range<usize>) -> Result<Tree, Fault> {
        let depth = 1 + match &node {
            Node::Number(_) | Node::Name(_) => 0,
            Node::Neg(a) => a.depth,
            Node::Binary(_, a, b) => a.depth.max(b.depth),
            Node::Call(_, _, args) => args.iter().map(|a| a.depth).max().unwrap_or(0),
        };
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return Err(Fault { kind: FaultKind::TooDeep, span });
        }
        Ok(Tree { node, span, depth })
    }

    fn binary(&mut self, op: Op, a: Tree, b: Tree) -> Result<Tree, Fault> {
        let span = a.span.start..b.span.end;
        self.tree(Node::Binary(op, Box::new(a), Box::new(b)), span)
    }

    fn sum(&mut self, level: usize) -> Result<Tree, Fault> {
        let mut left = self.product(level)?;
        loop {
            let op = match self.peek()? {
                Some(b'+') => Op::Add,
                Some(b'-') => Op::Sub,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product(level)?;
            left = self.binary(op, left, right)?;
        }
    }

    fn product(&mut self, level: usize) -> Result<Tree, Fault> {
        let mut left = self.sign(level)?;
        loop {
            let op = match self.peek()? {
                Some(b'*') => Op::Mul,
                Some(b'/') => Op::Div,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.sign(level)?;
            left = self.binary(op, left, right)?;
        }
    }

    fn sign(&mut self, level: usize) -> Result<Tree, Fault> {
        self.peek()?;
        let start = self.at;
        // Every way down passes here, so this bounds the parser's own recursion.
        if level > MAX_DEPTH {
            return Err(Fault { kind: FaultKind::TooDeep, span: start..start + 1 });
        }
        if self.eat(b'+')? {
            return self.sign(level + 1);
        }
        if !self.eat(b'-')? {
            return self.power(level);
        }
        let inner = self.sign(level + 1)?;
        let span = start..inner.span.end;
        match inner.node {
            Node::Number(x) => Ok(Tree { node: Node::Number(-x), span, depth: 1 }),
            _ => self.tree(Node::Neg(Box::new(inner)), span),
        }
    }

    fn power(&mut self, level: usize) -> Result<Tree, Fault> {
        let base = self.atom(level)?;
        if !self.eat(b'^')? {
            return Ok(base);
        }
        let exponent = self.sign(level + 1)?;
        self.binary(Op::Pow, base, exponent)
    }

    fn atom(&mut self, level: usize) -> Result<Tree, Fault> {
        let next = self.peek()?;
        let start = self.at;
        match next {
            Some(b'(') => {
                self.at += 1;
                let mut inner = self.sum(level + 1)?;
                if !self.eat(b')')? {
                    return Err(self.unexpected("`)`"));
                }
                inner.span = start..self.at;
                Ok(inner)
            }
            Some(b) if b.is_ascii_digit() || b == b'.' => self.number(),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => self.name(level),
            _ => Err(self.unexpected("a number, a name or `(`")),
        }
    }

    fn number(&mut self) -> Result<Tree, Fault> {
        let start = self.at;
        let length = number_length(&self.text[start..]);
        let Ok(x) = self.text[start..start + length].parse::<f64>() else {
            return Err(self.unexpected("a number such as 0.5 or 1e-8"));
        };
        let span = start..start + length;
        if !x.is_finite() {
            return Err(Fault { kind: FaultKind::NotFinite, span });
        }
        self.at = span.end;
        let rest = &self.text[self.at..];
        let unit = rest.trim_start().chars().next();
        if unit.is_some_and(|c| c.is_alphabetic() || c == '%') {
            let word: String =
                rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || "%/^".contains(*c)).take(20).collect();
            let end = self.text.len() - rest.trim_start().len() + word.len();
            return Err(Fault { kind: FaultKind::UnitInside(word), span: start..end });
        }
        self.tree(Node::Number(x), span)
    }

    fn name(&mut self, level: usize) -> Result<Tree, Fault> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += length;
        let name = rest[..length].to_string();
        let name_span = start..self.at;
        if let Some(c) = self.text[self.at..].chars().next().filter(|c| c.is_alphabetic()) {
            let span = self.at..self.at + c.len_utf8();
            return Err(Fault { kind: FaultKind::Strange(c, look_alike(c)), span });
        }
        if !self.eat(b'(')? {
            return self.tree(Node::Name(name), name_span);
        }
        let mut arguments = Vec::new();
        if !self.eat(b')')? {
            loop {
                arguments.push(self.sum(level + 1)?);
                if self.eat(b')')? {
                    break;
                }
                if !self.eat(b',')? {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
        }
        let span = start..self.at;
        self.tree(Node::Call(name, name_span, arguments), span)
    }
}

/// What a character outside ASCII was probably meant to be.
fn look_alike(c: char) -> &'static str {
    match c {
        '×' | '·' | '∙' | '⋅' | '∗' => "*",
        '−' | '–' | '—' | '‐' | '‑' => "-",
        '÷' | '∕' | '⁄' => "/",
        '²' => "^2",
        '³' => "^3",
        '\u{a0}' | '\u{2009}' | '\u{202f}' => "a plain space",
        'а' => "a (Latin)",
        'е' => "e (Latin)",
        'о' | 'ο' => "o (Latin)",
        'р' | 'ρ' => "p (Latin)",
        'с' => "c (Latin)",
        'х' => "x (Latin)",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'λ' => "lambda",
        'µ' | 'μ' => "mu or u",
        'ν' => "nu",
        'σ' => "sigma",
        _ => "letters a-z, digits and _",
    }
}
