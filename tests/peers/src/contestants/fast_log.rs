//! fast_log: one queue, a formatting thread and a thread per file. It has no levels per file; what passes is chosen by
//! an appender around its own. It formats on its own thread, so that the caller's thread id is not in the line.

use super::{Channel, FILES, Host, line::Line, through_log};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Local};
use fast_log::Config;
use fast_log::appender::{Command, FastLogRecord, LogAppender, RecordFormat};
use fast_log::plugin::file::FileAppender;
use log::LevelFilter;
use std::ops::Range;
use std::path::Path;

struct FastLog;
struct Global;
struct Pattern(String);

/// A file with a threshold.
struct Threshold(LevelFilter, FileAppender);

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(FastLog))
}

impl Host for FastLog {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        let mut config = Config::new().level(LevelFilter::Debug).format(Pattern(job.to_owned()));
        for (name, threshold) in FILES {
            let path = dir.join(format!("{name}.log"));
            let file = FileAppender::new(&path.to_string_lossy()).map_err(|error| anyhow!("{error}"))?;
            config = config.custom(Threshold(threshold, file));
        }
        fast_log::init(config).map_err(|error| anyhow!("{error}"))?;
        Ok(Box::new(Global))
    }
}

impl LogAppender for Threshold {
    fn do_logs(&mut self, records: &[FastLogRecord]) {
        let wants =
            |record: &FastLogRecord| record.level <= self.0 || record.command != Command::CommandRecord;
        for run in records.chunk_by(|a, b| wants(a) == wants(b)).filter(|run| wants(&run[0])) {
            self.1.do_logs(run);
        }
    }
}

impl RecordFormat for Pattern {
    fn do_format(&self, record: &mut FastLogRecord) {
        if record.command == Command::CommandRecord {
            let now = DateTime::<Local>::from(record.now);
            let (module, line) = (Some(&*record.module_path), record.line);
            let line = Line { level: &record.level, now, job: &self.0, module, line, message: &record.args };
            record.formated = format!("{line}\n");
        }
    }
}

impl Channel for Global {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        through_log::records(&through_log::Global, range, times);
    }

    fn close(self: Box<Self>) -> Result<()> {
        fast_log::flush().map_err(|error| anyhow!("{error}"))?.wait();
        Ok(())
    }
}
