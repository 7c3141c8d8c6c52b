//! The boxes of a map's picture: name, what it is, and the arrows that begin or end nowhere else: birth as a loop, death, loss and elimination
//! as a short arrow that ends at the sign of the empty set, immigration, production and change as one from above.

use super::data::Arrow;
use super::draw::{INK, NAME, Pen, SMALL, SOFT, colour, dash, told, word_and_rate};
use super::place::{Item, STUB, What};
use crate::report::html::escape;
use crate::report::svg::{fit, px};

/// Fill and border of a node's box, and how round it is.
fn look(kind: &str, cell_kind: &str) -> (&'static str, &'static str, f64) {
    match (kind, cell_kind) {
        ("cells", "sensitive") => ("#e6f4ef", "#009e73", 3.0),
        ("cells", "persister") => ("#fdf3df", "#b07a00", 3.0),
        ("cells", "resistant") => ("#fbe9de", "#d55e00", 3.0),
        ("cells", _) => ("#e4eff7", "#0072b2", 3.0),
        ("event", _) => ("#fdf6d8", "#8a6d00", 14.0),
        ("level", _) => ("#f3ecf3", "#b0518a", 14.0),
        ("drug", _) => ("#ffffff", INK, 19.0),
        _ => ("#f4f5f5", "#8b9498", 19.0),
    }
}

/// True of arrows that stand above their box.
pub fn is_above(kind: &str) -> bool {
    matches!(kind, "birth" | "immigration" | "production" | "change" | "happens")
}

impl Pen<'_> {
    /// All boxes, each with the arrows that have no other end.
    pub(super) fn boxes(&mut self) {
        let placed = self.placed;
        for (column, items) in placed.columns.iter().enumerate() {
            for item in items {
                if let What::Box(node) = item.what {
                    self.node(node, item, self.x.boxes[column], self.x.width[column]);
                }
            }
        }
    }

    fn node(&mut self, node: usize, item: &Item, x: f64, width: f64) {
        let n = &self.map.nodes[node];
        let (fill, border, round) = look(&n.kind, &n.cell_kind);
        let (y, height) = (item.top + item.above + self.top, item.height - item.above - item.below);
        let more = if n.more.is_empty() { String::new() } else { format!("\n{}", n.more) };
        self.body.raw(&format!("<g><title>{}</title>", escape(&format!("{}: {}{more}", n.name, n.is))));
        let attributes =
            format!("rx=\"{}\" fill=\"{fill}\" stroke=\"{border}\" stroke-width=\"1.5\"", px(round.min(0.5 * height)));
        self.body.rect(x, y, width, height, &attributes);
        let middle = y + 0.5 * height;
        let mut words = |dy: f64, size: f64, weight: &str, text: &str, room: f64| {
            let shown = escape(&fit(text, room, size));
            let ink = if weight.is_empty() { SOFT } else { INK };
            self.body.raw(&format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{size}\"{weight} fill=\"{ink}\">{shown}</text>",
                px(x + 0.5 * width),
                px(middle + dy)
            ));
        };
        words(-2.0, NAME, " font-weight=\"600\"", &n.name, width);
        words(14.0, SMALL, "", &n.is, width + 24.0);
        self.body.raw("</g>");
        for stub in &self.frame.stubs[node] {
            let above = |k: &&usize| is_above(&self.map.arrows[**k].kind);
            let crowded = self.frame.stubs[node].iter().filter(above).count() > 1;
            self.stub(&self.map.arrows[*stub], crowded, [x, y, width, height]);
        }
    }

    /// An arrow without another end, above or below its box.
    /// Where two stand above, one is at each end and neither says its rate.
    fn stub(&mut self, arrow: &Arrow, crowded: bool, [x, y, width, height]: [f64; 4]) {
        let ink = colour(&arrow.kind);
        let attributes = format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.7\"{}", dash(arrow.strength()));
        let right = x + width;
        let tip = |x: f64, y: f64| format!("<path d=\"M{} {}l-4 -7h8z\" fill=\"{ink}\"/>", px(x), px(y));
        self.body.raw(&format!("<g>{}", told(self.map, arrow)));
        let mut words = |x: f64, y: f64, end: bool, room: f64| {
            let anchor = if end { " text-anchor=\"end\"" } else { "" };
            let text = escape(&word_and_rate(arrow, room));
            self.body.raw(&format!(
                "<text x=\"{}\" y=\"{}\"{anchor} font-size=\"{SMALL}\" fill=\"{INK}\">{text}</text>",
                px(x),
                px(y)
            ));
        };
        match arrow.kind.as_str() {
            "birth" => {
                words(right - 42.0, y - 6.0, true, if crowded { 0.0 } else { width - 44.0 });
                let (a, z) = (right - 36.0, right - 14.0);
                self.body.path(
                    &format!(
                        "M{} {}C{} {} {} {} {} {}",
                        px(a),
                        px(y),
                        px(a),
                        px(y - 21.0),
                        px(z),
                        px(y - 21.0),
                        px(z),
                        px(y - 5.0)
                    ),
                    &attributes,
                );
                self.body.raw(&tip(z, y));
            }
            "death" | "loss" | "elimination" => {
                let below = y + height;
                words(right - 34.0, below + 14.0, true, width - 38.0);
                let at = right - 25.0;
                self.body.path(&format!("M{} {}V{}", px(at), px(below), px(below + 12.0)), &attributes);
                self.body.raw(&tip(at, below + 17.0));
                // The sign of the empty set.
                let ring = format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.3\"");
                self.body.path(
                    &format!("M{} {}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0m-1 4.5l9 -9", px(at + 13.0), px(below + 13.0)),
                    &ring,
                );
            }
            kind => {
                let at = if crowded && kind == "change" { right - 14.0 } else { x + 14.0 };
                let room = if crowded { 0.0 } else { width - 24.0 };
                words(if at > x + 14.0 { at - 8.0 } else { at + 8.0 }, y - 6.0, at > x + 14.0, room);
                self.body.path(&format!("M{} {}V{}", px(at), px(y - STUB + 6.0), px(y - 5.0)), &attributes);
                self.body.raw(&tip(at, y));
            }
        }
        self.body.raw("</g>");
    }
}
