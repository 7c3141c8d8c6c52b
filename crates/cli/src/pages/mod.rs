//! A page in words and pictures for an entry of the catalogue, for a site that shows Markdown and SVG.
//!
//! A page is made by one run of the entry at the study's size and by its test against the published numbers ([`mod@page`]); its pictures
//! are those of the report in files of their own and the map. It ends with a [`stamp`]: a digest of the entry's files, so that a page
//! that was made from other files is found without a run, and what the index shows of it, so that the index ([`index`]) is made from
//! the pages that are there.

pub mod index;
mod markdown;
pub mod page;
pub mod stamp;
#[cfg(test)]
mod tests;
