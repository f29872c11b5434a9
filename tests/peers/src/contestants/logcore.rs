//! logcore, as its README shows it: the process's logger, and each thread in its job.

use super::{Channel, Host, through_log};
use anyhow::{Context, Result};
use log::LevelFilter;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The shipped template without the console.
const TEMPLATE: &str = r#"
logcore:
  dir: DIR
  buffer: { size: 64KiB, flush: 200ms, flush_level: error }
  max_open_files: 256
appenders:
  debug:
    kind: file
    path: "${job_dir}/debug.log"
    encoder: &line { pattern: "[{l}] [{d}] [${job_id}] [{P}:{I}] - [{M}] [line:{L}]: {m}{n}" }
  info:
    kind: file
    path: "${job_dir}/info.log"
    filters: [ { kind: threshold, level: info } ]
    encoder: *line
  error:
    kind: file
    path: "${job_dir}/error.log"
    filters: [ { kind: threshold, level: error } ]
    encoder: *line
loggers:
  notify: { level: warn }
  mio: { level: warn }
root:
  level: LEVEL
  appenders: [ debug, info, error ]
"#;

struct Logcore {
    logs: logcore::Logs,
}

struct InJob(logcore::Job);

pub fn start(root: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(Logcore { logs: init(root)?.0 }))
}

fn init(root: &Path) -> Result<(logcore::Logs, PathBuf)> {
    // Not beside the jobs: the watcher would see each of them come.
    let config = root.join("config").join("log.yaml");
    fs::create_dir(root.join("config"))?;
    write_template(&config, root, "debug")?;
    Ok((logcore::init(&config)?, config))
}

fn write_template(config: &Path, root: &Path, level: &str) -> Result<()> {
    let dir = format!("{:?}", root.to_str().context("the temporary directory's name is not UTF-8")?);
    Ok(fs::write(config, TEMPLATE.replace("DIR", &dir).replace("LEVEL", level))?)
}

impl Host for Logcore {
    fn open(&self, _: &Path, job: &str) -> Result<Box<dyn Channel>> {
        Ok(Box::new(InJob(self.logs.job(job).start()?)))
    }

    fn disabled(&self, _: &Path, count: u64, another_is_verbose: bool) -> Result<Option<Duration>> {
        let ours = self.logs.job("job-0001").level(LevelFilter::Info).start()?;
        let another = self.logs.job("job-0002").level(LevelFilter::Debug).start()?;
        if !another_is_verbose {
            another.finish(logcore::Outcome::Ok);
            self.logs.set_level("server", LevelFilter::Info).keep()?;
        }
        Ok(Some(ours.run(|| through_log::disabled(&through_log::Global, count))))
    }
}

impl Channel for InJob {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        self.0.run(|| through_log::records(&through_log::Global, range, times));
    }

    fn close(self: Box<Self>) -> Result<()> {
        let report = self.0.finish(logcore::Outcome::Ok);
        anyhow::ensure!(report.lost == 0, "{} records lost", report.lost);
        Ok(())
    }
}

/// Many live jobs, and what is done to all of them.
pub struct Many {
    logs: logcore::Logs,
    jobs: Vec<logcore::Job>,
    config: PathBuf,
    root: PathBuf,
}

impl Many {
    /// Starts them; with `busy`, each has logged to all its files and is idle again.
    pub fn start(root: &Path, count: usize, busy: bool) -> Result<Many> {
        let (logs, config) = init(root)?;
        let mut jobs = Vec::with_capacity(count);
        for number in 0..count {
            let job = logs.job(format!("job-{number:04}")).start()?;
            if busy {
                log::error!(logger: job, "one line for each of its three files");
            }
            jobs.push(job);
        }
        logs.flush(Duration::from_secs(60))?;
        Ok(Many { logs, jobs, config, root: root.to_owned() })
    }

    pub fn count(&self) -> usize {
        self.jobs.len()
    }

    /// How long it takes to put all jobs under a template that was edited.
    pub fn reload(&self) -> Result<Duration> {
        write_template(&self.config, &self.root, "info")?;
        let began = Instant::now();
        self.logs.reload()?;
        let took = began.elapsed();
        let left = self.jobs.iter().filter(|job| log::Log::enabled(*job, &debug())).count();
        anyhow::ensure!(left == 0, "{left} jobs did not follow the reload");
        Ok(took)
    }

    /// How long it takes to change the level of one of them.
    pub fn set_level(&self) -> Result<Duration> {
        let began = Instant::now();
        self.logs.set_level(self.jobs[0].id(), LevelFilter::Debug).keep()?;
        let took = began.elapsed();
        anyhow::ensure!(log::Log::enabled(&self.jobs[0], &debug()), "the level was not changed");
        Ok(took)
    }
}

fn debug() -> log::Metadata<'static> {
    log::Metadata::builder().level(log::Level::Debug).target("peers").build()
}
