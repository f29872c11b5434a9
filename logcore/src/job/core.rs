//! What a job is made of: its dispatch, its level, what became of its records, its end.

use crate::disk::Outcome;
use crate::engine::account::Accounts;
use crate::engine::dispatch::{Dispatch, Verdict};
use crate::engine::moment::Moment;
use crate::engine::sites::Sites;
use crate::levels;
use crate::lock::lock;
use crate::logs::Inner;
use crate::progress::Progress;
use crate::report::{JobInfo, JobReport, JobState};
use crate::run::Begun;
use crate::sync::{Mutex, MutexGuard};
use crate::tally::{Cause, Seat, Tally};
use crate::template::{Plan, Render, Vars};
use arc_swap::ArcSwapOption;
use log::{Level, LevelFilter, Record};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Core {
    pub(super) me: Weak<Core>,
    pub(crate) vars: Vars,
    pub(crate) is_server: bool,
    pub(super) logs: Weak<Inner>,
    /// Empty once the job is finished.
    pub(super) dispatch: ArcSwapOption<Dispatch>,
    /// While its run stands in `job.json` without an end; the end of one that never got there leaves no trace.
    begun: Mutex<Option<Begun>>,
    /// The most verbose level of the newest dispatch, also after it is gone: late records are held to it.
    last_level: AtomicU8,
    started: Instant,
    tally: Tally,
    late: AtomicU64,
    accounts: Accounts,
    /// Boxed, as few jobs say it and there are many.
    pub(super) progress: OnceLock<Box<Progress>>,
    /// The level that the host asked for at the start.
    asked: Option<LevelFilter>,
    levels: Mutex<Levels>,
}

/// What decides the job's level, and what came of it.
#[derive(Default)]
struct Levels {
    /// `set_level`, and which call of it.
    set: Option<(LevelFilter, u64)>,
    /// As counted in the process's maximum.
    counted: Option<LevelFilter>,
    /// Since the job lets go of its handlers; the report follows.
    ended: bool,
    report: Option<Box<JobReport>>,
}

/// A dispatch that is not in force yet, and what `set_level` had said when it was made.
pub(crate) struct Rendered {
    pub(crate) dispatch: Dispatch,
    set: Option<(LevelFilter, u64)>,
}

/// How long `finish` waits for log calls under way on other threads. One that takes longer, in a value's `Display`,
/// still gets its record written.
const DRAIN: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_micros(50);

/// When so long no record was suppressed, it is told how many were,
const LOOK: Duration = Duration::from_secs(1);
/// and after so long in any case.
const TELL_ANYWAY: Duration = Duration::from_secs(60);

impl Core {
    pub(super) fn new(
        vars: Vars,
        asked: Option<LevelFilter>,
        logs: Weak<Inner>,
        is_server: bool,
    ) -> Arc<Core> {
        Arc::new_cyclic(|me| Core {
            me: me.clone(),
            vars,
            is_server,
            logs,
            dispatch: ArcSwapOption::empty(),
            begun: Mutex::default(),
            last_level: AtomicU8::new(LevelFilter::Off as u8),
            started: Instant::now(),
            tally: Tally::default(),
            late: AtomicU64::new(0),
            accounts: Accounts::default(),
            progress: OnceLock::new(),
            asked,
            levels: Mutex::default(),
        })
    }

    pub(crate) fn log(&self, record: &Record<'_>) {
        self.log_or(record, || self.tally.filter());
    }

    /// As [`Core::log`], from a thread that is in the job.
    pub(crate) fn log_inside(&self, record: &Record<'_>, seat: &Seat) {
        self.log_or(record, || seat.filter());
    }

    #[inline]
    fn log_or(&self, record: &Record<'_>, filter: impl FnOnce()) {
        // Before the dispatch is asked for, which costs more than all the rest of this.
        if !self.would_have_taken(record.level()) {
            return filter();
        }
        let dispatch = self.dispatch.load();
        let Some(dispatch) = &*dispatch else { return self.log_late(record) };
        if record.level() > dispatch.max_level() {
            return filter();
        }
        match dispatch.log(record, &self.vars, &self.tally) {
            Verdict::Taken => {}
            Verdict::Filtered => filter(),
            Verdict::Limited { first } => self.limited(first),
        }
    }

    /// A record is kept out by the rate limit. Of the first somebody will be told.
    #[cold]
    fn limited(&self, first: bool) {
        self.tally.limit();
        if first && let Some(logs) = self.logs.upgrade() {
            self.tell_suppressed_later(&logs, Instant::now());
        }
    }

    fn tell_suppressed_later(&self, logs: &Inner, since: Instant) {
        let me = self.me.clone();
        let look = move || {
            let Some(core) = me.upgrade() else { return };
            let goes_on = since.elapsed() < TELL_ANYWAY && core.tally.bucket.has_refused(LOOK, Moment::now());
            match (goes_on, core.logs.upgrade()) {
                (true, Some(logs)) => core.tell_suppressed_later(&logs, since),
                _ => core.tell_suppressed(core.dispatch.load().as_deref()),
            }
        };
        logs.files.flusher().at(Instant::now() + LOOK, look);
    }

    /// One line in the job's own log for all records that its rate limit kept out.
    fn tell_suppressed(&self, dispatch: Option<&Dispatch>) {
        let Some(dispatch) = dispatch else { return };
        let count = self.tally.bucket.take_untold();
        if count == 0 {
            return;
        }
        let limit = dispatch.rate().map_or_else(String::new, |rate| format!(" of {rate}"));
        let text = format_args!("{count} records suppressed here by the job's rate limit{limit}");
        let mut record = Record::builder();
        record.level(Level::Warn).target("logcore").module_path(Some("logcore"));
        dispatch.log_past_levels(&record.args(text).build(), &self.vars, &self.tally);
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// A record that came after the end: the server log has it, whatever the server's own levels are.
    fn log_late(&self, record: &Record<'_>) {
        if !self.would_have_taken(record.level()) {
            return;
        }
        self.late.fetch_add(1, Ordering::Relaxed);
        let Some(logs) = self.logs.upgrade().filter(|_| !self.is_server) else {
            // There is no server log any more.
            self.tally.take(record.level());
            return self.tally.lose(Cause::Closed);
        };
        let marked = format_args!("[late, job {:?} has ended] {}", self.vars.id, record.args());
        logs.server().core().log_past_levels(
            &Record::builder()
                .metadata(record.metadata().clone())
                .module_path(record.module_path())
                .file(record.file())
                .line(record.line())
                .key_values(record.key_values())
                .args(marked)
                .build(),
        );
    }

    fn log_past_levels(&self, record: &Record<'_>) {
        if let Some(dispatch) = &*self.dispatch.load()
            && dispatch.log_past_levels(record, &self.vars, &self.tally) == Verdict::Filtered
        {
            self.tally.filter();
        }
    }

    /// Whether a record of `level` could have passed the job's last level.
    pub(super) fn would_have_taken(&self, level: Level) -> bool {
        level as u8 <= self.last_level.load(Ordering::Relaxed)
    }

    /// Writes what is buffered; returns the numbers of the records that are left.
    pub(crate) fn flush(&self) -> Vec<u64> {
        let dispatch = self.dispatch.load();
        let files = dispatch.iter().flat_map(|dispatch| dispatch.files());
        files.flat_map(|(file, _)| file.flush()).collect()
    }

    /// As [`Core::flush`], but never waits long for a file that is in use.
    pub(crate) fn flush_bounded(&self) {
        if let Some(dispatch) = &*self.dispatch.load() {
            dispatch.files().for_each(|(file, _)| file.flush_bounded());
        }
    }

    /// Renders `plan` for this job, to be put in force with [`Core::adopt`].
    pub(crate) fn render(&self, plan: &Plan, logs: &Inner) -> Rendered {
        let set = self.levels().set;
        Rendered { dispatch: self.dispatch_for(plan, set, logs), set }
    }

    fn dispatch_for(&self, plan: &Plan, set: Option<(LevelFilter, u64)>, logs: &Inner) -> Dispatch {
        let set = set.map(|(level, _)| level);
        plan.dispatch(
            Render { vars: &self.vars, accounts: &self.accounts, asked: self.asked, set },
            &logs.files,
        )
    }

    /// Puts the job under `plan`, unless it has ended. Records under way keep the dispatch they have.
    pub(crate) fn apply(&self, plan: &Plan, logs: &Inner) {
        let mut levels = self.levels();
        self.apply_locked(&mut levels, plan, logs);
    }

    /// As [`Core::apply`], with what has been rendered of `plan` before.
    pub(crate) fn adopt(&self, rendered: Rendered, plan: &Plan, logs: &Inner) {
        let mut levels = self.levels();
        if rendered.set == levels.set {
            self.put_under(&mut levels, rendered.dispatch);
        } else {
            // Somebody has set the level in between.
            self.apply_locked(&mut levels, plan, logs);
        }
    }

    fn apply_locked(&self, levels: &mut Levels, plan: &Plan, logs: &Inner) {
        if !levels.ended {
            self.put_under(levels, self.dispatch_for(plan, levels.set, logs));
        }
    }

    fn put_under(&self, levels: &mut Levels, dispatch: Dispatch) {
        if levels.ended {
            return;
        }
        dispatch.apply();
        let max = Some(dispatch.max_level());
        self.last_level.store(dispatch.max_level() as u8, Ordering::Relaxed);
        self.dispatch.store(Some(Arc::new(dispatch)));
        levels::change(std::mem::replace(&mut levels.counted, max), max);
    }

    /// Sets the job's level until `clear_level` is called with the same `call`.
    pub(crate) fn set_level(&self, level: LevelFilter, call: u64, plan: &Plan, logs: &Inner) {
        let mut levels = self.levels();
        levels.set = Some((level, call));
        self.apply_locked(&mut levels, plan, logs);
    }

    pub(crate) fn clear_level(&self, call: u64, plan: &Plan, logs: &Inner) {
        let mut levels = self.levels();
        // A later call has taken over; its own end counts.
        if levels.set.is_some_and(|(_, newest)| newest == call) {
            levels.set = None;
            self.apply_locked(&mut levels, plan, logs);
        }
    }

    pub(crate) fn current_dispatch(&self) -> Option<Arc<Dispatch>> {
        self.dispatch.load_full()
    }

    pub(crate) fn finish(&self, outcome: Outcome) -> JobReport {
        let logs = self.logs.upgrade();
        if self.is_server && logs.is_some() {
            return self.report(outcome, self.flush());
        }
        if logs.as_ref().is_some_and(|logs| !logs.is_ours()) {
            // A forked child's end of it is not the job's.
            return self.report(outcome, Vec::new());
        }
        // No start of the same id until this end is on disk.
        let _id = logs.as_ref().map(|logs| logs.lock_id(&self.vars.id));
        if let Some(report) = &self.levels().report {
            return JobReport { late: self.late.load(Ordering::Relaxed), ..report.as_ref().clone() };
        }
        let unwritten = self.release();
        let report = self.report(outcome, unwritten);
        self.levels().report = Some(Box::new(report.clone()));
        if let Some(logs) = &logs {
            if let Some(progress) = self.progress.get() {
                progress.write(&self.vars, logs);
            }
            logs.ended(self, &report);
            logs.retain_soon();
        }
        report
    }

    /// The end of the server log, whose `Inner` is being dropped.
    pub(crate) fn end_server(&self) -> JobReport {
        let unwritten = self.release();
        self.report(Outcome::Ok, unwritten)
    }

    pub(crate) fn set_begun(&self, begun: Begun) {
        *lock(&self.begun) = Some(begun);
    }

    /// The run that is to be ended; whoever has it ends it.
    pub(crate) fn take_begun(&self) -> Option<Begun> {
        lock(&self.begun).take()
    }

    pub(crate) fn belongs_to(&self, logs: &Arc<Inner>) -> bool {
        std::ptr::eq(self.logs.as_ptr(), Arc::as_ptr(logs))
    }

    /// Lets go of the handlers; returns the numbers of the records that stand unwritten in files that others use as well.
    fn release(&self) -> Vec<u64> {
        let dispatch = {
            let mut levels = self.levels();
            levels.ended = true;
            levels::change(levels.counted.take(), None);
            self.dispatch.swap(None)
        };
        let Some(dispatch) = dispatch else { return Vec::new() };
        // Nothing is locked but the id: whoever asks about the job need not wait for a slow value.
        let deadline = Instant::now() + DRAIN;
        while Arc::strong_count(&dispatch) > 1 && !Sites::is_in_use() && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        self.tell_suppressed(Some(&dispatch));
        dispatch.files().flat_map(|(file, _)| file.flush()).collect()
        // A file that nobody else uses is closed as its handle goes; what it still holds is on the job's account.
    }

    fn report(&self, outcome: Outcome, unwritten: Vec<u64>) -> JobReport {
        let counts = self.tally.counts();
        let balance = self.tally.balance(&counts, self.accounts.lost(unwritten));
        JobReport {
            id: self.vars.id.clone(),
            dir: self.vars.dir.clone(),
            outcome,
            duration: self.started.elapsed(),
            counts,
            bytes: self.accounts.bytes(),
            lost: balance.lost.total(),
            balance,
            late: self.late.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn info(&self, threads: Vec<thread::ThreadId>) -> JobInfo {
        let open =
            |dispatch: &Arc<Dispatch>| dispatch.files().filter(|(file, _)| file.has_descriptor()).count();
        let counts = self.tally.counts();
        let balance = self.tally.balance(&counts, self.accounts.lost(Vec::new()));
        JobInfo {
            id: self.vars.id.clone(),
            dir: self.vars.dir.clone(),
            state: self.levels().report.as_ref().map_or(JobState::Running, |r| JobState::Finished(r.outcome)),
            threads,
            open_files: self.dispatch.load().as_ref().map_or(0, open),
            counts,
            lost: balance.lost.total(),
            balance,
            running: self.started.elapsed(),
        }
    }

    fn levels(&self) -> MutexGuard<'_, Levels> {
        lock(&self.levels)
    }
}
