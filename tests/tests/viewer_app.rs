//! The viewer as an app: its commands, its configuration, its list and what it remembers.

use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

/// The viewer over two running jobs.
fn over_two_jobs() -> (Root, Terminal) {
    let mut root = Root::new();
    for id in ["import-42", "mailer-7"] {
        let job = root.running(id);
        for number in 1..=300 {
            job.log("INFO", &format!("{id} says {number:03}"));
        }
    }
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("says 300");
    (root, terminal)
}

#[test]
fn the_command_list_finds_a_command_by_some_letters_and_does_it() {
    let (_root, mut terminal) = over_two_jobs();
    terminal.keys(":");
    terminal.sees("Commands");
    terminal.sees("half-page-down");
    terminal.keys("erronly");
    terminal.loses("half-page-down");
    terminal.sees("errors-only");
    terminal.keys("\r");
    terminal.loses("says 300");
    terminal.sees("only E");
    terminal.keys(":alllev\r");
    terminal.sees("says 300");
    terminal.keys(":120\r");
    terminal.sees("says 120");
    terminal.sees(" HOLD ");
}

#[test]
fn the_configuration_is_read_again_when_it_is_saved_and_a_wrong_one_changes_nothing() {
    let (root, _) = over_two_jobs();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("logview/config.yaml");
    for name in ["debug.log", "info.log"] {
        let ago = std::time::SystemTime::now() - std::time::Duration::from_secs(90);
        let file = std::fs::File::options().append(true).open(root.path().join("mailer-7").join(name));
        file.unwrap().set_modified(ago).unwrap();
    }
    let env = [("XDG_CONFIG_HOME", home.path().to_str().unwrap())];
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &env);
    terminal.sees("says 300");
    terminal.sees("wrap off");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "wrap: true\nkeys: { quit: [Q] }\n").unwrap();
    terminal.sees("wrap on");
    terminal.sees("Q quit");
    std::fs::write(&file, "wrap: true\nquiet-after: 5min\n").unwrap();
    terminal.sees("config.yaml:2:14: quiet-after: \"5min\" has no meaning here");
    std::fs::write(&file, "wrap: true\nkeys: { qiut: [Q] }\n").unwrap();
    terminal.sees("config.yaml:2:9: keys.qiut: no command is called so");
    terminal.sees("did you mean quit?");
    terminal.keys("q");
    terminal.loses("did you mean quit?");
    std::fs::write(&file, "wrap: true\nquiet-after: 1m\n").unwrap();
    terminal.sees("1 quiet");
    std::fs::write(&file, "theme: light\n").unwrap();
    terminal.loses("1 quiet");
    terminal.sees("wrap off");
    terminal.sees("q quit");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_wrong_configuration_is_told_at_the_start_and_the_printed_one_is_right() {
    let (root, _) = over_two_jobs();
    let printed = std::process::Command::new(VIEWER).arg("--print-config").output().unwrap();
    let file = root.path().join("config.yaml");
    std::fs::write(&file, "theme: drak\n").unwrap();
    let arguments = ["--config".into(), file.clone().into(), root.path().into()];
    let mut terminal = Terminal::start(VIEWER, &arguments, (120, 36), &[]);
    terminal.sees("did you mean dark?");
    std::fs::write(&file, printed.stdout).unwrap();
    terminal.loses("did you mean dark?");
    terminal.sees("config.yaml was read again");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn groups_fold_the_newest_job_is_followed_and_new_errors_elsewhere_are_told_and_rung() {
    let mut root = Root::new();
    for id in ["import-1", "import-2", "mailer-1"] {
        root.running(id).log("INFO", &format!("{id} begins"));
    }
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("import-1 begins");
    terminal.keys("B");
    terminal.sees("by prefix");
    terminal.sees("▾ import  2 jobs");
    terminal.keys("h");
    terminal.sees("▸ import  2 jobs");
    terminal.loses("import-2 ");
    terminal.keys("lB");
    terminal.loses("by prefix");
    terminal.keys("n");
    terminal.sees("━ newest");
    let other = root.job("other");
    other.log("INFO", "a directory of anybody's");
    terminal.keys("n!");
    terminal.sees("bell on new errors elsewhere");
    terminal.keys("fmailer\r");
    terminal.sees("mailer-1 begins");
    terminal.keys("\u{1b}");
    root.job("import-1").log("ERROR", "disk on fire");
    terminal.sees("import-1 has a new error");
    terminal.sees("+● import-1");
    tests::eventually("the bell", || terminal.raw().contains(&7).then_some(()), || terminal.text());
}

#[test]
fn how_far_a_job_is_is_shown_with_the_time_left_and_what_became_of_its_records() {
    let root = tempfile::tempdir().unwrap();
    let template = root.path().join("log.yaml");
    let shipped = include_str!("../../config/log.yaml")
        .replace("dir: logs", &format!("dir: {}", root.path().join("logs").display()));
    std::fs::write(&template, shipped).unwrap();
    let logs = logcore::Logs::from_file(&template).unwrap();
    let job = logs.job("pack-1").start().unwrap();
    job.progress(250, 1000);
    log::debug!(logger: job, "packing");
    let terminal = Terminal::view(VIEWER, &root.path().join("logs"));
    terminal.sees("25%  250 of 1.0k");
    terminal.sees("left");
    job.progress(1000, 1000);
    terminal.sees("100%");
    job.finish(logcore::Outcome::Ok);
    terminal.sees("1 logged = 1 written");
    terminal.loses("100%");
}

#[test]
fn where_one_was_is_remembered_for_each_root_and_damage_does_no_harm() {
    let (root, _) = over_two_jobs();
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("logview");
    let start = |root: &std::path::Path| {
        let env = [("XDG_STATE_HOME", home.path().to_str().unwrap())];
        Terminal::start(VIEWER, &[root.into()], (120, 36), &env)
    };
    let mut terminal = start(root.path());
    terminal.sees("three keys to begin with");
    terminal.keys("fmailer\r");
    terminal.loses("three keys to begin with");
    terminal.sees("mailer-7 says 300");
    terminal.keys("\u{1b}s\t:150\r");
    terminal.sees("mailer-7 says 150");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    let mut terminal = start(root.path());
    terminal.sees("sort: name");
    terminal.sees("━ mailer-7 ━");
    terminal.sees(" HOLD ");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    let (other, _) = over_two_jobs();
    let mut terminal = start(other.path());
    terminal.sees("sort: attention");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    for file in std::fs::read_dir(&state).unwrap() {
        std::fs::write(file.unwrap().path(), "\u{1b}]0;owned\u{7}{").unwrap();
    }
    let mut terminal = start(root.path());
    terminal.sees("says 300");
    terminal.sees("sort: attention");
    assert!(!terminal.text().contains("three keys"), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn the_screen_is_as_it_was_when_one_comes_back() {
    let mut root = Root::new();
    let job = root.running("mailer-7");
    for second in 0..300 {
        let (level, time) = (
            if second == 70 { "ERROR" } else { "INFO" },
            format!("16:{:02}:{:02}", 20 + second / 60, second % 60),
        );
        job.append("debug.log", job.line(level, &format!("says {second:03}")).replace("16:20:01", &time));
    }
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let env = [("XDG_STATE_HOME", home.path().to_str().unwrap())];
        Terminal::start(VIEWER, &[root.path().into()], (120, 36), &env)
    };
    let log = |terminal: &Terminal| {
        let said = |row: String| row.split_once("says ").map(|(_, number)| number[..3].to_owned());
        terminal.rows().into_iter().filter_map(said).collect::<Vec<_>>()
    };
    let mut terminal = start();
    terminal.sees("says 299");
    terminal.keys("xe");
    terminal.sees("says 070");
    let before = log(&terminal);
    assert!(before.len() > 20 && before.contains(&"070".to_owned()), "{before:?}");
    for _ in 0..2 {
        terminal.keys("q");
        assert_eq!(terminal.ends(), 0);
        terminal = start();
        terminal.sees(" HOLD ");
        terminal.sees("says 070");
        let same = |_: &str| log(&terminal) == before;
        terminal.until("the same lines in the same rows", same);
    }
    // Only some of the levels, and what has none, come back too.
    terminal.keys("3");
    terminal.sees("only E W D T other");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    start().sees("only E W D T other");
}

#[test]
fn the_level_of_a_running_job_is_raised_for_ten_minutes_if_a_person_says_yes() {
    use log::Log;
    let root = tempfile::tempdir().unwrap();
    let template = root.path().join("log.yaml");
    let shipped = include_str!("../../config/log.yaml")
        .replace("dir: logs", &format!("dir: {}", root.path().join("logs").display()));
    std::fs::write(&template, &shipped).unwrap();
    let logs = logcore::Logs::from_file(&template).unwrap();
    let job = logs.job("Pack/1").start().unwrap();
    log::debug!(logger: job, "packing");
    let mut terminal = Terminal::view(VIEWER, &root.path().join("logs"));
    terminal.sees("packing");
    terminal.keys("R");
    terminal.sees("Raise Pack/1 to trace for 10 minutes?");
    terminal.sees("\"Pack/1\": { level: trace, until: ");
    terminal.keys("n");
    terminal.loses("Raise Pack/1");
    assert_eq!(std::fs::read_to_string(&template).unwrap(), shipped, "nothing is written without a yes");
    terminal.keys("R");
    terminal.sees("Raise Pack/1");
    terminal.keys("y");
    terminal.sees("it goes back at ");
    let traces = || job.enabled(&log::Metadata::builder().level(log::Level::Trace).target("x").build());
    tests::eventually(
        "the raised level",
        || traces().then_some(()),
        || std::fs::read_to_string(&template).unwrap(),
    );
    log::trace!(logger: job, "every single byte");
    terminal.sees("every single byte");
    let written = std::fs::read_to_string(&template).unwrap();
    let kept: Vec<&str> =
        written.lines().filter(|line| !line.contains("logview") && line.trim() != "jobs:").collect();
    assert_eq!(kept, shipped.lines().collect::<Vec<_>>(), "comments and layout stay");
    // It is taken back by the same key.
    terminal.keys("R");
    terminal.sees("Take Pack/1 back to its own level now?");
    terminal.keys("y");
    terminal.sees("Pack/1 has its own level again");
    tests::eventually(
        "its own level",
        || (!traces()).then_some(()),
        || std::fs::read_to_string(&template).unwrap(),
    );
}

#[test]
fn disk_use_is_shown_and_what_the_retention_would_remove_goes_if_a_person_says_yes() {
    let root = tempfile::tempdir().unwrap();
    let (template, dir) = (root.path().join("log.yaml"), root.path().join("logs"));
    let shipped =
        include_str!("../../config/log.yaml").replace("dir: logs", &format!("dir: {}", dir.display()));
    std::fs::write(&template, &shipped).unwrap();
    let logs = logcore::Logs::from_file(&template).unwrap();
    for id in ["old-1", "old-2", "old-3"] {
        let job = logs.job(id).start().unwrap();
        log::debug!(logger: job, "packing");
        job.finish(logcore::Outcome::Ok);
    }
    let mut terminal = Terminal::view(VIEWER, &dir);
    terminal.sees("old-3");
    terminal.keys("D");
    terminal.sees("sets no logcore.retention");
    terminal.keys("y");
    terminal.loses("sets no logcore.retention");
    drop(logs);
    let limited = shipped.replace(
        "
logcore:",
        "
logcore:
  retention: { max_jobs: 1 }",
    );
    std::fs::write(&template, limited).unwrap();
    terminal.keys("D");
    terminal.sees("2 would go");
    terminal.keys("n");
    terminal.loses("2 would go");
    assert!(dir.join("old-1").exists());
    terminal.keys("D");
    terminal.sees("2 would go");
    terminal.keys("y");
    terminal.sees("2 jobs are removed");
    assert!(!dir.join("old-1").exists() && dir.join("old-3").exists() && dir.join("server").exists());
}

#[test]
fn a_thousand_random_keys_and_sizes_leave_the_real_one_alive_and_the_terminal_as_it_was() {
    let (root, _) = over_two_jobs();
    // An editor and a pager that are over at once.
    let env = [("EDITOR", "true"), ("VISUAL", "true"), ("PAGER", "true")];
    let mut terminal = Terminal::start(VIEWER, &[root.path().into()], (120, 36), &env);
    terminal.sees("says 300");
    // Not those that end it or write a file, nor the list of all commands, which has them too.
    let harmless = |name: &&str| !["quit", "save", "commands"].contains(name);
    let rows = || logview::keys::TABLE.iter().filter(|row| harmless(&row.name));
    let plain: Vec<&str> =
        rows().flat_map(|row| row.keys).copied().filter(|key| key.chars().count() == 1).collect();
    let special = [
        "\u{1b}",
        "\r",
        "\t",
        " ",
        "\u{1b}[A",
        "\u{1b}[B",
        "\u{1b}[5~",
        "\u{1b}[6~",
        "\u{1b}[H",
        "\u{1b}[F",
        "\u{4}",
        "\u{7f}",
        "é",
        "界",
        "12",
        "\u{1b}[<0;30;8M",
        "\u{1b}[<64;80;20M",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    for step in 0..1000 {
        if random(3) == 0 {
            terminal.keys(special[random(special.len())]);
        } else {
            terminal.keys(plain[random(plain.len())]);
        }
        if step % 50 == 0 {
            terminal.resize(1 + random(200) as u16, 1 + random(60) as u16);
        }
    }
    terminal.resize(120, 36);
    for _ in 0..12 {
        terminal.keys("\u{1b}");
    }
    terminal.sees(" 2 jobs ");
    terminal.keys("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(terminal.taken(), (false, false));
}
