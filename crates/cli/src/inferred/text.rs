//! An answer as text for a terminal: what went wrong first, then the words, the estimates, the tests, the verdict with what to
//! measure next, and how the computation went. What stands here is read by people; JSON keeps every bit.

use super::report::numbers::{evidence, interval, one_line, p_value, point, probability, said, short};
use crate::explain::page::Page;
use crate::report::words;
use remission_infer::answer::{Answer, Estimate};
use remission_infer::verdict::{CERTAIN, Next, TELLS, Verdict};

/// All answers, one after the other.
pub fn answers(answers: &[Answer]) -> String {
    let mut page = Page::for_terminal();
    for answer in answers {
        one(&mut page, answer);
    }
    page.finish()
}

/// Longest name in a table, characters.
const LONGEST: usize = 44;

/// A name in one line; of a long one its beginning and its end.
fn brief(name: &str) -> String {
    let name: Vec<char> = one_line(name).chars().collect();
    if name.len() <= LONGEST {
        return name.into_iter().collect();
    }
    let half = LONGEST / 2;
    let (first, last) = (&name[..half], &name[name.len() - half + 1..]);
    first.iter().chain(['…'].iter()).chain(last).collect()
}

/// One answer.
fn one(page: &mut Page, answer: &Answer) {
    let title = match &answer.experiment {
        Some(name) => format!("{}: {name}", answer.assay),
        None => answer.assay.clone(),
    };
    page.heading(&one_line(&title));
    for complaint in &answer.unconverged {
        page.item(0, "NOT CONVERGED: ", &one_line(complaint));
    }
    if !answer.unconverged.is_empty() {
        page.text(0, &one_line(answer.may_be_read()));
        if !answer.remedy.is_empty() {
            page.text(0, &one_line(&answer.remedy));
        }
        page.gap();
    }
    for words in &answer.words {
        page.text(0, &one_line(words));
    }
    if let Some(verdict) = &answer.verdict {
        origin(page, verdict, answer.words.iter().any(|w| w.contains(&verdict.reason)));
    }
    estimates(page, &answer.estimates);
    tests(page, answer);
    if !answer.diagnostics.is_empty() {
        page.gap();
        let each: Vec<String> = answer.diagnostics.iter().map(|(name, s)| format!("{name} {}", said(s))).collect();
        page.item(0, "Computation: ", &one_line(&each.join("; ")));
    }
    if !answer.notes.is_empty() {
        page.gap();
        page.text(0, "Notes");
        for note in &answer.notes {
            page.item(2, "- ", &one_line(note));
        }
    }
}

/// Estimates as a table, and under it how they were found, each way once.
fn estimates(page: &mut Page, estimates: &[Estimate]) {
    if estimates.is_empty() {
        return;
    }
    page.gap();
    let mut rows = vec![["estimate", "value", "95 % interval", "unit"].map(String::from).to_vec()];
    for e in estimates {
        rows.push(vec![brief(&e.name), point(e), interval(e), brief(&e.unit)]);
    }
    page.table(0, &rows, &[1]);
    let mut ways: Vec<&str> = Vec::new();
    for e in estimates.iter().filter(|e| !e.how.is_empty()) {
        if !ways.contains(&e.how.as_str()) {
            ways.push(&e.how);
        }
    }
    for way in &ways {
        let names: Vec<String> = estimates.iter().filter(|e| e.how == *way).map(|e| brief(&e.name)).collect();
        let who = match (ways.len(), names.len()) {
            (1, n) if n == estimates.len() => "by ".to_owned(),
            (_, n) if n > 6 => format!("{} and {} more: ", names[..3].join(", "), n - 3),
            _ => format!("{}: ", names.join(", ")),
        };
        page.item(2, "", &one_line(&format!("{who}{way}")));
    }
}

fn tests(page: &mut Page, answer: &Answer) {
    if answer.tests.is_empty() {
        return;
    }
    page.gap();
    let mut rows = vec![["test", "statistic", "law", "p"].map(String::from).to_vec()];
    for t in &answer.tests {
        rows.push(vec![brief(&t.name), short(t.statistic, 4), one_line(&t.law), p_value(t.p)]);
    }
    page.table(0, &rows, &[1, 3]);
}

/// The verdict in a few words: `UNDETERMINED`, or the origin called.
fn called(verdict: &Verdict) -> String {
    match verdict.best().filter(|_| !verdict.undetermined) {
        Some((origin, p)) => format!("{} (probability {})", words::name(origin.name()), probability(p)),
        None if verdict.withheld => "UNDETERMINED (the evidence is withheld)".to_owned(),
        None if verdict.held_back() => {
            format!("UNDETERMINED (what has a probability of {} or more is held back)", probability(CERTAIN))
        }
        None => format!("UNDETERMINED (no origin has a probability of {} or more)", probability(CERTAIN)),
    }
}

/// The verdict; its reason, unless the words have told it.
fn origin(page: &mut Page, verdict: &Verdict, told: bool) {
    page.gap();
    page.item(0, "Origin of resistance: ", &called(verdict));
    if !verdict.reason.is_empty() && !told {
        page.text(2, &one_line(&verdict.reason));
    }
    // What is left of a verdict whose evidence is withheld is the prior.
    if verdict.withheld {
        return;
    }
    if !verdict.origin.is_empty() {
        page.gap();
        let mut rows = vec![["origin", "probability", ""].map(String::from).to_vec()];
        for (origin, p) in &verdict.origin {
            let bar = "#".repeat((p * 30.0).clamp(0.0, 30.0).round() as usize);
            rows.push(vec![words::name(origin.name()), probability(*p), bar]);
        }
        page.table(2, &rows, &[1]);
    }
    if !verdict.explanations.is_empty() {
        page.gap();
        let head = ["explanation", "prior", "ln evidence", "probability", "in words"];
        let mut rows = vec![head.map(String::from).to_vec()];
        for (k, e) in verdict.explanations.iter().enumerate() {
            let p = verdict.probability.get(k).copied().unwrap_or(f64::NAN);
            let words = one_line(&e.words);
            rows.push(vec![
                one_line(&e.name),
                probability(e.prior),
                evidence(e.log_evidence, e.error),
                probability(p),
                words,
            ]);
        }
        page.table(2, &rows, &[1, 2, 3]);
    }
    next(page, verdict);
}

fn next(page: &mut Page, verdict: &Verdict) {
    if verdict.next.is_empty() {
        return;
    }
    page.gap();
    let entropy = verdict.entropy();
    page.text(
        2,
        &format!("What to measure next (there are {} bits to be learned about the origin)", short(entropy, 3)),
    );
    let costed = verdict.next.iter().any(|n| n.cost.is_some());
    let mut rows = vec![["expected bits", "measurement"].map(String::from).to_vec()];
    if costed {
        rows[0].extend(["cost", "bits per cost"].map(String::from));
    }
    let told = |n: &&Next| n.expected_bits.is_nan() || n.expected_bits >= TELLS;
    let left = verdict.next.iter().filter(|n| !told(n)).count();
    for n in verdict.next.iter().filter(told) {
        let mut row = vec![bits(n), one_line(&n.name)];
        if costed {
            row.push(n.cost.map_or("not given".to_owned(), |c| short(c, 4)));
            row.push(n.cost.filter(|c| *c > 0.0).map_or(String::new(), |c| short(n.expected_bits / c, 2)));
        }
        rows.push(row);
    }
    match (rows.len(), left) {
        (1, _) => page.text(4, "Nothing that was considered would tell more about the origin."),
        (_, 0) => page.table(4, &rows, &[0, 2, 3]),
        _ => {
            page.table(4, &rows, &[0, 2, 3]);
            page.text(4, &format!("{left} more would tell less than {TELLS} bits"));
        }
    }
}

/// `0.42 ± 0.01`.
fn bits(n: &Next) -> String {
    let error = if n.error.is_finite() && n.error > 0.0 { format!(" ± {}", short(n.error, 1)) } else { String::new() };
    format!("{}{error}", short(n.expected_bits, 2))
}

#[cfg(test)]
mod tests {
    use super::super::report::sample;
    use super::answers;

    #[test]
    fn complaints_come_first_and_undetermined_is_said() {
        let text = answers(&sample::lines());
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing in\n{text}"));
        assert!(at("NOT CONVERGED") < at("Net growth of line B"));
        let nothing = "Read nothing below as a result";
        at(nothing);
        // What stands all the same is said in its place.
        let mut some = sample::lines();
        some.iter_mut().for_each(|a| a.stands = "Estimates stand.".into());
        let text = answers(&some);
        assert!(text.contains("Estimates stand.") && !text.contains(nothing), "{text}");
        let text = answers(&[sample::fluctuation()]);
        for needed in ["UNDETERMINED", "3.21", "2.45 to 4.10", "24 more cultures", "before_plating", "r_hat 1.002"] {
            assert!(text.contains(needed), "{needed} is missing in\n{text}");
        }
    }

    #[test]
    fn a_verdict_that_is_withheld_has_no_bars() {
        let mut answer = sample::fluctuation();
        let verdict = answer.verdict.take().unwrap();
        answer.verdict = Some(verdict.withheld("A background may be a plateau.".into()));
        let text = answers(&[answer]);
        assert!(
            text.contains("UNDETERMINED (the evidence is withheld)") && text.contains("A background may be"),
            "{text}"
        );
        for part in ["####", "ln evidence", "before_plating", "bits"] {
            assert!(!text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn lines_of_text_fit_and_hostile_names_stay_in_their_line() {
        for (name, all) in sample::all() {
            let text = answers(&all);
            assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{name}");
            let long = text.lines().filter(|l| l.chars().count() > 110).count();
            assert!(long == 0 || name == "hostile", "{name}: {long} long lines in\n{text}");
        }
    }

    #[test]
    fn an_empty_answer_is_no_more_than_its_heading() {
        assert_eq!(answers(&[Default::default()]).trim(), "");
    }
}
