//! Several jobs in the viewer at once.

use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

#[test]
fn ticked_jobs_are_one_log_that_says_whose_each_line_is_and_grows() {
    let mut root = Root::new();
    let (one, two) = (root.running("import-1"), root.running("import-2"));
    root.running("import-3").log("INFO", "of nobody's concern");
    one.log("INFO", "first of one");
    two.log("INFO", "first of two");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("first of one");
    terminal.loses("first of two");
    // By name: one, two, three.
    terminal.keys("s ");
    terminal.sees("one more, and they are shown as one log");
    terminal.keys("j ");
    terminal.sees("2 jobs on one clock");
    terminal.sees("A import-1  B import-2");
    terminal.until("both jobs' lines with their letters", |screen| {
        let row = |text: &str| screen.lines().find(|row| row.contains(text)).map(str::to_owned);
        let letter =
            |text: &str, letter: &str| row(text).is_some_and(|row| row.contains(&format!("{letter} 16:20")));
        letter("first of one", "A") && letter("first of two", "B")
    });
    assert!(!terminal.text().contains("of nobody's concern"));
    two.log("INFO", "second of two");
    terminal.sees("second of two");
    one.log("ERROR", "second of one");
    terminal.sees("second of one");
    // One line by itself, and back to all of them.
    terminal.keys("\tKx");
    terminal.loses("2 jobs on one clock");
    terminal.keys("o");
    terminal.sees("2 jobs on one clock");
    terminal.keys("G\t");
    // Selecting another job takes nothing away from what is read.
    terminal.keys("G");
    terminal.sees("second of one");
    terminal.keys("\x1b");
    terminal.sees("of nobody's concern");
    terminal.loses("second of one");
}

#[test]
fn what_is_read_stays_when_another_job_joins_in_and_letters_are_those_of_the_lines() {
    let mut root = Root::new();
    let jobs = ["import-1", "import-2", "import-3"].map(|id| root.running(id));
    root.running("empty");
    for job in &jobs[..2] {
        for number in 1..=300 {
            job.append(
                "debug.log",
                format!(
                    "[INFO] [2026-11-22T16:{:02}:{:02}.000Z] number {number:03}\n",
                    number / 60,
                    number % 60
                ),
            );
        }
    }
    jobs[2].append("debug.log", "[INFO] [2026-11-22T16:09:00.000Z] the last of all\n");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("import-3");
    // By name: the empty one, which has nothing to show, one, two, three.
    terminal.keys("sg j j ");
    terminal.sees("2 jobs on one clock");
    terminal.sees("A import-1  B import-2");
    terminal.until("a tick without a letter", |screen| screen.lines().any(|row| row.contains(" * empty")));
    terminal.keys("\tg");
    terminal.sees("number 001");
    terminal.sees(" HOLD ");
    terminal.keys("\tj ");
    terminal.sees("3 jobs on one clock");
    terminal.sees("number 001");
    terminal.sees(" HOLD ");
    assert!(!terminal.text().contains("the last of all"));
}
