//! The small entry of `docs/contributing-a-model.md` runs and reproduces its numbers. The guides of `docs/infer-*.md`: every command in a block ```console is run from the root of the repository, and what
//! stands below it is what it prints. `UPDATE_GUIDES=1` writes what is printed into the guides.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Words of a command; single and double quotes hold blanks together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in command.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == ' ' => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// A guide with the output of its commands as they are now.
fn renewed(text: &str) -> (String, usize) {
    let (mut out, mut commands) = (String::new(), 0);
    let (mut inside, mut printed) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            printed = false;
        } else if let Some(command) = line.strip_prefix("$ remission ").filter(|_| inside) {
            let run = Command::new(env!("CARGO_BIN_EXE_remission"))
                .args(words(command))
                .current_dir(root())
                .output()
                .unwrap();
            assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
            out += &format!("{line}\n{}", String::from_utf8_lossy(&run.stdout));
            (printed, commands) = (true, commands + 1);
            continue;
        }
        if !(inside && printed) {
            out += &format!("{line}\n");
        }
    }
    (out, commands)
}

/// A guide in which figures of the Hamiltonian sampler stand for any: its draws agree between kinds of processors in law, not in bits.
fn masked(text: &str) -> String {
    const FIGURES: [&str; 3] = ["largest_r_hat", "smallest_effective_size", "divergent_paths"];
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("Computation:") {
            out += &format!("{line}\n");
            continue;
        }
        // Figures of other lengths break the paragraph elsewhere.
        let mut words: Vec<&str> = line.split_whitespace().collect();
        while let Some(more) = lines.next_if(|l| !l.is_empty()) {
            words.extend(more.split_whitespace());
        }
        let mut figure = false;
        for word in words {
            out += if figure { "#" } else { word };
            out += " ";
            figure = FIGURES.contains(&word);
        }
        out += "\n";
    }
    out
}

#[test]
fn guides_show_what_is_printed() {
    let mut guides: Vec<PathBuf> =
        std::fs::read_dir(root().join("docs")).unwrap().flatten().map(|f| f.path()).collect();
    guides.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("infer-")));
    guides.sort();
    assert!(!guides.is_empty());
    for guide in guides {
        let text = std::fs::read_to_string(&guide).unwrap();
        let (now, commands) = renewed(&text);
        assert!(commands > 0, "{} has no worked example", guide.display());
        if std::env::var_os("UPDATE_GUIDES").is_some() {
            std::fs::write(&guide, now).unwrap();
        } else {
            let (text, now) = (masked(&text), masked(&now));
            let differ = text.lines().zip(now.lines()).find(|(a, b)| a != b);
            assert!(text == now, "{}: {differ:?}; UPDATE_GUIDES=1 writes what is printed now", guide.display());
        }
    }
}

/// The entry that contributors are told to copy, as it stands in the guide.
#[test]
fn the_small_entry_of_the_guide_is_whole_and_comes_out() {
    let guide = std::fs::read_to_string(root().join("docs/contributing-a-model.md")).unwrap();
    let (_, entry) = guide.split_once("## A complete small entry").unwrap();
    let folder = std::env::temp_dir().join(format!("remission-guide-entry-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["model.toml", "study.toml", "expected.toml"] {
        let (_, rest) = entry.split_once(&format!("`{file}`:\n\n```toml\n")).unwrap_or_else(|| panic!("no {file}"));
        std::fs::write(folder.join(file), rest.split_once("```").unwrap().0).unwrap();
    }
    let remission = |arguments: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
        assert!(run.status.success(), "{arguments:?}: {said}");
        said
    };
    let folder = folder.to_str().unwrap();
    let said = remission(&["catalogue", "test", folder]);
    assert!(said.contains("2 published numbers: 2 reproduce, 0 differ"), "nothing is weak or fails: {said}");
    assert!(remission(&["catalogue", "audit", folder]).contains("0 bare"));
    assert_eq!(remission(&["fmt", "--check", folder]), "");
    std::fs::remove_dir_all(folder).unwrap();
}
