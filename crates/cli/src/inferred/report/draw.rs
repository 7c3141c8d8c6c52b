//! A figure as two pictures, one for a wide page and one for a narrow, with its legend, its words for who listens and the table
//! behind it.
//!
//! Names that do not fit side by side stand one under the other: then the picture is turned, and what was across goes down.
//! Layers of one name share colour, dash and marker. Clipped at the axes are lines and areas; a point outside is not drawn, and
//! what was not drawn is said under the picture.

use super::axis::Ruler;
use super::layers::{Series, layers, width_of};
use super::numbers::one_line;
use super::told::{alternative, count, omitted, table};
use crate::report::html::{behind, escape};
use crate::report::panels::legend;
use crate::report::svg::{Anchor, Svg, fit};
use remission_infer::figure::{Figure, Layer};

/// How large a picture is and how much of its axes it shows.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Units across.
    pub width: f64,
    /// Units from the upper to the lower end of the vertical axis, where it holds numbers.
    pub height: f64,
    /// Class of the style sheet: at which width of the page it is seen.
    pub class: &'a str,
    /// Without ticks on the vertical axis.
    pub bare: bool,
}

/// Where things lie in one picture.
pub struct Frame {
    /// Ends of the horizontal axis.
    pub left: f64,
    pub right: f64,
    /// Ends of the vertical axis.
    pub top: f64,
    pub bottom: f64,
    /// Of x and of y.
    pub rulers: [Ruler; 2],
    /// x goes down and y across.
    pub turned: bool,
    /// Names of the vertical axis stand above what they name, in rows of this height.
    above: Option<f64>,
}

/// Height of a name that stands above what it names.
const NAME: f64 = 18.0;

impl Frame {
    /// Coordinates of shares of x and y.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, up) = if self.turned { (y, x) } else { (x, y) };
        let x = self.left + across * (self.right - self.left);
        let ruler = self.vertical();
        let y = match self.above {
            Some(height) => {
                // Of a row, what lies under its name.
                let place = ruler.value(up) + 0.5;
                let row = place.floor().clamp(0.0, ruler.ticks.len().saturating_sub(1) as f64);
                self.top + row * height + NAME + (place - row) * (height - NAME)
            }
            // Names are read from above.
            None if ruler.named => self.top + up * (self.bottom - self.top),
            None => self.bottom - up * (self.bottom - self.top),
        };
        (x, y)
    }

    fn vertical(&self) -> &Ruler {
        &self.rulers[usize::from(!self.turned)]
    }

    fn horizontal(&self) -> &Ruler {
        &self.rulers[usize::from(self.turned)]
    }
}

/// About how wide a text is in a picture, units.
pub fn wide(text: &str) -> f64 {
    text.chars().map(|c| if c > '\u{2e7f}' { 13.0 } else { 7.3 }).sum()
}

/// The figure with everything that belongs to it; `anchor` is its place in the page, `heading` its level.
pub fn figure(figure: &Figure, anchor: &str, heading: &str) -> String {
    let series = Series::of(figure);
    let label = alternative(figure);
    let looks = [("wide", 960.0, 330.0), ("narrow", 368.0, 250.0)].map(|(class, width, height)| Look {
        width,
        height,
        class,
        bare: false,
    });
    let [wide, narrow] = looks.map(|look| picture(figure, &look, anchor, &label));
    let omitted = match omitted(figure) {
        0 => String::new(),
        1 => " One value that is infinite, missing, outside the axes or not above 0 on a logarithmic axis is not drawn as a point.".to_owned(),
        n => format!(" {n} values that are infinite, missing, outside the axes or not above 0 on a logarithmic axis are not drawn as points."),
    };
    let entries: Vec<(String, String)> = series.legend(figure);
    let legend = if entries.is_empty() { String::new() } else { legend(entries.into_iter()) };
    format!(
        "<{heading} id=\"{anchor}\">{}</{heading}><figure>{legend}{wide}{narrow}<figcaption>{}{omitted}</figcaption>{}</figure>",
        escape(&figure.title),
        escape(&figure.caption),
        behind(&[table(figure, anchor)]),
    )
}

/// One picture.
pub fn picture(figure: &Figure, look: &Look, anchor: &str, label: &str) -> String {
    let mut frame = frame(figure, look);
    let mut svg = Svg::new(look.width);
    let moments = crossing(figure, &frame);
    frame.top += 15.0 * rows(&moments) as f64;
    frame.bottom += 15.0 * rows(&moments) as f64;
    axes(&mut svg, &frame, look);
    layers(&mut svg, figure, &frame, &format!("{anchor}-{}", look.class));
    for mark in &moments {
        let above = frame.top - 15.0 * mark.row as f64;
        svg.line(mark.at, above - 13.0, mark.at, frame.bottom, "limit");
    }
    if let Some(height) = frame.above {
        for (k, (_, name)) in frame.vertical().ticks.iter().enumerate() {
            let text = fit(&one_line(name), look.width - frame.left - 4.0, 12.5);
            svg.text(frame.left + 3.0, frame.top + k as f64 * height + 15.0, Anchor::Start, "t halo", &text);
        }
    }
    for mark in &moments {
        let y = frame.top - 15.0 * mark.row as f64 - 4.0;
        svg.text(mark.text_at, y, mark.anchor, "t halo", &mark.text);
    }
    if figure.layers.iter().all(|l| count(l) == 0) {
        let middle = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
        svg.text(middle.0, middle.1, Anchor::Middle, "l halo", "nothing to draw");
    }
    let under = if frame.horizontal().label.is_empty() { 26.0 } else { 44.0 };
    svg.finish(frame.bottom + under, look.class, label)
}

/// Values of all layers along x and along y.
fn values(figure: &Figure) -> [Vec<f64>; 2] {
    let mut of = [Vec::new(), Vec::new()];
    let [along_x, along_y] = &mut of;
    for layer in &figure.layers {
        match layer {
            Layer::Points { at, .. } | Layer::Line { at, .. } => {
                along_x.extend(at.iter().map(|p| p.0));
                along_y.extend(at.iter().map(|p| p.1));
            }
            Layer::Band { at, .. } => {
                along_x.extend(at.iter().map(|p| p.0));
                along_y.extend(at.iter().flat_map(|p| [p.1, p.2]));
            }
            Layer::Bars { at, width, .. } => {
                let half = 0.5 * width_of(at, *width);
                along_x.extend(at.iter().flat_map(|p| [p.0 - half, p.0 + half]));
                along_y.extend(at.iter().map(|p| p.1));
            }
            Layer::Intervals { at, .. } => {
                along_x.extend(at.iter().map(|p| p.0));
                along_y.extend(at.iter().flat_map(|p| [p.1, p.2, p.3]));
            }
            Layer::Level { y, .. } => along_y.push(*y),
            Layer::Moment { x, .. } => along_x.push(*x),
        }
    }
    of
}

/// Whether some interval goes on below the axis, and above it.
fn open(figure: &Figure) -> [bool; 2] {
    let intervals =
        figure.layers.iter().filter_map(|l| if let Layer::Intervals { at, .. } = l { Some(at) } else { None });
    let low = |v: f64| v == f64::NEG_INFINITY || (figure.y.log && v <= 0.0);
    intervals.flatten().fold([false; 2], |[a, b], p| [a || low(p.1), b || p.3 == f64::INFINITY])
}

/// Rulers and margins, before there is room for what is written above.
fn frame(figure: &Figure, look: &Look) -> Frame {
    let [along_x, along_y] = values(figure);
    let bars = figure.layers.iter().any(|l| matches!(l, Layer::Bars { .. }));
    let names = &figure.x.names;
    let room = (look.width - 70.0) / names.len().max(1) as f64 - 8.0;
    let turned = figure.y.names.is_empty() && names.iter().any(|n| wide(&one_line(n)) > room);
    let open = open(figure);
    // Bars stand on 0 of y, and intervals are open along y.
    let ruler = |of_y: bool, values: &[f64], most: usize| {
        let axis = if of_y { &figure.y } else { &figure.x };
        Ruler::of(axis, values.iter().copied(), of_y && bars, if of_y { open } else { [false; 2] }, most)
    };
    // Ticks across: as many as their texts leave room for.
    let across = |of_y: bool, values: &[f64]| {
        let widest = |r: &Ruler| r.ticks.iter().map(|t| wide(&t.1) + 14.0).fold(0.0, f64::max);
        let fits = |r: &Ruler| r.named || widest(r) * r.ticks.len() as f64 <= look.width - 60.0;
        let found = (2..=9).rev().map(|most| ruler(of_y, values, most)).find(fits);
        found.unwrap_or_else(|| ruler(of_y, values, 2))
    };
    let up = (look.height / 40.0) as usize;
    let mut rulers = match turned {
        true => [ruler(false, &along_x, up), across(true, &along_y)],
        false => [across(false, &along_x), ruler(true, &along_y, up)],
    };
    if look.bare {
        rulers[1].ticks.clear();
        rulers[1].label.clear();
    }
    let vertical = &rulers[usize::from(!turned)];
    let widest = vertical.ticks.iter().map(|t| wide(&one_line(&t.1))).fold(0.0, f64::max);
    let above = vertical.named && widest > 0.42 * look.width;
    let left = if above || look.bare { 8.0 } else { widest + 14.0 };
    let each = if above { 44.0 } else { 24.0 };
    let top = if vertical.label.is_empty() { 8.0 } else { 24.0 };
    let height = if vertical.named { vertical.ticks.len() as f64 * each } else { look.height };
    Frame {
        left,
        right: look.width - 16.0,
        top,
        bottom: top + height.max(48.0),
        rulers,
        turned,
        above: above.then_some(each),
    }
}

/// Lines, ticks and labels of both axes.
fn axes(svg: &mut Svg, frame: &Frame, look: &Look) {
    let (left, right, top, bottom) = (frame.left, frame.right, frame.top, frame.bottom);
    let place = |share: f64, of_x: bool| if of_x { frame.at(share, 0.0) } else { frame.at(0.0, share) };
    let (vertical, horizontal) = (frame.vertical(), frame.horizontal());
    svg.text(0.0, 12.0, Anchor::Start, "l", &fit(&one_line(&vertical.label), look.width - 4.0, 12.5));
    for (value, text) in &vertical.ticks {
        let Some(share) = vertical.share(*value) else { continue };
        let y = place(share, frame.turned).1;
        svg.line(left, y, right, y, "grid");
        if frame.above.is_none() {
            svg.text(left - 7.0, y + 4.0, Anchor::End, "t", &one_line(text));
        }
    }
    let room = (right - left) / horizontal.ticks.len().max(1) as f64 - 6.0;
    for (value, text) in &horizontal.ticks {
        let Some(share) = horizontal.share(*value) else { continue };
        let x = place(share, !frame.turned).0;
        if !horizontal.named {
            svg.line(x, top, x, bottom, "grid");
        }
        svg.line(x, bottom, x, bottom + 4.0, "axis");
        let text = one_line(text);
        let text = if horizontal.named && wide(&text) > room { fit(&text, room, 12.5) } else { text };
        // The last number may reach over the end of the axis.
        let half = wide(&text) / 2.0;
        let x = x.clamp(half.min(look.width / 2.0), (look.width - half).max(look.width / 2.0));
        svg.text(x, bottom + 18.0, Anchor::Middle, "t", &text);
    }
    svg.line(left, bottom, right, bottom, "axis");
    svg.line(left, top, left, bottom, "axis");
    let label = fit(&one_line(&horizontal.label), look.width - 12.0, 12.5);
    let half = wide(&label) / 2.0 + 4.0;
    let middle = ((left + right) / 2.0).clamp(half.min(look.width / 2.0), (look.width - half).max(look.width / 2.0));
    svg.text(middle, bottom + 36.0, Anchor::Middle, "l", &label);
}

/// A line from top to bottom with its name above the picture.
struct Crossing {
    at: f64,
    text_at: f64,
    anchor: Anchor,
    text: String,
    row: usize,
}

fn rows(crossings: &[Crossing]) -> usize {
    crossings.iter().map(|c| c.row + 1).max().unwrap_or(0)
}

/// Every line from top to bottom (moments; levels, where the picture is turned), with names in rows so that none lies on another.
fn crossing(figure: &Figure, frame: &Frame) -> Vec<Crossing> {
    let mut found = Vec::new();
    for layer in &figure.layers {
        let (name, share) = match layer {
            Layer::Moment { name, x } if !frame.turned => (name, frame.rulers[0].share(*x)),
            Layer::Level { name, y } if frame.turned => (name, frame.rulers[1].share(*y)),
            _ => continue,
        };
        let Some(share) = share.filter(|s| (-1e-9..=1.0 + 1e-9).contains(s)) else { continue };
        let at = if frame.turned { frame.at(0.0, share).0 } else { frame.at(share, 0.0).0 };
        found.push((at, one_line(name)));
    }
    // From right to left, so that no line goes through the name of one further left.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut ends: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut out = Vec::new();
    for (at, name) in found {
        let (before, after) = (at - 5.0, frame.right + 14.0 - at);
        let to_right = wide(&name) <= after || after >= before;
        let text = if wide(&name) > before.max(after) { fit(&name, before.max(after), 12.5) } else { name };
        let (text_at, anchor) = if to_right { (at + 5.0, Anchor::Start) } else { (at - 5.0, Anchor::End) };
        let taken = if to_right { (at - 3.0, text_at + wide(&text)) } else { (text_at - wide(&text), at + 3.0) };
        let free = |row: &Vec<(f64, f64)>| row.iter().all(|(a, b)| taken.1 + 6.0 < *a || *b + 6.0 < taken.0);
        let row = ends.iter().position(free).unwrap_or_else(|| {
            ends.push(Vec::new());
            ends.len() - 1
        });
        ends[row].push(taken);
        out.push(Crossing { at, text_at, anchor, text, row });
    }
    out
}
