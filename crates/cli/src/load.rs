//! From a catalogue ID or a path to a checked model and study.

use crate::bounded;
use crate::catalogue;
use crate::failure::Exit;
use crate::problems;
use remission_model::records::{MAX_BYTES, is_file_name};
use remission_model::resolved::{Model, Study};
use remission_model::{Beside, Problems, study_with_files};
use std::path::{Path, PathBuf};

/// Largest file read, bytes.
const LARGEST: u64 = 1 << 20;
/// Largest dosing record read, bytes.
const LARGEST_RECORD: u64 = MAX_BYTES as u64;

/// A text with the name to show in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// File name within its folder, such as `model.toml`.
    pub file: String,
    /// As shown to the user.
    pub shown: String,
    /// The text.
    pub text: String,
}

/// A study ready to run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// The study, where there is one.
    pub study: Option<Study>,
    /// The catalogue ID or the folder's name.
    pub name: String,
    /// Everything that was read, model first.
    pub sources: Vec<Source>,
    /// Published numbers of a catalogue entry.
    pub expected: Option<Source>,
}

/// Finds and checks `what`: a catalogue ID, a folder, or a model file (then without a study unless one lies beside it).
pub fn load(what: &str) -> Result<Loaded, Exit> {
    let path = Path::new(what);
    if let Some(folder) = catalogue::folder(what) {
        // A folder of the same name in the working directory is asked for as ./NAME.
        return from_catalogue(what, &folder);
    }
    if crate::unfinished::is_unfinished(path) {
        return Err(Exit::refused(format!("error: {}", crate::unfinished::message(path))));
    }
    let (folder, model) = if path.is_dir() {
        (path.to_path_buf(), "model.toml".to_string())
    } else if path.is_file() {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let file = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = ["study.toml", "regimen.toml", "expected.toml"].contains(&file.as_str()) || is_file_name(&file);
        (folder, if beside { "model.toml".to_string() } else { file })
    } else {
        let near = catalogue::near(what);
        let hint = if near.is_empty() {
            format!("the catalogue has: {}", catalogue::ids().join(", "))
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        return Err(Exit::refused(format!(
            "error: `{what}` is neither a catalogue ID nor a path that exists\n  {hint}\n  `remission catalogue` lists all entries; \
             a path names a folder that holds model.toml and study.toml"
        )));
    };
    let mut sources = vec![read(&folder, &model)?];
    for file in ["study.toml", "regimen.toml"] {
        if folder.join(file).is_file() {
            sources.push(read(&folder, file)?);
        }
    }
    // A record that is not there is a fault of the study, and said with it.
    for file in records_of(&sources) {
        if folder.join(&file).is_file() {
            sources.push(read(&folder, &file)?);
        }
    }
    let expected = if folder.join("expected.toml").is_file() { Some(read(&folder, "expected.toml")?) } else { None };
    resolve(&folder_name(&folder), sources, expected)
}

/// Checks texts that were read before (a run directory's own copies).
pub fn resolve(name: &str, sources: Vec<Source>, expected: Option<Source>) -> Result<Loaded, Exit> {
    let find = |file: &str| sources.iter().find(|s| s.file == file);
    let model_source = &sources[0];
    let refuse = |problems: &Problems| Exit::refused(problems::render(problems, &sources));
    let model = remission_model::model_from_toml(&model_source.shown, &model_source.text);
    let study = match find("study.toml") {
        None => Ok(None),
        Some(source) => match &model {
            Ok(model) => {
                let regimens = find("regimen.toml").map(|r| (r.shown.as_str(), r.text.as_str()));
                let records: Vec<_> = (sources.iter().filter(|s| is_file_name(&s.file)))
                    .map(|s| (s.file.as_str(), s.shown.as_str(), s.text.as_str()))
                    .collect();
                let beside = Beside { regimens, records: &records };
                study_with_files(&source.shown, &source.text, &beside, name, model).map(Some)
            }
            Err(_) => Ok(None),
        },
    };
    match (model, study) {
        (Ok(model), Ok(study)) => Ok(Loaded { model, study, name: name.to_string(), sources, expected }),
        (Err(problems), _) => {
            let mut exit = refuse(&problems);
            if let Some(study) = find("study.toml") {
                exit.message += &format!("\n{} is looked at once the model has no problems", study.shown);
            }
            Err(exit)
        }
        (_, Err(problems)) => Err(refuse(&problems)),
    }
}

/// Dosing records that the study among these files names.
fn records_of(sources: &[Source]) -> Vec<String> {
    sources.iter().find(|s| s.file == "study.toml").map_or(Vec::new(), |s| remission_model::records::files(&s.text))
}

fn from_catalogue(id: &str, folder: &str) -> Result<Loaded, Exit> {
    let get = |file: &str| {
        catalogue::file(&format!("{folder}/{file}")).map(|text| Source {
            file: file.to_string(),
            shown: format!("catalogue/{folder}/{file}"),
            text: text.to_string(),
        })
    };
    let mut sources: Vec<Source> = ["model.toml", "study.toml", "regimen.toml"].iter().filter_map(|f| get(f)).collect();
    let records = records_of(&sources);
    sources.extend(records.iter().filter_map(|f| get(f)));
    // A variant is judged by its entry's numbers.
    let entry = folder.split('/').next().unwrap_or(folder);
    let expected = catalogue::file(&format!("{entry}/expected.toml")).map(|text| Source {
        file: "expected.toml".to_string(),
        shown: format!("catalogue/{entry}/expected.toml"),
        text: text.to_string(),
    });
    resolve(id, sources, expected)
}

fn read(folder: &Path, file: &str) -> Result<Source, Exit> {
    let path = folder.join(file);
    std::fs::metadata(&path).map_err(|e| missing(&path, e))?;
    let (largest, what) =
        if is_file_name(file) { (LARGEST_RECORD, "a dosing record") } else { (LARGEST, "a model or study file") };
    let text = bounded::text(&path, largest, what)?;
    Ok(Source { file: file.to_string(), shown: path.display().to_string(), text })
}

/// Reads one file, named as the user named it.
pub fn source(path: &Path) -> Result<Source, Exit> {
    let file = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    let mut source = read(&path.parent().map(Path::to_path_buf).unwrap_or_default(), &file)?;
    source.shown = path.display().to_string();
    Ok(source)
}

fn missing(path: &Path, error: std::io::Error) -> Exit {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Exit::refused(format!(
            "error: {} does not exist\n  a study folder holds model.toml (cells, drugs, numbers) and study.toml (patients, visits, arms)",
            path.display()
        ));
    }
    Exit::io("read", path, error)
}

fn folder_name(folder: &Path) -> String {
    let absolute: PathBuf = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    absolute.file_name().map_or_else(|| "study".into(), |n| n.to_string_lossy().into_owned())
}
