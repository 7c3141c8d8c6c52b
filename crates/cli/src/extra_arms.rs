//! Arms named on the command line: `--arm "erlotinib 100 mg oral every day"`.
//!
//! They are written at the end of the study's text as a person would write them, and the whole is read again. So they
//! pass the same checks, the run directory keeps the study as it was run, and `remission verify` needs nothing new.

use crate::failure::Exit;
use crate::load::{Loaded, resolve};
use remission_model::resolved::AfterProgression;

/// `[NAME =] SENTENCE [; SENTENCE ...]` as (name, sentences).
fn split(arm: &str) -> Result<(String, Vec<&str>), Exit> {
    let (name, rest) = match arm.split_once('=') {
        Some((name, rest)) => (Some(name.trim()), rest),
        None => (None, arm),
    };
    let sentences: Vec<&str> = rest.split(';').map(str::trim).filter(|s| !s.is_empty()).collect();
    if sentences.is_empty() || name == Some("") {
        return Err(Exit::refused(format!(
            "error: --arm \"{arm}\" has no {}\n  \
             write --arm \"[NAME =] SENTENCE [; SENTENCE ...]\", such as --arm \"erlotinib 100 mg oral every day\"",
            if sentences.is_empty() { "sentence" } else { "name before `=`" }
        )));
    }
    Ok((name.map_or_else(|| sentences.join("; "), str::to_string), sentences))
}

/// The study with these arms behind its own; what follows progression is as in its first arm.
pub fn with_arms(loaded: Loaded, arms: &[String]) -> Result<Loaded, Exit> {
    let (Some(study), false) = (&loaded.study, arms.is_empty()) else { return Ok(loaded) };
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let list = |sentences: &mut dyn Iterator<Item = &str>| {
        format!("[{}]", sentences.map(quoted).collect::<Vec<_>>().join(", "))
    };
    let after = match study.arms.first().map(|a| &a.after_progression) {
        Some(AfterProgression::Continue) => quoted("continue"),
        Some(AfterProgression::End) => quoted("end"),
        Some(AfterProgression::Switch(next)) => list(&mut next.sentences.iter().map(String::as_str)),
        _ => quoted("stop"),
    };
    let mut text = String::new();
    for arm in arms {
        let (name, sentences) = split(arm)?;
        text += &format!(
            "\n# added with --arm\n[[arms]]\nname = {}\nregimen = {}\nafter_progression = {after}\n",
            quoted(&name),
            list(&mut sentences.into_iter())
        );
    }
    let mut sources = loaded.sources;
    for source in sources.iter_mut().filter(|s| s.file == "study.toml") {
        source.shown += " with --arm";
        source.text = format!("{}\n{text}", source.text.trim_end());
    }
    resolve(&loaded.name, sources, loaded.expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load;

    #[test]
    fn an_arm_is_a_name_and_sentences() {
        assert_eq!(
            split("low = a 1 mg once; b 2 mg once").ok(),
            Some(("low".into(), vec!["a 1 mg once", "b 2 mg once"]))
        );
        assert_eq!(split("a 1 mg once").ok(), Some(("a 1 mg once".into(), vec!["a 1 mg once"])));
        for empty in ["", " = a 1 mg once", "low = ", ";"] {
            assert!(split(empty).is_err(), "{empty}");
        }
    }

    #[test]
    fn an_added_arm_is_read_as_one_that_was_written() {
        let loaded = load("nsclc-egfr-tki").ok().unwrap();
        let before = loaded.study.clone().unwrap();
        let arms = ["erlotinib 100 mg oral every day".to_string(), "\"odd\" \\ = osimertinib 40 mg daily".into()];
        let study = with_arms(loaded, &arms).ok().unwrap().study.unwrap();
        assert_eq!(study.arms[..before.arms.len()], before.arms);
        let added = &study.arms[before.arms.len()..];
        assert_eq!(added[0].name, arms[0]);
        assert_eq!(added[0].regimen.rules[0].amount, 100.0);
        assert_eq!(added[0].after_progression, before.arms[0].after_progression);
        assert_eq!(added[1].name, "\"odd\" \\");
    }

    #[test]
    fn what_is_wrong_with_an_added_arm_is_said_as_ever() {
        let wrong = with_arms(load("nsclc-egfr-tki").ok().unwrap(), &["erlotnib 100 mg oral every day".into()]);
        let message = wrong.err().unwrap().message;
        assert!(message.contains("RM0702") && message.contains("erlotinib"), "{message}");
    }
}
