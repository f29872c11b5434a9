//! A real host process that does what it is told, one line at a time, and answers each with a line: for faults that hit a
//! process as a whole. `tests::driven` is the other end.

use anyhow::{Context, bail};
use log::{LevelFilter, error, info};
use logcore::{Job, Logs, Outcome};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, Write};
use std::time::Duration;

struct Host {
    logs: Logs,
    job: Option<Job>,
    logged: u64,
}

fn main() -> anyhow::Result<()> {
    let config = std::env::args().nth(1).context("driven CONFIG")?;
    let mut host = Host { logs: logcore::init(&config)?, job: None, logged: 0 };
    answer("ready")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, how) = line.split_once(' ').unwrap_or((&line, ""));
        let said = host.obey(what, how).unwrap_or_else(|error| format!("failed: {error:#}"));
        answer(&said)?;
    }
    Ok(())
}

fn answer(said: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{said}")?;
    Ok(out.flush()?)
}

impl Host {
    fn job(&self) -> anyhow::Result<&Job> {
        self.job.as_ref().context("no job")
    }

    fn obey(&mut self, what: &str, how: &str) -> anyhow::Result<String> {
        match what {
            "start" => self.job = Some(self.logs.job(how).start()?),
            // So many numbered records, counted on from the last.
            "log" => {
                for _ in 0..how.parse()? {
                    info!(logger: self.job()?, "record {:06} {}", self.logged, "x".repeat(80));
                    self.logged += 1;
                }
            }
            "error" => error!(logger: self.job()?, "{how}"),
            "server" => info!(logger: self.logs.server(), "{how}"),
            "flush" => self.logs.flush(Duration::from_secs(10))?,
            "level" => self.logs.set_level(how, LevelFilter::Trace).keep()?,
            "finish" => return Ok(self.job()?.finish(Outcome::Ok).lost.to_string()),
            "nofile" => limit(Resource::Nofile, how)?,
            "fsize" => limit(Resource::Fsize, how)?,
            // The most memory that it has had, in KiB.
            "memory" => {
                let status = std::fs::read_to_string("/proc/self/status")?;
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
                return Ok(line.trim().trim_end_matches(" kB").to_owned());
            }
            "descriptors" => return Ok(std::fs::read_dir("/proc/self/fd")?.count().to_string()),
            "threads" => return Ok(std::fs::read_dir("/proc/self/task")?.count().to_string()),
            // The memory that it has now, in KiB.
            "resident" => {
                let pages = std::fs::read_to_string("/proc/self/statm")?;
                let pages: usize = pages.split(' ').nth(1).context("statm")?.parse()?;
                return Ok((pages * rustix::param::page_size() / 1024).to_string());
            }
            // So many jobs, from their start to their end, each with another id.
            "cycle" => {
                for _ in 0..how.parse()? {
                    self.logged += 1;
                    let job = self.logs.job(format!("cycled-{}", self.logged)).start()?;
                    job.run(|| error!("in the job"));
                    job.spawn("worker", || info!("on its thread"))?
                        .join()
                        .map_err(|_| anyhow::anyhow!("panic"))?;
                    job.finish(Outcome::Ok);
                }
            }
            // A thread of the job panics.
            "panic" => {
                let thread = self.job()?.spawn("panics", || panic!("as it was told"))?;
                anyhow::ensure!(thread.join().is_err(), "it did not panic");
            }
            // A child without exec: it logs, ends the job, drops all it has, and is gone.
            "fork" => self.fork()?,
            other => bail!("{other}?"),
        }
        Ok("done".into())
    }

    #[allow(unsafe_code)]
    fn fork(&mut self) -> anyhow::Result<()> {
        // SAFETY: what the child does between here and its end, allocating above all, is more than POSIX allows the child
        // of a process with threads; glibc allows it.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let job = self.job.take();
            info!(logger: job.as_ref().unwrap_or(self.logs.server()), "the child's");
            if let Some(job) = &job {
                job.finish(Outcome::Failed);
            }
            drop(job);
            // SAFETY: it ends the child; nothing of the parent's runs there.
            unsafe { libc::_exit(0) };
        }
        let mut status = 0;
        // SAFETY: `status` is an integer to write to.
        let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
        anyhow::ensure!(ended == child && status == 0, "the child ended with {status}");
        Ok(())
    }
}

/// Sets the limit that holds; the one up to which it can be raised again stays.
fn limit(resource: Resource, to: &str) -> anyhow::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let current = if to == "none" { maximum } else { Some(to.parse()?) };
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}
