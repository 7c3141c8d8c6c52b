//! What several tests of the program simulate.

/// A dish of few cells of which patients differ and found clones: a run of 40 takes milliseconds.
pub const DISH: &str = r#"
[model]
title = "a dish"

[parameters]
b = { value = "0.8 /day", assumed = "test", prior = "uniform(0.1 /day, 1 /day)", between_patients = "lognormal(cv = 20 %)" }

[cells.s]
birth = "b"
death = "0.3 /day"
mutates = [{ to = "r", per_division = "1 %" }]

[cells.r]
kind = "resistant"
birth = "b"
death = "0.3 /day"

[before_treatment]
start = { s = "50 cells" }
"#;
