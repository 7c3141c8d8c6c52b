//! Tests of the whole page that need no browser.

use super::data::{ArmData, Band, DoseChange, EventCourse, Exposure, LevelAt, LevelCourse, Miss, Reading, ReportData};
use super::{render, sample};

/// Pictures of the wide page (those of both widths counted once).
fn pictures(page: &str) -> usize {
    page.matches("role=\"img\"").count() - page.matches("class=\"narrow\"").count()
}

#[test]
fn every_picture_is_there_once_per_width() {
    let page = render(&sample::trial());
    // Two endpoints, origin, mechanism, comparisons, ranking; in three panels burden, waterfall, spider, swimmer, readings and
    // exposure; three portraits and three for comparison; three levels and an event; the map.
    assert_eq!(pictures(&page), 2 + 4 + 3 * 6 + 6 + 4 + 1);
    assert_eq!(page.matches("class=\"wide\"").count(), page.matches("class=\"narrow\"").count());
    // Burden and clones, and the map, which is there whatever came out.
    assert_eq!(pictures(&render(&sample::dish())), 4 + 4 + 1);
    assert_eq!(pictures(&render(&sample::nobody())), 1);
}

#[test]
fn every_picture_is_told_in_figures() {
    let page = render(&sample::trial());
    assert!(
        page.contains("aria-label=\"Kaplan-Meier curves of progression-free survival. erlotinib 150 mg daily: median ")
    );
    assert!(
        page.contains("aria-label=\"Origin of the largest resistant clone at progression. erlotinib 150 mg daily (")
    );
    assert!(!page.contains("aria-label=\"\""));
}

#[test]
fn the_page_asks_for_nothing_from_elsewhere() {
    for (name, data) in sample::all() {
        let page = render(&data);
        assert!(page.contains("default-src 'none'"), "{name}");
        for outside in ["src=", "@import", "url(h", "<link", "<iframe", "<img", "style=\""] {
            assert!(!page.contains(outside), "{name}: {outside}");
        }
    }
}

#[test]
fn text_of_a_model_cannot_break_out() {
    let page = render(&sample::twelve());
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("<b>arm"));
    assert!(page.contains("<td data-csv=\"&#39;=HYPERLINK("), "text cells are neutralised in the CSV");
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn a_citation_is_a_link_only_when_it_is_an_address() {
    let mut data = sample::trial();
    data.citations = vec![("javascript:alert(1)".into(), String::new()), ("10.1/x\"y".into(), "p. 3".into())];
    let page = render(&data);
    assert!(!page.contains("href=\"javascript"));
    assert!(page.contains("href=\"https://doi.org/10.1/x&quot;y\""));
}

#[test]
fn nothing_is_said_that_is_not_known() {
    let page = render(&sample::cured());
    assert!(page.contains("was not reached within 60 months"));
    assert!(page.contains("no patient progressed"));
    assert!(page.contains("more than 1e13 cells"));
    assert!(page.contains("not followed to death") && page.contains("its median is not to be relied on"));
    assert!(!render(&sample::trial()).contains("not followed to death"));
    assert!(!render(&sample::dish()).contains("id=comparisons"));
    let page = render(&sample::nobody());
    assert!(page.contains("No patient has an outcome"));
    assert!(page.contains("The first 50 are listed"));
    for (name, data) in sample::all() {
        let page = render(&data);
        assert!(!page.contains("NaN\"") && !page.contains("inf\"") && !page.contains("NaN "), "{name}");
    }
}

#[test]
fn a_comparison_with_an_interval_over_one_tells_nothing_apart() {
    let page = render(&sample::trial());
    assert_eq!(
        page.matches("so these patients do not tell the two arms apart").count(),
        3,
        "the answer, and both widths' alternative text"
    );
}

#[test]
fn the_page_of_three_arms_with_a_thousand_patients_is_small() {
    let bytes = render(&sample::trial()).len();
    assert!(bytes < 1_500_000, "{bytes} bytes");
}

#[test]
fn figures_that_are_no_numbers_are_drawn_nowhere() {
    let mut data = sample::trial();
    break_figures(&mut data);
    let page = render(&data);
    for bad in ["NaN", ">inf"] {
        let at = page.find(bad).map(|k| page[..k].chars().rev().take(200).collect::<Vec<_>>());
        assert!(at.is_none(), "{bad} after {}", at.unwrap_or_default().iter().rev().collect::<String>());
    }
    data.horizon_days = f64::NAN;
    render(&data);
    data.horizon_days = 0.0;
    render(&data);
    data.arms.clear();
    render(&data);
}

/// Not-a-numbers and infinities wherever a float stands.
fn break_figures(data: &mut ReportData) {
    data.detection_limit_cells = Some(f64::NAN);
    let ranking = data.ranking.get_or_insert_default();
    ranking.rows.iter_mut().flat_map(|r| &mut r.1).for_each(|d| *d = Some(f64::NAN));
    ranking.chance.fill(Some(f64::INFINITY));
    for c in &mut data.comparisons {
        (c.hazard_ratio, c.ci95, c.p_value) = (Some(f64::NAN), Some((f64::NAN, f64::INFINITY)), Some(f64::NAN));
    }
    for arm in &mut data.arms {
        arm.response = Some((f64::NAN, f64::NAN, f64::NAN));
        arm.burden.push(Band { day: f64::NAN, low: f64::NAN, middle: f64::INFINITY, high: f64::NAN, patients: 1 });
        arm.doses.push((0.0, "x".into(), f64::NAN, "mg".into()));
        arm.last.push(("x".into(), f64::NAN, f64::NAN, f64::INFINITY));
        break_patients(arm);
        for shares in [&mut arm.origins, &mut arm.mechanisms].into_iter().flatten() {
            shares.iter_mut().for_each(|s| s.1 = f64::NAN);
        }
        for curve in [&mut arm.progression, &mut arm.survival].into_iter().flatten() {
            curve.median_days = Some(f64::NAN);
            curve.ci95_days = (Some(f64::INFINITY), Some(f64::NAN));
            curve.steps.push((f64::NAN, f64::NAN, f64::NAN, f64::NAN));
            curve.censored.push((f64::NAN, f64::NAN, 3));
            curve.risk_table.push((f64::NAN, 1, 2, 3));
        }
    }
}

/// The same in what is known of single patients.
fn break_patients(arm: &mut ArmData) {
    if let Some(fall) = &mut arm.waterfall {
        fall.bars.insert(0, (f64::NAN, "PD".into()));
        fall.bars.insert(0, (f64::INFINITY, "?".into()));
    }
    for c in &mut arm.courses {
        c.changes.push((f64::NAN, f64::INFINITY));
        (c.responded, c.progressed, c.end) = (Some(f64::NAN), Some(f64::NAN), f64::INFINITY);
        c.dose_changes.push(DoseChange { day: f64::NAN, scale: f64::NAN, ..DoseChange::default() });
    }
    for (k, p) in arm.portraits.iter_mut().enumerate() {
        if k == 0 {
            p.cells[1] = f64::NAN;
        } else {
            p.progressed = Some(f64::NAN);
            p.clones.iter_mut().for_each(|c| (c.cells[1], c.founded) = (f64::NAN, f64::NAN));
        }
    }
    for e in &mut arm.exposure {
        (e.lowest.0, e.highest.3) = (f64::NAN, f64::INFINITY);
        e.doses.push((f64::NAN, f64::NAN, None));
    }
    arm.exposure.push(Exposure { curve: vec![(0.0, f64::NAN, 0.0, 0.0, 0.0); 3], days: 1.0, ..Exposure::default() });
    for l in &mut arm.levels {
        l.points.push(LevelAt { day: f64::NAN, low: f64::INFINITY, patients: 3, ..LevelAt::default() });
    }
    arm.happened.iter_mut().for_each(|e| e.steps.push((f64::NAN, f64::INFINITY)));
    for s in &mut arm.series {
        s.limit = Some(f64::NAN);
        s.points.push(Reading { day: f64::NAN, low: f64::INFINITY, patients: 3, ..Reading::default() });
    }
}

#[test]
fn a_summary_of_an_older_layout_is_read_and_says_what_is_missing() {
    let mut old = serde_json::to_value(sample::trial()).unwrap();
    old["format"] = 1.into();
    for key in ["detection_limit_is", "percentiles_of", "ranking", "map", "levels_of", "levels_constant"] {
        old.as_object_mut().unwrap().remove(key);
    }
    for arm in old["arms"].as_array_mut().unwrap() {
        for key in ["waterfall", "courses", "portraits", "exposure", "series", "levels", "happened"] {
            arm.as_object_mut().unwrap().remove(key);
        }
    }
    let data: ReportData = serde_json::from_value(old).unwrap();
    let page = render(&data);
    assert!(page.contains("written by an older version of remission"));
    assert_eq!(pictures(&page), 3 + 2 + 1 + 1 + 1);
    assert!(!render(&sample::trial()).contains("written by an older version"));
}

#[test]
fn assumptions_that_decide_come_first() {
    let mut data = sample::trial();
    data.assumptions.reverse();
    let page = render(&data);
    let at = |text: &str| page.find(&format!("<code>{text}</code>")).unwrap();
    assert!(at("u_t790m") < at("entry_persister"));
    assert!(page.contains("+0.31") && page.contains("the same in all patients"));
}

#[test]
fn a_swimmer_shows_what_happened_and_nothing_else() {
    let swimmer = |data: &ReportData| {
        let page = render(data);
        let from = page.find("<section id=swimmer>").unwrap();
        page[from..from + page[from..].find("</section>").unwrap()].to_owned()
    };
    let mut data = sample::trial();
    assert!(swimmer(&data).contains("dose changed") && swimmer(&data).contains("still followed"));
    assert!(swimmer(&data).contains("day 50 erlotinib 67"));
    data.arms.iter_mut().flat_map(|a| &mut a.courses).for_each(|c| c.dose_changes.clear());
    assert!(!swimmer(&data).contains("dose changed</"));
}

#[test]
fn what_is_seldom_detected_is_said_and_not_drawn() {
    let mut data = sample::trial();
    let drawn = pictures(&render(&data));
    for arm in &mut data.arms {
        arm.series[0].points.iter_mut().for_each(|r| (r.high, r.detected) = (0.0, 0.04));
    }
    let page = render(&data);
    assert_eq!(pictures(&page), drawn - 3);
    assert!(page.contains("ctdna vaf (4.0\u{a0}%)") && page.contains("id=\"table-reading-ctdna_vaf\""));
}

#[test]
fn question_answer_and_what_is_not_reproduced_come_first_in_a_dish_too() {
    for mut data in [sample::trial(), sample::dish()] {
        data.question = "How fast do cells die?".to_owned();
        assert!(!render(&data).contains("id=misses"), "nothing is said where nothing is missed");
        let miss = |name: &str| Miss {
            name: name.to_owned(),
            published: "0.23 (0.12 to 0.45)".to_owned(),
            reason: "cells <die> too slowly".to_owned(),
        };
        data.misses = vec![miss("early clearance"), miss("fall")];
        let page = render(&data);
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("no `{words}`"));
        let order = [
            at("How fast do cells die?"),
            at("<div class=answer>"),
            at("<section id=misses>"),
            at("<section id=burden>"),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert!(page.contains("2 published numbers of this entry are known not to come out:"));
        assert!(
            page.contains(
                "<strong>early clearance</strong>, published 0.23 (0.12 to 0.45): cells &lt;die&gt; too slowly"
            )
        );
        assert!(page.contains("<a href=\"#misses\">Not reproduced</a>"));
    }
}

/// The section of this anchor.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let from = page.find(&format!("<section id={id}>")).unwrap_or_else(|| panic!("no section {id}"));
    &page[from..from + page[from..].find("</section>").unwrap()]
}

fn one_level(points: &[(f64, f64, f64, f64, usize)]) -> Vec<LevelCourse> {
    let at = |&(day, low, middle, high, patients): &_| LevelAt { day, low, middle, high, patients };
    vec![LevelCourse { name: "effectors".into(), unit: "cells".into(), points: points.iter().map(at).collect() }]
}

#[test]
fn a_level_that_is_zero_in_one_arm_is_drawn_on_the_line_of_zero() {
    let mut data = sample::trial();
    for (k, arm) in data.arms.iter_mut().enumerate() {
        let x = if k == 0 { 0.0 } else { 1e6 };
        arm.levels = one_level(&[(0.0, 0.0, 0.0, 0.0, 100), (300.0, x / 1e5, x, 2.0 * x, 100), (900.0, x, x, x, 90)]);
    }
    let levels = part(&render(&data), "levels").to_owned();
    assert!(levels.contains("cells (log axis)") && levels.contains(">0</text>"), "zero has a name on the axis");
    assert!(levels.contains("median 0 at first, lowest 0 after"), "the flat arm is told too");
    // All arms zero: a linear axis, and nothing divides by nothing.
    data.arms.iter_mut().for_each(|a| a.levels = one_level(&[(0.0, 0.0, 0.0, 0.0, 9), (9.0, 0.0, 0.0, 0.0, 9)]));
    let levels = part(&render(&data), "levels").to_owned();
    assert!(!levels.contains("log axis") && !levels.contains("NaN"));
}

#[test]
fn negative_levels_stay_on_the_page() {
    let mut data = sample::trial();
    data.arms
        .iter_mut()
        .for_each(|a| a.levels = one_level(&[(0.0, -5.0, -1.0, 1e-4, 50), (400.0, -9.0, 2.0, 4000.0, 50)]));
    let page = render(&data);
    let levels = part(&page, "levels");
    assert!(!levels.contains("(log axis)</text>") && levels.contains(">\u{2212}2000</text>"), "{levels:.900}");
    assert!(levels.contains("<td>-9<td>2<td>4000<td>50"), "the table has the numbers as they are");
}

#[test]
fn an_arm_whose_patients_all_left_and_a_single_patient_are_drawn() {
    let mut data = sample::trial();
    // Nobody is seen after the first visit of the first arm; nobody at all in the second; one patient in the third.
    data.arms[0].levels = one_level(&[(0.0, 10.0, 20.0, 30.0, 80)]);
    data.arms[1].levels = one_level(&[]);
    data.arms[2].levels = one_level(&[(0.0, 20.0, 20.0, 20.0, 1), (300.0, 25.0, 25.0, 25.0, 1)]);
    data.arms[0].happened = vec![EventCourse { name: "rash".into(), steps: vec![(0.0, 0.0), (3.0, 1.0)] }];
    let page = render(&data);
    let levels = part(&page, "levels");
    assert!(levels.contains("erlotinib pulsed: nothing to show."));
    assert!(levels.contains("80 seen") && levels.contains("(5 to 95\u{a0}% from 25 to 25, 1 seen)"));
    assert_eq!(levels.matches("class=\"band\"").count(), 0, "no band of one point or of one patient");
    assert!(part(&page, "events").contains("erlotinib 150 mg daily: 100\u{a0}%, half of them within 0.1 months"));
}

#[test]
fn levels_that_are_not_drawn_are_named() {
    let mut data = sample::trial();
    (data.levels_left, data.levels_of) = (vec!["il_<6>".into(), "ferritin".into()], 500);
    let page = render(&data);
    let levels = part(&page, "levels");
    assert!(levels.contains("Not drawn, for want of room: il &lt;6&gt;, ferritin."));
    assert!(levels.contains("Not drawn, because they never change: albumin."));
    assert!(levels.contains("Of the first 500 patients by number."));
    data.arms.iter_mut().for_each(|a| a.levels.clear());
    assert!(!render(&data).contains("id=levels"));
}

#[test]
fn who_is_followed_to_the_end_is_counted_there_though_the_last_visit_is_earlier() {
    let mut data = sample::trial();
    for (k, arm) in data.arms.iter_mut().enumerate() {
        let band = |day: f64, patients: usize| Band { day, low: 1.0, middle: 10.0, high: 99.0, patients };
        arm.burden = vec![band(0.0, 1000), band(1770.0, 723)];
        // In the first arm 23 more end between the last visit and the end of the study.
        arm.ended_early = vec![("death_tumour".into(), [300, 277, 1000][k])];
    }
    let page = render(&data);
    let burden = part(&page, "burden");
    let ends = |count: &str| burden.matches(&format!(">{count}</text>")).count();
    // Nobody in the third, and so no other number than the first two.
    assert_eq!((ends("700"), ends("723")), (1, 1));
}
