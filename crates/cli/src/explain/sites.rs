//! Sites: which cells live where, and what a scan sees at each.

use super::words::{figure, list, percent};
use remission_model::resolved::{Model, SiteLesions};

/// Where the types of the tumour live; nothing where it is in one place.
pub fn sites(model: &Model) -> Option<String> {
    let of = |site: &remission_model::resolved::Site| {
        let types: Vec<String> = site.cells.iter().map(|k| model.cells[*k].name.clone()).collect();
        format!("{} ({})", site.name, list(&types))
    };
    let all: Vec<String> = model.sites.iter().map(of).collect();
    let more = "Counts in their rates are those of the site, cells pass from site to site as they switch, and the tumour is all of them.";
    (!all.is_empty()).then(|| format!("The tumour lives at {} sites: {}. {more}", all.len(), list(&all)))
}

/// What is read at the sites.
pub fn lesions(model: &Model, lesions: &SiteLesions) -> String {
    let shares = |own: &[f64]| list(&own.iter().map(|s| percent(*s)).collect::<Vec<_>>());
    let one = |(site, own): (&remission_model::resolved::Site, &Vec<f64>)| match &own[..] {
        [] => format!("none at {}", site.name),
        [s] => format!("one at {} with {} of the cells there", site.name, percent(*s)),
        own => format!("{} at {} with {} of the cells there", own.len(), site.name, shares(own)),
    };
    let each: Vec<String> = model.sites.iter().zip(&lesions.shares).map(one).collect();
    format!(
        "the sum of the diameters of the target lesions ({}), and by site what is seen there, where none is a target of one lesion of all \
         its cells. A lesion of {} mm or more at a site where nothing was seen at the first visit is a new one, which is progression. Lesions \
         are spheres",
        list(&each),
        figure(lesions.new_lesion)
    )
}
