//! Handlers are released exactly at a job's end: alone in its process, because it counts what the process holds.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{debug, error, info};
use logcore::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually, lines};

const JOBS: usize = 10_000;

/// Descriptors by what they name, threads, and resident memory in KiB.
fn held() -> (BTreeMap<String, usize>, usize, usize) {
    let mut descriptors = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        if !target.starts_with("/proc") {
            *descriptors.entry(target.to_string_lossy().into_owned()).or_default() += 1;
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let number = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (descriptors, number("Threads:"), number("VmRSS:"))
}

fn run_jobs(logs: &logcore::Logs, from: usize, to: usize) {
    let next = AtomicUsize::new(from);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= to {
                        break;
                    }
                    let job = logs.job(format!("job-{number}")).start().unwrap();
                    job.run(|| {
                        debug!("{number} debug");
                        info!("{number} info");
                        error!("{number} error");
                    });
                    let report = job.finish(Outcome::Ok);
                    assert_eq!((report.counts.total(), report.lost, report.late), (3, 0, 0));
                }
            });
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_jobs_through_eight_threads_leave_nothing_behind() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logcore::init(sandbox.config()).unwrap();
    info!("up");
    logs.flush(std::time::Duration::from_secs(5)).unwrap();
    // Pools, thread-locals and allocator caches have their size after the first thousand.
    run_jobs(&logs, 0, 1000);
    let before = held();
    run_jobs(&logs, 1000, JOBS);
    let after = held();
    assert_eq!(after.0, before.0, "descriptors");
    // A joined thread may still be on its way out of the system's table.
    eventually("the threads are gone", || held().1 <= before.1);
    assert!(after.2 < before.2 + 4096, "memory grew from {} to {} KiB", before.2, after.2);
    assert!(logs.jobs().is_empty());
    for number in 0..JOBS {
        let dir = sandbox.root().join(format!("job-{number}"));
        let want = [("DEBUG", "debug"), ("INFO", "info"), ("ERROR", "error")]
            .map(|(level, word)| format!("{level}|job-{number}|{number} {word}"));
        for (name, from) in [("debug.log", 0), ("info.log", 1), ("error.log", 2)] {
            assert_eq!(lines(dir.join(name)), want[from..], "{name} of job {number}");
        }
    }
    assert_eq!(lines(sandbox.root().join("server/debug.log")), ["INFO|server|up"]);
}
