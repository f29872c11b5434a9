//! One measurement in a process of its own. Prints `name value` lines for the process that started it.

use crate::allocations;
use crate::contestants::{self, Channel, Host, LOGCORE, Many};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Records of each job in variant (d).
const PER_SHORT_JOB: u64 = 100;

/// Live jobs, where there are many.
const MANY: usize = 1_000;
const IDLE: usize = 10_000;
/// Of those that hold three descriptors per job.
const IDLE_OF_OTHERS: usize = 250;

pub fn run(name: &str, task: &str, root: &Path, records: u64) -> Result<()> {
    if matches!(task, "allocations" | "idle") {
        allocations::start_counting();
    }
    let start =
        contestants::find(name).and_then(|contestant| contestant.start).context("no such contestant")?;
    match task {
        "reload" => return reload(root),
        "idle" if name == LOGCORE => return idle(|| Many::start(root, IDLE, true), Many::count),
        _ => {}
    }
    let host = start(root)?;
    match task {
        "a" => say_time(jobs_at_once(host, root, records, 1)?),
        "b" => say_time(jobs_at_once(host, root, records, 2)?),
        "c" => say_time(jobs_at_once(host, root, records, 8)?),
        "d" => say_time(jobs_in_turn(host, root, records)?),
        "e" => say_time(one_job_two_threads(host, root, records)?),
        "off" => disabled(&*host, root, records, false)?,
        "quiet" => disabled(&*host, root, records, true)?,
        "latency" => latency(host, root, records)?,
        "allocations" => count_allocations(host, root, records)?,
        "idle" => idle(|| open_many(&*host, root), Vec::len)?,
        other => bail!("no such task: {other}"),
    }
    Ok(())
}

fn say_time(took: Duration) {
    println!("ns {}", took.as_nanos());
}

fn job(number: usize) -> String {
    format!("job-{number:04}")
}

fn open(host: &dyn Host, root: &Path, number: usize) -> Result<Box<dyn Channel>> {
    host.open(&root.join(job(number)), &job(number))
}

/// As many threads as jobs; the time ends when all is flushed.
fn jobs_at_once(host: Box<dyn Host>, root: &Path, records: u64, jobs: usize) -> Result<Duration> {
    let channels = (1..=jobs).map(|number| open(&*host, root, number)).collect::<Result<Vec<_>>>()?;
    let each = records / jobs as u64;
    let ready = Barrier::new(jobs + 1);
    let began = thread::scope(|scope| {
        let threads: Vec<_> = channels
            .into_iter()
            .map(|channel| {
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    channel.records(0..each, None);
                    channel.close()
                })
            })
            .collect();
        ready.wait();
        let began = Instant::now();
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        anyhow::Ok(began)
    })?;
    host.finish()?;
    Ok(began.elapsed())
}

/// Directories, files and all are made and closed in the time.
fn jobs_in_turn(host: Box<dyn Host>, root: &Path, records: u64) -> Result<Duration> {
    let began = Instant::now();
    for number in 1..=(records / PER_SHORT_JOB) as usize {
        let channel = open(&*host, root, number)?;
        channel.records(0..PER_SHORT_JOB, None);
        channel.close()?;
    }
    host.finish()?;
    Ok(began.elapsed())
}

fn one_job_two_threads(host: Box<dyn Host>, root: &Path, records: u64) -> Result<Duration> {
    let channel = open(&*host, root, 1)?;
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| channel.records(0..records / 2, None));
        }
    });
    channel.close()?;
    host.finish()?;
    Ok(began.elapsed())
}

fn disabled(host: &dyn Host, root: &Path, records: u64, another_is_verbose: bool) -> Result<()> {
    let dir = root.join(job(1));
    let took = host.disabled(&dir, records, another_is_verbose)?.context("not measured for this one")?;
    say_time(took);
    Ok(())
}

fn latency(host: Box<dyn Host>, root: &Path, records: u64) -> Result<()> {
    let channel = open(&*host, root, 1)?;
    let mut times = Vec::with_capacity(records as usize);
    channel.records(0..records / 100 * 10, None);
    channel.records(0..records, Some(&mut times));
    channel.close()?;
    host.finish()?;
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)] {
        println!("{name} {}", at(share));
    }
    Ok(())
}

fn count_allocations(host: Box<dyn Host>, root: &Path, records: u64) -> Result<()> {
    let channel = open(&*host, root, 1)?;
    // Buffers and thread-locals have been made by then.
    channel.records(0..10_000, None);
    let before = allocations::calls();
    channel.records(0..records, None);
    println!("calls {}", allocations::calls() - before);
    channel.close()?;
    host.finish()
}

fn open_many(host: &dyn Host, root: &Path) -> Result<Vec<Box<dyn Channel>>> {
    let mut channels = Vec::with_capacity(IDLE_OF_OTHERS);
    for number in 1..=IDLE_OF_OTHERS {
        let channel = open(host, root, number)?;
        channel.records(0..100, None);
        channels.push(channel);
    }
    Ok(channels)
}

/// What live jobs cost that have logged and log no more.
fn idle<T>(start: impl FnOnce() -> Result<T>, count: impl FnOnce(&T) -> usize) -> Result<()> {
    let (heap, resident, descriptors, threads) =
        (allocations::live(), resident()?, descriptors()?, threads()?);
    let many = start()?;
    let jobs = count(&many) as f64;
    println!("jobs {jobs}");
    println!("heap {}", (allocations::live() - heap) as f64 / jobs);
    println!("resident {}", (self::resident()? - resident) / jobs);
    println!("descriptors {}", self::descriptors()? - descriptors);
    println!("threads {}", self::threads()? - threads);
    Ok(())
}

fn resident() -> Result<f64> {
    status("VmRSS:").map(|kib| kib * 1024.0)
}

fn threads() -> Result<f64> {
    status("Threads:")
}

fn status(name: &str) -> Result<f64> {
    let all = fs::read_to_string("/proc/self/status").context("only Linux shows it")?;
    let line = all.lines().find_map(|line| line.strip_prefix(name)).context("the kernel does not say")?;
    Ok(line.split_whitespace().next().context("the line is empty")?.parse()?)
}

/// Log files that are open: what else the process holds does not grow with the jobs.
fn descriptors() -> Result<f64> {
    let open = fs::read_dir("/proc/self/fd").context("only Linux shows it")?;
    let names = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    Ok(names.filter(|name| name.extension().is_some_and(|extension| extension == "log")).count() as f64)
}

fn reload(root: &Path) -> Result<()> {
    let many = Many::start(root, MANY, true)?;
    println!("reload {}", many.reload()?.as_nanos());
    println!("level {}", many.set_level()?.as_nanos());
    Ok(())
}
