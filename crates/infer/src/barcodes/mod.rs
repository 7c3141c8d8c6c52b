//! Barcodes: did the same lineages survive in replicates that were split from one pool?
//!
//! Cells carry heritable barcodes; a pool is grown, split into replicates and treated; barcodes are counted before and
//! after (Bhang et al. 2015, Nat. Med. 21:440; Hata et al. 2016, Nat. Med. 22:262). Resistance that was there before the
//! split sends sister cells into several replicates, so the same barcodes win; resistance that arises in each replicate
//! picks barcodes anew, by their frequency alone; survival without selection of lineages keeps diversity. Whiting et al.
//! 2025 (Nat. Commun. 16, doi 10.1038/s41467-025-59479-7) infer rates from diversity and population sizes by simulation; here
//! the likelihood of the counts is in closed form.
//!
//! In reading order: [`read`] (the table), `carried` (reads of other samples), [`emission`] (frequencies, noise, the law of counts), [`winners`] (who
//! won), [`sharing`] (the law of shared
//! winners), [`overlap`] (sharing by chance), `weigh` (the explanations), [`simulate`] (imagined experiments), [`next`] (further measurements), [`assay`] (the answer). Left out: correlation of
//! the sizes of shared winners, cells with two barcodes, sequencing errors that make new barcodes (merge those before).

pub mod assay;
mod carried;
pub mod emission;
pub mod next;
pub mod overlap;
pub mod read;
mod refused;
mod said;
pub mod sharing;
pub mod simulate;
mod weigh;
pub mod winners;
