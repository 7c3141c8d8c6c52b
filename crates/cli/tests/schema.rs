//! The schemas that lie in `spec/schema` are those that the program prints, take every valid case and every catalogue file,
//! and refuse what is not in the format. The validator below knows the words of JSON Schema that the schemas use, and no others.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn schema(kind: &str) -> Json {
    let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(["schema", kind]).output().unwrap();
    serde_json::from_slice(&run.stdout).unwrap()
}

/// The first fault of `value`, with its place.
fn validate(schema: &Json, value: &Json, at: &str) -> Result<(), String> {
    let fault = |what: String| Err(format!("{at}: {what}"));
    for (word, rule) in schema.as_object().unwrap() {
        // Words about one kind of value say nothing about another.
        let about = match word.as_str() {
            "minimum" | "maximum" => value.is_number(),
            "minItems" | "maxItems" | "items" => value.is_array(),
            "pattern" => value.is_string(),
            "properties" | "propertyNames" | "required" | "dependentRequired" => value.is_object(),
            _ => true,
        };
        if !about {
            continue;
        }
        match word.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let names: Vec<&str> = match rule {
                    Json::Array(list) => list.iter().map(|n| n.as_str().unwrap()).collect(),
                    one => vec![one.as_str().unwrap()],
                };
                let is = |name: &&str| match *name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64() || value.is_i64(),
                    other => panic!("type {other}"),
                };
                if !names.iter().any(is) {
                    return fault(format!("{value} is not {rule}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => return fault(format!("{value} is none of {rule}")),
            "enum" | "additionalProperties" => {}
            "minimum" if value.as_f64().unwrap() < rule.as_f64().unwrap() => {
                return fault(format!("{value} below {rule}"));
            }
            "maximum" if value.as_f64().unwrap() > rule.as_f64().unwrap() => {
                return fault(format!("{value} above {rule}"));
            }
            "minimum" | "maximum" => {}
            "minItems" if value.as_array().unwrap().len() < rule.as_u64().unwrap() as usize => {
                return fault("too few".into());
            }
            "maxItems" if value.as_array().unwrap().len() > rule.as_u64().unwrap() as usize => {
                return fault("too many".into());
            }
            "minItems" | "maxItems" => {}
            "pattern" => {
                assert_eq!(rule, "\\S");
                if value.as_str().unwrap().trim().is_empty() {
                    return fault("blank".into());
                }
            }
            "items" => {
                for (k, item) in value.as_array().unwrap_or(&Vec::new()).iter().enumerate() {
                    validate(rule, item, &format!("{at}[{k}]"))?;
                }
            }
            "properties" => {
                for (key, inner) in value.as_object().unwrap() {
                    match (rule.get(key), &schema["additionalProperties"]) {
                        (Some(rule), _) => validate(rule, inner, &format!("{at}.{key}"))?,
                        (None, Json::Bool(false)) => return fault(format!("no key {key}")),
                        (None, other) => panic!("{other}"),
                    }
                }
            }
            "propertyNames" => {
                for (key, inner) in value.as_object().unwrap() {
                    let good = match rule["pattern"].as_str().unwrap() {
                        "^[A-Za-z][A-Za-z0-9_]*$" => {
                            key.starts_with(|c: char| c.is_ascii_alphabetic())
                                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                        }
                        "^[0-9]+$" => !key.is_empty() && key.chars().all(|c| c.is_ascii_digit()),
                        other => panic!("the validator does not know the pattern {other}"),
                    };
                    if !good || key.len() > rule["maxLength"].as_u64().unwrap() as usize {
                        return fault(format!("the name {key}"));
                    }
                    validate(&schema["additionalProperties"], inner, &format!("{at}.{key}"))?;
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.get(key.as_str().unwrap()).is_none() {
                        return fault(format!("no {key}"));
                    }
                }
            }
            "dependentRequired" => {
                for (key, needs) in rule.as_object().unwrap() {
                    let missing = needs.as_array().unwrap().iter().find(|n| value.get(n.as_str().unwrap()).is_none());
                    if let (true, Some(missing)) = (value.get(key).is_some(), missing) {
                        return fault(format!("{key} without {missing}"));
                    }
                }
            }
            "oneOf" | "anyOf" => {
                let faults: Vec<String> =
                    rule.as_array().unwrap().iter().filter_map(|r| validate(r, value, at).err()).collect();
                let good = rule.as_array().unwrap().len() - faults.len();
                if good == 0 || good > 1 && word == "oneOf" {
                    return fault(format!("{good} of {word} fit: {}", faults.join("; ")));
                }
            }
            other => panic!("the validator does not know `{other}`"),
        }
    }
    Ok(())
}

fn json(toml: &str) -> Json {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

/// Kind of file, name, text.
fn good() -> Vec<(&'static str, String, String)> {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root().join("spec/cases/valid")).unwrap() {
        let path = entry.unwrap().path();
        let text = read(&path);
        let (model, rest) = text.split_once("# --- study ---\n").unwrap_or((&text, ""));
        let rest = rest.split("# --- dosing.csv ---\n").next().unwrap();
        let (study, regimens) = rest.split_once("# --- regimen ---\n").unwrap_or((rest, ""));
        for (kind, text) in [("model", model), ("study", study), ("regimen", regimens)] {
            if !text.is_empty() {
                out.push((kind, path.display().to_string(), text.to_string()));
            }
        }
    }
    let mut folders = vec![root().join("catalogue")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let kind = ["model", "study", "regimen"].into_iter().find(|k| name == format!("{k}.toml"));
            match kind {
                Some(kind) => out.push((kind, path.display().to_string(), read(&path))),
                None if path.is_dir() => folders.push(path),
                None => {}
            }
        }
    }
    for kind in ["model", "study", "regimen"] {
        assert!(out.iter().any(|o| o.0 == kind));
    }
    out
}

#[test]
fn the_files_are_what_the_program_prints() {
    for kind in ["model", "study", "regimen"] {
        let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(["schema", kind]).output().unwrap();
        assert_eq!(run.status.code(), Some(0));
        let path = root().join(format!("spec/schema/{kind}.json"));
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &run.stdout).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(
            kept == run.stdout,
            "spec/schema/{kind}.json is not what `remission schema {kind}` prints; UPDATE_CASES=1 writes it"
        );
        let schema: Json = serde_json::from_slice(&kept).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn every_valid_file_is_valid() {
    for (kind, name, text) in good() {
        validate(&schema(kind), &json(&text), "").unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}

/// Faults that a schema can see: the keys and kinds of value of the invalid cases.
#[test]
fn what_the_reader_refuses_by_its_keys_the_schema_refuses() {
    let mut tried = 0;
    for entry in std::fs::read_dir(root().join("spec/cases/invalid")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Key, missing key, kind of value, number of sources, prior, ways to mutate, ways to begin.
        let seen = ["RM0003", "RM0004", "RM0005", "RM0301", "RM0302", "RM0303", "RM0405", "RM0406"];
        if !seen.iter().any(|code| name.starts_with(code)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let (model, rest) = text.split_once("# --- study ---\n").unwrap_or((&text, ""));
        let study = rest.split("# --- ").next().unwrap();
        let model = validate(&schema("model"), &json(model), "");
        let study = if study.is_empty() { Ok(()) } else { validate(&schema("study"), &json(study), "") };
        assert!(model.is_err() || study.is_err(), "{name} passes");
        tried += 1;
    }
    assert!(tried >= 15, "{tried}");
}
