//! Forecasts of every man's last cycle against the cycle before carried forward, and the ranking of men against outcomes:
//! `cargo run --release -p remission-infer --example psa_forecast -- FOLDER` (with series.csv and outcomes.txt).
//!
//! Prints, for all men and for each trial, mean absolute errors in ln PSA, the shares of readings within 50, 80, 90 and
//! 95 % intervals, and areas under the ROC curve with their standard errors for three scores: the probability that treatment
//! fails, the share of resistant cells, and ln PSA after 32 weeks.

use remission_infer::jobs::Control;
use remission_infer::psa::held_out::{Held, Outcome, Plan, Ranked, area, held_out, outcomes};

/// A score with its name.
type Score = (&'static str, fn(&Ranked) -> f64);

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let text = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).expect("a readable file");
    let data = remission_infer::psa::read(&text("series.csv")).expect("a table of PSA");
    let outcomes = outcomes(&text("outcomes.txt"));
    println!("{}", data.notes.join("\n"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let control = Control { threads: 2, stop: &stop, progress: &|_| {} };
    let begin = std::time::Instant::now();
    let found = held_out(&data, &Plan::default(), &control).expect("not stopped");
    let seconds = begin.elapsed().as_secs_f64();
    println!("{seconds:.1} s, {} men, {} readings, {:?}", found.ranked.len(), found.held.len(), found.blends);
    for trial in ["", "Bruchovsky_et_al", "Shaw_et_al"] {
        let of_trial = |man: usize| data.men[man].trial.contains(trial);
        let rows: Vec<&Held> = found.held.iter().filter(|h| of_trial(h.man)).collect();
        let n = rows.len() as f64;
        let error = |f: fn(&Held) -> f64| rows.iter().map(|h| (f(h) - h.read).abs()).sum::<f64>() / n;
        let name = if trial.is_empty() { "all" } else { trial };
        print!("{name}: {n} readings; mae {:.3}", error(|h| h.median));
        print!(", model alone {:.3}, carried forward {:.3}; covered", error(|h| h.alone), error(|h| h.carried));
        for level in 0..4 {
            let within = |h: &&&Held| h.intervals[level].0 <= h.read && h.read <= h.intervals[level].1;
            print!(" {:.3}", rows.iter().filter(within).count() as f64 / n);
        }
        println!();
        let scores: [Score; 3] = [("fails", |r| r.fails), ("resistant", |r| r.resistant), ("ln PSA", |r| r.log_psa)];
        for (name, score) in scores {
            let group = |which: &[Outcome]| -> Vec<f64> {
                let has = |r: &&Ranked| {
                    let man = &data.men[r.man];
                    let mine = outcomes.iter().find(|o| o.0 == man.trial && o.1 == man.patient);
                    of_trial(r.man) && mine.is_some_and(|o| which.contains(&o.2))
                };
                found.ranked.iter().filter(has).map(score).collect()
            };
            let none = group(&[Outcome::None]);
            let relapse = group(&[Outcome::Relapse]);
            let both = group(&[Outcome::Relapse, Outcome::Metastasis]);
            println!(
                "  {name}: relapse ({}) against none ({}) {:?}; with metastasis ({}) {:?}",
                relapse.len(),
                none.len(),
                area(&relapse, &none),
                both.len(),
                area(&both, &none)
            );
        }
    }
}
