//! The real viewer, seen through a real terminal.

use logcore::disk::{Counts, Outcome};
use logview::keys::Keymap;
use std::fs;
use std::os::unix::fs::FileExt;
use tests::eventually;
use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

fn counts(error: u64, info: u64) -> Counts {
    Counts { error, info, ..Counts::default() }
}

/// The viewer over one running job that has said a few hundred things.
fn over_one_job() -> (Root, tests::jobs::Dir, Terminal) {
    let mut root = Root::new();
    let job = root.running("import-42");
    for number in 1..=300 {
        job.log("INFO", &format!("message {number:03}"));
    }
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("message 300");
    (root, job, terminal)
}

#[test]
fn it_opens_on_the_job_that_needs_a_look_at_its_end_and_follows() {
    let mut root = Root::new();
    root.ended("calm", Outcome::Ok, counts(0, 1)).log("INFO", "all is well");
    let failed = root.ended("Broken/one", Outcome::Failed, counts(2, 1));
    failed.log("INFO", "before");
    failed.log("ERROR", "disk on fire");
    root.running("busy").log("DEBUG", "working");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("disk on fire");
    terminal.sees("3 jobs");
    terminal.until("the failed job first", |screen| {
        screen.lines().nth(3).is_some_and(|row| row.contains("▌✗ Broken/one") && row.contains("2"))
    });
    assert!(terminal.status().contains("FOLLOW"), "{}", terminal.text());
    let error_rows = terminal.rows().iter().filter(|row| row.contains("disk on fire")).count();
    assert_eq!(error_rows, 1, "an error stands in three files and is shown once:\n{}", terminal.text());
    failed.log("INFO", "and on it goes");
    terminal.sees("and on it goes");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(terminal.taken(), (false, false));
}

#[test]
fn states_are_told_apart_and_counts_come_from_job_json_or_from_the_files() {
    let mut root = Root::new();
    root.ended("finished", Outcome::Ok, Counts { error: 7, warn: 8, ..Counts::default() }).log("INFO", "bye");
    let killed = root.killed("killed");
    (0..5).for_each(|_| killed.log("ERROR", "before it was killed"));
    let running = root.running("running");
    (0..4).for_each(|_| running.log("WARN", "so far so good"));
    let quiet = root.running("silent");
    quiet.log("INFO", "last words");
    for name in ["debug.log", "info.log"] {
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(900);
        fs::File::options().append(true).open(quiet.file(name)).unwrap().set_modified(long_ago).unwrap();
    }
    let terminal = Terminal::view(VIEWER, root.path());
    let row = |start: &'static str, counts: &'static str| {
        terminal.until(start, move |screen| {
            screen.lines().any(|row| row.get(..60).unwrap_or(row).contains(start) && row.contains(counts))
        });
    };
    row("✓ finished", "   7    8");
    row("! killed", "   5    ·");
    row("● running", "   ·    4");
    row("! silent", "   ·    ·");
    terminal.sees("1 died");
    terminal.sees("1 quiet");
    running.log("ERROR", "and then");
    row("● running", "   1    4");
}

#[test]
fn a_line_of_50_megabytes_without_an_end_freezes_nothing() {
    let mut root = Root::new();
    let job = root.running("endless");
    job.append("debug.log", "x".repeat(50 << 20));
    job.append("debug.log", "THE END");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("xxxxxxxx");
    let started = std::time::Instant::now();
    terminal.keys("\tvkkkkkkkkGbbbgG");
    terminal.sees("THE END");
    terminal.keys("/the end\r");
    terminal.sees("1 hit");
    assert!(started.elapsed().as_secs() < 5, "it took {:?}", started.elapsed());
}

#[test]
fn new_jobs_and_new_level_files_appear() {
    let (mut root, job, terminal) = over_one_job();
    root.running("late-comer").log("INFO", "hello");
    terminal.sees("late-comer");
    terminal.loses("error.log");
    job.log("ERROR", "now there is an error");
    terminal.sees("now there is an error");
    terminal.sees("error.log");
    terminal.sees("Error 1");
}

#[test]
fn moving_up_holds_and_end_follows() {
    let (_root, job, mut terminal) = over_one_job();
    terminal.keys("\tb");
    terminal.sees(" HOLD ");
    let shown = |terminal: &Terminal| -> Vec<String> {
        terminal
            .rows()
            .into_iter()
            .filter_map(|row| row.find("message").map(|at| row[at..at + 11].to_owned()))
            .collect()
    };
    terminal.loses("message 300");
    let before = shown(&terminal);
    for _ in 0..40 {
        job.log("INFO", "something new");
    }
    terminal.sees("40 new");
    assert_eq!(shown(&terminal), before, "what a person reads does not move");
    terminal.keys("G");
    terminal.sees(" FOLLOW ");
    terminal.sees("something new");
    terminal.keys("g");
    terminal.sees("message 001");
    terminal.sees(" HOLD ");
}

#[test]
fn a_truncated_file_is_followed() {
    let (_root, job, terminal) = over_one_job();
    for name in ["debug.log", "info.log"] {
        fs::write(job.file(name), "").unwrap();
    }
    terminal.loses("message 300");
    job.log("INFO", "after the cut");
    terminal.sees("after the cut");
}

#[test]
fn a_file_that_is_copied_and_cut_goes_on_below_its_copy() {
    let (_root, job, mut terminal) = over_one_job();
    fs::copy(job.file("debug.log"), job.file("debug.log.1")).unwrap();
    fs::File::options().write(true).open(job.file("debug.log")).unwrap().set_len(0).unwrap();
    job.log("INFO", "after the cut");
    terminal.sees("after the cut");
    terminal.sees("1 rotated");
    terminal.until("its copy above it", |screen| {
        let row = |text: &str| screen.lines().position(|row| row.contains(text));
        row("message 300").is_some() && row("message 300") < row("after the cut")
    });
    terminal.sees("301 of 301");
    terminal.keys("\tg");
    terminal.sees("message 001");
}

#[test]
fn a_renamed_and_recreated_file_is_followed_without_missing_a_line() {
    let (_root, job, terminal) = over_one_job();
    // Written, rotated and written again between two looks.
    job.log("INFO", "the last of the old file");
    fs::rename(job.file("debug.log"), job.file("debug.log.1")).unwrap();
    job.log("INFO", "in the new file");
    terminal.sees("in the new file");
    terminal.until("the old file's end above it", |screen| {
        let row = |text: &str| screen.lines().position(|row| row.contains(text));
        row("message 300") < row("the last of the old file")
            && row("the last of the old file") < row("in the new file")
    });
    job.log("INFO", "and on");
    terminal.sees("and on");
    terminal.sees("1 rotated");
    terminal.sees("Info 303");
}

#[test]
fn what_was_rotated_away_before_stands_above_packed_or_not_and_across_a_live_roll() {
    let mut root = Root::new();
    let job = root.running("import-42");
    let lines = |from: usize, to: usize| -> String {
        (from..=to).map(|number| job.line("INFO", &format!("message {number:03}"))).collect()
    };
    let packed = fs::File::create(job.file("debug.log.2.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::default());
    std::io::Write::write_all(&mut packed, lines(1, 100).as_bytes()).unwrap();
    packed.finish().unwrap();
    job.append("debug.log.1", lines(101, 200));
    job.append("debug.log", lines(201, 300));
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("message 300");
    terminal.sees("2 rotated");
    terminal.sees("300 of 300");
    terminal.keys("\tg");
    terminal.sees("message 001");
    fs::rename(job.file("debug.log.1"), job.file("debug.log.2")).unwrap();
    fs::rename(job.file("debug.log"), job.file("debug.log.1")).unwrap();
    job.append("debug.log", lines(301, 310));
    terminal.sees("3 rotated");
    terminal.sees("message 001");
    terminal.keys(":200\r");
    terminal.sees("▸16:20:01.123 I fetch message 200");
    terminal.keys("/message 30.\r");
    terminal.sees("10 hits");
    terminal.keys("G");
    terminal.sees("310 of 310");
}

#[test]
fn a_line_is_reached_by_its_number_and_a_record_by_its_time() {
    let root = Root::new();
    let job = root.job("clock");
    for number in 0..300 {
        let (minute, second) = (number / 60, number % 60);
        job.append("debug.log", format!("2026-11-22T16:{minute:02}:{second:02}Z INFO message {number:03}\n"));
    }
    let arguments = [root.path().into()];
    let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &[("TZ", "UTC")]);
    terminal.sees("message 299");
    terminal.keys(":17\r");
    terminal.sees("▸16:00:16 I message 016");
    terminal.keys("t-1m\r");
    terminal.sees("▸16:03:59 I message 239");
    terminal.keys("tT+90\r");
    terminal.sees("▸16:01:30 I message 090");
    terminal.keys("t2026-11-22 16:02\r");
    terminal.sees("▸16:02:00 I message 120");
    terminal.keys("t23:59\r");
    terminal.sees("▸16:04:59 I message 299");
    terminal.sees("the log ends before that");
    terminal.keys("tnoon\r");
    terminal.sees("a time is 14:30");
}

#[test]
fn level_files_that_do_not_hold_each_others_records_are_one_log() {
    let mut root = Root::new();
    let job = root.running("import-42");
    let log = |second: usize, file: &str, level: &str| {
        job.append(file, format!("[{level}] [2026-11-22T16:20:{second:02}Z] [import-42] [1:1] - [m::n] [line:1]: at {second:02}\n"));
    };
    for second in (0..30).step_by(3) {
        log(second, "debug.log", "DEBUG");
        log(second + 1, "info.log", "INFO");
    }
    log(5, "error.log.1", "ERROR");
    log(17, "error.log", "ERROR");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("3 files merged");
    terminal.until("all in the order of time", |screen| {
        let row = |text: &str| screen.lines().position(|row| row.contains(text));
        row("at 03") < row("at 04")
            && row("at 04") < row("at 05")
            && row("at 05") < row("at 06")
            && row("at 28").is_some()
    });
    terminal.sees("22 of 22");
    log(31, "error.log", "ERROR");
    terminal.sees("at 31");
    terminal.keys("E");
    terminal.sees("▸16:20:31 E n     at 31");
    terminal.keys("]");
    terminal.loses("at 04");
    terminal.keys("[");
    terminal.sees("at 04");
}

#[test]
fn other_encodings_are_read_and_what_is_no_text_does_no_harm() {
    let mut root = Root::new();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let job = root.running("utf-16");
    job.append("debug.log", [b"\xff\xfe".to_vec(), wide("[INFO] naïve 界\r\n[ERROR] ende\r\n")].concat());
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("naïve 界");
    terminal.sees("Error 1");
    job.append("debug.log", wide("[WARN] später\r\n"));
    terminal.sees("später");
    terminal.keys("/SPÄTER|界\r");
    terminal.sees("1 hit");
    let other = root.running("zzz");
    other.append("debug.log", b"\xef\xbb\xbf[INFO] a mark before it\n");
    other.append("debug.log", vec![0; 100_000]);
    other.append("debug.log", (0..=255).collect::<Vec<u8>>());
    other.append("debug.log", "\n[INFO] and after it\n");
    terminal.sees("zzz");
    terminal.keys("\u{1b}");
    terminal.keys("fzzz\r");
    terminal.sees("and after it");
    terminal.sees("Info 2");
    terminal.keys("\tg");
    terminal.sees("I a mark before it");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    let job = root.job("gbk");
    job.append("debug.log", b"[INFO] \xd6\xd0\xce\xc4\n");
    let arguments = ["--encoding".into(), "gbk".into(), root.path().into()];
    let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &[]);
    terminal.sees("3 jobs");
    terminal.keys("fgbk\r");
    terminal.sees("中文");
}

#[test]
fn a_file_that_becomes_a_directory_and_a_file_again_is_followed_on() {
    let (_root, job, mut terminal) = over_one_job();
    // Somebody reads it.
    terminal.keys("\t");
    fs::remove_file(job.file("debug.log")).unwrap();
    fs::create_dir(job.file("debug.log")).unwrap();
    fs::remove_file(job.file("info.log")).unwrap();
    terminal.sees("message 300");
    terminal.sees("a directory, not opened");
    fs::remove_dir(job.file("debug.log")).unwrap();
    job.append("debug.log", job.line("DEBUG", "a file again"));
    terminal.sees("a file again");
    // The whole job is another directory now.
    let dir = job.file("debug.log").parent().unwrap().to_owned();
    fs::rename(&dir, dir.with_extension("old")).unwrap();
    terminal.sees("directory gone");
    terminal.sees("a file again");
    fs::create_dir(&dir).unwrap();
    job.append("debug.log", job.line("INFO", "in the new directory"));
    terminal.sees("in the new directory");
    terminal.loses("directory gone");
    // The same, faster than anybody looks.
    fs::rename(&dir, dir.with_extension("older")).unwrap();
    fs::create_dir(&dir).unwrap();
    job.append("debug.log", job.line("INFO", "in the newest directory"));
    terminal.sees("in the newest directory");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_job_that_is_moved_away_and_back_is_read_on_where_one_was_with_its_marks() {
    let (_root, job, mut terminal) = over_one_job();
    terminal.keys("\t:100\rmwhy\r");
    terminal.sees("message 100");
    let dir = job.file("debug.log").parent().unwrap().to_owned();
    fs::rename(&dir, dir.with_extension("aside")).unwrap();
    terminal.sees("directory gone");
    fs::rename(dir.with_extension("aside"), &dir).unwrap();
    terminal.loses("directory gone");
    job.log("INFO", "message 301");
    terminal.sees("1 new");
    terminal.until("the line, and its mark", |screen| {
        screen.contains(" HOLD ")
            && screen.lines().any(|row| row.contains("message 100") && row.contains("why"))
    });
}

#[test]
fn between_a_roll_and_the_next_record_nobody_is_taken_elsewhere() {
    let (_root, job, mut terminal) = over_one_job();
    terminal.keys("\t:100\r");
    terminal.sees("▸");
    fs::rename(job.file("debug.log"), job.file("debug.log.1")).unwrap();
    terminal.sees("file is gone");
    // Longer than any look takes.
    let started = std::time::Instant::now();
    while started.elapsed().as_secs() < 3 {
        let text = terminal.text();
        assert!(
            text.contains(" HOLD ") && text.contains("message 100") && !text.contains("info.log, "),
            "{text}"
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    job.append("debug.log", job.line("DEBUG", "after the roll"));
    terminal.sees("1 new");
    assert!(terminal.text().contains("message 100"), "{}", terminal.text());
    terminal.keys("G");
    terminal.sees("after the roll");
    terminal.sees("message 300");
}

#[test]
fn what_was_rotated_away_is_there_also_where_no_file_has_the_name_any_more() {
    let root = Root::new();
    let job = root.job("gone");
    job.append(
        "app.log.1",
        format!("{}{}", job.line("INFO", "the last one"), job.line("ERROR", "why it ended")),
    );
    let packed = fs::File::create(job.file("app.log.2.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, job.line("INFO", "the first one").as_bytes()).unwrap();
    packed.finish().unwrap();
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("why it ended");
    terminal.sees("the first one");
    terminal.until("its counts", |screen| {
        screen.contains("Error 1") && screen.lines().any(|row| row.contains(" gone ") && row.contains("  1 "))
    });
    job.append("app.log", job.line("INFO", "and on it goes"));
    terminal.sees("and on it goes");
    terminal.sees("the first one");
}

#[test]
fn a_file_that_is_opened_between_a_roll_and_its_first_record_goes_on() {
    for empty in [false, true] {
        let mut root = Root::new();
        let job = root.running("import-42");
        (1..=300).for_each(|number| job.log("INFO", &format!("message {number:03}")));
        fs::rename(job.file("debug.log"), job.file("debug.log.1")).unwrap();
        if empty {
            job.append("debug.log", "");
        }
        let terminal = Terminal::view(VIEWER, root.path());
        terminal.sees("message 300");
        terminal.sees("1 rotated");
        job.log("INFO", "in the new file");
        terminal.sees("in the new file");
        terminal.sees("Info 301");
    }
}

#[test]
fn a_job_that_is_removed_while_it_is_read_stays_until_it_is_left() {
    let (root, job, mut terminal) = over_one_job();
    root.ended("other", Outcome::Ok, counts(0, 1)).log("INFO", "what the other says");
    terminal.sees("2 jobs");
    fs::remove_dir_all(job.file("debug.log").parent().unwrap()).unwrap();
    terminal.sees("directory gone");
    terminal.sees("message 300");
    terminal.sees("1 job ");
    terminal.keys("jk");
    terminal.sees("what the other says");
    terminal.loses("import-42");
}

#[test]
fn a_deleted_file_stays_on_the_screen_and_the_next_one_goes_on_below_it() {
    let (_root, job, terminal) = over_one_job();
    fs::remove_file(job.file("debug.log")).unwrap();
    fs::remove_file(job.file("info.log")).unwrap();
    terminal.sees("file is gone");
    terminal.sees("message 300");
    job.append("debug.log", job.line("DEBUG", "back again"));
    terminal.sees("back again");
    terminal.sees("message 300");
    terminal.loses("file is gone");
}

#[test]
fn lines_are_read_by_the_pattern_of_job_json() {
    let mut root = Root::new();
    let job = root.running_with(
        "import-42",
        &[("debug.log", "{d(%d.%m. %H:%M:%S)} ${job_id} <{l:.1}> \\({t}\\) {m}{n}")],
    );
    job.append("debug.log", "22.11. 16:20:01 import-42 <I> (app::fetch) ERROR: is only what it says\n");
    job.append("debug.log", "22.11. 16:20:02 import-42 <E> (app::db) it broke\n");
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("16:20:02 E db    it broke");
    terminal.sees("Error 1 ");
    terminal.sees("Info 1 ");
    terminal.until("the list's count", |screen| {
        screen.lines().nth(3).is_some_and(|row| row.contains("import-42") && row.contains("   1    ·"))
    });
}

#[test]
fn what_cannot_be_opened_is_not_counted_as_nothing() {
    let mut root = Root::new();
    let job = root.running("hidden-errors");
    job.log("INFO", "hello");
    fs::create_dir(job.file("error.log")).unwrap();
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.until("an open count", |screen| {
        screen.lines().any(|row| row.contains("● hidden-errors") && row.contains("    ?    ?"))
    });
}

#[test]
fn search_finds_counts_and_steps_both_ways() {
    let (_root, _job, mut terminal) = over_one_job();
    terminal.keys("/message .*7.$\r");
    terminal.sees("▸16:20:01.123 I fetch message 279");
    terminal.sees("30 hits");
    terminal.keys("N");
    terminal.sees("▸16:20:01.123 I fetch message 278");
    terminal.keys("nn");
    terminal.sees("from the other end");
    terminal.sees("▸16:20:01.123 I fetch message 070");
    terminal.keys("/no such thing\r");
    terminal.sees("no line that matches");
    terminal.sees("0 hits");
    terminal.keys("/(\r");
    terminal.sees("wrong at character 1: unclosed group");
}

#[test]
fn levels_and_errors_are_one_key_away() {
    let (_root, job, mut terminal) = over_one_job();
    job.log("ERROR", "the one error");
    job.log("WARN", "the one warning");
    for number in 1..=100 {
        job.log("DEBUG", &format!("noise {number}"));
    }
    terminal.sees("noise 100");
    terminal.sees("Debug 100");
    terminal.keys("E");
    terminal.sees("▸16:20:01.123 E fetch the one error");
    terminal.keys("w");
    terminal.sees("▸16:20:01.123 W fetch the one warning");
    terminal.keys("0");
    terminal.loses("noise");
    terminal.loses("the one warning");
    terminal.sees("only E");
    terminal.keys("a");
    terminal.sees("noise 1");
    terminal.sees("message 300");
}

#[test]
fn only_matching_lines_are_shown_on_demand() {
    let (_root, _job, mut terminal) = over_one_job();
    terminal.keys("\tf[12]50\r");
    terminal.loses("message 300");
    terminal.sees("message 150");
    terminal.sees("message 250");
    terminal.keys("\u{1b}");
    terminal.sees("message 300");
}

#[test]
fn the_help_has_every_key_of_the_table() {
    let (_root, _job, mut terminal) = over_one_job();
    terminal.keys("?");
    terminal.sees("Help");
    for row in logview::keys::TABLE {
        let key = Keymap::default().shown(&[row], false, 1);
        terminal.until(row.name, |screen| screen.contains(row.help) && screen.contains(&key));
    }
    terminal.keys("search");
    terminal.loses("half a page");
    terminal.sees("search (regex)");
    terminal.keys("\u{1b}");
    terminal.loses("Help");
}

#[test]
fn bytes_of_a_log_never_control_the_terminal() {
    let mut root = Root::new();
    let job = root.running("evil\u{1b}[2J");
    job.append("debug.log", b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b5n \xc2\x9b6n \x00\x08\x0d\xff [bold]kept[/bold] end\n");
    job.append("debug.log", job.line("INFO", "\u{202e}drow\u{1b}[6n wide 界 end"));
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("wide 界 end");
    terminal.sees("[bold]kept[/bold]");
    terminal.sees("red");
    let raw = terminal.raw();
    for forbidden in
        [&b"\x1b]0;"[..], b"\x07", b"\x1b[6n", b"\x9b5n", b"\xc2\x9b", b"\x00", b"\x08", b"\xe2\x80\xae"]
    {
        // 0x9b may be part of a longer character, so only whole sequences are looked for.
        assert!(
            !raw.windows(forbidden.len()).any(|window| window == forbidden),
            "{forbidden:?} was passed on"
        );
    }
}

#[test]
fn a_file_of_4_gigabytes_opens_at_once_at_its_end() {
    let root = Root::new();
    let job = root.job("huge");
    let file = fs::File::create(job.file("debug.log")).unwrap();
    file.set_len(4 << 30).unwrap();
    file.write_all_at(job.line("INFO", "the very first line").as_bytes(), 0).unwrap();
    let tail: String = (1..=200).map(|number| job.line("INFO", &format!("tail {number:03}"))).collect();
    file.write_all_at(format!("\n{tail}").as_bytes(), 4 << 30).unwrap();
    let started = std::time::Instant::now();
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("tail 200");
    assert!(started.elapsed().as_secs() < 3, "it took {:?}", started.elapsed());
    terminal.keys("g");
    terminal.keys("\tg");
    terminal.sees("the very first line");
    terminal.keys("G");
    terminal.sees("tail 200");
}

#[test]
fn it_survives_any_size_down_to_one_cell() {
    let (_root, _job, mut terminal) = over_one_job();
    for (columns, rows) in [(80, 24), (59, 12), (20, 5), (3, 2), (1, 1), (200, 60), (2, 40), (120, 36)] {
        terminal.resize(columns, rows);
        terminal.keys("k");
        if columns >= 20 {
            terminal.until("a screen of that size", |screen| screen.contains("message"));
        }
    }
    terminal.sees("message");
    terminal.sees("import-42");
    // With the help open as well. Escape is sent alone: with a key right behind it, it would be that key with Alt.
    terminal.keys("?");
    terminal.sees("Help");
    for (columns, rows) in [(20, 5), (1, 1), (120, 36)] {
        terminal.resize(columns, rows);
    }
    terminal.until("the help again", |screen| screen.contains("Help") && screen.contains("quit"));
    terminal.keys("\u{1b}");
    terminal.until("the help closed", |screen| !screen.contains("Help") && screen.contains("message"));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["TERM", "INT", "HUP"] {
        let (_root, _job, mut terminal) = over_one_job();
        assert_eq!(terminal.taken(), (true, true));
        let pid = terminal.pid().to_string();
        std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert_eq!(terminal.ends(), 0, "{signal}");
        eventually(
            "the terminal given back",
            || (terminal.taken() == (false, false)).then_some(()),
            || terminal.text(),
        );
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_what_happened() {
    for place in ["draw", "pager"] {
        let mut root = Root::new();
        root.running("import-42").log("INFO", "hello");
        let arguments = [root.path().into()];
        let env = [("LOGVIEW_TEST_PANIC", place)];
        let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &env);
        assert_ne!(terminal.ends(), 0, "{place}");
        terminal.sees("asked for by LOGVIEW_TEST_PANIC");
        assert_eq!(terminal.taken(), (false, false), "{place}");
    }
}

#[test]
fn anybodys_logs_can_be_browsed() {
    let root = Root::new();
    let app = root.job("app");
    app.append(
        "service.log",
        "2026-11-22 16:20:01,123 ERROR app: it broke\nTraceback (most recent call last):\n  File x\n",
    );
    app.append("access.log", "GET / 200\n".repeat(50));
    fs::write(root.path().join("loose.log"), "a loose line\n").unwrap();
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("(files here)");
    terminal.sees("app");
    terminal.keys("fapp\r");
    terminal.sees("GET / 200");
    terminal.keys("]");
    terminal.sees("16:20:01,123 E");
    terminal.sees("app: it broke");
    terminal.sees("Traceback");
}

#[test]
fn what_a_compiler_prints_is_read_line_by_line_also_while_it_begins() {
    let root = Root::new();
    let app = root.job("build");
    app.append("build.log", "");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("build");
    app.append("build.log", "error: cannot find a\n");
    terminal.sees("cannot find a");
    app.append("build.log", "  --> a.rs:3\ncompiling b\ncompiling c\nwarning: d is unused\nlinking e\n");
    terminal.sees("linking e");
    terminal.keys("0");
    terminal.loses("linking e");
    terminal.loses("compiling b");
    terminal.sees("cannot find a");
    terminal.sees("--> a.rs:3");
}

#[test]
fn a_directory_that_is_missing_is_awaited() {
    let root = Root::new();
    let later = root.path().join("later");
    let mut terminal = Terminal::view(VIEWER, &later);
    terminal.sees("There is no directory");
    fs::create_dir_all(later.join("job-1")).unwrap();
    terminal.sees("no log file yet");
    fs::write(later.join("job-1/debug.log"), "here it is\n").unwrap();
    terminal.sees("here it is");
    terminal.keys("\u{3}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn without_notifications_it_polls_and_says_so() {
    let mut root = Root::new();
    let job = root.running("import-42");
    job.log("INFO", "hello");
    let arguments = ["--poll".into(), root.path().into()];
    let terminal = Terminal::start(VIEWER, &arguments, (120, 36), &[]);
    terminal.sees("polling");
    job.log("INFO", "noticed all the same");
    terminal.sees("noticed all the same");
}

#[test]
fn ascii_means_ascii_and_no_color_none() {
    let mut root = Root::new();
    root.running("import-ü").log("ERROR", "naïve 界");
    let arguments = ["--ascii".into(), root.path().into()];
    let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &[("NO_COLOR", "1")]);
    terminal.sees("na?ve ?");
    terminal.keys("?");
    terminal.sees("Help");
    let raw = terminal.raw();
    assert!(raw.is_ascii(), "{}", String::from_utf8_lossy(&raw));
    let text = String::from_utf8_lossy(&raw);
    assert!(!text.contains("38;5;") && !text.contains("\u{1b}[31m"), "no colours");
}

#[test]
fn how_many_lines_filters_leave_is_counted_as_the_file_grows() {
    let (_root, job, mut terminal) = over_one_job();
    terminal.keys("\tFmessage 1\r");
    terminal.sees("200 lines are shown");
    job.log("INFO", "message 301");
    terminal.sees("201 lines are shown");
    job.append("debug.log", format!("{}\tand more of it\n", job.line("INFO", "message 1 is not shown")));
    job.append("debug.log", format!("{}\tand more of it\n", job.line("INFO", "message 302")));
    terminal.sees("203 lines are shown");
    terminal.keys("fmessage 2\r");
    terminal.sees("100 lines are shown");
    terminal.keys("F[5-9]$\r");
    terminal.sees("50 lines are shown");
    terminal.keys("X");
    terminal.until("what each matches", |screen| {
        let row =
            |word: &str, count: &str| screen.lines().any(|row| row.contains(word) && row.contains(count));
        row("hides  message 1", " 101 lines")
            && row("only   message 2", " 100 lines")
            && row("hides  [5-9]$", " 150 lines")
    });
    terminal.keys("\u{1b}");
    terminal.loses("─ Filters ─");
    terminal.keys("\u{1b}");
    terminal.loses("are shown");
}

#[test]
fn on_a_light_background_warnings_are_not_pale() {
    let mut root = Root::new();
    root.running("import-42").log("WARN", "the pool is exhausted");
    for (colors, wanted) in [("15;0", vt100::Color::Idx(3)), ("0;15", vt100::Color::Idx(94))] {
        let terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &[("COLORFGBG", colors)]);
        terminal.sees("the pool is exhausted");
        let screen = terminal.screen();
        let row = terminal.rows().iter().position(|row| row.contains("the pool")).unwrap() as u16;
        let cells = (0..120).filter_map(|column| screen.cell(row, column));
        let said: Vec<_> = cells.map(vt100::Cell::fgcolor).collect();
        assert!(said.contains(&wanted), "{said:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_directories_neither_block_nor_lead_outside() {
    let mut root = Root::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "the secret\n").unwrap();
    let job = root.running("hostile");
    fs::create_dir(job.file("info.log")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), job.file("debug.log")).unwrap();
    let fifo = job.file("trace.log");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("no file that can be shown");
    terminal.sees("a link, not opened");
    job.append("error.log", job.line("ERROR", "a real file"));
    terminal.sees("a real file");
    assert!(!terminal.text().contains("the secret"));
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let output = std::process::Command::new(VIEWER).arg("logs").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("run logview in a terminal"));
}
