//! Two logs that are laid beside each other, from the start of each on: jobs, or runs of one.

use super::elsewhere::{SoughtLog, logs_of};
use super::job::{Job, State};
use super::log::Clock;
use super::{Model, groups};
use crate::reading::Window;
use crate::source::Place;
use std::time::Duration;

/// A log, or one run of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Side {
    pub log: SoughtLog,
    pub window: Window,
    /// The job's name, also once it is gone.
    pub name: String,
    /// Which run it is, the first being 1, if there have been several.
    pub run: Option<usize>,
    /// How it was when it was chosen.
    pub state: State,
    /// How long the run took, in milliseconds, if it has ended.
    pub took: Option<i64>,
}

/// Two of them on the screen.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Split {
    pub sides: [Side; 2],
    /// What the time column showed before, and whether the end was followed.
    pub clock: Clock,
    pub followed: bool,
}

impl Side {
    /// All of a job's log, whatever runs it has had.
    pub fn whole(job: &Job) -> Option<Side> {
        let log = logs_of(job).into_iter().next()?;
        let (name, state) = (job.name.clone(), job.state);
        Some(Side { log, window: Window::default(), name, run: None, state, took: None })
    }

    /// A run of a job, by its number among those that are known; the newest if there is only one.
    fn run(job: &Job, nth: usize) -> Option<Side> {
        let side = Side::whole(job)?;
        let Some(run) = &job.run else { return Some(side) };
        let started = run.runs.get(nth)?;
        let next = run.runs.get(nth + 1);
        // Of the only run there is what stands above it is shown too: nothing else can have written that.
        let from = (run.runs.len() > 1).then_some(started.at);
        Some(Side {
            window: Window { from, until: next.map(|next| next.at), clock: Some(started.at) },
            run: (run.number > 1).then(|| run.number - run.runs.len() + nth + 1),
            state: started.state,
            took: started.end.map(|end| end - started.at),
            name: side.name,
            log: SoughtLog { is_live: side.log.is_live && next.is_none(), ..side.log },
        })
    }

    /// The newest run of a job.
    fn newest(job: &Job) -> Option<Side> {
        match job.run.as_ref().map(|run| run.runs.len()) {
            None | Some(0) => Side::whole(job),
            Some(runs) => Side::run(job, runs - 1),
        }
    }

    /// The file that stands for it.
    pub fn place(&self) -> Place {
        self.log.place()
    }
}

/// When a job's newest run started, in milliseconds since the epoch.
fn started(job: &Job) -> Option<i64> {
    job.run.as_ref().and_then(|run| run.runs.last()).map(|run| run.at)
}

impl Model {
    /// What is to be laid beside what: two ticked jobs, the ticked and the selected one, or the last good run and the newest
    /// one of the selected job; of a job that never ended well, the last good one of its kind.
    ///
    /// # Errors
    /// What a person can do about it.
    pub fn pair(&self) -> Result<[Side; 2], String> {
        let Some(selected) = self.jobs.selected() else { return Err("there is no job yet".to_owned()) };
        let mut ticked: Vec<&Job> = self.jobs.ticked.iter().filter_map(|key| self.jobs.get(key)).collect();
        if ticked.len() == 1 && ticked[0].key != selected.key {
            ticked.push(selected);
        }
        if let [first, second, ..] = ticked[..] {
            let sides = Side::newest(first).zip(Side::newest(second));
            return sides.map(<[Side; 2]>::from).ok_or_else(|| "one of the two has no log yet".to_owned());
        }
        let Some(this) = Side::newest(selected) else {
            return Err(format!("{} has no log yet", selected.name));
        };
        match self.good_run(selected).or_else(|| self.good_job(selected)) {
            Some(good) => Ok([good, this]),
            None => Err(format!(
                "no run of {} or of its kind has ended well before: Space ticks two jobs to be compared",
                selected.name
            )),
        }
    }

    /// The last run of a job that ended well, before the newest.
    fn good_run(&self, job: &Job) -> Option<Side> {
        let runs = &job.run.as_ref()?.runs;
        let before = &runs[..runs.len().saturating_sub(1)];
        let nth = before.iter().rposition(|run| run.state == State::Done)?;
        Side::run(job, nth)
    }

    /// The newest other job of this one's kind that ended well.
    fn good_job(&self, job: &Job) -> Option<Side> {
        let own = started(job);
        // What ended well before it is nearer than what came after.
        let good = self.good_of_kind(job).max_by_key(|other| {
            let at = started(other);
            (own.is_none() || at <= own, at, &other.name)
        });
        good.and_then(Side::newest)
    }

    /// Other jobs of the same kind that ended well.
    fn good_of_kind(&self, job: &Job) -> impl Iterator<Item = &Job> {
        let (key, kind) = (job.key.clone(), groups::prefix(&job.name).to_owned());
        self.jobs.iter().filter(move |other| {
            other.key != key
                && !other.server
                && other.state == State::Done
                && groups::prefix(&other.name) == kind
        })
    }

    /// The run before or after that of a side, of its job or else of one of its kind that ended well; but not `taken`.
    pub fn other_run(&self, side: &Side, newer: bool, taken: &Side) -> Option<Side> {
        let job = self.jobs.get(&side.log.job)?;
        let own = job.run.as_ref().and_then(|run| {
            let now = run.runs.iter().position(|run| Some(run.at) == side.window.clock)?;
            Side::run(job, if newer { now + 1 } else { now.checked_sub(1)? })
        });
        if let Some(own) = own.filter(|own| own != taken) {
            return Some(own);
        }
        let place = |job: &Job| (started(job), job.name.clone());
        let here = place(job);
        let others = self.good_of_kind(job).filter(|other| {
            other.key != taken.log.job && if newer { place(other) > here } else { place(other) < here }
        });
        let next =
            if newer { others.min_by_key(|job| place(job)) } else { others.max_by_key(|job| place(job)) };
        next.and_then(Side::newest)
    }

    /// What a side is called: its job, and which run of it.
    pub fn side_name(&self, side: &Side) -> String {
        let gone = if self.jobs.get(&side.log.job).is_none() { " (removed)" } else { "" };
        side.run
            .map_or_else(|| format!("{}{gone}", side.name), |run| format!("{} run {run}{gone}", side.name))
    }

    /// Whether a log of which nobody says whether it is live was written a moment ago.
    pub fn writes(&self, side: &Side) -> bool {
        const LATELY: Duration = Duration::from_secs(60);
        let job = self.jobs.get(&side.log.job).filter(|job| job.state == State::Unknown);
        let age = job.and_then(|job| self.now.duration_since(job.written?).ok());
        age.is_some_and(|age| age < LATELY)
    }

    /// How a side is by now.
    pub fn side_state(&self, side: &Side) -> State {
        let job = self.jobs.get(&side.log.job).filter(|_| side.window.until.is_none());
        job.map_or(side.state, |job| job.state)
    }
}
