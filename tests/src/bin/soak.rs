//! A long life under load: `soak [SECONDS]`, a minute by default.
//!
//! 16 threads run 2,000 jobs a minute, while the template changes every second, files roll and are packed, a log is
//! rotated from outside, a job's directory comes and goes, and a viewer looks on. Every job's files are read back when it
//! ends: each record once, whole and in order. What the process holds (memory, descriptors, threads) has to stay flat.

#![allow(clippy::print_stdout)] // it is what it is for

use anyhow::{Context, Result, bail, ensure};
use log::{debug, error, info};
use logcore::{Logs, Outcome};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tests::parts::{Parts, demand_all, numbered};
use tests::terminal::Terminal;

const THREADS: usize = 16;
const JOBS_A_MINUTE: u64 = 2_000;
const SECOND: Duration = Duration::from_secs(1);

/// What is done to the process, and for how long.
struct Soak<'a> {
    logs: &'a Logs,
    root: &'a Path,
    ends: Instant,
    failed: AtomicBool,
    said: Mutex<Vec<String>>,
    jobs: AtomicUsize,
    records: AtomicUsize,
    reloads: AtomicUsize,
    rotations: AtomicUsize,
    faults: AtomicUsize,
}

/// What the process holds at one moment.
#[derive(Debug, Clone, Copy)]
struct Held {
    kib: u64,
    descriptors: u64,
    threads: u64,
}

fn main() -> Result<ExitCode> {
    let seconds = std::env::args().nth(1).map_or(Ok(60), |text| text.parse()).context("soak [SECONDS]")?;
    let dir = tempfile::tempdir()?;
    let (root, config) = (dir.path().join("logs"), dir.path().join("log.yaml"));
    fs::write(&config, template(&root, 0))?;
    let logs = logcore::init(&config)?;
    let soak = Soak {
        logs: &logs,
        root: &root,
        ends: Instant::now() + SECOND * seconds,
        failed: AtomicBool::new(false),
        said: Mutex::default(),
        jobs: AtomicUsize::new(0),
        records: AtomicUsize::new(0),
        reloads: AtomicUsize::new(0),
        rotations: AtomicUsize::new(0),
        faults: AtomicUsize::new(0),
    };
    let viewer = viewer(&root);
    let held = thread::scope(|scope| {
        for thread in 0..THREADS {
            let soak = &soak;
            scope.spawn(move || soak.watch("a job", || soak.run_jobs(thread)));
        }
        scope.spawn(|| soak.watch("a reload", || soak.edit(&config)));
        scope.spawn(|| soak.watch("a rotation from outside", || soak.rotate()));
        scope.spawn(|| soak.watch("a directory that comes and goes", || soak.hide_and_restore()));
        soak.look()
    });
    if let Some(viewer) = viewer {
        println!("viewer: {} KiB", held_by(viewer.pid())?.kib);
    }
    soak.verdict(&held)
}

/// The `n`-th version of the template: other buffers, levels of flushing and sizes.
fn template(root: &Path, n: usize) -> String {
    let size = ["4KiB", "64KiB", "16KiB"][n % 3];
    let flush_level = ["error", "warn", "debug", "error"][n % 4];
    let limit = ["42KiB", "50KiB"][n % 2];
    format!(
        r#"
logcore: {{ dir: {root:?}, buffer: {{ size: {size}, flush: 50ms, flush_level: {flush_level} }}, max_open_files: 40 }}
appenders:
  all: {{ kind: file, path: "${{job_dir}}/all.log", encoder: {{ pattern: "{{m}}{{n}}" }} }}
  rolling:
    kind: rolling_file
    path: "${{job_dir}}/main.log"
    encoder: {{ pattern: "{{m}}{{n}}" }}
    policy:
      trigger: {{ kind: size, limit: {limit} }}
      roller: {{ kind: fixed_window, base: 1, count: 500, pattern: "${{job_dir}}/main.{{}}.log.gz" }}
root: {{ level: debug, appenders: [ all, rolling ] }}
"#
    )
}

/// A viewer on the root, in a pseudo-terminal; the soak goes on without one.
fn viewer(root: &Path) -> Option<Terminal> {
    let program = std::env::current_exe().ok()?.with_file_name("viewer");
    program.exists().then(|| Terminal::view(&program.to_string_lossy(), root))
}

impl Soak<'_> {
    fn goes_on(&self) -> bool {
        Instant::now() < self.ends && !self.failed.load(Ordering::Relaxed)
    }

    fn watch(&self, what: &str, act: impl FnOnce() -> Result<()>) {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        let error = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "it panicked".to_owned(),
        };
        self.failed.store(true, Ordering::Relaxed);
        if let Ok(mut said) = self.said.lock() {
            said.push(format!("{what}: {error}"));
        }
    }

    /// One job after the other, each read back at its end.
    fn run_jobs(&self, thread: usize) -> Result<()> {
        let pace = Duration::from_secs(60) * THREADS as u32 / JOBS_A_MINUTE as u32;
        for number in 0.. {
            let began = Instant::now();
            if !self.goes_on() {
                break;
            }
            let id = format!("soak-{thread}-{number}");
            let count = 100 + (thread * 37 + number * 101) % 900;
            let job = self.logs.job(&id).start()?;
            let helper = job.spawn("helper", move || log_all("helper", count / 4))?;
            job.run(|| log_all("main", count));
            ensure!(helper.join().is_ok(), "the helper panicked");
            let dir = job.dir().to_owned();
            let report = job.finish(Outcome::Ok);
            let logged = count + count / 4;
            ensure!(report.lost == 0, "{} records of {id} lost", report.lost);
            ensure!(report.counts.total() == logged as u64, "{:?} of {id}, not {logged}", report.counts);
            let writers = BTreeMap::from([("main".into(), count), ("helper".into(), count / 4)]);
            demand_all(&Parts::of(&dir, "all").lines(), &writers);
            let rolled = Parts::of(&dir, "main");
            rolled.wait_until_packed();
            demand_all(&rolled.lines(), &writers);
            fs::remove_dir_all(&dir)?;
            self.jobs.fetch_add(1, Ordering::Relaxed);
            self.records.fetch_add(logged, Ordering::Relaxed);
            thread::sleep(pace.saturating_sub(began.elapsed()));
        }
        Ok(())
    }

    /// Saves another template every second and has it followed.
    fn edit(&self, config: &Path) -> Result<()> {
        for n in 1.. {
            thread::sleep(SECOND);
            if !self.goes_on() {
                break;
            }
            fs::write(config, template(self.root, n))?;
            self.logs.reload()?;
            self.reloads.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// As logrotate does it: renames a job's file away, for a new one to be made.
    fn rotate(&self) -> Result<()> {
        let job = self.logs.job("rotated").start()?;
        let file = job.dir().join("all.log");
        let away = job.dir().join("away");
        let (mut count, mut seen) = (0, 0);
        while self.goes_on() {
            for _ in 0..500 {
                debug!(logger: job, "{}", numbered("rotated", count));
                count += 1;
            }
            thread::sleep(Duration::from_millis(300));
            if file.exists() {
                // What was moved away before is complete: there is a new one.
                seen = demand_next(&away, seen)?;
                fs::rename(&file, &away)?;
                self.rotations.fetch_add(1, Ordering::Relaxed);
            }
        }
        ensure!(job.finish(Outcome::Ok).lost == 0, "records were lost");
        seen = demand_next(&away, seen)?;
        seen = demand_next(&file, seen)?;
        ensure!(seen == count, "{seen} of {count} records");
        Ok(())
    }

    /// A job's directory changes its name with a file, so that nothing can be written; then it comes back.
    fn hide_and_restore(&self) -> Result<()> {
        for round in 0.. {
            if !self.goes_on() {
                break;
            }
            let job = self.logs.job(format!("hidden-{round}")).start()?;
            let (dir, away) = (job.dir().to_owned(), self.root.join(format!(".away-{round}")));
            let logged = 2_000;
            for number in 0..logged {
                match number {
                    500 => {
                        fs::write(&away, "in the way")?;
                        exchange(&dir, &away)?;
                    }
                    1500 => {
                        thread::sleep(Duration::from_millis(200));
                        exchange(&dir, &away)?;
                        fs::remove_file(&away)?;
                    }
                    _ => {}
                }
                info!(logger: job, "{}", numbered("hidden", number));
            }
            let report = job.finish(Outcome::Ok);
            ensure!(report.counts.info == logged as u64, "{:?} counted, not {logged}", report.counts);
            ensure!(report.lost == 0, "{} lost, although there was room to wait", report.lost);
            demand_all(&Parts::of(&dir, "all").lines(), &BTreeMap::from([("hidden".into(), logged)]));
            Parts::of(&dir, "main").wait_until_packed();
            fs::remove_dir_all(&dir)?;
            self.faults.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    /// What the process holds, once a second until the end.
    fn look(&self) -> Vec<Held> {
        let mut held = Vec::new();
        while self.goes_on() {
            thread::sleep(SECOND);
            held.extend(held_by(std::process::id()));
        }
        held
    }

    fn verdict(&self, held: &[Held]) -> Result<ExitCode> {
        let count = |what: &AtomicUsize| what.load(Ordering::Relaxed);
        println!(
            "{} jobs, {} records, {} reloads, {} rotations from outside, {} directories that came and went",
            count(&self.jobs),
            count(&self.records),
            count(&self.reloads),
            count(&self.rotations),
            count(&self.faults)
        );
        let said = self.said.lock().map(|said| said.join("\n")).unwrap_or_default();
        if !said.is_empty() {
            bail!("{said}");
        }
        // The first third warms up.
        let third = held.len() / 3;
        let (Some(middle), Some(last)) = (held.get(third..2 * third), held.get(2 * third..)) else {
            bail!("too short")
        };
        let most = |part: &[Held], what: fn(&Held) -> u64| part.iter().map(what).max().unwrap_or(0);
        let mut flat = true;
        for (name, what, slack) in [
            ("resident KiB", (|held| held.kib) as fn(&Held) -> u64, 8 << 10),
            ("descriptors", |held| held.descriptors, 20),
            ("threads", |held| held.threads, 4),
        ] {
            let (before, after) = (most(middle, what), most(last, what));
            println!("{name}: {before} at most in the middle third, {after} in the last");
            flat &= after <= before + before / 5 + slack;
        }
        ensure!(flat, "something grows");
        println!("nothing lost, nothing doubled, nothing grew");
        Ok(ExitCode::SUCCESS)
    }
}

/// Demands that the lines of `file`, if there is one, are the records from number `first` on; returns the next number.
fn demand_next(file: &Path, first: usize) -> Result<usize> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut next = first;
    for line in text.lines() {
        ensure!(line == numbered("rotated", next), "not {next}: {line}");
        next += 1;
    }
    Ok(next)
}

fn log_all(writer: &str, count: usize) {
    for number in 0..count {
        if number % 90 == 89 {
            error!("{}", numbered(writer, number));
        } else {
            debug!("{}", numbered(writer, number));
        }
    }
}

/// Two names change what they name, at once.
#[allow(unsafe_code)]
fn exchange(one: &Path, other: &Path) -> Result<()> {
    let name = |path: &Path| std::ffi::CString::new(path.as_os_str().as_encoded_bytes());
    let (one, other) = (name(one)?, name(other)?);
    // SAFETY: a plain system call with two strings that end in a NUL.
    let result = unsafe {
        libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), libc::RENAME_EXCHANGE)
    };
    ensure!(result == 0, "renameat2: {}", std::io::Error::last_os_error());
    Ok(())
}

fn held_by(pid: u32) -> Result<Held> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("only Linux shows it")?;
    let field = |name: &str| -> Result<u64> {
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)).context("the kernel does not say")?;
        Ok(line.split_whitespace().next().context("the line is empty")?.parse()?)
    };
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64;
    Ok(Held { kib: field("VmRSS:")?, descriptors, threads: field("Threads:")? })
}
