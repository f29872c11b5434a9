//! Faults that hit a process as a whole or take a file system of their own, against a real host: it goes on, its memory
//! stays bounded, what is lost is counted, it is told once, and writing resumes by itself without half a line.
//!
//! What takes root, a mount or a name space is passed over with a word where it cannot be had.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![allow(clippy::print_stderr)] // to say what was passed over

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tests::driven::Driven;
use tests::sandbox::{Sandbox, eventually, lines};

const TEMPLATE: &str = r#"
logcore: { dir: "ROOT", buffer: { size: 16KiB, flush: 10ms } }
appenders: { a: { kind: file, path: "${job_dir}/a.log", encoder: { pattern: "{m}{n}" } } }
root: { level: debug, appenders: [ a ] }
"#;

/// As much as a host may need whose files cannot be written, in KiB.
const BOUNDED: u64 = 64 << 10;

struct Setting {
    sandbox: Sandbox,
}

impl Setting {
    fn new() -> Setting {
        Setting { sandbox: Sandbox::new(TEMPLATE) }
    }

    fn command(&self) -> Command {
        Driven::command(env!("CARGO_BIN_EXE_driven"), &self.sandbox)
    }

    /// A host with a job `j` that has logged 100 records, which stand in its file.
    fn host(&self) -> Driven {
        self.host_by(self.command())
    }

    fn host_by(&self, command: Command) -> Driven {
        let mut host = Driven::start(command);
        host.tell("start j");
        host.tell("log 100");
        host.tell("flush");
        assert_eq!(lines(self.log()).len(), 100);
        host
    }

    fn root(&self) -> PathBuf {
        self.sandbox.root()
    }

    fn log(&self) -> PathBuf {
        self.root().join("j/a.log")
    }

    /// How often the server log says `words` of the job's file.
    fn told(&self, words: &str) -> usize {
        let log = self.log().display().to_string();
        let lines = lines(self.root().join("server/a.log"));
        lines.iter().filter(|line| line.contains(words) && line.contains(&log)).count()
    }

    fn is_told_once_and_mended(&self) {
        eventually("it is told that it works again", || self.told("is written again") == 1);
        assert_eq!(self.told("cannot write"), 1, "{:?}", lines(self.root().join("server/a.log")));
    }
}

/// Demands that `lines` are whole records, each once and in order, and that with those `lost` they are all that were `logged`.
#[track_caller]
fn demand(lines: &[String], logged: u64, lost: u64) {
    let mut last = None;
    for line in lines {
        let number = line.strip_prefix("record ").and_then(|rest| rest.split_once(' '));
        let (number, filling) = number.unwrap_or_else(|| panic!("no whole record: {line:?}"));
        assert!(filling.len() == 80 && filling.bytes().all(|byte| byte == b'x'), "torn: {line:?}");
        let number: u64 = number.parse().unwrap();
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?}");
        last = Some(number);
    }
    assert_eq!(lines.len() as u64 + lost, logged, "written and lost");
}

/// A small file system at `dir`; taken away when this is dropped.
struct Mount(PathBuf);

impl Mount {
    fn new(dir: &Path, options: &str) -> Option<Mount> {
        fs::create_dir_all(dir).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(dir).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Mount(dir.to_owned()));
        }
        eprintln!("passed over: tmpfs with {options} cannot be mounted here");
        None
    }

    /// Takes it away also while somebody uses it.
    fn vanish(&self) {
        assert!(Command::new("umount").arg("-l").arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

/// Takes all the room that is left.
fn fill(dir: &Path) -> PathBuf {
    let filler = dir.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
    filler
}

/// Whether a host can run as nobody in `sandbox`; it is then opened to him.
fn as_nobody(setting: &Setting) -> Option<Command> {
    const NOBODY: u32 = 65534;
    fs::create_dir_all(setting.root()).unwrap();
    for dir in [setting.sandbox.path(""), setting.sandbox.path("config"), setting.root()] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut probe = Command::new("test");
    probe.arg("-x").arg(env!("CARGO_BIN_EXE_driven")).uid(NOBODY).gid(NOBODY);
    if !probe.status().is_ok_and(|status| status.success()) {
        eprintln!("passed over: no process can be started as nobody here");
        return None;
    }
    let mut command = setting.command();
    command.uid(NOBODY).gid(NOBODY);
    Some(command)
}

#[test]
fn a_full_disk() {
    let setting = Setting::new();
    let Some(_disk) = Mount::new(&setting.root(), "size=2m") else { return };
    let mut host = setting.host();
    let filler = fill(&setting.root());
    host.tell("log 20000");
    assert!(host.ask("flush").starts_with("failed"));
    for _ in 0..5 {
        host.tell("log 2000");
        host.tell("error on the full disk as well");
    }
    assert!(host.number("memory") < BOUNDED);
    fs::remove_file(filler).unwrap();
    host.tell("flush");
    host.tell("log 50");
    host.tell("flush");
    let of_errors = |line: &String| !line.contains("on the full disk as well");
    setting.is_told_once_and_mended();
    let lost = host.number("finish");
    let all = lines(setting.log());
    let errors = all.iter().filter(|line| !of_errors(line)).count() as u64;
    let records: Vec<_> = all.into_iter().filter(of_errors).collect();
    demand(&records, 100 + 20000 + 5 * 2000 + 50, lost - (5 - errors));
}

#[test]
fn a_job_that_ends_on_a_full_disk_leaves_no_half_a_line() {
    let setting = Setting::new();
    let Some(_disk) = Mount::new(&setting.root(), "size=1m") else { return };
    let mut host = setting.host();
    let filler = fill(&setting.root());
    // Room for some of it.
    fs::File::options()
        .write(true)
        .open(&filler)
        .unwrap()
        .set_len(fs::metadata(&filler).unwrap().len() - 8192)
        .unwrap();
    host.tell("log 2000");
    let lost = host.number("finish");
    assert!(lost > 0);
    demand(&lines(setting.log()), 2100, lost);
}

#[test]
fn a_quota() {
    let setting = Setting::new();
    let options = "size=8m,usrquota,usrquota_block_hardlimit=600K,mode=777";
    let Some(_disk) = Mount::new(&setting.root(), options) else { return };
    let Some(command) = as_nobody(&setting) else { return };
    let mut host = setting.host_by(command);
    host.tell("log 20000");
    assert!(host.ask("flush").starts_with("failed"));
    let lost = host.number("finish");
    assert!(lost > 0);
    demand(&lines(setting.log()), 20100, lost);
}

#[test]
fn the_limit_of_a_files_size_and_an_io_error_in_the_middle_of_a_line() {
    // The write breaks off after so many bytes: in the middle of a line.
    for bytes in ["10000", "9999"] {
        let setting = Setting::new();
        let mut host = setting.host();
        host.tell(&format!("fsize {bytes}"));
        host.tell("log 300");
        assert!(host.ask("flush").starts_with("failed"));
        demand(&lines(setting.log()), 105, 0);
        host.tell("fsize none");
        host.tell("flush");
        setting.is_told_once_and_mended();
        assert_eq!(host.number("finish"), 0);
        demand(&lines(setting.log()), 400, 0);
    }
}

#[test]
fn a_file_that_is_renamed_while_the_disk_is_full_holds_whole_lines_and_so_does_the_next() {
    let setting = Setting::new();
    let mut host = setting.host();
    host.tell("fsize 10000");
    host.tell("log 300");
    assert!(host.ask("flush").starts_with("failed"));
    let old = setting.root().join("j/a.log.1");
    fs::rename(setting.log(), &old).unwrap();
    host.tell("fsize none");
    host.tell("flush");
    assert_eq!(host.number("finish"), 0);
    demand(&[lines(old), lines(setting.log())].concat(), 400, 0);
}

#[test]
fn a_job_that_ends_at_the_limit_of_a_files_size_knows_what_is_lost() {
    let setting = Setting::new();
    let mut host = setting.host();
    host.tell("fsize 10000");
    host.tell("log 300");
    let lost = host.number("finish");
    demand(&lines(setting.log()), 400, lost);
}

#[test]
fn a_directory_that_is_read_only() {
    let setting = Setting::new();
    let Some(command) = as_nobody(&setting) else { return };
    let mut host = setting.host_by(command);
    fs::rename(setting.log(), setting.root().join("j/a.log.1")).unwrap();
    fs::set_permissions(setting.root().join("j"), fs::Permissions::from_mode(0o555)).unwrap();
    // By then it is noticed that the file has another name.
    thread::sleep(Duration::from_millis(1100));
    host.tell("log 10000");
    assert!(host.ask("flush").starts_with("failed"));
    assert!(host.number("memory") < BOUNDED);
    fs::set_permissions(setting.root().join("j"), fs::Permissions::from_mode(0o755)).unwrap();
    host.tell("flush");
    setting.is_told_once_and_mended();
    let lost = host.number("finish");
    demand(&[lines(setting.root().join("j/a.log.1")), lines(setting.log())].concat(), 10100, lost);
}

#[test]
fn permission_taken_away() {
    let setting = Setting::new();
    let Some(command) = as_nobody(&setting) else { return };
    let mut host = setting.host_by(command);
    fs::remove_file(setting.log()).unwrap();
    fs::set_permissions(setting.root().join("j"), fs::Permissions::from_mode(0o000)).unwrap();
    host.tell("log 500");
    assert!(host.ask("flush").starts_with("failed"));
    fs::set_permissions(setting.root().join("j"), fs::Permissions::from_mode(0o755)).unwrap();
    setting.is_told_once_and_mended();
    assert_eq!(host.number("finish"), 0);
    demand(&lines(setting.log()), 500, 0);
}

#[test]
fn the_limit_of_descriptors_reached() {
    let setting = Setting::new();
    let mut host = Driven::start(setting.command());
    host.tell("start j");
    // As if all that it may have were in use.
    host.tell("nofile 3");
    host.tell("log 1000");
    assert!(host.ask("flush").starts_with("failed"));
    assert!(host.ask("start k").starts_with("failed"), "an error, no panic");
    host.tell("nofile none");
    host.tell("flush");
    setting.is_told_once_and_mended();
    assert_eq!(host.number("finish"), 0);
    demand(&lines(setting.log()), 1000, 0);
}

#[test]
fn a_slow_disk() {
    let setting = Setting::new();
    let pipes = setting.sandbox.path("pipes");
    fs::create_dir(&pipes).unwrap();
    let text = TEMPLATE.replace("${job_dir}/a.log", &format!("{}/${{job_id}}", pipes.display()));
    setting.sandbox.save(&text);
    let pipe = pipes.join("j");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // It takes what is written, and for long it takes nothing.
    let mut reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut host = Driven::start(setting.command());
    host.tell("start j");
    host.tell("log 20000");
    assert!(host.number("memory") < BOUNDED);
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count) = reader.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    host.tell("flush");
    host.tell("log 10");
    let lost = host.number("finish");
    assert!(lost > 0, "what nobody takes for so long cannot all be kept");
    let mut text = Vec::new();
    eventually("all comes that was not lost", || {
        text.extend(receiver.try_iter().flatten());
        newlines(&text) as u64 + lost == 20010
    });
    let text = String::from_utf8(text).unwrap();
    demand(&text.lines().map(str::to_owned).collect::<Vec<_>>(), 20010, lost);
    let told = |words| lines(pipes.join("server")).iter().filter(|line| line.contains(words)).count();
    eventually("it is told that it works again", || told("is written again") == 1);
    assert_eq!(told("cannot write"), 1);
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Both streams, through the template's `console` appenders.
fn with_console(setting: &Setting) {
    setting.sandbox.save(
        &TEMPLATE
            .replace("appenders: { a:", "appenders: { err: { kind: console, target: stderr }, a:")
            .replace("[ a ]", "[ err, a ]"),
    );
}

#[test]
fn stderr_closed() {
    let setting = Setting::new();
    with_console(&setting);
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$0\" \"$@\" 2>&-", env!("CARGO_BIN_EXE_driven")])
        .arg(setting.sandbox.config());
    let mut host = setting.host_by(command);
    host.tell("log 100");
    assert_eq!(host.number("finish"), 0);
    demand(&lines(setting.log()), 200, 0);
}

#[test]
fn stderr_whose_reader_is_gone() {
    let setting = Setting::new();
    with_console(&setting);
    let mut command = setting.command();
    let (reader, writer) = std::io::pipe().unwrap();
    command.stderr(writer);
    drop(reader);
    let mut host = setting.host_by(command);
    host.tell("log 100");
    host.ask("finish");
    demand(&lines(setting.log()), 200, 0);
}

#[test]
fn stderr_on_the_same_full_disk() {
    let setting = Setting::new();
    with_console(&setting);
    let Some(_disk) = Mount::new(&setting.root(), "size=1m") else { return };
    let mut command = setting.command();
    command
        .stderr(fs::File::options().append(true).create(true).open(setting.root().join("stderr")).unwrap());
    let mut host = setting.host_by(command);
    let filler = fill(&setting.root());
    host.tell("log 2000");
    assert!(host.ask("flush").starts_with("failed"));
    fs::remove_file(filler).unwrap();
    host.tell("flush");
    host.tell("log 10");
    host.tell("flush");
    setting.is_told_once_and_mended();
    let all = lines(setting.log());
    demand(&all, 2110, 2110 - all.len() as u64);
    assert!(all.last().unwrap().contains("record 002109"));
}

#[test]
fn summer_times_end() {
    // In a zone whose clock has just gone back by an hour, and in one in which it does under way.
    for is_to_come in [false, true] {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let end = if is_to_come { now + 2 } else { now - 600 };
        let setting = Setting::new();
        setting.sandbox.save(
            r#"
logcore: { dir: "ROOT", buffer: { flush: 10ms } }
appenders:
  a:
    kind: rolling_file
    path: "${job_dir}/a.log"
    encoder: { pattern: "{m} {d}{n}" }
    policy:
      trigger: { kind: time, interval: 1 hour, modulate: true }
      roller: { kind: fixed_window, pattern: "${job_dir}/a.{}.log", base: 1, count: 5 }
root: { level: debug, appenders: [ a ] }
"#,
        );
        let mut command = setting.command();
        command.env("TZ", zone_whose_summer_ends_at(end));
        let mut host = setting.host_by(command);
        for _ in 0..4 {
            host.tell("log 10");
            thread::sleep(Duration::from_millis(700));
        }
        assert_eq!(host.number("finish"), 0);
        let parts = ["a.2.log", "a.1.log", "a.log"].map(|name| lines(setting.root().join("j").join(name)));
        assert_eq!(parts.concat().len(), 140);
        let offsets = |offset: &str| parts.concat().iter().filter(|line| line.ends_with(offset)).count();
        assert_eq!(offsets("+00:00") + offsets("+01:00"), 140);
        assert!(offsets("+00:00") > 0, "summer has ended");
        assert_eq!(offsets("+01:00") > 0, is_to_come, "the zone is in force");
    }
}

/// Shows the process a clock that is two hours slow as soon as there is a file.
const SLOW_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (clock == CLOCK_REALTIME && access(getenv("SLOW_CLOCK"), F_OK) == 0) now->tv_sec -= 7200;
    return result;
}
"#;

#[test]
fn the_clock_set_back() {
    let setting = Setting::new();
    setting.sandbox.save(
        r#"
logcore: { dir: "ROOT", buffer: { flush: 10ms } }
appenders:
  a:
    kind: rolling_file
    path: "${job_dir}/a.log"
    encoder: { pattern: "{m} {d(%s)}{n}" }
    policy:
      trigger: { kind: time, interval: 1 day }
      roller: { kind: fixed_window, pattern: "${job_dir}/a.{}.log", base: 1, count: 5 }
root: { level: debug, appenders: [ a ] }
"#,
    );
    let (source, library, switch) =
        ["clock.c", "clock.so", "set-back"].map(|name| setting.sandbox.path(name)).into();
    fs::write(&source, SLOW_CLOCK).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).output();
    if !compiled.is_ok_and(|output| output.status.success()) {
        eprintln!("passed over: no C compiler");
        return;
    }
    let mut command = setting.command();
    command.env("LD_PRELOAD", &library).env("SLOW_CLOCK", &switch);
    let mut host = setting.host_by(command);
    fs::write(&switch, "").unwrap();
    // Flushing, back-off and timers go by a clock that nobody sets.
    host.tell("log 100");
    eventually("it is written", || lines(setting.log()).len() == 200);
    host.tell("level j");
    host.tell("log 100");
    assert_eq!(host.number("finish"), 0);
    let all = lines(setting.log());
    let times: Vec<u64> = all.iter().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(all.len(), 300, "it rolls when the time has come again");
    assert!(times[0] - times[299] > 7000, "{} {}", times[0], times[299]);
}

/// As POSIX writes it: an hour ahead until `end`, seconds since 1970, and not from then on.
fn zone_whose_summer_ends_at(end: u64) -> String {
    let out = Command::new("date")
        .args(["-u", "-d", &format!("@{}", end + 3600), "+%-j %H:%M:%S"])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let (day, time) = text.trim().split_once(' ').unwrap();
    // Counted from 0, the 29th of February included.
    let day: u32 = day.parse::<u32>().unwrap() - 1;
    format!("STD0DST-1,{},{day}/{time}", day.saturating_sub(30))
}

#[test]
fn a_config_on_a_mount_that_vanishes() {
    let setting = Setting::new();
    let dir = setting.sandbox.path("config");
    let text = fs::read_to_string(setting.sandbox.config()).unwrap();
    let Some(mount) = Mount::new(&dir, "size=1m") else { return };
    fs::write(setting.sandbox.config(), &text).unwrap();
    let mut host = setting.host();
    let server = |words: &str| {
        lines(setting.root().join("server/a.log")).iter().filter(|line| line.contains(words)).count()
    };
    mount.vanish();
    fs::remove_file(setting.sandbox.config()).unwrap(); // the one below the mount
    eventually("it is told", || server("is gone; the last one stays in force") == 1);
    host.tell("log 100");
    let _again = Mount::new(&dir, "size=1m").unwrap();
    fs::write(setting.sandbox.config(), text.replace("flush: 10ms", "flush: 20ms")).unwrap();
    eventually("the new one is followed", || server("config reloaded") == 1);
    assert_eq!(host.number("finish"), 0);
    demand(&lines(setting.log()), 200, 0);
    assert_eq!(server("is gone"), 1);
}

#[test]
fn inotify_watches_exhausted() {
    for limit in ["max_inotify_watches", "max_inotify_instances"] {
        let setting = Setting::new();
        let script = format!("echo 0 > /proc/sys/user/{limit} && exec \"$0\" \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["-U", "-r", "sh", "-c"]).arg(&script);
        let probe = Command::new("unshare").args(["-U", "-r", "sh", "-c", &script, "true"]).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            eprintln!("passed over: {limit} cannot be set in a name space of its own here");
            continue;
        }
        command.arg(env!("CARGO_BIN_EXE_driven")).arg(setting.sandbox.config());
        let mut host = setting.host_by(command);
        setting.sandbox.save(&TEMPLATE.replace("flush: 10ms", "flush: 20ms"));
        let server = setting.root().join("server/a.log");
        let told = |words| lines(&server).iter().filter(|line| line.contains(words)).count();
        eventually("it is followed by looking", || told("config reloaded") == 1);
        assert_eq!(told("notify cannot watch it"), 1, "{limit}: {:?}", lines(&server));
        assert_eq!(host.number("finish"), 0);
        demand(&lines(setting.log()), 100, 0);
    }
}
