//! The demo's host app: a pool of threads that takes one job after the other.

use super::work::{Kind, Work};
use anyhow::{Context, Result};
use log::{error, info};
use logcore::{Job, JobReport, Logs, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A host that runs.
pub(super) struct Host {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// A job that has ended.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) report: JobReport,
}

struct Shared {
    logs: Logs,
    files: Vec<PathBuf>,
    scratch: PathBuf,
    /// Jobs in a round, and whether another round follows.
    jobs: usize,
    rounds: bool,
    next: AtomicUsize,
    stop: AtomicBool,
    finished: Mutex<Vec<Finished>>,
}

const WORKERS: usize = 4;
/// As many files each job takes at the most.
const SHARE: usize = 240;
/// Between two files while somebody watches.
const PACE: Duration = Duration::from_millis(15);
/// In each dozen of jobs: mostly packing, one that fails in every other round, one that panics.
const DOZEN: [Kind; 12] = {
    use Kind::{CheckText, IndexTitles, Pack, PackSlowly, VerifyArchive};
    [
        Pack,
        PackSlowly,
        CheckText,
        VerifyArchive,
        Pack,
        IndexTitles,
        Pack,
        CheckText,
        PackSlowly,
        Pack,
        CheckText,
        Pack,
    ]
};

impl Host {
    /// Starts the pool. With `rounds`, it goes on until it is stopped.
    pub(super) fn start(
        logs: Logs,
        files: Vec<PathBuf>,
        scratch: &Path,
        jobs: usize,
        rounds: bool,
    ) -> Result<Host> {
        info!("host up: {} files, {jobs} jobs a round, {WORKERS} workers", files.len());
        let shared = Arc::new(Shared {
            logs,
            files,
            scratch: scratch.to_owned(),
            jobs,
            rounds,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            finished: Mutex::default(),
        });
        let worker = |number| {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("worker-{number}"));
            builder.spawn(move || shared.work()).context("a worker cannot be started")
        };
        let workers = (0..WORKERS).map(worker).collect::<Result<_>>()?;
        Ok(Host { shared, workers })
    }

    /// Waits until all jobs have ended, or for `most`; returns what they report, in the order of their numbers.
    pub(super) fn wait(self, most: Option<Duration>) -> Vec<Finished> {
        let began = Instant::now();
        while self.workers.iter().any(|worker| !worker.is_finished()) {
            if most.is_some_and(|most| began.elapsed() >= most) {
                self.shared.stop.store(true, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_millis(10));
        }
        let mut finished = self.shared.finished.lock().unwrap_or_else(PoisonError::into_inner).clone();
        finished.sort_by(|a, b| a.report.id.cmp(&b.report.id));
        finished
    }

    /// Ends the jobs where they are.
    pub(super) fn stop(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            // A worker catches the panics of its jobs and has none of its own.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.rounds && number >= self.jobs {
                return;
            }
            if let Err(error) = self.run_job(number) {
                error!("job {number} could not be started: {error:#}");
                return;
            }
        }
    }

    fn run_job(&self, number: usize) -> Result<()> {
        let (round, place) = (number / self.jobs, number % self.jobs);
        let kind = DOZEN[place % DOZEN.len()];
        let work = Work {
            kind,
            files: self.share(place, kind),
            scratch: self.scratch.clone(),
            number: number + 1,
            breaks: round % 2 == 0,
            pause: if self.rounds { PACE } else { Duration::ZERO },
        };
        let id = format!("{}-{:03}-{:02}", kind.name(), round + 1, place + 1);
        let job = self.logs.job(id).label("kind", kind.name()).label("files", work.files.len()).start()?;
        let outcome = self.outcome(&job, &work);
        let report = job.finish(outcome);
        info!("{} ended: {outcome:?}, {} records", report.id, report.counts.total());
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).push(Finished { report });
        Ok(())
    }

    /// Does the work in the job; says how it went.
    fn outcome(&self, job: &Job, work: &Work) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| job.run(|| work.run(&self.stop)))) {
            Ok(Ok(true)) => Outcome::Ok,
            // The demo ends: it did not do what it was to do, and that is nobody's fault.
            Ok(Ok(false)) => Outcome::Dropped,
            Ok(Err(error)) => {
                job.run(|| error!("{error:#}"));
                Outcome::Failed
            }
            Err(_) => Outcome::Panicked,
        }
    }

    /// The files of the job at `place`: a stretch of its own, as far as they go round.
    fn share(&self, place: usize, kind: Kind) -> Vec<PathBuf> {
        let start = place * (self.files.len() / self.jobs).max(1);
        let from_there = self.files.iter().cycle().skip(start).take(self.files.len());
        from_there.filter(|file| kind.wants(file)).take(SHARE).cloned().collect()
    }
}
