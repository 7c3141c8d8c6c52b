//! Tests of pictures of maps: nothing on nothing, nothing outside, everything there, whatever the map.

use super::columns::frame;
use super::data::{Arrow, Map, Node};
use super::place::{What, place};
use super::{draw, sample, text};

/// A map of many cell types with lines between all that a small generator picks.
fn tangled(cells: usize, arrows: usize) -> Map {
    let name = |k: usize| format!("c{k}");
    let nodes = (0..cells).map(|k| Node { name: name(k), kind: "cells".into(), is: "cells".into(), ..Node::default() });
    let mut word = 12_345u64;
    let mut pick = |n: usize| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 33) as usize % n
    };
    let kinds = ["switching", "mutation at division", "influence", "birth"];
    let arrows = (0..arrows).map(|_| Arrow {
        from: Some(name(pick(cells))),
        to: Some(name(pick(cells))),
        kind: kinds[pick(4)].into(),
        acts_on: "birth".into(),
        mark: "cited".into(),
        ..Arrow::default()
    });
    let arrows = arrows.collect();
    Map { nodes: nodes.collect(), arrows, ..Map::default() }
}

fn maps() -> Vec<Map> {
    vec![sample::patient(), sample::hostile(), tangled(25, 60), tangled(40, 200), tangled(3, 40), Map::default()]
}

#[test]
fn boxes_and_lines_keep_their_distance() {
    for map in maps() {
        let frame = frame(&map);
        let placed = place(&map, &frame);
        for items in &placed.columns {
            for pair in items.windows(2) {
                assert!(pair[1].top - pair[0].top - pair[0].height >= 10.0, "{:?} on {:?}", pair[1].what, pair[0].what);
            }
        }
        let boxes = placed.columns.iter().flatten().filter(|i| matches!(i.what, What::Box(_))).count();
        assert_eq!(boxes, map.nodes.len());
        // The ends of branches at one box are apart, and on its side.
        for (node, column) in frame.column.iter().enumerate() {
            let own = placed.columns[*column].iter().find(|i| i.what == What::Box(node)).expect("a box");
            let mut ends: Vec<f64> = Vec::new();
            for (net, ports) in frame.nets.iter().zip(&placed.ports) {
                ends.extend(net.taps.iter().zip(ports).filter(|t| t.0.to == node).map(|t| *t.1));
            }
            ends.sort_by(f64::total_cmp);
            assert!(ends.windows(2).all(|w| w[1] - w[0] > 15.0), "{ends:?}");
            assert!(ends.iter().all(|y| own.top < *y && *y < own.top + own.height));
        }
    }
}

#[test]
fn every_arrow_is_drawn_and_told() {
    for map in maps() {
        let picture = draw::draw(&map, Some("a <title>")).0;
        // One title an arrow and one a node.
        assert_eq!(picture.matches("<title>").count(), map.nodes.len() + map.arrows.len());
        assert!(!picture.contains("<script>") && !picture.contains("NaN") && !picture.contains("inf"));
        assert!(picture.contains("a &lt;title&gt;"));
        assert_eq!(picture, draw::draw(&map, Some("a <title>")).0);
    }
}

#[test]
fn lines_are_one_a_node_and_one_an_arrow() {
    let map = sample::patient();
    let lines = text::lines(&map);
    assert_eq!(lines.lines().count(), map.nodes.len() + map.arrows.len() + 1);
    assert!(lines.contains("sensitive -> t790m  mutation at division  kill (assumed)\n"), "{lines}");
    assert!(lines.contains("erlotinib -> persister  lowers death  kill (assumed)\n"), "{lines}");
    assert!(lines.ends_with("on no arrow  burden (assumed)\n"));
}

#[test]
fn large_maps_are_placed_in_no_time() {
    let began = std::time::Instant::now();
    let picture = draw::draw(&tangled(draw::MOST, 600), None).0;
    assert!(picture.len() > 10_000);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
