//! One evaluation: the study with some numbers changed, on a small cohort; and many of them on all cores.

use super::output::{Figure, Quantity, Seen};
use crate::patient::Method;
use crate::run::{Finish, Handed, each, guarded};
use remission_engine::compiled::Compiled;
use remission_model::resolved::{Model, Study};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is evaluated: the study with its patients and seed, and what is asked of which arm.
#[derive(Debug, Clone)]
pub struct Task {
    /// The model at its central values.
    pub model: Model,
    /// The study; its `patients` are those of one evaluation.
    pub study: Study,
    /// What is asked: index of the arm, and of what.
    pub outputs: Vec<(usize, Quantity)>,
}

/// What came of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// One figure an output; none of them where a patient failed.
    pub figures: Vec<Figure>,
    /// Patients without an outcome, and why the first of them has none.
    pub failed: Option<(usize, String)>,
}

impl Task {
    /// The study with these parameters (index, value in base units) at other values. The same patients are met whatever is changed: their
    /// deviates, visits and streams are those of the seed.
    ///
    /// A figure over some of the patients would be another figure, so one failed patient makes the evaluation a failed one.
    pub fn evaluate(&self, changes: &[(usize, f64)]) -> Evaluated {
        let mut model = self.model.clone();
        for (parameter, value) in changes {
            model.parameters[*parameter].value = *value;
        }
        let compiled = Compiled::new(&model);
        let mut seen: Vec<Vec<Seen>> = vec![Vec::new(); self.study.arms.len()];
        let (mut failures, mut first) = (0, None);
        for number in 0..self.study.patients {
            match guarded(&compiled, &self.study, number, Method::Leap).arms {
                Ok(arms) => seen.iter_mut().zip(&arms).for_each(|(all, arm)| all.push(Seen::of(arm))),
                Err((arm, why)) => {
                    failures += 1;
                    first.get_or_insert_with(|| {
                        let arm =
                            arm.map_or("before treatment".into(), |k| format!("arm \"{}\"", self.study.arms[k].name));
                        format!("patient {number}, {arm}: {why}")
                    });
                }
            }
        }
        let figure = |(arm, quantity): &(usize, Quantity)| match first {
            Some(_) => Figure::NONE,
            None => Figure::of(*quantity, &seen[*arm], &model, self.study.horizon),
        };
        Evaluated {
            figures: self.outputs.iter().map(figure).collect(),
            failed: first.clone().map(|why| (failures, why)),
        }
    }

    /// Evaluates every point, in order, on `threads` threads; `done` is told how many are. Nothing once `stop` was raised.
    pub fn all(
        &self,
        points: Vec<Vec<(usize, f64)>>,
        threads: usize,
        stop: &AtomicBool,
        mut done: impl FnMut(usize),
    ) -> Option<Vec<Evaluated>> {
        let number = points.len() as u32;
        let (task, points) = (Arc::new(self.clone()), Arc::new(points));
        let one = move |k: u32| task.evaluate(&points[k as usize]);
        let mut found = Vec::new();
        let finish = each(0..number, threads, 1, stop, one, |handed| {
            if let Handed::Next(evaluated) = handed {
                found.push(evaluated);
                done(found.len());
            }
            Ok::<(), std::convert::Infallible>(())
        });
        match finish {
            Ok(Finish::Complete) => Some(found),
            Ok(Finish::Interrupted) => None,
            Err(never) => match never {},
        }
    }
}
