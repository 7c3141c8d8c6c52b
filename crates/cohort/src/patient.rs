//! One virtual patient in every arm: drawn once, grown once, treated, looked at, assessed.
//!
//! Adaptive decisions close here, one visit at a time; the engine is only told what to follow until the next.

use crate::barcodes;
use crate::ctdna;
use crate::events::{Events, LOOK};
use crate::lesions::new_lesions;
use crate::measure::{Instruments, ReadingStreams, first_channel};
use crate::modification::{Modifications, Watch};
use crate::outcome::*;
use crate::recist::{Assessor, RecistOptions, Response, Visit};
use crate::variation;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::failure::Failure;
use remission_engine::mean::MeanTumour;
use remission_engine::state::{Origin, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{self, Stop, Tumour};
use remission_model::resolved::{AfterProgression, Arm, Kind, Model, Regimen, Study};

/// Clones are listed at a look from this share of the tumour.
pub const SHOWN: f64 = 1e-3;

/// How patients are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Event by event.
    Exact,
    /// Whole steps.
    Leap,
    /// The mean equations: one deterministic tumour a patient.
    Mean,
}

impl Method {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Exact => "exact",
            Method::Leap => "leap",
            Method::Mean => "mean",
        }
    }
}

/// Mechanisms of resistance in a model, in order of first mention.
pub fn mechanisms(model: &Model) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in model.cells.iter().filter_map(|c| c.mechanism.as_ref()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Patient `number` of a study, in every arm.
pub fn run(compiled: &Compiled, study: &Study, number: u32, method: Method) -> PatientOutcome {
    let mut stream = Stream::new(study.seed, u64::from(number), 0, Purpose::Parameters);
    let (parameters, covariates) = variation::patient(&compiled.model, &mut stream);
    PatientOutcome { patient: number, covariates, arms: arms(compiled, study, number, method, parameters) }
}

fn arms(
    compiled: &Compiled,
    study: &Study,
    number: u32,
    method: Method,
    parameters: Vec<f64>,
) -> Result<Vec<ArmOutcome>, (Option<usize>, String)> {
    let stream = |purpose| Stream::new(study.seed, u64::from(number), 0, purpose);
    let visits = variation::visit_days(&study.visits, study.horizon, &mut stream(Purpose::Visits));
    let early = |failure: Failure| (None, failure.to_string());
    let start = match engine_method(method) {
        Some(m) => Some(before::start(compiled, &parameters, m, &mut stream(Purpose::BeforeTreatment)).map_err(early)?),
        None => None,
    };
    let mut dies = f64::INFINITY;
    let mut lethal = f64::INFINITY;
    if let Some(death) = &compiled.model.death {
        let hazard = before::over_parameters(compiled, &parameters, &death.background);
        if !(hazard >= 0.0 && hazard.is_finite()) {
            return Err(early(Failure::Parameter { name: "death.background".into(), value: hazard }));
        }
        dies = variation::death_day(hazard, &mut stream(Purpose::Death));
        if let Some(burden) = &death.burden {
            lethal = before::over_parameters(compiled, &parameters, burden);
        }
    }
    let patient = Patient { compiled, study, number, parameters, visits, start, dies, lethal, method };
    study
        .arms
        .iter()
        .enumerate()
        .map(|(k, arm)| {
            let mut treatment = stream(Purpose::Treatment);
            let blood = ctdna::streams(&compiled.model, || stream(Purpose::Ctdna));
            let mut reading = ReadingStreams { meters: stream(Purpose::Measurement), blood };
            patient.treat(arm, &mut treatment, &mut reading).map_err(|failure| (Some(k), failure.to_string()))
        })
        .collect()
}

fn engine_method(method: Method) -> Option<tumour::Method> {
    match method {
        Method::Exact => Some(tumour::Method::Exact),
        Method::Leap => Some(tumour::Method::Leap),
        Method::Mean => None,
    }
}

struct Patient<'a> {
    compiled: &'a Compiled,
    study: &'a Study,
    number: u32,
    parameters: Vec<f64>,
    visits: Vec<f64>,
    start: Option<State>,
    dies: f64,
    lethal: f64,
    method: Method,
}

impl Patient<'_> {
    fn treat(&self, arm: &Arm, treatment: &mut Stream, reading: &mut ReadingStreams) -> Result<ArmOutcome, Failure> {
        let (compiled, study) = (self.compiled, self.study);
        let mut cells = Subject::new(self)?;
        let mut instruments = Instruments::new(compiled, &self.parameters)?;
        let follow = |cells: &mut Subject<'_>, instruments: &mut Instruments, regimen: &Regimen| {
            cells.follow(regimen);
            instruments.follow(regimen);
        };
        if !arm.rules.is_empty() {
            cells.prepare_to_scale();
            instruments.prepare_to_scale();
        }
        follow(&mut cells, &mut instruments, arm.regimen_of(self.number));
        let mut seen = vec![cells.look(compiled, &mut instruments, 0.0, reading)?];
        let mut clones = Vec::new();
        cells.clones(0.0, &mut clones);
        let mut barcodes = Vec::new();
        cells.barcodes(compiled, &mut barcodes);
        let recist_on = study.recist_on.map(|m| first_channel(&compiled.model, m));
        let new_lesions = study.recist_on.zip(recist_on).and_then(|(m, first)| new_lesions(&compiled.model, m, first));
        let mut assessor = recist_on.and_then(|m| {
            // A patient without measurable disease at baseline cannot be assessed.
            Assessor::new(0.0, seen[0].readings[m], &RecistOptions::default()).ok()
        });
        let mut events = Events::new(compiled, &self.parameters, &seen[0].levels, study.seed, self.number)?;
        events.show(0.0, &mut seen[0].levels);
        let mut watch =
            study.progression_when.as_ref().map(|called| Watch::new(&called.condition, &compiled.model, &seen[0]));
        let mut modifications = Modifications::new(&arm.rules, &compiled.model, &seen[0]);
        let mut dose_changes = Vec::new();
        let mut rebiopsy = None;
        let size = self.lethal.min(study.ceiling);
        let mut visit = 0;
        let (ended, end) = loop {
            let look = self.visits.get(visit).copied().unwrap_or(f64::INFINITY).min(study.horizon);
            let until = look.min(self.dies);
            match cells.advance_with(&mut events, until, size, treatment)? {
                Some(Met::Size(day)) => {
                    let ended = if self.lethal <= study.ceiling { Ended::TumourDeath } else { Ended::Ceiling };
                    break (ended, day);
                }
                Some(Met::Killed(day)) => break (Ended::EventDeath, day),
                None => {}
            }
            if self.dies <= look {
                break (Ended::Death, self.dies);
            }
            if visit >= self.visits.len() {
                break (Ended::Horizon, study.horizon);
            }
            visit += 1;
            let mut now = cells.look(compiled, &mut instruments, look, reading)?;
            events.show(look, &mut now.levels);
            cells.clones(look, &mut clones);
            cells.barcodes(compiled, &mut barcodes);
            let mut progressed = false;
            if let (Some(assessor), Some(m)) = (&mut assessor, recist_on) {
                let before = assessor.progression().is_some();
                let sum = Some(now.readings[m]);
                // A reading is finite and later than the last, so it can always be assessed.
                let new_lesion = new_lesions.as_ref().is_some_and(|n| n.seen(&seen[0].readings, &now.readings));
                if assessor.visit(Visit { time: look, sum, new_lesion }).is_ok() {
                    progressed = !before && assessor.progression().is_some();
                }
            }
            progressed |= watch.as_mut().is_some_and(|w| w.look(&now));
            if progressed {
                rebiopsy = Some(cells.rebiopsy(compiled, &now.by_type, study.rebiopsy_detects));
            }
            let first = dose_changes.len();
            modifications.look(&now, &mut dose_changes);
            seen.push(now);
            if progressed {
                match &arm.after_progression {
                    AfterProgression::Continue => {}
                    AfterProgression::Stop => follow(&mut cells, &mut instruments, &Regimen::default()),
                    AfterProgression::Switch(next) => follow(&mut cells, &mut instruments, next),
                    AfterProgression::End => {
                        dose_changes.truncate(first);
                        break (Ended::Progression, look);
                    }
                }
            }
            for drug in 0..compiled.model.drugs.len() {
                if dose_changes[first..].iter().any(|c| c.drug == drug) {
                    cells.scale_doses(drug, modifications.scale(drug));
                    instruments.scale_doses(drug, modifications.scale(drug));
                }
            }
            if look >= study.horizon {
                break (Ended::Horizon, look);
            }
        };
        let died = matches!(ended, Ended::Death | Ended::TumourDeath | Ended::EventDeath);
        let assessment = assessor.as_ref().map(Assessor::finish);
        let called = watch.as_ref().and_then(|w| w.called);
        let progressed = assessment.as_ref().and_then(|a| a.progression).map(|p| (p.time, p.after)).or(called);
        let watched = watch.as_ref().map_or(0.0, Watch::last);
        let last = assessment.as_ref().map_or(watched, |a| a.last_evaluable);
        let known = |time| Waited { time, event: true, after: time };
        let unknown = |time| Waited { time, event: false, after: time };
        let survival = if died { known(end) } else { unknown(end) };
        let time_to_progression = match progressed {
            Some((time, after)) => Waited { time, event: true, after },
            None => unknown(last),
        };
        // Who lives is known to be free of progression up to the last visit only: a death after it would be one of hardly anybody at risk.
        let followed = visit < self.visits.len();
        let progression = if progressed.is_none() && died && followed { known(end) } else { time_to_progression };
        let best = assessment.as_ref().map(|a| a.best);
        Ok(ArmOutcome {
            progression,
            time_to_progression,
            survival,
            best: best.or(study.recist_on.map(|_| Response::NotEvaluable)),
            best_change: assessment.and_then(|a| a.best_change),
            rebiopsy,
            ended,
            extinct_clones: cells.extinct(),
            seen,
            clones,
            dose_changes,
            barcodes,
            events: events.seen,
        })
    }
}

/// What ends a patient's run between visits.
enum Met {
    /// The tumour reached a size, on this day.
    Size(f64),
    /// An event killed the patient, on this day.
    Killed(f64),
}

/// The cells of a patient in an arm: a tumour, or the mean of one.
enum Subject<'a> {
    Cells(Box<Tumour<'a>>),
    Mean(Box<MeanTumour<'a>>),
}

impl<'a> Subject<'a> {
    fn new(patient: &Patient<'a>) -> Result<Self, Failure> {
        let compiled = patient.compiled;
        match (&patient.start, engine_method(patient.method)) {
            (Some(start), Some(method)) => {
                Ok(Subject::Cells(Box::new(Tumour::new(compiled, &patient.parameters, start.clone(), method)?)))
            }
            _ => Ok(Subject::Mean(Box::new(MeanTumour::start(compiled, &patient.parameters)?))),
        }
    }

    fn follow(&mut self, regimen: &Regimen) {
        match self {
            Subject::Cells(tumour) => tumour.follow(regimen),
            Subject::Mean(mean) => mean.follow(regimen),
        }
    }

    fn prepare_to_scale(&mut self) {
        match self {
            Subject::Cells(tumour) => tumour.prepare_to_scale(),
            Subject::Mean(mean) => mean.prepare_to_scale(),
        }
    }

    fn scale_doses(&mut self, drug: usize, scale: f64) {
        match self {
            Subject::Cells(tumour) => tumour.scale_doses(drug, scale),
            Subject::Mean(mean) => mean.scale_doses(drug, scale),
        }
    }

    /// Advances; the day on which the size was reached, if it was.
    fn advance(&mut self, until: f64, size: f64, stream: &mut Stream) -> Result<Option<f64>, Failure> {
        match self {
            Subject::Cells(tumour) => Ok(match tumour.advance(until, size, stream)? {
                Stop::Time => None,
                Stop::Size(day) => Some(day),
            }),
            Subject::Mean(mean) => mean.advance_below(until, size),
        }
    }

    /// As [`advance`](Self::advance), and taking what happens to the patient on the way.
    fn advance_with(
        &mut self,
        events: &mut Events,
        until: f64,
        size: f64,
        stream: &mut Stream,
    ) -> Result<Option<Met>, Failure> {
        if events.is_empty() {
            return Ok(self.advance(until, size, stream)?.map(Met::Size));
        }
        let mut before = self.levels();
        while before.0 < until {
            let reached = self.advance((before.0 + LOOK).min(until), size, stream)?;
            let after = self.levels();
            if let Some(day) = events.pass((before.0, &before.1), (after.0, &after.1)) {
                return Ok(Some(Met::Killed(day)));
            }
            if let Some(day) = reached {
                return Ok(Some(Met::Size(day)));
            }
            before = after;
        }
        Ok(None)
    }

    /// Time and levels as they are.
    fn levels(&self) -> (f64, Vec<f64>) {
        match self {
            Subject::Cells(tumour) => (tumour.state.time, tumour.state.levels.clone()),
            Subject::Mean(mean) => {
                let means = mean.means();
                (means.time, means.levels)
            }
        }
    }

    fn look(
        &self,
        compiled: &Compiled,
        instruments: &mut Instruments,
        time: f64,
        streams: &mut ReadingStreams,
    ) -> Result<Seen, Failure> {
        let (by_type, levels) = match self {
            Subject::Cells(tumour) => {
                let counts = tumour.state.by_type(compiled);
                (counts.into_iter().map(|n| n as f64).collect::<Vec<_>>(), tumour.state.levels.clone())
            }
            Subject::Mean(mean) => {
                let means = mean.means();
                (means.by_type(), means.levels)
            }
        };
        let readings = instruments.read(compiled, time, &by_type, &levels, streams)?;
        Ok(Seen { time, total: compiled.total(&by_type), by_type, levels, readings })
    }

    fn clones(&self, time: f64, out: &mut Vec<CloneSeen>) {
        let Subject::Cells(tumour) = self else { return };
        let least = (tumour.state.tumour(tumour.compiled()) as f64 * SHOWN).max(1.0);
        for clones in tumour.state.blocks.iter().filter(|c| !c.founders.is_empty()) {
            let width = clones.counts.len() / clones.founders.len();
            for (founder, row) in clones.founders.iter().zip(clones.counts.chunks_exact(width)) {
                let cells: u64 = row.iter().sum();
                if cells as f64 >= least {
                    out.push(CloneSeen { founder: *founder, cells, time });
                }
            }
        }
    }

    fn barcodes(&self, compiled: &Compiled, out: &mut Vec<BarcodesSeen>) {
        if let (Subject::Cells(tumour), true) = (self, compiled.model.barcodes.is_some()) {
            out.push(barcodes::look(compiled, &tumour.state));
        }
    }

    fn extinct(&self) -> u64 {
        match self {
            Subject::Cells(tumour) => tumour.state.extinct,
            Subject::Mean(_) => 0,
        }
    }

    fn rebiopsy(&self, compiled: &Compiled, by_type: &[f64], detects: f64) -> Rebiopsy {
        let model = &compiled.model;
        let total = compiled.total(by_type).max(1.0);
        let share = |(k, n): (usize, &f64)| if model.is_tumour(k) { n / total } else { 0.0 };
        let shares: Vec<f64> = by_type.iter().enumerate().map(share).collect();
        let found = mechanisms(model)
            .iter()
            .map(|name| {
                let share: f64 = (0..shares.len())
                    .filter(|&i| model.cells[i].mechanism.as_ref() == Some(name))
                    .map(|i| shares[i])
                    .sum();
                share >= detects
            })
            .collect();
        let (origin, cells) = self.largest_resistant(compiled);
        let origin = match origin {
            Some(origin) if cells > RESPONSIBLE * total => OriginFound::Clone(origin),
            _ => OriginFound::NonGenetic,
        };
        Rebiopsy { origin, found, shares }
    }

    /// Label and size of the largest resistant clone (of a mean, of the largest label). Cells that became resistant by switching alone are in a clone
    /// that began otherwise, whose label says when that began and not why they resist.
    fn largest_resistant(&self, compiled: &Compiled) -> (Option<Origin>, f64) {
        let resistant = |i: usize| compiled.model.cells[i].kind == Kind::Resistant;
        let mut best = (None, 0.0);
        match self {
            Subject::Cells(tumour) => {
                for (block, clones) in compiled.blocks.iter().zip(&tumour.state.blocks) {
                    let rows = clones.founders.iter().zip(clones.counts.chunks_exact(block.types.len()));
                    for (founder, row) in rows.filter(|(founder, _)| resistant(founder.cell_type)) {
                        let cells: u64 =
                            block.types.iter().zip(row).filter(|(t, _)| resistant(**t)).map(|(_, n)| n).sum();
                        if cells as f64 > best.1 {
                            best = (Some(founder.origin), cells as f64);
                        }
                    }
                }
            }
            Subject::Mean(mean) => {
                for (origin, row) in Origin::ALL.iter().zip(&mean.means().by_origin) {
                    let cells: f64 = row.iter().enumerate().filter(|(i, _)| resistant(*i)).map(|(_, n)| n).sum();
                    if cells > best.1 {
                        best = (Some(*origin), cells);
                    }
                }
            }
        }
        best
    }
}
