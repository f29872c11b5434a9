//! The template is edited while jobs run.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{LevelFilter, Log, Metadata, debug, info};
use logcore::{Job, Logs, Outcome};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::sandbox::{Sandbox, eventually, lines};

fn template(level: &str) -> String {
    format!(
        "logcore: {{ dir: \"ROOT\", buffer: {{ flush: 10ms }} }}\nappenders: {{ a: {{ kind: file, path: \
         \"${{job_dir}}/a.log\", encoder: {{ pattern: \"{{l}} {{m}}{{n}}\" }} }} }}\nroot: {{ level: {level}, \
         appenders: [ a ] }}\n"
    )
}

fn enabled(job: &Job, level: log::Level) -> bool {
    job.enabled(&Metadata::builder().level(level).build())
}

fn max_level(job: &Job) -> LevelFilter {
    log::Level::iter()
        .filter(|level| enabled(job, *level))
        .max()
        .map_or(LevelFilter::Off, |l| l.to_level_filter())
}

struct Running {
    sandbox: Sandbox,
    logs: Logs,
    jobs: Vec<Job>,
}

impl Running {
    fn new() -> Running {
        let sandbox = Sandbox::new(&template("info"));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let jobs = (0..3).map(|i| logs.job(format!("job-{i}")).start().unwrap()).collect();
        Running { sandbox, logs, jobs }
    }

    #[track_caller]
    fn all_follow(&self, level: LevelFilter) {
        eventually("all jobs and the server follow", || {
            self.jobs.iter().chain([self.logs.server()]).all(|job| max_level(job) == level)
        });
    }

    fn server_says(&self, words: &str) -> usize {
        self.logs.flush(Duration::from_secs(5)).unwrap();
        lines(self.sandbox.root().join("server/a.log")).iter().filter(|line| line.contains(words)).count()
    }
}

#[test]
fn an_edit_in_place_is_followed_by_all_live_jobs_and_told_once() {
    let running = Running::new();
    debug!(logger: running.jobs[0], "before");
    running.sandbox.save(&template("debug"));
    running.all_follow(LevelFilter::Debug);
    debug!(logger: running.jobs[0], "after");
    assert_eq!(running.jobs[0].finish(Outcome::Ok).counts.debug, 1);
    assert_eq!(lines(running.sandbox.root().join("job-0/a.log")), ["DEBUG after"]);
    let told = || running.server_says("config reloaded: root.level: info → debug; 3 live jobs");
    // Once all jobs follow.
    eventually("it is told", || told() > 0);
    assert_eq!(told(), 1);
}

#[test]
fn a_rename_over_the_file_is_followed() {
    let running = Running::new();
    let next = running.sandbox.path("config/.log.yaml.swp");
    for level in ["debug", "warn", "trace"] {
        fs::write(&next, running.sandbox.fill(&template(level))).unwrap();
        fs::rename(&next, running.sandbox.config()).unwrap();
        running.all_follow(level.parse().unwrap());
    }
}

#[cfg(unix)]
#[test]
fn a_swapped_data_link_is_followed() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new("");
    // As Kubernetes mounts a config map: log.yaml → ..data/log.yaml, ..data → ..version.
    let mount = sandbox.path("mount");
    let publish = |version: &str, level: &str| {
        fs::create_dir_all(mount.join(version)).unwrap();
        fs::write(mount.join(version).join("log.yaml"), sandbox.fill(&template(level))).unwrap();
        symlink(version, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    };
    publish("..1", "info");
    symlink("..data/log.yaml", mount.join("log.yaml")).unwrap();
    let logs = Logs::from_file(mount.join("log.yaml")).unwrap();
    for (version, level) in [("..2", "debug"), ("..3", "warn")] {
        publish(version, level);
        eventually("the link's new target is followed", || {
            max_level(logs.server()) == level.parse::<LevelFilter>().unwrap()
        });
    }
}

#[test]
fn deleting_and_recreating_is_followed_and_nothing_changes_in_between() {
    let running = Running::new();
    fs::remove_file(running.sandbox.config()).unwrap();
    eventually("it is said", || running.server_says("is gone; the last one stays in force") == 1);
    assert_eq!(max_level(&running.jobs[0]), LevelFilter::Info);
    running.sandbox.save(&template("debug"));
    running.all_follow(LevelFilter::Debug);
}

#[test]
fn its_directory_may_be_replaced() {
    let running = Running::new();
    fs::rename(running.sandbox.path("config"), running.sandbox.path("config.old")).unwrap();
    fs::create_dir(running.sandbox.path("config")).unwrap();
    running.sandbox.save(&template("debug"));
    running.all_follow(LevelFilter::Debug);
    running.sandbox.save(&template("warn"));
    running.all_follow(LevelFilter::Warn);
}

#[test]
fn a_burst_of_saves_ends_with_the_last_one() {
    let running = Running::new();
    for _ in 0..50 {
        running.sandbox.save(&template("debug"));
        running.sandbox.save(&template("trace"));
    }
    running.all_follow(LevelFilter::Trace);
    assert!(running.server_says("config reloaded") < 50, "saves in quick succession are read together");
}

#[test]
fn the_same_text_is_no_reload() {
    let running = Running::new();
    for _ in 0..5 {
        running.sandbox.save(&template("info"));
    }
    running.sandbox.save(&template("debug"));
    running.all_follow(LevelFilter::Debug);
    running.sandbox.save(&template("debug"));
    running.sandbox.save(&template("warn"));
    running.all_follow(LevelFilter::Warn);
    assert_eq!(
        running.server_says("config reloaded"),
        1,
        "at `warn` the second is not written, and there is no third"
    );
}

#[test]
fn a_refused_template_leaves_the_old_one_and_says_why() {
    let running = Running::new();
    running.sandbox.save("root: { level: info }\nappenders: { a: { kind: fiel } }\n");
    eventually("it is said", || running.server_says("config refused, the old one stays in force") == 1);
    assert_eq!(running.server_says("log.yaml:2:25: appenders.a.kind: unknown kind of appender `fiel`"), 1);
    assert_eq!(running.server_says("did you mean `file`?"), 1);
    info!(logger: running.jobs[0], "still here");
    running.jobs[0].finish(Outcome::Ok);
    assert_eq!(lines(running.sandbox.root().join("job-0/a.log")), ["INFO still here"]);
    assert!(running.logs.reload().is_err());
    // Mended, it is followed again.
    running.sandbox.save(&template("debug"));
    eventually("the mended one is followed", || max_level(&running.jobs[1]) == LevelFilter::Debug);
}

#[test]
fn the_log_root_does_not_move_under_running_jobs() {
    let running = Running::new();
    let elsewhere = template("debug").replace("ROOT", "ROOT-elsewhere");
    running.sandbox.save(&elsewhere);
    running.all_follow(LevelFilter::Debug);
    eventually("it is told", || running.server_says("are read at the start") == 1);
    let job = running.logs.job("new").start().unwrap();
    assert_eq!(job.dir().parent().unwrap(), running.sandbox.root());
    assert!(!running.sandbox.path("logs-elsewhere").exists());
}

#[test]
fn a_template_that_does_not_render_for_one_live_job_is_refused_for_all() {
    let running = Running::new();
    let odd = running.logs.job("odd").label("level", "no level").start().unwrap();
    running.sandbox.save(&template("\"${label:level:-debug}\""));
    eventually("it is said", || running.server_says("config refused") == 1);
    assert!(running.jobs.iter().chain([&odd]).all(|job| max_level(job) == LevelFilter::Info));
}

/// Also if the test fails: the writers would go on for ever.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn records_from_8_threads_during_100_reloads_stand_once_and_in_order() {
    let running = Running::new();
    let stop = AtomicBool::new(false);
    let job = &running.jobs[0];
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|thread| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut count = 0;
                    while !stop.load(Ordering::Relaxed) {
                        info!(logger: job, "{thread} {count}");
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let stop_at_the_end = StopAtTheEnd(&stop);
        for round in 0..100 {
            // Another encoder, another set of appenders, another level each time.
            let level = if round % 2 == 0 { "debug" } else { "info" };
            running.sandbox.save(&format!("{}# {round}\n", template(level)));
            running.logs.reload().unwrap();
        }
        drop(stop_at_the_end);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let report = job.finish(Outcome::Ok);
    assert_eq!((report.lost, report.counts.info as usize), (0, counts.iter().sum::<usize>()));
    let mut next = [0; 8];
    for line in lines(running.sandbox.root().join("job-0/a.log")) {
        let (thread, count) = line.strip_prefix("INFO ").unwrap().split_once(' ').unwrap();
        let (thread, count): (usize, usize) = (thread.parse().unwrap(), count.parse().unwrap());
        assert_eq!(count, next[thread], "thread {thread}: lost, doubled or out of order");
        next[thread] += 1;
    }
    assert_eq!(next.to_vec(), counts);
}

#[test]
fn a_level_set_during_a_reload_leaves_the_job_under_the_newest_template() {
    let running = Running::new();
    let job = &running.jobs[0];
    for round in 1..=150 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let stop_at_the_end = StopAtTheEnd(&stop);
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    running.logs.set_level("job-0", LevelFilter::Debug).keep().unwrap();
                }
            });
            running.sandbox.save(&template("info").replace("a.log", &format!("{round}.log")));
            running.logs.reload().unwrap();
            drop(stop_at_the_end);
        });
        info!(logger: job, "round {round}");
        running.logs.flush(Duration::from_secs(5)).unwrap();
        assert_eq!(lines(job.dir().join(format!("{round}.log"))), [format!("INFO round {round}")]);
    }
}

#[test]
fn a_template_that_cannot_be_read_any_more_is_told_once() {
    let running = Running::new();
    fs::remove_file(running.sandbox.config()).unwrap();
    fs::create_dir(running.sandbox.config()).unwrap();
    eventually("it is told", || running.server_says("the old config stays in force: ") == 1);
    std::thread::sleep(Duration::from_millis(2500)); // the next look
    assert_eq!(running.server_says("cannot read the template"), 1);
    fs::remove_dir(running.sandbox.config()).unwrap();
    running.sandbox.save(&template("debug"));
    running.all_follow(LevelFilter::Debug);
}

#[test]
fn a_reload_of_a_missing_template_fails_and_says_so() {
    let running = Running::new();
    fs::remove_file(running.sandbox.config()).unwrap();
    running.logs.reload().unwrap_err();
    assert_eq!(running.server_says("the old config stays in force: "), 1);
}

#[test]
fn a_byte_order_mark_is_no_change() {
    let sandbox = Sandbox::new(&format!("\u{feff}{}", template("info")));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    std::thread::sleep(Duration::from_millis(2500)); // a look
    logs.flush(Duration::from_secs(5)).unwrap();
    assert!(lines(sandbox.root().join("server/a.log")).is_empty());
    sandbox.save(&template("info"));
    std::thread::sleep(Duration::from_millis(300));
    logs.flush(Duration::from_secs(5)).unwrap();
    assert!(lines(sandbox.root().join("server/a.log")).is_empty(), "nor is its loss");
}
