//! The catalogue inside the binary: entries by ID, variants as `ID/variant`.

include!(concat!(env!("OUT_DIR"), "/catalogue_files.rs"));

/// Text of a catalogue file, such as `pc9-erlotinib/model.toml`.
pub fn file(name: &str) -> Option<&'static str> {
    FILES.binary_search_by_key(&name, |(n, _)| n).ok().map(|k| FILES[k].1)
}

/// Files of a folder below `catalogue/`, not those of folders inside it: name, text.
pub fn inside(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let start = format!("{folder}/");
    FILES.iter().filter_map(move |(name, text)| {
        let rest = name.strip_prefix(start.as_str())?;
        (!rest.contains('/')).then_some((rest, *text))
    })
}

/// IDs of all runnable entries, variants after their entry.
pub fn ids() -> Vec<String> {
    let folders = FILES.iter().filter_map(|(name, _)| name.strip_suffix("/model.toml"));
    let mut ids: Vec<String> = folders.map(|f| f.replace("/variants/", "/")).collect();
    ids.sort();
    ids
}

/// Folder below `catalogue/` of an ID; `None` when there is no such entry.
pub fn folder(id: &str) -> Option<String> {
    let candidates = match id.split_once('/') {
        Some((entry, variant)) => vec![format!("{entry}/variants/{variant}")],
        None => vec![id.to_string()],
    };
    candidates.into_iter().find(|f| file(&format!("{f}/model.toml")).is_some())
}

/// IDs near a mistyped one, nearest first.
pub fn near(id: &str) -> Vec<String> {
    let mut scored: Vec<(usize, String)> = ids().into_iter().map(|k| (distance(id, &k), k)).collect();
    scored.sort();
    scored.into_iter().filter(|(d, k)| *d <= 2 + k.len() / 3).map(|(_, k)| k).take(3).collect()
}

/// Number of edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Every file: name below `catalogue/`, text.
pub fn all() -> &'static [(&'static str, &'static str)] {
    FILES
}
