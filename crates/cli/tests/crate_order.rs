//! Arrows between crates go one way: model <- engine <- cohort <- infer, design never meets infer, skins on top.

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn arrows_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("model", &[][..]),
        ("engine", &["model"]),
        ("cohort", &["model", "engine"]),
        ("infer", &["model", "engine", "cohort"]),
        ("design", &["model", "engine", "cohort"]),
        ("cli", &["model", "engine", "cohort", "infer", "design"]),
        ("python", &["model", "engine", "cohort", "infer", "design"]),
        ("page", &["model", "engine", "cohort", "infer", "design"]),
    ]);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for entry in std::fs::read_dir(crates).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        let Some(may) = allowed.get(name.as_str()) else {
            panic!(
                "crate `{name}` has no place in the order; add it to crates/cli/tests/crate_order.rs and ARCHITECTURE.md"
            );
        };
        let manifest: toml::Table = text.parse().unwrap();
        for section in ["dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(|d| d.as_table()) else { continue };
            for dependency in dependencies.keys().filter_map(|d| d.strip_prefix("remission-")) {
                seen += 1;
                assert!(
                    may.contains(&dependency),
                    "crates/{name}/Cargo.toml: `{name}` may not depend on `{dependency}`; allowed: {may:?}"
                );
            }
        }
    }
    assert!(seen >= 4, "the manifests were not read");
}
