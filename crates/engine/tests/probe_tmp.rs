mod common;
use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law;
use remission_engine::before;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::*;
use remission_model::resolved::*;

fn rule(drug: usize, amount: f64, duration: f64, offsets: Vec<f64>, cycle: f64, from: f64, until: f64) -> DoseRule {
    DoseRule { drug, amount, duration, offsets, cycle, from, until }
}
fn reg(rules: Vec<DoseRule>) -> Regimen { Regimen { sentences: vec![], rules } }
fn times(k: f64, e: Expr) -> Expr { Expr::Binary(Op::Mul, Box::new(number(k)), Box::new(e)) }
fn plus(a: Expr, e: Expr) -> Expr { Expr::Binary(Op::Add, Box::new(a), Box::new(e)) }

#[test]
fn a_held_cycle() {
    let mut m = model(vec![cell("S", 0.1, 0.1)], &[(0, 10.0)]);
    m.drugs = vec![held_drug()];
    m.cells[0].death = plus(number(0.1), slot(Slot::Drug(0)));
    let c = Compiled::new(&m);
    let mut e = Exposure::new(&c, &[], 0.0).unwrap();
    e.follow(&reg(vec![rule(0, 20.0, 2.0, vec![0.0], 7.0, 0.0, f64::INFINITY), rule(0, 1.0, 5.0, vec![2.0], 7.0, 0.0, f64::INFINITY)]));
    for d in 0..16 { e.advance(d as f64 + 0.5); print!("{} ", e.concentration(0)); }
    println!();
}

#[test]
fn b_escalation() {
    let mut m = model(vec![cell("S", 0.3, 0.1)], &[(0, 1e6)]);
    m.drugs = vec![held_drug()];
    m.cells[0].death = plus(number(0.1), times(0.1, slot(Slot::Drug(0))));
    let c = Compiled::new(&m);
    let r = reg(vec![rule(0, 1.0, 14.0, vec![0.0], f64::INFINITY, 0.0, f64::INFINITY), rule(0, 3.0, 14.0, vec![0.0], f64::INFINITY, 14.0, f64::INFINITY)]);
    for method in [Method::Leap, Method::Exact] {
        let s = before::start(&c, &[], method, &mut Stream::new(1,0,0,Purpose::BeforeTreatment)).unwrap();
        let mut t = Tumour::new(&c, &[], s, method).unwrap();
        t.follow(&r);
        for d in 1..=28 { t.advance(d as f64, f64::INFINITY, &mut Stream::new(1,0,d,Purpose::Treatment)).unwrap(); if d%7==0 {println!("{method:?} day {d}: {} expected {:.4e}", t.state.total(), 1e6*(if d<=14 {0.1*d as f64} else {1.4-0.1*(d as f64-14.0)}).exp()); }}
    }
}

#[test]
fn c_eight_hours() {
    let mut m = model(vec![cell("S", 0.3, 0.1), cell("R", 0.3, 0.1)], &[(0, 100.0)]);
    m.cells[0].mutations = vec![mutates(1, 1e-3)];
    m.drugs = vec![oral_drug(20.0, 94.8, 233.0)];
    m.cells[0].death = plus(number(0.1), times(5.0, slot(Slot::Drug(0))));
    let c = Compiled::new(&m);
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for k in 0..200 {
            for (method, cycle) in [(Method::Exact, 1.0/3.0), (Method::Exact, 0.7), (Method::Leap, 1.0/3.0)] {
            tx.send(format!("{k} {method:?} {cycle}")).unwrap();
            let s = before::start(&c, &[], method, &mut Stream::new(1,0,k,Purpose::BeforeTreatment)).unwrap();
            let mut t = Tumour::new(&c, &[], s, method).unwrap();
            t.follow(&every(0, 200.0, cycle));
            t.advance(10.0, f64::INFINITY, &mut Stream::new(1,0,k,Purpose::Treatment)).unwrap();
            }
        }
        tx.send("done".into()).unwrap();
    });
    let mut last = String::new();
    loop { match rx.recv_timeout(std::time::Duration::from_secs(20)) { Ok(s) => { last = s; if last=="done" {break;} } Err(e) => { panic!("stuck or died at {last}: {e:?}"); } } }
    println!("c: {last}");
}

#[test]
fn d_overshoot() {
    for (b, d, until) in [(1.0, 0.5, 1e5), (1.0, 0.0, 1e5), (0.14, 0.13, 1e5), (0.14,0.13,1e9), (1.0,0.5,1e9)] {
      for u in [0.0, 5e-6] {
        let mut m = model(vec![cell("S", b, d), cell("R", b, d)], &[]);
        if u > 0.0 { m.cells[0].mutations = vec![mutates(1, u*1e5/until)]; }
        m.start = Start::Grown { founder: 0, from: 1, until: number(until) };
        let c = Compiled::new(&m);
        let clock = std::time::Instant::now();
        let mut over: Vec<f64> = (0..300).map(|k| before::start(&c, &[], Method::Leap, &mut Stream::new(1,0,k,Purpose::BeforeTreatment)).unwrap().total() as f64 - until).collect();
        over.sort_by(f64::total_cmp);
        println!("b {b} d {d} until {until:e} u {u}: overshoot cells median {} 90% {} max {}  {:.3} ms each", over[150], over[270], over[299], clock.elapsed().as_secs_f64()*1e3/300.0);
      }
    }
}

#[test]
fn e_looks() {
    let mut m = model(vec![cell("S", 0.5, 0.4), cell("R", 0.4, 0.3)], &[(0, 500.0)]);
    m.cells[0].mutations = vec![mutates(1, 1e-2)];
    let c = Compiled::new(&m);
    let mut states = vec![];
    for looks in [1, 10] {
        let mut st = Stream::new(1,0,0,Purpose::Treatment);
        let s = before::start(&c, &[], Method::Exact, &mut Stream::new(1,0,0,Purpose::BeforeTreatment)).unwrap();
        let mut t = Tumour::new(&c, &[], s, Method::Exact).unwrap();
        for l in 1..=looks { t.advance(10.0*l as f64/looks as f64, f64::INFINITY, &mut st).unwrap(); }
        println!("{looks}: {:?} {:?}", t.state.extinct, t.state.blocks[1].counts);
        states.push(t.state);
    }
    println!("equal {}", states[0]==states[1]);
}

#[test]
fn f_zero() {
    let mut m = model(vec![cell("S", 0.5, 0.4), cell("R", 0.4, 0.3)], &[(0, 500.0)]);
    m.cells[0].mutations = vec![mutates(1, 1e-2)];
    m.drugs = vec![oral_drug(20.0, 94.8, 233.0)];
    m.cells[0].death = plus(number(0.4), times(5.0, slot(Slot::Drug(0))));
    let c = Compiled::new(&m);
    for method in [Method::Exact, Method::Leap] {
    let mut states = vec![];
    for dose in [false, true] {
        let mut st = Stream::new(1,0,0,Purpose::Treatment);
        let s = before::start(&c, &[], Method::Exact, &mut Stream::new(1,0,0,Purpose::BeforeTreatment)).unwrap();
        let mut t = Tumour::new(&c, &[], s, method).unwrap();
        if dose { t.follow(&every(0, 0.0, 1.0)); } else { t.follow(&Regimen::default()); }
        t.advance(10.0, f64::INFINITY, &mut st).unwrap();
        states.push(t.state);
    }
    println!("{method:?} zero dose: equal {} {:?} {:?} {:?} {:?}", states[0]==states[1], states[0].pending, states[1].pending, states[0].total(), states[1].total());
    }
}

#[test]
fn g_short() {
    for half in [20.0, 10.0, 7.0, 5.0, 2.0] {
    let k = 2f64.ln() * 1440.0 / half;
    let mut m = model(vec![cell("S", 0.0, 0.0)], &[(0, 1e6)]);
    m.drugs = vec![Drug { route: Route::Bolus, clearance: number(k), volume: number(1.0), ..held_drug() }];
    m.cells[0].death = times(0.7*k, slot(Slot::Drug(0)));
    let c = Compiled::new(&m);
    let mut e = Exposure::new(&c, &[], 0.0).unwrap();
    e.follow(&every(0, 1.0, 7.0));
    println!("half-life {half} min: mean {:.4} expected {:.4}", law::moments(&c, &[], &e, &[1.0], 7.0).unwrap().mean[0], (-0.7f64).exp());
    }
}

#[test]
fn h_logistic() {
    let mut m = model(vec![cell("S", 1.0, 0.1)], &[(0, 3.0)]);
    m.cells[0].birth = times(1.0, Expr::Call(Law::Logistic, vec![slot(Slot::Total), number(1000.0)]));
    let c = Compiled::new(&m);
    for method in [Method::Exact, Method::Leap] {
        let x: Vec<f64> = (0..2000).map(|k| {
            let s = before::start(&c, &[], method, &mut Stream::new(1,0,0,Purpose::BeforeTreatment)).unwrap();
            let mut t = Tumour::new(&c, &[], s, method).unwrap();
            t.advance(7.0, f64::INFINITY, &mut Stream::new(1,0,k,Purpose::Treatment)).unwrap();
            t.state.total() as f64 }).collect();
        let (mu, v, _) = sample_moments(&x);
        println!("logistic {method:?}: mean {mu:.1} sd {:.1} max {}", v.sqrt(), x.iter().cloned().fold(0.0, f64::max));
    }
}
