//! `remission bench`: how fast this machine is, and whether what it draws is the law.

use crate::args;
use crate::bench::clock::NAME;
use crate::bench::{self, Figures, Measured, Patients, WORKLOADS, Workload};
use crate::failure::{Exit, code};
use crate::report::words::thousands;
use remission_engine::tumour::Method;
use serde_json::{Map, Value, json};
use std::sync::atomic::AtomicBool;

/// The catalogue's study whose patients are timed.
const STUDY: &str = "nsclc-egfr-tki";
/// Patients of it, unless told otherwise.
const PATIENTS: u32 = 100;
/// Standard errors from which a figure is marked; one of 16,000 lies as far out by chance.
const FAR: f64 = 4.0;
/// Replicates from which they are: the standard error of a standard deviation is the sample's own and means little for few.
const ENOUGH: u32 = 1_000;

enum Work {
    Law(&'static Workload),
    Study(String),
}

/// `remission bench`
pub fn bench(args: &args::Bench, stop: &AtomicBool) -> Result<u8, Exit> {
    let method = match args.method {
        args::BenchMethod::Leap => Method::Leap,
        args::BenchMethod::Exact => Method::Exact,
    };
    let works = chosen(&args.workload, method)?;
    if !args.json {
        let way = if method == Method::Leap { "leap" } else { "exact" };
        sayln!(
            "{way}; milliseconds are {NAME}, set-up spread over the replicates; z is in standard errors from the law, \
             from a thousand replicates on"
        );
    }
    let mut all = Vec::new();
    let mut far = 0;
    for work in works {
        let interrupted = || Exit { message: "interrupted".into(), code: code::INTERRUPTED };
        match work {
            Work::Law(workload) => {
                let replicates = args.replicates.or(workload.usual(method)).unwrap_or(1);
                let m = bench::measure(workload, method, replicates, args.seed, stop)?.ok_or_else(interrupted)?;
                far += figures(&m.z).filter(|&z| is_far(z, m.replicates)).count();
                if args.json {
                    all.push(document(workload.name, method, &m));
                } else {
                    print(workload.name, &m);
                }
            }
            Work::Study(id) => {
                // A patient takes a thousand times as long as a replicate: more only where the study is named.
                let most = if args.workload.is_empty() { PATIENTS } else { 10_000_000 };
                let count = args.replicates.map_or(PATIENTS, |n| n.min(most));
                let p = bench::patients(&id, count, args.seed, stop)?.ok_or_else(interrupted)?;
                if args.json {
                    all.push(json!({
                        "workload": id, "method": "leap", "replicates": p.replicates, "arms": p.arms,
                        "horizon_days": p.horizon, "setup_ms": p.setup_ms, "ms_per_replicate": p.ms,
                    }));
                } else {
                    print_patients(&id, &p);
                }
            }
        }
    }
    if args.json {
        sayln!("{:#}", Value::Array(all));
    } else if far > 0 {
        sayln!("{far} marked ! beyond {FAR} standard errors; a right law has one in 16,000");
    }
    Ok(code::DONE)
}

/// What was named, or everything that this method can run.
fn chosen(names: &[String], method: Method) -> Result<Vec<Work>, Exit> {
    let first = STUDY.to_string();
    if names.is_empty() {
        let mut all: Vec<Work> = WORKLOADS.iter().filter(|w| w.usual(method).is_some()).map(Work::Law).collect();
        if method == Method::Leap {
            all.push(Work::Study(first));
        }
        return Ok(all);
    }
    let mut works = Vec::new();
    let mut refused = String::new();
    for name in names {
        let leap_only = |size: f64| {
            format!(
                "error: {name} starts at {size:.0e} cells, too many to follow event by event\n  leave out --method exact\n"
            )
        };
        if let Some(workload) = WORKLOADS.iter().find(|w| w.name.eq_ignore_ascii_case(name)) {
            match workload.usual(method) {
                Some(_) => works.push(Work::Law(workload)),
                None => refused += &leap_only(bench::cells(workload)),
            }
        } else if *name == first {
            match method {
                Method::Leap => works.push(Work::Study(first.clone())),
                Method::Exact => refused += &leap_only(1e10),
            }
        } else {
            let known: Vec<&str> = WORKLOADS.iter().map(|w| w.name).collect();
            refused += &format!("error: there is no workload `{name}`\n  there are {} and {first}\n", known.join(", "));
        }
    }
    if refused.is_empty() { Ok(works) } else { Err(Exit::refused(refused)) }
}

fn figures(z: &Figures) -> impl Iterator<Item = f64> {
    z.mean.iter().chain(&z.sd).copied().chain(z.none)
}

fn document(name: &str, method: Method, m: &Measured) -> Value {
    let by_type = |x: &[f64]| -> Value {
        m.types.iter().zip(x).map(|(t, &v)| (t.clone(), json!(v))).collect::<Map<String, Value>>().into()
    };
    let block = |f: &Figures| json!({ "mean": by_type(&f.mean), "sd": by_type(&f.sd), "p_no_resistant": f.none });
    json!({
        "workload": name,
        "method": if method == Method::Leap { "leap" } else { "exact" },
        "replicates": m.replicates,
        "looks": m.looks,
        "setup_ms": m.setup_ms,
        "ms_per_replicate": m.ms,
        "words_per_replicate": m.words,
        "mean": by_type(&m.seen.mean),
        "sd": by_type(&m.seen.sd),
        "p_no_resistant": m.seen.none,
        "theory": block(&m.theory),
        "z": block(&m.z),
    })
}

fn print(name: &str, m: &Measured) {
    let looks = if m.looks == 1 { "one look".to_string() } else { format!("{} looks", m.looks) };
    sayln!(
        "{name:<4} {}\n     {} ms a replicate ({} replicates, set-up {:.2} ms, {looks}, {:.1} random words each)",
        m.title,
        short(m.ms),
        thousands(u64::from(m.replicates)),
        m.setup_ms,
        m.words
    );
    for (t, cell) in m.types.iter().enumerate() {
        let of = |seen: &[f64], law: &[f64], z: &[f64]| {
            format!("{:>12.5e} law {:>12.5e} z {}", seen[t], law[t], shown(z[t], m.replicates))
        };
        sayln!(
            "     {cell:<3} mean {}   sd {}",
            of(&m.seen.mean, &m.theory.mean, &m.z.mean),
            of(&m.seen.sd, &m.theory.sd, &m.z.sd)
        );
    }
    if let (Some(seen), Some(law), Some(z)) = (m.seen.none, m.theory.none, m.z.none) {
        sayln!("     P(no resistant cell) {seen:.5} law {law:.7} z {}", shown(z, m.replicates));
    }
}

fn print_patients(id: &str, p: &Patients) {
    sayln!(
        "{id}\n     {} ms a patient in all {} arms, {:.0} days, no tables written ({} patients, set-up {:.2} ms)",
        short(p.ms),
        p.arms,
        p.horizon,
        thousands(u64::from(p.replicates)),
        p.setup_ms
    );
}

fn is_far(z: f64, replicates: u32) -> bool {
    replicates >= ENOUGH && z.abs() > FAR
}

fn shown(z: f64, replicates: u32) -> String {
    match z {
        z if z.is_nan() || replicates < ENOUGH => "-".to_string(),
        // No minus before what rounds to nothing.
        z if z.abs() < 0.005 => "+0.00".to_string(),
        z => format!("{z:+.2}{}", if is_far(z, replicates) { " !" } else { "" }),
    }
}

/// Three digits.
fn short(x: f64) -> String {
    let decimals = if x > 0.0 { (2.0 - libm::floor(libm::log10(x))).clamp(0.0, 9.0) as usize } else { 1 };
    format!("{x:.decimals$}")
}
