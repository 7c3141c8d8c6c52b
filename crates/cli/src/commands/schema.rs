//! `remission schema`: the JSON Schema of a kind of file, for editors.

use crate::failure::{Exit, code};
use crate::schema::{File, text};

/// `remission schema`
pub fn schema(file: File) -> Result<u8, Exit> {
    say!("{}", text(file));
    Ok(code::DONE)
}
