//! The demo: a host in this process whose jobs do real work on a real directory tree, and the viewer over them.
//!
//! ```text
//! input   which files: this workspace and its dependencies' sources, or `--input DIR`
//! work    what a job does with them: pack, check text, verify an archive, index titles
//! host    a pool of threads that runs one job after the other, each in its own directory below `logs/`
//! ```
//!
//! Nothing is acted: the warnings are of files that do not compress, the failing job reads an archive that really is
//! cut off, the panicking one cuts a line in the middle of a character.

mod host;
mod input;
mod work;

use crate::Options;
use anyhow::{Context, Result, bail};
use host::{Finished, Host};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `logview demo --help` prints.
const HELP: &str = "\
Run a host whose jobs pack and check real files, and watch their logs.

Usage: logview demo [OPTIONS]

Options:
      --jobs N      how many jobs to run in a round  [default: 12]
      --input DIR   the files to work on  [default: this directory and the sources of its dependencies]
      --seconds N   end after N seconds
      --ascii       no character beyond ASCII
  -h, --help        print this help

In a terminal, rounds follow each other until you press q. Without one, a single round runs and a table of its jobs is
printed. The template is config/log.yaml if there is one here: edit it and watch the jobs follow.
";

/// The template of a demo that runs where there is none.
const SHIPPED: &str = include_str!("../../config/log.yaml");

#[derive(Debug)]
struct Arguments {
    jobs: usize,
    input: Option<PathBuf>,
    seconds: Option<Duration>,
    ascii: bool,
}

/// Runs the demo with the arguments after `demo`.
///
/// # Errors
/// If an argument is unknown, the input cannot be read, or the logs cannot be written.
pub fn run(arguments: Vec<OsString>) -> Result<()> {
    let Some(arguments) = parse(arguments)? else { return print(HELP) };
    let files = input::files(arguments.input.as_deref())?;
    let scratch = tempfile::tempdir().context("there is no room for the demo's archive")?;
    let template = template(scratch.path())?;
    let in_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    // From here on whatever a job prints would be drawn over: the viewer keeps the terminal for itself.
    let terminal = if in_terminal { redirect()? } else { None };
    let logs = logcore::init(&template)?;
    let root = root(&logs);
    let host = Host::start(logs, files, scratch.path(), arguments.jobs, in_terminal)?;
    if in_terminal {
        let options =
            Options { terminal, ascii: arguments.ascii, quit_after: arguments.seconds, ..Options::new(root) };
        let seen = crate::run(options);
        host.stop();
        return seen;
    }
    let finished = host.wait(arguments.seconds);
    print(&table(&finished, &root))
}

fn parse(arguments: Vec<OsString>) -> Result<Option<Arguments>> {
    let mut parsed = Arguments { jobs: 12, input: None, seconds: None, ascii: false };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("jobs") => parsed.jobs = parser.value()?.parse().context("--jobs takes a number")?,
            Long("input") => parsed.input = Some(parser.value()?.into()),
            Long("seconds") => {
                let seconds = parser.value()?.parse().context("--seconds takes a whole number")?;
                parsed.seconds = Some(Duration::from_secs(seconds));
            }
            Long("ascii") => parsed.ascii = true,
            other => bail!("{}; logview demo --help shows what there is", other.unexpected()),
        }
    }
    if parsed.jobs == 0 || parsed.jobs > 10_000 {
        bail!("--jobs takes a number from 1 to 10000");
    }
    Ok(Some(parsed))
}

/// Where the jobs' directories are, as a person here would write it.
fn root(logs: &logcore::Logs) -> PathBuf {
    let root = logs.server().dir().parent().unwrap_or(Path::new("."));
    let here = std::env::current_dir().unwrap_or_default();
    root.strip_prefix(here).unwrap_or(root).to_owned()
}

/// The template of this directory, or the shipped one.
fn template(scratch: &Path) -> Result<PathBuf> {
    let here = PathBuf::from("config/log.yaml");
    if here.exists() {
        return Ok(here);
    }
    let shipped = scratch.join("log.yaml");
    std::fs::write(&shipped, SHIPPED).context("the demo's template cannot be written")?;
    Ok(shipped)
}

/// Sends standard output and standard error of this process to nowhere; returns the terminal that they were.
#[cfg(unix)]
fn redirect() -> Result<Option<File>> {
    use std::os::fd::AsFd;
    let terminal = io::stdout().as_fd().try_clone_to_owned().context("the terminal cannot be kept")?;
    let nowhere = File::options().write(true).open("/dev/null").context("/dev/null cannot be opened")?;
    rustix::stdio::dup2_stdout(&nowhere).context("standard output cannot be redirected")?;
    rustix::stdio::dup2_stderr(&nowhere).context("standard error cannot be redirected")?;
    Ok(Some(terminal.into()))
}

#[cfg(not(unix))]
fn redirect() -> Result<Option<File>> {
    Ok(None)
}

fn table(jobs: &[Finished], root: &Path) -> String {
    let width = jobs.iter().map(|job| job.report.id.chars().count()).max().unwrap_or(3).max(3);
    let mut out = format!(
        "{:width$}  {:9} {:>6} {:>6} {:>6} {:>6}  {:>10} {:>7}\n",
        "job", "outcome", "error", "warn", "info", "debug", "bytes", "seconds"
    );
    for Finished { report } in jobs {
        let outcome = format!("{:?}", report.outcome).to_lowercase();
        let counts = report.counts;
        out += &format!(
            "{:width$}  {outcome:9} {:>6} {:>6} {:>6} {:>6}  {:>10} {:>7.2}\n",
            report.id,
            counts.error,
            counts.warn,
            counts.info,
            counts.debug,
            report.bytes,
            report.duration.as_secs_f64(),
        );
    }
    let records: u64 = jobs.iter().map(|job| job.report.counts.total()).sum();
    let lost: u64 = jobs.iter().map(|job| job.report.lost).sum();
    out + &format!(
        "{} jobs, {records} records, {lost} lost; their logs are in {}: browse them with `logview {}`\n",
        jobs.len(),
        root.display(),
        root.display()
    )
}

/// A reader that has heard enough is no error.
fn print(text: &str) -> Result<()> {
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_wrong_ones_are_named() {
        let ok = |arguments: &[&str]| parse(arguments.iter().map(OsString::from).collect());
        let parsed = ok(&["--jobs", "3", "--seconds", "9", "--input", "src"]).unwrap().unwrap();
        assert_eq!((parsed.jobs, parsed.seconds), (3, Some(Duration::from_secs(9))));
        assert!(ok(&["--help"]).unwrap().is_none());
        for wrong in [&["--jobs", "0"][..], &["--jobs", "many"], &["--jobs"], &["here"], &["--no-such"]] {
            assert!(ok(wrong).is_err(), "{wrong:?}");
        }
    }
}
