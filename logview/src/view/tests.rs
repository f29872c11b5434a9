//! Whole screens. `LOGVIEW_SNAPSHOTS=write cargo test -p logview` writes them anew, to be read before they are kept.

use super::view;
use crate::model::{Listing, Look, Message, Missing, Mode, Model, Pane, Request, State};
use crate::reading::lines::tests::lines;
use crate::reading::page::whole_record;
use crate::update::tests::Case;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::PathBuf;
use std::time::Duration;

/// The screen as text, with trailing blanks cut.
pub(crate) fn screen(model: &Model, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = (0..height).map(|row| {
        let cells = (0..width).map(|column| buffer[(column, row)].symbol());
        cells.collect::<String>().trim_end().to_owned() + "\n"
    });
    rows.collect()
}

fn record(number: u32) -> String {
    let (minute, second) = (20 + number / 60, number % 60);
    let (level, target, message) = match number % 7 {
        0 => ("INFO", "batch", "accepted size=512 lag=0.2s"),
        3 if number.is_multiple_of(5) => {
            ("ERROR", "db", "commit failed: connection reset by peer\n\tat commit\n\tat main")
        }
        5 => ("WARN", "db", "pool exhausted waited=1.4s in_use=16/16"),
        _ => ("DEBUG", "fetch", "GET https://api.acme.io/v2/items?page=119&sort=price&filter=none&limit=512"),
    };
    format!(
        "[{level}] [2026-11-22T16:{minute}:{second:02}.219876543+00:00] [a] [1:1] - [app::{target}] [line:1]: {message}\n"
    )
}

fn busy(size: (u16, u16)) -> Case {
    let text: String = (0..360).map(record).collect();
    let mut case = Case::new(&text, size);
    let states = [
        State::Failed,
        State::Quiet,
        State::Died,
        State::Done,
        State::Dropped,
        State::Unknown,
        State::Panicked,
    ];
    let jobs = (1u32..30).map(|number| {
        let mut job = case.job(&format!("import-0817-{number:04}"), states[number as usize % states.len()]);
        job.errors = u64::from(number % 3) * 500;
        job.warnings = 0;
        job.hour = [0; 6];
        job.written = Some(case.model.now - Duration::from_secs(u64::from(number).pow(3) * 7));
        job
    });
    let jobs = jobs.collect();
    case.send(Message::Jobs(jobs));
    case
}

fn matches_snapshot(name: &str, screen: &str) {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/view/snapshots").join(format!("{name}.txt"));
    if std::env::var_os("LOGVIEW_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, screen).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == screen, "{name} has changed:\n{screen}");
}

#[test]
fn the_main_screen_is_as_it_was() {
    for size in [(120, 36), (80, 24), (200, 60), (50, 12), (1, 1)] {
        let case = busy(size);
        matches_snapshot(&format!("main-{}x{}", size.0, size.1), &screen(&case.model, size));
    }
}

#[test]
fn the_help_the_search_and_the_list_over_the_log_are_as_they_were() {
    let mut case = busy((120, 36));
    case.keys("?");
    matches_snapshot("help-120x36", &screen(&case.model, (120, 36)));
    case.keys("\u{1b}/reset by\r/pool");
    matches_snapshot("search-120x36", &screen(&case.model, (120, 36)));
    for size in [(80, 24), (200, 60), (50, 14)] {
        let mut case = busy(size);
        case.keys("/conn(ection)? reset");
        case.send(Message::Key(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE)));
        matches_snapshot(&format!("search-{}x{}", size.0, size.1), &screen(&case.model, size));
    }
    for size in [(120, 36), (80, 24), (200, 60), (50, 14)] {
        let mut case = busy(size);
        case.keys("/pool\r");
        let key = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL);
        case.send(Message::Key(key));
        case.keys("kk");
        matches_snapshot(&format!("hits-{}x{}", size.0, size.1), &screen(&case.model, size));
    }
    let mut case = busy((120, 36));
    case.keys("/conn(ection? reset");
    matches_snapshot("search-wrong-120x36", &screen(&case.model, (120, 36)));
    let mut case = busy((80, 24));
    case.keys("\t");
    matches_snapshot("list-80x24", &screen(&case.model, (80, 24)));
}

/// What opens each of the screens over the main one, as keys; what is asked for is answered.
const SCREENS: &[(&str, &str)] = &[
    ("commands", ":lev"),
    ("filters", "\tfreset\rFpool\rX"),
    ("filtered", "\tfreset\r++"),
    ("marks", "\tkkkmwhy\rjm\r'"),
    ("note", "\tkkkm"),
    ("detail", "\te\r"),
    ("chart", "\tI hh"),
    ("compare", "C"),
    ("compare-all", "Caj"),
    ("split", "|"),
    ("refused", "R"),
    ("folded", "\tG,"),
    ("raw", "\tp"),
    ("wrapped", "\tv"),
    ("zoomed", "z"),
    ("since-start", "\tT"),
    ("no-match", "\tfno such thing\r"),
    ("list-filter", "f0042"),
    ("groups", "B"),
];

#[test]
fn every_other_screen_is_as_it_was() {
    for size in [(120, 36), (80, 24)] {
        for (name, keys) in SCREENS {
            let mut case = busy(size);
            if size.0 < crate::layout::WIDE {
                case.model.focus = Pane::List;
            }
            case.keys(keys);
            if let Some(Request::Record { tag, at }) = case.asked {
                let record = whole_record(&mut lines(&case.text), at).unwrap();
                case.send(Message::Record { tag, record });
            }
            matches_snapshot(&format!("{name}-{}x{}", size.0, size.1), &screen(&case.model, size));
        }
    }
}

#[test]
fn where_there_is_nothing_it_says_what_to_do() {
    let now = chrono::DateTime::parse_from_rfc3339("2026-11-22T16:30:00+00:00").unwrap();
    let empty = |problem| {
        let mut model = Model::new("./logs", Look::default(), (80, 24), now);
        let listing = Listing { problem, ..Listing::default() };
        drop(crate::update::update(&mut model, Message::Listed(listing)));
        screen(&model, (80, 24))
    };
    matches_snapshot("no-root-80x24", &empty(Some(Missing::Root)));
    matches_snapshot("unreadable-80x24", &empty(Some(Missing::Unreadable("permission denied".into()))));
    matches_snapshot("no-jobs-80x24", &empty(None));
    let mut model = Model::new("./logs", Look::default(), (80, 24), now);
    model.mode = Mode::Notice(crate::update::notice::first_hints(&model));
    matches_snapshot("welcome-80x24", &screen(&model, (80, 24)));
}

#[test]
fn every_size_is_drawn() {
    for width in (1..140).step_by(7) {
        for height in (1..50).step_by(5) {
            let mut case = busy((width, height));
            screen(&case.model, (width, height));
            case.keys("\tv?");
            screen(&case.model, (width, height));
            // The terminal may have another size than the model knows of.
            screen(&case.model, (height, width));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_logged_every_column_stays_in_its_place(
        texts in proptest::collection::vec("[a-z \\tא-ת界가👍❤\u{fe0f}\u{301}\u{200d}\u{202e}\u{7}\u{1b}\\[0-9m;{}\"=/]{0,60}", 1..30),
        wide in 100..180u16, keys in "[vpcTz.]{0,6}",
    ) {
        let text: String = texts.iter().enumerate().map(|(at, text)| {
            format!("[INFO] [2026-11-22T16:20:{:02}.5+00:00] [a] [1:1] - [a::b] [line:1]: {text}\n", at % 60)
        }).collect();
        let mut case = Case::new(&text, (wide, 30));
        case.keys(&format!("\t{keys}"));
        let mut terminal = Terminal::new(TestBackend::new(wide, 30)).unwrap();
        terminal.draw(|frame| view(&case.model, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let areas = case.model.areas();
        for row in areas.log.y..areas.log.y + areas.log.height {
            let at = |column: u16| buffer[(column, row)].symbol();
            if areas.divider.width > 0 {
                proptest::prop_assert_eq!(at(areas.divider.x), "│");
                proptest::prop_assert!("│█▐◂•◆".contains(at(wide - 1)), "{}", at(wide - 1));
            }
            for column in 0..wide {
                proptest::prop_assert!(!at(column).chars().any(char::is_control));
            }
        }
    }
}

#[test]
fn without_colours_none_is_set() {
    let mut case = busy((120, 36));
    case.model.look.plain = true;
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    terminal.draw(|frame| view(&case.model, frame)).unwrap();
    let plain = |color| color == ratatui::style::Color::Reset;
    assert!(terminal.backend().buffer().content.iter().all(|cell| plain(cell.fg) && plain(cell.bg)));
}

#[test]
fn a_background_is_set_under_black_alone_so_that_dark_and_light_are_both_right() {
    let case = busy((120, 36));
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    terminal.draw(|frame| view(&case.model, frame)).unwrap();
    use ratatui::style::Color;
    let cells = &terminal.backend().buffer().content;
    assert!(cells.iter().all(|cell| cell.bg == Color::Reset || cell.fg == Color::Black));
    assert!(cells.iter().all(|cell| cell.fg != Color::White && cell.fg != Color::DarkGray));
}
