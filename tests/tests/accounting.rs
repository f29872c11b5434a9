//! `emitted = written + filtered + rate_limited + lost`, each term exact: compared with what was logged and with what stands
//! in the files, over random records, levels, faults, reloads and threads.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{Level, LevelFilter, Log, Record, info};
use logcore::disk::JobFile;
use logcore::{Balance, Job, Logs, Outcome};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually, lines};

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// A device without room.
    Full,
    /// A directory has its name, and goes away before the end if so.
    Blocked {
        mended: bool,
    },
    /// It is deleted under way.
    Deleted,
}

/// An appender: the strictest level that it takes, and what is wrong with its file.
type File = (LevelFilter, Fault);

#[derive(Debug, Clone)]
struct Case {
    files: Vec<File>,
    level: LevelFilter,
    buffered: bool,
    /// Records of each thread; long ones fill a backlog.
    threads: Vec<Vec<(Level, bool)>>,
    /// Whether a reload takes the last file away under way.
    reload: bool,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Full),
        1 => any::<bool>().prop_map(|mended| Fault::Blocked { mended }),
        1 => Just(Fault::Deleted),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let level = || prop::sample::select(LevelFilter::iter().collect::<Vec<_>>());
    let record = (prop::sample::select(Level::iter().collect::<Vec<_>>()), prop::bool::weighted(0.2));
    let files = prop::collection::vec((level(), fault()), 1..4);
    let threads = prop::collection::vec(prop::collection::vec(record, 0..80), 1..4);
    (files, level(), any::<bool>(), threads, any::<bool>()).prop_map(
        |(files, level, buffered, threads, reload)| Case { files, level, buffered, threads, reload },
    )
}

fn path(at: usize, fault: Fault) -> String {
    if fault == Fault::Full { "/dev/full".to_owned() } else { format!("${{job_dir}}/{at}.log") }
}

fn template(case: &Case, files: &[File]) -> String {
    let buffer = if case.buffered { "{ size: 1KiB, flush: 5ms }" } else { "none" };
    let appender = |(at, (threshold, fault)): (usize, &File)| {
        let path = path(at, *fault);
        format!(
            "  a{at}:\n    kind: file\n    path: \"{path}\"\n    filters: [ {{ kind: threshold, level: {threshold} }} ]\n    \
             encoder: {{ pattern: \"{{m}}{{n}}\" }}\n"
        )
    };
    let appenders: String = files.iter().enumerate().map(appender).collect();
    let names: Vec<String> = (0..files.len()).map(|at| format!("a{at}")).collect();
    // The server log has none of these files, so that a fault is the job's alone.
    format!(
        "logcore:\n  dir: \"ROOT\"\n  buffer: {buffer}\n  jobs: {{ server: {{ appenders: [] }} }}\nappenders:\n{appenders}root:\n  \
         level: {}\n  appenders: [ {} ]\n",
        case.level,
        names.join(", ")
    )
}

/// Numbers its records, so that they are found again.
fn log_all(job: &Job, thread: usize, records: &[(Level, bool)]) {
    for (number, (level, long)) in records.iter().enumerate() {
        let filler = if *long { "x".repeat(20_000) } else { String::new() };
        let message = format_args!("{thread}-{number} {filler}");
        job.log(&Record::builder().level(*level).target("t").args(message).build());
    }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let sandbox = Sandbox::new(&template(case, &case.files));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let blocked = |at: usize| job.dir().join(format!("{at}.log"));
    for (at, (_, fault)) in case.files.iter().enumerate() {
        if matches!(fault, Fault::Blocked { .. }) {
            fs::create_dir(blocked(at)).unwrap();
        }
    }
    thread::scope(|scope| {
        for (thread, records) in case.threads.iter().enumerate() {
            let job = &job;
            scope.spawn(move || job.run(|| log_all(job, thread, records)));
        }
        if case.reload && case.files.len() > 1 {
            sandbox.save(&template(case, &case.files[..case.files.len() - 1]));
            logs.reload().unwrap();
        }
    });
    for (at, (_, fault)) in case.files.iter().enumerate() {
        match fault {
            Fault::Blocked { mended: true } => fs::remove_dir(blocked(at)).unwrap(),
            Fault::Deleted => drop(fs::remove_file(blocked(at))),
            _ => {}
        }
    }
    let report = job.finish(Outcome::Ok);
    let balance = report.balance;
    prop_assert_eq!(sum(&balance), balance.emitted);
    let emitted = case.threads.iter().map(Vec::len).sum::<usize>() as u64;
    prop_assert_eq!(balance.emitted, emitted);
    prop_assert_eq!(balance.lost.total(), report.lost);
    prop_assert_eq!(report.counts.total(), balance.written + report.lost);
    let stored = JobFile::read(job.dir()).unwrap().runs[0].clone();
    prop_assert_eq!(stored.balance, Some(balance));
    if case.reload {
        return Ok(()); // which records the last file was to take is a matter of chance
    }

    let wants = |file: &File, level: Level| level <= case.level && level <= file.0;
    let stands_in = |(at, file): (usize, &File)| -> BTreeSet<String> {
        if file.1 == Fault::Full {
            return BTreeSet::new();
        }
        let first = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
        lines(blocked(at)).iter().map(first).collect()
    };
    let standing: Vec<BTreeSet<String>> = case.files.iter().enumerate().map(stands_in).collect();
    let (mut filtered, mut lost) = (0, 0);
    for (thread, records) in case.threads.iter().enumerate() {
        for (number, (level, _)) in records.iter().enumerate() {
            let name = format!("{thread}-{number}");
            let wanted: Vec<usize> =
                (0..case.files.len()).filter(|at| wants(&case.files[*at], *level)).collect();
            // What stood in a file that was deleted was written; nobody can look it up any more.
            let missing =
                |at: &&usize| !standing[**at].contains(&name) && case.files[**at].1 != Fault::Deleted;
            filtered += u64::from(wanted.is_empty());
            lost += u64::from(wanted.iter().any(|at| missing(&at)));
        }
    }
    prop_assert_eq!((balance.filtered, report.lost), (filtered, lost));
    Ok(())
}

fn sum(balance: &Balance) -> u64 {
    balance.written + balance.filtered + balance.rate_limited + balance.lost.total()
}

#[cfg(target_os = "linux")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn every_record_is_written_filtered_or_lost_and_counted_once(case in case()) {
        check(&case)?;
    }
}

#[test]
fn a_record_that_one_of_three_files_has_lost_is_lost_once() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    fs::create_dir(job.dir().join("info.log")).unwrap();
    log_all(
        &job,
        0,
        &[(Level::Debug, false), (Level::Info, false), (Level::Error, false), (Level::Trace, false)],
    );
    let info = logs.jobs().remove(0);
    assert_eq!((info.balance.emitted, info.balance.filtered, info.balance.written), (4, 1, 3));
    let report = job.finish(Outcome::Ok);
    assert_eq!((report.balance.lost.io, report.balance.written, report.balance.filtered), (2, 1, 1));
    assert_eq!(lines(job.dir().join("debug.log")).len(), 3);
}

#[test]
fn what_a_full_backlog_refuses_is_told_from_what_could_not_be_written_at_the_end() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("flush: 10ms", "flush: 10ms, size: 1KiB"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    fs::create_dir(job.dir().join("info.log")).unwrap();
    log_all(&job, 0, &[(Level::Info, true); 100]);
    let lost = job.finish(Outcome::Ok).balance.lost;
    assert!(lost.io > 0 && lost.backlog_full > 0, "{lost:?}");
    assert_eq!(lost.total(), 100);
    assert_eq!(lines(job.dir().join("debug.log")).len(), 100);
}

#[test]
fn records_that_are_logged_while_the_job_ends_are_the_jobs_or_late() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2000;
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for round in 0..5 {
        let job = logs.job(format!("j{round}")).start().unwrap();
        let (together, sent) = (Barrier::new(THREADS as usize + 1), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    for number in 0..EACH {
                        info!(logger: job, "{number}");
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            together.wait();
            while sent.load(Ordering::Relaxed) < THREADS * EACH / 4 {
                thread::yield_now();
            }
            job.finish(Outcome::Ok);
        });
        let report = job.finish(Outcome::Ok);
        assert_eq!(report.balance.emitted + report.late, THREADS * EACH);
        assert_eq!(report.balance.written, lines(job.dir().join("info.log")).len() as u64);
    }
}

#[test]
fn what_outlives_the_server_log_is_lost_and_counted() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let server = logs.server().clone();
    logs.flush(Duration::from_secs(5)).unwrap();
    drop(logs);
    // Past the macros, which ask for the process's level first: nothing is live any more.
    log_all(&server, 0, &[(Level::Info, false); 3]);
    assert_eq!(server.finish(Outcome::Ok).balance.lost.closed, 3);
}

#[test]
fn a_job_json_without_a_balance_is_read() {
    let text = r#"{ "id": "old", "runs": [ { "start": "2026-11-22T16:20:00.000Z", "lost": 3 } ] }"#;
    let file: JobFile = serde_json::from_str(text).unwrap();
    assert_eq!((file.runs[0].lost, file.runs[0].balance), (3, None));
}

/// Lines of the level files of `template` with `limits` for all jobs.
fn limited(limits: &str) -> Sandbox {
    Sandbox::new(&LEVEL_FILES.replace("buffer:", &format!("limits: {limits}, buffer:")))
}

#[test]
fn what_a_rate_limit_keeps_out_is_counted_and_told_in_one_line_and_errors_pass() {
    let sandbox = limited("{ rate: 10/h }");
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    log_all(&job, 0, &[(Level::Info, false); 100]);
    log_all(&job, 1, &[(Level::Error, false); 20]);
    let suppressed =
        || lines(job.dir().join("info.log")).into_iter().filter(|line| line.contains("suppressed"));
    eventually("it is told when it is over", || suppressed().count() == 1);
    log_all(&job, 2, &[(Level::Trace, false), (Level::Info, false)]);
    let balance = job.finish(Outcome::Ok).balance;
    let told: Vec<String> = suppressed().collect();
    assert!(
        told[0].starts_with("WARN|j|90 records suppressed here by the job's rate limit of 10/h"),
        "{told:?}"
    );
    assert!(told[1].starts_with("WARN|j|1 records"), "{told:?}");
    assert_eq!(lines(job.dir().join("info.log")).len(), 10 + 20 + told.len());
    assert_eq!((balance.emitted, balance.rate_limited, balance.filtered), (122 + 2, 91, 1));
    assert_eq!((balance.written, sum(&balance)), (32, balance.emitted));
}

#[test]
fn a_rate_limit_is_the_jobs_own_and_may_be_set_or_lifted_for_some() {
    let sandbox = limited(
        "{ rate: 5/h }, jobs: { \"free-*\": { limits: { rate: none } }, tight: { limits: { rate: 2/h } } }",
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let written = |id: &str| {
        let job = logs.job(id).start().unwrap();
        log_all(&job, 0, &[(Level::Info, false); 50]);
        let balance = job.finish(Outcome::Ok).balance;
        50 - balance.rate_limited
    };
    assert_eq!(["a", "b", "free-1", "tight"].map(written), [5, 5, 50, 2]);
    log_all(logs.server(), 0, &[(Level::Info, false); 50]);
    assert_eq!(logs.server().finish(Outcome::Ok).balance.rate_limited, 0, "the server log has no limit");
}

#[test]
fn threads_share_a_jobs_rate_to_the_record_and_a_reload_does_not_refill_it() {
    let sandbox = limited("{ rate: 100/h }");
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    thread::scope(|scope| {
        for number in 0..4 {
            let job = &job;
            scope.spawn(move || job.run(|| log_all(job, number, &[(Level::Info, false); 400])));
        }
        (0..5).for_each(|_| logs.reload().unwrap());
    });
    let balance = job.finish(Outcome::Ok).balance;
    let told = balance.emitted - 1600;
    assert_eq!(balance.rate_limited, 1500);
    assert_eq!(balance.written, 100 + told);
}

#[test]
fn a_rate_that_is_none_is_refused_with_its_place() {
    for (rate, what) in [("0/s", "`0/s` is no rate"), ("fast", "`fast` is no rate"), ("5", "expected a rate")]
    {
        let sandbox = limited(&format!("{{ rate: {rate} }}"));
        let error = Logs::from_file(sandbox.config()).map(drop).unwrap_err().to_string();
        assert!(error.contains("log.yaml:2:") && error.contains("logcore.limits.rate"), "{error}");
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_job_that_logs_too_much_keeps_its_head_its_tail_and_all_errors() {
    const MOST: u64 = 300 << 10;
    let sandbox = limited("{ max_size: 300KiB }");
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let size = |name: &str| fs::metadata(job.dir().join(name)).map_or(0, |about| about.len());
    let all = ["debug.head.log", "debug.tail.log", "debug.log"];
    let mut logged = 0;
    for round in 0..40_u64 {
        for number in 0..500_u64 {
            let level = if number == 7 { Level::Error } else { Level::Debug };
            let message = format_args!("record {:06}", round * 500 + number);
            job.log(&Record::builder().level(level).target("t").args(message).build());
            logged += 1;
        }
        logs.flush(Duration::from_secs(5)).unwrap();
        // info.log has half of it.
        assert!(all.iter().map(|name| size(name)).sum::<u64>() <= MOST / 2 + 3 * 100, "after {round}");
    }
    let report = job.finish(Outcome::Ok);
    assert_eq!((report.balance.written, report.lost), (logged, 0));
    let [head, tail, now] = all.map(|name| lines(job.dir().join(name)));
    assert!(head[0].ends_with("record 000000"), "{}", head[0]);
    let told: Vec<&String> = head.iter().filter(|line| line.starts_with("[logcore] ")).collect();
    let last = [&now, &tail].into_iter().find_map(|lines| lines.last()).unwrap();
    assert!(last.ends_with(&format!("record {:06}", logged - 1)), "{last}");
    assert_eq!((told.len(), told[0]), (1, head.last().unwrap()));
    let cut: u64 = told[0].split(' ').nth(1).unwrap().parse().unwrap();
    let line = |lines: &[String]| lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>();
    let kept = line(&head[..head.len() - 1]) + line(&tail) + line(&now);
    let each = "DEBUG|j|record 000000\n".len() as u64;
    assert_eq!(kept + cut, logged * each, "what is cut out is told to the byte");
    assert_eq!(lines(job.dir().join("error.log")).len(), 40, "errors are never cut");
}

#[test]
fn what_max_size_keeps_is_continued_by_the_next_run_and_starts_anew_where_files_are_emptied() {
    let sandbox = limited("{ max_size: 64KiB }");
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let parts = || {
        let names = fs::read_dir(sandbox.root().join("j")).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.starts_with("info"));
        names.sort_unstable();
        names
    };
    let run = || {
        let job = logs.job("j").start().unwrap();
        log_all(&job, 0, &[(Level::Info, true); 2]);
        assert_eq!(job.finish(Outcome::Ok).lost, 0);
    };
    run();
    assert_eq!(parts(), ["info.head.log", "info.tail.log"]);
    let head = lines(sandbox.root().join("j/info.head.log"));
    run();
    assert_eq!(lines(sandbox.root().join("j/info.head.log"))[..1], head[..]);
    sandbox.save(
        &fs::read_to_string(sandbox.config()).unwrap().replace("kind: file,", "kind: file, append: false,"),
    );
    sandbox.save(
        &fs::read_to_string(sandbox.config())
            .unwrap()
            .replace("kind: file\n", "kind: file\n    append: false\n"),
    );
    logs.reload().unwrap();
    let job = logs.job("j").start().unwrap();
    assert_eq!(parts(), ["info.log"]);
    job.finish(Outcome::Ok);
}

#[test]
fn a_size_that_would_cut_errors_or_leaves_no_room_is_refused() {
    let no_errors = LEVEL_FILES.replace("[ debug, info, error ]", "[ debug, info ]");
    for (template, what) in [
        (LEVEL_FILES.replace("buffer:", "limits: { max_size: 10kb }, buffer:"), "give at least 64KiB"),
        (no_errors.replace("buffer:", "limits: { max_size: 1mb }, buffer:"), "errors would be cut"),
    ] {
        let error = Logs::from_file(Sandbox::new(&template).config()).map(drop).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("logcore.limits.max_size"), "{error}");
    }
}
