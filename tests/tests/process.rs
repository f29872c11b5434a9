//! A real host process: how it ends, and what is known of its jobs then.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::Outcome;
use logcore::disk::{JobFile, RunState};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};

fn host(sandbox: &Sandbox, mode: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
    command.arg(sandbox.config()).arg(mode).env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

fn run(sandbox: &Sandbox, mode: &str) -> Output {
    host(sandbox, mode).output().unwrap()
}

fn state(sandbox: &Sandbox, job: &str) -> RunState {
    JobFile::read(&sandbox.root().join(job)).unwrap().state(&sandbox.root()).unwrap()
}

#[test]
fn finished_running_and_killed_jobs_can_be_told_apart() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let mut child = host(&sandbox, "wait").stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    assert_eq!(state(&sandbox, "finished"), RunState::Finished(Outcome::Ok));
    assert_eq!(state(&sandbox, "unfinished"), RunState::Running);
    assert_eq!(state(&sandbox, "server"), RunState::Running);

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(state(&sandbox, "finished"), RunState::Finished(Outcome::Ok));
    assert_eq!(state(&sandbox, "unfinished"), RunState::Died);
    assert_eq!(lines(sandbox.root().join("unfinished/error.log")), ["ERROR|unfinished|the last words"]);

    // Whoever gets that pid next is not it, and a new run of the job is a new run.
    let path = sandbox.root().join("unfinished/job.json");
    let text = fs::read_to_string(&path).unwrap();
    let pid = format!("\"pid\": {}", child.id());
    assert!(text.contains(&pid));
    fs::write(&path, text.replace(&pid, &format!("\"pid\": {}", std::process::id()))).unwrap();
    assert_eq!(state(&sandbox, "unfinished"), RunState::Died);
    let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
    let again = logs.job("unfinished").start().unwrap();
    assert_eq!(state(&sandbox, "unfinished"), RunState::Running);
    again.finish(Outcome::Failed);
    let file = JobFile::read(&sandbox.root().join("unfinished")).unwrap();
    let states: Vec<_> = file.runs.iter().map(|run| run.state(&sandbox.root())).collect();
    assert_eq!(states, [RunState::Died, RunState::Finished(Outcome::Failed)]);
}

#[test]
fn what_is_buffered_when_main_returns_or_exit_is_called_is_written() {
    for (mode, code) in [("return", 0), ("exit", 3)] {
        let slow = LEVEL_FILES.replace("flush: 10ms", "flush: 1h, size: 1MiB");
        let sandbox = Sandbox::new(&slow);
        assert_eq!(run(&sandbox, mode).status.code(), Some(code), "{mode}");
        let want: Vec<_> = (0..1000).map(|i| format!("DEBUG|buffered|record {i}")).collect();
        assert_eq!(lines(sandbox.root().join("buffered/debug.log")), want, "{mode}");
        assert_eq!(
            state(&sandbox, "server"),
            RunState::Finished(Outcome::Ok),
            "{mode}: the server ended in order"
        );
    }
}

#[test]
fn a_panic_stands_in_the_log_of_its_thread_and_the_hosts_hook_still_runs() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let output = run(&sandbox, "panic");
    assert!(output.status.success());
    let (in_job, outside) =
        (lines(sandbox.root().join("panics/error.log")), lines(sandbox.root().join("server/error.log")));
    assert!(
        in_job.len() == 1 && in_job[0].contains("boom in a job") && in_job[0].contains("host.rs"),
        "{in_job:?}"
    );
    assert!(outside.len() == 1 && outside[0].contains("boom outside"), "{outside:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("boom in a job") && stderr.contains("boom outside"),
        "the default hook: {stderr}"
    );
}

#[test]
fn logs_that_are_dropped_never_panic_though_the_servers_job_json_cannot_be_written() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
    let process = JobFile::read(logs.server().dir()).unwrap().runs[0].process.clone();
    // As a full disk would: the new job.json cannot be written beside the old one.
    fs::create_dir(logs.server().dir().join(format!(".job.json.{process}"))).unwrap();
    drop(logs);
}

#[test]
fn what_is_buffered_is_written_at_the_end_also_while_jobs_start_and_end() {
    for round in 0..40 {
        let sandbox = Sandbox::new(&LEVEL_FILES.replace("flush: 10ms", "flush: 1h, size: 1MiB"));
        assert!(run(&sandbox, "busy").status.success());
        assert_eq!(lines(sandbox.root().join("buffered/debug.log")).len(), 1000, "round {round}");
    }
}

#[test]
fn a_record_of_a_thread_whose_thread_locals_are_gone_is_written_and_aborts_nothing() {
    for encoder in ["pattern: \"{d} {T} {X(user)(nobody)}|{m}{n}\"", "kind: json"] {
        let template = LEVEL_FILES.replace("pattern: \"{l}|${job_id}|{m}{n}\"", encoder);
        for (mode, words, count) in [("thread-locals", "destructor", 3), ("atexit", "atexit", 1)] {
            let sandbox = Sandbox::new(&template);
            let output = run(&sandbox, mode);
            assert!(output.status.success() && output.stderr.is_empty(), "{mode}: {output:?}");
            let lines = lines(sandbox.root().join("server/debug.log"));
            assert_eq!(lines.iter().filter(|line| line.contains(words)).count(), count, "{mode}: {lines:?}");
        }
    }
}

#[test]
fn hosts_on_one_root_keep_each_others_runs() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
                for _ in 0..5 {
                    logs.job("shared").start().unwrap().finish(Outcome::Ok);
                }
            });
        }
    });
    for (job, runs) in [("server", 8), ("shared", 40)] {
        let file = JobFile::read(&sandbox.root().join(job)).unwrap();
        let ended = file.runs.iter().filter(|run| run.outcome == Some(Outcome::Ok)).count();
        assert_eq!((file.runs.len(), ended), (runs, runs), "{job}");
    }
}

#[test]
fn a_job_whose_directory_was_deleted_under_way_still_tells_its_end() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
    for log in [true, false] {
        let job = logs.job("deleted").label("customer", "acme").start().unwrap();
        fs::remove_dir_all(job.dir()).unwrap();
        if log {
            log::error!(logger: job, "after");
        }
        job.finish(Outcome::Failed);
        let file = JobFile::read(job.dir()).unwrap();
        assert_eq!((file.id.as_str(), file.labels["customer"].as_str()), ("deleted", "acme"));
        assert_eq!((file.runs.len(), file.patterns.len()), (1, 3));
        assert_eq!(file.runs[0].counts.error, u64::from(log));
        assert_eq!(state(&sandbox, "deleted"), RunState::Finished(Outcome::Failed));
    }
}

#[test]
fn a_job_that_runs_does_not_look_dead_after_the_root_was_emptied() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
    let before = logs.job("before").start().unwrap();
    fs::remove_dir_all(sandbox.root()).unwrap();
    let after = logs.job("after").start().unwrap();
    assert_eq!(state(&sandbox, "after"), RunState::Running);
    after.finish(Outcome::Ok);
    before.finish(Outcome::Ok);
    drop((before, after, logs));
    assert_eq!(state(&sandbox, "before"), RunState::Finished(Outcome::Ok));
    assert_eq!(state(&sandbox, "server"), RunState::Finished(Outcome::Ok));
}
