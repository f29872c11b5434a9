//! spdlog-rs: three file sinks with level filters and its own pattern formatter and macros. The asynchronous variant
//! puts each behind an `AsyncPoolSink` (which ignores the filters of what is in it, so that it takes one per file); all
//! share a pool of one thread, which is all that it allows.

use super::{BUFFER, Channel, FILES, Host};
use crate::work::{each, record};
use anyhow::Result;
use spdlog::formatter::{PatternFormatter, pattern};
use spdlog::sink::{AsyncPoolSink, FileSink, Sink};
use spdlog::{Level, LevelFilter, Logger, ThreadPool};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

struct Spdlog {
    pool: Option<Arc<ThreadPool>>,
}

struct Own(Logger);

pub fn sync(_: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(Spdlog { pool: None }))
}

pub fn queued(_: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(Spdlog { pool: Some(ThreadPool::builder().build_arc()?) }))
}

impl Host for Spdlog {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        let mut files: Vec<Arc<dyn Sink>> = Vec::new();
        for (name, threshold) in FILES {
            let formatter = PatternFormatter::new(pattern!(
                "[{level}] [{date}T{time}.{nanosecond}{tz_offset}] [{logger}] [{pid}:{tid}] - [{module_path}] [line:{line}]: {payload}{eol}"
            ));
            let threshold = threshold.to_level().map_or(Level::Trace, Level::from);
            let filter = LevelFilter::MoreSevereEqual(threshold);
            let path = dir.join(format!("{name}.log"));
            let file =
                FileSink::builder().path(path).capacity(BUFFER).level_filter(filter).formatter(formatter);
            let file = file.build_arc()?;
            files.push(match &self.pool {
                None => file,
                Some(pool) => {
                    let queue = AsyncPoolSink::builder().thread_pool(Arc::clone(pool)).level_filter(filter);
                    queue.sink(file).build_arc()?
                }
            });
        }
        let mut logger = Logger::builder();
        logger.name(job).level_filter(LevelFilter::All).sinks(files);
        Ok(Box::new(Own(logger.build()?)))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        // The pool's end waits for its thread.
        drop(self.pool);
        Ok(())
    }
}

impl Channel for Own {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        let logger = &self.0;
        macro_rules! say {
            ($level:ident, $($message:tt)+) => { spdlog::$level!(logger: logger, $($message)+) };
        }
        each(range, times, |index| record!(index, say));
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.0.flush();
        Ok(())
    }
}
