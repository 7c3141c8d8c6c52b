//! A study of a test's own, in a folder that is removed at the end.

use std::path::PathBuf;

/// A folder with a study in it, and room for what comes of it.
pub struct StudyFolder(PathBuf);

impl StudyFolder {
    /// With these files, under the name of the test.
    pub fn new(name: &str, model: &str, study: &str) -> StudyFolder {
        let folder = std::env::temp_dir().join(format!("remission-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("study")).unwrap();
        std::fs::write(folder.join("study/model.toml"), model).unwrap();
        std::fs::write(folder.join("study/study.toml"), study).unwrap();
        StudyFolder(folder)
    }

    /// Something in it; the study is `study`.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }
}

impl Drop for StudyFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
