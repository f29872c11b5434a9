//! Each key of the key table, as bytes from a terminal, over the real binary: what it does is seen on the screen.

use logcore::disk::{Counts, Outcome};
use logview::keys::{Binding, TABLE, Where};
use std::fs;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::thread;
use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

/// Records of the job that is looked at; each is a second after the one before.
const RECORDS: u32 = 200;

struct Case {
    root: Root,
    terminal: Terminal,
}

impl Case {
    /// The viewer over three jobs, in the middle of the log of one, or in the list.
    fn new(place: Where) -> Case {
        let mut root = Root::new();
        let calm = root.ended("import-41", Outcome::Ok, Counts::default());
        (1..=5).for_each(|number| calm.log("INFO", &format!("calm {number}")));
        root.ended("backup-7", Outcome::Failed, Counts { error: 1, ..Counts::default() })
            .log("ERROR", "no backup");
        let job = root.running("import-42");
        for number in 1..=RECORDS {
            let (level, more) = match number {
                40 | 160 => ("ERROR", "\n  at main.rs:1\n  at main.rs:2\n  at main.rs:3\n  at main.rs:4"),
                50 | 150 => ("WARN", ""),
                60 | 140 => ("DEBUG", ""),
                70 | 130 => ("TRACE", ""),
                _ => ("INFO", ""),
            };
            let far = if number == 100 { format!(" {} far end", "-".repeat(90)) } else { String::new() };
            let far = if number == 1 { " in both files" } else { &far };
            let line = job.line(level, &format!("record {number:03} of {level}{far}{more}"));
            let at = format!("16:{:02}:{:02}.000", 20 + number / 60, number % 60);
            let line = line.replace("16:20:01.123", &at);
            if number == 1 {
                job.append("info.log", &line);
            }
            job.append("debug.log", line);
        }
        let arguments = [root.path().into()];
        // What another program would do is seen by what it says.
        let env = [("EDITOR", "echo edits"), ("VISUAL", ""), ("PAGER", "echo pages")];
        let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &env);
        terminal.sees("3 jobs");
        terminal.until("the keys", |screen| screen.contains("q quit"));
        terminal.keys("gjjjk");
        terminal.keys("f42\r");
        terminal.sees("record 200");
        terminal.keys("\u{1b}");
        terminal.sees("backup-7");
        let mut case = Case { root, terminal };
        if place != Where::List {
            case.keys("\tt16:21:40\r");
            case.cursor_moves(|now| now == 100);
        }
        case
    }

    fn keys(&mut self, keys: &str) {
        self.terminal.keys(keys);
    }

    fn sees(&self, text: &str) {
        self.terminal.sees(text);
    }

    fn loses(&self, text: &str) {
        self.terminal.loses(text);
    }

    /// The number of the first record on the screen.
    fn top(&self) -> u32 {
        number(&self.terminal.text()).expect("a record")
    }

    /// The number of the record with the cursor.
    fn cursor(&self) -> u32 {
        cursor(&self.terminal.text()).expect("a cursor")
    }

    fn top_moves(&self, wanted: impl Fn(u32) -> bool) {
        self.terminal.until("another top", |screen| number(screen).is_some_and(&wanted));
    }

    fn cursor_moves(&self, wanted: impl Fn(u32) -> bool) {
        self.terminal.until("another cursor", |screen| cursor(screen).is_some_and(&wanted));
    }
}

fn number(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("record ")?;
    after.get(..3)?.parse().ok()
}

fn cursor(screen: &str) -> Option<u32> {
    screen.lines().find(|row| row.contains('▸') && row.contains("record ")).and_then(number)
}

/// What a terminal sends for a key.
fn bytes(key: &str) -> String {
    match key {
        "up" => "\u{1b}[A".into(),
        "down" => "\u{1b}[B".into(),
        "right" => "\u{1b}[C".into(),
        "left" => "\u{1b}[D".into(),
        "home" => "\u{1b}[H".into(),
        "end" => "\u{1b}[F".into(),
        "pgup" => "\u{1b}[5~".into(),
        "pgdn" => "\u{1b}[6~".into(),
        "backtab" => "\u{1b}[Z".into(),
        "f1" => "\u{1b}OP".into(),
        "enter" => "\r".into(),
        "tab" => "\t".into(),
        "space" => " ".into(),
        "esc" => "\u{1b}".into(),
        key => match key.strip_prefix("ctrl-").and_then(|rest| rest.bytes().next()) {
            Some(letter) => char::from(letter & 0x1f).to_string(),
            None => key.into(),
        },
    }
}

/// Presses a key and sees what it is there for. Each case stands in the middle of a log, or in the list.
fn check(row: &Binding, key: &str) {
    let mut case = Case::new(row.place);
    let key = bytes(key);
    let (top, at) = match row.place {
        Where::List => (0, 0),
        _ => (case.top(), case.cursor()),
    };
    let press = |case: &mut Case| case.keys(&key);
    match row.name {
        "down" | "half-page-down" | "page-down" => {
            press(&mut case);
            case.top_moves(|now| now > top);
        }
        "up" | "half-page-up" | "page-up" => {
            press(&mut case);
            case.top_moves(|now| now < top);
        }
        "first" => {
            press(&mut case);
            case.sees("record 001");
        }
        "last" => {
            press(&mut case);
            case.sees("FOLLOW");
            case.sees("record 200");
        }
        "right" => {
            press(&mut case);
            case.loses("record 100");
        }
        "left" => {
            case.keys("l");
            case.loses("record 100");
            press(&mut case);
            case.sees("record 100");
        }
        "choose-down" => {
            press(&mut case);
            case.cursor_moves(|now| now == at + 1);
        }
        "choose-up" => {
            press(&mut case);
            case.cursor_moves(|now| now == at - 1);
        }
        "search" => {
            press(&mut case);
            case.sees("[x] regex");
            case.keys("record 12[05]\r");
            case.cursor_moves(|now| now == 120);
        }
        "word" => {
            press(&mut case);
            case.sees("hits");
            assert!(case.terminal.status().contains('/'), "{}", case.terminal.text());
        }
        "next-hit" | "previous-hit" => {
            case.keys("/record 1.5\r");
            case.cursor_moves(|now| now == 105);
            case.keys("n");
            case.cursor_moves(|now| now == 115);
            press(&mut case);
            let wanted = if row.name == "next-hit" { 125 } else { 105 };
            case.cursor_moves(|now| now == wanted);
        }
        "hits" => {
            case.keys("/record 1.5\r");
            case.cursor_moves(|now| now == 105);
            press(&mut case);
            case.sees("/record 1.5/ ─ 1 of 10");
            case.keys("jj");
            case.sees("─ 3 of 10 ─");
            case.cursor_moves(|now| now == 125);
            case.keys("\r");
            case.loses("─ 3 of 10 ─");
            case.cursor_moves(|now| now == 125);
        }
        "only" => {
            press(&mut case);
            case.keys("record 15.\r");
            case.loses("record 149");
            case.sees("record 155");
        }
        "without" => {
            press(&mut case);
            case.keys("record 10[1-9]\r");
            case.loses("record 105");
            case.sees("record 110");
        }
        "filters" => {
            case.keys("frecord 1[05].\rFrecord 15.\r");
            case.loses("record 155");
            press(&mut case);
            case.sees("hides  record 15.");
            case.terminal.until("how many lines each matches", |screen| {
                let counts = |row: &str, count| row.contains(" record 1") && row.contains(count);
                screen.lines().any(|row| counts(row, " 20 lines"))
                    && screen.lines().any(|row| counts(row, " 10 lines"))
            });
            case.keys("du");
            case.keys("j ");
            case.sees("[ ] hides  record 15.");
            case.keys("\u{1b}G");
            case.sees("record 155");
        }
        "more-around" | "less-around" => {
            case.keys("f^.WARN\r");
            case.loses("record 149");
            case.keys("++");
            case.sees("record 148");
            press(&mut case);
            let seen = |screen: &str| screen.contains("record 147") || !screen.contains("record 148");
            case.terminal.until("other context", seen);
            assert_eq!(case.terminal.text().contains("record 147"), row.name == "more-around");
        }
        "filter-jobs" => {
            press(&mut case);
            case.keys("back");
            case.loses("import-41");
        }
        "sort" => {
            press(&mut case);
            case.sees("sort: name");
        }
        "running-only" => {
            press(&mut case);
            case.loses("backup-7");
        }
        "newest" => {
            press(&mut case);
            case.root.running("import-99").log("INFO", "the newest says");
            case.sees("the newest says");
        }
        "group-by" => {
            press(&mut case);
            case.sees("by prefix");
        }
        "fold-group" | "fold-groups" => {
            case.keys("B");
            case.sees("by prefix");
            press(&mut case);
            case.loses("import-41");
        }
        "unfold-group" => {
            case.keys("Bh");
            case.loses("import-41");
            press(&mut case);
            case.sees("import-41");
        }
        "tick" => {
            press(&mut case);
            case.sees("1 job is ticked");
            case.keys("j");
            press(&mut case);
            case.sees("2 jobs are shown as one log");
        }
        "split" => {
            press(&mut case);
            case.sees("both from their starts on");
            case.cursor_moves(|now| now == 100);
            case.keys("g");
            let same_row = |row: &str| row.contains("calm 1") && row.contains("record 001");
            case.terminal.until("both in a row", |screen| screen.lines().any(same_row));
            press(&mut case);
            case.sees("backup-7");
        }
        "compare" => {
            press(&mut case);
            case.sees("only in B: ");
            case.sees("calm #");
            case.keys("\r");
            case.cursor_moves(|now| now == 40);
            case.sees("record # of ERROR");
        }
        "raise-level" => {
            press(&mut case);
            case.sees("template");
        }
        "disk-use" => {
            press(&mut case);
            case.sees("Disk");
        }
        "open" => {
            press(&mut case);
            case.keys("k");
            case.sees("HOLD");
        }
        "next-error" => {
            press(&mut case);
            case.cursor_moves(|now| now == 160);
        }
        "previous-error" => {
            press(&mut case);
            case.cursor_moves(|now| now == 40);
        }
        "next-warning" => {
            press(&mut case);
            case.cursor_moves(|now| now == 150);
        }
        "previous-warning" => {
            press(&mut case);
            case.cursor_moves(|now| now == 50);
        }
        "time" => {
            press(&mut case);
            case.keys("16:21:20\r");
            case.cursor_moves(|now| now == 80);
        }
        "context" => {
            case.keys("]");
            case.sees("in both files");
            press(&mut case);
            case.sees("record ");
        }
        "jump-back" => {
            case.keys("e");
            case.cursor_moves(|now| now == 160);
            press(&mut case);
            case.sees("record 100");
        }
        "jump-forward" => {
            case.keys("e");
            case.cursor_moves(|now| now == 160);
            case.keys("o");
            case.sees("record 100");
            press(&mut case);
            case.sees("record 160");
        }
        "mark" => {
            press(&mut case);
            case.keys("look here\r");
            case.sees("look here");
        }
        "next-mark" => {
            case.keys("mhere\r");
            case.keys("e");
            case.cursor_moves(|now| now == 160);
            press(&mut case);
            let marked = |row: &str| row.contains('◆') && row.contains("record 100");
            case.terminal.until("the mark", |screen| screen.lines().any(marked));
        }
        "marks" => {
            case.keys("mhere\r");
            press(&mut case);
            case.sees("Marks");
        }
        "toggle-error" | "toggle-warning" | "toggle-info" | "toggle-debug" | "toggle-trace" => {
            let (only, gone) = match row.name {
                "toggle-error" => ("only W I D T", "record 040"),
                "toggle-warning" => ("only E I D T", "record 050"),
                "toggle-info" => ("only E W D T", "record 041"),
                "toggle-debug" => ("only E W I T", "record 060"),
                _ => ("only E W I D", "record 070"),
            };
            press(&mut case);
            case.sees(only);
            case.keys("g");
            case.loses(gone);
        }
        "errors-only" => {
            press(&mut case);
            case.loses("of INFO");
            case.sees("record 160");
        }
        "all-levels" => {
            case.keys("0");
            case.loses("of INFO");
            press(&mut case);
            case.sees("of INFO");
        }
        "detail" => {
            press(&mut case);
            case.sees("since start");
            case.sees("record 100 of INFO");
        }
        "zoom" => {
            press(&mut case);
            case.loses("import-41");
        }
        "wrap" => {
            press(&mut case);
            case.sees("far end");
        }
        "raw" => {
            press(&mut case);
            case.sees("[INFO] [2026-11-22T16:");
        }
        "columns" => {
            case.sees("16:21:40.000");
            press(&mut case);
            case.loses("16:21:40.000");
        }
        "fold" => {
            case.keys("e");
            case.sees("4 lines folded");
            press(&mut case);
            case.sees("at main.rs:2");
        }
        "fold-all" => {
            case.keys("e");
            case.sees("4 lines folded");
            press(&mut case);
            case.sees("at main.rs:2");
        }
        "sticky" => {
            case.keys("e");
            case.cursor_moves(|now| now == 160);
            case.keys(",");
            case.sees("at main.rs:2");
            press(&mut case);
            case.sees("top line");
        }
        "clock" => {
            case.sees("16:21:40.000");
            press(&mut case);
            case.sees("+1:40.000 ");
        }
        "chart" => {
            case.sees("err ");
            press(&mut case);
            case.loses("┤");
        }
        "chart-time" => {
            press(&mut case);
            case.sees("Enter");
        }
        "older-file" | "newer-file" => {
            press(&mut case);
            case.sees("in both files");
        }
        "bell" => {
            press(&mut case);
            case.sees("bell");
        }
        "mouse" => {
            case.sees("mouse on");
            press(&mut case);
            case.sees("mouse off");
        }
        "copy" | "copy-record" => {
            press(&mut case);
            case.sees("copied");
            let copied = |raw: &[u8]| raw.windows(5).any(|window| window == b"\x1b]52;");
            case.terminal.until("OSC 52", |_| true);
            assert!(copied(&case.terminal.raw()), "no OSC 52");
        }
        "range" => {
            press(&mut case);
            case.keys("jj");
            case.sees("3 lines");
        }
        "save" => {
            press(&mut case);
            let to = case.root.path().join("saved.txt");
            case.keys(&format!("\u{15}{}\r", to.display()));
            case.sees("saved");
            assert!(fs::read_to_string(to).is_ok_and(|text| text.contains("record 100")));
        }
        "editor" | "pager" => {
            press(&mut case);
            let says = if row.name == "editor" { &b"edits "[..] } else { b"pages " };
            let said = |raw: &[u8]| raw.windows(says.len()).any(|window| window == says);
            tests::eventually(row.name, || said(&case.terminal.raw()).then_some(()), || case.terminal.text());
        }
        "other-pane" => {
            press(&mut case);
            case.keys("f");
            case.sees("jobs");
        }
        "commands" => {
            press(&mut case);
            case.sees("Commands");
        }
        "help" => {
            press(&mut case);
            case.sees("Help");
        }
        "back" => {
            case.keys("?");
            case.sees("Help");
            press(&mut case);
            case.loses("Help");
        }
        "suspend" => {
            // A shell waits for it.
            let script = "\"$0\" \"$1\"; echo it is stopped; read line; fg >/dev/null";
            let arguments = ["-mc".into(), script.into(), VIEWER.into(), case.root.path().into()];
            let mut terminal = Terminal::start("sh", &arguments, (120, 36), &[]);
            terminal.sees("record 200");
            terminal.keys(&key);
            terminal.sees("it is stopped");
            assert_eq!(terminal.taken(), (false, false));
            terminal.keys("\r");
            terminal.sees("record 200");
            assert_eq!(terminal.taken(), (true, true));
            terminal.keys("q");
            assert_eq!(terminal.ends(), 0);
        }
        "quit" => {
            press(&mut case);
            assert_eq!(case.terminal.ends(), 0);
        }
        new => panic!("no test presses the key of {new}"),
    }
}

#[test]
fn every_key_of_the_table_is_pressed() {
    let keys = TABLE.iter().flat_map(|row| row.keys.iter().map(move |key| (row, *key)));
    let (keys, failed) = (Mutex::new(keys), Mutex::new(Vec::new()));
    let next = || keys.lock().expect("the keys").next();
    // Each waits for its viewer most of the time.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((row, key)) = next() {
                    if catch_unwind(|| check(row, key)).is_err() {
                        failed.lock().expect("what failed").push((row.name, key));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("what failed");
    assert!(failed.is_empty(), "{failed:?}");
}
