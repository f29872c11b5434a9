//! A job's level, raised for some minutes: an entry of `logcore.jobs` in the template that its host runs with, which the
//! host follows at once and which ends by itself, whether or not anybody still looks.
//!
//! The text around the entry stays as it is to the byte, comments and layout included. What was edited is read again and
//! compared: if it says anything but what was there and the new entry, it is not written.

use crate::config::yaml::{Node, Value, parse};
use chrono::{DateTime, Utc};
use serde_yaml::Value as Yaml;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What stands behind an entry of ours, by which it is known again.
const MARK: &str = "# for a while, by logview";

/// What is to be written and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Proposal {
    pub template: PathBuf,
    pub job: String,
    /// The line that comes in, or goes out.
    pub line: String,
    /// It goes out: the level is raised already.
    pub back: bool,
    /// Until when it holds: RFC 3339, UTC.
    pub until: String,
    before: String,
    after: String,
}

/// Reads the template of a job and makes the entry, or takes it out if it is there and still holds.
///
/// # Errors
/// With a sentence that says why it cannot be.
pub(crate) fn propose(template: &Path, job: &str, level: &str, until: &str) -> Result<Proposal, String> {
    let read = |error| format!("{} cannot be read: {error}", template.display());
    // What is written is the file, not a link to it.
    let template = fs::canonicalize(template).map_err(read)?;
    let before = fs::read_to_string(&template).map_err(read)?;
    if let Some((after, line, until)) = taken_back(&before, job, Utc::now()) {
        return Ok(Proposal { template, job: job.to_owned(), line, back: true, until, before, after });
    }
    let (after, line) = edited(&before, job, level, until)?;
    Ok(Proposal { template, job: job.to_owned(), line, back: false, until: until.to_owned(), before, after })
}

/// The text without an entry of ours that still holds, that line of it, and until when it would hold.
fn taken_back(text: &str, job: &str, now: DateTime<Utc>) -> Option<(String, String, String)> {
    let key = serde_json::to_string(job).ok()?;
    let line = text.lines().find(|line| is_ours(line, &key))?.trim().to_owned();
    let read: Yaml = serde_yaml::from_str(text).ok()?;
    let entry = read.get("logcore")?.get("jobs")?.get(job)?;
    let (level, until) = (entry.get("level")?.as_str()?, entry.get("until")?.as_str()?.to_owned());
    let holds = DateTime::parse_from_rfc3339(&until).is_ok_and(|until| until > now);
    let after = without_ours(text, &key);
    (holds && says(text, &after, job, level, &until)).then_some((after, line, until))
}

/// Writes it, if the template is still what it was.
///
/// # Errors
/// With a sentence that says why it was not.
pub(crate) fn write(proposal: &Proposal) -> Result<(), String> {
    let Proposal { template, before, after, .. } = proposal;
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", template.display());
    if fs::read_to_string(template).map_err(failed)? != *before {
        return Err(format!("{} has been changed meanwhile; nothing was written", template.display()));
    }
    let dir = template.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(after.as_bytes()).map_err(failed)?;
    let modes = fs::metadata(template).map_err(failed)?.permissions();
    file.as_file().set_permissions(modes).map_err(failed)?;
    file.persist(template).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The text with the entry, and the line of it.
fn edited(text: &str, job: &str, level: &str, until: &str) -> Result<(String, String), String> {
    if job.contains(['*', '?']) || job.contains(char::is_control) {
        return Err(
            "an id with *, ? or control characters cannot stand for itself in the template".to_owned()
        );
    }
    let key = serde_json::to_string(job).map_err(|error| error.to_string())?;
    let base = without_ours(text, &key);
    let entry = format!("{key}: {{ level: {level}, until: {until} }}");
    let after = inserted(&base, &entry)?;
    let line = after.lines().find(|line| line.contains(&entry)).unwrap_or(&entry).trim().to_owned();
    if !says(&after, &base, job, level, until) {
        return Err("the template is written in a way that cannot be edited without a person".to_owned());
    }
    Ok((after, line))
}

/// The text without an entry of ours for this job.
fn without_ours(text: &str, key: &str) -> String {
    text.split_inclusive('\n').filter(|line| !is_ours(line, key)).collect()
}

fn is_ours(line: &str, key: &str) -> bool {
    let line = line.trim();
    line.ends_with(MARK) && line.starts_with(&format!("{key}: {{"))
}

/// The text with the entry as the first one of `logcore.jobs`.
fn inserted(text: &str, entry: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("the template cannot be edited: {why}"));
    let root = parse(text, true).map_err(|error| format!("the template cannot be edited: {error}"))?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Value::Map(top) = &root.value else { return wrong("it is no mapping") };
    if is_flow(text, &root) {
        return wrong("all of it stands in braces");
    }
    let find =
        |pairs: &'_ [(Node, Node)], name: &str| pairs.iter().position(|(key, _)| key.text() == Some(name));
    let Some(ours) = find(top, "logcore") else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { end };
        return Ok(format!("{text}{gap}logcore:{end}  jobs:{end}    {entry} {MARK}{end}"));
    };
    let (key, ours) = &top[ours];
    let pairs = match &ours.value {
        Value::Map(pairs) => pairs,
        Value::Nothing => {
            let lines = format!("  jobs:{end}    {entry} {MARK}{end}");
            return Ok(put_line(text, key.line + 1, &lines, end));
        }
        _ => return wrong("`logcore` is no mapping"),
    };
    let Some(jobs) = find(pairs, "jobs") else {
        if is_flow(text, ours) {
            return put_in_braces(text, ours, &format!("jobs: {{ {entry} }}"), pairs.is_empty());
        }
        let indent = " ".repeat(ours.column - 1);
        return Ok(put_line(
            text,
            ours.line,
            &format!("{indent}jobs:{end}{indent}  {entry} {MARK}{end}"),
            end,
        ));
    };
    let (key, jobs) = &pairs[jobs];
    match &jobs.value {
        Value::Map(entries) if is_flow(text, jobs) => put_in_braces(text, jobs, entry, entries.is_empty()),
        Value::Map(_) => {
            let indent = " ".repeat(jobs.column - 1);
            Ok(put_line(text, jobs.line, &format!("{indent}{entry} {MARK}{end}"), end))
        }
        Value::Nothing => {
            let indent = " ".repeat(key.column + 1);
            Ok(put_line(text, key.line + 1, &format!("{indent}{entry} {MARK}{end}"), end))
        }
        _ => wrong("`logcore.jobs` is no mapping"),
    }
}

/// Whether a mapping stands in braces.
fn is_flow(text: &str, node: &Node) -> bool {
    offset(text, node.line, node.column).is_some_and(|at| text[at..].starts_with('{'))
}

/// Puts whole lines before the line of a number.
fn put_line(text: &str, line: usize, lines: &str, end: &str) -> String {
    match offset(text, line, 1) {
        Some(at) => format!("{}{lines}{}", &text[..at], &text[at..]),
        None if text.ends_with('\n') => format!("{text}{lines}"),
        None => format!("{text}{end}{lines}"),
    }
}

fn put_in_braces(text: &str, node: &Node, entry: &str, empty: bool) -> Result<String, String> {
    let at = offset(text, node.line, node.column).ok_or("the template cannot be edited")? + 1;
    let comma = if empty { " " } else { "," };
    Ok(format!("{} {entry}{comma}{}", &text[..at], &text[at..]))
}

/// Where a line and a column are, both counted from 1, the column in characters.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    if text[..start].matches('\n').count() < line - 1 {
        return None;
    }
    let before: usize = text[start..].chars().take(column - 1).map(char::len_utf8).sum();
    Some(start + before)
}

/// Whether the text says what `base` says, and the entry, and nothing else.
fn says(text: &str, base: &str, job: &str, level: &str, until: &str) -> bool {
    let read = |text: &str| serde_yaml::from_str::<Yaml>(text).ok();
    let (Some(mut after), Some(before)) = (read(text), read(base)) else { return false };
    let Some(ours) = after.get_mut("logcore") else { return false };
    let Some(jobs) = ours.get_mut("jobs").and_then(Yaml::as_mapping_mut) else { return false };
    let Some(entry) = jobs.remove(job) else { return false };
    let is = |name: &str, wanted: &str| entry.get(name).and_then(Yaml::as_str) == Some(wanted);
    let is_ours =
        is("level", level) && is("until", until) && entry.as_mapping().is_some_and(|map| map.len() == 2);
    // What was made for it goes with it.
    let empty = jobs.is_empty();
    let had = before.get("logcore").and_then(|ours| ours.get("jobs")).cloned();
    if empty && let Some(ours) = after.get_mut("logcore").and_then(Yaml::as_mapping_mut) {
        match had {
            None => drop(ours.remove("jobs")),
            Some(had) => drop(ours.insert("jobs".into(), had)),
        }
    }
    if before.get("logcore").is_none_or(Yaml::is_null)
        && after.get("logcore").and_then(Yaml::as_mapping).is_some_and(serde_yaml::Mapping::is_empty)
        && let Some(root) = after.as_mapping_mut()
    {
        match before.get("logcore") {
            None => drop(root.remove("logcore")),
            Some(had) => drop(root.insert("logcore".into(), had.clone())),
        }
    }
    is_ours && after == before
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: &str = "2026-11-22T16:30:00Z";

    fn edit(text: &str) -> Result<String, String> {
        edited(text, "import-42", "trace", UNTIL).map(|(text, _)| text)
    }

    #[test]
    fn the_entry_comes_first_and_everything_else_stays_to_the_byte() {
        let entry = format!("\"import-42\": {{ level: trace, until: {UNTIL} }}");
        let block = format!("{entry} {MARK}");
        for (text, wanted) in [
            (
                "logcore:   # ours\n  jobs:\n    # all of them\n    \"import-*\": { level: info }\nroot: { level: info } # x\n",
                format!(
                    "logcore:   # ours\n  jobs:\n    # all of them\n    {block}\n    \"import-*\": {{ level: info }}\nroot: {{ level: info }} # x\n"
                ),
            ),
            (
                "a: 1\nlogcore:\n  dir: logs # here\n\nroot: {}\n",
                format!("a: 1\nlogcore:\n  jobs:\n    {block}\n  dir: logs # here\n\nroot: {{}}\n"),
            ),
            ("root: {}", format!("root: {{}}\nlogcore:\n  jobs:\n    {block}\n")),
            ("logcore:\nroot: {}\n", format!("logcore:\n  jobs:\n    {block}\nroot: {{}}\n")),
            (
                "logcore: { dir: x }\r\nroot: {}\r\n",
                format!("logcore: {{ jobs: {{ {entry} }}, dir: x }}\r\nroot: {{}}\r\n"),
            ),
            ("logcore: { jobs: {}, dir: x }\n", format!("logcore: {{ jobs: {{ {entry} }}, dir: x }}\n")),
            ("logcore:\n  jobs:\n  dir: x\n", format!("logcore:\n  jobs:\n    {block}\n  dir: x\n")),
            (
                "logcore:\r\n  dir: größe\r\n",
                format!("logcore:\r\n  jobs:\r\n    {block}\r\n  dir: größe\r\n"),
            ),
        ] {
            assert_eq!(edit(text).as_deref(), Ok(wanted.as_str()), "{text}");
        }
    }

    #[test]
    fn one_of_ours_is_replaced_and_a_persons_own_is_not() {
        let once = edit("logcore:\n  dir: x\n").unwrap();
        let (twice, _) = edited(&once, "import-42", "debug", UNTIL).unwrap();
        assert_eq!(twice, once.replace("level: trace", "level: debug"));
        assert!(edit("logcore: { jobs: { import-42: { level: info } } }\n").is_err());
        assert!(edit("logcore:\n  jobs:\n    \"import-42\": { level: info }\n").is_err());
    }

    #[test]
    fn one_that_still_holds_is_taken_back() {
        let at = |time: &str| DateTime::parse_from_rfc3339(time).unwrap().to_utc();
        for text in [
            "logcore:\n  jobs:\n    # mine\n    \"a\": { level: info }\n",
            "logcore:\n  dir: x\n",
            "root: {}\n",
        ] {
            let raised = edit(text).unwrap();
            let (after, line, until) = taken_back(&raised, "import-42", at("2026-11-22T16:29:59Z")).unwrap();
            assert!(line.starts_with("\"import-42\": { level: trace"), "{line}");
            assert_eq!(until, UNTIL);
            assert!(raised.replace(&format!("    {line}\n"), "") == after, "{after}");
            assert_eq!(taken_back(&raised, "import-42", at(UNTIL)), None, "it is over");
            assert_eq!(taken_back(&raised, "import-4", at("2026-11-22T16:29:59Z")), None);
        }
    }

    #[test]
    fn what_cannot_be_edited_is_left_alone() {
        for text in ["[", "- a\n", "{ logcore: {} }\n", "logcore: 3\n", "logcore: { jobs: [a] }\n"] {
            assert!(edit(text).is_err(), "{text}");
        }
        assert!(edited("logcore: {}\n", "import-*", "trace", UNTIL).is_err());
    }

    #[test]
    fn the_shipped_template_can_be_edited() {
        let shipped = include_str!("../../config/log.yaml");
        let after = edit(shipped).unwrap();
        assert!(after.lines().count() <= shipped.lines().count() + 2);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_means_what_it_did_and_the_entry(
            dir in "[a-z]{0,3}", other in "[a-z*]{1,4}", flow in proptest::bool::ANY, comment in "[ a-z#:{]{0,8}",
        ) {
            let text = if flow {
                format!("logcore: {{ dir: x{dir}, jobs: {{ \"{other}\": {{ level: info }} }} }} #{comment}\n")
            } else {
                format!("#{comment}\nlogcore:\n    dir: x{dir} #{comment}\n    jobs:\n      \"{other}\":\n        level: info\n")
            };
            let after = edit(&text).unwrap();
            proptest::prop_assert!(says(&after, &text, "import-42", "trace", UNTIL));
            proptest::prop_assert!(!says(&text, &text, "import-42", "trace", UNTIL));
        }
    }
}
