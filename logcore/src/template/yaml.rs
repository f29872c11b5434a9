//! The template's text as YAML with places: serde_yaml reads the values, saphyr-parser tells where each stands.

use crate::error::ConfigError;
use saphyr_parser::{Event, Parser};
use serde_yaml::Value;
use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One template, parsed.
#[derive(Debug)]
pub(crate) struct Document {
    file: PathBuf,
    text: String,
    root: Value,
    places: HashMap<String, Place>,
}

/// Marks the place of a key as against that of its value.
const KEY_MARK: &str = "\0";

/// A line and a column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    line: usize,
    column: usize,
    /// The last line of the value.
    last: usize,
}

/// A value in a document and how one gets to it.
#[derive(Clone, Debug)]
pub(crate) struct Node<'d> {
    document: &'d Document,
    key: String,
    pub(crate) value: &'d Value,
    /// The part of a text that stands before what is wrong with it, where that is known.
    before: String,
    /// Set when a scalar was read that is not the same for every job.
    pub(crate) per_job: &'d Cell<bool>,
}

impl Document {
    /// Parses `bytes`, which were read from `file`.
    pub(crate) fn parse(file: &Path, bytes: &[u8]) -> Result<Document, ConfigError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
            Err(error) => return Err(not_utf8(file, bytes, error.valid_up_to())),
        };
        match serde_yaml::from_str::<Value>(&text) {
            Ok(root) => {
                let places = places(&text);
                Ok(Document { file: file.to_owned(), text, root, places })
            }
            Err(error) => Err(not_yaml(file, &text, &error)),
        }
    }

    /// The whole of it.
    pub(crate) fn root<'d>(&'d self, per_job: &'d Cell<bool>) -> Node<'d> {
        Node { document: self, key: String::new(), value: &self.root, before: String::new(), per_job }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.root
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl<'d> Node<'d> {
    /// The same value, for errors about what comes after `before` in its text.
    pub(crate) fn after(&self, before: &str) -> Node<'d> {
        Node { before: before.to_owned(), ..self.clone() }
    }

    /// An error about this value. `culprit` is the part of it to point at, where it can be found in the file.
    pub(crate) fn error(
        &self,
        culprit: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> ConfigError {
        let document = self.document;
        let whole = document.place(&self.key);
        // Quotes, escapes and folded lines may tear it apart; then its first word has to do.
        let word = culprit.split_whitespace().next().unwrap_or_default();
        let found = [culprit, word].iter().find_map(|part| document.find(whole, part, &self.before));
        let place = found.unwrap_or(whole);
        let source_line = document.text.lines().nth(place.line - 1).unwrap_or_default().to_owned();
        ConfigError {
            file: document.file.clone(),
            line: place.line,
            column: place.column,
            key: self.key.clone(),
            message: message.into(),
            help: help.into(),
            source_line,
        }
    }

    /// An error about the key `name` under which this value stands.
    pub(crate) fn error_at_key(
        &self,
        name: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> ConfigError {
        let at_key = Node { key: format!("{}{KEY_MARK}", self.key), ..self.clone() };
        let mut error = at_key.error(name, message, help);
        error.key.truncate(self.key.len());
        error
    }

    /// An error that says what kind of value was expected here.
    pub(crate) fn wrong_type(&self, expected: &str) -> ConfigError {
        self.error(
            "",
            format!("expected {expected}, found {}", describe(self.value)),
            format!("give {expected} here"),
        )
    }

    /// The entries of a mapping, in the order of the file; an absent value has none.
    pub(crate) fn entries(&self, expected: &str) -> Result<Vec<(&'d str, Node<'d>)>, ConfigError> {
        let Value::Mapping(map) = self.value else {
            return if self.value.is_null() { Ok(Vec::new()) } else { Err(self.wrong_type(expected)) };
        };
        map.iter()
            .map(|(key, value)| match key {
                Value::String(name) => Ok((name.as_str(), self.child(key_path(&self.key, name), value))),
                other => Err(self.error("", format!("{} cannot be a key here", describe(other)), "quote it")),
            })
            .collect()
    }

    /// The items of a sequence; an absent value has none.
    pub(crate) fn items(&self, expected: &str) -> Result<Vec<Node<'d>>, ConfigError> {
        let Value::Sequence(items) = self.value else {
            return if self.value.is_null() { Ok(Vec::new()) } else { Err(self.wrong_type(expected)) };
        };
        Ok(items
            .iter()
            .enumerate()
            .map(|(at, value)| self.child(format!("{}[{at}]", self.key), value))
            .collect())
    }

    fn child(&self, key: String, value: &'d Value) -> Node<'d> {
        Node { document: self.document, key, value, before: String::new(), per_job: self.per_job }
    }
}

impl Document {
    /// Where `part` stands in the value at `place`: as it is written there, after as many of its like as `before` has.
    fn find(&self, place: Place, part: &str, before: &str) -> Option<Place> {
        if part.is_empty() {
            return None;
        }
        let mut earlier = before.matches(part).count();
        for (at, text) in self.text.lines().enumerate().take(place.last).skip(place.line - 1) {
            let first = at + 1 == place.line;
            let from = if first { text.chars().take(place.column - 1).map(char::len_utf8).sum() } else { 0 };
            for (found, _) in text[from..].match_indices(part) {
                if earlier == 0 {
                    let column = text[..from + found].chars().count() + 1;
                    return Some(Place { line: at + 1, column, ..place });
                }
                earlier -= 1;
            }
        }
        None
    }

    /// Where the value behind `key` stands, or the nearest one above it that is known.
    fn place(&self, key: &str) -> Place {
        let mut key = key;
        loop {
            if let Some(place) = self.places.get(key) {
                return *place;
            }
            match key.rfind(['.', '[']) {
                Some(cut) => key = &key[..cut],
                None => return self.places.get("").copied().unwrap_or(Place { line: 1, column: 1, last: 1 }),
            }
        }
    }
}

fn key_path(parent: &str, name: &str) -> String {
    let plain = !name.is_empty() && !name.contains(['.', '[', '"', ' ']);
    let name = if plain { name.to_owned() } else { format!("{name:?}") };
    if parent.is_empty() { name } else { format!("{parent}.{name}") }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(b) => format!("the boolean {b}"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(s) => format!("the text {s:?}"),
        Value::Sequence(_) => "a list".into(),
        Value::Mapping(_) => "a mapping".into(),
        Value::Tagged(t) => format!("a value tagged {}", t.tag),
    }
}

fn not_utf8(file: &Path, bytes: &[u8], at: usize) -> ConfigError {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    let after = bytes[at..].iter().take_while(|b| **b != b'\n').copied().collect::<Vec<_>>();
    ConfigError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        key: String::new(),
        message: format!("byte 0x{:02x} is not UTF-8", bytes[at]),
        help: "save the file as UTF-8".into(),
        source_line: format!("{}{}", &before[line_start..], String::from_utf8_lossy(&after)),
    }
}

fn not_yaml(file: &Path, text: &str, error: &serde_yaml::Error) -> ConfigError {
    let (line, column) = error.location().map_or((1, 1), |l| (l.line(), l.column()));
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    ConfigError {
        file: file.to_owned(),
        line,
        column,
        key: String::new(),
        message: format!("not YAML: {message}"),
        help: "check indentation, quotes and brackets; quote text that holds `: `, `#`, `{` or `[`".into(),
        source_line: text.lines().nth(line - 1).unwrap_or_default().to_owned(),
    }
}

/// Where every value stands, by its key path.
fn places(text: &str) -> HashMap<String, Place> {
    enum Open {
        Map { path: String, key: Option<String> },
        List { path: String, at: usize },
    }
    let mut places = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    for step in Parser::new_from_str(text) {
        // serde_yaml has accepted the text; what only this parser refuses costs places, nothing else.
        let Ok((event, span)) = step else { break };
        let (line, column) = (span.start.line(), span.start.col() + 1);
        // A block ends at the start of the line after it.
        let end = if span.end.col() == 0 { span.end.line().saturating_sub(1) } else { span.end.line() };
        let last = if matches!(event, Event::Scalar(..)) { end.max(line) } else { line };
        let place = Place { line, column, last };
        let starts_value = matches!(
            event,
            Event::Scalar(..) | Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..)
        );
        let mut path = String::new();
        if starts_value {
            match open.last_mut() {
                None => {}
                Some(Open::Map { path: parent, key: key @ None }) => {
                    let name =
                        if let Event::Scalar(name, ..) = &event { name.to_string() } else { String::new() };
                    let full = key_path(parent, &name);
                    places.insert(full.clone(), place);
                    places.insert(format!("{full}{KEY_MARK}"), place);
                    *key = Some(full);
                    continue;
                }
                Some(Open::Map { key, .. }) => path = key.take().unwrap_or_default(),
                Some(Open::List { path: parent, at }) => {
                    path = format!("{parent}[{at}]");
                    *at += 1;
                }
            }
            places.insert(path.clone(), place);
        }
        match event {
            Event::MappingStart(..) => open.push(Open::Map { path, key: None }),
            Event::SequenceStart(..) => open.push(Open::List { path, at: 0 }),
            Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
            _ => {}
        }
    }
    places
}
