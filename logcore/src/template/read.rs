//! From values to a [`Plan`]: each log4rs kind, each key of `logcore:`, each checked.

mod rolling;
mod settings;

use self::rolling::policy;
use self::settings::logcore;
use super::fields::{Fields, Reader, nearest};
use super::plan::{AppenderPlan, Limits, LoggerPlan, Plan, SinkPlan};
use super::text::{Hole, Part, Text, Vars, check_strftime};
use super::yaml::Node;
use crate::engine::console::{Console, Target};
use crate::engine::encoder::Encoder;
use crate::engine::file::Spec;
use crate::engine::files::Settings;
use crate::engine::pattern::{DEFAULT_PATTERN, Pattern};
use crate::error::ConfigError;
use crate::modes::{self};
use crate::retention;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use log::LevelFilter;
use log4rs::encode::json::JsonEncoder;
use std::path::PathBuf;
use std::sync::Arc;

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
