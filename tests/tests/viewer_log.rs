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
    terminal.sees("16:20:39     I api   done n=39");
    terminal.sees("Error 3");
    terminal.keys("c");
    terminal.sees(" I done n=39");
    terminal.loses("16:20:39 ");
    terminal.keys("p");
    terminal.sees("{\"ts\":\"2026-11-22T16:20:39Z\",\"level\"");
    terminal.keys("pc");
    terminal.sees("16:20:39     I api   done n=39");
    terminal.keys("t16:20:20\r");
    terminal.sees("▸16:20:20     E api   done n=20");
}

#[test]
fn colours_in_a_log_are_colours_on_the_screen_and_nothing_else_is_passed_on() {
    let text = "2026-11-22T16:20:01Z \x1b[32m INFO\x1b[0m app::net: \x1b[38;5;208mwarm\x1b[0m\x1b[5n \x1b]0;title\x07\n";
    let (_root, _job, terminal) = over("x.log", text);
    terminal.sees("16:20:01     I net   warm␛[5n ␛]0;title␇");
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
    terminal.sees("◆16:13:20.5   E b     record 200");
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
