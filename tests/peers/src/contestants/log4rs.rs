//! log4rs 1.4 as a user writes it: one `log4rs::Logger` per job, three file appenders with threshold filters.

use super::{Channel, FILES, Host, through_log};
use anyhow::Result;
use log::{LevelFilter, Log};
use log4rs::append::file::FileAppender;
use log4rs::config::{Appender, Config, Logger, Root};
use log4rs::encode::pattern::PatternEncoder;
use log4rs::filter::threshold::ThresholdFilter;
use std::path::Path;
use std::time::Duration;

struct Log4rs;

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    log::set_max_level(LevelFilter::Debug);
    Ok(Box::new(Log4rs))
}

impl Host for Log4rs {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        Ok(Box::new(through_log::Own(Box::new(log4rs::Logger::new(config(
            dir,
            job,
            LevelFilter::Debug,
            &[],
        )?)))))
    }

    fn disabled(&self, dir: &Path, count: u64, another_is_verbose: bool) -> Result<Option<Duration>> {
        let verbose: &[&str] = if another_is_verbose { &["another"] } else { &[] };
        let logger = log4rs::Logger::new(config(dir, "job-0001", LevelFilter::Info, verbose)?);
        log::set_max_level(logger.max_log_level());
        let logger: Box<dyn Log> = Box::new(logger);
        Ok(Some(through_log::disabled(&&*logger, count)))
    }
}

fn config(dir: &Path, job: &str, level: LevelFilter, verbose: &[&str]) -> Result<Config> {
    let pattern = format!("[{{l}}] [{{d}}] [{job}] [{{P}}:{{I}}] - [{{M}}] [line:{{L}}]: {{m}}{{n}}");
    let mut config = Config::builder();
    for (name, threshold) in FILES {
        let file = FileAppender::builder()
            .encoder(Box::new(PatternEncoder::new(&pattern)))
            .build(dir.join(format!("{name}.log")))?;
        let filter = Box::new(ThresholdFilter::new(threshold));
        config = config.appender(Appender::builder().filter(filter).build(name, Box::new(file)));
    }
    for target in verbose {
        config = config.logger(Logger::builder().build(*target, LevelFilter::Debug));
    }
    let names = FILES.map(|(name, _)| name);
    Ok(config.build(Root::builder().appenders(names).build(level))?)
}
