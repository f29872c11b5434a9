//! flexi_logger: three of its `FileLogWriter`s behind one writer. Its format functions cannot know a job, so that the
//! id comes from a thread-local. Its async mode formats on the calling thread and has one thread per file.

use super::{BUFFER, Channel, FILES, Host, line::Line, through_log};
use anyhow::Result;
use flexi_logger::writers::{FileLogWriter, LogWriter};
use flexi_logger::{DeferredNow, FileSpec, LogSpecification, Logger, LoggerHandle, WriteMode};
use log::{LevelFilter, Log, Record};
use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

struct Flexi(WriteMode);

struct Job {
    id: String,
    logger: Box<dyn Log>,
    handle: LoggerHandle,
}

/// Three files, each with its threshold.
struct Levels([FileLogWriter; 3]);

thread_local!(static JOB: RefCell<String> = const { RefCell::new(String::new()) });

pub fn direct(_: &Path) -> Result<Box<dyn Host>> {
    start(WriteMode::Direct)
}

pub fn buffered(_: &Path) -> Result<Box<dyn Host>> {
    start(WriteMode::BufferDontFlushWith(BUFFER))
}

pub fn queued(_: &Path) -> Result<Box<dyn Host>> {
    let flush_interval = Duration::from_millis(200);
    start(WriteMode::AsyncWith { pool_capa: 1000, message_capa: 300, flush_interval })
}

fn start(mode: WriteMode) -> Result<Box<dyn Host>> {
    log::set_max_level(LevelFilter::Debug);
    Ok(Box::new(Flexi(mode)))
}

impl Host for Flexi {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        let [debug, info, error] = FILES.map(|(name, threshold)| {
            let spec = FileSpec::default().directory(dir).basename(name).suffix("log").suppress_timestamp();
            FileLogWriter::builder(spec)
                .format(line)
                .write_mode(self.0)
                .max_level(threshold)
                .append()
                .try_build()
        });
        let levels = Levels([debug?, info?, error?]);
        let (logger, handle) =
            Logger::with(LogSpecification::debug()).log_to_writer(Box::new(levels)).build()?;
        Ok(Box::new(Job { id: job.to_owned(), logger, handle }))
    }
}

fn line(out: &mut dyn io::Write, now: &mut DeferredNow, record: &Record<'_>) -> io::Result<()> {
    JOB.with_borrow(|job| {
        let (module, line) = (record.module_path(), record.line());
        let line =
            Line { level: &record.level(), now: *now.now(), job, module, line, message: record.args() };
        write!(out, "{line}")
    })
}

impl LogWriter for Levels {
    fn write(&self, now: &mut DeferredNow, record: &Record<'_>) -> io::Result<()> {
        let wants = |file: &&FileLogWriter| record.level() <= file.max_log_level();
        self.0.iter().filter(wants).try_for_each(|file| file.write(now, record))
    }

    fn flush(&self) -> io::Result<()> {
        self.0.iter().try_for_each(LogWriter::flush)
    }

    fn shutdown(&self) {
        self.0.iter().for_each(LogWriter::shutdown);
    }
}

impl Channel for Job {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        JOB.set(self.id.clone());
        through_log::records(&&*self.logger, range, times);
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.logger.flush();
        self.handle.shutdown();
        Ok(())
    }
}
