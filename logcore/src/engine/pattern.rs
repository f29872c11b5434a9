//! The `pattern` encoder: log4rs's pattern language, parsed once per template and run without a lock.
//!
//! Differences from log4rs, all on purpose: what it would print as `{ERROR: …}` in every line, or panic on, is an
//! error at load; text from a record is neutralised (see [`super::line`]); one timestamp serves all files.

mod head;
mod parse;
mod width;

use super::line::{Line, Style};
use super::moment::{Fraction, Moment, TimeFormat};
use super::thread_end;
use crate::template::{Hole, Vars};
use head::Head;
use log::kv::ToKey;
use log::{Level, Record};
use std::thread;
pub(crate) use width::Width;

/// A parsed pattern. Job-dependent placeholders stay holes, so that all jobs share one.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// What is the same for records of one call site, job, thread and second, but for a fraction of the second.
    head: Head,
    /// The rest: from the message on.
    tail: Vec<Chunk>,
    /// Whether the rest is the message and the end of the line, as it nearly always is.
    ends_with_message: bool,
    /// Whether what a record says may come first in the line.
    starts_with_record: bool,
    source: String,
}

#[derive(Debug, Clone)]
enum Chunk {
    Text(String),
    Hole(Hole),
    Time(TimeFormat),
    Level,
    Message,
    Module,
    File,
    Line,
    Thread,
    ThreadId,
    SystemThreadId,
    ProcessId,
    Target,
    Newline,
    Group(Vec<Chunk>),
    Highlight(Vec<Chunk>),
    Mdc { key: String, default: String },
    KeyValue { key: String, default: String },
    Sized(Box<Chunk>, Width),
}

/// What log4rs uses where the configuration names no encoder or no pattern.
pub(crate) const DEFAULT_PATTERN: &str = "{d} {l} {t} - {m}{n}";

const UNKNOWN: &str = "???";

impl Pattern {
    fn new(mut chunks: Vec<Chunk>, source: &str) -> Pattern {
        let head = Head::split_off(&mut chunks);
        Pattern {
            ends_with_message: matches!(*chunks, [Chunk::Message, Chunk::Newline]),
            starts_with_record: !head.starts_with_text(),
            head,
            tail: chunks,
            source: source.to_owned(),
        }
    }

    /// As it was written, placeholders included: what a reader needs to parse the lines.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The fraction of a second in its head, for those who keep that; `None` if it cannot be kept.
    pub(crate) fn only_fraction(&self) -> Option<Fraction> {
        self.head.fraction
    }

    /// Writes what is the same for records of one call site, job, thread and second, but for a fraction of the second;
    /// returns where that stands.
    #[cold]
    pub(crate) fn write_head(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) -> usize {
        let at = self.head.write(line, record, now, vars);
        let len = line.bytes().len();
        self.begin_like_a_record(line);
        at + line.bytes().len() - len
    }

    /// Writes the rest.
    #[inline]
    pub(crate) fn write_tail(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) {
        if self.ends_with_message {
            line.message(record.args());
            line.end();
        } else {
            encode_all(&self.tail, line, record, now, vars);
        }
        self.begin_like_a_record(line);
    }

    #[inline]
    fn begin_like_a_record(&self, line: &mut Line) {
        if self.starts_with_record {
            line.never_starts_like_a_continuation();
        }
    }
}

fn encode_all(chunks: &[Chunk], line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) {
    for chunk in chunks {
        chunk.encode(line, record, now, vars);
    }
}

impl Chunk {
    /// Whether it writes the same for all records of one call site, level, job, thread and process.
    fn is_the_same_for_a_site(&self) -> bool {
        match self {
            Chunk::Text(_) | Chunk::Hole(_) | Chunk::Level | Chunk::Module | Chunk::File | Chunk::Line => {
                true
            }
            Chunk::Thread | Chunk::ThreadId | Chunk::SystemThreadId | Chunk::ProcessId | Chunk::Target => {
                true
            }
            Chunk::Group(chunks) | Chunk::Highlight(chunks) => {
                chunks.iter().all(Chunk::is_the_same_for_a_site)
            }
            Chunk::Sized(chunk, _) => chunk.is_the_same_for_a_site(),
            Chunk::Time(_) | Chunk::Message | Chunk::Newline | Chunk::Mdc { .. } | Chunk::KeyValue { .. } => {
                false
            }
        }
    }

    fn encode(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) {
        match self {
            Chunk::Text(text) => line.literal(text),
            Chunk::Hole(Hole::JobId) => line.literal(&vars.id_in_line),
            Chunk::Hole(hole) => line.field(&hole.value(vars)),
            Chunk::Time(format) => now.write(format, line),
            Chunk::Level => line.literal(record.level().as_str()),
            Chunk::Message => line.message(record.args()),
            Chunk::Module => line.field(record.module_path().unwrap_or(UNKNOWN)),
            Chunk::File => line.field(record.file().unwrap_or(UNKNOWN)),
            Chunk::Line => match record.line() {
                Some(number) => line.number(u64::from(number)),
                None => line.literal(UNKNOWN),
            },
            Chunk::Thread => thread_name(line),
            Chunk::ThreadId | Chunk::SystemThreadId => line.number(thread_number()),
            Chunk::ProcessId => line.number(u64::from(crate::process::id())),
            Chunk::Target => line.field(record.target()),
            Chunk::Newline => line.end(),
            Chunk::Group(chunks) => encode_all(chunks, line, record, now, vars),
            Chunk::Highlight(chunks) => {
                let style = highlight(record.level());
                if let Some(style) = style {
                    line.style(style);
                }
                encode_all(chunks, line, record, now, vars);
                if style.is_some() {
                    line.style(Style::Reset);
                }
            }
            Chunk::Mdc { default, .. } if thread_end::reached() => line.field(default),
            Chunk::Mdc { key, default } => log_mdc::get(key, |value| line.field(value.unwrap_or(default))),
            Chunk::KeyValue { key, default } => match record.key_values().get(key.to_key()) {
                Some(value) => line.display(&value),
                None => line.field(default),
            },
            Chunk::Sized(chunk, width) => line.sized(width, |line| chunk.encode(line, record, now, vars)),
        }
    }
}

fn highlight(level: Level) -> Option<Style> {
    match level {
        Level::Error => Some(Style::BrightRed),
        Level::Warn => Some(Style::Yellow),
        Level::Info => Some(Style::Green),
        Level::Trace => Some(Style::Cyan),
        Level::Debug => None,
    }
}

fn thread_name(line: &mut Line) {
    line.field(thread::current().name().unwrap_or("unnamed"));
}

/// The same number that log4rs prints for `{I}` and `{i}`.
fn thread_number() -> u64 {
    thread_local!(static NUMBER: u64 = thread_id::get() as u64);
    NUMBER.try_with(|number| *number).unwrap_or_else(|_| thread_id::get() as u64)
}
