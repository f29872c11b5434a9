//! Two runs of one job, one that went well and one that failed: compared, and laid beside each other.

use logcore::disk::{Counts, Outcome};
use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

#[test]
fn a_failed_run_is_laid_beside_the_last_good_one() {
    let root = Root::new();
    let job = root.job("import-42");
    let line = |minute: u32, second: u32, level: &str, message: &str| {
        let line = job.line(level, message);
        job.append("debug.log", line.replace("16:20:01.123", &format!("16:{minute}:{second:02}.123")));
    };
    for (minute, word) in [(10, "ancient"), (20, "good"), (30, "bad")] {
        for second in 1..=20 {
            line(minute, second, "INFO", &format!("{word} batch {second}"));
            line(minute, second, "DEBUG", &format!("fetched page {second} in {} ms", second * minute));
        }
    }
    line(30, 12, "ERROR", "commit 7 failed: connection reset");
    line(30, 14, "ERROR", "commit 9 failed: connection reset");
    let run = |minute: u32, outcome| {
        let at = |second: u32| format!("2026-11-22T16:{minute}:{second:02}.000Z");
        (at(0), at(30), outcome)
    };
    job.runs(&[run(10, Outcome::Failed), run(20, Outcome::Ok), run(30, Outcome::Failed)]);
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &[]);
    terminal.sees("bad batch 20");
    terminal.keys("C");
    terminal.sees("import-42 run 2");
    terminal.sees("only in B: 2");
    terminal.sees("good batch #");
    // What the run before both of them says is in neither.
    assert!(!terminal.text().contains("ancient"), "{}", terminal.text());
    let rows = terminal.rows();
    let row = rows.iter().find(|row| row.contains("commit # failed")).expect("the errors");
    assert!(row.contains(" E ") && row.contains("  2  ") && row.contains("T+00:00:12"), "{row}");
    terminal.keys("\r");
    terminal.until("the first of them", |screen| {
        screen.lines().any(|row| row.contains('▸') && row.contains("commit 7 failed"))
    });
    terminal.keys("n");
    terminal.until("the next one", |screen| {
        screen.lines().any(|row| row.contains('▸') && row.contains("commit 9 failed"))
    });
    terminal.keys("|");
    // One stays where one was: so long after the start.
    terminal.until("both beside each other", |screen| {
        screen.lines().any(|row| row.contains("good batch 14") && row.contains("bad batch 14"))
    });
    assert!(!terminal.text().contains("ancient"), "{}", terminal.text());
    terminal.keys("tT+19s\r");
    terminal.until("a moment of both", |screen| {
        screen.lines().any(|row| row.contains("good batch 19") && row.contains("bad batch 19"))
    });
    terminal.keys("|");
    terminal.sees("import-42 ━ all levels");
    // The moment that one read, in the run that is the job's newest.
    terminal.sees("bad batch 14");
}

#[test]
fn a_live_run_is_followed_beside_one_that_went_on_for_longer() {
    let mut root = Root::new();
    let at = |job: &tests::jobs::Dir, second: u32, message: &str| {
        job.append(
            "debug.log",
            job.line("INFO", message).replace("16:20:01.123", &format!("16:20:{second:02}.123")),
        );
    };
    let good = root.ended("import-1", Outcome::Ok, Counts::default());
    for second in 1..=50 {
        (1..=4).for_each(|part| at(&good, second, &format!("good batch {second} part {part}")));
    }
    let live = root.running("import-2");
    (1..=10).for_each(|second| at(&live, second, &format!("live batch {second}")));
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (160, 36), &[]);
    terminal.sees("live batch 10");
    terminal.keys("|");
    let beside = |good: u32, live: u32| {
        let (good, live) = (format!("good batch {good} part 1"), format!("live batch {live}"));
        move |screen: &str| screen.lines().any(|row| row.contains(&good) && row.contains(&live))
    };
    let alone = |second: u32| format!("good batch {second} part");
    terminal.until("both at the last second of the live one", beside(10, 10));
    terminal.until("nothing of what is still to come", |screen| {
        screen.contains(" FOLLOW ") && !screen.contains(&alone(11))
    });
    at(&live, 11, "live batch 11");
    terminal.until("the next one", beside(11, 11));
    terminal.until("nothing of what is still to come", |screen| !screen.contains(&alone(12)));
    terminal.keys("G");
    terminal.until("the end of both", |screen| screen.contains(&alone(50)) && screen.contains(" HOLD "));
    at(&live, 12, "live batch 12");
    terminal.keys("G");
    terminal.until("the live one again", beside(12, 12));
    terminal.keys("kkkk");
    terminal.until("it holds", |screen| screen.contains(" HOLD "));
    at(&live, 13, "live batch 13");
    terminal.sees(" of 213");
    assert!(!terminal.text().contains("live batch 13"), "{}", terminal.text());
}

#[test]
fn what_it_is_compared_with_can_be_another_good_run_of_its_kind() {
    let root = Root::new();
    for (minute, (id, outcome)) in [
        ("import-1", Outcome::Ok),
        ("import-2", Outcome::Failed),
        ("import-3", Outcome::Ok),
        ("import-4", Outcome::Failed),
    ]
    .into_iter()
    .enumerate()
    {
        let job = root.job(id);
        let at = |second: u32| format!("2026-11-22T16:1{minute}:{second:02}.000Z");
        let line =
            job.line("INFO", &format!("{id} batch")).replace("16:20:01.123", &format!("16:1{minute}:01.123"));
        job.append("debug.log", line);
        job.runs(&[(at(0), at(30), outcome)]);
    }
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &[]);
    terminal.sees("4 jobs");
    terminal.keys("fimport-4\r");
    terminal.sees("import-4 batch");
    let beside = |good: &'static str| {
        move |screen: &str| {
            screen.lines().any(|row| row.contains(&format!("{good} batch")) && row.contains("import-4 batch"))
        }
    };
    terminal.keys("|");
    terminal.until("the last good one of its kind", beside("import-3"));
    // A line by itself, and back to the two, and to the levels that were shown.
    terminal.keys("4");
    terminal.sees("only E W I T other");
    terminal.keys("Jx");
    terminal.sees("━ import-3 ━ all levels");
    terminal.keys("o");
    terminal.until("the two again", beside("import-3"));
    terminal.sees("only E W I T other");
    terminal.keys("a");
    terminal.keys("[");
    terminal.until("the one before that", beside("import-1"));
    terminal.keys("[");
    terminal.sees("there is no older run of its kind that ended well");
    terminal.keys("]");
    terminal.until("the last good one again", beside("import-3"));
}
