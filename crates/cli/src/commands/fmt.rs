//! `remission fmt`: model, study and regimen files in one layout.

use crate::failure::{Exit, code};
use crate::load::Source;
use crate::{folder, layout, load, problems};
use remission_model::{Code, Problems};
use std::path::{Path, PathBuf};

/// Files of a study folder.
const FILES: [&str; 3] = ["model.toml", "study.toml", "regimen.toml"];

/// `remission fmt`: writes nothing at all when any file is refused.
pub fn fmt(paths: &[PathBuf], check: bool) -> Result<u8, Exit> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_of(path)?);
    }
    let mut refused = Vec::new();
    let mut changed = Vec::new();
    for path in &files {
        let source = load::source(path)?;
        match arranged(&source) {
            Ok(text) if text == source.text => {}
            Ok(text) => changed.push((path, text)),
            Err(message) => refused.push(message),
        }
    }
    if !refused.is_empty() {
        return Err(Exit::refused(refused.join("\n")));
    }
    if check {
        changed.iter().for_each(|(path, _)| sayln!("would change  {}", path.display()));
        return Ok(if changed.is_empty() { code::DONE } else { code::REFUSED });
    }
    for (path, text) in &changed {
        // A link stays a link, and a file keeps who may read it.
        let real = path.canonicalize().map_err(|e| Exit::io("read", path, e))?;
        let rights = std::fs::metadata(&real).map_err(|e| Exit::io("read", path, e))?.permissions();
        folder::replace(&real, text.as_bytes())?;
        std::fs::set_permissions(&real, rights).map_err(|e| Exit::io("write", path, e))?;
        sayln!("changed  {}", path.display());
    }
    Ok(code::DONE)
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, Exit> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let found: Vec<PathBuf> = FILES.iter().map(|f| path.join(f)).filter(|p| p.is_file()).collect();
    if found.is_empty() {
        return Err(Exit::refused(format!("error: {} holds none of {}", path.display(), FILES.join(", "))));
    }
    Ok(found)
}

/// The file in the layout; faults of syntax as every command reports them. Whether the model makes sense is `check`'s
/// business, so that a draft can be formatted too.
fn arranged(source: &Source) -> Result<String, String> {
    if let Err(found) = remission_model::read_model(&source.shown, &source.text) {
        let syntax = |c: Code| matches!(c, Code::Syntax | Code::TooLarge | Code::NameTwice);
        let faults: Vec<_> = found.0.into_iter().filter(|p| syntax(p.code)).collect();
        if !faults.is_empty() {
            return Err(problems::render(&Problems(faults), std::slice::from_ref(source)));
        }
    }
    layout::arrange(&source.text).map_err(|why| {
        format!("error: {} is left as it is: {why}; that is a fault of `fmt`, please report the file", source.shown)
    })
}
