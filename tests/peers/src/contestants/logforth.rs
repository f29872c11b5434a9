//! logforth: one logger per job behind its bridge from `log`; three dispatches with level filters, each with a file and
//! a layout that writes the pattern.

use super::{Channel, FILES, Host, line::Line, through_log};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Local};
use logforth::append::file::FileBuilder;
use logforth::bridge::log::LogBridge;
use logforth::record::{Level, LevelFilter, Record};
use logforth::{Diagnostic, Error, Layout};
use std::path::Path;

struct Logforth;

#[derive(Debug)]
struct Pattern(String);

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    log::set_max_level(log::LevelFilter::Debug);
    Ok(Box::new(Logforth))
}

impl Host for Logforth {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        let mut logger = logforth::core::builder();
        for ((name, _), level) in FILES.into_iter().zip([Level::Debug, Level::Info, Level::Error]) {
            let file = FileBuilder::new(dir, name)
                .filename_suffix("log")
                .layout(Pattern(job.to_owned()))
                .build()
                .map_err(|error| anyhow!("{error}"))?;
            logger = logger.dispatch(|to| to.filter(LevelFilter::MoreSevereEqual(level)).append(file));
        }
        Ok(Box::new(through_log::Own(Box::new(LogBridge::new(logger.build())))))
    }
}

impl Layout for Pattern {
    fn format(&self, record: &Record<'_>, _: &[Box<dyn Diagnostic>]) -> Result<Vec<u8>, Error> {
        let line = Line {
            level: &record.level(),
            now: DateTime::<Local>::from(record.time()),
            job: &self.0,
            module: record.module_path(),
            line: record.line(),
            message: &record.payload(),
        };
        Ok(line.to_string().into_bytes())
    }
}
