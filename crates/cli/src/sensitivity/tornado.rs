//! A tornado: for each input the figure at 5 % and at 95 % of its prior, all others at their central values, as a bar around the central
//! figure; rival models as diamonds below. Longest bar first.

use super::numbers::maybe;
use super::{Decides, Found, Output};
use crate::report::svg::{Anchor, Scale, Svg, fit, px};

/// Bars drawn.
pub const DRAWN: usize = 12;
/// Colours of the two ends.
const ENDS: [&str; 2] = ["#0072b2", "#e69f00"];
/// Two-sided 95 % of the normal law.
const TWO_SIDED: f64 = 1.96;

/// How far a bar reaches from the central figure to its farther end.
fn reach(d: &Decides, central: f64) -> f64 {
    d.at_ends.iter().flatten().map(|x| (x - central).abs()).fold(0.0, f64::max)
}

/// Inputs by the length of their bars, those that have one.
pub fn longest(o: &Output) -> Vec<&Decides> {
    let central = o.central.unwrap_or(0.0);
    let mut bars: Vec<&Decides> = o.decides.iter().filter(|d| reach(d, central) > 0.0).collect();
    bars.sort_by(|a, b| reach(b, central).total_cmp(&reach(a, central)).then(a.input.cmp(&b.input)));
    bars
}

/// The picture at both widths; empty where there is no central figure.
pub fn pictures(found: &Found, o: &Output) -> String {
    match o.central {
        Some(central) => {
            let label = alternative(found, o);
            [(960.0, "wide"), (368.0, "narrow")].map(|(w, class)| draw(found, o, central, w, class, &label)).concat()
        }
        None => String::new(),
    }
}

/// The swatch of an end, for a legend: its bar and its marker.
pub fn swatch(end: usize) -> String {
    let mut svg = Svg::new(36.0);
    svg.rect(0.0, 3.0, 30.0, 8.0, &format!("fill=\"{}\"", ENDS[end]));
    mark(&mut svg, 30.0, 7.0, end);
    svg.inside()
}

/// A mark at the end of a bar: a disc at 5 %, a square at 95 %, so that ends are told apart without colour.
fn mark(svg: &mut Svg, x: f64, y: f64, end: usize) {
    let d = if end == 0 { "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z" } else { "m-3.6 -3.6h7.2v7.2h-7.2z" };
    svg.path(
        &format!("M{} {}{d}", px(x), px(y)),
        &format!("fill=\"{}\" stroke=\"#1d2327\" stroke-width=\"1\"", ENDS[end]),
    );
}

fn draw(found: &Found, o: &Output, central: f64, width: f64, class: &str, label: &str) -> String {
    let wide = width > 600.0;
    let bars = longest(o);
    let bars = &bars[..bars.len().min(DRAWN)];
    let rivals = found.rivals.iter().zip(&o.rivals).filter_map(|(r, x)| x.map(|x| (r, x)));
    let rivals: Vec<_> = rivals.collect();
    let noise = TWO_SIDED * o.central_noise.unwrap_or(0.0);
    let values = bars.iter().flat_map(|d| d.at_ends).flatten().chain(rivals.iter().map(|r| r.1));
    let (mut low, mut high) = values.fold((central - noise, central + noise), |(a, z), x| (a.min(x), z.max(x)));
    if high - low <= 1e-9 * central.abs().max(1e-9) {
        (low, high) = (central - 1.0, central + 1.0);
    }
    let room = 0.04 * (high - low);
    let from = if wide { 210.0 } else { 12.0 };
    let x = Scale { from: low - room, to: high + room, start: from, end: width - 22.0 };
    let row = if wide { 24.0 } else { 40.0 };
    let rows = (bars.len() + rivals.len()) as f64;
    let (top, bottom) = (8.0, 8.0 + row * rows.max(1.0));
    let mut svg = Svg::new(width);
    svg.rect(
        x.at(central - noise),
        top,
        x.at(central + noise) - x.at(central - noise),
        bottom - top,
        "fill=\"#ececea\"",
    );
    for t in ticks(low, high, if wide { 7.0 } else { 4.0 }) {
        svg.line(x.at(t), top, x.at(t), bottom, "grid");
        svg.text(x.at(t), bottom + 18.0, Anchor::Middle, "t", &maybe(Some(t)));
    }
    let middle = |k: usize| top + row * k as f64 + if wide { 0.5 * row } else { 0.68 * row };
    let name = |svg: &mut Svg, k: usize, text: &str| match wide {
        true => svg.text(from - 14.0, middle(k) + 4.0, Anchor::End, "b", &fit(text, from - 22.0, 12.5)),
        false => svg.text(0.0, middle(k) - 12.0, Anchor::Start, "b halo", &fit(text, width - 10.0, 12.5)),
    };
    for (k, d) in bars.iter().enumerate() {
        name(&mut svg, k, &d.input);
        let far = |end: usize| d.at_ends[end].map_or(0.0, |at| (at - central).abs());
        for end in if far(0) < far(1) { [1, 0] } else { [0, 1] } {
            let Some(at) = d.at_ends[end] else { continue };
            let (a, z) = (x.at(at.min(central)), x.at(at.max(central)));
            // Where both ends lie on one side the longer bar is drawn first and the other over it, thinner.
            let half = if far(end) < far(1 - end) { 3.0 } else { 5.0 };
            svg.rect(a, middle(k) - half, z - a, 2.0 * half, &format!("fill=\"{}\"", ENDS[end]));
        }
        for (end, at) in d.at_ends.iter().enumerate() {
            at.iter().for_each(|at| mark(&mut svg, x.at(*at), middle(k), end));
        }
    }
    for (n, (rival, at)) in rivals.iter().enumerate() {
        let k = bars.len() + n;
        name(&mut svg, k, &format!("model {}", rival.name.rsplit('/').next().unwrap_or(&rival.name)));
        svg.line(x.at(central), middle(k), x.at(*at), middle(k), "guide");
        let d = format!("M{} {}m0 -6l6 6l-6 6l-6 -6z", px(x.at(*at)), px(middle(k)));
        svg.path(&d, "fill=\"#ffffff\" stroke=\"#1d2327\" stroke-width=\"1.8\"");
    }
    svg.line(x.at(central), top - 4.0, x.at(central), bottom, "axis");
    svg.line(x.start, bottom, x.end, bottom, "axis");
    svg.text(0.5 * (x.start + x.end), bottom + 38.0, Anchor::Middle, "l", &fit(&o.words, x.end - x.start, 12.0));
    svg.finish(bottom + 46.0, class, label)
}

/// Round values between two, at most `most`.
fn ticks(low: f64, high: f64, most: f64) -> Vec<f64> {
    let least = (high - low) / most;
    if !(least > 0.0 && least.is_finite()) {
        return Vec::new();
    }
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * power).find(|s| *s >= least).unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    (first..=(high / step).floor() as i64).map(|k| k as f64 * step).collect()
}

fn alternative(found: &Found, o: &Output) -> String {
    let bar = |d: &&Decides| {
        format!("{}: {} at 5 % of its prior, {} at 95 %.", d.input, maybe(d.at_ends[0]), maybe(d.at_ends[1]))
    };
    let bars: Vec<String> = longest(o).iter().take(5).map(bar).collect();
    let rivals = found
        .rivals
        .iter()
        .zip(&o.rivals)
        .filter_map(|(r, x)| x.map(|x| format!("Rival model {}: {}.", r.name, maybe(Some(x)))));
    format!(
        "Tornado of {} under {}; at central values {}. {} {}",
        o.words,
        o.arm,
        maybe(o.central),
        bars.join(" "),
        rivals.collect::<Vec<_>>().join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(0.0, 10.0, 5.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        for (a, z) in [(0.0, 1e-7), (-3.0, 1e9), (5.0, 5.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(ticks(a, z, 7.0).len() <= 9, "{a} {z}");
        }
    }
}
