//! A model as a graph: which arrows there are, on what they stand, and which way influences go.

use remission_model::expr::Slot;
use remission_model::map::{Arrow, Map, Mark, Node, Sign, What};
use remission_model::resolved::Model;

const MODEL: &str = r#"
[model]
title = "Cells, an effector and a drug"

[parameters]
grow = { value = "0.5 /day", source = { doi = "10.1/x", where = "Table 1" } }
turnover = { value = "0.1 /day", fitted = "readings" }
room = { value = "1e9 cells", assumed = "for a test", prior = "loguniform(1e8 cells, 1e10 cells)" }
hunt = { value = "0.02 L/cell/day", assumed = "for a test", prior = "uniform(0.01 L/cell/day, 0.03 L/cell/day)" }
recruit = { value = "0.05 /L/day", fitted = "readings" }
decay = { value = "0.4 /day", fitted = "readings" }
c0 = { value = "2 mg/L", fitted = "readings" }
kill = { value = "1 /day", source = { doi = "10.1/x", where = "Table 2" } }
gain = { value = "0", assumed = "contested: 0 switches it off", prior = "uniform(0, 1)" }
u = { value = "1e-8", source = { doi = "10.1/x", where = "Table 3" } }
late = { value = "2 days", fitted = "readings" }
burden = { value = "1e6 cells", assumed = "for a test", prior = "loguniform(1e5 cells, 1e7 cells)" }

[cells.s]
birth = "grow * logistic(total, room)"
death = "turnover + kill * (1 - exp(-delayed(drug) / c0)) + hunt * effector * (1 + gain * drug / c0)"
mutates = [{ to = "r", per_division = "u" }]
switches = [{ to = "p", rate = "grow * (drug / c0) * exp(-drug / c0)" }]

[cells.p]
kind = "persister"
birth = "0"
death = "0.01 /day"
immigration = "3 cells/day"

[cells.r]
kind = "resistant"
birth = "grow"
death = "turnover * max(1, hill(drug, c0, 2) * 3)"

[levels.effector]
start = "1 cells/L"
rate = "recruit * s - decay * effector - decay * (effector - 1 * effector)"

[drugs.drug]
route = "bolus"
clearance = "3 L/day"
volume = "10 L"
felt_as = "mg/L"
delay = { states = 2, mean = "late" }

[before_treatment]
start = { s = "burden" }
"#;

fn model() -> Model {
    remission_model::model_from_toml("model.toml", MODEL).unwrap_or_else(|p| panic!("{:?}", p.0))
}

fn named(model: &Model, arrow: &Arrow) -> Vec<String> {
    arrow.parameters.iter().map(|p| model.parameters[*p].name.clone()).collect()
}

/// The only arrow from one node to another that is this.
fn arrow(map: &Map, from: Option<Node>, to: Option<Node>, what: What) -> &Arrow {
    let mut found = map.arrows.iter().filter(|a| (a.from, a.to, a.what) == (from, to, what));
    let first = found.next().unwrap_or_else(|| panic!("no {what:?} from {from:?} to {to:?}"));
    assert!(found.next().is_none(), "two of {what:?}");
    first
}

/// Sign and arrow of an influence of a name on what becomes of a node.
fn influence(map: &Map, slot: Slot, acted: (Option<Node>, Option<Node>, What)) -> (Sign, &Arrow) {
    let on = map.arrows.iter().position(|a| (a.from, a.to, a.what) == acted).expect("the arrow acted on");
    let found = map.arrows.iter().find_map(|a| match a.what {
        What::Influence { on: k, slot: s, sign } if k == on && s == slot => Some((sign, a)),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{slot:?} does not act on {acted:?}"))
}

#[test]
fn every_process_is_an_arrow_and_what_is_written_as_0_is_none() {
    let (model, map) = (model(), Map::of(&model()));
    let [s, p, r] = [0, 1, 2].map(|i| Some(Node::Cells(i)));
    let (level, drug) = (Some(Node::Level(0)), Some(Node::Drug(0)));
    assert_eq!(named(&model, arrow(&map, s, s, What::Birth)), ["grow", "room"]);
    assert_eq!(arrow(&map, s, s, What::Birth).mark, Mark::Assumed);
    assert_eq!(arrow(&map, s, r, What::Mutation { per_division: true }).mark, Mark::Cited);
    assert_eq!(named(&model, arrow(&map, s, p, What::Switching)), ["grow", "c0"]);
    assert_eq!(arrow(&map, None, p, What::Immigration).mark, Mark::Bare);
    assert_eq!(arrow(&map, p, None, What::Death).mark, Mark::Bare);
    assert!(!map.arrows.iter().any(|a| a.from == p && a.what == What::Birth));
    assert_eq!(named(&model, arrow(&map, None, level, What::Production)), ["recruit"]);
    // A sum inside a product that can go either way is a change; a plain proportion is a loss.
    assert_eq!(named(&model, arrow(&map, level, None, What::Loss)), ["decay"]);
    assert_eq!(arrow(&map, Some(Node::Dose(0)), drug, What::Dose).mark, Mark::Cited);
    assert_eq!(arrow(&map, drug, None, What::Elimination).mark, Mark::Bare);
    let elsewhere: Vec<&str> = map.elsewhere.iter().map(|p| model.parameters[*p].name.as_str()).collect();
    assert_eq!(elsewhere, ["burden"]);
    assert_eq!(map.nodes.last(), Some(&Node::Total));
    assert!(!map.nodes.contains(&Node::Time));
}

#[test]
fn influences_go_the_way_they_go_and_stand_on_what_they_meet() {
    let (model, map) = (model(), Map::of(&model()));
    let [s, p, r] = [0, 1, 2].map(|i| Some(Node::Cells(i)));
    let (sign, found) = influence(&map, Slot::Total, (s, s, What::Birth));
    assert_eq!((sign, found.from, found.to), (Sign::Lowers, Some(Node::Total), s));
    // The term with the name, and what lies between the drug in the body and what is felt of it.
    let (sign, found) = influence(&map, Slot::Delayed(0), (s, None, What::Death));
    assert_eq!((sign, found.mark), (Sign::Raises, Mark::Fitted));
    assert_eq!(named(&model, found), ["c0", "kill", "late"]);
    let (sign, found) = influence(&map, Slot::Level(0), (s, None, What::Death));
    assert_eq!(sign, Sign::Raises);
    assert_eq!(named(&model, found), ["hunt", "c0", "gain"]);
    // What a parameter switches off is still an arrow.
    assert_eq!(influence(&map, Slot::Drug(0), (s, None, What::Death)).0, Sign::Nothing);
    assert_eq!(influence(&map, Slot::Drug(0), (s, p, What::Switching)).0, Sign::Both);
    let (sign, found) = influence(&map, Slot::Drug(0), (r, None, What::Death));
    assert_eq!((sign, found.mark), (Sign::Raises, Mark::Bare));
    let (sign, found) = influence(&map, Slot::Cells(0), (None, Some(Node::Level(0)), What::Production));
    assert_eq!((sign, found.from, found.to), (Sign::Raises, s, Some(Node::Level(0))));
    // That a level is lost in proportion to itself is no influence of its own.
    assert!(!map.arrows.iter().any(|a| a.from == a.to && a.from == Some(Node::Level(0))));
}

#[test]
fn every_valid_case_has_a_map_in_which_each_parameter_is_found() {
    for file in std::fs::read_dir("../../spec/cases/valid").unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let Ok(model) = remission_model::model_from_toml(&name, &text) else { continue };
        let map = Map::of(&model);
        let births = map.arrows.iter().filter(|a| a.what == What::Birth).count();
        assert!(births <= model.cells.len(), "{name}");
        for p in 0..model.parameters.len() {
            let on = map.arrows.iter().any(|a| a.parameters.contains(&p));
            assert!(on != map.elsewhere.contains(&p), "{name}: {}", model.parameters[p].name);
        }
        for arrow in &map.arrows {
            let known = |n: Option<Node>| n.is_none_or(|n| map.nodes.contains(&n));
            assert!(known(arrow.from) && known(arrow.to), "{name}: {arrow:?}");
        }
    }
}

#[test]
fn settings_of_a_section_are_evidence_and_events_and_beams_have_arrows() {
    let model = r#"
[model]
title = "A beam, a rash and a table"
[parameters]
k = { value = "0.1 /day", source = { doi = "10.1/x", where = "Table 1" } }
alpha = { value = "0.3 /Gy", source = { doi = "10.1/x", where = "Table 1" } }
beta = { value = "0.03 /Gy^2", fitted = "readings" }
[tables.tired]
of = "cells"
gives = "/day"
points = [[0, 0.02], [1e6, 0.01]]
assumed = "for a test"
[cells.s]
birth = "tired(total)"
death = "linear_quadratic(beam, alpha, beta)"
[cells.t]
kind = "immune"
birth = "0"
death = "k"
[events.rash]
rate = "k"
lasts = "14 days"
[drugs.beam]
route = "radiation"
fraction = "10 min"
[drugs.typed]
route = "bolus"
clearance = "3 L/day"
volume = "10 L"
felt_as = "mg/L"
source = { doi = "10.1/x", where = "Table 2" }
[before_treatment]
start = { s = "100 cells", t = "50 cells" }
"#;
    let model = remission_model::model_from_toml("model.toml", model).unwrap_or_else(|p| panic!("{:?}", p.0));
    let map = Map::of(&model);
    let s = Some(Node::Cells(0));
    assert_eq!(arrow(&map, s, s, What::Birth).mark, Mark::Assumed);
    assert_eq!(arrow(&map, s, None, What::Death).mark, Mark::Fitted);
    assert_eq!(influence(&map, Slot::Drug(0), (s, None, What::Death)).0, Sign::Raises);
    assert_eq!(arrow(&map, Some(Node::Drug(1)), None, What::Elimination).mark, Mark::Cited);
    assert!(!map.arrows.iter().any(|a| a.from == Some(Node::Drug(0)) && a.what == What::Elimination));
    let rash = Some(Node::Level(model.events[0].level));
    assert_eq!(arrow(&map, None, rash, What::Happens).mark, Mark::Cited);
}
