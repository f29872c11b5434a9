use super::*;
use proptest::prelude::*;

fn read(pattern: &str, line: &str) -> Option<(Option<Level>, String, String, String)> {
    let format = Format::of(pattern, "import-42");
    assert!(format.patterns.is_some(), "{pattern} is readable");
    let head = format.patterns?.any[0].head(line.as_bytes())?;
    let text = |range: Option<Range<usize>>| range.map_or("", |range| &line[range]).to_owned();
    Some((head.level, text(head.time), text(head.target), line[head.message..].to_owned()))
}

#[test]
fn lines_are_read_exactly_by_their_pattern() {
    for (pattern, line, level, time, target, message) in [
        (
            "[{l}] [{d}] [${job_id}] [{P}:{I}] - [{M}] [line:{L}]: {m}{n}",
            "[INFO] [2026-11-22T16:20:01.123456789+00:00] [import-42] [4711:139872] - [app::fetch] [line:42]: got [it]: ok",
            Level::Info,
            "2026-11-22T16:20:01.123456789+00:00",
            "app::fetch",
            "got [it]: ok",
        ),
        ("{l}|${job_id}|{m}{n}", "WARN|import-42|a|b", Level::Warn, "", "", "a|b"),
        (
            "{d} {l} {t} - {m}{n}",
            "2026-11-22T16:20:01.1+00:00 ERROR app::db - INFO: no",
            Level::Error,
            "2026-11-22T16:20:01.1+00:00",
            "app::db",
            "INFO: no",
        ),
        (
            "{d(%d.%m.%Y %H:%M:%S)(utc)} {l:<5} [{T}] {m}",
            "22.11.2026 16:20:01 INFO  [a b] x",
            Level::Info,
            "22.11.2026 16:20:01",
            "",
            "x",
        ),
        (
            "{l:>5.1}/{X(user)(none)}/{m} \\({t}\\){n}",
            "    E/me/it (broke) (app)",
            Level::Error,
            "",
            "app",
            "it (broke) (app)",
        ),
        (
            "{h({l})} {({M} {f}):<20} {{{m}}}",
            "\u{1b}[0;33mWARN\u{1b}[0m a::b src/x.rs         {hot}",
            Level::Warn,
            "",
            "a::b",
            "hot}",
        ),
        ("{m}{n}", "[ERROR] is part of the message", Level::Trace, "", "", "[ERROR] is part of the message"),
    ] {
        let level = Some(level).filter(|_| pattern != "{m}{n}");
        assert_eq!(
            read(pattern, line),
            Some((level, time.into(), target.into(), message.into())),
            "{pattern}"
        );
    }
}

#[test]
fn what_is_of_another_pattern_is_detected_and_a_continuation_starts_nothing() {
    let format = Format::of("{l}|${job_id}|{m}{n}", "import-42");
    assert_eq!(format.level_of(b"INFO|import-42|x"), Some(Some(Level::Info)));
    assert_eq!(format.level_of(b"[ERROR] [2026-11-22T16:20:01Z] older"), Some(Some(Level::Error)));
    assert_eq!(format.level_of(b"\tERROR|import-42|x"), None);
    for unknown in ["{l} {q} {m}", "{l", "{l} {({m}):.5}", "{l}{n}{m}", "{l} {t}{n}"] {
        assert_eq!(Format::of(unknown, "a"), Format::default(), "{unknown}");
    }
}

proptest! {
    #[test]
    fn any_pattern_and_any_line_are_read_without_panic(
        pattern in "[{}()\\[\\]$\\\\:<.>|ldmtMXnh 0-9é]{0,40}", line in proptest::collection::vec(any::<u8>(), 0..600)
    ) {
        let format = Format::of(&pattern, "id");
        if let Some(head) = format.head(&line) {
            prop_assert!(head.message <= line.len());
        }
    }

    #[test]
    fn what_is_written_by_a_pattern_is_read_back(
        target in "[a-z:]{1,20}", message in "[ -~]{0,60}", level in 1..6usize, thread in "[a-z ]{0,10}"
    ) {
        let level = Level::iter().nth(level - 1).unwrap();
        let line = format!("2026-11-22T16:20:01.5+00:00 <{level:>5}> ({thread}) {target} # {message}");
        let read = read("{d} <{l:>5}> \\({T}\\) {t} # {m}{n}", &line).unwrap();
        prop_assert_eq!(read, (Some(level), "2026-11-22T16:20:01.5+00:00".to_owned(), target, message));
    }
}

#[test]
fn what_else_stands_before_the_message_has_its_name() {
    let named = |format: &Format, line: &str| -> Vec<(String, String)> {
        let named = format.named(line.as_bytes());
        named.into_iter().map(|(name, range)| (name, line[range].to_owned())).collect()
    };
    let shipped = "[INFO] [2026-11-22T16:20:01.123456789+00:00] [import-42] [4711:139] - [app::fetch] [line:42]: got it";
    let all = [("job_id", "import-42"), ("pid", "4711"), ("thread id", "139"), ("line", "42")];
    let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(named(&Format::default(), shipped), all);
    let own = Format::of("{d} {l} ${label:customer} <{T}> {f}:{L} {m}{n}", "a");
    let line = "2026-11-22T16:20:01.1+00:00 WARN acme <main> src/a.rs:7 slow";
    let wanted = [("customer", "acme"), ("thread", "main"), ("file", "src/a.rs"), ("line", "7")];
    assert_eq!(named(&own, line), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(named(&own, "something else").is_empty() && named(&Format::default(), "plain").is_empty());
}

#[test]
fn in_plain_text_each_line_stands_for_itself_but_for_what_is_indented() {
    let sample = b"compiling a\ncompiling b\nerror: cannot find symbol\n  --> a.rs:3\nlinking c\n";
    let plain = Format::default().for_text(sample);
    let level = |format: &Format, line: &str| format.level_of(line.as_bytes());
    assert_eq!(level(&plain, "error: cannot find symbol"), Some(Some(Level::Error)));
    assert_eq!(
        (level(&plain, "linking c"), level(&plain, "  --> a.rs:3"), level(&plain, "")),
        (Some(None), None, None)
    );
    assert_eq!(plain.head(b"error: no").unwrap().message, 0, "there are no columns");
    for other in [
        "\u{feff}[INFO] a\nmore\nmore\n",
        "2026-11-22 16:20:01 a\nmore\nmore\n",
        "ERROR:app.db:a\nmore\nmore\n",
        "WARN a\nb\nc\n",
        "",
    ] {
        let other = other.as_bytes();
        assert_eq!(level(&Format::default().for_text(other), "linking c"), None);
    }
    let own = Format::of("{l}|{m}{n}", "a");
    assert_eq!(own.clone().for_text(sample), own, "a pattern says how it is");
}
