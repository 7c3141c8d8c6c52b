//! Tests of the whole page that need no browser.

use super::data::{Band, ReportData};
use super::{render, sample};

/// Pictures of the wide page (those of both widths counted once).
fn pictures(page: &str) -> usize {
    page.matches("role=\"img\"").count() - page.matches("class=\"narrow\"").count()
}

#[test]
fn every_picture_is_there_once_per_width() {
    let page = render(&sample::trial());
    // Three burden panels, two endpoints, origin, mechanism, comparisons.
    assert_eq!(pictures(&page), 3 + 2 + 1 + 1 + 1);
    assert_eq!(page.matches("class=\"wide\"").count(), page.matches("class=\"narrow\"").count());
    assert_eq!(pictures(&render(&sample::dish())), 4);
    assert_eq!(pictures(&render(&sample::nobody())), 0);
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
    assert!(bytes < 400_000, "{bytes} bytes");
}

#[test]
fn figures_that_are_no_numbers_are_drawn_nowhere() {
    let mut data = sample::trial();
    break_figures(&mut data);
    let page = render(&data);
    assert!(!page.contains("NaN") && !page.contains(">inf"));
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
    for c in &mut data.comparisons {
        (c.hazard_ratio, c.ci95, c.p_value) = (Some(f64::NAN), Some((f64::NAN, f64::INFINITY)), Some(f64::NAN));
    }
    for arm in &mut data.arms {
        arm.response = Some((f64::NAN, f64::NAN, f64::NAN));
        arm.burden.push(Band { day: f64::NAN, low: f64::NAN, middle: f64::INFINITY, high: f64::NAN, patients: 1 });
        arm.doses.push((0.0, "x".into(), f64::NAN, "mg".into()));
        arm.last.push(("x".into(), f64::NAN, f64::NAN, f64::INFINITY));
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
