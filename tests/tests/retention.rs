//! Which job directories go: the oldest that have ended, failed ones last, and nothing else, whatever lies in the root.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::info;
use logcore::disk::{Alive, JobFile, OWN_DIR, Outcome, Run, segment};
use logcore::{Logs, Reason};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually, lines};

fn sandbox(retention: &str) -> Sandbox {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("buffer:", &format!("retention: {retention}, buffer:")));
    fs::create_dir_all(sandbox.root()).unwrap();
    sandbox
}

/// A job that ended `hours` ago, with a file of `bytes`.
fn ended(root: &Path, id: &str, outcome: Outcome, hours: u64, bytes: usize) -> PathBuf {
    let end = rfc3339(SystemTime::now() - Duration::from_secs(3600 * hours));
    let run = Run { start: end.clone(), end: Some(end), outcome: Some(outcome), ..Run::default() };
    job(root, id, vec![run], bytes)
}

fn job(root: &Path, id: &str, runs: Vec<Run>, bytes: usize) -> PathBuf {
    let dir = root.join(segment(id));
    fs::create_dir(&dir).unwrap();
    JobFile { id: id.into(), runs, ..JobFile::default() }.write(&dir, "test").unwrap();
    fs::write(dir.join("debug.log"), "x".repeat(bytes)).unwrap();
    dir
}

/// Seconds are enough.
fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days.
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// What stands in the root, but for what logcore itself has there.
fn left(root: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != OWN_DIR && name != "server").collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Starts logcore on the root, waits for the first run of the retention, and says what is left.
fn after_a_run(sandbox: &Sandbox) -> (Logs, BTreeSet<String>) {
    let logs = Logs::from_file(sandbox.config()).unwrap();
    eventually("a run is over", || !logs.stats().retention.last_took.is_zero());
    let left = left(&sandbox.root());
    (logs, left)
}

#[test]
fn what_is_too_old_goes_and_failed_jobs_live_twice_as_long() {
    let sandbox = sandbox("{ max_age: 10h }");
    let root = sandbox.root();
    for (id, outcome, hours) in [
        ("ok-9", Outcome::Ok, 9),
        ("ok-11", Outcome::Ok, 11),
        ("dropped-11", Outcome::Dropped, 11),
        ("failed-11", Outcome::Failed, 11),
        ("panicked-19", Outcome::Panicked, 19),
        ("failed-21", Outcome::Failed, 21),
    ] {
        ended(&root, id, outcome, hours, 100);
    }
    let died = Run { process: "0-gone".into(), ..Run::default() };
    for (id, hours) in [("died-11", 11), ("died-21", 21)] {
        let dir = job(&root, id, vec![died.clone()], 100);
        let then = SystemTime::now() - Duration::from_secs(3600 * hours);
        for file in ["job.json", "debug.log"] {
            fs::File::options().write(true).open(dir.join(file)).unwrap().set_modified(then).unwrap();
        }
    }
    let (logs, left) = after_a_run(&sandbox);
    assert_eq!(left, names(&["ok-9", "failed-11", "panicked-19", "died-11"]));
    let stats = logs.stats().retention;
    assert_eq!((stats.runs, stats.jobs, stats.errors), (1, 4, 0), "{stats:?}");
    assert!(stats.last_run.is_some());
    eventually("it is told", || {
        logs.flush(Duration::from_secs(5)).unwrap();
        lines(root.join("server/info.log")).iter().any(|line| line.contains("retention: 4 jobs removed"))
    });
    assert_eq!(fs::read_dir(root.join(OWN_DIR)).unwrap().flatten().filter(|e| e.path().is_dir()).count(), 0);
}

#[test]
fn too_many_jobs_and_too_large_ones_go_oldest_first_and_failed_ones_last() {
    for limit in ["max_jobs: 4", "max_size: 45kb"] {
        let sandbox = sandbox(&format!("{{ {limit} }}"));
        for hours in 1..=6 {
            let outcome = if hours >= 5 { Outcome::Failed } else { Outcome::Ok };
            ended(&sandbox.root(), &format!("j{hours}"), outcome, hours, 10 << 10);
        }
        let (logs, left) = after_a_run(&sandbox);
        assert_eq!(left, names(&["j1", "j2", "j5", "j6"]), "{limit}");
        assert_eq!(logs.retention_dry_run().unwrap(), []);
    }
}

#[test]
fn a_dry_run_says_what_would_go_and_why_and_removes_nothing() {
    let sandbox = sandbox("{ max_age: 24h, max_jobs: 2, max_size: 1mb }");
    let root = sandbox.root();
    // The next run is an hour away.
    let (logs, _) = after_a_run(&sandbox);
    for (id, outcome, hours) in [
        ("old", Outcome::Ok, 48),
        ("new", Outcome::Ok, 1),
        ("middle", Outcome::Ok, 3),
        ("bad", Outcome::Failed, 5),
    ] {
        ended(&root, id, outcome, hours, 1000);
    }
    let going = logs.retention_dry_run().unwrap();
    let said: Vec<_> = going.iter().map(|job| (job.id.as_str(), job.reason, job.failed)).collect();
    assert_eq!(said, [("old", Reason::Age, false), ("middle", Reason::Jobs, false)]);
    assert!(going[0].bytes > 1000 && going[0].dir == root.join("old"));
    assert!(going[0].ended.elapsed().unwrap() > Duration::from_secs(47 * 3600));
    assert_eq!(left(&root), names(&["old", "new", "middle", "bad"]));
}

#[test]
fn nothing_goes_that_lives_or_is_no_job_of_ours() {
    let sandbox = sandbox("{ max_age: 1ms, max_jobs: 0, max_size: 0 }");
    let root = sandbox.root();
    let other = Alive::claim(&root).unwrap();
    let past =
        Run { outcome: Some(Outcome::Ok), end: Some("2020-01-01T00:00:00.000Z".into()), ..Run::default() };
    let lives = Run { process: other.process().into(), ..Run::default() };
    job(&root, "lives-elsewhere", vec![past.clone(), lives.clone()], 10);
    job(&root, "an-older-run-lives", vec![lives, past.clone()], 10);
    job(&root, "never-ran", vec![], 10);
    let server = job(&root, "another-server", vec![past.clone()], 10);
    let mut file = JobFile::read(&server).unwrap();
    file.server = true;
    file.write(&server, "test").unwrap();
    fs::rename(job(&root, "its-name", vec![past.clone()], 10), root.join("another-name")).unwrap();
    fs::create_dir(root.join("no-job")).unwrap();
    fs::write(root.join("no-job/precious.txt"), "theirs").unwrap();
    fs::create_dir(root.join("broken")).unwrap();
    fs::write(root.join("broken/job.json"), "{").unwrap();
    fs::write(root.join("a-file"), "theirs").unwrap();
    let outside = sandbox.path("outside");
    fs::create_dir(&outside).unwrap();
    let precious = job(&outside, "linked", vec![past.clone()], 10);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&precious, root.join("linked")).unwrap();
    let gone = job(&root, "gone", vec![past], 10);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, gone.join("link")).unwrap();
        std::os::unix::fs::symlink(precious.join("debug.log"), gone.join("link.log")).unwrap();
    }
    let before = left(&root);
    let (_logs, left) = after_a_run(&sandbox);
    assert_eq!(before.difference(&left).collect::<Vec<_>>(), ["gone"]);
    assert!(precious.join("debug.log").exists() && precious.join("job.json").exists());
}

#[test]
fn a_live_job_of_this_process_stays_and_goes_when_it_has_ended() {
    let sandbox = sandbox("{ max_jobs: 2 }");
    let (logs, _) = after_a_run(&sandbox);
    let jobs: Vec<_> = (0..4).map(|number| logs.job(format!("j{number}")).start().unwrap()).collect();
    let runs = || logs.stats().retention.runs;
    let before = runs();
    jobs[2].finish(Outcome::Ok);
    eventually("it was looked after the end", || runs() > before && !sandbox.root().join("j2").exists());
    assert_eq!(left(&sandbox.root()), names(&["j0", "j1", "j3"]), "the live ones are too many, and stay");
    for job in &jobs {
        info!(logger: job, "goes on");
        job.finish(Outcome::Ok);
    }
    eventually("one more goes", || left(&sandbox.root()).len() == 2);
    assert!(sandbox.root().join("j3").exists(), "it ended last");
}

#[test]
#[ignore = "a measurement: takes two minutes and 1.6 GB of disk"]
#[allow(clippy::print_stderr)]
fn a_hundred_thousand_jobs() {
    const JOBS: u64 = 100_000;
    let sandbox = sandbox("{ max_jobs: 50000, max_size: 20GiB }");
    let root = sandbox.root();
    for number in 0..JOBS {
        let dir = ended(&root, &format!("job-{number:06}"), Outcome::Ok, 1 + number / 100, 100);
        fs::write(dir.join("info.log"), "x").unwrap();
        fs::write(dir.join("error.log"), "x").unwrap();
    }
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
    };
    let before = peak();
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let (mut slowest, mut rounds) = (Duration::ZERO, 0);
    while logs.stats().retention.last_took.is_zero() {
        let began = Instant::now();
        let job = logs.job(format!("new-{rounds}")).start().unwrap();
        info!(logger: job, "one line");
        job.finish(Outcome::Ok);
        slowest = slowest.max(began.elapsed());
        rounds += 1;
        thread::sleep(Duration::from_millis(20));
    }
    let stats = logs.stats().retention;
    let said = format!(
        "{stats:?}; {rounds} jobs meanwhile, the slowest took {slowest:?}; {} KiB more",
        peak() - before
    );
    eprintln!("{said}");
    assert!(stats.jobs >= JOBS / 2, "{said}");
    assert!(peak() - before < 16 << 10, "{said}");
}
