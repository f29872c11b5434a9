//! What changed between two templates, in a few words for the server log.

use serde_yaml::Value;

/// How many changes are named; the rest is counted.
const NAMED: usize = 5;

/// `root.level: info → debug, appenders.trace: added`.
pub(super) fn describe(old: &Value, new: &Value) -> String {
    let mut changes = Vec::new();
    collect("", old, new, &mut changes);
    let more = changes.len().saturating_sub(NAMED);
    changes.truncate(NAMED);
    match (changes.is_empty(), more) {
        (true, _) => "no key changed".into(),
        (false, 0) => changes.join(", "),
        (false, more) => format!("{}, and {more} more", changes.join(", ")),
    }
}

fn collect(path: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    let (Value::Mapping(before), Value::Mapping(after)) = (old, new) else {
        if old != new {
            changes.push(format!("{path}: {} → {}", short(old), short(new)));
        }
        return;
    };
    for (key, value) in before {
        let path = join(path, key);
        match after.get(key) {
            Some(newer) => collect(&path, value, newer, changes),
            None => changes.push(format!("{path}: removed")),
        }
    }
    for (key, _) in after.iter().filter(|(key, _)| !before.contains_key(key)) {
        changes.push(format!("{}: added", join(path, key)));
    }
}

fn join(path: &str, key: &Value) -> String {
    let key = short(key);
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn short(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_else(|_| "…".into()),
    };
    if text.chars().count() > LONGEST { text.chars().take(LONGEST).chain(['…']).collect() } else { text }
}
