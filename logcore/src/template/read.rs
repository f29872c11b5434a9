//! From values to a [`Plan`]: each log4rs kind, each key of `logcore:`, each checked.

use super::fields::{Fields, Reader, nearest, split_unit};
use super::plan::{
    AppenderPlan, LEAST_SIZE, Limits, LoggerPlan, Override, Plan, RollPlan, RollerPlan, SinkPlan,
};
use super::text::{Hole, Part, Text, Vars, check_strftime};
use super::yaml::Node;
use crate::engine::console::{Console, Target};
use crate::engine::encoder::Encoder;
use crate::engine::file::Spec;
use crate::engine::files::Settings;
use crate::engine::pattern::{DEFAULT_PATTERN, Pattern};
use crate::engine::rate::Rate;
use crate::engine::roll::{Form, Interval, Trigger, Unit};
use crate::error::ConfigError;
use crate::modes::{self, Modes};
use crate::retention;
use chrono::{DateTime, Utc};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use log::LevelFilter;
use log4rs::encode::json::JsonEncoder;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wildmatch::WildMatch;

type Result<T> = std::result::Result<T, ConfigError>;

/// Reads the whole template, for one job if one is given.
pub(super) fn plan(root: &Node<'_>, vars: Option<&Vars>) -> Result<Plan> {
    let read = Reader { vars };
    if root.value.is_null() {
        let help = "`config/log.yaml` of logcore is a start";
        return Err(root.error("", "the template is empty", help));
    }
    let mut fields = Fields::of(root, "a mapping with `appenders:` and `root:`")?;
    let (ours, appenders, loggers) =
        (fields.take("logcore"), fields.take("appenders"), fields.take("loggers"));
    let (root_logger, refresh_rate) = (fields.take("root"), fields.take("refresh_rate"));
    fields.finish()?;
    if let Some(node) = refresh_rate {
        // log4rs polls at this rate; here the file is watched, so that the key is good and means nothing.
        read.duration(&node)?;
    }

    let mut names = Vec::new();
    let mut plans = Vec::new();
    let mut encoders = Encoders::default();
    for (name, node) in appenders.iter().flat_map(|node| entries(node, "a mapping of appenders")) {
        let node = node?;
        names.push(name);
        plans.push(appender(read, &node, &mut encoders)?);
    }
    let root = match root_logger {
        Some(node) => root_fields(read, &node, &names)?,
        None => (LevelFilter::Debug, Vec::new()),
    };
    let mut logger_plans = Vec::new();
    for (target, node) in loggers.iter().flat_map(|node| entries(node, "a mapping of loggers")) {
        logger_plans.push(logger(read, target, &node?, &names)?);
    }
    logger_plans.sort_by_key(|logger| logger.target.len());

    let mut plan = Plan {
        dir: PathBuf::from("logs"),
        server: "server".into(),
        settings: Settings::default(),
        modes: modes::DEFAULT,
        retention: retention::Limits::default(),
        limits: Limits::default(),
        overrides: Vec::new(),
        root,
        loggers: logger_plans,
        appenders: plans,
    };
    if let Some(node) = ours {
        logcore(read, &node, &names, &mut plan)?;
    }
    Ok(plan)
}

/// The entries of a mapping; the error, if it is none, as the only entry.
fn entries<'d>(node: &Node<'d>, expected: &str) -> Vec<(&'d str, Result<Node<'d>>)> {
    match node.entries(expected) {
        Ok(entries) => entries.into_iter().map(|(name, node)| (name, Ok(node))).collect(),
        Err(error) => vec![("", Err(error))],
    }
}

fn root_fields(read: Reader<'_>, node: &Node<'_>, names: &[&str]) -> Result<(LevelFilter, Vec<usize>)> {
    let mut fields = Fields::of(node, "a mapping with `level` and `appenders`")?;
    let level = fields.take("level").map_or(Ok(LevelFilter::Debug), |node| read.level(&node))?;
    let appenders =
        fields.take("appenders").map_or(Ok(Vec::new()), |node| appender_list(read, &node, names))?;
    fields.finish()?;
    Ok((level, appenders))
}

fn logger(read: Reader<'_>, target: &str, node: &Node<'_>, names: &[&str]) -> Result<LoggerPlan> {
    if target.split("::").any(|part| part.is_empty() || part.contains(':')) {
        let help = "write the target as a Rust path, as in `hyper::client`";
        return Err(node.error_at_key(target, format!("`{target}` is no target"), help));
    }
    let mut fields = Fields::of(node, "a mapping with `level`")?;
    let level = read.level(&fields.need("level", "level: warn")?)?;
    let appenders =
        fields.take("appenders").map_or(Ok(Vec::new()), |node| appender_list(read, &node, names))?;
    let additive = fields.take("additive").map_or(Ok(true), |node| read.boolean(&node))?;
    fields.finish()?;
    Ok(LoggerPlan { target: target.to_owned(), level, appenders, additive })
}

fn appender_list(read: Reader<'_>, node: &Node<'_>, names: &[&str]) -> Result<Vec<usize>> {
    let find = |item: &Node<'_>| {
        let name = read.name(item, "an appender's name")?;
        names.iter().position(|known| *known == name).ok_or_else(|| {
            let known = if names.is_empty() { "none is defined".into() } else { names.join(", ") };
            let help = match nearest(&name, names) {
                Some(near) => format!("did you mean `{near}`? appenders are: {known}"),
                None => format!("define it under `appenders:`; appenders are: {known}"),
            };
            item.error(&name, format!("no appender is called `{name}`"), help)
        })
    };
    node.items("a list of appenders")?.iter().map(find).collect()
}

/// Equal encoders are one, so that a record is encoded once for all files that want the same line.
#[derive(Default)]
struct Encoders {
    patterns: Vec<(Text, Arc<Encoder>)>,
    json: Option<Arc<Encoder>>,
}

fn appender(read: Reader<'_>, node: &Node<'_>, encoders: &mut Encoders) -> Result<AppenderPlan> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: file")?;
    let kind = read.name(&kind_node, "a kind")?;
    let filters = fields.take("filters");
    let mut threshold = LevelFilter::Trace;
    for item in filters.map_or(Ok(Vec::new()), |node| node.items("a list of filters"))? {
        threshold = threshold.min(filter(read, &item)?);
    }
    let encoder = encoder(read, fields.take("encoder"), node, encoders)?;
    let sink = match kind.as_str() {
        "console" => console(read, &mut fields)?,
        "file" => file(read, &mut fields, false)?,
        "rolling_file" => file(read, &mut fields, true)?,
        _ => return Err(unknown_kind(&kind_node, &kind, "appender", &["console", "file", "rolling_file"])),
    };
    fields.finish()?;
    Ok(AppenderPlan { threshold, encoder, sink })
}

fn unknown_kind(node: &Node<'_>, kind: &str, of: &str, known: &[&str]) -> ConfigError {
    let help = match nearest(kind, known) {
        Some(near) => format!("did you mean `{near}`? known kinds of {of}: {}", known.join(", ")),
        None => format!("known kinds of {of}: {}", known.join(", ")),
    };
    node.error(kind, format!("unknown kind of {of} `{kind}`"), help)
}

fn filter(read: Reader<'_>, node: &Node<'_>) -> Result<LevelFilter> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: threshold")?;
    let kind = read.name(&kind_node, "a kind")?;
    if kind != "threshold" {
        return Err(unknown_kind(&kind_node, &kind, "filter", &["threshold"]));
    }
    let level = read.level(&fields.need("level", "level: info")?)?;
    fields.finish()?;
    Ok(level)
}

fn encoder(
    read: Reader<'_>,
    node: Option<Node<'_>>,
    appender: &Node<'_>,
    encoders: &mut Encoders,
) -> Result<Arc<Encoder>> {
    let Some(node) = node else {
        return pattern(
            appender,
            &Text(vec![Part::Literal(DEFAULT_PATTERN.into())]),
            DEFAULT_PATTERN,
            encoders,
        );
    };
    let mut fields = Fields::of(&node, "a mapping with `pattern` or `kind`")?;
    let kind_node = fields.take("kind");
    let kind = kind_node.as_ref().map_or(Ok("pattern".to_owned()), |node| read.name(node, "a kind"))?;
    let encoder = match (kind.as_str(), kind_node) {
        ("pattern", _) => match fields.take("pattern") {
            Some(node) => {
                let source = node.value.as_str().unwrap_or_default();
                pattern(&node, &read.text(&node)?, source, encoders)?
            }
            None => {
                pattern(&node, &Text(vec![Part::Literal(DEFAULT_PATTERN.into())]), DEFAULT_PATTERN, encoders)?
            }
        },
        ("json", _) => {
            Arc::clone(encoders.json.get_or_insert_with(|| Arc::new(Encoder::Json(JsonEncoder::new()))))
        }
        (_, at) => return Err(unknown_kind(&at.unwrap_or(node), &kind, "encoder", &["pattern", "json"])),
    };
    fields.finish()?;
    Ok(encoder)
}

fn pattern(node: &Node<'_>, text: &Text, source: &str, encoders: &mut Encoders) -> Result<Arc<Encoder>> {
    if let Some((_, known)) = encoders.patterns.iter().find(|(have, _)| have == text) {
        return Ok(Arc::clone(known));
    }
    let parsed = Pattern::parse(text, source)
        .map_err(|e| node.after(&e.before).error(&e.culprit, e.message, e.help))?;
    let encoder = Arc::new(Encoder::Pattern(parsed));
    encoders.patterns.push((text.clone(), Arc::clone(&encoder)));
    Ok(encoder)
}

fn console(read: Reader<'_>, fields: &mut Fields<'_>) -> Result<SinkPlan> {
    let target = match fields.take("target") {
        None => Target::Stdout,
        Some(node) => match read.name(&node, "stdout or stderr")?.as_str() {
            "stdout" => Target::Stdout,
            "stderr" => Target::Stderr,
            other => {
                return Err(node.error(other, format!("`{other}` is no console"), "write stdout or stderr"));
            }
        },
    };
    let tty_only = fields.take("tty_only").map_or(Ok(false), |node| read.boolean(&node))?;
    Ok(SinkPlan::Console(Console::new(target, tty_only)))
}

fn file(read: Reader<'_>, fields: &mut Fields<'_>, rolling: bool) -> Result<SinkPlan> {
    let path_node = fields.need("path", "path: \"${job_dir}/debug.log\"")?;
    let path = path(read, &path_node)?;
    if path.0.is_empty() {
        return Err(path_node.error("", "the path is empty", "as in `path: \"${job_dir}/debug.log\"`"));
    }
    let append = fields.take("append").map_or(Ok(true), |node| read.boolean(&node))?;
    let encoding = fields.take("encoding").map_or(Ok(UTF_8), |node| encoding(read, &node))?;
    let roll = match rolling {
        true => {
            let roll = policy(read, &fields.need("policy", "policy: { trigger: …, roller: … }")?)?;
            if roll.roller.would_take(&path) {
                let help = "name the old files otherwise; without `.gz` or `.zst`, they have their names before they are packed";
                return Err(path_node.error(
                    "",
                    "the roller's pattern gives an old file this very name",
                    help,
                ));
            }
            Some(roll)
        }
        false => None,
    };
    Ok(SinkPlan::File { path, spec: Arc::new(Spec { append, encoding, roll: None }), roll })
}

fn encoding(read: Reader<'_>, node: &Node<'_>) -> Result<&'static Encoding> {
    let label = read.name(node, "the name of an encoding")?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != REPLACEMENT).ok_or_else(|| {
        let help =
            "any label of https://encoding.spec.whatwg.org will do, as in utf-8, gbk, shift_jis, latin1";
        node.error(&label, format!("unknown encoding `{label}`"), help)
    })
}

/// A path with log4rs's own `$ENV{…}` and `$TIME{…}` replaced where the template itself holds them.
fn path(read: Reader<'_>, node: &Node<'_>) -> Result<Text> {
    let mut parts = Vec::new();
    for part in read.text(node)?.0 {
        match part {
            Part::Literal(text) => expand(node, &text, &mut parts)?,
            other => parts.push(other),
        }
    }
    Ok(Text(parts))
}

fn expand(node: &Node<'_>, text: &str, parts: &mut Vec<Part>) -> Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find("$ENV{").into_iter().chain(rest.find("$TIME{")).min() {
        let Some(end) = rest[at..].find('}').map(|end| at + end) else { break };
        let whole = &rest[at..=end];
        let Some((kind, argument)) = whole[1..whole.len() - 1].split_once('{') else { break };
        parts.push(Part::Literal(rest[..at].to_owned()));
        parts.push(match kind {
            "TIME" => {
                check_strftime(argument).map_err(|reason| {
                    node.error(whole, reason, "see https://docs.rs/chrono/latest/chrono/format/strftime")
                })?;
                Part::Hole(Hole::Date { format: argument.to_owned() })
            }
            // As in log4rs, a variable that is not set leaves the text as it is.
            _ => std::env::var(argument).map_or_else(|_| Part::Literal(whole.to_owned()), Part::Value),
        });
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(())
}

fn policy(read: Reader<'_>, node: &Node<'_>) -> Result<RollPlan> {
    let mut fields = Fields::of(node, "a mapping with `trigger` and `roller`")?;
    if let Some(kind_node) = fields.take("kind") {
        let kind = read.name(&kind_node, "a kind")?;
        if kind != "compound" {
            return Err(unknown_kind(&kind_node, &kind, "policy", &["compound"]));
        }
    }
    let trigger = trigger(read, &fields.need("trigger", "trigger: { kind: size, limit: 10mb }")?)?;
    let roller = roller(read, &fields.need("roller", "roller: { kind: delete }")?)?;
    fields.finish()?;
    Ok(RollPlan { trigger, roller })
}

fn trigger(read: Reader<'_>, node: &Node<'_>) -> Result<Trigger> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: size")?;
    let kind = read.name(&kind_node, "a kind")?;
    let trigger = match kind.as_str() {
        "size" => Trigger::Size(read.size(&fields.need("limit", "limit: 10mb")?)?),
        "time" => Trigger::Time {
            interval: interval(read, &fields.need("interval", "interval: 1 day")?)?,
            modulate: fields.take("modulate").map_or(Ok(false), |node| read.boolean(&node))?,
            max_random_delay: fields
                .take("max_random_delay")
                .map_or(Ok(0), |node| read.integer(&node, "a number of seconds"))?,
        },
        "onstartup" => Trigger::OnStartup {
            min_size: fields
                .take("min_size")
                .map_or(Ok(1), |node| read.integer(&node, "a number of bytes"))?,
        },
        _ => return Err(unknown_kind(&kind_node, &kind, "trigger", &["size", "time", "onstartup"])),
    };
    fields.finish()?;
    Ok(trigger)
}

fn interval(read: Reader<'_>, node: &Node<'_>) -> Result<Interval> {
    let text = read.plain(node, "an interval such as 1 day")?;
    let (digits, unit) = split_unit(&text);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "second" | "seconds" => Some(Unit::Second),
        "minute" | "minutes" => Some(Unit::Minute),
        "hour" | "hours" => Some(Unit::Hour),
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week),
        "month" | "months" => Some(Unit::Month),
        "year" | "years" => Some(Unit::Year),
        _ => None,
    };
    let count = digits.parse::<u32>().ok().filter(|count| *count > 0);
    count.zip(unit).map(|(count, unit)| Interval { count, unit }).ok_or_else(|| {
        let help = "write a number from 1 and second, minute, hour, day, week, month or year, as in `1 day`";
        node.error(&text, format!("`{text}` is no interval"), help)
    })
}

fn roller(read: Reader<'_>, node: &Node<'_>) -> Result<RollerPlan> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: fixed_window")?;
    let kind = read.name(&kind_node, "a kind")?;
    let roller = match kind.as_str() {
        "delete" => RollerPlan::Delete,
        "fixed_window" => {
            let at = fields.need("pattern", "pattern: \"${job_dir}/debug.log.{}\"")?;
            let mut pieces = path(read, &at)?.split("{}");
            if pieces.len() < 2 {
                return Err(at.error("", "the pattern has no `{}`", "put `{}` where the number goes"));
            }
            let mut form = Form::Plain;
            // The template says how; a job's id that happens to end like that does not.
            if let Some(Part::Literal(end) | Part::Value(end)) =
                pieces.last_mut().and_then(|piece| piece.0.last_mut())
            {
                let (found, plain) = Form::of(end);
                (form, *end) = (found, plain.to_owned());
            }
            RollerPlan::FixedWindow {
                pieces,
                form,
                base: fields.take("base").map_or(Ok(0), |node| read.integer(&node, "a number from 0"))?,
                count: window(read, &fields.need("count", "count: 5")?)?,
            }
        }
        _ => return Err(unknown_kind(&kind_node, &kind, "roller", &["delete", "fixed_window"])),
    };
    fields.finish()?;
    Ok(roller)
}

/// How many old files are kept; each is renamed at each roll.
fn window(read: Reader<'_>, node: &Node<'_>) -> Result<u32> {
    const LARGEST: u32 = 10_000;
    let count = read.integer(node, "a number of files")?;
    if count > LARGEST {
        return Err(node.error(
            "",
            format!("{count} old files to rename at each roll"),
            "give 10,000 at the most",
        ));
    }
    Ok(count)
}

/// The one key that is not log4rs's.
fn logcore(read: Reader<'_>, node: &Node<'_>, names: &[&str], plan: &mut Plan) -> Result<()> {
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
