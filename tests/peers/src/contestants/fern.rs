//! fern: one dispatch per job that formats once, and three files with thresholds behind it. It flushes every record.

use super::{Channel, FILES, Host, line::Line, through_log};
use anyhow::Result;
use chrono::Local;
use fern::Dispatch;
use log::LevelFilter;
use std::fs;
use std::path::Path;

struct Fern;

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    log::set_max_level(LevelFilter::Debug);
    Ok(Box::new(Fern))
}

impl Host for Fern {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        fs::create_dir(dir)?;
        let job = job.to_owned();
        let mut all = Dispatch::new().format(move |out, message, record| {
            let (module, line, level) = (record.module_path(), record.line(), &record.level());
            out.finish(format_args!(
                "{}",
                Line { level, now: Local::now(), job: &job, module, line, message }
            ));
        });
        for (name, threshold) in FILES {
            let file = fern::log_file(dir.join(format!("{name}.log")))?;
            all = all.chain(Dispatch::new().level(threshold).chain(file));
        }
        Ok(Box::new(through_log::Own(all.into_log().1)))
    }
}
