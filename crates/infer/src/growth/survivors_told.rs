//! What the answer says of cells that outlast the drug.

use super::assay::Options;
use super::figures::Seen;
use super::read::Data;
use super::survivors::{courses, two_phases, weigh};
use crate::answer::{Answer, Estimate, Test};
use crate::failure::Failure;
use crate::jobs::Control;

/// Two phases at each dose, their tests, and the verdict from the course that falls deepest.
pub(super) fn add(
    data: &Data,
    line: &str,
    options: &Options,
    doses: &[f64],
    seen: &[Seen],
    answer: &mut Answer,
    control: &Control,
) -> Result<(), Failure> {
    let whole = seen[0].window;
    let all = courses(&data.readings, line, doses, whole.from, whole.until);
    let telling: Vec<_> = all.iter().filter(|c| c.tells()).collect();
    let Some(deepest) = telling.iter().max_by(|a, b| a.fall.total_cmp(&b.fall)) else {
        let most = all.iter().map(|c| c.times).max().unwrap_or(0);
        let fall = all.iter().map(|c| c.fall).fold(0.0, f64::max);
        if fall < 0.05 {
            answer
                .words
                .push("No dose makes these cells decline in this course: there are no survivors to judge.".into());
            return Ok(());
        }
        answer.words.push(format!(
            "Persisters and resistant cells cannot be told apart in this course, and their share is not identifiable: from the peak \
             on it has {most} time{} at most and falls {:.1}-fold; two phases need five times and a fall to less than half. No \
             verdict is given.",
            if most == 1 { "" } else { "s" },
            libm::exp(fall)
        ));
        return Ok(());
    };
    let mut odds = Vec::new();
    for course in &telling {
        let Some(found) = two_phases(course) else { continue };
        let at = format!("at_{}{}", course.concentration, data.unit);
        let law = format!("F, 2 and {} degrees of freedom", found.freedom);
        let (statistic, p) = found.against_one;
        answer.tests.push(Test { name: format!("one_phase_of_kill_{at}"), statistic, law, p });
        if p >= 0.05 {
            answer.notes.push(format!("one phase of kill is enough {at} (p = {p:.2}): no persister fraction is given"));
            continue;
        }
        let how = "two phases from the peak on, standard error of the log odds or logarithm".to_string();
        let mut push = |name: &str, (value, ci95): (f64, (f64, f64)), unit: &str| {
            let name = format!("{name}_{at}");
            answer.estimates.push(Estimate { name, value, ci95: Some(ci95), unit: unit.into(), how: how.clone() });
        };
        push("persister_fraction", found.share, "");
        push("fast_kill_rate", found.kill, "1/h");
        push("late_net_rate", found.late, "1/h");
        if found.share_error.is_finite() {
            odds.push((libm::log(found.share.0 / (1.0 - found.share.0)), found.share_error));
        }
    }
    if odds.len() >= 2 {
        let weight: f64 = odds.iter().map(|o| 1.0 / (o.1 * o.1)).sum();
        let mean = odds.iter().map(|o| o.0 / (o.1 * o.1)).sum::<f64>() / weight;
        let q: f64 = odds.iter().map(|o| (o.0 - mean) * (o.0 - mean) / (o.1 * o.1)).sum();
        let degrees = (odds.len() - 1) as f64;
        let p = remission_cohort::statistics::special::chi_square_tail(q, degrees);
        let law = format!("chi-square, {degrees} degrees of freedom");
        answer.tests.push(Test { name: "same_persister_fraction_at_every_dose".into(), statistic: q, law, p });
        answer.words.push(match p < 0.05 {
            true => "The slow share differs between doses, as where cells switch under the drug by a rate that depends on it."
                .into(),
            false => "The slow share is alike at every dose, as if these cells were there before the drug.".to_string(),
        });
    }
    answer.notes.push(
        "one constant dose cannot tell persisters that were there from cells that switched under it; a switching rate is not given"
            .into(),
    );
    let untreated = seen[0].rates.iter().find(|r| r.concentration == 0.0).map(|r| r.per_hour).filter(|g| *g > 0.0);
    let growth = untreated.unwrap_or(0.03);
    let (mut verdict, posteriors) = weigh(deepest, growth, &options.settings, control)?;
    let p = &verdict.probability;
    let at = format!("{} {}", deepest.concentration, data.unit);
    let (stay, grow) = (p[1], p[2] + p[3]);
    verdict.reason = if grow > 0.95 {
        "Survivors grow under the drug: they are resistant cells. A bulk signal is the same whether these arose before or during \
         treatment; a barcoded pool split before the drug tells."
            .into()
    } else if stay > 0.95 {
        format!(
            "Survivors at {at} stay and hardly grow to the end of the course: a plateau, as of persisters. A kill that fades, as of a drug \
             that is used up, leaves one of cells that are all alike: drug given anew tells."
        )
    } else {
        format!(
            "Plateau, regrowth and a single phase are not told apart at {at} ({:.2}, {:.2}, {:.2}); a later reading tells.",
            stay, grow, p[0]
        )
    };
    if stay > crate::verdict::CERTAIN && !options.blanked {
        // A background is a level that stays: without blanks nothing tells it from cells that stay.
        verdict = verdict.withheld(format!(
            "The signal at {at} stays at a level to the end of the course: persisters do that, and so does a background of the \
             reading. Subtract that of wells without cells, and say so (--blanked)."
        ));
    }
    answer.words.push(verdict.reason.clone());
    for posterior in &posteriors {
        answer.unconverged.extend(posterior.diagnosis.complaints());
    }
    answer.notes.push(format!("rates of survivors are judged against the untreated net rate, {growth:.4} per hour"));
    answer.verdict = Some(verdict);
    Ok(())
}
