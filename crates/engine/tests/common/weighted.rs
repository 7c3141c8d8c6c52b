//! Averages over tumours with weights, and whether they are those of tumours without.

/// Of each feature over `n` tumours, with the variance of the average; `one` gives features and weight of tumour number `k`.
pub fn averages(n: u64, mut one: impl FnMut(u64) -> (Vec<f64>, f64)) -> Vec<(f64, f64)> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for k in 0..n {
        let (features, weight) = one(k);
        sums.resize(features.len(), (0.0, 0.0));
        sums.iter_mut().zip(features).for_each(|(s, x)| (s.0, s.1) = (s.0 + weight * x, s.1 + (weight * x).powi(2)));
    }
    let n = n as f64;
    sums.into_iter().map(|(a, b)| (a / n, (b / n - (a / n) * (a / n)).max(0.0) / n)).collect()
}

/// Fails where two such averages over `n` tumours each differ by five standard errors.
pub fn agree(plain: &[(f64, f64)], weighted: &[(f64, f64)], n: u64, what: &str) {
    for (k, (a, b)) in plain.iter().zip(weighted).enumerate() {
        // Of what no tumour without weights has, the other average says how rare it is.
        let rare = a.0.max(b.0).min(1.0) / n as f64;
        let z = (b.0 - a.0) / (a.1.max(rare) + b.1).sqrt().max(1e-12);
        println!("{what}, feature {k}: {:.6} and {:.6} +- {:.6}, z {z:+.2}", a.0, b.0, b.1.sqrt());
        assert!(z.abs() < 5.0, "{what}, feature {k}: {} and {}", a.0, b.0);
    }
}
