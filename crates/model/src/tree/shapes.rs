//! What a key holds, as an example to write, and what keys are called elsewhere.

/// An entry of the key at the end of `path`, as it may be written.
pub(super) fn shape(path: &str) -> Option<&'static str> {
    let key = path.rsplit('.').next().unwrap_or_default();
    let key = key.split('[').next().unwrap_or_default();
    Some(match key {
        "source" => "{ doi = \"10....\", where = \"Table 1\" }",
        "citations" => "{ doi = \"10....\" }",
        "delay" => "{ states = 3, mean = \"30 h\" }",
        "effect" => "{ ke0 = \"0.1 /h\" }",
        "peripheral" => "{ flow = \"60 L/h\", volume = \"568 L\" }",
        "mutates" => "{ to = \"<cell type>\", per_division = \"1e-8\" }",
        "switches" => "{ to = \"<cell type>\", rate = \"<rate per cell>\" }",
        "categories" => "{ name = \"poor\", share = \"7 %\", value = 0.2 }",
        "start" if path.starts_with("before_treatment") => "{ <cell type> = \"1e9 cells\" }",
        _ => return None,
    })
}

/// What is written for a parameter that was given as a number alone.
pub(super) fn parameter(path: &str, value: &str) -> Option<String> {
    let name = path.strip_prefix("parameters.").filter(|n| crate::parse::is_name(n))?;
    crate::units::quantity(value).ok()?;
    Some(format!(
        "{name} = {{ value = \"{}\", assumed = \"why\", prior = \"loguniform(<low>, <high>)\" }}, or with `source` or \
         `fitted` in place of `assumed` and `prior`",
        super::short(value.trim())
    ))
}

/// Names of keys in other programs and in papers, in small letters, and the key here.
const CALLED: &[(&str, &str)] = &[
    ("cl", "clearance"),
    ("v", "volume"),
    ("vd", "volume"),
    ("vc", "volume"),
    ("ke", "elimination"),
    ("kel", "elimination"),
    ("kde", "elimination"),
    ("q", "flow"),
    ("f", "bioavailability"),
    ("tlag", "lag"),
    ("alag", "lag"),
    ("lag_time", "lag"),
    ("mw", "molar_mass"),
    ("molecular_weight", "molar_mass"),
    ("type", "kind"),
    ("units", "unit"),
    ("ref", "source"),
    ("reference", "source"),
    ("citation", "source"),
    ("iiv", "between_patients"),
    ("omega", "between_patients"),
    ("division", "birth"),
    ("growth", "birth"),
    ("proliferation", "birth"),
];

/// The key among `known` that is called `name` elsewhere.
pub(super) fn called(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let key = CALLED.iter().find(|c| c.0 == lower)?.1;
    known.contains(&key).then_some(key)
}
