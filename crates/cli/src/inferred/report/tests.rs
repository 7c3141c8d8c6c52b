//! Tests of the page that need no browser.

use super::{render, sample, sample_edges};

#[test]
fn complaints_stand_before_words_and_words_before_all_else() {
    let page = render(&sample::lines(), "remission infer");
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what} is missing"));
    assert!(at("Did not converge:") < at("All experiments"));
    let from = at("<section id=e2>");
    let place = |what: &str| page[from..].find(what).unwrap_or_else(|| panic!("{what} is missing"));
    assert!(
        place("the chains disagree") < place("Net growth of line B")
            && place("Net growth of line B") < place("id=e2-estimates")
    );
}

#[test]
fn the_verdict_is_plain() {
    let page = render(&[sample::fluctuation()], "");
    assert!(
        page.contains("Origin of resistance: undetermined.</strong> No origin has a probability of 95\u{a0}% or more.")
    );
    // What is probable enough and all the same not called is said to be held back.
    let mut held = sample::lines()[..1].to_vec();
    held[0].verdict.as_mut().unwrap().undetermined = true;
    let page = render(&held, "");
    assert!(
        page.contains("What has a probability of 95\u{a0}% or more is held back") && !page.contains("no bar reaches")
    );
    // Of what is withheld nothing is shown: its probabilities are those of the prior.
    let verdict = held[0].verdict.take().unwrap();
    held[0].verdict = Some(verdict.withheld("A background may be a plateau.".into()));
    let page = render(&held, "");
    assert!(
        page.contains("The evidence is withheld, so that no probabilities are shown. A background may be a plateau.")
    );
    for part in ["id=origin", "id=evidence", "id=next", "Probability of each origin"] {
        assert!(!page.contains(part), "{part}");
    }
    let page = render(&sample::lines()[..1], "");
    assert!(page.contains("Origin of resistance: non-genetic (resistance without a mutation)"));
}

#[test]
fn every_picture_is_there_once_a_width_and_is_told_in_figures() {
    // Origin, next, 2 figures, 2 posteriors; three times 2 figures, two origins, 1 posterior; 1 figure of 60, 60 posteriors.
    for (name, answers, wide, both) in [
        ("fluctuation", vec![sample::fluctuation()], 4, 2),
        ("lines", sample::lines(), 8, 1),
        ("sixty", vec![sample_edges::sixty()], 1, 60),
    ] {
        let page = render(&answers, "");
        for (class, count) in [("wide", wide), ("narrow", wide), ("both", both)] {
            assert_eq!(page.matches(&format!("<svg class=\"{class}\"")).count(), count, "{name} {class}");
        }
        assert!(!page.contains("aria-label=\"\""));
    }
}

#[test]
fn nothing_is_fetched_nothing_breaks_out_and_nothing_is_nan() {
    for (name, answers) in sample::all() {
        let page = render(&answers, "remission infer x --name \"<script>\"");
        assert!(page.contains("default-src 'none'"));
        for outside in
            ["src=", "@import", "url(h", "<link", "<iframe", "<img", "style=\"", "<script>alert", "javascript:"]
        {
            assert!(!page.contains(outside), "{name}: {outside}");
        }
        assert_eq!(page.matches("<script>").count(), 1, "{name}");
        for bad in ["\"NaN", "NaN\" ", ">NaN", "inf ", "\"inf"] {
            let found = page.match_indices(bad).find(|(at, _)| !page[..*at].ends_with("data-csv="));
            assert!(found.is_none(), "{name}: {bad}: {:?}", found.map(|(at, _)| &page[at.saturating_sub(80)..at + 20]));
        }
        let mut ids: Vec<&str> = page
            .split(" id=")
            .skip(1)
            .map(|rest| rest.trim_start_matches('"'))
            .map(|rest| rest.split(['"', '>', ' ']).next().unwrap())
            .collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an anchor comes twice");
    }
}

#[test]
fn formulas_are_words_in_downloads_and_numbers_keep_every_bit() {
    let page = render(&[sample_edges::hostile()], "");
    assert!(page.contains("<td data-csv=\"&#39;=cmd|&#39; /C calc&#39;!A0\">=cmd|"));
    assert!(page.contains("<th scope=col data-csv=\"&#39;=cmd|&#39; /C calc&#39;!A0\">=cmd|"));
    let page = render(&[sample::fluctuation()], "");
    assert!(page.contains("<td data-csv=\"3.214592653\">3.215"));
}

#[test]
fn what_is_not_drawn_is_said() {
    let page = render(&[sample_edges::edges()], "");
    let figure = |id: &str| {
        let from = page.find(&format!("id=\"figure-{id}\"")).unwrap();
        &page[from..from + page[from..].find("</figure>").unwrap()]
    };
    assert!(figure("infinite").contains("4 values that are infinite"));
    assert!(figure("infinite-log").contains("6 values that are infinite"));
    assert!(!figure("one-point").contains("drawn as a point"));
    assert!(figure("no-points").contains("nothing to draw") && figure("no-layers").contains("nothing to draw"));
    assert!(figure("many").contains("the first 2000 of 3000 rows"));
}

#[test]
fn a_long_table_is_folded_and_a_longer_one_is_cut_and_says_so() {
    let mut answer = sample::fluctuation();
    let rows = |n: usize| (0..n).map(|k| vec![remission_infer::answer::Value::Whole(k as i64)]).collect();
    for (n, folded, cut) in [(40, false, false), (41, true, false), (1000, true, false), (1001, true, true)] {
        (answer.tables[0].columns, answer.tables[0].rows) = (vec!["a".into()], rows(n));
        let page = render(std::slice::from_ref(&answer), "");
        let section = &page[page.find("<section id=tables>").unwrap()..];
        let section = &section[..section.find("</section>").unwrap()];
        assert_eq!(section.contains("<summary>One row a culture"), folded, "{n}");
        assert_eq!(section.contains(&format!("The first 1000 of {n} rows")), cut, "{n}");
        assert_eq!(section.matches("<tr><td").count(), n.min(1000), "{n}");
    }
}
