//! CPU time of `law` on one patient of a study: `law_speed MODEL.toml STUDY.toml`. Figures, not tests.

use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law::arm::Law;
use remission_engine::law::counts::quantile;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(model), Some(study)) = (arguments.next(), arguments.next()) else {
        eprintln!("law_speed MODEL.toml STUDY.toml");
        std::process::exit(1);
    };
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let model = remission_model::model_from_toml(&model, &read(&model)).unwrap_or_else(|e| panic!("{e}"));
    let study =
        remission_model::study_from_toml(&study, &read(&study), "study", &model).unwrap_or_else(|e| panic!("{e}"));
    let compiled = Compiled::new(&model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let resistant = |i: usize| compiled.is_resistant(i);
    for arm in &study.arms {
        let mut exposure = Exposure::new(&compiled, &parameters, 0.0).unwrap();
        exposure.follow(arm.regimen_of(0));
        let days: Vec<f64> = (1..=20).map(|k| (study.horizon * f64::from(k) / 20.0).floor()).collect();
        let mut clock = cpu_ms();
        let mut lap = |what: &str| {
            println!("  {what:<60} {:>9.2} ms", cpu_ms() - clock);
            clock = cpu_ms();
        };
        println!("{}", arm.name);
        let law = Law::new(&compiled, &parameters, &exposure, &days).unwrap();
        lap(&format!("set-up, {} intervals", law.intervals()));
        let cure = law.none(|_| true, 19).unwrap();
        lap(&format!("P(cure) {cure:.6e}"));
        let none = law.none(resistant, 19).unwrap();
        lap(&format!("P(no resistant cell) {none:.12e}"));
        let p = law.none_each(resistant).unwrap();
        lap(&format!("on 20 days, first {:.6}", p[0]));
        let never = law.never(resistant).unwrap();
        lap(&format!("first arrival on 21 days, last {:.6}", never[20]));
        let lasting = law.none_lasting(resistant).unwrap();
        lap(&format!("lasting on 21 days, first {:.6} last {:.6}", lasting[0], lasting[20]));
        let origins = law.origins().unwrap();
        lap("origins");
        for o in &origins {
            println!("    {o:?}");
        }
        println!("    error {:?}", law.founder_error(resistant).unwrap());
        lap("error");
        let mean = origins.iter().map(|o| o.cells).sum();
        let mut counted = law.count(resistant, mean).unwrap();
        lap(&format!(
            "set-up of counts, {} intervals, mean {mean:.4e}, closed form {}",
            counted.intervals(),
            counted.in_closed_form()
        ));
        for share in [0.05, 0.25, 0.5, 0.75, 0.95] {
            let q = quantile(share, mean, |n| counted.up_to(n)).unwrap();
            lap(&format!("quantile {share}: {q:.5e} ({} solutions)", counted.count.solutions()));
        }
    }
}

/// CPU time of this process so far, ms; NaN where the system does not tell (it is read from Linux's schedstat).
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|x| x.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e6)
}
