//! The encoders a template can name: `pattern` and `json`.

use super::line::Line;
use super::moment::{Moment, TimeFormat};
use super::pattern::Pattern;
use crate::template::Vars;
use log::Record;
use log4rs::encode::Encode;
use log4rs::encode::json::JsonEncoder;
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
            Encoder::Pattern(pattern) => pattern.encode(line, record, now, vars),
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
    catch_unwind(AssertUnwindSafe(|| json.encode(line, record))).is_ok_and(|encoded| encoded.is_ok())
}
