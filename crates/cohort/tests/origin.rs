//! What is said at progression of where resistance came from: by switching alone, by a mutation before or under treatment, or typed in. Not statistical: the
//! counts are so large that each case is certain.

use remission_cohort::outcome::OriginFound;
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;
use remission_engine::state::Origin;

fn origin(ways: &str, start: &str, method: Method) -> OriginFound {
    let model = format!(
        "[model]\ntitle = 'x'\n[cells.s]\nbirth = '0.1 /day'\ndeath = '0.2 /day'\n{ways}\n[cells.r]\nkind = 'resistant'\nmechanism = 'm'\n\
         birth = '0.2 /day'\ndeath = '0.1 /day'\n[before_treatment]\nstart = {{ {start} }}\n"
    );
    let model = remission_model::model_from_toml("model.toml", &model).unwrap_or_else(|p| panic!("{p}"));
    let study = "[study]\npatients = 1\nseed = 1\nhorizon = '1 year'\nvisits = 'every 10 days'\nprogression_when = 'count rises by 50 % from baseline'\n\
                 [[arms]]\nname = 'a'\nregimen = []\nafter_progression = 'end'\n";
    let text = "[measurements.count]\nkind = 'cell_count'\n";
    let text = remission_model::resolved_to_toml(&model) + text;
    let model = remission_model::model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{p}"));
    let study = remission_model::study_from_toml("study.toml", study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let arm = run(&Compiled::new(&model), &study, 0, method).arms.unwrap_or_else(|e| panic!("{}", e.1)).remove(0);
    let found = arm.rebiopsy.expect("it progresses");
    assert_eq!(found.found, [true], "the mechanism is there however it came");
    found.origin
}

#[test]
fn cells_that_switched_are_no_clone_of_their_own() {
    let switching = "switches = [{ to = 'r', rate = '0.01 /day' }]";
    let mutating = "mutates = [{ to = 'r', per_time = '0.01 /day' }]";
    let alone = "s = '1e6 cells'";
    assert_eq!(origin(switching, alone, Method::Leap), OriginFound::NonGenetic);
    // Few cells, of which each founds clones: the largest is one in a hundred or more.
    let few = "s = '50 cells'";
    assert_eq!(origin(switching, few, Method::Exact), OriginFound::NonGenetic);
    assert_eq!(origin(mutating, few, Method::Exact), OriginFound::Clone(Origin::Cycling));
    assert_eq!(
        origin(switching, "s = '1e6 cells', r = '1e6 cells'", Method::Leap),
        OriginFound::Clone(Origin::PreExisting)
    );
}
