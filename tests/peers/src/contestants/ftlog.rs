//! ftlog: a queue and a thread per logger. A record goes to one appender only, chosen by target, so that it writes
//! debug.log and nothing else. Its queue is told to wait rather than to drop.

use super::{Channel, FILES, Host, through_log};
use anyhow::Result;
use ftlog::FtLogFormat;
use ftlog::appender::FileAppender;
use log::{Level, LevelFilter, Record};
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

struct Ftlog;

/// The line of the pattern; ftlog itself puts the time before it.
struct Pattern(String);

/// A record on its way to the thread.
struct Message {
    level: Level,
    job: String,
    thread: usize,
    module: Option<&'static str>,
    line: Option<u32>,
    text: String,
}

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    log::set_max_level(LevelFilter::Debug);
    Ok(Box::new(Ftlog))
}

impl Host for Ftlog {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        fs::create_dir(dir)?;
        let logger = ftlog::builder()
            .format(Pattern(job.to_owned()))
            .bounded(100_000, true)
            .max_log_level(LevelFilter::Debug)
            .root(FileAppender::builder().path(dir.join(format!("{}.log", FILES[0].0))).build())
            .build()?;
        Ok(Box::new(through_log::Own(Box::new(logger))))
    }
}

impl FtLogFormat for Pattern {
    fn msg(&self, record: &Record<'_>) -> Box<dyn Send + Sync + Display> {
        Box::new(Message {
            level: record.level(),
            job: self.0.clone(),
            thread: thread_id::get(),
            module: record.module_path_static(),
            line: record.line(),
            text: record.args().to_string(),
        })
    }
}

impl Display for Message {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (module, line) = (self.module.unwrap_or("???"), self.line.unwrap_or(0));
        let Message { level, job, thread, text, .. } = self;
        write!(out, "[{level}] [{job}] [{}:{thread}] - [{module}] [line:{line}]: {text}", std::process::id())
    }
}
