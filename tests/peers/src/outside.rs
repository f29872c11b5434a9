//! Starts workers, plain or under valgrind or strace, in a temporary directory that is gone afterwards.

use crate::contestants::{Contestant, PYTHON};
use crate::work;
use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a worker printed.
pub type Said = HashMap<String, f64>;

const ORIGINAL: &str = include_str!("../original.py");
const PATIENCE: Duration = Duration::from_secs(300);

/// The counts are differences between a long and a short run, so that the start and the end cancel out.
const SHORT: u64 = 5_000;
const LONG: u64 = 20_000;

/// Runs one variant; what it said, and how many lines are missing in its files (or too many: negative).
pub fn measure(contestant: &Contestant, variant: &str, records: u64) -> Result<(Said, i64)> {
    let dir = temporary()?;
    let said = if contestant.name == PYTHON {
        let script = dir.path().join("original.py");
        fs::write(&script, ORIGINAL)?;
        let mut python = Command::new("python3");
        python.arg(script).arg(variant).arg(dir.path()).arg(records.to_string());
        finish(python)?.0
    } else {
        finish(worker(&[], contestant.name, variant, dir.path(), records)?)?.0
    };
    let expected = work::expected_lines(records);
    let mut missing = 0;
    for (name, expected) in ["debug.log", "info.log", "error.log"].iter().zip(expected).take(contestant.files)
    {
        missing += expected as i64 - count_lines(dir.path(), name)? as i64;
    }
    Ok((said, missing))
}

/// Runs a task that leaves nothing to count.
pub fn ask(name: &str, task: &str, records: u64) -> Result<Said> {
    let dir = temporary()?;
    Ok(finish(worker(&[], name, task, dir.path(), records)?)?.0)
}

/// Instructions per record of variant (a), by callgrind; `None` without valgrind.
pub fn instructions(name: &str) -> Result<Option<f64>> {
    if !exists("valgrind") {
        return Ok(None);
    }
    let count = |records| {
        let dir = temporary()?;
        let out = format!("--callgrind-out-file={}", dir.path().join("callgrind.out").display());
        let tool = ["valgrind", "--tool=callgrind", &out];
        let (_, noise) = finish(worker(&tool, name, "a", dir.path(), records)?)?;
        let line = noise
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .context("callgrind said nothing")?;
        Ok::<f64, anyhow::Error>(line.1.trim().parse()?)
    };
    // Timers fire where they will: of three differences the one in the middle.
    let mut counts = [0.0; 3];
    for sample in &mut counts {
        *sample = (count(LONG)? - count(SHORT)?) / (LONG - SHORT) as f64;
    }
    counts.sort_by(f64::total_cmp);
    Ok(Some(counts[1]))
}

/// System calls per record of variant (a), of all threads; `None` without strace.
pub fn system_calls(name: &str) -> Result<Option<f64>> {
    if !exists("strace") {
        return Ok(None);
    }
    let count = |records| {
        let dir = temporary()?;
        let out = dir.path().join("strace.out");
        let tool = ["strace", "-f", "-c", "-o", &out.to_string_lossy()];
        finish(worker(&tool, name, "a", dir.path(), records)?)?;
        let table = fs::read_to_string(&out)?;
        let total = table.lines().find(|line| line.ends_with(" total")).context("strace gave no total")?;
        let calls = total.split_whitespace().nth(3).context("strace's total is not as expected")?;
        Ok::<f64, anyhow::Error>(calls.parse()?)
    };
    Ok(Some((count(LONG)? - count(SHORT)?) / (LONG - SHORT) as f64))
}

pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn temporary() -> Result<TempDir> {
    tempfile::Builder::new().prefix("peers-").tempdir().context("no temporary directory")
}

fn worker(tool: &[&str], name: &str, task: &str, dir: &Path, records: u64) -> Result<Command> {
    let itself = std::env::current_exe()?;
    let mut command = match tool {
        [program, options @ ..] => {
            let mut command = Command::new(program);
            command.args(options).arg(itself);
            command
        }
        [] => Command::new(itself),
    };
    command.args(["worker", name, task]).arg(dir).arg(records.to_string());
    Ok(command)
}

/// Waits for it; what it said, and what else came on stderr.
fn finish(mut command: Command) -> Result<(Said, String)> {
    let noise = tempfile::NamedTempFile::new()?;
    let mut child = command
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(noise.reopen()?)
        .spawn()?;
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("no end after {PATIENCE:?}: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let noise = fs::read_to_string(noise.path())?;
    if !status.success() {
        bail!("{status}: {}", noise.lines().find(|line| line.contains("rror")).unwrap_or("it said nothing"));
    }
    let mut out = String::new();
    child.stdout.take().context("its output is gone")?.read_to_string(&mut out)?;
    let said = out.lines().filter_map(|line| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    Ok((said.collect(), noise))
}

/// Lines of all the jobs' files of that name.
fn count_lines(root: &Path, name: &str) -> Result<u64> {
    let mut lines = 0;
    let mut block = vec![0; 1 << 16];
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let path = entry.path().join(name);
        if !entry.file_name().to_string_lossy().starts_with("job-") || !path.exists() {
            continue;
        }
        let mut file = File::open(path)?;
        loop {
            let count = file.read(&mut block)?;
            if count == 0 {
                break;
            }
            lines += block[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
        }
    }
    Ok(lines)
}
