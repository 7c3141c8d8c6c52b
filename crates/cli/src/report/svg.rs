//! A picture: SVG written by hand, so that it scales with the page, takes its letters from the page's style sheet
//! and carries alternative text. (plotters' SVG backend fixes fonts and colours in each element, has no roles or
//! titles and repeats every attribute: three times the bytes and nothing for a reader who listens.)
//!
//! Coordinates are units of the view box, origin at the upper left. What is not finite is drawn nowhere.

use super::html::escape;
use std::fmt::Write;

/// Okabe and Ito's palette without black and yellow (yellow is lost on white), darkest contrasts first.
pub const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/// Dashes: with seven colours, 35 pairs before one comes again.
pub const DASHES: [&str; 5] = ["", "8 4", "2 3", "10 3 2 3", "14 5"];

/// Colour of a series.
pub fn colour(series: usize) -> &'static str {
    COLOURS[series % COLOURS.len()]
}

/// Dash of a series, as an attribute.
pub fn dash(series: usize) -> String {
    match DASHES[series % DASHES.len()] {
        "" => String::new(),
        d => format!(" stroke-dasharray=\"{d}\""),
    }
}

/// Where text is held.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    /// By its beginning.
    Start,
    /// By its middle.
    Middle,
    /// By its end.
    End,
}

/// A picture being drawn.
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// An empty picture of this width; the height comes last.
    pub fn new(width: f64) -> Self {
        Svg { width, height: 0.0, body: String::new() }
    }

    /// Text in one of the style sheet's sizes: `t` ticks, `l` labels, `b` bold labels, `h` labels over a line.
    pub fn text(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        if x.is_finite() && y.is_finite() {
            let (x, y) = (px(x), px(y));
            let _ = write!(self.body, "<text x=\"{x}\" y=\"{y}\"{anchor} class=\"{class}\">{}</text>", escape(text));
        }
    }

    /// A straight line of a class of the style sheet: `axis`, `grid`, `limit`, `guide`.
    pub fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, class: &str) {
        if [x1, y1, x2, y2].iter().all(|v| v.is_finite()) {
            let d = format!("M{} {}L{} {}", px(x1), px(y1), px(x2), px(y2));
            let _ = write!(self.body, "<path d=\"{d}\" class=\"{class}\"/>");
        }
    }

    /// A path, with attributes as they stand in SVG.
    pub fn path(&mut self, d: &str, attributes: &str) {
        if !d.is_empty() {
            let _ = write!(self.body, "<path d=\"{d}\" {attributes}/>");
        }
    }

    /// A rectangle, with attributes as they stand in SVG.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, attributes: &str) {
        if [x, y, width, height].iter().all(|v| v.is_finite()) && width > 0.0 && height > 0.0 {
            let (x, y, w, h) = (px(x), px(y), px(width), px(height));
            let _ = write!(self.body, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {attributes}/>");
        }
    }

    /// The marker of a series: disc, square, triangle, diamond, ring.
    pub fn marker(&mut self, x: f64, y: f64, series: usize) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        let d = match series % 5 {
            0 => "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
            1 => "m-4 -4h8v8h-8z",
            2 => "m0 -5.2l5 8.9h-10z",
            3 => "m0 -5.5l5 5.5l-5 5.5l-5 -5.5z",
            _ => "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0 -7.6 0z",
        };
        let fill = if series % 5 == 4 { "#fff" } else { colour(series) };
        let attributes = format!("fill=\"{fill}\" stroke=\"{}\" stroke-width=\"1.5\"", colour(series));
        self.path(&format!("M{} {}{d}", px(x), px(y)), &attributes);
    }

    /// Elements as they stand in SVG.
    pub fn raw(&mut self, elements: &str) {
        self.body.push_str(elements);
    }

    /// What is drawn from here on ends at the edges of a rectangle from its upper left to its lower right, until [`unclip`](Svg::unclip).
    /// The name is the rectangle's, once in a page.
    pub fn clip(&mut self, name: &str, from: (f64, f64), to: (f64, f64)) {
        let (x, y, w, h) = (px(from.0), px(from.1), px((to.0 - from.0).max(0.0)), px((to.1 - from.1).max(0.0)));
        let name = escape(name);
        let _ = write!(
            self.body,
            "<clipPath id=\"{name}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath><g clip-path=\"url(#{name})\">"
        );
    }

    /// Ends [`clip`](Svg::clip).
    pub fn unclip(&mut self) {
        self.body.push_str("</g>");
    }

    /// What was drawn, without its frame: for a legend.
    pub fn inside(self) -> String {
        self.body
    }

    /// The finished picture; `label` is read aloud, `class` says at which width of the page it is shown.
    pub fn finish(mut self, height: f64, class: &str, label: &str) -> String {
        self.height = height;
        format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            px(self.width),
            px(self.height),
            escape(label),
            self.body
        )
    }
}

/// A series' line with its marker, to stand before its name outside a picture.
pub fn swatch(series: usize) -> String {
    let mut svg = Svg::new(36.0);
    let stroke = format!("fill=\"none\" stroke=\"{}\" stroke-width=\"2.4\"{}", colour(series), dash(series));
    svg.path("M1 7H35", &stroke);
    svg.marker(18.0, 7.0, series);
    format!("<svg class=\"swatch\" viewBox=\"0 0 36 14\" aria-hidden=\"true\">{}</svg>", svg.body)
}

/// A coordinate: one decimal, without what it does not need.
pub fn px(v: f64) -> String {
    let text = format!("{:.1}", if v.is_finite() { v } else { 0.0 });
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// A line through points as a path.
pub fn polyline(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (k, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if k == 0 { 'M' } else { 'L' }, px(*x), px(*y));
    }
    d
}

/// A line on which a value is found.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Value at the start.
    pub from: f64,
    /// Value at the end.
    pub to: f64,
    /// Coordinate at the start.
    pub start: f64,
    /// Coordinate at the end.
    pub end: f64,
}

impl Scale {
    /// Coordinate of a value, held inside the picture.
    pub fn at(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        let share = if span > 0.0 { ((value - self.from) / span).clamp(0.0, 1.0) } else { 0.0 };
        self.start + share * (self.end - self.start)
    }
}

/// Whole steps of a time axis: at most `most` after the zero.
pub fn time_ticks(to: f64, most: f64) -> Vec<f64> {
    const STEPS: [f64; 16] =
        [0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0, 120.0, 240.0, 600.0, 1200.0, 6000.0, 60000.0];
    if !to.is_finite() || to <= 0.0 {
        return vec![0.0];
    }
    let step = STEPS.into_iter().find(|s| to / s <= most.max(1.0)).unwrap_or(to);
    // A study of five years may end a day short of its sixtieth month and still deserves the tick.
    (0..=(to / step + 0.02) as usize).map(|k| k as f64 * step).collect()
}

/// A tick's number: whole when it is, else up to two decimals.
pub fn tick(value: f64) -> String {
    if (value - value.round()).abs() < 0.02 {
        format!("{}", value.round() as i64)
    } else {
        format!("{value:.2}").trim_end_matches('0').to_owned()
    }
}

/// Text cut with an ellipsis so that it fits a width at this size of letters (a cautious estimate).
pub fn fit(text: &str, width: f64, size: f64) -> String {
    let wide = |c: char| if c > '\u{2e7f}' { 1.1 * size } else { 0.68 * size };
    if text.chars().map(wide).sum::<f64>() <= width {
        return text.to_owned();
    }
    let mut used = size;
    let mut out = String::new();
    for c in text.chars() {
        used += wide(c);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// A count in at most four letters and digits.
pub fn short_count(n: usize) -> String {
    match n {
        0..=99_999 => n.to_string(),
        100_000..=9_999_999 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_finite() {
        assert_eq!((px(12.04), px(-0.01), px(f64::NAN), px(3.25)), ("12".into(), "0".into(), "0".into(), "3.2".into()));
    }

    #[test]
    fn ticks_never_crowd() {
        assert_eq!(time_ticks(60.0, 6.0), vec![0.0, 12.0, 24.0, 36.0, 48.0, 60.0]);
        for to in [0.0, -1.0, f64::NAN, 0.1, 3.0, 59.9, 1e5, 1e9] {
            assert!(time_ticks(to, 6.0).len() <= 8, "{to}");
        }
        assert_eq!(tick(12.0), "12");
        assert_eq!(tick(11.99), "12");
        assert_eq!(tick(0.5), "0.5");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(fit("short", 100.0, 12.0), "short");
        assert!(fit(&"long name ".repeat(20), 200.0, 12.0).ends_with('…'));
    }
}
