//! The log pane of the real viewer, seen through a real terminal.

use log::{debug, info};
use logcore::{Logs, Outcome};
use tests::jobs::Root;
use tests::sandbox::Sandbox;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

/// The viewer over one directory with one file of anybody's.
fn over(file: &str, text: &str) -> (Root, tests::jobs::Dir, Terminal) {
    let root = Root::new();
    let job = root.job("somebody");
    job.append(file, text);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees(file);
    terminal.keys("\t");
    (root, job, terminal)
}

#[test]
fn lines_of_json_are_read_and_shown_as_they_stand_in_the_file_on_demand() {
    let line = |n: u32, level: &str| {
        format!(
            "{{\"ts\":\"2026-11-22T16:20:{n:02}Z\",\"level\":\"{level}\",\"logger\":\"api\",\"msg\":\"done\",\"n\":{n}}}\n"
        )
    };
    let text: String = (10..40).map(|n| line(n, if n % 10 == 0 { "error" } else { "info" })).collect();
    let (_root, _job, mut terminal) = over("api.log", &text);
    terminal.sees("16:20:39 I api   done n=39");
    terminal.sees("Error 3");
    terminal.keys("c");
    terminal.sees(" I done n=39");
    terminal.loses("16:20:39 ");
    terminal.keys("p");
    terminal.sees("{\"ts\":\"2026-11-22T16:20:39Z\",\"level\"");
    terminal.keys("pc");
    terminal.sees("16:20:39 I api   done n=39");
    terminal.keys("t16:20:20\r");
    terminal.sees("▸16:20:20 E api   done n=20");
}

#[test]
fn colours_in_a_log_are_colours_on_the_screen_and_nothing_else_is_passed_on() {
    let text = "2026-11-22T16:20:01Z \x1b[32m INFO\x1b[0m app::net: \x1b[38;5;208mwarm\x1b[0m\x1b[5n \x1b]0;title\x07\n";
    let (_root, _job, terminal) = over("x.log", text);
    terminal.sees("16:20:01 I net   warm␛[5n ␛]0;title␇");
    let raw = terminal.raw();
    let holds = |wanted: &[u8]| raw.windows(wanted.len()).any(|bytes| bytes == wanted);
    assert!(holds(b"38;5;208"), "the colour is there");
    assert!(!holds(b"\x1b[5n") && !holds(b"\x1b]0;"), "no other sequence is");
}

#[test]
fn traces_and_what_is_said_again_are_folded_and_unfolded() {
    let mut root = Root::new();
    let job = root.running("import-42");
    job.log("INFO", "before");
    job.log("ERROR", &format!("it broke{}", "\n\tat db::pool".repeat(11)));
    (0..1204).for_each(|_| job.log("WARN", "pool exhausted"));
    job.log("INFO", "behind it");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.keys("\t");
    terminal.sees("▸ × 1,204 the same until 16:20:01.123");
    terminal.sees("▸ 11 lines folded: stack trace");
    terminal.sees("before");
    terminal.keys(".");
    terminal.sees("at db::pool");
    terminal.loses("11 lines folded");
    terminal.keys("JJ.");
    terminal.sees("11 lines folded");
    terminal.keys(",G");
    terminal.loses("1,204 the same");
    terminal.until("all of them", |screen| screen.matches("pool exhausted").count() > 20);
    terminal.keys(",");
    terminal.sees("1,204 the same");
    // What is looked for is shown, also where it was folded away.
    terminal.keys("/db::pool\r");
    terminal.loses("11 lines folded");
    terminal.sees("11 hits");
}

#[test]
fn the_first_line_of_a_record_stays_in_sight() {
    let mut root = Root::new();
    let job = root.running("import-42");
    let trace: String = (0..100).map(|n| format!("\n\tat place_{n:02}")).collect();
    job.log("ERROR", &format!("it broke{trace}"));
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.keys("\t,");
    terminal.sees("at place_99");
    terminal.sees("it broke");
    terminal.keys("L");
    terminal.loses("it broke");
}

const TEMPLATE: &str = r#"
logcore: { dir: "ROOT", buffer: { flush: 5ms } }
appenders:
  debug: { kind: file, path: "${job_dir}/debug.log", encoder: { pattern: "{d} {l} {t} - {m}{n}" } }
root: { level: info, appenders: [ debug ] }
"#;

#[test]
fn where_a_run_starts_and_where_the_template_was_reloaded_stands_a_ruler() {
    let sandbox = Sandbox::new(TEMPLATE);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let run = |what: &str| {
        let job = logs.job("nightly").start().unwrap();
        info!(logger: job, "{what} begins");
        job
    };
    run("the first").finish(Outcome::Ok);
    // What happens within one millisecond has no order.
    let ended = std::time::Instant::now();
    tests::eventually("a later moment", || (ended.elapsed().as_millis() > 2).then_some(()), String::new);
    let job = run("the second");
    let mut terminal = Terminal::view(VIEWER, &sandbox.root());
    terminal.keys("fnightly\r");
    terminal.sees("the second begins");
    terminal.sees("run 1 starts ──");
    sandbox.save(&TEMPLATE.replace("level: info", "level: debug"));
    logs.reload().unwrap();
    debug!(logger: job, "now in detail");
    terminal.sees("config reloaded: root info → debug ──");
    let row = |text: &str| terminal.rows().iter().position(|row| row.contains(text));
    assert!(row("the first begins") < row("run 2 starts"), "{}", terminal.text());
    assert!(row("run 2 starts") < row("the second begins"));
    assert!(row("the second begins") < row("config reloaded"));
    assert!(row("config reloaded") < row("now in detail"));
}

/// A job with the three level files, a record each second.
fn minute_by_minute(root: &mut Root) -> tests::jobs::Dir {
    let job = root.running("import-42");
    for n in 0..600 {
        let level = if n == 200 { "ERROR" } else { "DEBUG" };
        let (minute, second) = (10 + n / 60, n % 60);
        let line = format!(
            "[{level}] [2026-11-22T16:{minute}:{second:02}.5+00:00] [import-42] [1:1] - [a::b] [line:1]: record {n:03}\n"
        );
        job.append("debug.log", &line);
        if level == "ERROR" {
            job.append("error.log", &line);
        }
    }
    job
}

#[test]
fn from_an_error_one_goes_to_what_came_before_it_and_back() {
    let mut root = Root::new();
    minute_by_minute(&mut root);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    terminal.keys("\t]");
    terminal.sees("1 of 1");
    terminal.loses("record 599");
    terminal.keys("x");
    terminal.sees("▸16:13:20.5   E b     record 200");
    terminal.sees("record 190");
    terminal.sees("the same moment in debug.log");
    terminal.keys("o");
    terminal.sees("1 of 1");
    terminal.loses("record 199");
    // Within the file a filter is what hides it.
    terminal.keys("\x0f");
    terminal.sees("record 199");
    terminal.keys("0");
    terminal.loses("record 199");
    terminal.keys("x");
    terminal.sees("record 199");
}

#[test]
fn an_only_error_is_said_to_be_the_only_one() {
    let mut root = Root::new();
    minute_by_minute(&mut root);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    terminal.keys("\te");
    terminal.sees("▸16:13:20.5   E b     record 200");
    terminal.keys("e");
    terminal.sees("this is the only error");
}

#[test]
fn marks_keep_their_notes_and_are_found_again() {
    let mut root = Root::new();
    minute_by_minute(&mut root);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    terminal.keys("\te");
    terminal.sees("▸16:13:20.5   E b     record 200");
    terminal.keys("m");
    terminal.sees("marked; a note");
    terminal.keys("look here\r");
    terminal.sees("◆16:13:20.5   E b     record 200  ◆ look here");
    terminal.keys("g");
    terminal.sees("record 001");
    terminal.keys("u");
    terminal.sees("◆16:13:20.5   E b     record 200");
    // In another file, and back in this one, which is opened anew.
    terminal.keys("]");
    terminal.sees("1 of 1");
    terminal.keys("'");
    terminal.sees("look here");
    terminal.keys("\r");
    terminal.sees("◆16:13:20.5   E b     record 200");
    terminal.sees("record 199");
    terminal.keys("'d");
    terminal.sees("Nothing is marked.");
}

/// A program that notes how it was called and what it sees of the terminal.
fn noting(dir: &std::path::Path, name: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let (program, notes) = (dir.join(name), dir.join("notes"));
    let text = format!(
        "#!/bin/sh\nprintf 'HELLO FROM %s' \"$*\"\nread -r line\necho \"$* $line\" > '{}'\n",
        notes.display()
    );
    std::fs::write(&program, text).expect("a program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("a program that can be run");
    program
}

#[test]
fn the_editor_opens_the_file_at_the_line_and_the_screen_is_as_it_was_afterwards() {
    let mut root = Root::new();
    let job = minute_by_minute(&mut root);
    let sandbox = tempfile::tempdir().unwrap();
    let editor = noting(sandbox.path(), "an-editor");
    let environment = [("EDITOR", editor.to_str().unwrap()), ("VISUAL", "")];
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &environment);
    terminal.sees("record 599");
    terminal.keys("\te");
    terminal.sees("▸16:13:20.5   E b     record 200");
    terminal.keys("\x05");
    terminal.sees("HELLO FROM +201");
    assert_eq!(terminal.taken(), (false, false), "the terminal is as it was before the viewer");
    terminal.keys("typed there\n");
    terminal.sees("▸16:13:20.5   E b     record 200");
    assert_eq!(terminal.taken(), (true, true));
    let notes = std::fs::read_to_string(sandbox.path().join("notes")).unwrap();
    assert_eq!(notes.trim(), format!("+201 {} typed there", job.file("debug.log").display()));
    terminal.keys("g");
    terminal.sees("record 001");
}

#[test]
fn what_is_shown_is_saved_and_never_over_something() {
    let mut root = Root::new();
    let job = minute_by_minute(&mut root);
    let sandbox = tempfile::tempdir().unwrap();
    let path = sandbox.path().join("kept.log");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    let save = |terminal: &mut Terminal| {
        terminal.keys("S");
        terminal.sees("save as");
        terminal.keys(&format!("\x15{}\r", path.display()));
    };
    terminal.keys("\t0");
    terminal.loses("record 599");
    save(&mut terminal);
    terminal.sees("saved 1 line in");
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(job.file("error.log")).unwrap());
    terminal.keys("a");
    terminal.sees("record 599");
    save(&mut terminal);
    terminal.sees("it is there already");
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1, "it stays as it is");
    terminal.keys("\r");
    terminal.sees("saved 600 lines in");
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(job.file("debug.log")).unwrap());
}

#[test]
fn lines_records_and_ranges_are_copied_through_the_terminal() {
    let (_root, _job, mut terminal) = over("x.log", "INFO: one\nERROR: two\n\tat three\nINFO: four\n");
    terminal.sees("four");
    terminal.keys("gJ");
    terminal.sees("▸I one");
    let copies = |terminal: &Terminal, base64: &str| {
        let wanted = format!("\x1b]52;c;{base64}");
        let came =
            || terminal.raw().windows(wanted.len()).any(|bytes| bytes == wanted.as_bytes()).then_some(());
        tests::eventually("a copy", came, || terminal.text());
    };
    terminal.keys("y");
    copies(&terminal, "SU5GTzogb25l"); // INFO: one
    terminal.keys("JY");
    copies(&terminal, "RVJST1I6IHR3bwoJYXQgdGhyZWU"); // the error with its other line
    terminal.keys("V");
    terminal.sees("y copies");
    terminal.keys("jjy");
    copies(&terminal, "RVJST1I6IHR3bwoJYXQgdGhyZWUKSU5GTzogZm91cgo"); // it and the one below
    terminal.sees("copied range: 3 lines");
}

#[test]
fn a_record_is_taken_apart_and_its_fields_are_copied() {
    let mut root = Root::new();
    let job = root.running("import-42");
    job.log("ERROR", "bad row id=99182 {\"sku\":\"AC-14\",\"tags\":[1,2]}\n\tat map::row");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("bad row");
    terminal.keys("\t\r");
    terminal.sees("since start   T+00:00:01.123");
    terminal.sees("id            99182");
    terminal.sees("  \"sku\": \"AC-14\",");
    terminal.sees("more          at map::row");
    terminal.keys("jjjjjjy");
    terminal.sees("copied json: 7 lines");
    terminal.keys("p");
    terminal.sees("5b 45 52 52 4f 52 5d 20");
    terminal.keys("\x1b");
    terminal.loses("5b 45 52 52");
}

#[test]
fn a_span_chosen_in_the_chart_is_gone_to_and_shown_alone() {
    let mut root = Root::new();
    minute_by_minute(&mut root);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    terminal.sees("└16:10");
    terminal.keys("\tIge");
    terminal.sees("1 error");
    terminal.keys("b lllll\r");
    terminal.sees("the chart shows this span");
    terminal.sees("└16:12:");
    terminal.until("the span's first record", |screen| screen.contains("▸16:12:"));
    terminal.keys("I\x1b");
    terminal.sees("└16:10");
}

#[test]
fn the_scroll_bar_shows_where_errors_hits_and_marks_are() {
    let mut root = Root::new();
    minute_by_minute(&mut root);
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("record 599");
    let bar = |terminal: &Terminal| -> String {
        terminal.rows()[9..33].iter().filter_map(|row| row.trim_end().chars().last()).collect()
    };
    let shows = |terminal: &Terminal, what: char, from: usize, to: usize| {
        let there = || bar(terminal).chars().position(|c| c == what).filter(|at| (from..=to).contains(at));
        tests::eventually("a spot on the bar", there, || terminal.text());
    };
    // The one error stands after a third of the file.
    shows(&terminal, '▐', 7, 9);
    terminal.keys("\t/record 4[0-2]\\d\r");
    shows(&terminal, '•', 15, 17);
    terminal.keys("\x1bg");
    terminal.sees("record 000");
    terminal.keys("m\r");
    shows(&terminal, '◆', 0, 1);
}
