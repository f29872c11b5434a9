//! What is looked at: a log of any size in the shipped pattern, and trees of jobs.

use anyhow::Result;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Stands in the middle of every log.
pub const NEEDLE: &str = "needle-77ab";

/// What follows it there, which nobody types.
pub const FOUND: &str = "here-it-is";

/// Stands nowhere.
pub const ABSENT: &str = "needle-99zz";

/// A regular expression that matches nothing, with no literal at its start.
pub const REGEX: &str = "(user|order)=[0-9]+ rejected-[0-9]{3}";

/// One file of records, below a root of its own.
pub struct Log {
    pub root: PathBuf,
    pub file: PathBuf,
    /// Lines; the last one says `n=` and this number.
    pub lines: u64,
}

impl Log {
    /// The time of a line, as `HH:MM:SS`.
    pub fn clock(line: u64) -> String {
        let seconds = line / 1000;
        format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    }

    pub fn make(dir: &Path, bytes: u64) -> Result<Log> {
        let root = dir.join(format!("log-{bytes}"));
        fs::create_dir_all(root.join("job"))?;
        let file = root.join("job/debug.log");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&file)?);
        let (mut written, mut lines, mut needle) = (0, 0, false);
        let mark = format!("{NEEDLE} {FOUND} ");
        let mut text = Vec::new();
        while written < bytes {
            lines += 1;
            text.clear();
            let here = written > bytes / 2 && !needle;
            needle |= here;
            marked(&mut text, lines, if here { &mark } else { "" })?;
            out.write_all(&text)?;
            written += text.len() as u64;
        }
        out.flush()?;
        Ok(Log { root, file, lines })
    }
}

/// Writes one record.
pub fn line(out: &mut impl Write, number: u64) -> Result<()> {
    marked(out, number, "")
}

fn marked(out: &mut impl Write, number: u64, mark: &str) -> Result<()> {
    let level = match number % 100 {
        7 => "ERROR",
        17 | 57 => "WARN",
        n if n % 5 == 0 => "INFO",
        _ => "DEBUG",
    };
    let (clock, milli) = (Log::clock(number), number % 1000);
    writeln!(
        out,
        "[{level}] [2026-11-22T{clock}.{milli:03}456789+00:00] [job] [4711:139872] - [app::fetch] [line:42]: {mark}n={number} \
         fetched page {} of user={} in {} ms, {} items",
        number % 977,
        number % 100_003,
        number % 389,
        number % 512,
    )?;
    Ok(())
}

/// Jobs of three files each.
pub fn jobs(dir: &Path, count: u64) -> Result<PathBuf> {
    let root = dir.join(format!("jobs-{count}"));
    for job in 0..count {
        let dir = root.join(format!("job-{job:06}"));
        fs::create_dir_all(&dir)?;
        for (file, lines) in [("debug.log", 20), ("info.log", 4), ("error.log", 1)] {
            let mut text = Vec::new();
            (1..=lines).try_for_each(|number| line(&mut text, number))?;
            fs::write(dir.join(file), text)?;
        }
    }
    Ok(root)
}
