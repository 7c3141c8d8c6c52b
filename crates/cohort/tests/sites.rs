//! Sites: cells that seed another site against the law of a branching process with immigration, exposure by site against the linear-quadratic law,
//! and new lesions. Thresholds are z of 5.2: a false alarm in five million a comparison.

use remission_cohort::outcome::ArmOutcome;
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;

const Z: f64 = 5.2;

const MODEL: &str = r#"
[model]
title = "Lung and brain"
[parameters]
birth = { value = "0.3 /day", fitted = "x" }
death = { value = "0.27 /day", fitted = "x" }
birth_brain = { value = "0.5 /day", fitted = "x" }
death_brain = { value = "0.4 /day", fitted = "x" }
leave = { value = "2e-11 /day", fitted = "x" }
alpha = { value = "0.15 /Gy", fitted = "x" }
beta = { value = "0.03 /Gy^2", fitted = "x" }
half = { value = "50 %", fitted = "x" }
none = { value = "0", fitted = "x" }
[cells.s]
birth = "birth"
death = "death + linear_quadratic(beam, alpha, beta)"
[sites.lung]
[sites.brain]
values = { birth = "birth_brain", death = "death_brain" }
exposure = { beam = "none" }
seeded_from = { lung = "leave" }
[drugs.beam]
route = "radiation"
[before_treatment]
start = { s = "1e9 cells" }
[measurements.lesions]
kind = "sum_of_diameters"
shares = { lung = [1.0] }
cells_per_volume = "1e9 cells/cm^3"
reader_error = "0 %"
new_lesion = "8 mm"
"#;

fn arms(model: &str, horizon: &str, regimen: &str, method: Method, patients: u32) -> (Compiled, Vec<ArmOutcome>) {
    let model = remission_model::model_from_toml("model.toml", model).unwrap_or_else(|p| panic!("{p}"));
    let text = format!(
        "[study]\npatients = 1\nseed = 20261201\nhorizon = '{horizon}'\nvisits = 'every 10 days'\nrecist_on = 'lesions'\n[[arms]]\n\
         name = 'a'\nregimen = [{regimen}]\nafter_progression = 'continue'\n"
    );
    let study = remission_model::study_from_toml("study.toml", &text, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let compiled = Compiled::new(&model);
    let one = |k| run(&compiled, &study, k, method).arms.unwrap_or_else(|e| panic!("{}", e.1)).remove(0);
    let all = (0..patients).map(one).collect();
    (compiled, all)
}

/// Probability that a line of one cell lives after a time, and its expected size, of a birth-death process.
fn line(birth: f64, death: f64, time: f64) -> (f64, f64) {
    let grown = ((birth - death) * time).exp();
    ((birth - death) * grown / (birth * grown - death), grown)
}

#[test]
fn seeded_cells_come_by_the_law_of_immigration_from_a_growing_tumour() {
    const PATIENTS: u32 = 20_000;
    let days = 60.0;
    // Seeding takes nothing from a tumour of 1e9 cells: it grows as exp(0.03 t), and comes as a Poisson process.
    let steps = 20_000;
    let (mut lives, mut mean) = (0.0, 0.0);
    for k in 0..steps {
        let t = days * (f64::from(k) + 0.5) / f64::from(steps);
        let rate = 2e-11 * 1e9 * (0.03 * t).exp() * days / f64::from(steps);
        let (alive, size) = line(0.5, 0.4, days - t);
        lives += rate * alive;
        mean += rate * size;
    }
    let empty = (-lives).exp();
    let (_, all) = arms(MODEL, "60 days", "", Method::Leap, PATIENTS);
    let n = f64::from(PATIENTS);
    let brain: Vec<f64> = all.iter().map(|a| a.seen.last().unwrap().by_type[1]).collect();
    let found = brain.iter().filter(|b| **b == 0.0).count() as f64 / n;
    let z = (found - empty) / (empty * (1.0 - empty) / n).sqrt();
    let average = brain.iter().sum::<f64>() / n;
    let spread = (brain.iter().map(|b| (b - average).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
    let z_mean = (average - mean) / spread;
    println!(
        "nothing in the brain: {found:.4} of {empty:.4}, z {z:.2}; cells {average:.1} of {mean:.1}, z {z_mean:.2}"
    );
    assert!(z.abs() < Z && z_mean.abs() < Z);
    // The mean equations give the same mean.
    let (_, means) = arms(MODEL, "60 days", "", Method::Mean, 1);
    let of_mean = means[0].seen.last().unwrap().by_type[1];
    assert!((of_mean / mean - 1.0).abs() < 1e-3, "{of_mean} of {mean}");
}

#[test]
fn a_site_that_the_beam_does_not_meet_is_not_killed_and_half_a_dose_kills_as_half_a_dose() {
    let text =
        MODEL.replace("start = { s = \"1e9 cells\" }", "start = { s = \"1e12 cells\", s_brain = \"1e12 cells\" }");
    let text = text
        .replace("value = \"2e-11 /day\"", "value = \"0 /day\"")
        .replace("values = { birth = \"birth_brain\", death = \"death_brain\" }", "");
    for (share, felt) in [("none", 0.0), ("half", 4.0)] {
        let text = text.replace("exposure = { beam = \"none\" }", &format!("exposure = {{ beam = \"{share}\" }}"));
        for method in [Method::Mean, Method::Leap] {
            let (_, all) = arms(&text, "10 days", "'beam 8 Gy once'", method, 1);
            let end = &all[0].seen.last().unwrap().by_type;
            let survives = |d: f64| (0.3 - 0.15 * d - 0.03 * d * d).exp();
            for (found, dose) in [(end[0], 8.0), (end[1], felt)] {
                let wanted = 1e12 * survives(dose);
                // Of 1e12 cells a standard deviation is 1e-5 of the survivors or less.
                assert!((found / wanted - 1.0).abs() < 2e-4, "{method:?} at {dose} Gy: {found} of {wanted}");
            }
        }
    }
}

#[test]
fn a_lesion_where_none_was_is_progression() {
    // The lung shrinks; one cell in the brain is 8 mm, or 2.68e8 cells, after ln(2.68e8) / 0.3 = 64.7 days: seen on day 70.
    let text = MODEL.replace("start = { s = \"1e9 cells\" }", "start = { s = \"1e10 cells\", s_brain = \"1 cells\" }");
    let text = text
        .replace("value = \"2e-11 /day\"", "value = \"0 /day\"")
        .replace("value = \"0.27 /day\"", "value = \"0.31 /day\"");
    let text = text
        .replace("value = \"0.5 /day\"", "value = \"0.3 /day\"")
        .replace("value = \"0.4 /day\"", "value = \"0 /day\"");
    let (_, all) = arms(&text, "200 days", "", Method::Mean, 1);
    let arm = &all[0];
    assert!(
        arm.time_to_progression.event && (arm.time_to_progression.time, arm.time_to_progression.after) == (70.0, 60.0)
    );
    let sums: Vec<f64> = arm.seen.iter().map(|s| s.readings[0]).collect();
    assert!(sums.windows(2).all(|w| w[1] < w[0]), "the sum of the targets only falls: {sums:?}");
    // The columns are the sum, the lung and the brain, in which 4 mm and less are too small to be measured.
    let day = |d: f64| arm.seen.iter().find(|s| s.time == d).unwrap().readings.clone();
    assert!(
        (day(70.0)[2] / 13.61 - 1.0).abs() < 0.01 && day(70.0)[0] == day(70.0)[1] && day(0.0)[2] == 0.0,
        "{:?}",
        day(70.0)
    );
    // From another size on it is seen later, or not at all where it was there already.
    let later = text.replace("new_lesion = \"8 mm\"", "new_lesion = \"20 mm\"");
    assert_eq!(arms(&later, "200 days", "", Method::Mean, 1).1[0].time_to_progression.time, 80.0);
    let there = text.replace("s_brain = \"1 cells\"", "s_brain = \"1e8 cells\"");
    assert!(!arms(&there, "60 days", "", Method::Mean, 1).1[0].time_to_progression.event);
}

#[test]
fn a_piece_holds_the_cells_of_the_place_it_is_taken_from() {
    // All of the lung and none of the brain is resistant: a piece of the brain shows the tumour and no mutant, one of the lung both in all cells,
    // and one of the whole tumour mutants in half.
    let text = MODEL.split("[measurements.lesions]").next().unwrap().replace(
        "[sites.lung]",
        "[cells.r]\nmechanism = \"r\"\nbirth = \"none / none_days\"\ndeath = \"none / none_days\"\n[sites.lung]",
    );
    let text = text.replace("[cells.s]", "none_days = { value = \"1 day\", fitted = \"x\" }\n[cells.s]");
    let text = text.replace("start = { s = \"1e9 cells\" }", "start = { r = \"1e8 cells\", s_brain = \"1e8 cells\" }");
    let piece = |name: &str, site: &str| {
        format!(
            "[measurements.{name}]\nkind = \"sequencing\"\n{site}cells = \"1e6 cells\"\npurity = \"100 %\"\ncopies = \"1\"\ndepth = \"1e6\"\n"
        )
    };
    let text = text
        + &piece("brain_piece", "site = \"brain\"\n")
        + &piece("lung_piece", "site = \"lung\"\n")
        + &piece("piece", "");
    let model = remission_model::model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{p}"));
    let study = "[study]\npatients = 1\nseed = 1\nhorizon = '1 day'\nvisits = 'every 1 day'\n[[arms]]\nname = 'a'\nregimen = []\n";
    let study = remission_model::study_from_toml("study.toml", study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let outcome = run(&Compiled::new(&model), &study, 0, Method::Leap);
    let seen = outcome.arms.unwrap_or_else(|e| panic!("{}", e.1)).remove(0).seen.remove(0);
    // Reads of a million: 5.2 standard deviations are 0.003.
    for (found, wanted) in seen.readings.iter().zip([1.0, 0.0, 1.0, 1.0, 1.0, 0.5]) {
        assert!((found - wanted).abs() < 3e-3, "{:?}", seen.readings);
    }
}
