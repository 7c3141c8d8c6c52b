//! Event tables as NONMEM itself answers them: concentrations of its runs, to the five digits that it prints.
//!
//! Scenarios, model and answers are those of github.com/mrgsolve/nmtests (dosing/, run 1001, ADVAN2 TRANS2: CL 1.1, V 20, ka 1.5,
//! times in hours, concentrations in ng/mL where amounts are mg), which compares NONMEM with mrgsolve: additional doses,
//! lag, bioavailability with a rate and with a length, steady states by bolus, infusion and mouth, intervals above, at and
//! below the length of the infusion, EVID 4, SS 2. Their numbers are kept. A modelled length (RATE -2) is written as
//! DUR here. Left out: infusions into the depot (6, 17, 20, 26, 27, 29), which no drug here has. Lag and bioavailability belong to
//! compartment 2, so each compartment is a drug and the concentrations add up. No answer stands at the time of a dose.

use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_model::{Beside, model_from_toml, study_with_files};

struct Scenario {
    number: u32,
    /// Hours.
    lag: f64,
    bioavailability: f64,
    /// TIME, EVID, AMT, CMT, SS, II, ADDL, RATE, DUR.
    rows: &'static [&'static str],
    /// Hours and ng/mL.
    answers: &'static [(f64, f64)],
}

const SCENARIOS: [Scenario; 23] = [
    Scenario {
        number: 1,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,1,0,24,3,0,0"],
        answers: &[
            (1.0, 3754.4),
            (11.0, 2834.3),
            (17.0, 2037.6),
            (29.0, 4992.7),
            (50.0, 5965.1),
            (67.0, 2443.3),
            (115.0, 661.98),
        ],
    },
    Scenario {
        number: 2,
        lag: 12.13,
        bioavailability: 2.23,
        rows: &["0,1,100,2,0,24,3,0,0"],
        answers: &[
            (13.0, 10629.0),
            (23.0, 6132.4),
            (29.0, 4408.7),
            (43.0, 9682.8),
            (61.0, 14227.0),
            (79.0, 5286.4),
            (115.0, 2771.2),
        ],
    },
    Scenario {
        number: 3,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,2,0,24,3,10,0"],
        answers: &[
            (1.0, 486.5),
            (11.0, 3640.1),
            (17.0, 2617.0),
            (29.0, 3538.3),
            (50.0, 2968.3),
            (67.0, 3137.9),
            (115.0, 850.19),
        ],
    },
    Scenario {
        number: 4,
        lag: 0.0,
        bioavailability: 0.5,
        rows: &["0,1,480,2,0,0,0,10,0"],
        answers: &[
            (1.0, 486.5),
            (11.0, 4126.6),
            (17.0, 5521.9),
            (29.0, 5060.6),
            (50.0, 1594.4),
            (67.0, 625.93),
            (115.0, 44.667),
        ],
    },
    Scenario {
        number: 5,
        lag: 0.0,
        bioavailability: 0.5,
        rows: &["0,1,480,2,0,0,0,0,48"],
        answers: &[
            (1.0, 243.25),
            (11.0, 2063.3),
            (17.0, 2761.0),
            (29.0, 3623.1),
            (50.0, 3781.4),
            (67.0, 1484.5),
            (115.0, 105.94),
        ],
    },
    Scenario {
        number: 7,
        lag: 4.15,
        bioavailability: 1.0,
        rows: &["0,1,100,2,0,24,3,10,0"],
        answers: &[
            (8.0, 1734.8),
            (13.0, 3503.4),
            (25.0, 2117.6),
            (37.0, 4597.9),
            (50.0, 2539.6),
            (79.0, 3356.6),
            (115.0, 1068.2),
        ],
    },
    Scenario {
        number: 8,
        lag: 3.25,
        bioavailability: 0.412,
        rows: &["0,1,100,2,0,24,3,10,0"],
        answers: &[
            (4.0, 367.37),
            (11.0, 1509.7),
            (23.0, 780.28),
            (37.0, 1713.7),
            (50.0, 838.33),
            (67.0, 1301.4),
            (115.0, 352.6),
        ],
    },
    Scenario {
        number: 9,
        lag: 3.16,
        bioavailability: 0.412,
        rows: &["0,1,100,2,1,24,3,10,0"],
        answers: &[
            (1.0, 949.08),
            (11.0, 2049.8),
            (17.0, 1473.6),
            (29.0, 1636.6),
            (50.0, 898.29),
            (67.0, 1320.1),
            (115.0, 352.66),
        ],
    },
    Scenario {
        number: 10,
        lag: 0.0,
        bioavailability: 0.812,
        rows: &["0,1,100,2,1,12,4,2,0"],
        answers: &[
            (1.0, 6081.8),
            (11.0, 6046.1),
            (17.0, 6277.4),
            (29.0, 6277.4),
            (50.0, 6145.5),
            (67.0, 5610.7),
            (115.0, 786.52),
        ],
    },
    Scenario {
        number: 11,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,2,1,12,3,2,0"],
        answers: &[
            (1.0, 7584.1),
            (11.0, 7511.7),
            (17.0, 7605.1),
            (29.0, 7605.1),
            (50.0, 7475.3),
            (67.0, 5810.7),
            (115.0, 714.77),
        ],
    },
    Scenario {
        number: 12,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,2,1,6,12,8.3333,0"],
        answers: &[
            (1.0, 15152.0),
            (11.0, 15152.0),
            (17.0, 15152.0),
            (29.0, 15152.0),
            (50.0, 15152.0),
            (67.0, 15152.0),
            (115.0, 2367.1),
        ],
    },
    Scenario {
        number: 13,
        lag: 0.0,
        bioavailability: 0.412,
        rows: &["0,1,100,2,1,10,8,4.12,0"],
        answers: &[
            (1.0, 3745.5),
            (11.0, 3745.5),
            (17.0, 3745.5),
            (29.0, 3745.5),
            (49.0, 3745.5),
            (67.0, 3745.5),
            (115.0, 947.0),
        ],
    },
    Scenario {
        number: 14,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,2,1,10,8,10,0"],
        answers: &[
            (1.0, 9090.9),
            (11.0, 9090.9),
            (17.0, 9090.9),
            (29.0, 9090.9),
            (49.0, 9090.9),
            (67.0, 9090.9),
            (115.0, 2298.5),
        ],
    },
    Scenario {
        number: 15,
        lag: 4.0,
        bioavailability: 0.412,
        rows: &["0,1,100,2,1,24,3,0,0"],
        answers: &[
            (1.0, 885.59),
            (11.0, 1912.7),
            (17.0, 1375.1),
            (29.0, 2660.5),
            (50.0, 838.2),
            (67.0, 1231.8),
            (115.0, 329.07),
        ],
    },
    Scenario {
        number: 16,
        lag: 5.0,
        bioavailability: 0.412,
        rows: &["0,1,100,2,0,24,3,0,0"],
        answers: &[
            (8.0, 1746.7),
            (13.0, 1326.7),
            (25.0, 685.71),
            (37.0, 1681.1),
            (50.0, 822.39),
            (79.0, 2505.3),
            (115.0, 345.9),
        ],
    },
    Scenario {
        number: 18,
        lag: 5.0,
        bioavailability: 0.61,
        rows: &["0,1,100,2,0,24,3,0,9"],
        answers: &[
            (8.0, 937.22),
            (13.0, 2193.3),
            (25.0, 1313.7),
            (37.0, 2872.3),
            (50.0, 1575.5),
            (79.0, 1906.0),
            (115.0, 662.67),
        ],
    },
    Scenario {
        number: 19,
        lag: 0.0,
        bioavailability: 0.61,
        rows: &["0,1,100,2,1,24,3,0,9"],
        answers: &[
            (1.0, 1691.3),
            (11.0, 2940.6),
            (17.0, 2114.1),
            (29.0, 2574.1),
            (50.0, 1930.5),
            (67.0, 1893.9),
            (115.0, 505.92),
        ],
    },
    Scenario {
        number: 21,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,4,100,1,1,12,0,0,0"],
        answers: &[
            (1.0, 9009.7),
            (11.0, 5866.3),
            (17.0, 4217.4),
            (29.0, 2179.8),
            (50.0, 686.76),
            (67.0, 269.61),
            (115.0, 19.24),
        ],
    },
    Scenario {
        number: 22,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,4,100,1,1,12,2,0,0"],
        answers: &[
            (1.0, 9009.7),
            (11.0, 5866.3),
            (17.0, 8157.0),
            (29.0, 8157.0),
            (50.0, 2570.8),
            (67.0, 1009.3),
            (115.0, 72.023),
        ],
    },
    Scenario {
        number: 23,
        lag: 10.0,
        bioavailability: 1.0,
        rows: &["0,4,100,2,1,12,0,0,0"],
        answers: &[
            (1.0, 8774.7),
            (11.0, 9795.0),
            (17.0, 7041.8),
            (29.0, 3639.6),
            (50.0, 1146.7),
            (67.0, 450.17),
            (115.0, 32.125),
        ],
    },
    Scenario {
        number: 24,
        lag: 10.0,
        bioavailability: 1.0,
        rows: &["0,4,100,2,1,12,2,0,0"],
        answers: &[
            (1.0, 8774.7),
            (11.0, 9795.0),
            (17.0, 7041.8),
            (29.0, 7041.8),
            (50.0, 4292.5),
            (67.0, 1685.2),
            (115.0, 120.26),
        ],
    },
    Scenario {
        number: 25,
        lag: 5.0,
        bioavailability: 1.0,
        rows: &["0,4,100,2,1,12,0,0,0", "12,4,200,2,1,12,0,0,0", "24,4,300,2,1,12,0,0,0"],
        answers: &[
            (1.0, 6665.0),
            (11.0, 7440.0),
            (17.0, 20698.0),
            (29.0, 31046.0),
            (50.0, 9781.4),
            (67.0, 3840.0),
            (115.0, 274.03),
        ],
    },
    Scenario {
        number: 28,
        lag: 0.0,
        bioavailability: 1.0,
        rows: &["0,1,100,1,1,24,3,0,0", "12,1,50,1,2,24,3,0,0"],
        answers: &[
            (1.0, 5545.1),
            (11.0, 3867.4),
            (17.0, 5468.7),
            (29.0, 6766.8),
            (50.0, 7725.7),
            (67.0, 4900.2),
            (115.0, 1309.0),
        ],
    },
];

#[test]
fn nonmem_gives_these_concentrations() {
    let mut worst = 0.0f64;
    for s in &SCENARIOS {
        // A lag of 0 is none.
        let lag = if s.lag > 0.0 { format!("lag='{} h'\n", s.lag) } else { String::new() };
        let text = format!(
            "[model]\ntitle='x'\n[cells.s]\nbirth='0'\ndeath='0'\n\
             [drugs.depot]\nroute='oral'\nka='1.5 /h'\nclearance='1.1 L/h'\nvolume='20 L'\nfelt_as='ng/mL'\n\
             [drugs.central]\nroute='bolus'\nclearance='1.1 L/h'\nvolume='20 L'\nfelt_as='ng/mL'\n{lag}\
             bioavailability='{}'\n[before_treatment]\nstart={{s='10 cells'}}\n",
            s.bioavailability.min(1.0)
        );
        let model = model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{text}\n{p}"));
        let study = "[study]\npatients=1\nseed=1\nhorizon='1 year'\nvisits='every week'\n[[arms]]\nname='x'\n\
                     records={file='t.csv', time_unit='h', compartments={1='depot', 2='central'}}\n";
        let rows: String = s.rows.iter().map(|row| format!("1,{row}\n")).collect();
        let table = format!("ID,TIME,EVID,AMT,CMT,SS,II,ADDL,RATE,DUR\n{rows}");
        let beside = Beside { regimens: None, records: &[("t.csv", "t.csv", &table)] };
        let study =
            study_with_files("study.toml", study, &beside, "x", &model).unwrap_or_else(|p| panic!("{table}\n{p}"));
        let mut exposure = Exposure::new(&Compiled::new(&model), &[], 0.0).unwrap();
        exposure.follow(study.arms[0].regimen_of(0));
        for &(hours, answer) in s.answers {
            exposure.advance(hours / 24.0);
            // More than all of a dose arrives in one scenario; the kinetics being linear, it is a larger dose.
            let share = s.bioavailability.max(1.0);
            let seen = (exposure.concentration(0) + share * exposure.concentration(1)) / model.drugs[0].felt_scale;
            let off = (seen / answer - 1.0).abs();
            assert!(off < 5.5e-5, "scenario {}, hour {hours}: {seen} for {answer}\n{table}", s.number);
            worst = worst.max(off);
        }
    }
    println!("{} scenarios, largest relative difference {worst:.1e} of answers to five digits", SCENARIOS.len());
}
