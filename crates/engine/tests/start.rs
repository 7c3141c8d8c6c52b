//! What exists when treatment begins.
//!
//! A size typed in need not be a whole number of cells: it is rounded at random so that its mean is kept, x cells being
//! floor(x) or one more with probability x - floor(x) (`before.rs`). Counted here over independent patients: the number that
//! have one more is binomial, and a z of 5 is a false alarm once in 1.7 million tests.

use remission_engine::before::start;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;

#[test]
fn parts_of_a_cell_keep_their_mean() {
    for (cells, part) in [("10.4 cells", 0.4), ("3.05 cells", 0.05), ("7 cells", 0.0)] {
        let text = format!(
            "[model]\ntitle = 'x'\n[cells.a]\nbirth = '0.1 /day'\ndeath = '0'\n[before_treatment]\nstart = {{ a = '{cells}' }}\n"
        );
        let model = remission_model::model_from_toml("m.toml", &text).unwrap_or_else(|p| panic!("{p}"));
        let compiled = Compiled::new(&model);
        let whole = cells.split('.').next().unwrap().trim_end_matches(" cells").parse::<u64>().unwrap();
        for method in [Method::Exact, Method::Leap] {
            let n = 20_000u64;
            let mut more = 0;
            for patient in 0..n {
                let mut stream = Stream::new(31, patient, 0, Purpose::BeforeTreatment);
                let found = start(&compiled, &[], method, &mut stream).unwrap().total();
                assert!(found == whole || found == whole + 1, "{found} of {cells}");
                more += found - whole;
            }
            let spread = libm::sqrt(n as f64 * part * (1.0 - part));
            let off = more as f64 - n as f64 * part;
            assert!(off.abs() <= 5.0 * spread, "{cells}: {more} of {n} have one more");
        }
    }
}
