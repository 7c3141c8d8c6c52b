//! `remission catalogue pages`: the pages of entries, with their pictures, and the index of all that are there.

use crate::args;
use crate::catalogue;
use crate::commands::catalogue::known;
use crate::disk;
use crate::expected::entry::Entry;
use crate::failure::{Exit, code};
use crate::folder;
use crate::pages::index::index;
use crate::pages::page::{Made, make};
use crate::pages::stamp::Stamp;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// `remission catalogue pages`
pub fn pages(args: &args::EntryPages, stop: &AtomicBool) -> Result<u8, Exit> {
    let all: Vec<String> = catalogue::ids().into_iter().filter(|id| !id.contains('/')).collect();
    let asked = match &args.id {
        Some(id) => {
            known(id)?;
            if let Some((entry, _)) = id.split_once('/') {
                return Err(Exit::refused(format!(
                    "error: a page is that of a whole entry, with its variants in it, and `{id}` is a variant\n  name the entry: {entry}"
                )));
            }
            vec![id.clone()]
        }
        None => all.clone(),
    };
    if args.out.exists() && !args.out.is_dir() {
        return Err(Exit::refused(format!(
            "error: {} exists and is not a folder\n  name another folder with --out",
            args.out.display()
        )));
    }
    for id in &asked {
        warnln!("{id}");
        let made = make(&Entry::find(id)?, args.patients, stop)?;
        write(&args.out, id, &made)?;
        let sizes: usize = made.pictures.iter().map(|p| p.1.len()).sum();
        sayln!(
            "page  {}  {} pictures, {} kB",
            args.out.join(format!("{id}.md")).display(),
            made.pictures.len(),
            sizes.div_ceil(1000)
        );
    }
    let read = |id: &String| std::fs::read_to_string(args.out.join(format!("{id}.md"))).ok();
    let stamps: Vec<Stamp> = all.iter().filter_map(|id| Stamp::of(&read(id)?)).collect();
    folder::replace(&args.out.join("README.md"), index(&stamps).as_bytes())?;
    Ok(code::DONE)
}

/// Writes a page and its pictures; pictures of an older page that are no longer made are removed.
fn write(out: &Path, id: &str, made: &Made) -> Result<(), Exit> {
    let pictures = out.join(id);
    disk::make_folder(&pictures).map_err(disk::exit)?;
    for (name, svg) in &made.pictures {
        folder::replace(&pictures.join(format!("{name}.svg")), svg.as_bytes())?;
    }
    for file in std::fs::read_dir(&pictures).map_err(disk::exit)?.flatten() {
        let path = file.path();
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let is_picture = path.extension().is_some_and(|e| e == "svg");
        if is_picture && !made.pictures.iter().any(|p| p.0 == name) {
            disk::remove(&path).map_err(disk::exit)?;
        }
    }
    folder::replace(&out.join(format!("{id}.md")), made.text.as_bytes())
}
