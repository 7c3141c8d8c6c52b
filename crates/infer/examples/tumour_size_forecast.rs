//! Forecasts of the last two numbers of every patient, against least-squares fits of growth laws and the last number
//! carried forward: `cargo run --release -p remission-infer --example tumour_size_forecast -- FILE [GROUPS] [MODELS] [LEAST]`.
//!
//! Prints mean absolute errors in mm and coverages for studies 1 to 3 (on which the model was chosen), for the others,
//! and for all. MODELS: letters, pooled: p plateau, s still, w waning, r regrowth, f Stein and Fojo; capitals: a wandering
//! slope instead of a wandering level; digits: nothing wanders.

use remission_infer::jobs::Control;
use remission_infer::tumour_size::competitors::Law;
use remission_infer::tumour_size::held_out::{Held, LEVELS, Plan, coverage, error, held_out};
use remission_infer::tumour_size::model::{Curve, Deviation, Model};

fn model(letter: char) -> Model {
    let (letter, deviation) = match letter {
        '1' => ('r', Deviation::None),
        '2' => ('f', Deviation::None),
        '3' => ('w', Deviation::None),
        '4' => ('p', Deviation::None),
        l if l.is_uppercase() => (l.to_ascii_lowercase(), Deviation::Slope),
        l => (l, Deviation::Level),
    };
    let curve = match letter {
        'r' => Curve::Regrowth,
        'f' => Curve::SteinFojo,
        'w' => Curve::Waning,
        's' => Curve::Still,
        _ => Curve::Plateau,
    };
    Model { curve, deviation }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).expect("a file of lesions");
    let data = remission_infer::tumour_size::read(&text).expect("a table of lesions");
    println!("{:?}\n{}", data.counts(), data.notes.join("\n"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let control = Control { threads: 2, stop: &stop, progress: &|_| {} };
    let models: Vec<Model> = args.get(3).map_or("ps", String::as_str).chars().map(model).collect();
    let groups = args.get(2).and_then(|g| g.parse().ok()).unwrap_or(3);
    let least = args.get(4).and_then(|g| g.parse().ok()).unwrap_or(5);
    let laws = args.len() <= 3;
    let plan = Plan { groups, models: &models, least, laws, ..Plan::default() };
    let begin = std::time::Instant::now();
    let (held, places) = held_out(&data, &plan, &control).expect("not stopped");
    println!("{:.1} s, groups {groups}, models {models:?}", begin.elapsed().as_secs_f64());
    println!(
        "levels read for 0.025 ... 0.975: {:?}",
        [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975].map(|p| (1e3 * places.level(p)).round() / 1e3)
    );
    let of = |h: &Held| &data.series[h.series];
    let early = |h: &Held| ["Study1", "Study2", "Study3"].contains(&of(h).study.as_str());
    show("studies 1 to 3", held.iter().filter(|h| early(h)).collect(), laws);
    show("other studies", held.iter().filter(|h| !early(h)).collect(), laws);
    show("six numbers or more", held.iter().filter(|h| of(h).numbers() >= 6).collect(), laws);
    for step in [1, 2] {
        show(&format!("step {step}"), held.iter().filter(|h| h.step == step).collect(), laws);
    }
    show("all", held.iter().collect(), laws);
}

fn show(name: &str, rows: Vec<&Held>, laws: bool) {
    if rows.is_empty() {
        return;
    }
    print!("{name}: {} numbers; mae mm: model {:.3}", rows.len(), error(&rows, |h| h.median));
    print!(", carried forward {:.3}", error(&rows, |h| h.carried));
    for (i, law) in Law::ALL.iter().enumerate().filter(|_| laws) {
        let (v, d) = (error(&rows, |h| h.by_volume[i]), error(&rows, |h| h.by_diameter[i]));
        print!(", {} {v:.3} (diameters {d:.3})", law.name());
    }
    let n = rows.len() as f64;
    let gain: Vec<f64> = rows.iter().map(|h| (h.carried - h.diameter).abs() - (h.median - h.diameter).abs()).collect();
    let mean = gain.iter().sum::<f64>() / n;
    let error = (gain.iter().map(|g| (g - mean).powi(2)).sum::<f64>()).sqrt() / n;
    print!("; gain over carried {mean:.3} +- {error:.3}; covered, with ends and in part:");
    for (level, share) in LEVELS.iter().enumerate() {
        let (closed, part) = coverage(&rows, level);
        print!(" {:.0} %: {closed:.3} {part:.3}", 100.0 * share);
    }
    println!();
}
