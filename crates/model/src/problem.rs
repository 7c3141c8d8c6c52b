//! What can be wrong with a file, and how it is said: where, what was found, what is allowed, what to do.
//!
//! Every kind of fault has a [`Code`] with a page in `spec/errors.md` and a failing case in
//! `spec/cases/invalid`. A reader of files collects every [`Problem`] before it gives up.

use std::fmt;
use std::ops::Range;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $title:literal;)*) => {
        /// A kind of fault. The number is stable: it is never given to another fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// As printed: `RM0401`.
            pub fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The fault in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    Syntax = "RM0001", "the file is not TOML";
    TooLarge = "RM0002", "the file is too large";
    UnknownKey = "RM0003", "a key or section that the format does not have";
    MissingKey = "RM0004", "a key or section is missing";
    WrongType = "RM0005", "a value of the wrong kind";
    UnknownWord = "RM0006", "a word that is not one of the choices";
    OutOfRange = "RM0007", "a number outside its range";
    BadName = "RM0008", "a name with a character that names may not have";
    NameTwice = "RM0009", "a name used twice";
    Reserved = "RM0010", "a reserved name";
    TooMany = "RM0011", "too many entries";
    BadQuantity = "RM0101", "not a number with a unit";
    UnknownUnit = "RM0102", "an unknown unit";
    Dimension = "RM0103", "units that do not fit";
    NotFinite = "RM0104", "not a finite number";
    UnitOrName = "RM0105", "a unit that is also a name in this model";
    Expression = "RM0201", "an expression that cannot be read";
    UnknownName = "RM0202", "an unknown name in an expression";
    Arguments = "RM0203", "the wrong number of arguments";
    TooDeep = "RM0204", "an expression too long or too deep";
    OnlyParameters = "RM0205", "a name that may not be used here";
    NotDelayed = "RM0206", "`delayed` of something that has no delay";
    LawArgument = "RM0207", "a law that is given an impossible number";
    Swapped = "RM0208", "arguments in the wrong order";
    NoSource = "RM0301", "a number without a source";
    TwoSources = "RM0302", "a number with more than one source";
    NoPrior = "RM0303", "an assumption without a prior";
    BadVariation = "RM0304", "a law of variation that cannot be read";
    ImpossibleVariation = "RM0305", "an impossible law of variation";
    PriorNotUsed = "RM0306", "a prior on a number that is not assumed";
    BadPoints = "RM0307", "table points that do not make a curve";
    BadCitation = "RM0308", "a citation that cannot be followed";
    CovariateLaw = "RM0309", "a covariate without exactly one law over patients";
    Categories = "RM0310", "categories that do not share out the patients";
    CorrelationPair = "RM0311", "a correlation that cannot be";
    NotPositiveDefinite = "RM0312", "correlations that contradict each other";
    NegativeRate = "RM0401", "a negative rate";
    Probability = "RM0402", "a probability outside 0 to 1";
    UnknownType = "RM0403", "an unknown cell type";
    Itself = "RM0404", "a cell type that turns into itself";
    MutationRate = "RM0405", "a mutation without exactly one rate";
    GrowOrStart = "RM0406", "`grow` and `start`: exactly one is needed";
    GrowSentence = "RM0407", "a `grow` sentence that cannot be read";
    CannotGrow = "RM0408", "a tumour that cannot grow to its size";
    StartSize = "RM0409", "an impossible number of cells at the start";
    Barcodes = "RM0410", "barcodes that cannot be given to the first cells";
    Immune = "RM0411", "immune cells that are taken for cells of the tumour";
    CrossResistance = "RM0412", "cross-resistance that is asked for where there is none";
    Sites = "RM0413", "sites that cannot be";
    NotPositive = "RM0501", "a constant that is not above zero";
    RouteKeys = "RM0502", "a key missing for the route, or one that the route does not use";
    MolarMass = "RM0503", "a molar concentration without a molar mass";
    NotConcentration = "RM0504", "a unit that the drug cannot be felt in";
    Bioavailability = "RM0505", "a bioavailability above 1";
    Compartments = "RM0506", "more than two peripheral compartments";
    NoEffectCompartment = "RM0507", "`effect` of something that has no effect compartment";
    Measurement = "RM0601", "an impossible measurement";
    BloodDraw = "RM0602", "a draw of more plasma than there is";
    Sequencing = "RM0603", "sequencing that cannot be";
    ColumnTwice = "RM0604", "two columns of results with one name";
    Sentence = "RM0701", "a regimen sentence that cannot be read";
    UnknownDrug = "RM0702", "an unknown drug";
    DoseUnit = "RM0703", "a dose in the wrong unit";
    RouteMismatch = "RM0704", "a route that is not the drug's";
    NoDose = "RM0705", "a dose that is not above zero";
    SameDay = "RM0706", "a day named twice";
    DayBeyondCycle = "RM0707", "a day outside the cycle";
    Radiation = "RM0708", "radiation";
    UnknownRegimen = "RM0709", "an unknown regimen";
    DoseTiming = "RM0710", "dose times that cannot be";
    VisitsSentence = "RM0801", "visits that cannot be read";
    Window = "RM0802", "a visit window that is too wide, or not of whole days";
    Horizon = "RM0803", "a horizon outside 0 to 100 years";
    Patients = "RM0804", "a number of patients outside 1 to 10,000,000";
    NoArms = "RM0805", "a study without arms";
    ArmTwice = "RM0806", "an arm named twice";
    RecistOn = "RM0807", "RECIST on something that is not a sum of diameters";
    RuleSentence = "RM0808", "a rule or a condition that cannot be read";
    RuleQuantity = "RM0809", "a rule about something that no visit sees";
    RuleNumber = "RM0810", "an impossible number in a rule";
    RuleDrug = "RM0811", "a rule for a drug that its arm never gives";
    RecordsFile = "RM0901", "a dosing record that cannot be found";
    RecordsOrRegimen = "RM0902", "`records` of an arm beside `regimen` or `rules`";
    RecordsSize = "RM0903", "a dosing record that is too large, or empty";
    RecordsColumns = "RM0904", "columns that do not make a dosing record";
    RecordsRow = "RM0905", "a row that is broken";
    RecordsNumber = "RM0906", "a cell that is not a number";
    RecordsEvent = "RM0907", "an event that cannot be";
    RecordsTime = "RM0908", "record times that cannot be";
    RecordsId = "RM0909", "a patient whose rows do not stand together";
    RecordsAmount = "RM0910", "a recorded dose without an amount, or one for nothing";
    RecordsRate = "RM0911", "an infusion that cannot be";
    RecordsInterval = "RM0912", "repeats or a steady state that cannot be";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// One fault in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which fault.
    pub code: Code,
    /// File as named by the caller.
    pub file: String,
    /// Bytes of the file that are at fault.
    pub span: Range<usize>,
    /// Dotted path, such as `cells.sensitive.birth`; empty for the file as a whole.
    pub where_: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
    /// What to do.
    pub repair: String,
    /// Names that may have been meant, nearest first.
    pub near: Vec<String>,
}

impl Problem {
    /// Line and column of the first byte at fault, both from 1; the column counts characters.
    ///
    /// ```
    /// let problems = remission_model::model_from_toml("m.toml", "[model]\ntilte = 'x'\n").unwrap_err();
    /// let problem = problems.0.iter().find(|p| p.where_ == "model.tilte").unwrap();
    /// assert_eq!(problem.line_column("[model]\ntilte = 'x'\n"), (2, 1));
    /// assert_eq!(problem.near, ["title"]);
    /// ```
    pub fn line_column(&self, text: &str) -> (usize, usize) {
        let mut at = self.span.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        (line, before[start..].chars().count() + 1)
    }
}

impl Problem {
    /// Path of the key that an unknown key was probably meant to be.
    fn key_meant(&self) -> Option<String> {
        let near = self.near.first().filter(|_| self.code == Code::UnknownKey)?;
        let parent = self.where_.rfind('.').map_or("", |dot| &self.where_[..=dot]);
        Some(format!("{parent}{near}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.code.title())?;
        match self.where_.as_str() {
            "" => writeln!(f, " ({})", self.file)?,
            path => writeln!(f, ": `{path}` ({})", self.file)?,
        }
        writeln!(f, "  found    {}", self.found)?;
        writeln!(f, "  allowed  {}", self.allowed)?;
        write!(f, "  do       {}", self.repair)?;
        if !self.near.is_empty() {
            write!(f, "\n  near     {}", self.near.join(", "))?;
        }
        Ok(())
    }
}

/// Every fault found, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, problem) in self.0.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A place in a file: bytes and dotted path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Bytes of the value, quotes included.
    pub span: Range<usize>,
    /// Dotted path.
    pub path: String,
    /// Where the content of a string begins, when it stands in the file as it is (no escapes).
    pub content: Option<usize>,
}

impl Place {
    /// A part of a string value; the whole value when the string was written with escapes.
    pub fn inside(&self, part: Range<usize>) -> Place {
        let span = match self.content {
            Some(start) => start + part.start..start + part.end,
            None => self.span.clone(),
        };
        Place { span, path: self.path.clone(), content: None }
    }
}

/// Most problems kept of one file; more would not be read, and a hostile file could make millions.
const MOST: usize = 500;

/// Collects the problems of one file.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn new(file: &str) -> Self {
        Report { file: file.to_string(), problems: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        code: Code,
        at: &Place,
        found: impl Into<String>,
        allowed: impl Into<String>,
        repair: impl Into<String>,
    ) {
        self.push(code, at, found.into(), allowed.into(), repair.into(), Vec::new());
    }

    /// As `add`, with the names among `known` that look like `name`.
    pub(crate) fn add_near<'a>(
        &mut self,
        code: Code,
        at: &Place,
        [found, allowed, repair]: [String; 3],
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        if self.problems.len() < MOST {
            let near = near_names(name, known);
            self.push(code, at, found, allowed, repair, near);
        }
    }

    /// As `add`, of a name that can only have been meant to be `meant`.
    pub(crate) fn add_meant(
        &mut self,
        code: Code,
        at: &Place,
        [found, allowed]: [String; 2],
        repair: String,
        meant: &str,
    ) {
        self.push(code, at, found, allowed, repair, vec![meant.to_string()]);
    }

    fn push(&mut self, code: Code, at: &Place, found: String, allowed: String, repair: String, near: Vec<String>) {
        if self.problems.len() < MOST {
            self.problems.push(Problem {
                code,
                file: self.file.clone(),
                span: at.span.clone(),
                where_: at.path.clone(),
                found,
                allowed,
                repair,
                near,
            });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.problems.len()
    }

    /// True when a fault of this code has been said of a key of `path`.
    pub(crate) fn has(&self, code: Code, path: &str) -> bool {
        let below = |w: &str| w.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.problems.iter().any(|p| p.code == code && below(&p.where_))
    }

    /// No further problem will be kept, so costly messages need not be made.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= MOST
    }

    /// Lengthens the repair of the problem said last.
    pub(crate) fn add_to_last(&mut self, tail: &str) {
        if let Some(problem) = self.problems.last_mut() {
            problem.repair += tail;
        }
    }

    pub(crate) fn absorb(&mut self, other: Report) {
        self.problems.extend(other.problems);
    }

    /// The value when nothing was wrong, otherwise every problem in the order of the text.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problems> {
        self.problems.sort_by(|a, b| (&a.file, a.span.start, a.code).cmp(&(&b.file, b.span.start, b.code)));
        self.problems.dedup();
        // A misspelt key is one fault: what it was meant to be is not missing as well.
        let meant: Vec<String> = self.problems.iter().filter_map(Problem::key_meant).collect();
        let missing = [Code::MissingKey, Code::RouteKeys];
        self.problems.retain(|p| !missing.contains(&p.code) || !meant.contains(&p.where_));
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problems(self.problems)),
        }
    }
}

/// At most three of `known` that differ in at most a third of the letters of `name`, nearest first; capitals count for
/// nothing, and `name` itself is not among them.
///
/// ```
/// assert_eq!(remission_model::problem::near_names("mutants", ["Mutants", "plating"]), ["Mutants"]);
/// ```
pub fn near_names<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let letters: Vec<char> = name.to_lowercase().chars().take(41).collect();
    if letters.is_empty() || letters.len() > 40 {
        return Vec::new();
    }
    // One changed letter of a name of one or two is another name; only its case is forgiven.
    let most = match letters.len() {
        1 | 2 => 0,
        n => (n / 3).max(1),
    };
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|k| k.len().abs_diff(name.len()) <= most + 2 && *k != name)
        .map(|k| (distance(&letters, &k.to_lowercase()), k))
        .filter(|(d, _)| *d <= most)
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, k)| k.to_string()).collect()
}

/// Most names that are ordered by likeness.
const MOST_ORDERED: usize = 100;

/// At most `count` of `known`, the most alike first; of very many none.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str], count: usize) -> Vec<&'a str> {
    let letters: Vec<char> = name.to_lowercase().chars().take(64).collect();
    if known.len() > MOST_ORDERED {
        return Vec::new();
    }
    let short = known.iter().filter(|k| k.len() <= 64);
    let mut ordered: Vec<_> = short.map(|k| (distance(&letters, &k.to_lowercase()), *k)).collect();
    ordered.sort_unstable();
    ordered.into_iter().take(count).map(|(_, k)| k).collect()
}

/// Number of letters to insert, drop, change or swap with the next (optimal string alignment).
pub(crate) fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
