//! `remission map`: a model as a graph of what there is, what becomes of it and what acts on what, with the evidence of each
//! arrow, as lines, as a picture or as JSON.

use crate::args;
use crate::commands::run::shown;
use crate::explain::map::map as mapped;
use crate::failure::{Exit, code};
use crate::figures::title;
use crate::folder;
use crate::load::load;
use crate::map::{draw, text};
use serde_json::json;

/// `remission map`
pub fn map(args: &args::Map) -> Result<u8, Exit> {
    if let Some(file) = &args.svg
        && file.extension().is_none_or(|e| !e.eq_ignore_ascii_case("svg"))
    {
        return Err(Exit::refused(format!(
            "error: --svg writes a picture, and {} does not end in .svg\n  name it so, such as --svg {}.svg; a file of that name is replaced",
            file.display(),
            file.file_stem().map_or("map".into(), |s| s.to_string_lossy())
        )));
    }
    let loaded = load(&args.what)?;
    let map = mapped(&loaded.model, loaded.study.as_ref());
    let title = loaded.study.as_ref().map_or(loaded.model.title.clone(), |s| title(&loaded.model, s));
    if let Some(file) = &args.svg {
        if map.nodes.len() > draw::MOST {
            return Err(Exit::refused(format!(
                "error: the map of {} has {} nodes, and a picture of more than {} could not be read\n  leave --svg out: lines and --json have no limit",
                loaded.sources[0].shown,
                map.nodes.len(),
                draw::MOST
            )));
        }
        folder::replace(file, draw::draw(&map, Some(&title)).0.as_bytes())?;
    }
    match (args.json, &args.svg) {
        (true, _) => {
            let mut document = json!({ "model": loaded.name, "title": title });
            document["map"] = json!(map);
            sayln!("{document:#}");
        }
        (false, Some(file)) if !args.text => sayln!("map  {}", shown(file)),
        (false, _) => say!("{}", text::lines(&map)),
    }
    Ok(code::DONE)
}
