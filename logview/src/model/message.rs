//! What of a line stands in the message column, and the fields that a record is made of.
//!
//! Of JSON lines and logfmt the message comes first and the other fields behind it as `name=value`; what stands in a
//! column is not said again.

use crate::reading::Line;
use crate::reading::detect::{MESSAGES, is_column};
use crate::reading::head::Form;
use memchr::memchr;
use serde_json::Value;
use std::borrow::Cow;

/// A name and its value, as one reads it.
pub type Field = (String, Value);

/// What of a line stands in the message column.
pub fn message(line: &Line, columns: bool) -> Cow<'_, [u8]> {
    match &line.head {
        Some(head) if columns && head.form != Form::Text => {
            fields(line).map_or(Cow::Borrowed(&line.text), |fields| Cow::Owned(said(&fields).into_bytes()))
        }
        Some(head) if columns => Cow::Borrowed(line.text.get(head.message..).unwrap_or_default()),
        None if columns => Cow::Borrowed(line.text.strip_prefix(b"\t").unwrap_or(&line.text)),
        _ => Cow::Borrowed(&line.text),
    }
}

/// The fields of a line that is made of them, in their order; `None` if it is not.
pub fn fields(line: &Line) -> Option<Vec<Field>> {
    match line.head.as_ref()?.form {
        Form::Text => None,
        Form::Json => match serde_json::from_slice(&line.text).ok()? {
            Value::Object(fields) => Some(fields.into_iter().collect()),
            _ => None,
        },
        Form::Logfmt => Some(logfmt(&line.text)),
    }
}

fn logfmt(mut rest: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    while !rest.trim_ascii_start().is_empty() {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b' ')).unwrap_or(rest.len());
        let name = text(&rest[..end]);
        rest = &rest[end..];
        let value = match rest.strip_prefix(b"=") {
            None => Value::Bool(true),
            Some(quoted @ [b'"', ..]) => {
                let end = quoted_len(quoted);
                rest = &quoted[end..];
                let text = text(&quoted[..end]);
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            Some(plain) => {
                let end = memchr(b' ', plain).unwrap_or(plain.len());
                rest = &plain[end..];
                Value::String(text(&plain[..end]))
            }
        };
        fields.push((name, value));
    }
    fields
}

/// The length of a quoted text at the start, quotes included.
fn quoted_len(text: &[u8]) -> usize {
    let mut escaped = true; // the first quote does not end it
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The message, then the other fields.
fn said(fields: &[Field]) -> String {
    let is_message = |name: &str| MESSAGES.contains(&name);
    let mut said = String::new();
    for (_, value) in fields.iter().filter(|(name, _)| is_message(name)) {
        said.push_str(&plain(value));
    }
    for (name, value) in fields.iter().filter(|(name, _)| !is_message(name) && !is_column(name)) {
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(name);
        said.push('=');
        match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => said.push_str(text),
            value => said.push_str(&value.to_string()),
        }
    }
    said
}

/// A value without the quotes of JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::head;

    fn said_of(text: &str) -> String {
        let text = text.as_bytes().to_vec();
        let line = Line {
            at: 0,
            end: text.len() as u64,
            head: head(&text),
            text,
            level: None,
            part: None,
            context: false,
        };
        String::from_utf8(message(&line, true).into_owned()).unwrap()
    }

    #[test]
    fn the_message_of_a_line_of_fields_comes_first() {
        let json = r#"{"ts":"2026-11-22T16:20:01Z","level":"info","z":{"b":1,"a":[2]},"msg":"it is \"up\"","n":5,"s":"a b","t2":"x"}"#;
        assert_eq!(said_of(json), r#"it is "up" z={"b":1,"a":[2]} n=5 s="a b" t2=x"#);
        let logfmt = r#"time=2026-11-22T16:20:01Z level=warn msg="slow \"disk\"" took=3s path=/a/b done"#;
        assert_eq!(said_of(logfmt), r#"slow "disk" took=3s path=/a/b done=true"#);
        let broken = r#"{"time":"2026-11-22T16:20:01Z","level":"info","msg":"cut o"#;
        assert_eq!(said_of(broken), broken);
    }
}
