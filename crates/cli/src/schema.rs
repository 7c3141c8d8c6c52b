//! JSON Schema (draft 2020-12) of model, study and regimen files, made from [`remission_model::format`], for editors that complete
//! and check TOML by a schema. It knows keys and kinds of value; units, names and laws are the business of `remission check`.

use remission_model::format::{Key, MODEL, Object, REGIMENS, STUDY, Value as Kind};
use serde_json::{Map, Value, json};

/// Kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum File {
    /// model.toml
    Model,
    /// study.toml
    Study,
    /// regimen.toml
    Regimen,
}

/// The schema as text.
pub fn text(file: File) -> String {
    let (object, title) = match file {
        File::Model => (&MODEL, "remission model"),
        File::Study => (&STUDY, "remission study"),
        File::Regimen => (&REGIMENS, "remission regimens"),
    };
    let mut schema = section(object);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    format!("{schema:#}\n")
}

fn section(object: &Object) -> Value {
    let keys: Map<String, Value> = object.keys.iter().map(|k| (k.name.to_string(), key(k))).collect();
    let mut out = json!({
        "type": "object",
        "description": object.about,
        "properties": keys,
        "additionalProperties": false,
    });
    let required: Vec<&str> = object.keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    let with = |names: &[&str]| -> Value { names.iter().map(|n| json!({ "required": [n] })).collect() };
    if !object.one_of.is_empty() {
        out["oneOf"] = with(object.one_of);
    }
    if !object.some_of.is_empty() {
        out["anyOf"] = with(object.some_of);
    }
    if !object.together.is_empty() {
        let both = object.together.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        out["dependentRequired"] = both.map(|(a, b)| (a.to_string(), json!([b]))).collect::<Map<_, _>>().into();
    }
    out
}

fn key(key: &Key) -> Value {
    let mut out = value(key.value);
    out["description"] = json!(key.about);
    out
}

/// A map from names of the writer's choice.
fn named(what: Value) -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_]*$", "maxLength": 64 },
        "additionalProperties": what,
    })
}

fn value(kind: Kind) -> Value {
    let numbers = || json!({ "type": "array", "items": { "type": "number" } });
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    match kind {
        Kind::Words => json!({ "type": "string", "pattern": "\\S" }),
        Kind::Text => json!({ "type": ["string", "number"] }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Numbers => numbers(),
        Kind::NumbersOrNamed => json!({ "anyOf": [numbers(), named(numbers())] }),
        Kind::Points => {
            let point = json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 3 });
            json!({ "type": "array", "items": point })
        }
        Kind::Texts => texts(),
        Kind::TextOrTexts => json!({ "anyOf": [{ "type": "string" }, texts()] }),
        Kind::Object(object) => section(object),
        Kind::Objects(object) => json!({ "type": "array", "items": section(object) }),
        Kind::ObjectOrObjects(object) => {
            json!({ "anyOf": [section(object), { "type": "array", "items": section(object) }] })
        }
        Kind::Named(object) => named(section(object)),
        Kind::NamedTexts => named(json!({ "type": ["string", "number"] })),
        Kind::NamedNamedTexts => named(named(json!({ "type": ["string", "number"] }))),
        Kind::NumberedTexts => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[0-9]+$", "maxLength": 9 },
            "additionalProperties": { "type": "string" },
        }),
        Kind::Kinds(kinds) => named(json!({ "oneOf": kinds.iter().map(|k| section(k.1)).collect::<Value>() })),
    }
}
