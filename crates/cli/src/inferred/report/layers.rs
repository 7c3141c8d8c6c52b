//! The layers of a figure as SVG: points, lines, bands, bars, intervals, and the names written on levels.

use super::draw::{Frame, wide};
use super::numbers::one_line;
use crate::report::html::escape;
use crate::report::svg::{Anchor, Svg, colour, dash, fit, polyline, px};
use remission_infer::figure::{Figure, Layer};

/// Points from which on single marks give way to small dots.
const MANY: usize = 200;

/// Names in the legend in order of first mention; the place gives colour, dash, marker and hatch.
pub struct Series {
    names: Vec<String>,
    /// Series of each layer.
    pub of: Vec<usize>,
}

/// Name of what has a place in the legend.
fn name(layer: &Layer) -> Option<&str> {
    match layer {
        Layer::Points { name, .. }
        | Layer::Line { name, .. }
        | Layer::Band { name, .. }
        | Layer::Bars { name, .. }
        | Layer::Intervals { name, .. } => Some(name),
        Layer::Level { .. } | Layer::Moment { .. } => None,
    }
}

impl Series {
    /// Of a figure.
    pub fn of(figure: &Figure) -> Series {
        let mut names: Vec<String> = Vec::new();
        let place = |layer: &Layer| {
            let Some(name) = name(layer) else { return 0 };
            names.iter().position(|n| n == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            })
        };
        let of = figure.layers.iter().map(place).collect();
        Series { names, of }
    }

    /// Small pictures with their names.
    pub fn legend(&self, figure: &Figure) -> Vec<(String, String)> {
        let drawn = |s: usize| {
            let mut svg = Svg::new(36.0);
            let mine = figure.layers.iter().zip(&self.of).filter(|(l, of)| **of == s && name(l).is_some());
            let stroke = format!("fill=\"none\" stroke=\"{}\" stroke-width=\"2.4\"{}", colour(s), dash(s));
            for (layer, _) in mine {
                match layer {
                    Layer::Bars { .. } => {
                        svg.path("M1 1H35V13H1z", &bar(s));
                        svg.raw(&over("M1 1H35V13H1z", s));
                    }
                    Layer::Band { .. } => {
                        svg.path("M0 0H36V14H0z", &format!("fill=\"{}\" fill-opacity=\".25\"", colour(s)))
                    }
                    Layer::Line { .. } => svg.path("M1 7H35", &stroke),
                    Layer::Points { .. } => svg.marker(18.0, 7.0, s),
                    _ => {
                        svg.path("M18 0V14", &format!("stroke=\"{}\" stroke-width=\"2\"", colour(s)));
                        svg.marker(18.0, 7.0, s);
                    }
                }
            }
            svg.inside()
        };
        let named = self.names.iter().enumerate().filter(|(_, n)| !n.is_empty());
        named.map(|(s, n)| (drawn(s), escape(&one_line(n)))).collect()
    }
}

/// Fill and edge of bars: light, so that what is drawn over them is seen.
fn bar(series: usize) -> String {
    format!("fill=\"{0}\" fill-opacity=\".4\" stroke=\"{0}\" stroke-width=\"1\"", colour(series))
}

/// The hatch of a series over an area; nothing for one without.
fn over(d: &str, series: usize) -> String {
    if hatch(series).is_empty() { String::new() } else { format!("<path d=\"{d}\" fill=\"url(#{})\"/>", hatch(series)) }
}

fn hatch(series: usize) -> &'static str {
    ["", "h1", "h2", "h3", "h4"][series % 5]
}

/// Draws all layers, from back to front, clipped at the axes under the name `clip`; then the names of levels where the least is under
/// them.
pub fn layers(svg: &mut Svg, figure: &Figure, frame: &Frame, clip: &str) {
    let series = Series::of(figure);
    let mut pen = Pen { svg, frame, busy: Vec::new() };
    // A line along an edge is seen whole.
    pen.svg.clip(clip, (frame.left, frame.top - 1.5), (frame.right, frame.bottom + 1.5));
    for (k, layer) in figure.layers.iter().enumerate() {
        let s = series.of[k];
        match layer {
            Layer::Band { at, .. } => pen.band(at, s),
            Layer::Line { at, .. } => pen.line(at, s),
            Layer::Bars { at, width, .. } => {
                let (shift, share) = aside(figure, k);
                pen.bars(at, shift, width_of(at, *width) * share, s);
            }
            Layer::Level { y, .. } => pen.level(*y),
            _ => {}
        }
    }
    pen.svg.unclip();
    for (k, layer) in figure.layers.iter().enumerate() {
        let s = series.of[k];
        match layer {
            Layer::Points { at, .. } => pen.points(at, s),
            Layer::Intervals { at, .. } => pen.intervals(at, aside(figure, k).0, s),
            _ => {}
        }
    }
    let levels: Vec<(f64, &str)> = figure
        .layers
        .iter()
        .filter_map(|l| if let Layer::Level { name, y } = l { Some((*y, name.as_str())) } else { None })
        .collect();
    if !frame.turned {
        let moment = |l: &Layer| if let Layer::Moment { x, .. } = l { frame.rulers[0].share(*x) } else { None };
        let moments: Vec<f64> = figure.layers.iter().filter_map(moment).map(|s| frame.at(s, 0.0).0).collect();
        pen.level_names(&levels, &moments);
    }
}

/// On an axis of names several layers of one kind stand beside each other: how far this one is shifted, and its share of the width.
fn aside(figure: &Figure, k: usize) -> (f64, f64) {
    let kind = std::mem::discriminant(&figure.layers[k]);
    let whole = |l: &Layer| match l {
        Layer::Bars { at, .. } => at.iter().all(|p| p.0.fract() == 0.0),
        Layer::Intervals { at, .. } => at.iter().all(|p| p.0.fract() == 0.0),
        _ => false,
    };
    let alike: Vec<usize> = (0..figure.layers.len())
        .filter(|j| std::mem::discriminant(&figure.layers[*j]) == kind && whole(&figure.layers[*j]))
        .collect();
    let Some(mine) = alike.iter().position(|j| *j == k).filter(|_| !figure.x.names.is_empty() && alike.len() > 1)
    else {
        return (0.0, 1.0);
    };
    let n = alike.len() as f64;
    ((mine as f64 - (n - 1.0) / 2.0) * 0.8 / n, 1.0 / n)
}

/// Width of a bar, where none is given: four fifths of the least distance.
pub fn width_of(at: &[(f64, f64)], width: f64) -> f64 {
    if width.is_finite() && width > 0.0 {
        return width;
    }
    let mut x: Vec<f64> = at.iter().map(|p| p.0).filter(|x| x.is_finite()).collect();
    x.sort_by(f64::total_cmp);
    let least = x.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
    0.8 * if least.is_finite() { least } else { 1.0 }
}

struct Pen<'a> {
    svg: &'a mut Svg,
    frame: &'a Frame,
    /// Where something is that no name should lie on.
    busy: Vec<(f64, f64)>,
}

impl Pen<'_> {
    /// Coordinates of a value; none for what has no place. What is far outside stays near enough for SVG.
    fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some(self.frame.at(self.frame.rulers[0].share(x)?, self.frame.rulers[1].share(y)?))
    }

    fn seen(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let inside = |s: Option<f64>| s.filter(|s| (-1e-9..=1.0 + 1e-9).contains(s));
        Some(self.frame.at(inside(self.frame.rulers[0].share(x))?, inside(self.frame.rulers[1].share(y))?))
    }

    fn line(&mut self, at: &[(f64, f64)], s: usize) {
        let stroke = format!("class=\"series\" stroke=\"{}\"{}", colour(s), dash(s));
        let drawn = |p: &(f64, f64)| if p.1.is_finite() && p.0.is_finite() { self.at(p.0, p.1) } else { None };
        let places: Vec<Option<(f64, f64)>> = at.iter().map(drawn).collect();
        for run in places.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            if let [alone] = run[..] {
                self.svg.path(&dot(alone, 2.2), &format!("fill=\"{}\"", colour(s)));
            }
            if run.len() > 1 {
                self.svg.path(&polyline(&run), &stroke);
            }
            let between = run.windows(2).flat_map(|w| {
                (0..5).map(|k| {
                    (w[0].0 + (w[1].0 - w[0].0) * f64::from(k) / 5.0, w[0].1 + (w[1].1 - w[0].1) * f64::from(k) / 5.0)
                })
            });
            self.busy.extend(between);
        }
    }

    fn band(&mut self, at: &[(f64, f64, f64)], s: usize) {
        let frame = self.frame;
        let place = |x: f64, y: f64| Some(frame.at(frame.rulers[0].share(x)?, frame.rulers[1].edge(y)?));
        let places: Vec<Option<_>> = at.iter().map(|p| Some((place(p.0, p.1)?, place(p.0, p.2)?))).collect();
        for run in places.split(Option::is_none) {
            let run: Vec<((f64, f64), (f64, f64))> = run.iter().flatten().copied().collect();
            if let [(low, high)] = run[..] {
                self.svg.path(
                    &polyline(&[low, high]),
                    &format!("stroke=\"{}\" stroke-width=\"6\" stroke-opacity=\".3\"", colour(s)),
                );
            }
            if run.len() > 1 {
                let outline: Vec<(f64, f64)> = run.iter().map(|p| p.0).chain(run.iter().rev().map(|p| p.1)).collect();
                self.svg
                    .path(&format!("{}Z", polyline(&outline)), &format!("fill=\"{}\" fill-opacity=\".22\"", colour(s)));
            }
        }
    }

    fn bars(&mut self, at: &[(f64, f64)], shift: f64, width: f64, s: usize) {
        for (x, y) in at.iter().map(|p| (p.0 + shift, p.1)) {
            let [rule_x, rule_y] = &self.frame.rulers;
            let base = rule_y.edge(0.0);
            let ends = (rule_x.share(x - width / 2.0), rule_x.share(x + width / 2.0), base, rule_y.edge(y));
            let (Some(from), Some(to), Some(base), Some(height)) = ends else { continue };
            let (a, b) = (self.frame.at(from, base), self.frame.at(to, height));
            let (left, top) = (a.0.min(b.0), a.1.min(b.1));
            let (wide, high) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
            let gap = if wide > 4.0 && high > 4.0 { 0.5 } else { 0.0 };
            let place = (left + gap, top, wide - 2.0 * gap, high);
            self.svg.rect(place.0, place.1, place.2, place.3, &bar(s));
            if !hatch(s).is_empty() && wide > 3.0 {
                self.svg.rect(place.0, place.1, place.2, place.3, &format!("fill=\"url(#{})\"", hatch(s)));
            }
            self.busy.extend((0..6).map(|k| (left + wide / 2.0, top + high * f64::from(k) / 5.0)));
        }
    }

    fn level(&mut self, y: f64) {
        let Some(share) = self.frame.rulers[1].share(y).filter(|_| !self.frame.turned) else { return };
        let at = self.frame.at(0.0, share).1;
        self.svg.line(self.frame.left, at, self.frame.right, at, "limit");
    }

    fn points(&mut self, at: &[(f64, f64)], s: usize) {
        let places: Vec<(f64, f64)> = at.iter().filter_map(|p| self.seen(p.0, p.1)).collect();
        if places.len() > MANY {
            let dots: String = places.iter().map(|p| dot(*p, 1.6)).collect();
            self.svg.path(&dots, &format!("fill=\"{}\" fill-opacity=\".5\"", colour(s)));
        } else {
            places.iter().for_each(|p| self.svg.marker(p.0, p.1, s));
        }
        self.busy.extend(places);
    }

    fn intervals(&mut self, at: &[(f64, f64, f64, f64)], shift: f64, s: usize) {
        let stroke = format!("fill=\"none\" stroke=\"{}\" stroke-width=\"2\"", colour(s));
        let frame = self.frame;
        for (x, low, middle, high) in at.iter().map(|p| (p.0 + shift, p.1, p.2, p.3)) {
            let Some(across) = frame.rulers[0].share(x).filter(|s| (0.0..=1.0).contains(s)) else { continue };
            if let (Some(a), Some(b)) = (frame.rulers[1].edge(low), frame.rulers[1].edge(high)) {
                let (from, to) = (frame.at(across, a), frame.at(across, b));
                self.svg.path(&polyline(&[from, to]), &stroke);
                self.busy.extend([from, to]);
                // A cap where the interval ends, an open arrow where it goes on.
                let ends = |v: f64| frame.rulers[1].share(v).is_some_and(|s| (-1e-9..=1.0 + 1e-9).contains(&s));
                for (end, other, closed) in [(from, to, ends(low)), (to, from, ends(high))] {
                    self.svg.path(&tip(end, other, closed), &stroke);
                }
            }
            if let Some((x, y)) = self.seen(x, middle) {
                self.svg.marker(x, y, s);
                self.busy.push((x, y));
            }
        }
    }

    /// Names on levels: above or under the line, where the least is in the way and no other name lies.
    fn level_names(&mut self, levels: &[(f64, &str)], moments: &[f64]) {
        let mut taken: Vec<(f64, f64, f64, f64)> = Vec::new();
        let frame = self.frame;
        let lines: Vec<f64> =
            levels.iter().filter_map(|(y, _)| frame.rulers[1].share(*y)).map(|s| frame.at(0.0, s).1).collect();
        for (y, name) in levels {
            let Some(share) = frame.rulers[1].share(*y).filter(|s| (-1e-9..=1.0 + 1e-9).contains(s)) else { continue };
            let at = frame.at(0.0, share).1;
            let name = one_line(name);
            let room = frame.right - frame.left - 12.0;
            let text = if wide(&name) > room { fit(&name, room, 12.5) } else { name };
            let wide = wide(&text).min(room);
            let mut best: Option<(usize, (f64, f64, f64, f64))> = None;
            for part in [1.0, 0.0, 0.9, 0.1, 0.75, 0.25, 0.5] {
                for baseline in [at - 5.0, at + 14.0] {
                    let left = frame.left + 6.0 + part * (room - wide);
                    let place = (left, baseline - 11.0, left + wide, baseline + 3.0);
                    if place.1 < frame.top || place.3 > frame.bottom {
                        continue;
                    }
                    let within = |p: &&(f64, f64)| {
                        p.0 > place.0 - 3.0 && p.0 < place.2 + 3.0 && p.1 > place.1 - 2.0 && p.1 < place.3 + 2.0
                    };
                    let on = |t: &&(f64, f64, f64, f64)| {
                        place.0 < t.2 + 6.0 && t.0 < place.2 + 6.0 && place.1 < t.3 && t.1 < place.3
                    };
                    let crossed =
                        lines.iter().filter(|l| **l > place.1 && **l < place.3 && (**l - at).abs() > 0.5).count();
                    let through = moments.iter().filter(|x| **x > place.0 - 3.0 && **x < place.2 + 3.0).count();
                    let covered = self.busy.iter().filter(within).count();
                    let cost = covered + 3 * crossed + 12 * through + 1000 * taken.iter().filter(on).count();
                    if best.as_ref().is_none_or(|b| cost < b.0) {
                        best = Some((cost, place));
                    }
                }
            }
            if let Some((_, place)) = best.filter(|b| b.0 < 1000) {
                self.svg.text(place.0, place.3 - 3.0, Anchor::Start, "t halo", &text);
                taken.push(place);
            }
        }
    }
}

/// A disc.
fn dot((x, y): (f64, f64), radius: f64) -> String {
    format!("M{} {}a{radius} {radius} 0 1 0 .01 0z", px(x), px(y - radius))
}

/// The end of a whisker that comes from `other`.
fn tip(end: (f64, f64), other: (f64, f64), closed: bool) -> String {
    let upright = (end.0 - other.0).abs() < 1e-6;
    let toward = if upright { (other.1 - end.1).signum() } else { (other.0 - end.0).signum() };
    let back = if closed { 0.0 } else { 6.0 * toward };
    let (a, b) = match upright {
        true => ((end.0 - 4.0, end.1 + back), (end.0 + 4.0, end.1 + back)),
        false => ((end.0 + back, end.1 - 4.0), (end.0 + back, end.1 + 4.0)),
    };
    polyline(&[a, end, b])
}
