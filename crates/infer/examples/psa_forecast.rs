//! Held-out forecasts of PSA.
use remission_infer::jobs::Control;
use remission_infer::psa::held_out::*;
fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let data = remission_infer::psa::read(&std::fs::read_to_string(format!("{folder}/series.csv")).unwrap()).unwrap();
    println!("{:?}", data.notes);
    let outcomes = outcomes(&std::fs::read_to_string(format!("{folder}/outcomes.txt")).unwrap());
    println!("{} outcomes", outcomes.len());
    let stop = std::sync::atomic::AtomicBool::new(false);
    let control = Control { threads: 2, stop: &stop, progress: &|_| {} };
    let begin = std::time::Instant::now();
    let (held, ranked, blends) = held_out(&data, &Plan::default(), &control).expect("not stopped");
    println!("{:.1} s, {} men, {} readings, {blends:?}", begin.elapsed().as_secs_f64(), ranked.len(), held.len());
    for trial in ["", "Bruchovsky_et_al", "Shaw_et_al"] {
        let rows: Vec<&Held> = held.iter().filter(|h| data.men[h.man].trial.contains(trial)).collect();
        let n = rows.len() as f64;
        println!(
            "{trial:20} mae {:.3} alone {:.3} carried {:.3} bias {:.3} cover {:?}",
            rows.iter().map(|h| (h.median - h.read).abs()).sum::<f64>() / n,
            rows.iter().map(|h| (h.alone - h.read).abs()).sum::<f64>() / n,
            rows.iter().map(|h| (h.carried - h.read).abs()).sum::<f64>() / n,
            rows.iter().map(|h| h.median - h.read).sum::<f64>() / n,
            (0..4)
                .map(|l| (1000.0
                    * rows.iter().filter(|h| h.intervals[l].0 <= h.read && h.read <= h.intervals[l].1).count() as f64
                    / n)
                    .round()
                    / 1000.0)
                .collect::<Vec<_>>()
        );
        let of = |r: &Ranked| {
            outcomes.iter().find(|o| o.0 == data.men[r.man].trial && o.1 == data.men[r.man].patient).map(|o| o.2)
        };
        let scores: [(&str, fn(&Ranked) -> f64); 3] =
            [("fails", |r| r.fails), ("resistant", |r| r.resistant), ("log_psa", |r| r.log_psa)];
        for (name, score) in scores {
            let group = |w: &[Outcome]| -> Vec<f64> {
                ranked
                    .iter()
                    .filter(|r| data.men[r.man].trial.contains(trial) && of(r).is_some_and(|o| w.contains(&o)))
                    .map(score)
                    .collect()
            };
            println!(
                "   {name} relapse v none {:?}; relapse+metastasis v none {:?}",
                area(&group(&[Outcome::Relapse]), &group(&[Outcome::None])),
                area(&group(&[Outcome::Relapse, Outcome::Metastasis]), &group(&[Outcome::None]))
            );
        }
    }
}
