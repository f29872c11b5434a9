//! One log4rs configuration per job: own directory, own level files, hot-reloaded, released when the job ends.
//!
//! ```no_run
//! use log::info;
//!
//! # fn main() -> Result<(), logcore::Error> {
//! let logs = logcore::init("config/log.yaml")?; // the process's logger from here on
//! info!("server up");                           // logs/server/
//! let job = logs.job("import-42").label("customer", "acme").start()?;
//! job.run(|| info!("in the job"));              // logs/import-42/
//! let report = job.finish(logcore::Outcome::Ok);
//! assert_eq!(report.lost, 0);
//! # Ok(()) }
//! ```
//!
//! A record goes to the job that its thread is in: [`Job::run`], [`Job::enter`], [`Job::spawn`], [`Job::wrap`],
//! [`InJob`]. Outside any job it goes to the [server log](Logs::server). The set-up is one YAML template, a log4rs
//! configuration in which strings may hold `${job_id}` and the like; edit it and every running job follows.
//!
//! Never a panic into the host, never a lock of ours held while a value is formatted, never a record dropped without
//! being counted ([`JobReport::lost`]).
#![warn(missing_docs)]

pub mod disk;
mod engine;
mod error;
mod in_job;
mod job;
mod jobs_lock;
mod levels;
mod lock;
mod logs;
mod modes;
mod panic;
mod process;
mod progress;
mod prune;
mod report;
mod retention;
mod router;
mod run;
#[cfg(unix)]
mod signals;
mod start;
mod sync;
mod tally;
mod template;
mod watch;

pub use disk::{Balance, Counts, Losses, Outcome};
pub use error::{ConfigError, Error};
pub use in_job::{InJob, InJobFuture};
pub use job::Job;
pub use logs::{LevelChange, Logs};
pub use prune::Prune;
pub use report::{JobInfo, JobReport, JobState, Stats};
pub use retention::{Reason, Removal, RetentionStats};
pub use router::{Entered, Router, current};
pub use start::JobBuilder;
#[doc(hidden)]
pub use template::try_template;

use std::path::Path;

/// Reads the template in `path` and makes its logs the process's logger: installs the global logger, the watcher that
/// follows the template, and a panic hook that writes panics to the job of their thread before the hook that was
/// there runs. A write beyond the limit of a file's size (`ulimit -f`) no longer ends the process, unless the host has a
/// handler for that signal (`SIGXFSZ`): it is an error like a full disk.
///
/// # Errors
/// [`Error::Installed`] if the process has a logger already; otherwise as [`Logs::from_file`].
pub fn init(path: impl AsRef<Path>) -> Result<Logs, Error> {
    let logs = Logs::from_file(path)?;
    log::set_boxed_logger(Box::new(Router::new(logs.clone()))).map_err(|_| Error::Installed)?;
    levels::install();
    process::survive_file_limit();
    panic::install(&logs);
    Ok(logs)
}

/// The name of the function that it stands in, without its module: for a key-value that the pattern prints with
/// `{K(function)}`.
///
/// ```
/// fn fetch() -> &'static str {
///     log::info!(function = logcore::function!(); "fetching");
///     logcore::function!()
/// }
/// assert_eq!(fetch(), "fetch");
/// ```
#[macro_export]
macro_rules! function {
    () => {{
        fn here() {}
        $crate::function_name(std::any::type_name_of_val(&here))
    }};
}

/// The part of [`function!`] that needs no macro.
#[doc(hidden)]
#[must_use]
pub fn function_name(here: &'static str) -> &'static str {
    let path = here.trim_end_matches("::here").trim_end_matches("::{{closure}}");
    path.rsplit("::").next().unwrap_or(path)
}

/// The README's code is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
