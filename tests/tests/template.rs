//! The template: what loads, what is refused and with which words.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{Level, Log, Record, error, info};
use logcore::{ConfigError, Error, Logs, Outcome};
use std::fs;
use std::time::Duration;
use tests::sandbox::{Sandbox, lines};

/// Loads `template` and returns why it is refused.
#[track_caller]
fn refused(template: &str) -> ConfigError {
    let sandbox = Sandbox::new(template);
    match Logs::from_file(sandbox.config()) {
        Err(Error::Config(error)) => *error,
        Err(other) => panic!("not about the template: {other}"),
        Ok(_) => panic!("loads, but should not:\n{template}"),
    }
}

/// The place, the key and parts of message and remedy of what is wrong with `template`.
#[track_caller]
fn refused_at(template: &str, line: usize, column: usize, key: &str, words: &[&str]) {
    let error = refused(template);
    let text = error.to_string();
    assert_eq!((error.line, error.column, error.key.as_str()), (line, column, key), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
    assert!(!error.help.is_empty(), "no remedy in: {text}");
    assert!(
        text.contains(&format!("{line} | {}", template.lines().nth(line - 1).unwrap_or(""))),
        "no line in: {text}"
    );
}

#[test]
fn errors_name_place_key_and_remedy() {
    refused_at(
        "root: { level: info, appenders: [ a ] }\nappenders:\n  a:\n    kind: file\n    path: \"${job_dri}/a.log\"\n",
        5,
        12,
        "appenders.a.path",
        &["unknown placeholder `${job_dri}`", "${job_dir}"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: fiel\n    path: a.log\n",
        3,
        11,
        "appenders.a.kind",
        &["unknown kind of appender `fiel`", "did you mean `file`?"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: file\n    path: a.log\n    encodr: { pattern: x }\n",
        5,
        5,
        "appenders.a.encodr",
        &["unknown field `encodr`", "did you mean `encoder`?"],
    );
    refused_at(
        "appenders:\n  a: { kind: file, path: a.log, append: 7 }\n",
        2,
        41,
        "appenders.a.append",
        &["expected true or false, found the number 7"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: file\n    path: a.log\n    encoder: { pattern: \"{l} {q} {m}{n}\" }\n",
        5,
        30,
        "appenders.a.encoder.pattern",
        &["unknown formatter `q`"],
    );
    refused_at(
        "appenders:\n  debug: { kind: console }\nroot:\n  level: info\n  appenders: [ debug, eror ]\n",
        5,
        23,
        "root.appenders[1]",
        &["no appender is called `eror`", "debug"],
    );
    refused_at("root:\n  level: loud\n", 2, 10, "root.level", &["`loud` is no level", "trace"]);
    refused_at(
        "appenders:\n  a:\n    kind: file\n    path: a.log\n    filters:\n      - kind: threshhold\n        level: info\n",
        6,
        15,
        "appenders.a.filters[0].kind",
        &["did you mean `threshold`?"],
    );
    refused_at(
        "appenders:\n  a: { kind: console, encoder: { pattern: \"{d(%Q)} {m}{n}\" } }\n",
        2,
        44,
        "appenders.a.encoder.pattern",
        &["`%Q` is no date format"],
    );
    refused_at(
        "appenders:\n  a: { kind: file, path: \"$TIME{%Q}.log\" }\n",
        2,
        27,
        "appenders.a.path",
        &["`%Q` is no date format"],
    );
    refused_at(
        "appenders:\n  a: { kind: file, path: \"${env:LOGCORE_TEST_IS_NOT_SET}/a.log\" }\n",
        2,
        27,
        "appenders.a.path",
        &["LOGCORE_TEST_IS_NOT_SET is not set", ":-default"],
    );
    refused_at(
        "appenders:\n  a: { kind: file, path: a.log, encoding: klingon }\n",
        2,
        43,
        "appenders.a.encoding",
        &["unknown encoding `klingon`", "gbk"],
    );
    refused_at("appenders:\n  a: { path: a.log }\n", 2, 6, "appenders.a", &["the key `kind` is missing"]);
    refused_at(
        "logcore:\n  max_open_flies: 3\n",
        2,
        3,
        "logcore.max_open_flies",
        &["did you mean `max_open_files`?"],
    );
    refused_at(
        "logcore:\n  jobs:\n    \"a-*\": { level: chatty }\n",
        3,
        21,
        "logcore.jobs.a-*.level",
        &["`chatty` is no level"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: rolling_file\n    path: a.log\n    policy:\n      trigger: { kind: size, limit: 10 parsecs }\n      roller: { kind: delete }\n",
        6,
        37,
        "appenders.a.policy.trigger.limit",
        &["`10 parsecs` is no size", "64KiB"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: rolling_file\n    path: a.log\n    policy:\n      trigger: { kind: time, interval: 0 day, modulate: true }\n      roller: { kind: delete }\n",
        6,
        40,
        "appenders.a.policy.trigger.interval",
        &["`0 day` is no interval"],
    );
    refused_at(
        "appenders:\n  a:\n    kind: rolling_file\n    path: ${job_dir}/a.3.log\n    policy:\n      trigger: { kind: size, limit: 1kb }\n      roller: { kind: fixed_window, pattern: \"${job_dir}/a.{}.log.gz\", count: 5 }\n",
        4,
        11,
        "appenders.a.path",
        &["this very name"],
    );
}

#[test]
fn an_error_shows_no_escape_sequence_of_the_template() {
    for text in ["root: \u{1b}[2J\n", "appenders: { a: { kind: \"\\e[2J\" } }\n"] {
        let shown = refused(text).to_string();
        assert!(!shown.contains('\u{1b}') && shown.contains("[2J"), "{shown:?}");
    }
}

#[test]
fn what_is_no_template_at_all_is_refused() {
    let error = refused("appenders: [ unclosed\n");
    assert!(error.line >= 1 && error.message.starts_with("not YAML"), "{error}");
    let error = refused("root: { level: info }\nroot: { level: debug }\n");
    assert!(error.to_string().contains("duplicate"), "{error}");
    refused_at("just text\n", 1, 1, "", &["expected a mapping"]);
    // An editor that empties the file before it writes must not silence everybody.
    let error = refused("\n# nothing yet\n");
    assert!(error.message.contains("empty"), "{error}");

    let sandbox = Sandbox::new("");
    fs::write(sandbox.config(), b"root: { level: info }\nappenders: { \xff: {} }\n").unwrap();
    let error = Logs::from_file(sandbox.config()).unwrap_err().to_string();
    assert!(error.contains("log.yaml:2:14") && error.contains("not UTF-8"), "{error}");

    let error = Logs::from_file(sandbox.path("no/such.yaml")).unwrap_err().to_string();
    assert!(error.contains("no/such.yaml") && error.contains("relative to where the host runs"), "{error}");
}

/// Everything that log4rs's default features know, as its manual writes it.
const ALL_KINDS: &str = r#"
refresh_rate: 30 seconds
logcore: { dir: "ROOT" }
appenders:
  stdout: { kind: console, target: stdout, tty_only: true, encoder: { kind: json } }
  stderr: { kind: console, target: stderr, tty_only: true }
  plain: { kind: file, path: "${job_dir}/plain.log", append: true, encoder: { kind: pattern, pattern: "{m}{n}" } }
  json: { kind: file, path: "${job_dir}/json.log", encoder: { kind: json } }
  default: { kind: file, path: "${job_dir}/default.log" }
  by_size:
    kind: rolling_file
    path: "${job_dir}/size.log"
    append: true
    encoder: { pattern: "{m}{n}" }
    policy:
      kind: compound
      trigger: { kind: size, limit: 10 mb }
      roller: { kind: fixed_window, pattern: "${job_dir}/size.log.{}", base: 1, count: 5 }
  by_time:
    kind: rolling_file
    path: "${job_dir}/time.log"
    policy:
      trigger: { kind: time, interval: 1 day, modulate: true, max_random_delay: 10 }
      roller: { kind: delete }
  at_start:
    kind: rolling_file
    path: "${job_dir}/start.log"
    filters: [ { kind: threshold, level: warn } ]
    policy: { trigger: { kind: onstartup, min_size: 1 }, roller: { kind: delete } }
root:
  level: info
  appenders: [ stdout, stderr, plain, json, default, by_size, by_time, at_start ]
loggers:
  hyper: { level: warn }
  app::noisy: { level: error, appenders: [ plain ], additive: false }
"#;

#[test]
fn every_kind_of_log4rs_loads_and_writes() {
    let sandbox = Sandbox::new(ALL_KINDS);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("kinds").start().unwrap();
    info!(logger: job, "hello");
    error!(logger: job, target: "hyper", "bad\u{2028}line");
    let report = job.finish(Outcome::Ok);
    assert_eq!(report.lost, 0);
    let dir = sandbox.root().join("kinds");
    assert_eq!(lines(dir.join("plain.log")), ["hello", "bad\\u{2028}line"]);
    assert_eq!(lines(dir.join("size.log")), ["hello", "bad\\u{2028}line"]);
    let json: serde_yaml::Value = serde_yaml::from_str(&lines(dir.join("json.log"))[1]).unwrap();
    assert_eq!(json["message"], "bad\u{2028}line");
    assert!(!fs::read_to_string(dir.join("json.log")).unwrap().contains('\u{2028}'));
    for name in ["default.log", "time.log"] {
        assert_eq!(lines(dir.join(name)).len(), 2, "{name}");
    }
    assert_eq!(lines(dir.join("start.log")).len(), 1);
}

#[test]
fn a_record_has_one_time_in_all_its_files() {
    let sandbox = Sandbox::new(
        "logcore: { dir: \"ROOT\" }\nappenders:\n  a: { kind: file, path: \"${job_dir}/a.log\", encoder: { pattern: \
         \"{d}{n}\" } }\n  b: { kind: file, path: \"${job_dir}/b.log\", encoder: { kind: json } }\nroot: { appenders: [ a, b ] }",
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("time").start().unwrap();
    info!(logger: job, "x");
    job.finish(Outcome::Ok);
    let dir = sandbox.root().join("time");
    let json: serde_yaml::Value = serde_yaml::from_str(&lines(dir.join("b.log"))[0]).unwrap();
    assert_eq!(json["time"].as_str(), Some(lines(dir.join("a.log"))[0].as_str()));
}

#[test]
fn log4rs_itself_finds_the_shipped_template_well_formed() {
    let shipped = include_str!("../../config/log.yaml");
    let mut value: serde_yaml::Value = serde_yaml::from_str(shipped).unwrap();
    value.as_mapping_mut().unwrap().remove("logcore").unwrap();
    let raw: log4rs::config::RawConfig = serde_yaml::from_value(value).unwrap();
    assert_eq!(raw.root().appenders().len(), 4);
}

#[test]
fn loggers_by_target_work_for_each_job() {
    let sandbox = Sandbox::new(ALL_KINDS);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("targets").start().unwrap();
    info!(logger: job, target: "hyper::client", "too quiet");
    info!(logger: job, target: "app", "seen");
    error!(logger: job, target: "app::noisy::deep", "only in plain");
    job.finish(Outcome::Ok);
    let dir = sandbox.root().join("targets");
    assert_eq!(lines(dir.join("plain.log")), ["seen", "only in plain"]);
    assert_eq!(lines(dir.join("size.log")), ["seen"]);
}

#[test]
fn placeholders_are_put_in_and_escaped_for_where_they_land() {
    let sandbox = Sandbox::new(
        r#"
logcore: { dir: "ROOT" }
appenders:
  a:
    kind: file
    path: "${job_dir}/${label:customer:-nobody}-${date:%Y}.log"
    encoder: { pattern: "${job_id} ${label:customer} ${label:none:-fallback} ${env:LOGCORE_TEST_UNSET:-(x)} $${{x}} {({m}):>8}{n}" }
root: { level: "${label:level:-info}", appenders: [ a ] }
"#,
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("{m}").label("customer", "../{d(%Q)}\n(x)").start().unwrap();
    info!(logger: job, "hi");
    let quiet = logs.job("quiet").label("level", "error").start().unwrap();
    info!(logger: quiet, "not at this level");
    let wrong = logs.job("wrong").label("level", "deafening").start().unwrap_err();
    assert!(wrong.to_string().contains("`deafening` is no level"), "{wrong}");
    let dir = job.dir().to_owned();
    job.finish(Outcome::Ok);
    quiet.finish(Outcome::Ok);
    let name = format!("%2e.%2f%7bd%28%25%51%29%7d%0a%28x%29-{}.log", chrono_year());
    assert_eq!(
        fs::read_to_string(dir.join(&name)).unwrap(),
        "{m} ../{d(%Q)}\\n(x) fallback (x) ${x}       hi\n",
        "{:?}",
        fs::read_dir(&dir).unwrap().collect::<Vec<_>>()
    );
    assert!(fs::read_dir(quiet.dir()).unwrap().all(|e| e.unwrap().file_name() == "job.json"));
}

fn chrono_year() -> String {
    // The test's own clock, through the same template mechanism that is not under test here.
    let output = std::process::Command::new("date").arg("+%Y").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn overrides_by_job_id_first_match_wins() {
    let sandbox = Sandbox::new(
        r#"
logcore:
  dir: "ROOT"
  jobs:
    "import-1*": { level: trace }
    "import-*": { level: error }
appenders: { a: { kind: file, path: "${job_dir}/a.log", encoder: { pattern: "{m}{n}" } } }
root: { level: info, appenders: [ a ] }
"#,
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for (id, want) in [("import-17", 5), ("import-2", 1), ("other", 3)] {
        // What the operator's file says goes before what the host asked for, which goes before the default.
        let job = if id == "other" { logs.job(id) } else { logs.job(id).level(log::LevelFilter::Warn) };
        let job = job.start().unwrap();
        for level in Level::iter() {
            job.log(&Record::builder().level(level).args(format_args!("x")).build());
        }
        job.finish(Outcome::Ok);
        assert_eq!(lines(sandbox.root().join(id).join("a.log")).len(), want, "{id}");
    }
}

#[test]
fn files_can_have_any_encoding_of_the_web() {
    for (label, bytes) in [
        ("gbk", &b"\xc4\xe3\xba\xc3\n"[..]),
        ("utf-16le", b"\x60\x4f\x7d\x59\n\0"),
        ("utf-8", "你好\n".as_bytes()),
    ] {
        let sandbox = Sandbox::new(&format!(
            "logcore: {{ dir: \"ROOT\" }}\nappenders: {{ a: {{ kind: file, path: \"${{job_dir}}/a.log\", encoding: {label}, \
             encoder: {{ pattern: \"{{m}}{{n}}\" }} }} }}\nroot: {{ appenders: [ a ] }}"
        ));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("encoded").start().unwrap();
        info!(logger: job, "你好");
        job.finish(Outcome::Ok);
        assert_eq!(fs::read(sandbox.root().join("encoded/a.log")).unwrap(), bytes, "{label}");
    }
}

#[test]
fn a_rolling_file_rolls_between_records_and_loses_none() {
    let sandbox = Sandbox::new(
        r#"
logcore: { dir: "ROOT" }
appenders:
  a:
    kind: rolling_file
    path: "${job_dir}/a.log"
    encoder: { pattern: "{m}{n}" }
    policy:
      trigger: { kind: size, limit: 1kb }
      roller: { kind: fixed_window, pattern: "${job_dir}/old/a.{}.log", base: 1, count: 100 }
root: { appenders: [ a ] }
"#,
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("rolls").start().unwrap();
    for i in 0..1000 {
        info!(logger: job, "record number {i:04}");
    }
    job.finish(Outcome::Ok);
    let dir = sandbox.root().join("rolls");
    let mut have = Vec::new();
    for index in (1..=100).rev() {
        let part = lines(dir.join(format!("old/a.{index}.log")));
        assert!(part.len() <= 64, "one record over 1 KiB at the most");
        have.extend(part);
    }
    have.extend(lines(dir.join("a.log")));
    let want: Vec<_> = (0..1000).map(|i| format!("record number {i:04}")).collect();
    assert_eq!(have, want);
}

#[test]
fn append_false_starts_each_run_with_an_empty_file() {
    let sandbox = Sandbox::new(
        "logcore: { dir: \"ROOT\" }\nappenders: { a: { kind: file, path: \"${job_dir}/a.log\", append: false, encoder: \
         { pattern: \"{m}{n}\" } } }\nroot: { appenders: [ a ] }",
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let file = sandbox.root().join("fresh/a.log");
    for run in 1..=2 {
        let job = logs.job("fresh").start().unwrap();
        info!(logger: job, "{run}");
        logs.reload().unwrap(); // log4rs would truncate again, under the open file
        info!(logger: job, "{run} after a reload");
        job.finish(Outcome::Ok);
        assert_eq!(lines(&file), [format!("{run}"), format!("{run} after a reload")]);
    }
}

#[test]
fn durations_that_no_clock_can_show_stop_nothing() {
    let template = "logcore: { dir: \"ROOT\", buffer: { flush: 18446744073709551615s } }\nappenders: { a: { kind: file, \
                    path: \"${job_dir}/a.log\", encoder: { pattern: \"{m}{n}\" } } }\nroot: { appenders: [ a ] }";
    let sandbox = Sandbox::new(template);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    info!(logger: logs.server(), "x");
    logs.flush(Duration::MAX).unwrap();
    assert_eq!(lines(sandbox.root().join("server/a.log")), ["x"]);
}

#[test]
fn a_placeholder_inside_another_is_refused() {
    refused_at(
        "appenders:\n  a: { kind: file, path: \"${job_dir}/${env:LOGCORE_TEST_IS_NOT_SET:-${job_id}}.log\" }\n",
        2,
        38,
        "appenders.a.path",
        &["a placeholder inside another", "a default is plain text"],
    );
}

#[test]
fn errors_in_texts_of_several_lines_and_behind_escapes_have_their_place() {
    let pattern = |scalar: &str| {
        format!("appenders:\n  a:\n    kind: file\n    path: a.log\n    encoder:\n      pattern: {scalar}\n")
    };
    for (scalar, line, column) in [
        (">-\n        {l} {m}\n        {zz}{n}", 8, 9),
        ("|\n        {l} {m}\n          {zz}{n}", 8, 11),
        ("\"{l} {m}\n        {zz}{n}\"", 7, 9),
        ("'{l} {m}\n        {zz}{n}'", 7, 9),
        ("x {l} {m}\n        {zz}{n}", 7, 9),
        ("\"{{zz}} {l} {zz}{n}\"", 6, 28),
        ("\"{l}\\t{m} {zz}{n}\"", 6, 26),
        ("'it''s {zz}{n}'", 6, 23),
        ("\"$${nope} ${nope} {n}\"", 6, 26),
        ("\"{l}\n        ${nope} {n}\"", 7, 9),
        (">-\n        {l} {m\n        x", 7, 13),
    ] {
        let template = pattern(scalar);
        refused_at(&template, line, column, "appenders.a.encoder.pattern", &[]);
    }
}
