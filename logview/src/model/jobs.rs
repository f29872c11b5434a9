//! The job list: what is known of each job, in which order they stand, which one is selected.

use super::Listing;
use super::groups::{Group, Grouping, Line, lines};
use super::job::{Job, State};
use crate::fuzzy::Fuzzy;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a failure asks for attention.
const ATTENTION: Duration = Duration::from_secs(12 * 3600);

/// Ticks, of a second each, for which a job has to be selected to have been looked at: from one to the next there may be less.
const A_LOOK: u64 = 2;

/// The last of the classes in the order of attention whose jobs need a look.
const NEEDS_LOOK: u8 = 2;

/// Orders of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Sort {
    #[default]
    Attention,
    Name,
    Age,
    Size,
    Errors,
}

impl Sort {
    /// The name in the title.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Attention => "attention",
            Sort::Name => "name",
            Sort::Age => "age",
            Sort::Size => "size",
            Sort::Errors => "errors",
        }
    }

    /// All names, the default first.
    pub const WORDS: &[&str] = &["attention", "name", "age", "size", "errors"];

    /// The order of a name.
    #[must_use]
    pub fn of(word: &str) -> Sort {
        [Sort::Attention, Sort::Name, Sort::Age, Sort::Size, Sort::Errors]
            .into_iter()
            .find(|sort| sort.word() == word)
            .unwrap_or_default()
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Sort {
        match self {
            Sort::Attention => Sort::Name,
            Sort::Name => Sort::Age,
            Sort::Age => Sort::Size,
            Sort::Size => Sort::Errors,
            Sort::Errors => Sort::Attention,
        }
    }
}

/// The letter of the ticked job of this number, from 0 on.
pub fn letter(number: usize) -> char {
    char::from(b'A' + (number % 26) as u8)
}

/// All jobs.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Jobs {
    all: Vec<Job>,
    at: HashMap<PathBuf, usize>,
    /// Errors and warnings that a job had when a person last left it.
    seen: HashMap<PathBuf, (u64, u64)>,
    /// Errors that a job had when all of them were last counted, and in which run.
    counted: HashMap<PathBuf, (String, u64)>,
    /// Indices into `all`, as shown.
    order: Vec<usize>,
    /// What the list shows of them, line by line.
    lines: Vec<Line>,
    groups: Vec<Group>,
    folded: HashSet<String>,
    /// Jobs that have come or changed since they were put in order.
    pending: usize,
    selected: Option<PathBuf>,
    /// Ticks so far, and when that was selected.
    ticks: u64,
    selected_at: u64,
    /// The selected one, if its directory is gone: what a person reads stays until they turn to something else.
    gone: Option<PathBuf>,
    /// The one to be selected as soon as it is known, unless a person chose one before.
    pub wanted: Option<PathBuf>,
    /// Whether a person chose the selected job; until then it is the one that needs a look first.
    pub chosen: bool,
    /// All were known and counted once: from then on what is shown gives way only to what needs a look, if it does not.
    settled: bool,
    /// Whether a person moved to it: then the list keeps it in sight, wherever it goes.
    pub moved: bool,
    /// Whether the newest one is to be selected, whichever that is.
    pub newest: bool,
    pub grouping: Grouping,
    /// Those that are to be shown as one log, in the order in which they were ticked.
    pub ticked: Vec<PathBuf>,
    /// First shown line.
    pub offset: usize,
    pub sort: Sort,
    pub running_only: bool,
    pub filter: String,
    pub listing: Listing,
    /// How many of those that the filter and "running only" hide have errors that nobody has looked at.
    pub hidden_with_errors: usize,
}

impl Jobs {
    /// How many there are in all.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Job> {
        self.all.iter()
    }

    /// Those shown, in their order.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &Job> {
        self.order.iter().map(|&at| &self.all[at])
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&Job> {
        self.selected.as_ref().and_then(|key| self.get(key))
    }

    /// One by its key.
    pub fn get(&self, key: &Path) -> Option<&Job> {
        self.at.get(key).map(|&at| &self.all[at])
    }

    /// The row of the selected one.
    pub fn row(&self) -> Option<usize> {
        let at = *self.at.get(self.selected.as_ref()?)?;
        self.order.iter().position(|&shown| shown == at)
    }

    /// What the list shows, line by line.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The job of a row.
    pub fn job(&self, row: usize) -> Option<&Job> {
        self.order.get(row).map(|&at| &self.all[at])
    }

    /// A group by its number.
    pub fn group(&self, number: usize) -> Option<&Group> {
        self.groups.get(number)
    }

    /// How many the filter and "running only" hide. Those in folded groups are not hidden.
    pub fn hidden(&self) -> usize {
        let grouped: usize = self.groups.iter().map(|group| group.jobs).sum();
        self.all.len() - if self.groups.is_empty() { self.order.len() } else { grouped }
    }

    /// The line of the selected one.
    pub fn line(&self) -> Option<usize> {
        let row = self.row()?;
        self.lines.iter().position(|line| line.row() == Some(row))
    }

    /// Folds the group of the selected job, or opens it.
    pub fn fold(&mut self, folded: bool) {
        let Some(name) = self.selected().map(|job| self.grouping.of(job)) else { return };
        if folded {
            self.folded.insert(name);
        } else {
            self.folded.remove(&name);
        }
    }

    /// Folds a group that is open, and the other way round.
    pub fn turn(&mut self, group: usize) {
        let Some(group) = self.groups.get(group) else { return };
        if !self.folded.remove(&group.name) {
            self.folded.insert(group.name.clone());
        }
    }

    /// Folds all groups, or opens them if all are folded.
    pub fn fold_all(&mut self) {
        if self.groups.iter().all(|group| group.folded) {
            self.folded.clear();
        } else {
            self.folded = self.groups.iter().map(|group| group.name.clone()).collect();
        }
    }

    /// Errors since a person last looked at it.
    pub fn new_errors(&self, job: &Job) -> u64 {
        job.errors.saturating_sub(self.seen.get(&job.key).map_or(0, |seen| seen.0))
    }

    /// Errors that have come since they were last counted, in the same run: what was there before is no news.
    pub fn news(&self, job: &Job) -> u64 {
        let counted = self.counted.get(&job.key).filter(|(run, _)| run == start(job) && job.counted);
        counted.map_or(0, |(_, errors)| job.errors.saturating_sub(*errors))
    }

    /// Warnings since a person last looked at it.
    pub fn new_warnings(&self, job: &Job) -> u64 {
        job.warnings.saturating_sub(self.seen.get(&job.key).map_or(0, |seen| seen.1))
    }

    /// Takes in what is new about some jobs.
    pub fn put(&mut self, jobs: Vec<Job>, now: SystemTime) {
        self.pending += jobs.len();
        for job in jobs {
            if job.counted {
                self.counted.insert(job.key.clone(), (start(&job).to_owned(), job.errors));
            }
            // It is back.
            self.gone.take_if(|gone| *gone == job.key);
            if let Some(&at) = self.at.get(&job.key) {
                self.all[at] = job;
            } else {
                self.at.insert(job.key.clone(), self.all.len());
                self.all.push(job);
            }
        }
        if let Some(key) = self.wanted.take_if(|key| self.chosen || self.at.contains_key(key))
            && !self.chosen
        {
            self.arrange(now);
            self.chosen = self.select_key(&key);
            self.moved = self.chosen;
        }
        self.arrange_if(now, if self.is_listed() { 64 } else { 4 });
    }

    /// What has been looked at, with the errors and warnings that it had.
    pub fn looked_at(&self) -> impl Iterator<Item = (&Path, (u64, u64))> {
        // Whoever chose a job has it before their eyes.
        let here = self.selected().filter(|_| self.is_looked_at());
        let others = self.seen.iter().filter(move |(key, _)| here.is_none_or(|here| here.key != **key));
        let others = others.map(|(key, seen)| (key.as_path(), *seen));
        let here = here.map(|job| (job.key.as_path(), (job.errors, job.warnings)));
        others.chain(here).filter(|(_, seen)| *seen != (0, 0))
    }

    /// The names of the folded groups.
    pub fn folded(&self) -> Vec<String> {
        let mut names: Vec<String> = self.folded.iter().cloned().collect();
        names.sort();
        names
    }

    /// Takes in what had been looked at and folded before.
    pub fn remember(&mut self, seen: impl Iterator<Item = (PathBuf, (u64, u64))>, folded: Vec<String>) {
        self.seen = seen.collect();
        self.folded = folded.into_iter().collect();
    }

    /// Whether all jobs that there are have been looked at.
    fn is_listed(&self) -> bool {
        self.listing.seen >= self.listing.total && self.listing.problem.is_none()
    }

    /// Puts the list in order if enough of it has changed: a long one is not sorted anew for each job of thousands.
    pub fn arrange_if(&mut self, now: SystemTime, part: usize) {
        const FEW: usize = 2000;
        if self.pending > 0 && (self.all.len() <= FEW || self.pending > self.order.len() / part) {
            self.arrange(now);
        }
    }

    /// Forgets jobs that are gone; the selected one when it is left.
    pub fn remove(&mut self, keys: &[PathBuf], now: SystemTime) {
        for key in keys {
            self.ticked.retain(|ticked| ticked != key);
            match self.at.get(key).filter(|_| self.selected.as_ref() == Some(key)) {
                Some(&at) => {
                    self.all[at].state = State::Gone;
                    self.gone = Some(key.clone());
                }
                None => self.forget(key),
            }
        }
        self.arrange(now);
    }

    /// What is shown must not point to a job that is gone or has moved: the list is to be arranged after this.
    fn forget(&mut self, key: &Path) {
        if let Some(at) = self.at.remove(key) {
            self.all.swap_remove(at);
            if let Some(moved) = self.all.get(at) {
                self.at.insert(moved.key.clone(), at);
            }
        }
        self.seen.remove(key);
        self.counted.remove(key);
    }

    /// Selects a row.
    pub fn select(&mut self, row: usize) {
        let Some(key) = self.order.get(row).map(|&at| self.all[at].key.clone()) else { return };
        self.pending += usize::from(self.gone.as_ref().is_some_and(|gone| *gone != key));
        self.turn_to(Some(key));
    }

    /// Leaves what is selected for something else; what was looked at has no new errors any more.
    fn turn_to(&mut self, key: Option<PathBuf>) {
        if self.selected == key {
            return;
        }
        if let Some(left) = self.selected().filter(|_| self.is_looked_at()) {
            let (left, counts) = (left.key.clone(), (left.errors, left.warnings));
            self.seen.insert(left, counts);
        }
        (self.selected, self.selected_at) = (key, self.ticks);
    }

    /// Whether a person has what is selected before their eyes, and not only in passing.
    fn is_looked_at(&self) -> bool {
        self.chosen && self.ticks >= self.selected_at + A_LOOK
    }

    /// A second has passed.
    pub fn tick(&mut self) {
        self.ticks += 1;
    }

    /// Selects a job by its key; whether it is there to be selected.
    pub fn select_key(&mut self, key: &Path) -> bool {
        let row = self.order.iter().position(|&at| self.all[at].key == key);
        row.is_some_and(|row| {
            self.select(row);
            true
        })
    }

    /// The same; what hides it is taken back.
    pub fn reveal(&mut self, key: &Path, now: SystemTime) -> bool {
        if !self.select_key(key)
            && let Some(job) = self.get(key)
        {
            let group = self.grouping.of(job);
            self.folded.remove(&group);
            self.filter.clear();
            self.running_only = false;
            self.arrange(now);
            return self.select_key(key);
        }
        self.selected.as_deref() == Some(key)
    }

    /// Once all jobs are known and counted, what is selected gives way only to what needs a look, if it does not itself: a
    /// person may have begun to read it.
    pub fn settle_choice(&mut self) {
        // Before the first of them are told it is not known how many there are.
        let listed = self.is_listed() && self.listing.total > 0 && self.selected.is_some();
        self.settled = self.settled || listed && self.all.iter().all(|job| job.counted);
    }

    /// Where on so many rows of the list the selected job stands though the list was moved away from it, and its line.
    pub fn pinned(&self, rows: usize) -> Option<(usize, usize)> {
        let line = self.line().filter(|_| rows > 1)?;
        match line {
            line if line < self.offset => Some((0, line)),
            line if line >= self.offset + rows => Some((rows - 1, line)),
            _ => None,
        }
    }

    /// Puts the list in order again and keeps something selected.
    pub fn arrange(&mut self, now: SystemTime) {
        self.pending = 0;
        let mut filter = Fuzzy::new(&self.filter);
        let (mut order, hidden): (Vec<usize>, Vec<usize>) =
            (0..self.all.len()).partition(|&at| self.is_shown(&self.all[at], &mut filter));
        self.hidden_with_errors = hidden.iter().filter(|&&at| self.new_errors(&self.all[at]) > 0).count();
        order.sort_by_cached_key(|&at| self.rank(&self.all[at], now));
        let selected = self.selected.as_ref().and_then(|key| self.at.get(key)).copied();
        let there = || order.iter().copied().filter(|&at| self.all[at].state != State::Gone);
        let newest = || there().max_by(|&a, &b| begun(&self.all[a]).cmp(&begun(&self.all[b])));
        let selected = if self.newest { newest() } else { selected };
        (self.groups, self.lines) =
            lines(&self.all, &mut order, &self.grouping, &self.folded, selected, |job| {
                self.new_errors(job) > 0
            });
        let at = selected.and_then(|at| order.iter().position(|&shown| shown == at));
        self.order = order;
        if let Some(row) = at.filter(|_| self.newest) {
            self.select(row);
        } else if (!self.chosen || at.is_none()) && !self.order.is_empty() {
            let line = self.offset.min(self.lines.len().saturating_sub(1));
            let near = self.lines[line..].iter().find_map(|line| line.row());
            let needs_look = |row: usize| self.rank(&self.all[self.order[row]], now).0 <= NEEDS_LOOK;
            let settled = self.settled || self.gone.is_some();
            let stays = |row: &usize| settled && (needs_look(*row) || !needs_look(0));
            let row = match at.filter(stays) {
                Some(row) => row,
                None if self.chosen => near.unwrap_or(self.order.len() - 1),
                None => 0,
            };
            self.turn_to(Some(self.all[self.order[row]].key.clone()));
        } else if self.order.is_empty() {
            self.turn_to(None);
        }
        if let Some(left) = self.gone.take_if(|gone| self.selected.as_ref() != Some(gone)) {
            self.forget(&left);
            self.arrange(now);
        }
    }

    fn is_shown(&self, job: &Job, filter: &mut Fuzzy) -> bool {
        if self.running_only && !job.state.is_live() && job.state != State::Gone {
            return false;
        }
        if self.filter.is_empty() {
            return true;
        }
        let labels = job.run.iter().flat_map(|run| &run.labels);
        let labels: String = labels.map(|(name, value)| format!(" {name}={value}")).collect();
        filter.score(&format!("{}{labels}", job.name)).is_some()
    }

    /// What stands first: class, then a number, then the name. Classes up to [`NEEDS_LOOK`] need a look.
    fn rank(&self, job: &Job, now: SystemTime) -> (u8, u64, String) {
        let age = job.written.and_then(|at| now.duration_since(at).ok()).unwrap_or_default();
        let newest = age.as_millis() as u64;
        let name = job.name.clone();
        match self.sort {
            Sort::Name => (0, 0, name),
            Sort::Age => (0, newest, name),
            Sort::Size => (0, u64::MAX - job.size(), name),
            Sort::Errors => (0, u64::MAX - job.errors, name),
            Sort::Attention => {
                let (new, recent) = (self.new_errors(job) > 0, age < ATTENTION);
                match job.state {
                    state if state.is_live() && new => (0, 0, name),
                    // Whoever runs a job that logcore does not know can only be told by what it writes.
                    state if (state.is_bad() || state == State::Unknown) && new && recent => {
                        (1, newest, name)
                    }
                    State::Quiet => (2, newest, name),
                    state if state.is_bad() && recent => (2, newest, name),
                    // A host's own log is no job, and always runs.
                    State::Running => (3, u64::from(job.server), name),
                    // It ended well and yet had errors that nobody has looked at.
                    _ if new && recent => (4, newest, name),
                    _ => (5, newest, name),
                }
            }
        }
    }
}

/// When a job began, as far as that is known; a host's own log is older than all jobs.
fn begun(job: &Job) -> (bool, &str, Option<SystemTime>) {
    (!job.server, start(job), job.written)
}

fn start(job: &Job) -> &str {
    job.run.as_ref().map_or("", |run| &run.start)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn job(name: &str, state: State, errors: u64, age: u64) -> Job {
        Job {
            key: name.into(),
            name: name.into(),
            state,
            server: false,
            run: None,
            errors,
            warnings: 0,
            counted: true,
            unread: false,
            files: Vec::new(),
            written: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)),
            hour: [0; 6],
            problem: None,
        }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    fn names(jobs: &Jobs) -> Vec<&str> {
        jobs.shown().map(|job| job.name.as_str()).collect()
    }

    fn some() -> Jobs {
        let mut jobs = Jobs::default();
        let list = vec![
            job("old-failure", State::Failed, 117, 90_000),
            job("done", State::Done, 0, 5000),
            job("calm", State::Running, 0, 1),
            job("quiet", State::Quiet, 0, 500),
            job("burning", State::Running, 3, 2),
            job("failed", State::Failed, 41, 800),
        ];
        jobs.put(list, now());
        jobs
    }

    #[test]
    fn what_needs_a_look_stands_first_and_is_selected() {
        let jobs = some();
        assert_eq!(names(&jobs), ["burning", "failed", "quiet", "calm", "done", "old-failure"]);
        assert_eq!(jobs.selected().unwrap().name, "burning");
    }

    #[test]
    fn a_job_that_ended_well_with_errors_stands_before_those_without() {
        let mut jobs = some();
        jobs.put(vec![job("ended-with-errors", State::Done, 1, 6000)], now());
        assert_eq!(names(&jobs)[3..6], ["calm", "ended-with-errors", "done"]);
    }

    #[test]
    fn errors_that_were_looked_at_are_not_new_any_more() {
        let mut jobs = some();
        jobs.chosen = true;
        jobs.select(3);
        jobs.select(0);
        jobs.arrange(now());
        assert_eq!(names(&jobs)[0], "burning", "nobody looks at what they only pass");
        jobs.tick();
        jobs.tick();
        jobs.select(3);
        jobs.arrange(now());
        assert_eq!(names(&jobs)[2..4], ["burning", "calm"]);
        assert_eq!(jobs.selected().unwrap().name, "calm");
        jobs.put(vec![job("burning", State::Running, 4, 0)], now());
        assert_eq!(names(&jobs)[0], "burning");
    }

    #[test]
    fn a_selected_job_stays_selected_wherever_it_moves() {
        let mut jobs = some();
        jobs.chosen = true;
        jobs.select(4);
        jobs.sort = Sort::Name;
        jobs.arrange(now());
        assert_eq!((jobs.row(), jobs.selected().unwrap().name.as_str()), (Some(2), "done"));
    }

    #[test]
    fn a_job_whose_directory_is_gone_stays_as_long_as_it_is_read() {
        let mut jobs = some();
        jobs.chosen = true;
        jobs.select(4);
        let gone = ["done".into(), "calm".into()];
        jobs.remove(&gone, now());
        assert_eq!((jobs.len(), names(&jobs).contains(&"calm")), (5, false));
        let read = jobs.selected().unwrap();
        assert_eq!((read.name.as_str(), read.state), ("done", State::Gone));
        jobs.put(vec![job("done", State::Running, 0, 0)], now());
        assert_eq!(jobs.selected().map(|job| job.state), Some(State::Running), "it is back");
        jobs.remove(&gone, now());
        jobs.select(0);
        jobs.arrange_if(now(), 1);
        assert_eq!((jobs.len(), names(&jobs).contains(&"done")), (4, false), "it was left");
        jobs.newest = true;
        jobs.remove(&["burning".into()], now());
        assert_eq!((jobs.len(), names(&jobs).contains(&"burning")), (3, false));
    }

    #[test]
    fn what_is_being_read_is_not_taken_away_by_a_job_that_needs_a_look_later() {
        let mut jobs = some();
        jobs.put(vec![job("worse", State::Quiet, 9, 0)], now());
        assert_eq!(jobs.selected().unwrap().name, "burning");
        jobs.put(vec![job("a-worse-one", State::Running, 9, 0)], now());
        assert_eq!(jobs.selected().unwrap().name, "a-worse-one", "as long as it is being opened");
        jobs.listing.total = jobs.len();
        jobs.listing.seen = jobs.len();
        jobs.settle_choice();
        jobs.put(vec![job("a-still-worse-one", State::Running, 9, 0)], now());
        assert_eq!((jobs.row(), jobs.selected().unwrap().name.as_str()), (Some(1), "a-worse-one"));
    }

    #[test]
    fn the_filter_takes_some_letters() {
        let mut jobs = some();
        jobs.filter = "fail".into();
        jobs.arrange(now());
        assert_eq!(names(&jobs), ["failed", "old-failure"]);
        jobs.filter = "nothing".into();
        jobs.arrange(now());
        assert!(jobs.selected().is_none());
    }
}
