//! What goes wrong around a host: files that vanish or cannot be written, rolls that fail, processes that were cut off. The
//! host goes on, nothing grows without bound, and what is lost is counted.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{error, info};
use logcore::{Error, Job, Logs, Outcome};
use std::fmt;
use std::fs;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually, lines};

/// One file at `path`, lines of level and message.
fn one_file(path: &str) -> String {
    format!(
        "logcore: {{ dir: \"ROOT\", buffer: {{ flush: 10ms }} }}\nappenders: {{ a: {{ kind: file, path: \"{path}\", encoder: {{ \
         pattern: \"{{l}} {{m}}{{n}}\" }} }} }}\nroot: {{ level: debug, appenders: [ a ] }}\n"
    )
}

struct Running {
    sandbox: Sandbox,
    logs: Logs,
    job: Job,
}

impl Running {
    fn new(template: &str) -> Running {
        let sandbox = Sandbox::new(template);
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        Running { sandbox, logs, job }
    }

    fn flush(&self) -> Result<(), Error> {
        self.logs.flush(Duration::from_secs(5))
    }
}

#[test]
fn a_roll_that_fails_is_told_once_and_does_not_feed_itself() {
    let running = Running::new(
        r#"
logcore: { dir: "ROOT", buffer: { flush: 10ms } }
appenders:
  a:
    kind: rolling_file
    path: "${job_dir}/a.log"
    encoder: { pattern: "{m}{n}" }
    policy:
      trigger: { kind: size, limit: 1kb }
      roller: { kind: fixed_window, pattern: "ROOT/blocker/${job_id}/{}.log", base: 1, count: 3 }
root: { appenders: [ a ] }
"#,
    );
    let server = running.sandbox.root().join("server/a.log");
    fs::write(running.sandbox.root().join("blocker"), "in the way").unwrap();
    (0..200).for_each(|i| info!(logger: running.job, "record number {i:04}"));
    info!(logger: running.logs.server(), "{}", "x".repeat(2000));
    eventually("both troubles are told", || {
        let _ = running.flush();
        lines(&server).iter().filter(|line| line.starts_with("cannot roll ")).count() == 2
    });
    for _ in 0..50 {
        let _ = running.flush();
    }
    assert!(lines(&server).len() < 10, "the notes of a failing roll make it fail again");

    fs::remove_file(running.sandbox.root().join("blocker")).unwrap();
    eventually("it rolls again", || {
        info!(logger: running.job, "one more");
        running.sandbox.root().join("blocker/j/1.log").exists()
    });
    assert_eq!(running.job.finish(Outcome::Ok).lost, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn losses_on_a_full_device_are_counted() {
    let running = Running::new(&one_file("/dev/full"));
    (0..1000).for_each(|i| info!(logger: running.job, "{i}"));
    assert_eq!(running.job.finish(Outcome::Ok).lost, 1000);
    assert!(matches!(running.flush(), Err(Error::Unwritten)));
}

#[test]
fn a_record_that_several_files_could_not_take_is_lost_once() {
    let running = Running::new(LEVEL_FILES);
    for name in ["debug.log", "info.log"] {
        fs::create_dir(running.job.dir().join(name)).unwrap();
    }
    (0..10).for_each(|i| info!(logger: running.job, "{i}"));
    let report = running.job.finish(Outcome::Ok);
    assert_eq!((report.lost, report.counts.info), (10, 10));
}

#[test]
fn a_deleted_file_is_made_again_and_what_is_logged_after_that_stands_in_it() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    let file = running.job.dir().join("a.log");
    for i in 0..20 {
        info!(logger: running.job, "{i}");
        running.flush().unwrap();
        assert_eq!(lines(&file), [format!("INFO {i}")]);
        fs::remove_file(&file).unwrap();
    }
    assert_eq!(running.job.finish(Outcome::Ok).lost, 0);
}

#[test]
fn a_file_that_is_truncated_or_moved_away_is_written_on() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    let file = running.job.dir().join("a.log");
    info!(logger: running.job, "one");
    running.flush().unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_len(0).unwrap();
    info!(logger: running.job, "two");
    running.flush().unwrap();
    assert_eq!(lines(&file), ["INFO two"], "no hole of NULs where the first was");
    let moved = running.job.dir().join("a.log.1");
    fs::rename(&file, &moved).unwrap();
    let mut logged = 0;
    eventually("the new file is written", || {
        info!(logger: running.job, "{logged}");
        logged += 1;
        running.flush().unwrap();
        file.exists()
    });
    assert_eq!(lines(&moved).len() + lines(&file).len(), 1 + logged, "each record in one of the two");
}

#[test]
fn a_file_whose_directory_was_deleted_is_made_again() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    info!(logger: running.job, "one");
    running.flush().unwrap();
    fs::remove_dir_all(running.job.dir()).unwrap();
    info!(logger: running.job, "two");
    running.flush().unwrap();
    assert_eq!(lines(running.job.dir().join("a.log")), ["INFO two"]);
}

#[test]
fn flush_writes_as_soon_as_it_is_possible_again_whatever_the_back_off() {
    let running = Running::new(&one_file("${job_dir}/sub/a.log"));
    let blocker = running.job.dir().join("sub");
    fs::write(&blocker, "in the way").unwrap();
    info!(logger: running.job, "x");
    for _ in 0..6 {
        assert!(matches!(running.flush(), Err(Error::Unwritten)), "each doubles the wait");
    }
    fs::remove_file(&blocker).unwrap();
    running.flush().unwrap();
    assert_eq!(lines(blocker.join("a.log")), ["INFO x"]);
    let server = lines(running.sandbox.root().join("server/sub/a.log"));
    assert_eq!(server.iter().filter(|line| line.contains("cannot write")).count(), 1, "{server:?}");
}

#[test]
fn half_a_line_of_an_earlier_process_is_not_glued_to_the_first_record() {
    let sandbox = Sandbox::new(&one_file("${job_dir}/a.log"));
    fs::create_dir_all(sandbox.root().join("j")).unwrap();
    fs::write(sandbox.root().join("j/a.log"), "INFO one\nINFO tw").unwrap();
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    info!(logger: job, "three");
    job.finish(Outcome::Ok);
    assert_eq!(lines(sandbox.root().join("j/a.log")), ["INFO one", "INFO tw", "INFO three"]);
}

#[test]
fn a_refused_template_changes_no_file_that_is_in_use() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    let _odd = running.logs.job("odd").label("level", "no level").start().unwrap();
    let other = one_file("${job_dir}/a.log").replace("kind: file,", "kind: file, encoding: utf-16le,");
    running.sandbox.save(&other.replace("level: debug", "level: \"${label:level:-debug}\""));
    assert!(running.logs.reload().is_err());
    info!(logger: running.job, "x");
    running.job.finish(Outcome::Ok);
    assert_eq!(fs::read(running.job.dir().join("a.log")).unwrap(), b"INFO x\n");
}

#[test]
fn an_edit_that_takes_an_appender_out_and_in_again_empties_nothing() {
    let template = one_file("${job_dir}/a.log").replace("kind: file,", "kind: file, append: false,");
    let running = Running::new(&template);
    info!(logger: running.job, "one");
    for text in [template.replace("a.log", "b.log"), template] {
        running.sandbox.save(&text);
        running.logs.reload().unwrap();
        info!(logger: running.job, "more");
    }
    let report = running.job.finish(Outcome::Ok);
    assert_eq!(lines(running.job.dir().join("a.log")), ["INFO one", "INFO more"]);
    assert_eq!(report.bytes, 9 + 10 + 10, "what went to a file that a reload took away counts");
}

#[test]
fn bytes_count_once_where_two_appenders_have_one_file() {
    let running = Running::new(
        "logcore: { dir: \"ROOT\" }\nappenders:\n  a: &a { kind: file, path: \"${job_dir}/a.log\", encoder: { pattern: \
         \"{m}{n}\" } }\n  b: *a\nroot: { appenders: [ a ] }\n",
    );
    info!(logger: running.job, "123456789");
    assert_eq!(running.job.finish(Outcome::Ok).bytes, 10);
}

#[cfg(unix)]
#[test]
fn a_job_directory_that_is_swapped_for_a_link_is_not_followed() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    let outside = running.sandbox.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(running.job.dir(), running.sandbox.path("old")).unwrap();
    std::os::unix::fs::symlink(&outside, running.job.dir()).unwrap();
    error!(logger: running.job, "secret");
    assert_eq!(running.job.finish(Outcome::Ok).lost, 1);
    assert!(!outside.join("a.log").exists());
}

#[cfg(unix)]
#[test]
fn a_device_can_be_a_file_that_does_not_append() {
    let running = Running::new(&one_file("/dev/null").replace("kind: file,", "kind: file, append: false,"));
    info!(logger: running.job, "x");
    assert_eq!(running.job.finish(Outcome::Ok).lost, 0);
}

#[test]
fn few_descriptors_are_enough_for_many_jobs_on_many_threads() {
    let template = LEVEL_FILES.replace("dir: \"ROOT\"", "dir: \"ROOT\", max_open_files: 2");
    let sandbox = Sandbox::new(&template);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let jobs: Vec<_> = (0..30).map(|i| logs.job(format!("j{i}")).start().unwrap()).collect();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let jobs = &jobs;
            scope.spawn(move || {
                for i in 0..300 {
                    let job = &jobs[(thread * 7 + i) % jobs.len()];
                    if i % 3 == 0 {
                        error!(logger: job, "{thread} {i}");
                    } else {
                        info!(logger: job, "{thread} {i}");
                    }
                }
            });
        }
    });
    logs.flush(Duration::from_secs(5)).unwrap();
    let open: usize = logs.jobs().iter().map(|info| info.open_files).sum();
    assert!(open <= 2 + 3, "{open} open, two by the template and the server's");
    let mut total = 0;
    for job in &jobs {
        assert_eq!(job.finish(Outcome::Ok).lost, 0);
        let mut last = [None; 16];
        for line in lines(job.dir().join("debug.log")) {
            let (thread, i) = line.rsplit('|').next().unwrap().split_once(' ').unwrap();
            let (thread, i): (usize, usize) = (thread.parse().unwrap(), i.parse().unwrap());
            assert!(last[thread].is_none_or(|last| last < i), "{line}: out of order");
            last[thread] = Some(i);
            total += 1;
        }
    }
    assert_eq!(total, 16 * 300);
}

/// Tells when it is being formatted, and takes its time.
struct Slow(Sender<()>);

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        f.write_str("slow")
    }
}

#[test]
fn a_finish_that_waits_for_a_slow_value_holds_nobody_else_up() {
    let running = Running::new(&one_file("${job_dir}/a.log"));
    let (logs, job) = (&running.logs, &running.job);
    info!(logger: job, "quick");
    running.flush().unwrap();
    assert_eq!(logs.jobs()[0].open_files, 1);
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || info!(logger: job, "{}", Slow(sender)));
        receiver.recv().unwrap();
        let finish = scope.spawn(move || job.finish(Outcome::Ok));
        eventually("the job lets go of its files", || logs.jobs()[0].open_files == 0);
        let began = Instant::now();
        assert_eq!(logs.jobs().len(), 1);
        logs.reload().unwrap();
        assert!(!finish.is_finished(), "asked too late: {:?}", began.elapsed());
        assert_eq!(finish.join().unwrap().counts.info, 2);
    });
}
