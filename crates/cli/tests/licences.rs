//! Licences of everything that is compiled in are among those that deny.toml allows. `cargo deny check` asks the same and more;
//! this test needs nothing but cargo.

use std::process::Command;

#[test]
fn every_dependency_has_an_allowed_licence() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let deny: toml::Table = std::fs::read_to_string(root.join("deny.toml")).unwrap().parse().unwrap();
    let allowed: Vec<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    // Only this machine's platform: crates for others need not have been fetched.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).expect("rustc -vV names its host");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "the list of packages was not read");
    let mut bad = Vec::new();
    for package in packages {
        let (name, licence) = (package["name"].as_str().unwrap(), package["license"].as_str().unwrap_or("none stated"));
        if !acceptable(licence, &allowed) {
            bad.push(format!("{name}: {licence}"));
        }
    }
    assert!(bad.is_empty(), "licences that deny.toml does not allow:\n{}", bad.join("\n"));
}

/// An SPDX expression: every part joined by AND has an allowed alternative joined by OR (or the old slash).
fn acceptable(expression: &str, allowed: &[&str]) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    flat.split(" AND ").all(|part| part.split(" OR ").any(|l| allowed.contains(&l.trim())))
}

#[test]
fn expressions_are_read() {
    let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
    assert!(acceptable("MIT OR Apache-2.0", &allowed));
    assert!(acceptable("MIT/GPL-3.0", &allowed));
    assert!(acceptable("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
    assert!(!acceptable("GPL-3.0", &allowed));
    assert!(!acceptable("MIT AND GPL-3.0", &allowed));
    assert!(!acceptable("none stated", &allowed));
}
