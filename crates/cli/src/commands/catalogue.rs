//! `remission catalogue`: what is in it.

use crate::catalogue;
use crate::failure::{Exit, code};
use crate::load::load;
use serde_json::json;

/// `remission catalogue`
pub fn list(as_json: bool) -> Result<u8, Exit> {
    let mut rows = Vec::new();
    for id in catalogue::ids() {
        let loaded = load(&id)?;
        let arms = loaded.study.as_ref().map_or(0, |s| s.arms.len());
        rows.push((id, loaded.model.title.clone(), loaded.model.question.clone(), arms));
    }
    if as_json {
        let all: Vec<_> = rows
            .iter()
            .map(|(id, title, question, arms)| json!({ "id": id, "title": title, "question": question, "arms": arms }))
            .collect();
        sayln!("{:#}", json!(all));
        return Ok(code::DONE);
    }
    let width = rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
    for (id, title, question, arms) in rows {
        sayln!("{id:width$}  {title} ({arms} {})", if arms == 1 { "arm" } else { "arms" });
        if !question.is_empty() {
            sayln!("{:width$}  {question}", "");
        }
    }
    Ok(code::DONE)
}
