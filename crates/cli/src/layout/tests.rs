//! The layout keeps the model, every comment, every number as written, and itself.

use super::{arrange, comments::comments};
use remission_model::model_from_toml;
use std::path::Path;

const STUDY: &str = "# --- study ---\n";
const REGIMEN: &str = "# --- regimen ---\n";

/// Every valid case and catalogue file, cut into its parts.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root.join("spec/cases/valid")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // A table of doses may stand at the end.
        let text = text.split("# --- dosing.csv ---\n").next().unwrap();
        let parts =
            text.split(STUDY).flat_map(|t| t.split(REGIMEN)).map(|t| (path.display().to_string(), t.to_string()));
        out.extend(parts);
    }
    for (name, text) in crate::catalogue::all() {
        if ["model.toml", "study.toml", "regimen.toml"].iter().any(|f| name.ends_with(f)) {
            out.push((name.to_string(), text.to_string()));
        }
    }
    assert!(out.len() > 15);
    out
}

fn words(text: &str) -> Vec<String> {
    let mut all: Vec<String> = comments(text).into_iter().map(|c| text[c].to_string()).collect();
    all.sort();
    all
}

/// Everything that must hold of a formatted text.
fn holds(name: &str, text: &str) -> String {
    let out = arrange(text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
    assert_eq!(arrange(&out).as_deref(), Ok(out.as_str()), "{name}: formatted twice\n{text}");
    assert_eq!(words(text), words(&out), "{name}");
    assert!(out.ends_with('\n') && !out.ends_with("\n\n") && !out.starts_with('\n'), "{name}");
    assert!(!out.contains("\n\n\n") || text.contains("\n\n\n"), "{name}: {out}");
    if let Ok(model) = model_from_toml("m.toml", text) {
        assert_eq!(model_from_toml("m.toml", &out).as_ref(), Ok(&model), "{name}: another model\n{out}");
    }
    out
}

#[test]
fn every_case_and_entry_stays_the_same_model() {
    for (name, text) in texts() {
        let out = holds(&name, &text);
        let numbers = |t: &str| {
            let mut all: Vec<String> =
                t.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map(String::from).collect();
            all.retain(|w| w.starts_with(|c: char| c.is_ascii_digit()));
            all.sort();
            all
        };
        assert_eq!(numbers(&text), numbers(&out), "{name}: a number was rewritten");
    }
}

#[test]
fn the_layout() {
    let text = r##"
# Head of the file.

[death] # how they die
burden="1e12 cells"
# why so large
background   = "0.0500 /year"# from a register
# background = "0.1 /year"

# not in a dish
[cells]
# two types
[cells.s] # the first
switches = []
death='0.1 /day'   # by hand
mutates = [ # ways out
  { per_division = "1e-8", to = "r" },   # the usual
  # none seen yet
  { to = "q", per_time = 0.0010
  # a note within
  },
  # end of the list
] # after the list
birth = "0.2 /day"
[cells.r]
mechanism.x = 1
birth = "0.2 /day"
death = "0.1 /day"
unknown = true
[[cells.r.switches]]
# back
rate = "1 /day" # fast
to = "s"

[parameters.b]
fitted = "x"
value = "1_000"
[parameters]
a = { fitted = "y", value = "2" }


c = { value = "3", source = { where = "Table 1", doi = "10.1/x" } }
[model]
title = "t"

# the end"##;
    let wanted = r##"# Head of the file.

[model]
title = "t"

[parameters]
b = { value = "1_000", fitted = "x" }
a = { value = "2", fitted = "y" }

c = { value = "3", source = { doi = "10.1/x", where = "Table 1" } }

# not in a dish
# two types
[cells.s]  # the first
birth = "0.2 /day"
death = '0.1 /day'  # by hand
mutates = [
    # ways out
    { to = "r", per_division = "1e-8" },  # the usual
    # none seen yet
    # a note within
    { to = "q", per_time = 0.0010 },
    # end of the list
]  # after the list
switches = []

[cells.r]
mechanism = { x = 1 }
birth = "0.2 /day"
death = "0.1 /day"
switches = [
    # back
    # fast
    { to = "s", rate = "1 /day" },
]
unknown = true

[death]  # how they die
# why so large
background = "0.0500 /year"  # from a register
# background = "0.1 /year"
burden = "1e12 cells"

# the end
"##;
    let out = arrange(text).unwrap();
    assert_eq!(out, wanted, "\n{out}");
    holds("layout", text);
    holds("windows", &text.replace('\n', "\r\n"));
}

/// Comments and blank lines in any place where TOML lets them be.
#[test]
fn comments_survive_anywhere() {
    let mut dice: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut below = |n: usize| {
        dice ^= dice >> 12;
        dice ^= dice << 25;
        dice ^= dice >> 27;
        (dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    };
    let mut tried = 0;
    for round in 0..60 {
        for (name, text) in texts() {
            let mut changed = text.clone();
            for k in 0..4 {
                let breaks: Vec<usize> = changed
                    .char_indices()
                    .filter(|(_, c)| matches!(c, '\n' | '{' | ',' | '[' | '}' | ']'))
                    .map(|c| c.0 + 1)
                    .collect();
                let at = breaks[below(breaks.len())];
                let word = ["\n", "\n\n", "\n# c{k}\n", " # c{k}\n", "\n\n# c{k}\n\n"][below(5)]
                    .replace("{k}", &k.to_string());
                changed.insert_str(at, &word);
            }
            if changed.parse::<toml::Table>().is_ok() {
                holds(&format!("{name}, round {round}"), &changed);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried} of the damaged texts were TOML");
}
