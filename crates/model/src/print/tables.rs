//! Tabulated laws, with all points in base units.

use super::{Printer, quoted};
use crate::resolved::Table;
use crate::units::number;

impl Printer<'_> {
    pub(super) fn table(&mut self, table: &Table) {
        self.line(&format!("\n[tables.{}]", table.name));
        let points: Vec<String> = match &table.second {
            None => {
                self.text("of", &table.of.base_unit());
                (table.x.iter().zip(&table.y)).map(|(x, y)| format!("[{}, {}]", number(*x), number(*y))).collect()
            }
            Some(second) => {
                let [a, b] = [table.of, second.of].map(|d| quoted(&d.base_unit()));
                self.line(&format!("of = [{a}, {b}]"));
                let pairs = table.x.iter().flat_map(|x| second.at.iter().map(move |z| (x, z)));
                pairs
                    .zip(&table.y)
                    .map(|((x, z), y)| format!("[{}, {}, {}]", number(*x), number(*z), number(*y)))
                    .collect()
            }
        };
        self.text("gives", &table.gives.base_unit());
        self.line(&format!("points = [{}]", points.join(", ")));
        self.basis(&format!("tables.{}", table.name));
    }
}
