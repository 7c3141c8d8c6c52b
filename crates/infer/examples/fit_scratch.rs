//! scratch
use remission_infer::fit_model::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = args.get(1).filter(|a| *a != "-").map_or(TEMPLATE.to_string(), |p| std::fs::read_to_string(p).unwrap());
    let model = args.get(2).map_or("catalogue/nsclc-egfr-tki/model.toml", |s| s);
    let m = remission_model::model_from_toml("m", &std::fs::read_to_string(model).unwrap()).unwrap();
    let study = remission_model::study_from_toml(
        "s",
        &std::fs::read_to_string("catalogue/nsclc-egfr-tki/study.toml").unwrap(),
        "s",
        &m,
    )
    .unwrap();
    let data = read(&text, &m).unwrap();
    let c = remission_engine::compiled::Compiled::new(&m);
    let t = std::time::Instant::now();
    let control = remission_infer::jobs::Control { threads: 2, ..remission_infer::jobs::Control::quiet() };
    let method = if args.get(3).is_some_and(|m| m == "mean") { Method::Mean } else { Method::Particles };
    let answers = answer(
        &c,
        &study,
        &data,
        &Options {
            method,
            burn_in: args.get(4).map_or(300, |x| x.parse().unwrap()),
            steps: args.get(5).map_or(900, |x| x.parse().unwrap()),
            ..Default::default()
        },
        &control,
    )
    .unwrap();
    for a in answers {
        println!("{:?}\n{:#?}", a.experiment, a.words);
        println!("unconverged {:#?}", a.unconverged);
        println!("{:?}", a.diagnostics);
        for e in &a.estimates {
            println!("{} {:.4} {:?} {} {}", e.name, e.value, e.ci95, e.unit, e.how);
        }
        let v = a.verdict.unwrap();
        println!("{:?} {}", v.origin, v.reason);
        for e in &v.explanations {
            println!("  {} prior {:.3} ev {:.2}", e.name, e.prior, e.log_evidence);
        }
        for n in v.next.iter().take(6) {
            println!("{} {:.3} +- {:.3}", n.name, n.expected_bits, n.error);
        }
        for r in a.tables[0].rows.iter().take(14) {
            println!("{r:?}");
        }
        for r in a.tables[1].rows.iter() {
            println!("{r:?}");
        }
        println!("{:?}", a.notes);
    }
    println!("{:?}", t.elapsed());
}
