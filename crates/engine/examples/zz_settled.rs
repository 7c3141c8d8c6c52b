use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::step::Pieces;
fn main() {
    let read = |f: &str| std::fs::read_to_string(f).unwrap();
    let dir = std::env::args().nth(1).unwrap();
    let arm: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let model = remission_model::model_from_toml("model.toml", &read(&format!("{dir}/model.toml"))).unwrap();
    let study = remission_model::study_from_toml("study.toml", &read(&format!("{dir}/study.toml")), "x", &model).unwrap();
    let compiled = Compiled::new(&model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let mut registers = compiled.registers(&parameters);
    let mut exposure = Exposure::new(&compiled, &parameters, 0.0).unwrap();
    exposure.follow(&study.arms[arm].regimen);
    let mut pieces = Pieces::default();
    let (mut total, mut all) = (vec![], 0);
    for week in 0..52 {
        let step = pieces.step(&compiled, &mut registers, &mut exposure, 7.0).unwrap();
        all += step.window.intervals.len();
        if week == 3 || week == 51 { total.push(step); }
    }
    for step in total {
        for b in &step.blocks {
            println!("{:?}", b.whole.mean.iter().map(|x| format!("{x:.10e}")).collect::<Vec<_>>());
        }
    }
    println!("intervals {all}");
}
