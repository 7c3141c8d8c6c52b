//! Where numbers come from that are written in a section as they are, since they cannot be parameters.

use super::Citation;

/// Where the numbers of a section come from: shares of lesions, molar masses, points of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The section: `drugs.erlotinib`, `measurements.plasma`, `tables.viability`, `before_treatment`.
    pub of: String,
    /// Where its numbers come from.
    pub basis: Basis,
}

/// A source for several numbers at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Printed in a publication.
    Cited(Citation),
    /// Not measured; the text says why these values.
    Assumed(String),
}
