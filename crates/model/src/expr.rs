//! Rate expressions as resolved: a small closed language over numbers and slots.
//!
//! Nothing here can loop, recurse, read a file or run code; an expression is a finite tree of at most
//! [`MAX_NODES`] nodes. Text becomes an [`Expr`] in `parse.rs`; [`crate::program::Program`] evaluates many at once.

/// Largest tree accepted.
pub const MAX_NODES: usize = 10_000;

/// What a name in an expression stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// A parameter (index into `Model::parameters`).
    Parameter(usize),
    /// Felt concentration of a drug (index into `Model::drugs`).
    Drug(usize),
    /// The same after the drug's transit delay.
    Delayed(usize),
    /// The same in the drug's effect compartment.
    Effect(usize),
    /// A level (index into `Model::levels`).
    Level(usize),
    /// Count of a cell type (index into `Model::cells`).
    Cells(usize),
    /// All cells.
    Total,
    /// Days since treatment began; 0 before.
    Time,
}

/// A tree over base units.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A plain number.
    Number(f64),
    /// A name.
    Slot(Slot),
    /// -a
    Neg(Box<Expr>),
    /// a op b
    Binary(Op, Box<Expr>, Box<Expr>),
    /// A named law.
    Call(Law, Vec<Expr>),
    /// A tabulated law of one argument (index into `Model::tables`).
    Table(usize, Box<Expr>),
    /// A tabulated law of two arguments (index into `Model::tables`).
    Surface(usize, Box<Expr>, Box<Expr>),
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a / b
    Div,
    /// a ^ b
    Pow,
}

/// Named laws. The number of arguments is [`Law::arity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// e^x
    Exp,
    /// Natural logarithm.
    Ln,
    /// Square root.
    Sqrt,
    /// Smaller of two.
    Min,
    /// Larger of two.
    Max,
    /// hill(c, ec50, n) = c^n / (ec50^n + c^n), 0 for c <= 0.
    Hill,
    /// emax(c, emax, ec50) = emax c / (ec50 + c).
    Emax,
    /// logistic(n, capacity) = max(0, 1 - n / capacity).
    Logistic,
    /// gompertz(n, capacity) = max(0, ln(capacity / n)).
    Gompertz,
    /// richards(n, capacity, theta) = max(0, 1 - (n / capacity)^theta).
    Richards,
    /// power_law(n, size, exponent) = (n / size)^(exponent - 1), 0 for n <= 0.
    PowerLaw,
    /// von_bertalanffy(n, capacity, exponent) = max(0, (n / capacity)^(exponent - 1) - 1), 0 for n <= 0.
    VonBertalanffy,
    /// exponential_linear(n, size, psi) = (1 + (n / size)^psi)^(-1 / psi), 1 for n <= 0.
    ExponentialLinear,
    /// bliss(a, b) = a + b - a b: two effects, shares of the greatest, that act independently.
    Bliss,
    /// hsa(a, b) = max(a, b): the highest single agent.
    Hsa,
    /// loewe(x1, n1, x2, n2): effect E of two drugs that act as dilutions of one another, x1 / q^(1/n1) + x2 / q^(1/n2) = 1 with
    /// q = E / (1 - E); x is the concentration over the EC50 of the drug alone, n its Hill exponent.
    Loewe,
    /// brake(ligand, antibody, kd) = 1 - ligand / (1 + antibody / kd): what a checkpoint leaves of an effector.
    Brake,
    /// recognition(density, threshold, steepness, cv): mean of hill(x, threshold, steepness) over cells whose antigen density x is
    /// log-normal with median `density` and coefficient of variation `cv`.
    Recognition,
    /// linear_quadratic(beam, alpha, beta): hazard alpha R + beta R^2 T of a dose rate R that lasts T, the length of a fraction, which is
    /// the last argument here and none in text; over a fraction of dose D = R T it adds up to alpha D + beta D^2.
    LinearQuadratic,
}

impl Law {
    /// Every law with its name in model files.
    pub const ALL: [(&'static str, Law); 19] = [
        ("exp", Law::Exp),
        ("ln", Law::Ln),
        ("sqrt", Law::Sqrt),
        ("min", Law::Min),
        ("max", Law::Max),
        ("hill", Law::Hill),
        ("emax", Law::Emax),
        ("logistic", Law::Logistic),
        ("gompertz", Law::Gompertz),
        ("richards", Law::Richards),
        ("power_law", Law::PowerLaw),
        ("von_bertalanffy", Law::VonBertalanffy),
        ("exponential_linear", Law::ExponentialLinear),
        ("bliss", Law::Bliss),
        ("hsa", Law::Hsa),
        ("loewe", Law::Loewe),
        ("brake", Law::Brake),
        ("recognition", Law::Recognition),
        ("linear_quadratic", Law::LinearQuadratic),
    ];

    /// Number of arguments in text.
    pub fn arity(self) -> usize {
        match self {
            Law::Exp | Law::Ln | Law::Sqrt => 1,
            Law::Min | Law::Max | Law::Logistic | Law::Gompertz | Law::Bliss | Law::Hsa => 2,
            Law::Hill | Law::Emax | Law::Brake | Law::LinearQuadratic => 3,
            Law::Richards | Law::PowerLaw | Law::VonBertalanffy | Law::ExponentialLinear => 3,
            Law::Loewe | Law::Recognition => 4,
        }
    }
}

impl Expr {
    /// Calls `f` on every slot named anywhere in the tree.
    pub fn each_slot(&self, f: &mut impl FnMut(Slot)) {
        match self {
            Expr::Number(_) => {}
            Expr::Slot(s) => f(*s),
            Expr::Neg(a) | Expr::Table(_, a) => a.each_slot(f),
            Expr::Binary(_, a, b) | Expr::Surface(_, a, b) => {
                a.each_slot(f);
                b.each_slot(f);
            }
            Expr::Call(_, args) => args.iter().for_each(|a| a.each_slot(f)),
        }
    }

    /// The same tree with another one in place of every slot for which `f` has one.
    pub fn replaced(&self, f: &impl Fn(Slot) -> Option<Expr>) -> Expr {
        let go = |e: &Expr| Box::new(e.replaced(f));
        match self {
            Expr::Number(x) => Expr::Number(*x),
            Expr::Slot(s) => f(*s).unwrap_or(Expr::Slot(*s)),
            Expr::Neg(a) => Expr::Neg(go(a)),
            Expr::Binary(op, a, b) => Expr::Binary(*op, go(a), go(b)),
            Expr::Call(law, args) => Expr::Call(*law, args.iter().map(|a| a.replaced(f)).collect()),
            Expr::Table(t, a) => Expr::Table(*t, go(a)),
            Expr::Surface(t, a, b) => Expr::Surface(*t, go(a), go(b)),
        }
    }

    /// True when no slot satisfies `p`.
    pub fn free_of(&self, p: impl Fn(Slot) -> bool) -> bool {
        let mut free = true;
        self.each_slot(&mut |s| free &= !p(s));
        free
    }
}
