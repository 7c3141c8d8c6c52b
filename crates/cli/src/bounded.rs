//! Files that may come from anybody are read within bounds: regular files alone, so that no device or pipe is read
//! without end, and so many bytes at most, whatever the file system says of their size. Standard input is read where it is asked for.

use crate::failure::Exit;
use std::io::{IsTerminal, Read};
use std::path::Path;

/// Largest `record.json` read, bytes.
pub const LARGEST_RECORD: u64 = 64 << 20;
/// Largest `summary.json` read, bytes: of some two hundred arms. A report takes up to twenty-five times as much memory.
pub const LARGEST_SUMMARY: u64 = 24 << 20;

/// The bytes of a file of at most `most` bytes; `what` names its kind in the message.
///
/// # Errors
/// A file that is larger or is none (a folder, a device, a pipe) is refused; what cannot be read is a fault of reading.
pub fn bytes(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, Exit> {
    let io = |e| Exit::io("read", path, e);
    // Before it is opened: to open a pipe is to wait for who writes into it.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(Exit::refused(format!("error: {} is not a file that can be read at once", path.display())));
    }
    let file = std::fs::File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    read(file, size, path, most, what)
}

/// At most `most` bytes of something that should have `size`.
fn read(from: impl Read, size: u64, path: &Path, most: u64, what: &str) -> Result<Vec<u8>, Exit> {
    let mut bytes = Vec::with_capacity(size.min(most + 1) as usize);
    from.take(most + 1).read_to_end(&mut bytes).map_err(|e| Exit::io("read", path, e))?;
    if size > most || bytes.len() as u64 > most {
        let found = if size > most { size.to_string() } else { format!("more than {most}") };
        return Err(Exit::refused(format!(
            "error: {} has {found} bytes; {what} may have {most} ({} MiB)",
            path.display(),
            most >> 20
        )));
    }
    Ok(bytes)
}

/// The same as text in UTF-8.
pub fn text(path: &Path, most: u64, what: &str) -> Result<String, Exit> {
    utf8(bytes(path, most, what)?, path)
}

/// As [`text`]; `-` is standard input, unless that is a terminal.
pub fn text_or_input(path: &Path, most: u64, what: &str) -> Result<String, Exit> {
    if path.as_os_str() == "-" {
        let input = std::io::stdin();
        if input.is_terminal() {
            return Err(Exit::refused(format!("error: `-` reads {what} from a pipe, and there is none; name a file")));
        }
        return utf8(read(input.lock(), 0, Path::new("standard input"), most, what)?, path);
    }
    text(path, most, what).map_err(|mut exit| {
        if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
            exit.message += "; `-` reads from a pipe";
        }
        exit
    })
}

fn utf8(bytes: Vec<u8>, path: &Path) -> Result<String, Exit> {
    // Both begin with bytes that no text begins with.
    if [&b"PK\x03\x04"[..], b"\x1f\x8b"].iter().any(|mark| bytes.starts_with(mark)) {
        return Err(Exit::refused(format!(
            "error: {}: found a workbook or another compressed file; allowed: text in UTF-8 (of a table: save the sheet as CSV UTF-8)",
            path.display()
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let marked = [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| error.as_bytes().starts_with(mark));
        if marked {
            let found =
                "line 1: found text in UTF-16; allowed: text in UTF-8; save it as UTF-8 (of a table: as CSV UTF-8)";
            return Exit::refused(format!("error: {}: {found}", path.display()));
        }
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|b| **b == b'\n').count();
        let begun = good.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        let letter = 1 + String::from_utf8_lossy(begun).chars().count();
        Exit::refused(format!(
            "error: {}: line {line}, character {letter}: found a byte that is no UTF-8 text (as of Latin-1 or Windows-1252); save it as \
             UTF-8 (of a table: as CSV UTF-8)",
            path.display()
        ))
    })
}

/// True for a name that a file of a run directory may have: letters, digits, `-`, `_` and `.`, not at its beginning. What a
/// record names is so within its folder.
pub fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_folder() {
        for good in ["clones.parquet", "model.toml", "a-b_c.1.csv"] {
            assert!(is_plain_name(good), "{good}");
        }
        for bad in ["", ".", "..", "../a", "/etc/passwd", "a/b", "a\\b", "C:a", "a\0b", ".hidden", "a\nb", "é"] {
            assert!(!is_plain_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let folder = std::env::temp_dir().join(format!("remission-bounded-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a");
        std::fs::write(&file, [b'x'; 100]).unwrap();
        assert_eq!(bytes(&file, 100, "a file").unwrap().len(), 100);
        assert!(bytes(&file, 99, "a file").unwrap_err().message.contains("has 100 bytes; a file may have 99"));
        assert!(bytes(&folder, 99, "a file").is_err());
        std::fs::write(&file, [0xff]).unwrap();
        assert!(text(&file, 99, "a file").unwrap_err().message.contains("line 1, character 1: found a byte"));
        std::fs::write(&file, [0xff, 0xfe, b'a', 0]).unwrap();
        let said = text(&file, 99, "a file").unwrap_err().message;
        assert!(said.starts_with(&format!("error: {}: line 1: found text in UTF-16", file.display())), "{said}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
