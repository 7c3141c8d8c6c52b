//! The format as data: every section and key of model, study and regimen files, in the order of `spec/model.md`.
//!
//! The JSON Schemas for editors and the order in which `remission fmt` writes keys come from here. `crates/model/tests/format.rs` asks
//! the reader which keys it takes at every place of every valid case, and fails when this page says anything else. What a
//! sentence, a rate or a law may say is checked by the reader alone: here it is a text.

mod measurements;

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// Words for people; not blank.
    Words,
    /// A text the reader understands (quantity, expression, unit, sentence), or a bare number.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number between these ends.
    Whole(u64, u64),
    /// A list of plain numbers.
    Numbers,
    /// A list of plain numbers, or such lists under names of the writer's choice.
    NumbersOrNamed,
    /// A list of points: lists of two plain numbers, or of three.
    Points,
    /// A list of texts.
    Texts,
    /// One text, or a list of texts.
    TextOrTexts,
    /// A section.
    Object(&'static Object),
    /// A list of sections.
    Objects(&'static Object),
    /// One section, or a list of them.
    ObjectOrObjects(&'static Object),
    /// Sections with names of the writer's choice.
    Named(&'static Object),
    /// Texts under names of the writer's choice.
    NamedTexts,
    /// Texts under names of the writer's choice, in sections with names of the writer's choice.
    NamedNamedTexts,
    /// Texts under whole numbers.
    NumberedTexts,
    /// Sections with names of the writer's choice, whose keys depend on the word under `kind`.
    Kinds(&'static [(&'static str, &'static Object)]),
}

/// A key of a section.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub value: Value,
    /// Without it the file is refused.
    pub required: bool,
    /// One line for the reader of a file.
    pub about: &'static str,
}

/// A section with fixed keys.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// What it is.
    pub about: &'static str,
    /// Its keys, in the order of `spec/model.md`.
    pub keys: &'static [Key],
    /// Exactly one of these is given.
    pub one_of: &'static [&'static str],
    /// At least one of these is given.
    pub some_of: &'static [&'static str],
    /// Both of these are given, or neither.
    pub together: &'static [(&'static str, &'static str)],
}

impl Object {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }
}

const fn need(name: &'static str, value: Value, about: &'static str) -> Key {
    Key { name, value, required: true, about }
}

const fn may(name: &'static str, value: Value, about: &'static str) -> Key {
    Key { name, value, required: false, about }
}

const fn keys(about: &'static str, keys: &'static [Key]) -> Object {
    Object { about, keys, one_of: &[], some_of: &[], together: &[] }
}

/// A model file.
pub static MODEL: Object = keys(
    "A cancer under treatment: what there is and how fast it changes.",
    &[
        need("model", Value::Object(&HEAD), "What the model is."),
        may("parameters", Value::Named(&PARAMETER), "Named numbers, each with a unit and a source."),
        may("covariates", Value::Named(&COVARIATE), "Traits of a patient, with a law or categories."),
        may("correlations", Value::Objects(&CORRELATION), "How what varies between patients varies together."),
        may("tables", Value::Named(&TABLE), "Tabulated laws, called by name in expressions."),
        need("cells", Value::Named(&CELLS), "Cell types."),
        may("levels", Value::Named(&LEVEL), "Continuous quantities with a rate of change."),
        may("events", Value::Named(&EVENT), "What may happen to a patient."),
        may(
            "cross_resistance",
            Value::NamedNamedTexts,
            "By cell type and drug: how many times the concentration it stands; felt(drug) is divided by it.",
        ),
        may("sites", Value::Named(&SITE), "Places in the body; every type of the tumour lives at each of them."),
        may("drugs", Value::Named(&DRUG), "Drugs."),
        need("before_treatment", Value::Object(&BEFORE), "What exists when treatment begins."),
        may("measurements", Value::Kinds(measurements::MEASUREMENTS), "What the clinic or the laboratory can see."),
        may("death", Value::Object(&DEATH), "How patients die; left out in a dish."),
    ],
);

static HEAD: Object = keys(
    "What the model is.",
    &[
        need("title", Value::Words, "One line."),
        may("question", Value::Words, "What the model is there to answer."),
        may("citations", Value::Objects(&CITATION), "Papers the model as a whole rests on."),
    ],
);

static CITATION: Object = Object {
    some_of: &["doi", "url"],
    ..keys(
        "A publication.",
        &[
            may("doi", Value::Words, "DOI, from `10.` on."),
            may("url", Value::Words, "Address, where there is no DOI."),
            may("where", Value::Words, "Table, figure or sentence."),
        ],
    )
};

static PARAMETER: Object = Object {
    one_of: &["source", "fitted", "assumed"],
    together: &[("assumed", "prior")],
    ..keys(
        "A named number.",
        &[
            need("value", Value::Text, "Number and unit, such as \"0.0367 /h\"."),
            may("unit", Value::Text, "Unit for printing; by default that of the value."),
            may("source", Value::Object(&CITATION), "Where it is printed."),
            may("fitted", Value::Words, "Data and fit."),
            may("assumed", Value::Words, "Why this value, when it is not measured."),
            may("prior", Value::Text, "What else it could be, such as \"loguniform(1e-9, 1e-7)\"; with `assumed`."),
            may("between_patients", Value::Text, "How patients differ, such as \"lognormal(cv = 20 %)\"."),
        ],
    )
};

static COVARIATE: Object = Object {
    one_of: &["source", "fitted", "assumed"],
    some_of: &["between_patients", "categories"],
    together: &[("value", "between_patients")],
    ..keys(
        "A trait of a patient: `value` and `between_patients`, or `categories`.",
        &[
            may("value", Value::Text, "Centre of the law, such as \"70 kg\"."),
            may("unit", Value::Text, "Unit for printing; by default that of the value."),
            may("source", Value::Object(&CITATION), "Where it is printed."),
            may("fitted", Value::Words, "Data and fit."),
            may("assumed", Value::Words, "Why this law, when it is not measured."),
            may("prior", Value::Text, "What else the centre could be; with `assumed` and a law."),
            may("between_patients", Value::Text, "How patients differ, such as \"lognormal(cv = 20 %)\"."),
            may("categories", Value::Objects(&CATEGORY), "Groups of patients; their shares add up to 1."),
        ],
    )
};

static CATEGORY: Object = keys(
    "A group of patients.",
    &[
        need("name", Value::Text, "As in tables."),
        need("share", Value::Text, "Of the patients."),
        need("value", Value::Text, "What the covariate's name stands for."),
    ],
);

static CORRELATION: Object = Object {
    one_of: &["source", "fitted", "assumed"],
    together: &[("assumed", "prior")],
    ..keys(
        "A correlation of two quantities that vary between patients.",
        &[
            need("between", Value::Texts, "The two names."),
            need("value", Value::Text, "Above -1 and below 1."),
            may("source", Value::Object(&CITATION), "Where it is printed."),
            may("fitted", Value::Words, "Data and fit."),
            may("assumed", Value::Words, "Why this value, when it is not measured."),
            may("prior", Value::Text, "What else it could be, such as \"uniform(0, 0.8)\"; with `assumed`."),
        ],
    )
};

static TABLE: Object = keys(
    "A tabulated law: linear between the points, constant outside.",
    &[
        need("of", Value::TextOrTexts, "Unit of the argument; a list of two of a table of two arguments."),
        may("gives", Value::Text, "Unit of the value; by default a plain number."),
        need("points", Value::Points, "At least two [x, y], x growing; of two arguments a full grid of [x, z, value]."),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);

static CELLS: Object = keys(
    "A cell type. Rates are per cell.",
    &[
        may(
            "kind",
            Value::Choice(&["sensitive", "persister", "resistant", "immune"]),
            "By default resistant with a mechanism, else sensitive.",
        ),
        may("mechanism", Value::Words, "What a rebiopsy would find."),
        need("birth", Value::Text, "Divisions per cell and time."),
        need("death", Value::Text, "Deaths per cell and time."),
        may("immigration", Value::Text, "Cells per time from outside."),
        may("mutates", Value::Objects(&MUTATION), "Inherited changes; each founds a clone."),
        may("switches", Value::Objects(&SWITCH), "Reversible changes; they found no clone."),
    ],
);

static MUTATION: Object = Object {
    one_of: &["per_division", "per_time"],
    ..keys(
        "An inherited change.",
        &[
            need("to", Value::Text, "Cell type founded."),
            may("per_division", Value::Text, "Probability per division."),
            may("per_time", Value::Text, "Rate per cell and time."),
            may("drug_adds", Value::Text, "What treatment adds to the rate; founders owed to it are drug-induced."),
            may("signature", Value::Text, "Mutational signature of what treatment adds."),
        ],
    )
};

static SWITCH: Object = keys(
    "A reversible change.",
    &[need("to", Value::Text, "Cell type entered."), need("rate", Value::Text, "Rate per cell and time.")],
);

static LEVEL: Object = keys(
    "A continuous quantity with a rate of change.",
    &[
        need("start", Value::Text, "Value when treatment begins."),
        need("rate", Value::Text, "Change per time; may be negative."),
        may("unit", Value::Text, "Unit for printing; by default that of `start`."),
    ],
);

static EVENT: Object = keys(
    "Something that happens to a patient at a rate, such as a rash.",
    &[
        need("rate", Value::Text, "Hazard per time."),
        may("lasts", Value::Text, "How long it lasts; left out: it happens once, for good."),
        may("fatal", Value::Text, "Share of those to whom it happens whom it kills; default 0."),
    ],
);

static SITE: Object = keys(
    "A place in the body with tumour cells of its own.",
    &[
        may("exposure", Value::NamedTexts, "Share of a drug's concentration that cells feel there; default 1."),
        may("values", Value::NamedTexts, "Parameters and levels that are something else in the rates of cells there."),
        may("seeded_from", Value::NamedTexts, "By site: rate per cell and time at which its cells come and stay."),
        may("cells", Value::Texts, "Types that live there, where every type is written for its site; as resolved."),
    ],
);

static DRUG: Object = keys(
    "A drug.",
    &[
        need(
            "route",
            Value::Choice(&["oral", "bolus", "infusion", "held", "kpd", "radiation"]),
            "How every dose enters.",
        ),
        may("ka", Value::Text, "Absorption rate; oral only."),
        may("clearance", Value::Text, "Volume per time; oral, bolus and infusion."),
        may("volume", Value::Text, "Central volume; oral, bolus and infusion."),
        may("peripheral", Value::ObjectOrObjects(&PERIPHERAL), "Second compartment; a list of two with a third."),
        may("elimination", Value::Text, "Rate constant KDE; K-PD only."),
        may("lag", Value::Text, "Time from a dose to its arrival."),
        may("bioavailability", Value::Text, "Share of each dose that arrives."),
        may(
            "felt_as",
            Value::Text,
            "Unit of the concentration in expressions; not of radiation, which is felt in Gy/day.",
        ),
        may("molar_mass", Value::Text, "Needed for a molar `felt_as` unless held."),
        may("fraction", Value::Text, "How long the beam is on; radiation only; default 10 min."),
        may("delay", Value::Object(&DELAY), "Transit states between drug and effect."),
        may("effect", Value::Object(&EFFECT), "Effect compartment."),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);

static PERIPHERAL: Object = keys(
    "A peripheral compartment.",
    &[need("flow", Value::Text, "Volume per time."), need("volume", Value::Text, "Its volume.")],
);

static DELAY: Object = keys(
    "Transit states.",
    &[need("states", Value::Whole(1, 20), "How many."), need("mean", Value::Text, "Mean delay in all.")],
);

static EFFECT: Object = keys("An effect compartment.", &[need("ke0", Value::Text, "Its rate constant.")]);

static BEFORE: Object = Object {
    one_of: &["grow", "start"],
    ..keys(
        "What exists when treatment begins.",
        &[
            may("grow", Value::Text, "\"<type> from <n> cells until <size>\""),
            may("start", Value::NamedTexts, "Cells of each type."),
            may(
                "barcodes",
                Value::Text,
                "\"one per cell\", or \"library of <n>\": who of the first cells shares a barcode.",
            ),
            may("source", Value::Object(&CITATION), "Where the numbers of its sentences are printed."),
            may("assumed", Value::Words, "Why these numbers, when they are not measured."),
        ],
    )
};

static DEATH: Object = keys(
    "How patients die.",
    &[
        may("background", Value::Text, "Hazard of other causes; default 0."),
        may("burden", Value::Text, "Cells at which the tumour kills."),
    ],
);

/// A study file.
pub static STUDY: Object = keys(
    "Who is treated how, and when they are seen.",
    &[
        need("study", Value::Object(&STUDY_HEAD), "Patients, times and what is looked at."),
        need("arms", Value::Objects(&ARM), "Treatments compared; every comparison is against the first."),
    ],
);

static STUDY_HEAD: Object = keys(
    "Patients, times and what is looked at.",
    &[
        may("title", Value::Words, "Words."),
        need("patients", Value::Whole(1, 10_000_000), "Per arm."),
        need("seed", Value::Whole(0, u64::MAX), "Of every random draw."),
        need("horizon", Value::Text, "How long, up to 100 years."),
        need("visits", Value::Text, "\"every 6 weeks until 18 months, then every 12 weeks, within 7 days\""),
        may("recist_on", Value::Text, "A measurement of kind sum_of_diameters."),
        may("progression_when", Value::Text, "Progression where it is not RECIST: \"blasts > 1e10 cells\"."),
        may("ceiling", Value::Text, "Cells at which a run ends; default 1e13 cells."),
        may("rebiopsy_detects", Value::Text, "Share of cells at which a rebiopsy finds a mechanism; default 5 %."),
    ],
);

static ARM: Object = Object {
    one_of: &["regimen", "records"],
    ..keys(
        "A treatment.",
        &[
            need("name", Value::Words, "One line, once in the study."),
            may("regimen", Value::TextOrTexts, "Sentences, or the name of a regimen; [] is no treatment."),
            may("records", Value::Object(&RECORDS), "A NONMEM event table of what each patient was given."),
            may(
                "after_progression",
                Value::TextOrTexts,
                "stop (default), continue, end, sentences, or a named regimen.",
            ),
            may(
                "rules",
                Value::Texts,
                "Dose modification: \"hold <drug> when <condition> until <condition>\", reduce, stop.",
            ),
        ],
    )
};

static RECORDS: Object = keys(
    "A NONMEM event table: patient k follows the k-th ID, in turn.",
    &[
        need("file", Value::Text, "Name of the table beside study.toml, such as dosing.csv."),
        need("time_unit", Value::Text, "Unit of TIME, II and DUR: h, days."),
        may("amount_unit", Value::Text, "Unit of AMT; default mg."),
        may("compartments", Value::NumberedTexts, "Which drug a CMT is: { 1 = \"erlotinib\" }."),
    ],
);

/// A file of named regimens.
pub static REGIMENS: Object =
    keys("Regimens by name, for several studies.", &[may("regimens", Value::Named(&REGIMEN), "Regimens by name.")]);

static REGIMEN: Object = keys("A regimen.", &[need("sentences", Value::Texts, "Sentences that run side by side.")]);
