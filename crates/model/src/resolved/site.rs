//! Sites: places in the body with tumour cells of their own.

/// A place in the body, and the cell types that live there. Types that live at no site are immune and go everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// As named in files and tables.
    pub name: String,
    /// Indices of cell types.
    pub cells: Vec<usize>,
}
