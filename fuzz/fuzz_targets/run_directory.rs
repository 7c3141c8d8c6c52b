//! Files of a run directory that are read again: `record.json` when the first byte is `r`, else `summary.json`, of which
//! a report is made. Whatever a summary says, the page holds the program's own script and no other.
#![no_main]
#![allow(dead_code)]

#[path = "../../crates/cli/src/bounded.rs"]
mod bounded;
#[path = "../../crates/cli/src/failure.rs"]
mod failure;
#[path = "../../crates/cli/src/map/mod.rs"]
mod map;
#[path = "../../crates/cli/src/record.rs"]
mod record;
#[path = "../../crates/cli/src/report/mod.rs"]
mod report;
/// What `record.rs` needs of the program's commands, none of which is called here.
mod commands {
    pub mod run {
        pub fn shown(folder: &std::path::Path) -> String {
            folder.display().to_string()
        }
    }
}
mod unfinished {
    use std::path::Path;
    pub fn is_unfinished(_: &Path) -> bool {
        false
    }
    pub fn message(_: &Path) -> String {
        String::new()
    }
}
/// What it needs of the program's loader.
mod load {
    pub struct Source {
        pub file: String,
        pub shown: String,
        pub text: String,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.first() == Some(&b'r') {
        if let Ok(record) = serde_json::from_slice::<record::Record>(&data[1..]) {
            let again = serde_json::to_vec(&record).unwrap();
            assert_eq!(serde_json::from_slice::<record::Record>(&again).unwrap(), record);
        }
        return;
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let Ok(data) = serde_json::from_value::<report::data::ReportData>(value) else { return };
    let page = report::render(&data);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.len() < 64 << 20, "a page of {} bytes", page.len());
});
