//! `remission explain`: a model and its study in plain words, or the page of an error code.

use crate::args;
use crate::commands::run::shown;
use crate::explain::{codes, explain as explained};
use crate::failure::{Exit, code};
use crate::load::load;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// `remission explain`
pub fn explain(args: &args::Explain, stop: &AtomicBool) -> Result<u8, Exit> {
    let Some(what) = args.what.as_deref().filter(|_| !args.list) else {
        if args.json {
            sayln!("{:#}", json!(codes::pages()));
        } else {
            say!("{}", codes::print_list());
        }
        return Ok(code::DONE);
    };
    if codes::looks_like_code(what) && !Path::new(what).exists() {
        let Some(page) = codes::page(what) else {
            let near = codes::near(what);
            let hint = if near.is_empty() { String::new() } else { format!("  near it are\n{}", codes::lines(&near)) };
            return Err(Exit::refused(format!(
                "error: there is no error code `{what}`\n{hint}  `remission explain --list` lists all codes"
            )));
        };
        if args.json {
            sayln!("{:#}", json!(page));
        } else {
            say!("{}", codes::print(&page));
        }
        return Ok(code::DONE);
    }
    let loaded = load(what)?;
    let (explanation, text) = explained(&loaded, stop)?;
    if args.json {
        sayln!("{:#}", json!(explanation));
    } else {
        say!("{text}");
        if loaded.study.is_some() {
            sayln!("\nnext: remission run {} --patients 100", shown(Path::new(what)));
        }
    }
    Ok(code::DONE)
}
