//! A picture as data: what is drawn, in the units of the reader, and nothing of how. The skin turns it into SVG with
//! alternative text and the table behind it.

/// An axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// What is shown, with its unit: `time, days`.
    pub label: String,
    /// Logarithmic; values that are not above 0 are then drawn nowhere.
    pub log: bool,
    /// Names of the places 0, 1, 2 ... of an axis that holds no numbers; empty for numbers.
    pub names: Vec<String>,
    /// Lowest and highest value shown; none: as the layers ask.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// An axis of numbers.
    pub fn new(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), ..Axis::default() }
    }

    /// An axis of numbers, logarithmic.
    pub fn log(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), log: true, ..Axis::default() }
    }

    /// An axis of names.
    pub fn names(label: impl Into<String>, names: Vec<String>) -> Axis {
        Axis { label: label.into(), names, ..Axis::default() }
    }
}

/// One thing drawn. A layer with a name stands in the legend.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Single points (x, y): data.
    Points {
        /// In the legend.
        name: String,
        /// Where.
        at: Vec<(f64, f64)>,
    },
    /// A line through points in order: a model's middle.
    Line {
        /// In the legend.
        name: String,
        /// Through.
        at: Vec<(f64, f64)>,
    },
    /// The area between two lines: an interval along x.
    Band {
        /// In the legend, with what it covers: `90 % of what is expected`.
        name: String,
        /// x, lower, upper.
        at: Vec<(f64, f64, f64)>,
    },
    /// Bars from 0 to y at x: probabilities, histograms.
    Bars {
        /// In the legend.
        name: String,
        /// Where and how high.
        at: Vec<(f64, f64)>,
        /// Width of a bar, in units of x.
        width: f64,
    },
    /// Estimates with intervals: x, lower, middle, upper.
    Intervals {
        /// In the legend.
        name: String,
        /// x, lower, middle, upper.
        at: Vec<(f64, f64, f64, f64)>,
    },
    /// A line across the picture at a value of y: a limit, a threshold.
    Level {
        /// Written on it.
        name: String,
        /// Where.
        y: f64,
    },
    /// A line from top to bottom at a value of x: the end of what was known.
    Moment {
        /// Written on it.
        name: String,
        /// Where.
        x: f64,
    },
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Short name, letters, digits and dashes: the anchor in a page.
    pub id: String,
    /// What it shows, as a heading.
    pub title: String,
    /// What to see in it, in one or two sentences.
    pub caption: String,
    /// Across.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// From back to front.
    pub layers: Vec<Layer>,
}
