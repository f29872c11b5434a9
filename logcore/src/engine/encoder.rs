//! The encoders a template can name: `pattern` and `json`.

use super::line::Line;
use super::moment::{Fraction, Moment, TimeFormat};
use super::pattern::Pattern;
use super::thread_end;
use crate::template::Vars;
use chrono::Utc;
use log::Record;
use log4rs::encode::Encode;
use log4rs::encode::json::JsonEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

/// Turns a record into bytes.
#[derive(Debug)]
pub(crate) enum Encoder {
    /// Our own, in log4rs's pattern language.
    Pattern(Pattern),
    /// log4rs's, as it is.
    Json(JsonEncoder),
}

impl Encoder {
    /// Writes `record` to `line`; a value that cannot be formatted is marked, never fatal.
    pub(crate) fn encode(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) {
        match self {
            Encoder::Pattern(pattern) => {
                pattern.write_head(line, record, now, vars);
                pattern.write_tail(line, record, now, vars);
            }
            Encoder::Json(json) => {
                let failed = !encode_json(*json, line, record);
                if failed {
                    // Half an object is nobody's JSON: the record again, with its text replaced.
                    let marked = Record::builder()
                        .metadata(record.metadata().clone())
                        .module_path(record.module_path())
                        .file(record.file())
                        .line(record.line())
                        .args(format_args!("[logcore: the value's Display failed]"))
                        .build();
                    line.clear();
                    encode_json(*json, line, &marked);
                }
                // log4rs asks the clock itself; a record has one time in all its files.
                line.replace_json_time(now, &JSON_TIME);
                line.neutralise_json();
            }
        }
    }

    /// As [`Pattern::only_fraction`].
    pub(crate) fn only_fraction(&self) -> Option<Fraction> {
        match self {
            Encoder::Pattern(pattern) => pattern.only_fraction(),
            Encoder::Json(_) => None,
        }
    }

    /// The pattern, for those who parse the lines.
    pub(crate) fn pattern(&self) -> Option<&str> {
        match self {
            Encoder::Pattern(pattern) => Some(pattern.source()),
            Encoder::Json(_) => None,
        }
    }
}

/// As log4rs writes the time: RFC 3339, local.
static JSON_TIME: LazyLock<Option<TimeFormat>> = LazyLock::new(|| TimeFormat::new("%+", false).ok());

fn encode_json(json: JsonEncoder, line: &mut Line, record: &Record<'_>) -> bool {
    let encode = || if thread_end::reached() { without_mdc(line, record) } else { json.encode(line, record) };
    catch_unwind(AssertUnwindSafe(encode)).is_ok_and(|encoded| encoded.is_ok())
}

/// As log4rs's encoder writes it, with an empty MDC and no key-values: for records of a thread that ends, on which
/// log4rs's would panic.
fn without_mdc(line: &mut Line, record: &Record<'_>) -> anyhow::Result<()> {
    #[derive(serde::Serialize)]
    struct Message<'a> {
        time: String,
        level: &'a str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        module_path: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        target: &'a str,
        thread: Option<&'a str>,
        thread_id: usize,
        mdc: BTreeMap<&'a str, &'a str>,
    }
    let thread = std::thread::current();
    let message = Message {
        time: thread_end::local(Utc::now()).to_rfc3339(),
        level: record.level().as_str(),
        message: record.args().to_string(),
        module_path: record.module_path(),
        file: record.file(),
        line: record.line(),
        target: record.target(),
        thread: thread.name(),
        thread_id: thread_id::get(),
        mdc: BTreeMap::new(),
    };
    let mut text = serde_json::to_vec(&message)?;
    text.push(b'\n');
    Ok(line.write_all(&text)?)
}
