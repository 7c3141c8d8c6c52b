//! Prints the populations of `tumour_size::reference`, learned from all looks of a file:
//! `cargo run --release -p remission-infer --example tumour_size_reference -- FILE`.

use remission_infer::jobs::Control;
use remission_infer::tumour_size::held_out::{POOL, learned};
use remission_infer::tumour_size::{model::telling, read};

fn main() {
    let path = std::env::args().nth(1).expect("a file of lesions");
    let data = read(&std::fs::read_to_string(path).expect("a readable file")).expect("a table of lesions");
    let looks: Vec<_> = data.series.iter().map(telling).collect();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let control = Control { threads: 2, stop: &stop, progress: &|_| {} };
    let found = learned(&POOL, &looks, 5.0, &Default::default(), &control).expect("not stopped");
    println!("{:?}", found.below);
    for (model, population) in &found.models {
        let round = |v: &[f64]| v.iter().map(|x| format!("{x:.4e}")).collect::<Vec<_>>().join(", ");
        println!("{model:?}\n[{}]\n[{}]", round(&population.mean), round(&population.covariance));
    }
}
