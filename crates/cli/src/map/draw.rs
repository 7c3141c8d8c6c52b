//! The picture of a map: boxes in columns, lines between them on lanes, words beside the ends of lines.
//!
//! Everything is drawn with attributes of SVG and nothing with a style sheet, so that the picture is the same in a file of its own
//! and inside a page whose policy allows no styles. The colour of a line says what it carries; the words at its end say so
//! too, and so do the heads: a triangle raises, a bar lowers, a diamond does either, a ring does nothing. The last piece of a
//! line, from where it branches, is drawn in the style of its evidence. What is hovered over says the rate as written and every
//! number with its source.

use super::boxes::is_above;
use super::columns::{Carries, Frame, Net, frame};
use super::data::{Arrow, Map};
use super::lanes::{At, Gap};
use super::place::{Placed, place};
use super::{legend, text};
use crate::report::html::escape;
use crate::report::svg::{Svg, fit, px};

/// Width of a lane.
const LANE: f64 = 11.0;
/// Size of letters beside lines and in the second line of boxes.
pub const SMALL: f64 = 11.0;
/// Size of the names in boxes.
pub(super) const NAME: f64 = 12.5;
/// Narrowest and widest box.
const BOX: (f64, f64) = (132.0, 230.0);
/// Narrowest box with two arrows above it.
const CROWDED: f64 = 190.0;
/// Widest words beside a line, and widest with a rate behind them.
const LABEL: [f64; 2] = [215.0, 150.0];
/// More nodes than this are listed and not drawn: nobody could read the picture.
pub const MOST: usize = 250;
/// Free margin.
const MARGIN: f64 = 16.0;
/// Radius of bends.
const BEND: f64 = 5.0;

/// Ink of words and of plain lines.
pub const INK: &str = "#1d2327";
/// Softer ink.
pub const SOFT: &str = "#4b565b";
/// Dashes of the marks, from strong to weak.
pub const DASHES: [&str; 4] = ["", "7 4", "2 3", "9 3 2 3"];

/// Colour of an arrow, by what it is.
pub fn colour(kind: &str) -> &'static str {
    match kind {
        "birth" | "production" => "#009e73",
        "death" | "loss" | "elimination" => "#d55e00",
        "happens" => "#8a6d00",
        "immigration" | "dose" => "#3a93c9",
        "switching" => "#0072b2",
        "mutation at division" | "mutation in time" => "#b0518a",
        _ => SOFT,
    }
}

/// Width of words, on the safe side for the usual letters.
pub fn wide(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c > '\u{2e7f}' { 1.1 * size } else { 0.6 * size }).sum()
}

/// Dash of an arrow's mark, as an attribute.
pub fn dash(strength: usize) -> String {
    match DASHES[strength.min(DASHES.len() - 1)] {
        "" => String::new(),
        d => format!(" stroke-dasharray=\"{d}\""),
    }
}

/// A word with the rate behind it where there is room; of doses, with their numbers.
pub(super) fn word_and_rate(arrow: &Arrow, width: f64) -> String {
    let word = match arrow.kind.as_str() {
        "mutation at division" => "mutation",
        "dose" => "enters",
        kind => kind,
    };
    let whole = format!("{word}: {}", arrow.rate);
    let short = arrow.parameters.join(", ");
    match arrow.kind.as_str() {
        "dose" if !short.is_empty() => fit(&format!("{word}: {short}"), width, 0.88 * SMALL),
        _ if !arrow.rate.is_empty() && wide(&whole, SMALL) <= width => whole,
        _ => word.to_owned(),
    }
}

/// Words at the end of a branch.
fn label(arrow: &Arrow) -> String {
    if arrow.kind != "influence" {
        return word_and_rate(arrow, LABEL[1]);
    }
    let through = if arrow.through.contains('(') {
        format!(", {}", arrow.through.split('(').next().unwrap_or(""))
    } else {
        String::new()
    };
    fit(&format!("{}{through}", arrow.words()), LABEL[0], 0.88 * SMALL)
}

/// What is said when an arrow is pointed at.
pub(super) fn told(map: &Map, arrow: &Arrow) -> String {
    let mut out = format!("{}: {}", text::ends(arrow), arrow.words());
    if !arrow.rate.is_empty() {
        let what = if arrow.on.is_some() { format!("rate of {}", arrow.acts_on) } else { "rate".to_owned() };
        out += &format!("\n{what}: {}", arrow.rate);
    }
    for name in &arrow.parameters {
        let Some(n) = map.number(name) else { continue };
        let value = format!("{} {}", crate::report::html::number(n.value), n.unit);
        let prior = n.prior.as_ref().map_or(String::new(), |p| format!("; could be {p}"));
        out += &format!("\n{name} = {}, {}: {}{prior}", value.trim_end(), n.mark, n.source);
    }
    if arrow.mark == "bare" {
        out += "\nholds a number or a table that does not say where it comes from";
    }
    format!("<title>{}</title>", escape(&out))
}

/// Where columns and gaps stand.
pub(super) struct Across {
    /// Left edge of the boxes of a column.
    pub(super) boxes: Vec<f64>,
    /// Their width.
    pub(super) width: Vec<f64>,
    /// Of each gap: left edge, first lane, beginning of the words, right edge.
    gaps: Vec<[f64; 4]>,
}

fn across(map: &Map, frame: &Frame, gaps: &[(Gap, Vec<usize>)]) -> Across {
    let mut out = Across { boxes: Vec::new(), width: Vec::new(), gaps: Vec::new() };
    let mut x = MARGIN;
    for (column, (gap, lanes)) in gaps.iter().enumerate() {
        let taps = gap.nets.iter().flat_map(|(k, pins)| pins.iter().map(move |p| (k, p.at)));
        let words = taps.filter_map(|(k, at)| match at {
            At::Tap(t) => Some(wide(&label(&map.arrows[frame.nets[*k].taps[t].arrow]), SMALL) + 20.0),
            _ => None,
        });
        let words = words.fold(if column == 0 || column == frame.columns { 0.0 } else { 26.0 }, f64::max);
        let lane = if gap.nets.is_empty() { 0.0 } else { 12.0 };
        let begin = x + lane + LANE * lanes.len() as f64;
        out.gaps.push([x, x + lane, begin, begin + words]);
        x = begin + words;
        if column < frame.columns {
            let nodes = (0..map.nodes.len()).filter(|n| frame.column[*n] == column);
            let needs = |n: usize| {
                let (node, stubs) = (&map.nodes[n], &frame.stubs[n]);
                let above = stubs.iter().filter(|k| is_above(&map.arrows[**k].kind)).count();
                let words = (wide(&node.name, NAME) * 1.06).max(wide(&node.is, SMALL)) + 18.0;
                if above > 1 { words.max(CROWDED) } else { words }
            };
            let width = nodes.map(needs).fold(BOX.0, f64::max);
            out.boxes.push(x);
            out.width.push(width.min(BOX.1));
            x += width.min(BOX.1);
        }
    }
    out
}

/// The picture with its legend, and its width; a title where it stands alone.
pub fn draw(map: &Map, title: Option<&str>) -> (String, f64) {
    let frame = frame(map);
    let placed = place(map, &frame);
    let gaps: Vec<(Gap, Vec<usize>)> = (0..=frame.columns)
        .map(|g| placed.gap(&frame, g))
        .map(|gap| {
            let lanes = gap.lanes();
            (gap, lanes)
        })
        .collect();
    let x = across(map, &frame, &gaps);
    let end = x.gaps.last().map_or(0.0, |g| g[3]).max(x.boxes.last().copied().unwrap_or(0.0)) + MARGIN;
    let width = end.max(620.0);
    let top = if title.is_some() { 58.0 } else { 10.0 };
    let mut body = Svg::new(width);
    if let Some(title) = title {
        let words = |y: f64, size: f64, weight: &str, ink: &str, text: &str| {
            let shown = escape(&fit(text, width - 2.0 * MARGIN, 0.9 * size));
            format!("<text x=\"{MARGIN}\" y=\"{y}\" font-size=\"{size}\"{weight} fill=\"{ink}\">{shown}</text>")
        };
        body.raw(&words(26.0, 16.0, " font-weight=\"600\"", INK, title));
        body.raw(&words(45.0, 11.5, "", SOFT, &text::counted(map)));
    }
    let mut pen = Pen { map, frame: &frame, placed: &placed, x: &x, top, body: &mut body };
    pen.lines(&gaps);
    pen.boxes();
    let bottom = placed.columns.iter().flatten().map(|i| i.top + i.height).fold(0.0, f64::max) + top;
    let height = legend::draw(map, &mut body, bottom + 26.0, width) + 12.0;
    let label = format!("The model as a map: {}. {}", text::counted(map), what_acts(map));
    let alone = match title {
        Some(_) => {
            " xmlns=\"http://www.w3.org/2000/svg\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif\""
        }
        None => "",
    };
    let (w, h) = (px(width.ceil()), px(height.ceil()));
    let ground = if title.is_some() { "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>" } else { "" };
    let picture = format!(
        "<svg{alone} class=\"map\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">\
         <desc>{}</desc>{ground}{}</svg>",
        escape(&label),
        escape(&text::lines(map)),
        body.inside()
    );
    (picture, width)
}

/// Which node acts on what, in one sentence a node.
fn what_acts(map: &Map) -> String {
    let one = |node: &super::data::Node| {
        let of = map.arrows.iter().filter(|a| a.kind == "influence" && a.from.as_ref() == Some(&node.name));
        let acts: Vec<String> = of.map(|a| format!("{} of {}", a.words(), a.to.as_deref().unwrap_or(""))).collect();
        (!acts.is_empty()).then(|| format!("{} {}.", node.name, acts.join(", ")))
    };
    map.nodes.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

/// What is drawn, where, and onto what.
pub(super) struct Pen<'a> {
    pub(super) map: &'a Map,
    pub(super) frame: &'a Frame,
    pub(super) placed: &'a Placed,
    pub(super) x: &'a Across,
    pub(super) top: f64,
    pub(super) body: &'a mut Svg,
}

/// Shades of what nets of one kind carry, by the node from which they come.
fn shades(carries: Carries) -> &'static [&'static str] {
    match carries {
        Carries::Dose => &["#3a93c9"],
        Carries::Switching => &["#0072b2", "#0a4f86"],
        Carries::Mutation => &["#b0518a", "#7a4a9e", "#d26fae"],
        Carries::Influence => &["#3c4549", "#a87400", "#2f8394", "#8c4a32", "#5f7a1f", "#7b8084", "#234f7d"],
    }
}

impl Pen<'_> {
    /// Colour of a net.
    fn net_colour(&self, net: usize) -> &'static str {
        let Net { carries, from, .. } = self.frame.nets[net];
        let before = self.frame.nets.iter().filter(|n| n.carries == carries && n.from < from).count();
        let shades = shades(carries);
        shades[before % shades.len()]
    }

    fn lines(&mut self, gaps: &[(Gap, Vec<usize>)]) {
        for (k, net) in self.frame.nets.iter().enumerate() {
            let stroke = self.trunk(k);
            for &column in &net.passes {
                let y = self.placed.pass(column, k) + self.top;
                let (a, z) = (self.x.boxes[column], self.x.boxes[column] + self.x.width[column]);
                self.body.path(&format!("M{} {}H{}", px(a), px(y), px(z)), &stroke);
            }
        }
        for (g, (gap, lanes)) in gaps.iter().enumerate() {
            let [from, first, _, to] = self.x.gaps[g];
            for (place, (k, pins)) in gap.nets.iter().enumerate() {
                let lane = lanes.iter().position(|l| *l == place).map(|n| first + LANE * n as f64);
                let low = pins.iter().map(|p| p.y).fold(f64::INFINITY, f64::min) + self.top;
                let high = pins.iter().map(|p| p.y).fold(f64::NEG_INFINITY, f64::max) + self.top;
                let bend = BEND.min(0.5 * (high - low));
                if let Some(x) = lane {
                    let d = format!("M{} {}V{}", px(x), px(low + bend), px(high - bend));
                    let stroke = self.trunk(*k);
                    self.body.path(&d, &stroke);
                }
                for pin in pins {
                    let y = pin.y + self.top;
                    let edge = if pin.left { from } else { to };
                    // From the lane, with a bend at its ends, or straight through.
                    let d = match lane {
                        None if pin.left => continue,
                        None => format!("M{} {}H{}", px(from), px(y), px(edge)),
                        Some(x) => {
                            let side = if pin.left { -bend } else { bend };
                            let towards = if (y - low).abs() < 0.5 { y + bend } else { y - bend };
                            if (y - low).abs() < 0.5 || (y - high).abs() < 0.5 {
                                format!(
                                    "M{} {}Q{} {} {} {}H{}",
                                    px(x),
                                    px(towards),
                                    px(x),
                                    px(y),
                                    px(x + side),
                                    px(y),
                                    px(edge)
                                )
                            } else {
                                let dot = format!(
                                    "<circle cx=\"{}\" cy=\"{}\" r=\"2.1\" fill=\"{}\"/>",
                                    px(x),
                                    px(y),
                                    self.net_colour(*k)
                                );
                                self.body.raw(&dot);
                                format!("M{} {}H{}", px(x), px(y), px(edge))
                            }
                        }
                    };
                    match pin.at {
                        At::Tap(tap) => self.branch(*k, tap, &d, to, y, self.x.gaps[g][2]),
                        _ => {
                            let stroke = self.trunk(*k);
                            self.body.path(&d, &stroke);
                        }
                    }
                }
            }
        }
    }

    /// Stroke of a net before it branches; of one that does not, that of its only branch.
    fn trunk(&self, net: usize) -> String {
        let taps = &self.frame.nets[net].taps;
        let style = if let [only] = taps[..] { dash(self.map.arrows[only.arrow].strength()) } else { String::new() };
        let wide = if taps.len() == 1 { "1.7" } else { "1.3" };
        format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{wide}\"{style}", self.net_colour(net))
    }

    /// The last piece of an arrow, its head and its words.
    fn branch(&mut self, net: usize, tap: usize, d: &str, x: f64, y: f64, words: f64) {
        let arrow = &self.map.arrows[self.frame.nets[net].taps[tap].arrow];
        let ink = self.net_colour(net);
        let style = dash(arrow.strength());
        self.body.raw(&format!("<g>{}", told(self.map, arrow)));
        self.body.path(
            d,
            "fill=\"none\" stroke=\"#000000\" stroke-opacity=\"0\" stroke-width=\"11\" pointer-events=\"stroke\"",
        );
        self.body.path(d, &format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.7\"{style}"));
        self.body.raw(&head(&arrow.sign, x, y, ink));
        let shown = escape(&label(arrow));
        self.body.raw(&format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{SMALL}\" fill=\"{INK}\">{shown}</text></g>",
            px(words + 3.0),
            px(y - 5.0)
        ));
    }
}

/// The head of a branch that ends at (x, y) from the left.
pub fn head(sign: &str, x: f64, y: f64, ink: &str) -> String {
    let (d, filled) = match sign {
        "lowers" => ("m-4 -6.5h2.6v13h-2.6z", true),
        "both" => ("m-12 0l5.5 -5l5.5 5l-5.5 5z", true),
        "nothing" => ("m-9 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", false),
        "unknown" => ("m-9 -4.5l8 4.5l-8 4.5z", false),
        _ => ("m-9 -4.5l9 4.5l-9 4.5z", true),
    };
    let fill = if filled { ink } else { "#ffffff" };
    format!("<path d=\"M{} {}{d}\" fill=\"{fill}\" stroke=\"{ink}\" stroke-width=\"1\"/>", px(x), px(y))
}
