//! Each parameter before and after the data: densities of the draws as histograms, on a logarithmic axis where the draws span more
//! than a factor of 30 above zero. The prior is drawn where the posterior lies.

use super::draw::{Look, picture};
use super::numbers::{one_line, pretty, short};
use super::parts::{nothing, number, row, slug, text};
use crate::report::html::{Table, behind, escape};
use crate::report::panels::legend;
use crate::report::svg::colour;
use remission_infer::answer::Sampled;
use remission_infer::figure::{Axis, Figure, Layer};
use remission_infer::special::quantile;

/// Least and most bins of a histogram.
const BINS: (usize, usize) = (8, 50);

/// A histogram: edges (as many as values, and one), and the density between them.
#[derive(Debug, Clone, PartialEq)]
struct Histogram {
    log: bool,
    edges: Vec<f64>,
    posterior: Vec<f64>,
    prior: Vec<f64>,
}

/// Bins by Freedman and Diaconis (1981) over the posterior and a fifth more at each end; none without a finite draw.
///
/// The density is per unit, or per factor of ten on a logarithmic axis.
fn histogram(posterior: &[f64], prior: &[f64]) -> Option<Histogram> {
    let (posterior, prior) = (sorted(posterior), sorted(prior));
    let (low, high) = (quantile(&posterior, 0.025)?, quantile(&posterior, 0.975)?);
    let above_zero = posterior.iter().all(|x| *x > 0.0);
    let log = above_zero && high > 30.0 * low;
    let rule = |all: Vec<f64>| -> Vec<f64> {
        if log {
            all.into_iter().map(|x| if x > 0.0 { libm::log10(x) } else { f64::NEG_INFINITY }).collect()
        } else {
            all
        }
    };
    let (posterior, prior) = (rule(posterior), rule(prior));
    let (from, to) = posterior.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let span = to - from;
    if !span.is_finite() {
        return None;
    }
    let middle_half = quantile(&posterior, 0.75)? - quantile(&posterior, 0.25)?;
    let wanted = 2.0 * middle_half / libm::cbrt(posterior.len() as f64);
    let varies = span > 1e-9 * from.abs().max(to.abs());
    let bins = if wanted > 0.0 { ((span / wanted).ceil() as usize).clamp(BINS.0, BINS.1) } else { BINS.0 };
    // A value that does not vary stands in the middle of an axis around it, in the middle of its bin.
    let (bins, span) = if varies { (bins, span) } else { (BINS.0 + 1, 0.1 * from.abs().max(1e-3)) };
    let width = span / bins as f64;
    let room = (bins / 5).max(1);
    let mut first = (from + to) / 2.0 - span / 2.0 - room as f64 * width;
    let mut count = bins + 2 * room;
    // What cannot be below zero is not shown below zero.
    if !log && above_zero && first < 0.0 {
        count -= ((-first / width).floor() as usize).min(count - 1);
        first = first.max(0.0);
    }
    let density = |all: &[f64]| {
        let mut counts = vec![0.0; count];
        for x in all {
            let place = ((x - first) / width).floor();
            // The largest draw belongs to the last bin that posterior draws fall in.
            let place = if *x == to { place.min(((to - first) / width - 1e-9).floor()) } else { place };
            if (0.0..count as f64).contains(&place) {
                counts[place as usize] += 1.0;
            }
        }
        counts.iter().map(|c| c / (all.len().max(1) as f64 * width)).collect::<Vec<f64>>()
    };
    let edge = |k: usize| first + k as f64 * width;
    let edges = (0..=count).map(edge).map(|e| if log { libm::exp10(e) } else { e }).collect();
    let prior = if prior.is_empty() { Vec::new() } else { density(&prior) };
    Some(Histogram { log, edges, posterior: density(&posterior), prior })
}

/// The finite ones, the smallest first.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut finite: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite
}

/// The outline of a histogram.
fn steps(edges: &[f64], heights: &[f64]) -> Vec<(f64, f64)> {
    heights.iter().zip(edges.windows(2)).flat_map(|(h, e)| [(e[0], *h), (e[1], *h)]).collect()
}

/// The picture of one parameter as data.
fn drawn(h: &Histogram, label: &str) -> Figure {
    let after = steps(&h.edges, &h.posterior);
    let mut layers = vec![
        Layer::Band { name: "posterior".into(), at: after.iter().map(|(x, y)| (*x, 0.0, *y)).collect() },
        Layer::Line { name: "posterior".into(), at: after },
    ];
    if !h.prior.is_empty() {
        layers.push(Layer::Line { name: "prior".into(), at: steps(&h.edges, &h.prior) });
    }
    let range = Some((h.edges[0], h.edges[h.edges.len() - 1]));
    let x = Axis { range, log: h.log, ..Axis::new(label) };
    Figure { id: String::new(), title: label.to_owned(), caption: String::new(), x, y: Axis::default(), layers }
}

/// All parameters; empty without draws.
pub fn section(sampled: &Sampled, prefix: &str) -> String {
    let draws = &sampled.posterior;
    if draws.is_empty() || draws.names.is_empty() {
        return String::new();
    }
    let columns = [
        ("Parameter", "parameter"),
        ("Unit", "unit"),
        ("Mean", "mean"),
        ("2.5 %", "q025"),
        ("25 %", "q25"),
        ("Median", "median"),
        ("75 %", "q75"),
        ("97.5 %", "q975"),
        ("Prior 2.5 %", "prior_q025"),
        ("Prior 97.5 %", "prior_q975"),
        ("Finite draws", "finite_draws"),
    ];
    let mut summary = Table::new(&format!("table-{prefix}posterior"), "Parameters given the data", &columns);
    let columns = [
        ("Parameter", "parameter"),
        ("From", "from"),
        ("To", "to"),
        ("Posterior density", "posterior_density"),
        ("Prior density", "prior_density"),
    ];
    let mut bins = Table::new(
        &format!("table-{prefix}density"),
        "Densities, per unit or per factor of ten where the axis is logarithmic",
        &columns,
    );
    let mut panels = String::new();
    let mut with_prior = false;
    for (k, name) in draws.names.iter().enumerate() {
        let values = sorted(&draws.all().filter_map(|set| set.get(k).copied()).collect::<Vec<f64>>());
        let before = sorted(&sampled.prior.values(name));
        let unit = draws.units.get(k).map_or("", String::as_str);
        let quantiles = [0.025, 0.25, 0.5, 0.75, 0.975].map(|q| quantile(&values, q));
        let said = match quantiles {
            [Some(low), _, Some(middle), _, Some(high)] => {
                let [low, middle, high] = [low, middle, high].map(|v| pretty(&short(v, 3)));
                format!("median {middle}, 95 % {low} to {high} {unit}")
            }
            _ => "no draws".to_owned(),
        };
        let said = said.trim_end();
        let histogram = histogram(&values, &before);
        let body = match &histogram {
            Some(h) => {
                with_prior |= !h.prior.is_empty();
                let look = Look { width: 312.0, height: 118.0, class: "both", bare: true };
                let prior = if h.prior.is_empty() { "" } else { " The prior is drawn as a dashed line." };
                let label = format!("Density of {}: {said}.{prior}", one_line(name));
                picture(&drawn(h, &one_line(unit)), &look, &format!("{prefix}density-{}-{}", k + 1, slug(name)), &label)
            }
            None => "<p class=regimen>No finite draw to show.</p>".to_owned(),
        };
        panels += &format!(
            "<div class=panel><h4>{}</h4><p class=regimen>{}</p>{body}</div>",
            escape(&one_line(name)),
            escape(&one_line(said))
        );
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mut cells = vec![text(name), text(unit), number(mean)];
        let all = quantiles.into_iter().chain([quantile(&before, 0.025), quantile(&before, 0.975)]);
        cells.extend(all.map(|q| q.map_or(nothing(), number)));
        cells.push(number(values.len() as f64));
        row(&mut summary, &cells);
        for (b, (edges, density)) in histogram.iter().flat_map(|h| h.edges.windows(2).zip(&h.posterior)).enumerate() {
            let prior = histogram.as_ref().and_then(|h| h.prior.get(b)).map_or(nothing(), |p| number(*p));
            row(&mut bins, &[text(name), number(edges[0]), number(edges[1]), number(*density), prior]);
        }
    }
    let swatch = |s: usize, area: &str, dashes: &str| {
        format!("{area}<path d=\"M1 7H35\" fill=\"none\" stroke=\"{}\" stroke-width=\"2.4\"{dashes}/>", colour(s))
    };
    let area = format!("<path d=\"M0 0H36V14H0z\" fill=\"{}\" fill-opacity=\".25\"/>", colour(0));
    let mut entries = vec![(swatch(0, &area, ""), "posterior".to_owned())];
    if with_prior {
        entries.push((swatch(1, "", &crate::report::svg::dash(1)), "prior".to_owned()));
    }
    let prior =
        if with_prior { " The prior is drawn where the posterior lies; most of it may lie outside." } else { "" };
    format!(
        "<figure>{}<div class=panels>{panels}</div><figcaption>Density of the draws of each parameter, chains together.{prior}</figcaption>{}</figure>",
        legend(entries.into_iter()),
        behind(&[summary, bins])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(h: &Histogram, heights: &[f64]) -> f64 {
        let rule = |x: f64| if h.log { libm::log10(x) } else { x };
        heights.iter().zip(h.edges.windows(2)).map(|(y, e)| y * (rule(e[1]) - rule(e[0]))).sum()
    }

    #[test]
    fn every_posterior_draw_is_in_a_bin_and_the_area_is_one() {
        let normal: Vec<f64> =
            (0..500).map(|k| remission_infer::special::normal_quantile((f64::from(k) + 0.5) / 500.0)).collect();
        let wide: Vec<f64> = normal.iter().map(|z| libm::exp(3.0 * z)).collect();
        for (values, log) in [
            (normal.clone(), false),
            (wide, true),
            (vec![2.0; 50], false),
            (vec![0.0; 3], false),
            (vec![-1e9, 1e9], false),
        ] {
            let h = histogram(&values, &normal).unwrap();
            assert_eq!(h.log, log);
            assert!((area(&h, &h.posterior) - 1.0).abs() < 1e-9, "{h:?}");
            assert!(h.edges.is_sorted() && area(&h, &h.prior) <= 1.0 + 1e-9);
        }
        assert_eq!(histogram(&[], &normal), None);
        assert_eq!(histogram(&[f64::NAN, f64::INFINITY], &normal), None);
        let zero = histogram(&[0.01, 0.02, 0.05, 0.1], &[]).unwrap();
        assert!(zero.edges[0] >= 0.0 && zero.prior.is_empty() && (area(&zero, &zero.posterior) - 1.0).abs() < 1e-9);
    }
}
