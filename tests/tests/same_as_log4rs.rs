//! A configuration means what it means to log4rs: the same records reach the same files as the same lines.

use log::{Level, Log, Record};
use log4rs::config::{Deserializers, RawConfig};
use logcore::{Logs, Outcome};
use proptest::prelude::*;
use std::fs;
use tests::sandbox::Sandbox;

/// Patterns without the time, which differs; with every other formatter, widths, alignments and truncations.
fn pattern() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "l", "m", "M", "f", "L", "t", "T", "P", "I", "i", "level", "message", "line",
    ]);
    let fill = prop::sample::select(vec!["", "*", "é", "-", "0"]);
    let align = prop::sample::select(vec!["<", ">"]);
    let width = (fill, align, any::<bool>(), prop::option::of(0..20_usize), prop::option::of(0..20_usize))
        .prop_map(|(fill, align, left, min, max)| {
            let cut = if left { "-" } else { "" };
            let min = min.map_or(String::new(), |min| min.to_string());
            format!(":{fill}{align}{cut}{min}{}", max.map_or(String::new(), |max| format!(".{max}")))
        });
    let sized = (name, prop::option::of(width))
        .prop_map(|(name, width)| format!("{{{name}{}}}", width.unwrap_or_default()));
    let text = prop::sample::select(vec![
        " ",
        "[",
        "] ",
        "{{",
        "}}",
        "\\{",
        "))",
        "((",
        "\\\\",
        "ä",
        "{X(no)(none)}",
        "{h({l} {m}):<12.7}",
        "{({t}-{l}):>9}",
        "{D(debug)}",
        "{R(release)}",
        "{X(user)}",
        "%",
    ]);
    let part = prop_oneof![3 => sized, 1 => text.prop_map(str::to_owned)];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn message() -> impl Strategy<Value = String> {
    // What ours neutralises, on purpose, is tested elsewhere.
    "[ -~äß漢字🙂e\u{301}\u{200d}]{0,24}"
}

/// Where records come from, as a macro says it: text that lives as long as the process. Two of them are kept in one slot.
const PLACES: [(&str, &str, u32); 4] = [
    ("a::module", "src/a.rs", 42),
    ("a::module", "src/a.rs", 74),
    ("b", "src/a.rs", 42),
    ("b", "src/b.rs", 42),
];

/// A record's level, its target and message, and which of [`PLACES`] it is from; beyond them, it says that itself.
type Told = (Level, String, String, usize);

fn record() -> impl Strategy<Value = Told> {
    let level = prop::sample::select(Level::iter().collect::<Vec<_>>());
    let target = prop::sample::select(vec!["a", "a::b", "a::b::c", "a::bc", "b", "", "a::", "x::a"]);
    (level, target.prop_map(str::to_owned), message(), 0..=PLACES.len())
}

fn loggers() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "a::b", "a::b::c", "b", "a::d::e"]);
    let level = prop::sample::select(vec!["off", "error", "warn", "info", "debug", "trace"]);
    let appenders = prop::sample::select(vec!["", "one", "two", "one, two"]);
    prop::collection::btree_map(name, (level, appenders, any::<bool>()), 0..4).prop_map(|loggers| {
        let lines = loggers.iter().map(|(name, (level, appenders, additive))| {
            format!("  \"{name}\": {{ level: {level}, appenders: [ {appenders} ], additive: {additive} }}\n")
        });
        format!("loggers:\n{}", lines.collect::<String>())
    })
}

fn log_all(to: &dyn Log, records: &[Told]) {
    for (level, target, message, place) in records {
        let module = (!target.is_empty()).then_some("a::module");
        let mut record = Record::builder();
        record.level(*level).target(target);
        match PLACES.get(*place) {
            Some((module, file, line)) => {
                // As the macros have it where no target is said.
                if target.is_empty() {
                    record.target(module);
                }
                record.module_path_static(Some(module)).file_static(Some(file)).line(Some(*line));
            }
            None => {
                record.module_path(module).file(module.map(|_| "src/a.rs")).line(module.map(|_| 42));
            }
        }
        to.log(&record.args(format_args!("{message}")).build());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_same_lines_in_the_same_files(
        patterns in (pattern(), pattern()),
        threshold in prop::sample::select(vec!["error", "warn", "info", "debug", "trace"]),
        root in prop::sample::select(vec!["off", "error", "info", "trace"]),
        loggers in loggers(),
        records in prop::collection::vec(record(), 1..24),
    ) {
        log_mdc::insert("user", "mdc");
        let yaml = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let configuration = format!(
            "appenders:\n  one: {{ kind: file, path: \"DIR/one.log\", encoder: {{ pattern: {} }} }}\n  two: {{ kind: file, \
             path: \"DIR/two.log\", filters: [ {{ kind: threshold, level: {threshold} }} ], encoder: {{ pattern: {} }} }}\n\
             root: {{ level: {root}, appenders: [ one, two ] }}\n{loggers}",
            yaml(&format!("{}{{n}}", patterns.0)), yaml(&format!("{}{{n}}", patterns.1)),
        );
        let sandbox = Sandbox::new(&format!("logcore: {{ dir: \"ROOT\" }}\n{}", configuration.replace("DIR", "${job_dir}")));

        let theirs = sandbox.path("theirs");
        let raw: RawConfig = serde_yaml::from_str(&configuration.replace("DIR", &theirs.to_string_lossy())).unwrap();
        let (appenders, errors) = raw.appenders_lossy(&Deserializers::default());
        prop_assert!(errors.is_empty());
        let config = log4rs::Config::builder().appenders(appenders).loggers(raw.loggers()).build(raw.root()).unwrap();
        log_all(&log4rs::Logger::new(config), &records);

        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("ours").start().unwrap();
        log_all(&job, &records);
        job.finish(Outcome::Ok);

        for name in ["one.log", "two.log"] {
            let ours = fs::read(sandbox.root().join("ours").join(name)).unwrap_or_default();
            let theirs = fs::read(theirs.join(name)).unwrap_or_default();
            prop_assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs), "{}", configuration);
        }
    }
}
