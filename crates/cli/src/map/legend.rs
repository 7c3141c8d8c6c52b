//! The legend below a map: what lines carry, what heads say, and what evidence a line stands on. Only what occurs.

use super::data::{MARKS, Map};
use super::draw::{INK, SMALL, SOFT, colour, dash, head, wide};
use crate::report::html::escape;
use crate::report::svg::{Svg, px};

/// Height of a row.
const ROW: f64 = 21.0;
/// Margin on both sides.
const MARGIN: f64 = 16.0;

/// A row that breaks where it is full: drawn samples with words.
struct Rows<'a> {
    body: &'a mut Svg,
    width: f64,
    x: f64,
    y: f64,
}

impl Rows<'_> {
    fn heading(&mut self, text: &str) {
        if self.x > MARGIN {
            self.y += ROW;
        }
        self.words(MARGIN, text, SOFT);
        self.x = MARGIN + wide("line style: evidence", SMALL) + 12.0;
    }

    fn words(&mut self, x: f64, text: &str, ink: &str) {
        let text = escape(text);
        self.body.raw(&format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{SMALL}\" fill=\"{ink}\">{text}</text>",
            px(x),
            px(self.y)
        ));
    }

    fn entry(&mut self, sample: impl Fn(f64, f64) -> String, text: &str) {
        let room = 40.0 + wide(text, SMALL) + 14.0;
        if self.x + room > self.width - MARGIN {
            self.y += ROW;
            self.x = MARGIN + wide("line style: evidence", SMALL) + 12.0;
        }
        let drawn = sample(self.x, self.y - 4.0);
        self.body.raw(&drawn);
        self.words(self.x + 40.0, text, INK);
        self.x += room;
    }
}

/// Draws the legend from height `y` on; gives the height at which it ends.
pub fn draw(map: &Map, body: &mut Svg, y: f64, width: f64) -> f64 {
    let line = |x: f64, y: f64, ink: &str, dash: &str| {
        format!(
            "<path d=\"M{} {}H{}\" stroke=\"{ink}\" stroke-width=\"1.7\"{dash} fill=\"none\"/>",
            px(x),
            px(y),
            px(x + 30.0)
        )
    };
    let is = |kinds: &[&str]| map.arrows.iter().any(|a| kinds.contains(&a.kind.as_str()));
    let mut rows = Rows { body, width, x: MARGIN, y };
    rows.body.line(MARGIN, y - 18.0, width - MARGIN, y - 18.0, "grid");
    let kinds: [(&[&str], &str); 8] = [
        (&["birth", "production"], "birth, production"),
        (&["death", "loss", "elimination"], "death, loss, elimination"),
        (&["immigration", "dose"], "from outside, doses"),
        (&["switching"], "switching (reversible)"),
        (&["mutation at division", "mutation in time"], "mutation (inherited)"),
        (&["change"], "change of a level, either way"),
        (&["happens"], "happens to the patient"),
        (&["influence"], "acts on a rate (a colour a source)"),
    ];
    if kinds.iter().any(|k| is(k.0)) {
        rows.heading("line colour: what");
        for (names, text) in kinds.iter().filter(|k| is(k.0)) {
            rows.entry(|x, y| line(x, y, colour(names[0]), ""), text);
        }
    }
    let signs = [
        ("raises", "raises"),
        ("lowers", "lowers"),
        ("both", "raises or lowers"),
        ("nothing", "no effect at these values"),
        ("unknown", "cannot be told"),
    ];
    let signed = |sign: &str| map.arrows.iter().any(|a| a.sign == sign);
    if signs.iter().any(|s| signed(s.0)) {
        rows.heading("head: which way");
        for (sign, text) in signs.iter().filter(|s| signed(s.0)) {
            rows.entry(|x, y| format!("{}{}", line(x, y, SOFT, ""), head(sign, x + 30.0, y, SOFT)), text);
        }
    }
    let marked = |mark: &str| map.arrows.iter().any(|a| a.mark == mark);
    if MARKS.iter().any(|m| marked(m)) {
        rows.heading("line style: evidence");
        let said = ["all numbers cited", "one or more fitted", "one or more assumed", "a number without a source"];
        for (k, mark) in MARKS.iter().enumerate().filter(|m| marked(m.1)) {
            let _: &&str = mark;
            rows.entry(|x, y| line(x, y, INK, &dash(k)), said[k]);
        }
    }
    rows.y
}
