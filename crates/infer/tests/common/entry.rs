//! A model of the catalogue with its study.

use remission_model::Model;
use remission_model::resolved::Study;

/// Of this name.
pub fn entry(name: &str) -> (Model, Study) {
    let read = |file: &str| std::fs::read_to_string(format!("../../catalogue/{name}/{file}")).unwrap();
    let model = remission_model::model_from_toml("model.toml", &read("model.toml")).unwrap();
    let study = remission_model::study_from_toml("study.toml", &read("study.toml"), name, &model).unwrap();
    (model, study)
}
