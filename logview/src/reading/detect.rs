//! Heads of records that logcore did not write, by what is common: a time, then a level and perhaps who says it (log4j,
//! Python, `env_logger`, `tracing`, nginx); a level first; JSON lines and logfmt; syslog; klog; a web server's access log.
//! A line that looks like none of it starts no record.

use super::head::{Form, Head, word_level};
use super::times::{any_time_len, fits};
use log::Level;
use memchr::{memchr, memmem};
use std::ops::Range;

/// Reads the head of a record, or `None` if the line starts none.
pub(super) fn detected(line: &[u8]) -> Option<Head> {
    match *line.first()? {
        b'{' => json(line),
        b'<' => priority(line),
        b'I' | b'W' | b'E' | b'F' if fits(line, 1, b"0000 00:00:00") => klog(line),
        b'a'..=b'z' | b'@' => logfmt(line).or_else(|| timed(line)).or_else(|| access(line)),
        _ => timed(line).or_else(|| access(line)),
    }
}

/// A time or a level at the start.
fn timed(line: &[u8]) -> Option<Head> {
    let open = usize::from(line[0] == b'[');
    let mut head = Head::default();
    let mut at = 0;
    if let Some(len) = any_time_len(&line[open..]) {
        head.time = Some(open..open + len);
        at = open + len;
        if fits(line, open, b"Aaa d0 00:00:00") {
            return Some(syslog(line, head, at));
        }
    }
    // After a time the level stands within the next few words; without one, only right at the start.
    let found = if head.time.is_some() { find_level(line, at) } else { first_level(line, open) };
    match found {
        Some((level, word)) => {
            head.level = Some(level);
            head.target = named_before(line, at..word.start);
            at = word.end;
        }
        None if head.time.is_none() => return None,
        None => {}
    }
    if head.time.is_none()
        && let Some((start, len)) = late_time(line, at)
    {
        head.time = Some(start..start + len);
        at = start + len;
    }
    if head.target.is_none() && head.level.is_some() {
        (head.target, at) = named_after(line, at);
    }
    let junk = |byte: &u8| matches!(byte, b' ' | b']' | b':' | b'|' | b'-' | b'\t' | b',');
    head.message = at + line[at..].iter().take_while(|byte| junk(byte)).count();
    Some(head)
}

/// A time that follows a level at the start.
fn late_time(line: &[u8], at: usize) -> Option<(usize, usize)> {
    let skip = line[at..].iter().take_while(|byte| matches!(byte, b' ' | b']' | b'[' | b':' | b'|')).count();
    any_time_len(&line[at + skip..]).map(|len| (at + skip, len))
}

/// Who says it, where that stands between the time and the level as Python has it: ` - app.db - ERROR`.
fn named_before(line: &[u8], between: Range<usize>) -> Option<Range<usize>> {
    let text = &line[between.clone()];
    let start = between.start + memmem::find(text, b" - ")? + 3;
    let end = start + memmem::find(&line[start..between.end], b" - ")?;
    (is_name(&line[start..end])).then_some(start..end)
}

/// Who says it, where that stands behind the level, and where that ends: `app::db: `, `app::db]`, `[main] com.acme.Db - `.
fn named_after(line: &[u8], level_end: usize) -> (Option<Range<usize>>, usize) {
    let blanks = |at: usize| at + line[at..].iter().take_while(|byte| matches!(byte, b' ' | b']')).count();
    let mut at = blanks(level_end);
    // `ERROR:app.db:message`
    if line.get(level_end) == Some(&b':') && line.get(level_end + 1).is_some_and(u8::is_ascii_alphabetic) {
        let end = name_end(line, level_end + 1);
        if line.get(end) == Some(&b':') {
            return (Some(level_end + 1..end), end + 1);
        }
    }
    if line.get(at) == Some(&b'[')
        && let Some(close) = memchr(b']', &line[at..line.len().min(at + 64)])
    {
        at = blanks(at + close + 1);
    }
    let end = name_end(line, at);
    let name = &line[at..end];
    let ends = match line.get(end..) {
        Some([b']', ..]) => line.first() == Some(&b'['),
        // A word with a colon may as well be a message's first.
        Some([b':', b' ', ..]) => memmem::find(name, b"::").is_some() || name.contains(&b'.'),
        Some([b' ', b'-', b' ', ..]) => is_name(name) && name.iter().any(|byte| matches!(byte, b'.' | b':')),
        Some([b' ', ..]) => {
            // log4j fills names up with blanks.
            let rest = line[end..].trim_ascii_start();
            name.contains(&b'.') && (rest.starts_with(b"- ") || rest.starts_with(b": "))
        }
        _ => false,
    };
    if ends && is_name(name) { (Some(at..end), end) } else { (None, level_end) }
}

fn name_end(line: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(byte) = line.get(end) {
        let more = match byte {
            b'.' | b'_' | b'$' | b'/' | b'-' => true,
            b':' => line.get(end + 1) == Some(&b':') || end > at && line[end - 1] == b':',
            byte => byte.is_ascii_alphanumeric(),
        };
        if !more {
            break;
        }
        end += 1;
    }
    end
}

fn is_name(text: &[u8]) -> bool {
    (1..=100).contains(&text.len()) && name_end(text, 0) == text.len() && !text[0].is_ascii_digit()
}

/// `<34>` and what follows: the priority holds the level.
fn priority(line: &[u8]) -> Option<Head> {
    let close = memchr(b'>', &line[..line.len().min(5)])?;
    let priority: u32 = std::str::from_utf8(&line[1..close]).ok()?.parse().ok()?;
    let level = match priority % 8 {
        0..=3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    };
    let mut at = close + 1;
    let modern = line.get(at..at + 2) == Some(b"1 ");
    at += if modern { 2 } else { 0 };
    let len = any_time_len(line.get(at..)?)?;
    let time = at..at + len;
    let head = Head { level: Some(level), time: Some(time.clone()), ..Head::default() };
    if !modern {
        return Some(Head { level: Some(level), ..syslog(line, head, time.end) });
    }
    // Host, program, process, message id, data, of which none is a `-`.
    let mut words = Vec::new();
    let mut at = time.end;
    while words.len() < 4 {
        let start = at + 1;
        let end = start + memchr(b' ', line.get(start..)?)?;
        words.push(start..end);
        at = end;
    }
    let mut message = at + 1;
    if line.get(message) == Some(&b'[') {
        message += memmem::find(&line[message..], b"] ").map_or(0, |at| at + 2);
    } else if line.get(message..message + 2) == Some(b"- ") {
        message += 2;
    }
    let target = words.get(1).cloned().filter(|word| &line[word.clone()] != b"-");
    Some(Head { target, message, ..head })
}

/// `Nov 22 16:20:01 host program[123]: message`
fn syslog(line: &[u8], head: Head, time_end: usize) -> Head {
    let start = time_end + 1;
    let colon = line.get(start..).and_then(|rest| memmem::find(&rest[..rest.len().min(120)], b": "));
    let Some(colon) = colon.map(|at| start + at) else {
        return Head { message: start.min(line.len()), ..head };
    };
    let program = start + memchr::memrchr(b' ', &line[start..colon]).map_or(0, |at| at + 1);
    let end = program + memchr(b'[', &line[program..colon]).unwrap_or(colon - program);
    let message = colon + 2;
    let level = head.level.or_else(|| first_level(line, message).map(|(level, _)| level));
    Head { level, target: Some(program..end), message, ..head }
}

/// `I1122 16:20:01.123456    4711 server.go:42] message`
fn klog(line: &[u8]) -> Option<Head> {
    let level = match line[0] {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        _ => Level::Error,
    };
    let close = memmem::find(&line[..line.len().min(120)], b"] ")?;
    let end = memchr(b' ', &line[6..])? + 6;
    let from = memchr::memrchr(b' ', &line[..close])? + 1;
    let to = from + memchr(b':', &line[from..close]).unwrap_or(close - from);
    Some(Head {
        level: Some(level),
        time: Some(1..end),
        target: Some(from..to),
        message: close + 2,
        ..Head::default()
    })
}

/// `127.0.0.1 - - [22/Nov/2026:16:20:01 +0000] "GET / HTTP/1.1" 502 12`
fn access(line: &[u8]) -> Option<Head> {
    let open = memchr(b'[', &line[..line.len().min(100)])?;
    if !fits(line, open + 1, b"00/Aaa/0000:00:00:00") || memmem::find(line, b" - ").is_none_or(|at| at > open)
    {
        return None;
    }
    let len = any_time_len(&line[open + 1..])?;
    let time = open + 1..open + 1 + len;
    let message = time.end + memchr(b'"', &line[time.end..]).unwrap_or(0);
    let status = memmem::find(&line[message..], b"\" ").and_then(|at| line.get(message + at + 2));
    let level = match status {
        Some(b'5') => Level::Error,
        Some(b'4') => Level::Warn,
        _ => Level::Info,
    };
    let client = 0..memchr(b' ', line)?;
    Some(Head { level: Some(level), time: Some(time), target: Some(client), message, ..Head::default() })
}

/// Names that programs give to the parts of a record.
const LEVELS: [&str; 5] = ["level", "severity", "lvl", "levelname", "log.level"];
const TIMES: [&str; 6] = ["time", "timestamp", "ts", "@timestamp", "t", "asctime"];
const TARGETS: [&str; 6] = ["target", "logger", "logger_name", "name", "component", "caller"];
/// Those of the message itself.
pub const MESSAGES: [&str; 3] = ["message", "msg", "event"];

/// Whether a field says what stands in a column anyway.
pub fn is_column(name: &str) -> bool {
    LEVELS.contains(&name) || TIMES.contains(&name) || TARGETS.contains(&name)
}

fn json(line: &[u8]) -> Option<Head> {
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let key = memmem::find(line, format!("\"{name}\"").as_bytes())? + name.len() + 2;
            let gap = line[key..].iter().take_while(|byte| matches!(byte, b' ' | b':')).count();
            let start = key + gap;
            match line.get(start)? {
                b'"' => memchr(b'"', &line[start + 1..]).map(|end| start + 1..start + 1 + end),
                b'0'..=b'9' => {
                    let digit = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
                    Some(start..start + line[start..].iter().take_while(digit).count())
                }
                _ => None,
            }
        })
    };
    let level =
        value(&LEVELS).and_then(|range| word_level(&line[range.clone()]).or_else(|| numbered(&line[range])));
    let time = value(&TIMES).filter(|range| is_time(&line[range.clone()]));
    (level.is_some() || time.is_some()).then_some(())?;
    Some(Head { level, time, target: value(&TARGETS), form: Form::Json, ..Head::default() })
}

/// The levels of bunyan and pino.
fn numbered(text: &[u8]) -> Option<Level> {
    Some(match text {
        b"10" => Level::Trace,
        b"20" => Level::Debug,
        b"30" => Level::Info,
        b"40" => Level::Warn,
        b"50" | b"60" => Level::Error,
        _ => return None,
    })
}

fn is_time(text: &[u8]) -> bool {
    any_time_len(text).is_some()
        || text.first().is_some_and(u8::is_ascii_digit) && super::times::seconds(text).is_some()
}

/// `time=2026-11-22T16:20:01Z level=info msg="…" size=12`
fn logfmt(line: &[u8]) -> Option<Head> {
    let first = memchr(b'=', &line[..line.len().min(24)])?;
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@');
    line[..first].iter().all(name).then_some(())?;
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let at = if line.starts_with(name.as_bytes()) && line.get(name.len()) == Some(&b'=') {
                name.len() + 1
            } else {
                memmem::find(line, format!(" {name}=").as_bytes())? + name.len() + 2
            };
            let (start, until) = if line.get(at) == Some(&b'"') { (at + 1, b'"') } else { (at, b' ') };
            Some(start..start + memchr(until, &line[start..]).unwrap_or(line.len() - start))
        })
    };
    let level = value(&LEVELS).and_then(|range| word_level(&line[range]));
    let time = value(&TIMES).filter(|range| is_time(&line[range.clone()]));
    // One of them alone may stand in any line.
    (level.is_some() && (time.is_some() || value(&MESSAGES).is_some())
        || time.is_some() && value(&MESSAGES).is_some())
    .then_some(())?;
    Some(Head { level, time, target: value(&TARGETS), form: Form::Logfmt, ..Head::default() })
}

/// A level within the next bytes: the first word, a word in capitals, or one in brackets.
fn find_level(line: &[u8], from: usize) -> Option<(Level, Range<usize>)> {
    let mut at = from;
    let mut first = true;
    while at < line.len().min(from + 96) {
        if !line[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let end = word_end(line, at);
        let word = &line[at..end];
        let marked = at > 0 && line[at - 1] == b'[' && line.get(end) == Some(&b']');
        let likely = first || marked || word.iter().all(u8::is_ascii_uppercase);
        if let Some(level) = word_level(word).filter(|_| likely) {
            return Some((level, at..end));
        }
        first = false;
        at = end;
    }
    None
}

/// A level as the very first word, and marked as one: in capitals, in brackets or with a colon.
fn first_level(line: &[u8], at: usize) -> Option<(Level, Range<usize>)> {
    let end = word_end(line, at);
    let word = &line[at..end];
    let marked = matches!(line.get(end), Some(b':' | b']')) || word.iter().all(u8::is_ascii_uppercase);
    word_level(word).filter(|_| marked).map(|level| (level, at..end))
}

fn word_end(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::super::head::head;
    use super::super::times::seconds;
    use super::*;
    use proptest::prelude::*;

    /// Level, time, target and message of a line.
    fn parts(line: &str) -> (Option<Level>, &str, &str, &str) {
        let head = head(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        let text = |range: Option<Range<usize>>| range.map_or("", |range| &line[range]);
        (head.level, text(head.time), text(head.target), &line[head.message..])
    }

    #[test]
    fn other_logs_are_detected() {
        use Level::{Debug, Error, Info, Warn};
        let (iso, python) = ("2026-11-22T16:20:01Z", "2026-11-22 16:20:01,123");
        for (line, level, time, target, message) in [
            ("2026-11-22 16:20:01,123 ERROR app: no", Some(Error), python, "", "app: no"),
            ("2026-11-22T16:20:01Z  WARN x: y", Some(Warn), iso, "", "x: y"),
            ("2026-11-22T16:20:01Z  WARN app::db: y", Some(Warn), iso, "app::db", "y"),
            ("[2026-11-22T16:20:01Z INFO  app] up", Some(Info), iso, "app", "up"),
            ("[2026-11-22 16:20:01] plain text", None, "2026-11-22 16:20:01", "", "plain text"),
            (
                "2026-11-22 16:20:01,123 - app.db - ERROR - it is - bad",
                Some(Error),
                python,
                "app.db",
                "it is - bad",
            ),
            (
                "2026-11-22 16:20:01,123 [main-1] INFO  com.acme.Db - up",
                Some(Info),
                python,
                "com.acme.Db",
                "up",
            ),
            (
                "2026-11-22 16:20:01,123 DEBUG [exec-1] c.a.Db        : up",
                Some(Debug),
                python,
                "c.a.Db",
                "up",
            ),
            ("ERROR: broken", Some(Error), "", "", "broken"),
            ("WARNING:app.db:hot", Some(Warn), "", "app.db", "hot"),
            ("WARNING 2026-11-22 16:20:01 hot", Some(Warn), "2026-11-22 16:20:01", "", "hot"),
            ("16:20:01.5 debug x", Some(Debug), "16:20:01.5", "", "x"),
            ("[error] bad", Some(Error), "", "", "bad"),
            (
                "2026/11/22 16:20:01 [error] 12#0: *1 open",
                Some(Error),
                "2026/11/22 16:20:01",
                "",
                "12#0: *1 open",
            ),
            ("Nov 22 16:20:01 host sshd[12]: Accepted", None, "Nov 22 16:20:01", "sshd", "Accepted"),
            ("<11>Nov  2 16:20:01 host cron: ran", Some(Error), "Nov  2 16:20:01", "cron", "ran"),
            ("<165>1 2026-11-22T16:20:01Z host app 12 ID47 - up", Some(Info), iso, "app", "up"),
            ("W1122 16:20:01.123456    12 a.go:42] late", Some(Warn), "1122 16:20:01.123456", "a.go", "late"),
            (
                r#"10.0.0.7 - - [22/Nov/2026:16:20:01 +0000] "GET / HTTP/1.1" 502 12"#,
                Some(Error),
                "22/Nov/2026:16:20:01 +0000",
                "10.0.0.7",
                r#""GET / HTTP/1.1" 502 12"#,
            ),
        ] {
            assert_eq!(parts(line), (level, time, target, message), "{line}");
            assert!(time.len() < 15 || seconds(time.as_bytes()).is_some(), "{time}");
        }
    }

    #[test]
    fn the_python_originals_lines_are_read() {
        let line = "[WARNING] [2026-11-22 16:20:01,123] [import-42] [4711:139872] - [fetch.get_page] [line:42]: slow";
        assert_eq!(parts(line), (Some(Level::Warn), "2026-11-22 16:20:01,123", "fetch.get_page", "slow"));
    }

    #[test]
    fn lines_of_fields_are_read() {
        for (line, level, time, target) in [
            (
                r#"{"time":"2026-11-22T16:20:01Z","level":"warn","msg":"x"}"#,
                Level::Warn,
                "2026-11-22T16:20:01Z",
                "",
            ),
            (
                r#"{"level":50,"time":1795360801250,"name":"api","msg":"x"}"#,
                Level::Error,
                "1795360801250",
                "api",
            ),
            (
                r#"ts=2026-11-22T16:20:01Z level=info logger=db msg="a b""#,
                Level::Info,
                "2026-11-22T16:20:01Z",
                "db",
            ),
        ] {
            assert_eq!(parts(line), (Some(level), time, target, line), "{line}");
            assert!(seconds(time.as_bytes()).is_some());
        }
    }

    #[test]
    fn what_starts_no_record_is_no_head() {
        for line in [
            "",
            "\tat main.rs:3",
            "  indented",
            "an error happened",
            "Informal",
            "Traceback (most recent):",
            "a=1 b=2",
            "retry level=3",
            "at com.acme.Db.run(Db.java:12)",
            "Caused by: x",
            "{\"a\":1}",
            "<b>",
        ] {
            assert_eq!(head(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            near in "(<1>|I1122 16:20:01|\\{\"level\":|time=|Nov 22 16:20:01|2026-11-22 16:20:01|1.1.1.1 - - \\[22/Nov/2026:16:20:01)[ a-z\"\\]\\[:=.-]{0,40}",
        ) {
            for line in [&bytes[..], near.as_bytes()] {
                if let Some(head) = head(line) {
                    let inside = |range: &Range<usize>| line.get(range.clone()).is_some();
                    prop_assert!(head.message <= line.len());
                    prop_assert!(head.time.iter().chain(&head.target).all(inside));
                }
            }
        }
    }
}
