//! Keys of measurements, by kind.

use super::{CITATION, Object, Value, keys, may, need};

pub(super) static MEASUREMENTS: &[(&str, &Object)] =
    &[("sum_of_diameters", &DIAMETERS), ("cell_count", &COUNT), ("ctdna", &CTDNA), ("sequencing", &SEQUENCING)];

static DIAMETERS: Object = keys(
    "Sum of the diameters of the target lesions.",
    &[
        need("kind", Value::Choice(&["sum_of_diameters"]), "What is measured."),
        need("shares", Value::NumbersOrNamed, "Share of the tumour, or by site of its cells, in each target lesion."),
        need("cells_per_volume", Value::Text, "Such as \"1e9 cells/cm^3\"."),
        need("reader_error", Value::Text, "Standard deviation of the logarithm of one reading."),
        may("too_small", Value::Text, "Smallest diameter measured; default 5 mm."),
        may(
            "new_lesion",
            Value::Text,
            "Where none was seen, a new lesion from this diameter on; default 10 mm; with sites.",
        ),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);

static COUNT: Object = keys(
    "Number of cells.",
    &[
        need("kind", Value::Choice(&["cell_count"]), "What is measured."),
        may("error", Value::Text, "Standard deviation of the logarithm of one reading; default 0."),
        may("detection_limit", Value::Text, "Below it 0 is reported; default 0."),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);

static CTDNA: Object = keys(
    "Tumour DNA in plasma.",
    &[
        need("kind", Value::Choice(&["ctdna"]), "What is measured."),
        need("shed", Value::Text, "Genome equivalents that reach the blood when a cell dies."),
        need("half_life", Value::Text, "Of DNA in plasma."),
        need("plasma", Value::Text, "Plasma in the body."),
        need("blood", Value::Text, "Blood drawn."),
        may("plasma_fraction", Value::Text, "Of blood; default 55 %."),
        need("background", Value::Text, "DNA of healthy cells in plasma."),
        may("mutated_copies", Value::Whole(1, 1000), "Of the locus in a tumour cell; default 1."),
        may("copies", Value::Whole(1, 1000), "All copies of the locus; default 2."),
        may("recovery", Value::Text, "Share of the molecules that are recovered; default 100 %."),
        need("depth", Value::Whole(1, 1_000_000_000), "Unique molecules read at most, per site."),
        may("artefacts", Value::Text, "Share of wild-type molecules read as mutant; default 0."),
        may("detection_limit", Value::Text, "Share of mutant reads below which 0 is reported; default 0."),
        may("sites", Value::Whole(1, 100_000), "Sites at which the truncal mutation is tracked; default 1."),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);

static SEQUENCING: Object = keys(
    "A piece of tissue, sequenced.",
    &[
        need("kind", Value::Choice(&["sequencing"]), "What is measured."),
        may("site", Value::Text, "Where the piece is taken; default: from the whole tumour."),
        need("cells", Value::Text, "Tumour cells in the piece."),
        need("purity", Value::Text, "Share of tumour cells in the piece."),
        may("copies", Value::Text, "Copies of the locus in a tumour cell; default 2."),
        may("mutated_copies", Value::Text, "Copies of the locus that carry the mutation; default 1."),
        need("depth", Value::Text, "Reads expected at a locus."),
        may("artefacts", Value::Text, "Share of wild-type reads that are read as mutant; default 0."),
        may("detection_limit", Value::Text, "Share of mutant reads below which 0 is reported; default 0."),
        may("source", Value::Object(&CITATION), "Where the numbers written here are printed."),
        may("assumed", Value::Words, "Why these numbers, when they are not measured."),
    ],
);
