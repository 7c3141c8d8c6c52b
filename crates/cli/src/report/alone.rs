//! Pictures of a report as files of their own, for pages that show SVG and nothing else: each has its ground, its styles, its letters
//! with fallbacks, its headings and its legend inside, no script and nothing from elsewhere, so that it is the same on a light and on a
//! dark page. Only pictures that say something of the run are made.

use super::data::ReportData;
use super::origins::{self, HATCHES};
use super::svg::{Anchor, Svg, px, swatch};
use super::words;
use super::{STYLE, burden, events, exposure, levels, survival};

/// Margin on all sides.
const MARGIN: f64 = 20.0;
/// Width of what is drawn.
const WIDTH: f64 = 960.0;
/// Between rows of panels.
const GAP: f64 = 26.0;
/// Letters, as on the page.
const LETTERS: &str = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif";

/// A picture in a file of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// File name without its end.
    pub name: &'static str,
    /// Heading.
    pub title: String,
    /// What it shows, in figures.
    pub told: String,
    /// What lines and bands are.
    pub caption: String,
    /// The file.
    pub svg: String,
}

/// Every picture that says something of this run, in the report's order.
pub fn pictures(data: &ReportData) -> Vec<Picture> {
    if data.finished == 0 {
        return Vec::new();
    }
    let arms = || data.arms.iter().enumerate().map(|(k, a)| Head::Arm(k, a.name.clone())).collect::<Vec<_>>();
    let drawn = |draw: &dyn Fn(usize, f64) -> String, n: usize| -> Vec<String> {
        (0..n).map(|k| draw(k, width_of(n))).collect()
    };
    let subjects = words::subjects(data);
    let mut out = vec![Picture {
        name: "burden",
        title: if data.assesses_progression { "Tumour burden over time" } else { "Number of cells over time" }.into(),
        told: String::new(),
        caption: format!(
            "Line: median. Band: 5th to 95th percentile of the {subjects} still followed. Below: the doses of the first weeks."
        ),
        svg: String::new(),
    }
    .of(&[], &arms(), &drawn(&|k, w| burden::alone(data, k, w), data.arms.len()))];
    for endpoint in [&survival::PROGRESSION, &survival::SURVIVAL] {
        if let Some(svg) = survival::alone(data, endpoint) {
            let picture = Picture {
                name: if endpoint.id == "progression" { "progression-free-survival" } else { "overall-survival" },
                title: endpoint.title.into(),
                told: String::new(),
                caption:
                    "Kaplan-Meier estimate with its 95 % band; ticks are censored patients, the marker is the median."
                        .into(),
                svg: String::new(),
            };
            out.push(picture.of(&[], &[], &[svg]));
        }
    }
    if let Some((legend, svg)) = origins::alone_origin(data) {
        let picture = Picture {
            name: "origin",
            title: "Where resistance came from".into(),
            told: String::new(),
            caption:
                "Share of the patients who progressed, by the origin of their largest resistant clone at that visit."
                    .into(),
            svg: String::new(),
        };
        out.push(picture.of(&legend, &[], &[svg]));
    }
    if let Some(svg) = origins::alone_mechanism(data) {
        let picture = Picture {
            name: "mechanism",
            title: "What the rebiopsy found at progression".into(),
            told: String::new(),
            caption:
                "Share of the patients who progressed whose rebiopsy finds the mechanism; a tumour can hold several."
                    .into(),
            svg: String::new(),
        };
        out.push(picture.of(&arm_legend(data), &[], &[svg]));
    }
    let names = levels::names(data);
    if !names.is_empty() {
        let heads: Vec<Head> = names.iter().map(|n| Head::Words(levels::said(n.0))).collect();
        let draw = |k: usize, w: f64| levels::draw(data, names[k].0, names[k].1, w, "both");
        let picture = Picture {
            name: "levels",
            title: "Levels over time".into(),
            told: String::new(),
            caption: format!(
                "Line: median of the {subjects} seen at each visit. Band: 5th to 95th percentile.{}{}",
                levels::log_note(data),
                levels::left_out(data)
            ),
            svg: String::new(),
        };
        out.push(picture.of(&arm_legend(data), &heads, &drawn(&draw, names.len())));
    }
    let happened = events::names(data);
    if events::any(data) {
        let heads: Vec<Head> = happened.iter().map(|n| Head::Words(levels::said(n))).collect();
        let draw = |k: usize, w: f64| events::draw(data, happened[k], w, "both");
        let picture = Picture {
            name: "events",
            title: "Events over time".into(),
            told: String::new(),
            caption: format!("Share of all {subjects} of an arm to whom the event has happened by then."),
            svg: String::new(),
        };
        out.push(picture.of(&arm_legend(data), &heads, &drawn(&draw, happened.len())));
    }
    let moving = exposure::moving(data);
    if !moving.is_empty() {
        let picture = Picture {
            name: "exposure",
            title: "Exposure over a cycle".into(),
            told: String::new(),
            caption: "Concentration that the cells feel, doses as planned. Line: the typical patient. Band: 5th to 95th percentile, where patients differ.".into(),
            svg: String::new(),
        };
        let heads: Vec<Head> = moving.iter().map(|k| Head::Arm(*k, data.arms[*k].name.clone())).collect();
        let draw = |k: usize, w: f64| exposure::alone(data, moving[k], w);
        out.push(picture.of(&[], &heads, &drawn(&draw, moving.len())));
    }
    out
}

/// What stands over a panel.
enum Head {
    /// An arm with its line.
    Arm(usize, String),
    /// Words.
    Words(String),
}

/// Width of each of so many panels.
fn width_of(panels: usize) -> f64 {
    match panels {
        1 => WIDTH,
        2 | 4 => 460.0,
        _ => 312.0,
    }
}

/// Samples and names of the arms; nothing where there is one.
fn arm_legend(data: &ReportData) -> Vec<(String, String)> {
    if data.arms.len() < 2 {
        return Vec::new();
    }
    data.arms
        .iter()
        .enumerate()
        .map(|(k, a)| (taken(&swatch(k)).map_or(String::new(), |t| t.3), a.name.clone()))
        .collect()
}

/// Width, height, what is read aloud and elements of a picture.
fn taken(svg: &str) -> Option<(f64, f64, String, String)> {
    let (head, rest) = svg.strip_prefix("<svg ")?.split_once('>')?;
    let attribute = |name: &str| head.split_once(&format!("{name}=\""))?.1.split_once('"').map(|a| a.0);
    let mut sizes = attribute("viewBox")?.split(' ').skip(2).map(|n| n.parse::<f64>().ok());
    let (width, height) = (sizes.next()??, sizes.next()??);
    let told = attribute("aria-label").unwrap_or_default().to_owned();
    Some((width, height, told, rest.strip_suffix("</svg>")?.to_owned()))
}

/// Words in at most three lines of a width, by a cautious estimate of their letters.
fn lines(text: &str, width: f64, size: f64) -> Vec<String> {
    let most = (width / (0.6 * size)).max(4.0) as usize;
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let long = lines[last].chars().count() + word.chars().count() + 1 > most;
        if long && !lines[last].is_empty() && lines.len() < 3 {
            lines.push(word.to_owned());
        } else {
            let line = &mut lines[last];
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().map(|l| super::svg::fit(l, width, size * 0.88)).collect()
}

impl Picture {
    /// Puts panels in rows under their heads, with a legend above.
    fn of(mut self, legend: &[(String, String)], heads: &[Head], panels: &[String]) -> Picture {
        let parts: Vec<_> = panels.iter().filter_map(|p| taken(p)).collect();
        let mut svg = Svg::new(WIDTH + 2.0 * MARGIN);
        svg.text(MARGIN, MARGIN + 14.0, Anchor::Start, "title", &self.title);
        let mut y = MARGIN + 34.0;
        let mut x = MARGIN;
        for (sample, name) in legend {
            let name = super::svg::fit(name, WIDTH - 50.0, 11.0);
            // A cautious estimate, as everywhere.
            let wide = 46.0 + 0.6 * 12.5 * name.chars().count() as f64;
            if x > MARGIN && x + wide > MARGIN + WIDTH {
                (x, y) = (MARGIN, y + 20.0);
            }
            svg.raw(&format!("<g transform=\"translate({} {})\">{sample}</g>", px(x), px(y)));
            svg.text(x + 46.0, y + 11.0, Anchor::Start, "l", &name);
            x += wide + 22.0;
        }
        y += if legend.is_empty() { 0.0 } else { 30.0 };
        let columns = (WIDTH / width_of(parts.len())) as usize;
        let between =
            if columns > 1 { (WIDTH - columns as f64 * width_of(parts.len())) / (columns - 1) as f64 } else { 0.0 };
        for (row, of_row) in parts.chunks(columns.max(1)).enumerate() {
            let of = |k: usize| heads.get(row * columns + k);
            let wrapped = |k: usize| match of(k) {
                Some(Head::Arm(_, name)) => lines(name, of_row[k].0 - 48.0, 13.0),
                Some(Head::Words(name)) => lines(name, of_row[k].0, 13.0),
                None => Vec::new(),
            };
            let tallest = (0..of_row.len()).map(|k| wrapped(k).len()).max().unwrap_or(0) as f64;
            let heads_end = y + 17.0 * tallest + if tallest > 0.0 { 10.0 } else { 0.0 };
            let highest = of_row.iter().map(|p| p.1).fold(0.0, f64::max);
            for (k, (width, height, _, body)) in of_row.iter().enumerate() {
                let x = MARGIN + k as f64 * (width + between);
                let mut left = x;
                if let Some(Head::Arm(arm, _)) = of(k) {
                    let sample = taken(&swatch(*arm)).map_or(String::new(), |t| t.3);
                    svg.raw(&format!("<g transform=\"translate({} {})\">{sample}</g>", px(x), px(y + 1.0)));
                    left += 44.0;
                }
                for (n, line) in wrapped(k).iter().enumerate() {
                    svg.text(left, y + 12.0 + 17.0 * n as f64, Anchor::Start, "head", line);
                }
                let at = heads_end + highest - height;
                svg.raw(&format!("<g transform=\"translate({} {})\">{body}</g>", px(x), px(at)));
            }
            y = heads_end + highest + GAP;
        }
        self.told = parts.iter().map(|p| p.2.as_str()).collect::<Vec<_>>().join(" ");
        let (w, h) = (px(WIDTH + 2.0 * MARGIN), px(y - GAP + MARGIN));
        let body = svg.inside();
        let hatches = if body.contains("url(#h") { hatches() } else { String::new() };
        // What is told is HTML-escaped text, which is XML too.
        self.svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             aria-label=\"{told}\"><style>{style}</style>{hatches}<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>{body}</svg>\n",
            told = self.told,
            style = style(),
        );
        self.told = self.told.replace('\n', " ");
        self
    }
}

/// The page's rules for pictures, on their own.
fn style() -> String {
    let rules = STYLE.lines().filter_map(|l| l.strip_prefix("svg .")).map(|l| format!(".{l}"));
    let rules = rules.collect::<String>().replace("var(--ink)", "#1d2327");
    format!(
        "text{{font-family:{LETTERS}}}.title{{font-size:16px;font-weight:600;fill:#1d2327}}.head{{font-size:13px;font-weight:600;fill:#1d2327}}{rules}"
    )
}

/// The page's hatches, as XML: every attribute in quotation marks.
fn hatches() -> String {
    let inside = HATCHES.split_once("<defs>").and_then(|d| d.1.split_once("</defs>")).map_or("", |d| d.0);
    let mut out = String::new();
    let mut quoted = false;
    let mut open = false;
    for c in inside.chars() {
        if open && (c == ' ' || c == '>') {
            out.push('"');
            open = false;
        }
        if c == '"' {
            quoted = !quoted;
        }
        let bare = out.ends_with('=') && c != '"' && !quoted;
        if bare {
            out.push('"');
            open = true;
        }
        out.push(c);
    }
    format!("<defs>{out}</defs>")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn pictures_stand_alone() {
        for (name, data) in sample::all() {
            for p in pictures(&data) {
                let (svg, at) = (&p.svg, format!("{name}: {}", p.name));
                assert!(
                    svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.contains("<style>"),
                    "{at}"
                );
                assert!(svg.contains("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"), "{at}");
                for bad in ["<script", "href", "var(--", "NaN", "class=wide", "&nbsp;", "url(h"] {
                    assert!(!svg.contains(bad), "{at} has {bad}");
                }
                assert!(!p.told.is_empty() && !p.caption.is_empty(), "{at}");
                // Every attribute is in quotation marks, and every tag is closed.
                let tags = svg.split('<').skip(1).filter_map(|t| t.split_once('>').map(|t| t.0));
                let mut depth = 0;
                for tag in tags {
                    assert_eq!(tag.matches('"').count() % 2, 0, "{at}: {tag}");
                    let outside: String = tag.split('"').step_by(2).collect();
                    assert_eq!(outside.matches('=').count() * 2, tag.matches('"').count(), "{at}: {tag}");
                    depth += match (tag.starts_with('/'), tag.ends_with('/')) {
                        (true, _) => -1,
                        (false, true) => 0,
                        (false, false) => 1,
                    };
                }
                assert_eq!(depth, 0, "{at}");
            }
        }
    }

    #[test]
    fn only_what_says_something_is_drawn() {
        let names = |data: &ReportData| pictures(data).iter().map(|p| p.name).collect::<Vec<_>>();
        let all = [
            "burden",
            "progression-free-survival",
            "overall-survival",
            "origin",
            "mechanism",
            "levels",
            "events",
            "exposure",
        ];
        assert_eq!(names(&sample::trial()), all);
        assert_eq!(names(&sample::dish()), ["burden"]);
        assert!(names(&sample::nobody()).is_empty());
        // Nobody progressed, nothing happened.
        assert!(!names(&sample::cured()).iter().any(|n| ["origin", "mechanism", "events"].contains(n)));
    }

    #[test]
    fn long_heads_are_broken_into_lines() {
        assert_eq!(lines("erlotinib 150 mg daily", 300.0, 13.0), ["erlotinib 150 mg daily"]);
        let long = lines(&"a long name ".repeat(20), 300.0, 13.0);
        assert!(long.len() == 3 && long[2].ends_with('…'), "{long:?}");
    }
}
