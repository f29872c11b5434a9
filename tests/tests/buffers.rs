//! What is buffered: when it stands in its file, in which order, and what becomes of it when the file goes away.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{debug, error, info};
use logcore::{Job, Logs, Outcome};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tests::sandbox::{Sandbox, eventually, lines};

/// Two level files with a line per record, under the given `buffer`.
fn template(buffer: &str) -> String {
    format!(
        "logcore: {{ dir: \"ROOT\", buffer: {buffer} }}\n\
         appenders:\n\
         \x20 debug: {{ kind: file, path: \"${{job_dir}}/debug.log\", encoder: {{ pattern: \"{{m}}{{n}}\" }} }}\n\
         \x20 error: {{ kind: file, path: \"${{job_dir}}/error.log\", encoder: {{ pattern: \"{{m}}{{n}}\" }}, filters: [ {{ kind: threshold, level: error }} ] }}\n\
         root: {{ level: debug, appenders: [ debug, error ] }}\n"
    )
}

fn start(buffer: &str) -> (Sandbox, Logs, Job) {
    let sandbox = Sandbox::new(&template(buffer));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    (sandbox, logs, job)
}

/// Nothing is written by the clock in a test's life.
const NEVER: &str = "{ flush: 1h }";

#[test]
fn each_threads_records_stand_in_order_and_once_however_fast_they_come() {
    const THREADS: usize = 6;
    const EACH: usize = 20_000;
    for buffer in ["{ size: 4KiB }", "{ size: 64KiB }", "{ size: 200 }", "{ size: 4KiB, flush_level: debug }"]
    {
        let (sandbox, _logs, job) = start(buffer);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let job = &job;
                scope.spawn(move || {
                    for count in 0..EACH {
                        if count % 100 == 99 {
                            error!(logger: job, "{number} {count}");
                        } else {
                            debug!(logger: job, "{number} {count}");
                        }
                    }
                });
            }
        });
        let report = job.finish(Outcome::Ok);
        assert_eq!(report.lost, 0);
        for (name, step) in [("debug.log", 1), ("error.log", 100)] {
            let mut next = [step - 1; THREADS];
            for line in lines(job.dir().join(name)) {
                let (number, count) = line.split_once(' ').unwrap();
                let number: usize = number.parse().unwrap();
                assert_eq!(count.parse(), Ok(next[number]), "{buffer}, {name}, thread {number}");
                next[number] += step;
            }
            assert_eq!(next, [EACH + step - 1; THREADS], "{buffer}, {name}");
        }
        let bytes: u64 = ["debug.log", "error.log"]
            .map(|name| fs::metadata(job.dir().join(name)).unwrap().len())
            .iter()
            .sum();
        assert_eq!(report.bytes, bytes);
        drop(sandbox);
    }
}

#[test]
fn an_error_is_in_its_files_when_its_call_returns() {
    let (_sandbox, _logs, job) = start(NEVER);
    info!(logger: job, "before");
    assert_eq!(lines(job.dir().join("debug.log")), [""; 0]);
    error!(logger: job, "the error");
    assert_eq!(lines(job.dir().join("debug.log")), ["before", "the error"]);
    assert_eq!(lines(job.dir().join("error.log")), ["the error"]);
}

#[test]
fn errors_that_follow_each_other_fast_are_in_their_own_file_at_once_and_in_the_others_soon() {
    let (_sandbox, _logs, job) = start(NEVER);
    for count in 0..1_000 {
        info!(logger: job, "before {count}");
        error!(logger: job, "error {count}");
        let last = lines(job.dir().join("error.log")).pop();
        assert_eq!(last, Some(format!("error {count}")));
    }
    eventually("all are in the other file", || lines(job.dir().join("debug.log")).len() == 2_000);
}

#[test]
fn without_a_buffer_each_record_is_in_its_file_when_its_call_returns() {
    let (_sandbox, _logs, job) = start("none");
    for count in 0..500 {
        debug!(logger: job, "record {count} {}", "x".repeat(200));
        let written = fs::read_to_string(job.dir().join("debug.log")).unwrap();
        assert_eq!(written.lines().count(), count + 1);
        assert!(written.ends_with('\n'));
    }
}

#[test]
fn what_was_written_at_once_is_written_again_if_its_file_was_deleted_before_anybody_looked() {
    let (_sandbox, _logs, job) = start(NEVER);
    error!(logger: job, "one");
    fs::remove_file(job.dir().join("error.log")).unwrap();
    error!(logger: job, "two");
    job.finish(Outcome::Ok);
    assert_eq!(lines(job.dir().join("error.log")), ["one", "two"]);
    assert_eq!(lines(job.dir().join("debug.log")), ["one", "two"]);
}

#[test]
fn what_was_written_at_once_is_written_again_also_if_the_name_is_looked_at_before_the_buffer_is() {
    let (_sandbox, _logs, job) = start(NEVER);
    error!(logger: job, "one");
    fs::remove_file(job.dir().join("error.log")).unwrap();
    // A file's name is looked at once a second.
    thread::sleep(Duration::from_millis(1100));
    job.finish(Outcome::Ok);
    assert_eq!(lines(job.dir().join("error.log")), ["one"]);
    assert_eq!(lines(job.dir().join("debug.log")), ["one"]);
}

#[test]
fn what_waits_follows_a_reload_that_shortens_the_interval_or_takes_the_buffer_away() {
    let (sandbox, logs, job) = start(NEVER);
    for (count, buffer) in ["{ flush: 10ms }", "none"].into_iter().enumerate() {
        sandbox.save(&template(NEVER));
        logs.reload().unwrap();
        debug!(logger: job, "record {count}");
        thread::sleep(Duration::from_millis(50)); // until the flusher sleeps, for an hour
        sandbox.save(&template(buffer));
        logs.reload().unwrap();
        eventually("it is written", || lines(job.dir().join("debug.log")).len() == 2 * count + 1);
        debug!(logger: job, "after the reload");
        if buffer == "none" {
            assert_eq!(lines(job.dir().join("debug.log")).len(), 2 * count + 2);
        }
        eventually("the next one as well", || lines(job.dir().join("debug.log")).len() == 2 * count + 2);
    }
}

#[test]
fn each_record_stands_once_and_in_order_whatever_a_reload_changes_and_whoever_renames_the_file() {
    const THREADS: usize = 4;
    let (sandbox, logs, job) = start("{ size: 4KiB, flush: 5ms }");
    let stop = AtomicBool::new(false);
    let (counts, parts) = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (job, stop) = (&job, &stop);
                scope.spawn(move || {
                    let mut count = 0;
                    while !stop.load(Ordering::Relaxed) {
                        match count % 50 {
                            7 => error!(logger: job, "{number} {count}"),
                            9 => debug!(logger: job, "{number} {count} {}", "x".repeat(5000)),
                            _ => debug!(logger: job, "{number} {count}"),
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut parts = Vec::new();
        for round in 0..60 {
            let buffer = [
                "none",
                "{ size: 64KiB, flush: 1ms, flush_level: \"off\" }",
                "{ size: 100, flush: 1h, flush_level: debug }",
                "{ size: 1MiB, flush: 1h }",
                "{ size: 4KiB, flush: 5ms, flush_level: warn }, max_open_files: 1",
            ][round % 5];
            let policy = "kind: rolling_file, policy: { trigger: { kind: size, limit: 1gb }, roller: { kind: delete } },";
            let text = template(buffer);
            sandbox.save(&if round % 3 == 0 { text.replacen("kind: file,", policy, 1) } else { text });
            logs.reload().unwrap();
            thread::sleep(Duration::from_millis(40));
            let part = job.dir().join(format!("part-{round}"));
            if round % 20 == 10 && fs::rename(job.dir().join("debug.log"), &part).is_ok() {
                parts.push(part);
            }
        }
        stop.store(true, Ordering::Relaxed);
        let counts: Vec<usize> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        (counts, parts)
    });
    let report = job.finish(Outcome::Ok);
    assert_eq!((report.lost, report.counts.total()), (0, counts.iter().sum::<usize>() as u64));
    let all = parts.iter().map(lines).chain([lines(job.dir().join("debug.log"))]);
    let mut next = [0; THREADS];
    for line in all.flatten() {
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (Some(thread), Some(count)) = (number(), number()) else { panic!("torn: {line:?}") };
        assert_eq!(count, next[thread], "thread {thread}");
        next[thread] += 1;
    }
    assert_eq!(next.as_slice(), counts);
}

#[test]
fn a_record_longer_than_the_buffer_is_whole_and_in_its_place() {
    let (_sandbox, _logs, job) = start("{ size: 1KiB, flush: 1h }");
    let long = "long ".repeat(100_000);
    for count in 0..20 {
        debug!(logger: job, "{count}");
        debug!(logger: job, "{long}");
    }
    job.finish(Outcome::Ok);
    let written = lines(job.dir().join("debug.log"));
    for (count, pair) in written.chunks(2).enumerate() {
        assert_eq!(pair[0], count.to_string());
        assert_eq!(pair[1], long);
    }
    assert_eq!(written.len(), 40);
}
