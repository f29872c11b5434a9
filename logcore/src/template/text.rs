//! Strings of the template that hold placeholders: `${job_id}`, `${job_dir}`, `${label:NAME}`,
//! `${env:NAME:-default}`, `${date:FORMAT}`; `$${` is a plain `${`.
//!
//! Placeholders are parsed out of scalars that YAML has parsed already, and their values are escaped for the place
//! where they land, so that no value can become YAML, a formatter or a path separator.

use super::yaml::Node;
use crate::disk;
use crate::engine::line::Line;
use crate::engine::thread_end;
use crate::error::ConfigError;
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Local, Utc};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a template needs to know of a job.
#[derive(Debug)]
pub(crate) struct Vars {
    pub(crate) id: String,
    /// The id as it may stand in a line.
    pub(crate) id_in_line: String,
    pub(crate) dir: PathBuf,
    pub(crate) labels: BTreeMap<String, String>,
    /// When the job started; `${date:…}` stays the same over a reload.
    pub(crate) started: DateTime<Local>,
}

/// A string with its placeholders taken apart. What is the same for every job is a literal already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text(pub(crate) Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// Text of the template.
    Literal(String),
    /// The value of an environment variable.
    Value(String),
    /// What differs from job to job.
    Hole(Hole),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Hole {
    JobId,
    JobDir,
    Label { name: String, default: String },
    Date { format: String },
}

const KNOWN: &str = "known are ${job_id}, ${job_dir}, ${label:NAME}, ${env:NAME:-default} and ${date:FORMAT}; \
                     write $${ for a plain ${";

impl Vars {
    pub(crate) fn new(id: &str, dir: PathBuf, labels: BTreeMap<String, String>) -> Vars {
        let mut line = Line::default();
        line.field(id);
        let id_in_line = String::from_utf8_lossy(line.bytes()).into_owned();
        Vars { id: id.to_owned(), id_in_line, dir, labels, started: thread_end::local(Utc::now()) }
    }
}

impl Text {
    /// Takes `text`, which stands at `node`, apart.
    pub(crate) fn parse(node: &Node<'_>, text: &str) -> Result<Text, ConfigError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let node = &node.after(&text[..text.len() - rest.len() + at]);
            let Some(end) = rest[at..].find('}') else {
                return Err(node.error(&rest[at..], "`${` without a closing `}`", KNOWN));
            };
            let whole = &rest[at..=at + end];
            if whole[2..].contains("${") {
                let message = format!("a placeholder inside another, in `{whole}`");
                let help = "a default is plain text; put placeholders one after the other, or set the default outside";
                return Err(node.error(whole, message, help));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(placeholder(node, whole)?);
            rest = &rest[at + end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Text(parts))
    }

    /// Whether it is different for different jobs.
    pub(crate) fn has_holes(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Hole(_)))
    }

    /// As it is for one job, nothing escaped: for scalars that are neither pattern nor path.
    pub(crate) fn plain(&self, vars: &Vars) -> String {
        self.render(|hole| hole.value(vars))
    }

    /// As it is before any job is known: labels have their defaults, the rest is empty.
    pub(crate) fn without_a_job(&self) -> String {
        self.render(|hole| match hole {
            Hole::Label { default, .. } => default.clone(),
            Hole::JobId | Hole::JobDir | Hole::Date { .. } => String::new(),
        })
    }

    /// As a path for one job: ids and labels are one path segment or a part of one, whatever they hold.
    pub(crate) fn path(&self, vars: &Vars) -> PathBuf {
        PathBuf::from(self.render(|hole| match hole {
            Hole::JobDir | Hole::Date { .. } => hole.value(vars),
            Hole::JobId | Hole::Label { .. } => disk::segment(&hole.value(vars)),
        }))
    }

    fn render(&self, mut value: impl FnMut(&Hole) -> String) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) | Part::Value(text) => out.push_str(text),
                Part::Hole(hole) => out.push_str(&value(hole)),
            }
        }
        out
    }
}

impl Hole {
    /// What stands here for one job, as it is.
    pub(crate) fn value(&self, vars: &Vars) -> String {
        match self {
            Hole::JobId => vars.id.clone(),
            Hole::JobDir => vars.dir.to_string_lossy().into_owned(),
            Hole::Label { name, default } => vars.labels.get(name).unwrap_or(default).clone(),
            Hole::Date { format } => vars.started.format(format).to_string(),
        }
    }
}

fn placeholder(node: &Node<'_>, whole: &str) -> Result<Part, ConfigError> {
    let inner = &whole[2..whole.len() - 1];
    let (kind, argument) =
        inner.split_once(':').map_or((inner, None), |(kind, argument)| (kind, Some(argument)));
    match (kind, argument) {
        ("job_id", None) => Ok(Part::Hole(Hole::JobId)),
        ("job_dir", None) => Ok(Part::Hole(Hole::JobDir)),
        ("label", Some(argument)) => {
            let (name, default) = argument.split_once(":-").unwrap_or((argument, ""));
            if name.is_empty() {
                return Err(node.error(whole, format!("`{whole}` names no label"), "write ${label:NAME}"));
            }
            Ok(Part::Hole(Hole::Label { name: name.to_owned(), default: default.to_owned() }))
        }
        ("env", Some(argument)) => environment(node, whole, argument),
        ("date", Some(format)) => match check_strftime(format) {
            Ok(()) => Ok(Part::Hole(Hole::Date { format: format.to_owned() })),
            Err(reason) => {
                Err(node.error(whole, reason, "see https://docs.rs/chrono/latest/chrono/format/strftime"))
            }
        },
        _ => Err(node.error(whole, format!("unknown placeholder `{whole}`"), KNOWN)),
    }
}

fn environment(node: &Node<'_>, whole: &str, argument: &str) -> Result<Part, ConfigError> {
    let (name, default) =
        argument.split_once(":-").map_or((argument, None), |(name, default)| (name, Some(default)));
    if name.is_empty() || name.contains(['=', '\0']) {
        let help = "write ${env:NAME} or ${env:NAME:-default}";
        return Err(node.error(whole, format!("`{whole}` names no environment variable"), help));
    }
    match (std::env::var(name), default) {
        (Ok(value), None) => Ok(Part::Value(value)),
        (Ok(value), Some(_)) if !value.is_empty() => Ok(Part::Value(value)),
        (Ok(_) | Err(std::env::VarError::NotPresent), Some(default)) => Ok(Part::Value(default.to_owned())),
        (Err(std::env::VarError::NotPresent), None) => Err(node.error(
            whole,
            format!("the environment variable {name} is not set"),
            format!("set it, or give a default: ${{env:{name}:-default}}"),
        )),
        (Err(std::env::VarError::NotUnicode(_)), _) => Err(node.error(
            whole,
            format!("the environment variable {name} is not UTF-8"),
            "set it to valid UTF-8",
        )),
    }
}

/// Whether chrono can write `format`; `Err` says what it cannot.
pub(crate) fn check_strftime(format: &str) -> Result<(), String> {
    use std::fmt::Write;
    let known = !StrftimeItems::new(format).any(|item| item == Item::Error);
    // Some items parse and cannot be written; a trial tells.
    if known && write!(String::new(), "{}", thread_end::local(Utc::now()).format(format)).is_ok() {
        return Ok(());
    }
    Err(format!("`{format}` is no date format that chrono knows"))
}
