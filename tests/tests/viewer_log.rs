//! The log pane of the real viewer, seen through a real terminal.

use tests::jobs::Root;
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
