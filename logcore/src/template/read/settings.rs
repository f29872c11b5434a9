//! `logcore:`, the one key that is not log4rs's.

use super::{Result, appender_list, entries};
use crate::engine::files::Settings;
use crate::engine::rate::Rate;
use crate::modes::{self, Modes};
use crate::retention;
use crate::template::fields::{Fields, Reader, split_unit};
use crate::template::plan::{AppenderPlan, LEAST_SIZE, Limits, Override, Plan};
use crate::template::yaml::Node;
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::time::Duration;
use wildmatch::WildMatch;

/// The one key that is not log4rs's.
pub(super) fn logcore(read: Reader<'_>, node: &Node<'_>, names: &[&str], plan: &mut Plan) -> Result<()> {
    let mut fields = Fields::of(node, "a mapping")?;
    if let Some(at) = fields.take("dir") {
        plan.dir = PathBuf::from(same_for_all(read, &at)?);
    }
    if let Some(at) = fields.take("server") {
        plan.server = same_for_all(read, &at)?;
        if plan.server.is_empty() {
            return Err(at.error("", "the server log needs an id", "as in `server: server`"));
        }
    }
    if let Some(at) = fields.take("buffer") {
        buffer(read, &at, &mut plan.settings)?;
    }
    if let Some(at) = fields.take("max_open_files") {
        plan.settings.max_open_files = read.integer(&at, "a number of files")?;
        if plan.settings.max_open_files == 0 {
            return Err(at.error("0", "no file could be open", "give at least 1"));
        }
    }
    if let Some(at) = fields.take("mode") {
        plan.modes = modes(read, &at)?;
    }
    if let Some(at) = fields.take("retention") {
        plan.retention = retention_of(read, &at)?;
    }
    let general = fields.take("limits");
    let mut own = Vec::new();
    for (pattern, node) in fields.take("jobs").iter().flat_map(|node| entries(node, "a mapping by job id")) {
        let node = node?;
        let mut fields = Fields::of(&node, "a mapping with `level`")?;
        let until = fields.take("until").map(|node| moment(read, &node)).transpose()?;
        let over = until.is_some_and(|until| until <= Utc::now());
        let entry = Override {
            ids: WildMatch::new(pattern),
            until,
            level: fields.take("level").map(|node| read.level(&node)).transpose()?,
            appenders: fields.take("appenders").map(|node| appender_list(read, &node, names)).transpose()?,
            limits: Limits::default(),
        };
        let limited = fields.take("limits");
        fields.finish()?;
        if !over {
            plan.overrides.push(entry);
            own.push(limited);
        }
    }
    // Once it is known where every job logs to.
    if let Some(at) = general {
        plan.limits = limits(read, &at, plan)?;
    }
    for (at, own) in own.iter().enumerate() {
        if let Some(own) = own {
            plan.overrides[at].limits = limits(read, own, plan)?;
        }
    }
    fields.finish()
}

/// A moment, in any zone.
fn moment(read: Reader<'_>, node: &Node<'_>) -> Result<DateTime<Utc>> {
    let text = read.name(node, "a moment such as 2026-11-22T16:30:00Z")?;
    DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc()).map_err(|_| {
        node.error(
            &text,
            format!("`{text}` is no moment"),
            "write it as RFC 3339 has it: 2026-11-22T16:30:00Z",
        )
    })
}

/// Permissions, as `chmod` takes them.
fn modes(read: Reader<'_>, node: &Node<'_>) -> Result<Modes> {
    const HELP: &str = "give octal digits in quotes, as in `mode: { file: \"0640\", directory: \"0750\" }`";
    let mut fields = Fields::of(node, "a mapping with `file` and `directory`")?;
    let mut mode = |name, default, needed: u32| {
        let Some(at) = fields.take(name) else { return Ok(default) };
        let text = same_for_all(read, &at)?;
        let mode = Some(&*text).filter(|text| text.starts_with('0') && text.len() <= 5);
        match mode.and_then(|text| u32::from_str_radix(text, 8).ok()) {
            Some(mode) if mode <= 0o777 && mode & needed == needed => Ok(mode),
            Some(mode) if mode <= 0o777 => Err(at.error(&text, "the host itself could not use it", HELP)),
            _ => Err(at.error(&text, "no permissions", HELP)),
        }
    };
    let modes = Modes {
        file: mode("file", modes::DEFAULT.file, 0o600)?,
        directory: mode("directory", modes::DEFAULT.directory, 0o700)?,
    };
    fields.finish()?;
    Ok(modes)
}

fn same_for_all(read: Reader<'_>, node: &Node<'_>) -> Result<String> {
    let text = read.text(node)?;
    if text.has_holes() {
        let help = "only ${env:…} can stand here: it is the same for all jobs";
        return Err(node.error("${", "this cannot depend on the job", help));
    }
    Ok(text.without_a_job())
}

fn buffer(read: Reader<'_>, node: &Node<'_>, settings: &mut Settings) -> Result<()> {
    const LARGEST: u64 = 64 << 20;
    if node.value.as_str() == Some("none") {
        settings.buffer_size = 0;
        return Ok(());
    }
    let mut fields = Fields::of(node, "`none` or a mapping with `size`, `flush` and `flush_level`")?;
    if let Some(at) = fields.take("size") {
        let size = read.size(&at)?;
        if size > LARGEST {
            return Err(at.error("", "a buffer of more than 64 MiB for each file", "give a smaller one"));
        }
        settings.buffer_size = usize::try_from(size).unwrap_or(usize::MAX);
    }
    if let Some(at) = fields.take("flush") {
        settings.flush_every = read.duration(&at)?;
    }
    if let Some(at) = fields.take("flush_level") {
        settings.flush_level = read.level(&at)?;
    }
    fields.finish()
}

/// What one job may log; `none` takes a limit back.
fn limits(read: Reader<'_>, node: &Node<'_>, plan: &Plan) -> Result<Limits> {
    let mut fields = Fields::of(node, "a mapping with `max_size` and `rate`")?;
    let is_none = |node: &Node<'_>| node.value.as_str() == Some("none");
    let max_size = fields.take("max_size");
    let max_size =
        max_size.map(|node| if is_none(&node) { Ok(None) } else { max_size_of(read, &node, plan).map(Some) });
    let rate = fields.take("rate");
    let rate = rate.map(|node| if is_none(&node) { Ok(None) } else { rate_of(read, &node).map(Some) });
    fields.finish()?;
    Ok(Limits { rate: rate.transpose()?, max_size: max_size.transpose()? })
}

/// What a job's files may hold. Errors are exempt: where a file would be cut, another has to keep them.
fn max_size_of(read: Reader<'_>, node: &Node<'_>, plan: &Plan) -> Result<u64> {
    let size = read.size(node)?;
    if size < LEAST_SIZE {
        return Err(node.error("", "too little for a head and a tail", "give at least 64KiB"));
    }
    let overrides = plan.overrides.iter().filter_map(|job| job.appenders.as_ref());
    let loggers = plan.loggers.iter().filter(|logger| !logger.additive).map(|logger| &logger.appenders);
    for list in overrides.chain(loggers).chain([&plan.root.1]) {
        let all = || list.iter().filter_map(|at| plan.appenders.get(*at));
        if all().any(AppenderPlan::is_cut) && !all().any(AppenderPlan::keeps_errors) {
            let help = "errors are never cut: give the appenders of the root logger, and those of loggers and jobs that have \
                        their own, a file with `filters: [ { kind: threshold, level: error } ]`";
            return Err(node.error("", "errors would be cut with what stands around them", help));
        }
    }
    Ok(size)
}

/// So many records in a second, a minute or an hour: `10000/s`.
fn rate_of(read: Reader<'_>, node: &Node<'_>) -> Result<Rate> {
    const MOST: u64 = 100_000_000;
    let text = read.name(node, "a rate such as 10000/s")?;
    let (records, unit) = split_unit(&text);
    let per = match unit.strip_prefix('/').map(str::trim_start) {
        Some("s" | "second") => Some(1),
        Some("min" | "minute") => Some(60),
        Some("h" | "hour") => Some(3600),
        _ => None,
    };
    let records = records.parse::<u64>().ok().filter(|records| (1..=MOST).contains(records));
    records.zip(per).map(|(records, per)| Rate { records, per: Duration::from_secs(per) }).ok_or_else(|| {
        let help =
            "write a number from 1 to 100000000 and /s, /min or /h, as in 10000/s; `none` for no limit";
        node.error(&text, format!("`{text}` is no rate"), help)
    })
}

fn retention_of(read: Reader<'_>, node: &Node<'_>) -> Result<retention::Limits> {
    let mut fields = Fields::of(node, "a mapping with `max_age`, `max_jobs` and `max_size`")?;
    let max_age = fields.take("max_age").map(|at| read.duration(&at)).transpose()?;
    let max_jobs = fields.take("max_jobs").map(|at| read.integer(&at, "a number of jobs")).transpose()?;
    let max_size = fields.take("max_size").map(|at| read.size(&at)).transpose()?;
    fields.finish()?;
    Ok(retention::Limits { max_age, max_jobs, max_size })
}
