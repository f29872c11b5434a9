//! One record taken apart into fields, for the detail pane: what its head says, what its message holds, its other lines.

use super::message::fields;
use super::ruler::millis;
use crate::reading::Line;
use crate::reading::head::{Form, Head};
use crate::reading::page::Record;
use crate::tint::{Tint, tints};
use serde_json::Value;
use std::ops::Range;

/// Fields that are shown at most, and characters of one.
const MOST: usize = 500;
const LONG: usize = 1 << 16;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Detail {
    /// Names and values; a value may have several lines.
    pub fields: Vec<(String, String)>,
    /// The record as it stands in the file, and where.
    pub bytes: Vec<u8>,
    pub range: Range<u64>,
    /// Whether it goes on beyond these.
    pub cut: bool,
    /// Which field is chosen, or in the view of bytes which row stands at the top.
    pub chosen: usize,
    pub as_bytes: bool,
}

impl Detail {
    /// Of a record, whose first line has this head. `start` is when its run began, in milliseconds since the epoch.
    pub fn of(record: Record, head: Option<Head>, start: Option<i64>) -> Detail {
        let first = record.text.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
        let rest = record.text.get(first.len() + 1..).unwrap_or_default();
        let end = first.len() as u64;
        let line = Line { at: 0, end, text: first, head, level: None, part: None, context: false };
        let mut all = of_head(&line, start, record.named.is_empty());
        match fields(&line) {
            Some(fields) => all.extend(fields.into_iter().map(|(name, value)| (name, shown(&value)))),
            None => all.extend(of_message(&line)),
        }
        if !rest.is_empty() {
            all.push((
                "more".to_owned(),
                text(rest).replace("\n\t", "\n").trim_start_matches('\t').to_owned(),
            ));
        }
        // What is the same in most records comes last.
        let named = record.named.iter();
        let named =
            named.filter_map(|(name, range)| Some((name.clone(), text(line.text.get(range.clone())?))));
        all.extend(named.filter(|(_, value)| !value.is_empty()));
        all.truncate(MOST);
        for (_, value) in &mut all {
            if let Some((cut, _)) = value.char_indices().nth(LONG) {
                value.truncate(cut);
            }
        }
        let Record { range, text: bytes, cut, .. } = record;
        Detail { fields: all, bytes, range, cut, ..Detail::default() }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Time, level, target, and whatever else stands before the message.
fn of_head(line: &Line, start: Option<i64>, whole: bool) -> Vec<(String, String)> {
    let Some(head) = &line.head else { return Vec::new() };
    let part = |range: &Option<Range<usize>>| range.clone().and_then(|range| line.text.get(range));
    let mut fields = Vec::new();
    if let Some(time) = part(&head.time) {
        fields.push(("time".to_owned(), text(time)));
        let since = millis(time).zip(start).map(|(at, start)| at - start).filter(|since| *since >= 0);
        fields.extend(since.map(|since| ("since start".to_owned(), format!("T+{}", span(since)))));
    }
    if let Some(level) = head.level {
        fields.push(("level".to_owned(), level.as_str().to_owned()));
    }
    if head.form == Form::Text {
        fields.extend(part(&head.target).map(|target| ("target".to_owned(), text(target))));
        let before = line.text.get(..head.message).unwrap_or_default().trim_ascii();
        if whole && !before.is_empty() {
            fields.push(("head".to_owned(), text(before)));
        }
    }
    fields
}

/// Hours, minutes, seconds and milliseconds.
fn span(millis: i64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The message, what it says as `name=value`, and JSON in it.
fn of_message(line: &Line) -> Vec<(String, String)> {
    let start = line.head.as_ref().map_or(0, |head| head.message);
    let message = line.text.get(start..).unwrap_or_default();
    let mut all = vec![("message".to_owned(), text(message))];
    let found = tints(message, MOST);
    for (at, (range, tint)) in found.iter().enumerate() {
        if *tint != Tint::Key || message[range.end - 1] != b'=' {
            continue;
        }
        let name = text(&message[range.start..range.end - 1]);
        let next = found.get(at + 1).filter(|(next, tint)| next.start == range.end && *tint == Tint::Quoted);
        let blank = message[range.end..].iter().position(u8::is_ascii_whitespace);
        let end = next.map_or(blank.map_or(message.len(), |at| range.end + at), |(next, _)| next.end);
        let value = &message[range.end..end];
        let plain = serde_json::from_slice::<String>(value).unwrap_or_else(|_| text(value));
        all.push((name, plain.trim_end_matches(',').to_owned()));
    }
    if let Some(json) = json_in(message) {
        all.push(("json".to_owned(), json));
    }
    all
}

/// The first object or list of JSON in a text, laid out in lines.
fn json_in(message: &[u8]) -> Option<String> {
    const TRIES: usize = 8;
    let starts = message.iter().enumerate().filter(|(_, byte)| matches!(byte, b'{' | b'['));
    starts.take(TRIES).find_map(|(at, _)| {
        let value = serde_json::Deserializer::from_slice(&message[at..]).into_iter::<Value>().next()?.ok()?;
        let full = match &value {
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => items.len() > 1,
            _ => false,
        };
        full.then(|| laid_out(&value))
    })
}

fn laid_out(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A value of a field.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => laid_out(value),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Format, head};

    fn fields_of(text: &str) -> Vec<(String, String)> {
        let first = text.lines().next().unwrap_or_default();
        let text_of = text.as_bytes().to_vec();
        let named = Format::default().named(first.as_bytes());
        let record = Record { range: 0..text.len() as u64, text: text_of, cut: false, named };
        let start = millis(b"2026-11-22T16:20:00.000Z");
        Detail::of(record, head(first.as_bytes()), start).fields
    }

    fn of<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
        fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn a_record_is_taken_apart() {
        let fields = fields_of(
            "[ERROR] [2026-11-22T16:20:01.5+00:00] [a] [71:3] - [app::db] [line:1]: bad row id=7, name=\"a b\" {\"x\":[1,2]}\n\tat y\n\tat z",
        );
        for (name, value) in [
            ("time", "2026-11-22T16:20:01.5+00:00"),
            ("since start", "T+00:00:01.500"),
            ("level", "ERROR"),
            ("target", "app::db"),
            ("pid", "71"),
            ("head", ""),
            ("id", "7"),
            ("name", "a b"),
            ("json", "{\n  \"x\": [\n    1,\n    2\n  ]\n}"),
            ("more", "at y\nat z"),
        ] {
            assert_eq!(of(&fields, name), value, "{name}");
        }
    }

    #[test]
    fn a_line_of_fields_is_those_fields() {
        let fields =
            fields_of(r#"{"time":"2026-11-22T16:20:01Z","level":"info","msg":"up","user":{"id":7}}"#);
        assert_eq!((of(&fields, "msg"), of(&fields, "user")), ("up", "{\n  \"id\": 7\n}"));
    }
}
