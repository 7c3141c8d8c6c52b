//! The arms of a study file: each a name, doses, what follows progression, and rules.

use super::Reader;
use crate::modification::{given, modifications};
use crate::problem::{Code, Place, Report};
use crate::records::{self, Records};
use crate::regimen::{example, regimen};
use crate::resolved::{AfterProgression, Arm, MeasurementKind, Regimen};
use crate::tree::{Section, short};
use std::collections::HashMap;

impl Reader<'_, '_> {
    pub(super) fn arms(&mut self, root: &Section<'_>) -> Option<Vec<Arm>> {
        let sections = root.sections("arms", self.report);
        if sections.is_empty() {
            if root.has("arms") && !root.is_list("arms") {
                return None;
            }
            let at = Place { path: "arms".into(), ..root.at.clone() };
            self.report.add(
                Code::NoArms,
                &at,
                "no arm",
                "at least one [[arms]]",
                "add [[arms]] with a name and a regimen; [\"no treatment\"] is one",
            );
            return None;
        }
        let mut names: HashMap<String, String> = HashMap::new();
        let arms: Vec<Option<Arm>> = sections
            .into_iter()
            .map(|s| {
                let keys = ["name", "regimen", "records", "after_progression", "rules"];
                let s = s.only(&keys, self.report);
                let name = self.arm_name(&s, &mut names);
                let (regimen, records) = match s.has("records") {
                    true => (Some(Regimen::default()), self.records(&s).map(Some)),
                    false => (self.first_line(&s), Some(None)),
                };
                let after_progression = self.after_progression(&s);
                let sentences = s.texts("rules", self.report).unwrap_or_default();
                let rules = modifications(&sentences, self.model, self.report);
                let (regimen, records, after_progression) = (regimen?, records?, after_progression?);
                let rules = rules?;
                // Dosing records differ from patient to patient: any drug may be in them.
                if records.is_none() {
                    given(&rules, &sentences, &regimen, &after_progression, self.model, self.report)?;
                }
                Some(Arm { name: name?, regimen, records, after_progression, rules })
            })
            .collect();
        arms.into_iter().collect()
    }

    fn arm_name(&mut self, s: &Section<'_>, names: &mut HashMap<String, String>) -> Option<String> {
        if !s.has("name") {
            s.need_text("name", "name = \"<what this arm is given>\"", self.report);
        }
        let text = s.words("name", self.report)?;
        let name = text.text.trim().to_string();
        if name.len() > 200 || name.contains(char::is_control) {
            self.report.add(
                Code::BadName,
                &text.at,
                short(&name).escape_debug().to_string(),
                "one line of at most 200 bytes",
                "shorten the name",
            );
            return None;
        }
        if let Some(before) = names.insert(name.clone(), text.at.path.clone()) {
            self.report.add(
                Code::ArmTwice,
                &text.at,
                format!("\"{name}\" is also `{before}`"),
                "every arm with its own name",
                "rename one of the two",
            );
            return None;
        }
        Some(name)
    }

    fn records(&mut self, s: &Section<'_>) -> Option<Records> {
        if s.has("regimen") {
            let at = Place { path: format!("{}.records", s.at.path), ..s.at.clone() };
            self.report.add(
                Code::RecordsOrRegimen,
                &at,
                "both `regimen` and `records`",
                "`regimen` (sentences) or `records` (a table of what each patient was given)",
                "keep one of the two; they can be two arms, which are then compared",
            );
            return None;
        }
        if s.has("rules") {
            let at = Place { path: format!("{}.rules", s.at.path), ..s.at.clone() };
            self.report.add(
                Code::RecordsOrRegimen,
                &at,
                "both `rules` and `records`",
                "`rules` beside `regimen`: a record says what was given, whatever a rule would have said",
                "remove `rules`, or write the plan as sentences under `regimen`",
            );
            return None;
        }
        records::read(s, self.files, self.model, self.report, &mut self.tables)
    }

    fn sentences(&mut self, s: &Section<'_>, key: &str) -> Option<Regimen> {
        let sentences = s.texts(key, self.report)?;
        regimen(&sentences, self.model, &mut self.listed, self.report)
    }

    /// A list of sentences, one sentence, or the name of a regimen.
    fn first_line(&mut self, s: &Section<'_>) -> Option<Regimen> {
        if s.is_list("regimen") {
            return self.sentences(s, "regimen");
        }
        let shown = format!("regimen = [\"{}\"]", example(self.model));
        let text = s.need_text("regimen", &shown, self.report)?;
        if let Some(found) = self.named.get(&text.text) {
            return found.clone();
        }
        if text.text.trim().contains(' ') {
            return regimen(&[text], self.model, &mut self.listed, self.report);
        }
        let names: Vec<&str> = self.named.keys().map(String::as_str).collect();
        let known = if names.is_empty() {
            "there is none: named regimens live in a file `regimen.toml` beside study.toml, in sections \
             [regimens.<name>]"
                .to_string()
        } else {
            short(&names.join(", "))
        };
        let message = [
            format!("`{}`", short(&text.text)),
            format!("a list of sentences, or the name of a regimen of the regimen file: {known}"),
            format!(
                "write the sentences here, such as regimen = [\"{}\"], or name such a regimen",
                example(self.model)
            ),
        ];
        self.report.add_near(Code::UnknownRegimen, &text.at, message, &text.text, names);
        None
    }

    fn after_progression(&mut self, s: &Section<'_>) -> Option<AfterProgression> {
        let key = "after_progression";
        let read = self.progressed(s, key)?;
        // To go on, or to stop when progression is seen, is no contradiction where it never is.
        if !self.assessed && matches!(read, AfterProgression::End | AfterProgression::Switch(_)) {
            let span = s.text(key, &mut Report::new("")).map_or(s.at.span.clone(), |t| t.at.span);
            let at = Place { span, path: "study.recist_on".into(), content: None };
            let diameters = |k: &MeasurementKind| matches!(k, MeasurementKind::SumOfDiameters { .. });
            let repair = match self.model.measurements.iter().find(|m| diameters(&m.kind)) {
                Some(m) => format!("add recist_on = \"{}\" under [study], or remove `after_progression`", m.name),
                None => "say by progression_when = \"<measurement> > <limit>\" under [study] what progression is, or remove \
                         `after_progression`"
                    .into(),
            };
            let found = format!(
                "`{}.{key}` in a study without `recist_on` or `progression_when`: progression is never seen",
                s.at.path
            );
            self.report.add(Code::MissingKey, &at, found, "`recist_on` where progression changes something", repair);
            return None;
        }
        Some(read)
    }

    fn progressed(&mut self, s: &Section<'_>, key: &str) -> Option<AfterProgression> {
        if s.is_list(key) {
            return self.sentences(s, key).map(AfterProgression::Switch);
        }
        let Some(text) = s.text(key, self.report) else {
            return (!s.has(key)).then_some(AfterProgression::Stop);
        };
        match text.text.as_str() {
            "stop" => Some(AfterProgression::Stop),
            "continue" => Some(AfterProgression::Continue),
            "end" => Some(AfterProgression::End),
            other => {
                if let Some(found) = self.named.get(other) {
                    return found.clone().map(AfterProgression::Switch);
                }
                let words = ["stop", "continue", "end"];
                let known: Vec<&str> = words.into_iter().chain(self.named.keys().map(String::as_str)).collect();
                let message = [
                    format!("`{}`", short(other)),
                    "stop, continue, end, a list of sentences, or a named regimen".into(),
                    "choose one of these".into(),
                ];
                self.report.add_near(Code::UnknownWord, &text.at, message, other, known);
                None
            }
        }
    }
}
