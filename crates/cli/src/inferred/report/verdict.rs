//! Where resistance came from: the probability of each origin as bars with the line from which one is called, the evidence for
//! each explanation, and what to measure next by the bits it is expected to give.

use super::draw::wide;
use super::numbers::{in_text, one_line, pretty, probability, short};
use super::parts::{nothing, number, row, text};
use crate::report::html::{Table, behind, escape};
use crate::report::svg::{Anchor, Scale, Svg, fit, px};
use crate::report::words;
use remission_infer::verdict::{CERTAIN, Explanation, Next, Origin, Verdict, costed};

/// Further measurements drawn; all are in the table.
const DRAWN: usize = 12;

/// The verdict in a sentence, and why, unless `words` have told it.
pub fn said(verdict: &Verdict, words: &[String]) -> String {
    let reason = match verdict.reason.is_empty() || words.iter().any(|w| w.contains(&verdict.reason)) {
        true => String::new(),
        false => format!(" {}", escape(&one_line(&verdict.reason))),
    };
    match verdict.best().filter(|_| !verdict.undetermined) {
        Some((origin, p)) => {
            format!(
                "<p><strong>Origin of resistance: {}</strong>, with probability {}.{reason}</p>",
                escape(&meaning(origin)),
                escape(&in_text(p))
            )
        }
        None if verdict.withheld => format!(
            "<p><strong>Origin of resistance: undetermined.</strong> The evidence is withheld, so that no probabilities are shown.{reason}</p>"
        ),
        None if verdict.held_back() => format!(
            "<p><strong>Origin of resistance: undetermined.</strong> What has a probability of {} or more is held back, for the reason given.{reason}</p>",
            in_text(CERTAIN)
        ),
        None => format!(
            "<p><strong>Origin of resistance: undetermined.</strong> No origin has a probability of {} or more.{reason}</p>",
            in_text(CERTAIN)
        ),
    }
}

/// An origin in words.
fn meaning(origin: Origin) -> String {
    let more = match origin {
        Origin::PreExisting => "founded before treatment began",
        Origin::Cycling => "mutated from a dividing cell under treatment",
        Origin::Persister => "mutated from a drug-tolerant cell under treatment",
        Origin::DrugInduced => "a mutation that the drug made",
        Origin::NonGenetic => "resistance without a mutation",
        Origin::DuringTreatment => "by any of the ways that the data cannot tell apart",
        Origin::Mixture => "from before and from during treatment",
        Origin::None => return "no resistance".to_owned(),
    };
    format!("{} ({more})", words::name(origin.name()))
}

/// Colour and hatch of an origin: as in the report of a run, and three more.
fn fill(origin: Origin) -> (&'static str, &'static str) {
    match origin {
        Origin::DuringTreatment => ("#009e73", "h1"),
        Origin::Mixture => ("#cc79a7", "h2"),
        Origin::None => ("#8a9499", "h3"),
        known => crate::report::origins::fill(known.name(), 0),
    }
}

/// One bar.
struct Bar {
    name: String,
    value: f64,
    error: f64,
    text: String,
    fill: (&'static str, &'static str),
}

/// What bars stand on.
struct Ground<'a> {
    to: f64,
    ticks: Vec<(f64, String)>,
    label: &'a str,
    /// A line with its name.
    mark: Option<(f64, String)>,
}

/// A name on as many lines as it needs, three at most.
fn folded(name: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split(' ') {
        let longer = lines.last().map(|l| format!("{l} {word}"));
        match longer.filter(|l| lines.len() == 3 || 1.18 * wide(l) <= width) {
            Some(longer) => *lines.last_mut().unwrap_or(&mut String::new()) = longer,
            None => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|l| if 1.18 * wide(&l) <= width { l } else { fit(&l, width, 14.5) }).collect()
}

/// Bars from left to right at one width, names before them or, where they are long, above them.
fn bars(rows: &[Bar], ground: &Ground, width: f64, class: &str, label: &str) -> String {
    // Bold letters are wider.
    let longest = rows.iter().map(|b| 1.18 * wide(&b.name)).fold(0.0, f64::max);
    let above = longest > 0.42 * width;
    let start = if above { 8.0 } else { longest + 14.0 };
    let behind = rows.iter().map(|b| wide(&b.text)).fold(24.0, f64::max) + 14.0;
    let x = Scale { from: 0.0, to: ground.to, start, end: width - behind };
    let folded: Vec<Vec<String>> =
        rows.iter().map(|b| if above { folded(&b.name, width - start) } else { Vec::new() }).collect();
    let lines = folded.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64;
    let each = if above { 28.0 + 18.0 * lines } else { 30.0 };
    let (top, bottom) = (20.0, 26.0 + each * rows.len() as f64);
    let mut svg = Svg::new(width);
    for (at, text) in &ground.ticks {
        svg.line(x.at(*at), top, x.at(*at), bottom, "grid");
        svg.line(x.at(*at), bottom, x.at(*at), bottom + 4.0, "axis");
        svg.text(x.at(*at), bottom + 18.0, Anchor::Middle, "t", text);
    }
    let height = |k: usize| top + each * k as f64 + if above { 2.0 + 18.0 * lines } else { 6.0 };
    // Where each bar with its whisker ends.
    let mut ends = vec![x.start; rows.len()];
    for (k, bar) in rows.iter().enumerate().filter(|(_, bar)| bar.value.is_finite()) {
        let (y, end) = (height(k), x.at(bar.value));
        ends[k] = end;
        svg.rect(x.start, y, end - x.start, 20.0, &format!("fill=\"{}\"", bar.fill.0));
        if !bar.fill.1.is_empty() {
            svg.rect(x.start, y, end - x.start, 20.0, &format!("fill=\"url(#{})\"", bar.fill.1));
        }
        if bar.error.is_finite() && bar.error > 0.0 {
            let (low, high) = (x.at(bar.value - 2.0 * bar.error), x.at(bar.value + 2.0 * bar.error));
            svg.path(&format!("M{} {}H{}", px(low), px(y + 10.0), px(high)), "class=\"whisker\"");
            ends[k] = high;
        }
    }
    svg.line(x.start, bottom, x.end, bottom, "axis");
    svg.line(x.start, top, x.start, bottom, "axis");
    if let Some((at, name)) = &ground.mark {
        svg.line(x.at(*at), top - 4.0, x.at(*at), bottom, "limit");
        let half = (wide(name) / 2.0).min(width / 2.0);
        svg.text(x.at(*at).clamp(half, width - half), 12.0, Anchor::Middle, "t halo", name);
    }
    for (k, bar) in rows.iter().enumerate() {
        let y = height(k);
        match above {
            true => {
                for (l, line) in folded[k].iter().rev().enumerate() {
                    svg.text(start, y - 6.0 - 18.0 * l as f64, Anchor::Start, "b halo", line);
                }
            }
            false => svg.text(start - 10.0, y + 15.0, Anchor::End, "b", &bar.name),
        }
        svg.text(ends[k] + 7.0, y + 15.0, Anchor::Start, "t halo", &bar.text);
    }
    svg.text(
        (x.start + x.end) / 2.0,
        bottom + 38.0,
        Anchor::Middle,
        "l",
        &fit(ground.label, 2.0 * (width - (x.start + x.end) / 2.0), 12.5),
    );
    svg.finish(bottom + 46.0, class, label)
}

fn both(rows: &[Bar], ground: &Ground, label: &str) -> String {
    bars(rows, ground, 960.0, "wide", label) + &bars(rows, ground, 368.0, "narrow", label)
}

/// Origins and explanations.
pub fn origins(verdict: &Verdict, prefix: &str) -> String {
    let mut out = String::new();
    if !verdict.origin.is_empty() {
        let bar = |(origin, p): &(Origin, f64)| Bar {
            name: words::name(origin.name()),
            value: *p,
            error: 0.0,
            text: probability(*p),
            fill: fill(*origin),
        };
        let rows: Vec<Bar> = verdict.origin.iter().map(bar).collect();
        let spoken: Vec<String> = rows.iter().map(|b| format!("{} {}", b.name, b.text)).collect();
        let called = if verdict.undetermined { "Undetermined." } else { "One origin is called." };
        let label = format!("Probability of each origin of resistance. {called} {}.", spoken.join(", "));
        let ticks = (0..=4).map(|k| (f64::from(k) / 4.0, (25 * k).to_string())).collect();
        let mark = Some((CERTAIN, format!("called from {}", probability(CERTAIN))));
        let ground = Ground { to: 1.0, ticks, label: "probability (%)", mark };
        let mut table = Table::new(
            &format!("table-{prefix}origin"),
            "Probability of each origin",
            &[("Origin", "origin"), ("Probability", "probability")],
        );
        verdict.origin.iter().for_each(|(origin, p)| row(&mut table, &[text(origin.name()), number(*p)]));
        let meanings: Vec<String> = verdict.origin.iter().map(|(o, _)| meaning(*o)).collect();
        out += &format!(
            "<p>{}</p><figure>{}<figcaption>Probability of each origin, given the data, the explanations below and their prior probabilities: {}. \
             An origin is called from {} on.</figcaption>{}</figure>",
            if verdict.held_back() {
                "Undetermined: the bar that reaches the line from which an origin is called is held back, for the reason given above."
            } else if verdict.undetermined {
                "Undetermined: no bar reaches the line from which an origin is called."
            } else {
                "One bar reaches the line from which an origin is called."
            },
            both(&rows, &ground, &label),
            escape(&meanings.join("; ")),
            in_text(CERTAIN),
            behind(&[table])
        );
    }
    out
}

/// The evidence for each explanation.
pub fn evidence(verdict: &Verdict, prefix: &str) -> String {
    if verdict.explanations.is_empty() {
        return String::new();
    }
    let best =
        verdict.explanations.iter().map(|e| e.log_evidence).filter(|l| l.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let shown = |e: &Explanation| pretty(&super::numbers::evidence(e.log_evidence, e.error)).replace(' ', "\u{a0}");
    let columns = [
        ("Explanation", "explanation"),
        ("Origin", "origin"),
        ("Prior", "prior"),
        ("ln evidence", "ln_evidence"),
        ("Standard error", "standard_error"),
        ("Probability", "probability"),
        ("In words", "in_words"),
    ];
    let mut table = Table::new(&format!("table-{prefix}evidence"), "Evidence for each explanation", &columns);
    let mut rows = Vec::new();
    for (k, e) in verdict.explanations.iter().enumerate() {
        let p = verdict.probability.get(k).copied().unwrap_or(f64::NAN);
        let cells = [
            text(&e.name),
            text(e.origin.name()),
            number(e.prior),
            number(e.log_evidence),
            number(e.error),
            number(p),
            text(&e.words),
        ];
        row(&mut table, &cells);
        let words = if e.words.is_empty() { &e.name } else { &e.words };
        let under = if best.is_finite() && e.log_evidence.is_finite() {
            pretty(&short(best - e.log_evidence, 3))
        } else {
            "\u{2013}".to_owned()
        };
        rows.push(vec![
            one_line(words),
            words::name(e.origin.name()),
            probability(e.prior),
            shown(e),
            under,
            probability(p),
        ]);
    }
    let heads =
        ["Explanation", "Origin if it is true", "Prior probability", "ln evidence", "Below the best", "Probability"];
    super::parts::wordy(&heads, &rows) + &behind(&[table])
}

/// What to measure next.
pub fn next(verdict: &Verdict, prefix: &str) -> String {
    if verdict.next.is_empty() {
        return String::new();
    }
    let entropy = verdict.entropy();
    let bar = |n: &Next| {
        let cost = n.cost.map(|c| format!(" (cost {})", short(c, 4))).unwrap_or_default();
        let value = if n.expected_bits.is_finite() { n.expected_bits.max(0.0) } else { f64::NAN };
        Bar {
            name: one_line(&n.name),
            value,
            error: n.error,
            text: format!("{}{cost}", pretty(&short(n.expected_bits, 2))),
            fill: ("#0072b2", ""),
        }
    };
    // What tells nothing is in the table alone.
    let telling = verdict.next.iter().filter(|n| n.expected_bits > 0.005 * entropy || !n.expected_bits.is_finite());
    let rows: Vec<Bar> = telling.take(DRAWN).map(bar).collect();
    if rows.is_empty() {
        return format!(
            "<p>Nothing that was considered would tell more about the origin (there are {} bits to be learned).</p>",
            pretty(&short(entropy, 3))
        );
    }
    let most = rows.iter().map(|b| b.value + if b.error.is_finite() { 2.0 * b.error.max(0.0) } else { 0.0 });
    let most = most.filter(|v| v.is_finite()).fold(entropy, f64::max).max(1e-6);
    let axis = super::axis::Ruler::of(&Default::default(), [0.0, most].into_iter(), true, [false; 2], 4);
    let by_cost = costed(&verdict.next);
    let spoken: Vec<String> = rows.iter().take(5).map(|b| format!("{}: {} bits", b.name, b.text)).collect();
    let label = format!(
        "Expected information of further measurements about the origin, at most {} bits. {}.",
        short(entropy, 3),
        spoken.join("; ")
    );
    let ground = Ground {
        to: most,
        ticks: axis.ticks,
        label: "expected information (bits)",
        mark: Some((entropy, format!("all there is to learn: {}", short(entropy, 3)))),
    };
    let columns = [
        ("Measurement", "measurement"),
        ("Expected bits", "expected_bits"),
        ("Standard error", "standard_error"),
        ("Cost", "cost"),
        ("Bits per cost", "bits_per_cost"),
    ];
    let mut table = Table::new(&format!("table-{prefix}next"), "Further measurements", &columns);
    for n in &verdict.next {
        let per = n.cost.filter(|c| *c > 0.0).map_or(nothing(), |c| number(n.expected_bits / c));
        row(
            &mut table,
            &[text(&n.name), number(n.expected_bits), number(n.error), n.cost.map_or(nothing(), number), per],
        );
    }
    let order = if by_cost { "in the order of bits for each unit of cost" } else { "the most telling first" };
    let more = if verdict.next.len() > rows.len() {
        format!(" {} of {} are drawn; the table has all.", rows.len(), verdict.next.len())
    } else {
        String::new()
    };
    format!(
        "<figure>{}<figcaption>How much each further measurement is expected to tell about the origin, {order}. Whisker: two standard errors \
         of the simulation. The dashed line is what a perfect measurement would tell.{more}</figcaption>{}</figure>",
        both(&rows, &ground, &label),
        behind(&[table])
    )
}
