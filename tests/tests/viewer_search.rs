//! The search of the real viewer, seen through a real terminal.

use flate2::Compression;
use flate2::write::GzEncoder;
use logcore::disk::{Counts, Outcome};
use std::io::Write;
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
    terminal.sees("(•) error.log    ( ) this job, 3 files    ( ) all jobs");
    terminal.sees("1 hit, complete: ");
    terminal.keys("\x0c");
    terminal.sees("( ) error.log    (•) this job, 3 files");
    terminal.sees("2 hits, complete: ");
    terminal.sees("message 300");
    terminal.keys("\x0c");
    terminal.sees("(•) all jobs");
    terminal.keys("\x0c");
    terminal.sees("(•) error.log");
    terminal.sees("1 hit, complete: ");
    terminal.loses("message 300");
}

/// Jobs that say something in common, and one that does not; the one that runs is shown.
fn several() -> (Root, Terminal) {
    let mut root = Root::new();
    let line = |minute: u32, text: &str| {
        format!("[INFO] [2026-11-22T16:{minute:02}:01.5Z] [x] [1:1] - [app::db] [line:1]: {text}\n")
    };
    let one = root.ended("import-1", Outcome::Ok, Counts::default());
    (0..50)
        .for_each(|n| one.append("debug.log", line(n, if n % 10 == 3 { "reset by peer" } else { "fine" })));
    // Of this one, most was rotated away, and some of that packed.
    let two = root.ended("import-2", Outcome::Ok, Counts::default());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    (0..10).for_each(|n| packed.write_all(line(n, "reset by somebody").as_bytes()).expect("packed"));
    two.append("debug.log.2.gz", packed.finish().expect("packed"));
    (10..20).for_each(|n| two.append("debug.log.1", line(n, "reset again")));
    (20..30).for_each(|n| two.append("debug.log", line(n, "fine")));
    // Two files that have nothing to do with each other.
    let plain = root.job("plain");
    plain.append("access.log", "2026-11-22T16:00:01Z INFO GET /reset\n".repeat(3));
    plain.append("other.log", "2026-11-22T16:00:02Z INFO no reset\n");
    root.ended("quiet-one", Outcome::Ok, Counts::default()).log("INFO", "nothing");
    let busy = root.running("busy");
    (0..50).for_each(|n| busy.log("DEBUG", &format!("reset {n:02}")));
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("5 jobs");
    terminal.keys("fbusy\r");
    terminal.sees("reset 49");
    terminal.keys("\t/reset");
    terminal.sees("all 6 logs, complete: ");
    (root, terminal)
}

/// The words of the row of a log among those that have hits.
fn row(terminal: &Terminal, log: &str) -> Vec<String> {
    let rows = terminal.rows();
    let row =
        rows.iter().find(|row| row.contains(&format!("│   {log} ")) || row.contains(&format!("│ ▸ {log} ")));
    row.into_iter().flat_map(|row| row.split_whitespace()).map(str::to_owned).collect()
}

fn chosen(terminal: &Terminal) -> Option<String> {
    terminal.rows().into_iter().find(|row| row.contains("│ ▸ "))
}

#[test]
fn the_log_on_screen_is_answered_first_and_then_all_others() {
    let (_root, terminal) = several();
    terminal.sees("50 hits, complete: ");
    terminal.sees("(•) all 5 jobs");
    let text = terminal.text();
    // They stand in the order of the list, and three of them have room.
    assert!(text.contains("also in 4"), "{text}");
    let rows: Vec<_> = ["import-1", "import-2"].map(|log| row(&terminal, log)).into();
    assert_eq!((&rows[0][2][..], &rows[1][2][..]), ("5", "20"), "{text}");
    assert!(row(&terminal, "quiet-one").is_empty() && row(&terminal, "busy").is_empty(), "{text}");
    assert!(rows.iter().all(|row| row[3..5] == ["Nov", "22"] && row.last() == Some(&"│".into())), "{rows:?}");
}

#[test]
fn one_goes_to_the_first_hit_of_another_job_also_in_what_was_rotated_away() {
    let (_root, mut terminal) = several();
    let mut go_to = |log: &str, hit: &str| {
        // Down from what is typed, until the job is chosen.
        let mut before = String::new();
        while !before.contains(&format!("│ ▸ {log} ")) {
            terminal.keys("\x1b[B");
            before = tests::eventually(
                "another row",
                || chosen(&terminal).filter(|row| *row != before),
                || terminal.text(),
            );
        }
        terminal.keys("\r");
        terminal.loses("smart case");
        terminal.sees(hit);
        terminal.sees("HOLD");
        terminal.keys("/");
        terminal.sees("all 6 logs, complete: ");
        terminal.until("not told again", |_| row(&terminal, log).is_empty());
    };
    go_to("import-1", "▸16:03:01.5   I db    reset by peer");
    go_to("import-2", "▸16:00:01.5   I db    reset by somebody");
    go_to("busy", "▸16:20:01.123 D fetch reset 00");
    go_to("plain", "▸16:00:01 I GET /reset");
}

#[test]
fn files_of_a_job_that_do_not_belong_together_are_told_apart() {
    let (_root, mut terminal) = several();
    terminal.keys("\x0c");
    terminal.sees("(•) this job");
    terminal.loses("also in");
    terminal.keys("\x1b\x1b\tf\x15plain\r\t");
    terminal.sees("GET /reset");
    terminal.keys("/");
    terminal.sees("3 hits, complete: ");
    terminal.until("the other file", |_| row(&terminal, "other.log").get(2).is_some_and(|hits| hits == "1"));
    terminal.keys("\x1b[B\r");
    terminal.sees("no reset");
    terminal.sees("1 of 1");
}

#[test]
fn on_a_small_screen_the_search_takes_less_of_it() {
    let (_root, _job, mut terminal) = searching();
    terminal.keys("message 2.5");
    for (columns, rows) in [(80, 24), (60, 14), (40, 12)] {
        terminal.resize(columns, rows);
        terminal.until("the search", |screen| {
            screen.contains("/ message 2.5") && screen.contains("10 hits, complete: ")
        });
        terminal.sees("message 300");
    }
    terminal.resize(40, 5);
    terminal.loses("complete: ");
    terminal.keys("x");
    terminal.sees("/ message 2.5x");
}

#[test]
fn what_was_searched_for_comes_back_the_screen_completes_and_a_search_becomes_a_filter() {
    let (_root, _job, mut terminal) = searching();
    terminal.keys("message 2.5\r");
    terminal.sees("/message 2.5/ 10 of 10 hits");
    terminal.keys("/mes\t 299");
    terminal.sees("/ message 299");
    terminal.sees("1 hit, complete: ");
    terminal.keys("\x1b[A");
    terminal.sees("/ message 2.5");
    terminal.keys("\x06");
    terminal.sees("message 295");
    terminal.loses("message 299");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_was_searched_for_is_remembered_from_one_day_to_the_next() {
    let (root, _job, mut terminal) = searching();
    let state = tempfile::tempdir().expect("a directory");
    let env = [("XDG_STATE_HOME", state.path().to_str().expect("a path"))];
    std::fs::create_dir(state.path().join("logview")).expect("no first use");
    let start = || Terminal::start(VIEWER, &[root.path().into()], (120, 36), &env);
    terminal.keys("\x1bq");
    terminal.ends();
    terminal = start();
    terminal.sees("message 300");
    for text in ["message 29", "message 2.5"] {
        terminal.keys(&format!("/{text}\r"));
        terminal.until("its hits", |screen| {
            screen.lines().any(|row| row.contains(&format!("/{text}/ ")) && row.contains(" of 10 hits"))
        });
    }
    terminal.keys("q");
    terminal.ends();
    terminal = start();
    terminal.sees("message 001");
    terminal.keys("/something");
    terminal.sees("/ something");
    terminal.keys("\x1b[A");
    terminal.sees("/ message 2.5");
    terminal.keys("\x1b[A");
    terminal.sees("/ message 29");
    terminal.sees("10 hits, complete: ");
    terminal.keys("\x1b[B\x1b[B");
    terminal.sees("/ something");
    terminal.sees("no hit, complete: ");
    // Nothing is there to be stopped, so that it closes at once.
    terminal.keys("\x1b");
    terminal.loses("smart case");
}

#[test]
fn ticked_jobs_are_searched_as_the_one_log_that_they_are_shown_as() {
    let (_root, mut terminal) = several();
    terminal.keys("\x1b");
    terminal.loses("smart case");
    terminal.keys("\x1b\tf\x15import\r");
    terminal.sees("3 hidden");
    terminal.keys("g j");
    terminal.keys(" ");
    terminal.sees("2 jobs are shown as one log");
    terminal.keys("/reset");
    terminal.sees("ticked jobs 2");
    terminal.sees("25 hits, complete: ");
    terminal.sees("all 6 logs, complete: ");
    terminal.until("others", |_| row(&terminal, "busy").get(2).is_some_and(|hits| hits == "50"));
    // Each of them is told by itself, and alone in the scope of the ticked jobs.
    terminal.keys("\x0c");
    terminal.sees("(•) ticked jobs 2");
    terminal.sees("all 2 jobs, complete: ");
    let hits = |job: &str| row(&terminal, job).into_iter().nth(3);
    terminal.until("each", |_| {
        let mut both = [hits("A import-1"), hits("A import-2"), hits("B import-1"), hits("B import-2")];
        both.sort();
        both[2..] == [Some("20".into()), Some("5".into())]
    });
    assert!(row(&terminal, "busy").is_empty(), "{}", terminal.text());
    terminal.keys("\x1b[B\r");
    terminal.loses("smart case");
    terminal.sees("the ticks are taken away");
    terminal.sees("HOLD");
}

#[test]
fn the_hits_are_a_list_that_grows_and_leads_to_each() {
    let (_root, job, mut terminal) = searching();
    terminal.keys("message ..7\x07");
    terminal.sees("30 of 30");
    terminal.sees("back to the search");
    job.log("INFO", "message 307");
    terminal.sees("30 of 31");
    terminal.keys("G");
    terminal.sees("31 of 31");
    terminal.keys("gj");
    terminal.sees("2 of 31");
    terminal
        .until("it in the log", |screen| screen.matches("▸16:20:01.123 I fetch message 017").count() == 2);
    // A click chooses, one on what is chosen goes there.
    let row = terminal.rows().iter().rposition(|row| row.contains("message 057")).unwrap();
    let click = format!("\x1b[<0;20;{}M\x1b[<0;20;{}m", row + 1, row + 1);
    terminal.keys(&click);
    terminal.sees("6 of 31");
    terminal.keys("\x1b");
    terminal.sees("31 hits, complete: ");
    terminal.sees("message 300");
    terminal.keys("\x07");
    terminal.sees("31 of 31");
    terminal.keys("g");
    terminal.sees("1 of 31");
    terminal.keys("\r");
    terminal.loses("1 of 31");
    terminal.sees("▸16:20:01.123 I fetch message 007");
    // Where all that matches is hidden, the list says so.
    terminal.keys("3\x07");
    terminal.sees("Every line that matches is hidden.");
}
