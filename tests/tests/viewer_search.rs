//! The search of the real viewer, seen through a real terminal.

use tests::jobs::{Dir, Root};
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

/// The viewer over one running job that has said a few hundred things, with its search open.
fn searching() -> (Root, Dir, Terminal) {
    let mut root = Root::new();
    let job = root.running("import-42");
    for number in 1..=300 {
        job.log("INFO", &format!("message {number:03}"));
    }
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("message 300");
    terminal.keys("/");
    terminal.sees("type what to look for");
    (root, job, terminal)
}

#[test]
fn what_is_typed_is_counted_at_once_and_says_whether_that_is_all() {
    let (_root, job, mut terminal) = searching();
    terminal.keys("message 2.5");
    terminal.sees("10 hits, complete: ");
    assert!(terminal.text().contains("message 300"), "the log stays as it is:\n{}", terminal.text());
    // A live writer goes on above, and what it says counts.
    job.log("INFO", "message 2x5 and more");
    terminal.sees("11 hits, complete: ");
    terminal.sees("message 2x5 and more");
    terminal.keys("\x12");
    terminal.sees("[ ] regex");
    terminal.sees("no hit, complete: ");
    terminal.keys("\x15MESSAGE 2X5");
    terminal.sees("no hit, complete: ");
    terminal.keys("\x15message 2x5");
    terminal.sees("1 hit, complete: ");
    terminal.keys("\x15essage 29");
    terminal.sees("10 hits, complete: ");
    terminal.keys("\x02");
    terminal.sees("[x] whole word");
    terminal.sees("no hit, complete: ");
    terminal.keys("\x02\x15MESSAGE 29");
    terminal.sees("no hit, complete: ");
    terminal.keys("\x15message 29\x01");
    terminal.sees("[ ] smart case");
    terminal.sees("10 hits, complete: ");
}

#[test]
fn a_wrong_expression_says_where_and_what_is_wrong() {
    let (_root, _job, mut terminal) = searching();
    terminal.keys("mess(age 29");
    terminal.sees("wrong at character 5: unclosed group");
    terminal.keys("\r");
    terminal.sees("wrong at character 5: unclosed group");
    let rows = terminal.rows();
    let at = rows.iter().position(|row| row.contains("/ mess(age")).expect("the pattern");
    let column = |row: &str, c: char| row.chars().position(|other| other == c);
    assert_eq!(column(&rows[at], '('), column(&rows[at + 1], '^'), "{}", terminal.text());
    terminal.keys(")");
    terminal.sees("10 hits, complete: ");
}

#[test]
fn one_steps_from_hit_to_hit_goes_to_one_and_leaves() {
    let (_root, _job, mut terminal) = searching();
    terminal.keys("message 1.5");
    terminal.sees("10 hits, complete: ");
    terminal.keys("\x10");
    terminal.sees("▸16:20:01.123 I fetch message 195");
    terminal.keys("\x10");
    terminal.sees("▸16:20:01.123 I fetch message 185");
    terminal.keys("\x0e");
    terminal.sees("▸16:20:01.123 I fetch message 195");
    terminal.sees("10 hits, complete: ");
    terminal.keys("\x1b");
    terminal.loses("complete: ");
    terminal.sees("▸16:20:01.123 I fetch message 195");
    terminal.keys("N");
    terminal.sees("▸16:20:01.123 I fetch message 185");
    // It comes back with what was searched for, which the first letter replaces.
    terminal.keys("/");
    terminal.sees("/ message 1.5");
    terminal.keys("message 007\r");
    terminal.sees("▸16:20:01.123 I fetch message 007");
    terminal.loses("whole word");
    terminal.sees("/message 007/ 1 hit");
}

#[test]
fn in_one_file_of_a_job_the_whole_job_can_be_searched_instead() {
    let (_root, job, mut terminal) = searching();
    terminal.keys("\x1b");
    job.log("ERROR", "disk on fire");
    terminal.sees("error.log");
    terminal.keys("\t]");
    terminal.loses("message 300");
    terminal.keys("/fire|message 30.");
    terminal.sees("(•) error.log    ( ) this job, 3 files");
    terminal.sees("1 hit, complete: ");
    terminal.keys("\x0c");
    terminal.sees("( ) error.log    (•) this job, 3 files");
    terminal.sees("2 hits, complete: ");
    terminal.sees("message 300");
    terminal.keys("\x0c");
    terminal.sees("1 hit, complete: ");
    terminal.loses("message 300");
}

#[test]
fn on_a_small_screen_the_search_takes_less_of_it() {
    let (_root, _job, mut terminal) = searching();
    terminal.keys("message 2.5");
    for (columns, rows) in [(80, 24), (60, 14), (40, 10)] {
        terminal.resize(columns, rows);
        terminal.until("the search", |screen| {
            screen.contains("/ message 2.5") && screen.contains("10 hits, complete: ")
        });
        terminal.sees("message 300");
    }
    terminal.resize(40, 5);
    terminal.keys("x");
    terminal.sees("/ message 2.5x");
}
