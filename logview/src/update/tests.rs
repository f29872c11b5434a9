//! The model driven as by the workers, but in one thread and over bytes in memory.

mod actions;
mod elsewhere;
mod random;
mod search;
mod split;

use super::*;
use crate::model::{
    Compared, FileEvent, Fold, HitLines, Job, Listing, LogHits, Look, Mode, Pane, Reach, RunInfo, RunStart,
    Search, Shown, SoughtLog, State, Step, What,
};
use crate::reading::index::tests::indexed;
use crate::reading::lines::tests::{Memory, lines};
use crate::reading::page::{Levels, Only, page};
use crate::reading::search::{Found, Way};
use crate::reading::shapes::{Difference, Said, Shape};
use crate::reading::{Anchor, Filters, Format, Hits, Lines, Page, Pattern, Sieve, Summary};
use crate::source::{Bytes, FileLook};
use ::log::Level;
use chrono::DateTime;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A model and the file that it shows.
pub(crate) struct Case {
    pub(crate) model: Model,
    pub(crate) text: Vec<u8>,
    /// What the last message made the model ask for first.
    pub(crate) asked: Option<Request>,
}

impl Case {
    pub(crate) fn new(text: &str, size: (u16, u16)) -> Case {
        let now = DateTime::parse_from_rfc3339("2026-11-22T16:30:00+00:00").unwrap();
        let model = Model::new("./logs", Look::default(), size, now);
        let mut case = Case { model, text: text.as_bytes().to_vec(), asked: None };
        case.send(Message::Listed(Listing { seen: 1, total: 1, ..Listing::default() }));
        case.send(Message::Jobs(vec![case.job("import-42", State::Running)]));
        case
    }

    pub(crate) fn job(&self, name: &str, state: State) -> Job {
        let file = |name: &str| FileLook {
            name: name.into(),
            parts: 0,
            rotated: 0,
            size: self.text.len() as u64,
            modified: Some(self.model.now),
            unreadable: None,
        };
        let run = RunInfo {
            start: "2026-11-22T16:20:00.000Z".into(),
            number: 1,
            runs: vec![RunStart { at: 1_795_364_400_000, process: "host".into(), state, end: None }],
            pid: 4711,
            host: "build-7".into(),
            ..RunInfo::default()
        };
        Job {
            key: name.into(),
            name: name.into(),
            state,
            server: false,
            run: Some(run),
            errors: 3,
            warnings: 12,
            counted: true,
            unread: false,
            files: vec![file("debug.log"), file("error.log"), file("info.log")],
            written: Some(self.model.now),
            hour: [0, 0, 1, 2, 8, 3],
            problem: None,
        }
    }

    /// Sends a message and answers what is asked for, until nothing is.
    pub(crate) fn send(&mut self, message: Message) {
        let requests = update(&mut self.model, message);
        self.asked = requests.first().cloned();
        self.answer_all(requests);
    }

    /// Answers requests, and what the answers ask for.
    fn answer_all(&mut self, requests: Vec<Request>) {
        let mut requests = VecDeque::from(requests);
        for _ in 0..200 {
            let Some(request) = requests.pop_front() else { return };
            for answer in self.answer(request) {
                requests.extend(update(&mut self.model, answer));
            }
        }
        panic!("it never stops asking");
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\r' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                '\t' => KeyCode::Tab,
                c => KeyCode::Char(c),
            };
            self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    pub(crate) fn grow(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        let len = self.text.len() as u64;
        self.send(Message::File { tag: self.model.log.tag, event: FileEvent::Grew(len) });
        self.index();
    }

    fn index(&mut self) {
        let index = indexed(&self.text, 0);
        let (totals, volume) = (index.totals(), Some(index.volume()));
        self.send(Message::Indexed { tag: self.model.log.tag, totals, volume });
    }

    fn lines(&self) -> Lines {
        lines(&self.text)
    }

    fn hits(&self, pattern: Pattern) -> Hits {
        Hits::new(pattern, Arc::new(Memory(self.text.clone())), self.text.len() as u64)
    }

    fn page(&self, around: (Anchor, usize, usize), only: &Only) -> Page {
        let bytes = Arc::new(Memory(self.text.clone()));
        let row = (bytes as Arc<dyn Bytes>, self.text.len() as u64);
        let filters = Filters::new(&only.filters, (None, None), row, &Format::default());
        let (levels, context) = (only.levels, only.context);
        let sieve = Sieve { levels, filters: filters.as_ref(), index: None, context };
        page(&mut self.lines(), around, sieve, &|| false).unwrap()
    }

    fn answer(&mut self, request: Request) -> Vec<Message> {
        let len = self.text.len() as u64;
        match request {
            Request::Show { tag, place: Some(_), .. } => {
                let index = indexed(&self.text, 0);
                let (totals, volume) = (index.totals(), Some(index.volume()));
                vec![
                    Message::File { tag, event: FileEvent::Replaced(len) },
                    Message::Indexed { tag, totals, volume },
                ]
            }
            Request::Page { tag, number, anchor, before, after, only, focus, .. } => {
                let page = self.page((anchor, before, after), &only);
                vec![Message::Page { tag, number, page, before: None, focus }]
            }
            Request::Count { tag, pattern: Some(pattern), .. } => {
                let hits = self.hits(pattern);
                hits.find_all(0, &|| (), &|| false).unwrap();
                let (count, complete) = hits.count();
                vec![Message::Hits { tag, count, complete, read: len, took: Duration::from_millis(61) }]
            }
            Request::CountFilters { tag, patterns } if !patterns.is_empty() => {
                let count = |pattern| {
                    let hits = self.hits(pattern);
                    hits.find_all(0, &|| (), &|| false).unwrap();
                    hits.count()
                };
                vec![Message::FilterCounts { tag, counts: patterns.into_iter().map(count).collect() }]
            }
            Request::HitLines { tag, number, at, before, after, pattern, only } => {
                let hits = self.hits(pattern);
                let line = |at| self.page((Anchor::At(at), 0, 1), &only).lines.into_iter().next();
                let next = |from: &u64| hits.nearest(&(from + 1..len), Way::Forward, &|| false).unwrap();
                let all =
                    std::iter::successors(hits.nearest(&(0..len), Way::Forward, &|| false).unwrap(), next);
                let all: Vec<_> = all.filter_map(|at| line(at).filter(|line| line.at == at)).collect();
                let split = all.partition_point(|line| line.at < at);
                let (first, end) = (split.saturating_sub(before), (split + after).min(all.len()));
                let page = Page {
                    lines: all[first..end].to_vec(),
                    from_start: first == 0,
                    to_end: end == all.len(),
                    stopped: false,
                };
                let lines = Some(HitLines { page, before: Some(first as u64) });
                vec![Message::HitLines { tag, number, lines }]
            }
            Request::ShowJobs { tag, jobs, since_start } => {
                let clocks = if since_start { vec![1_795_364_400_000; jobs.len()] } else { Vec::new() };
                let events = [FileEvent::Clocks(clocks), FileEvent::Replaced(len)];
                events.into_iter().map(|event| Message::File { tag, event }).collect()
            }
            Request::Compare { serial, .. } => {
                let shape = Shape { level: Some(Level::Error), text: "disk # on fire".into() };
                let time = Some((1_795_364_402, 500_000_000));
                let said = Said { count: 3, at: 0, time };
                let differences = vec![
                    Difference { shape: shape.clone(), said: [None, Some(said)] },
                    Difference {
                        shape: Shape { level: None, text: "line #".into() },
                        said: [Some(said), Some(said)],
                    },
                ];
                let compared = Compared { differences, records: [9, 12], others: [[0; 6]; 2] };
                let found = Some(Ok(Box::new(compared)));
                vec![Message::Compared { serial, reach: Reach::default(), found }]
            }
            Request::SearchElsewhere(sought) => {
                let mut summary = Summary { hits: 39, ..Summary::default() };
                (0..8).for_each(|minute| summary.add_at(1_795_364_000 + minute * 70));
                let hits = |(number, log): (usize, &SoughtLog)| LogHits {
                    number,
                    job: log.job.clone(),
                    file: log.file.clone(),
                    summary: Summary { hits: 31 + number as u64, ..summary },
                };
                let found = sought.logs.iter().enumerate().filter(|(number, _)| number % 3 == 1).map(hits);
                let (logs, bytes) = (sought.logs.len(), sought.logs.iter().map(|log| log.size).sum());
                let took = Duration::from_millis(454);
                let reach = Reach { done: logs, logs, failed: 0, read: bytes, bytes, took };
                vec![Message::Elsewhere { serial: sought.serial, found: found.collect(), reach }]
            }
            Request::Step {
                tag, number, step: step @ Step::Hit(way), from, pattern: Some(pattern), ..
            } => {
                let range =
                    if way == Way::Forward { from.wrapping_add(1).min(len)..len } else { 0..from.min(len) };
                let hits = self.hits(pattern);
                let found = hits.nearest(&range, way, &|| false).unwrap().map_or(Found::Nothing, Found::At);
                vec![Message::Found { tag, number, step, found, nth: None, wrapped: false }]
            }
            Request::Step { tag, number, step: step @ Step::Level(level, _), only, .. } => {
                let only = Only { levels: Levels::only(level), ..only };
                let page = self.page((Anchor::Start, 0, 1), &only);
                let found = page.lines.first().map_or(Found::Nothing, |line| Found::At(line.at));
                vec![Message::Found { tag, number, step, found, nth: None, wrapped: false }]
            }
            Request::Step { tag, number, step: step @ Step::Instant(time), .. } => {
                let all = self.page((Anchor::Start, 0, usize::MAX), &Only::ALL);
                let late =
                    |line: &&crate::reading::Line| crate::model::time_of(line).is_some_and(|at| at >= time);
                let found = all.lines.iter().find(late).map_or(Found::Nothing, |line| Found::At(line.at));
                vec![Message::Found { tag, number, step, found, nth: None, wrapped: false }]
            }
            Request::Step { tag, number, step, .. } => {
                vec![Message::Found { tag, number, step, found: Found::Nothing, nth: None, wrapped: false }]
            }
            _ => Vec::new(),
        }
    }

    /// The first words on screen.
    fn top(&self) -> (u64, usize) {
        (self.model.log.top, self.model.log.row)
    }

    fn last_visible(&self) -> u64 {
        visible(&self.model).1
    }
}

fn numbered(count: usize) -> String {
    (1..=count)
        .map(|n| format!("[INFO] [2026-11-22T16:20:01.5+00:00] [a] [1:1] - [m::n] [line:1]: line {n}\n"))
        .collect()
}

#[test]
fn it_follows_until_a_person_moves_up_and_again_at_the_end() {
    let mut case = Case::new(&numbered(500), (120, 36));
    assert!(case.model.log.following);
    assert_eq!(case.last_visible(), case.text.len() as u64);
    case.grow(&numbered(10));
    assert_eq!(case.last_visible(), case.text.len() as u64);
    case.keys("\tk");
    let held = case.top();
    case.grow(&numbered(10));
    assert_eq!((case.top(), case.model.log.following), (held, false));
    case.keys("G");
    assert_eq!(case.last_visible(), case.text.len() as u64);
}

#[test]
fn a_stack_trace_longer_than_the_screen_is_folded_too() {
    let trace: String = (0..200).map(|n| format!("  {n}: main\n        at ./src/main.rs:{n}\n")).collect();
    let error = "[ERROR] [2026-11-22T16:20:02.5+00:00] [a] [1:1] - [m::n] [line:1]: panicked\n";
    for (size, before) in [((80, 24), 3), ((120, 36), 300)] {
        let case = Case::new(&format!("{}{error}{trace}", numbered(before)), size);
        let log = &case.model.log;
        let fold = log
            .shown
            .iter()
            .find_map(|shown| if let Shown::Folded(fold) = shown { Some(*fold) } else { None });
        assert_eq!(fold, Some(Fold { lines: 400, what: What::Trace, complete: true }), "{size:?}");
        let shown = log.shown.iter().filter(|shown| **shown != Shown::Hidden).count();
        assert!(shown > before.min(usize::from(size.1)), "{shown}");
    }
}

#[test]
fn a_jump_that_is_under_way_when_other_files_join_in_begins_anew() {
    let error = "[ERROR] [2026-11-22T16:20:02.5+00:00] [a] [1:1] - [m::n] [line:1]: the one error\n";
    let mut case = Case::new(&format!("{}{error}{}", numbered(100), numbered(100)), (120, 36));
    let key = KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE);
    let asked = update(&mut case.model, Message::Key(key));
    assert!(matches!(asked[..], [Request::Step { .. }]));
    let tag = case.model.log.tag;
    let number = case.model.log.jump;
    case.text.splice(0..0, numbered(7).into_bytes());
    let len = case.text.len() as u64;
    case.send(Message::File { tag, event: FileEvent::Merged(2) });
    case.send(Message::File { tag, event: FileEvent::Replaced(len) });
    // What the old files had found means nothing any more.
    let (step, found) = (Step::Level(Level::Error, Way::Forward), Found::At(0));
    case.send(Message::Found { tag, number, step, found, nth: None, wrapped: false });
    let at = case.model.log.cursor.unwrap() as usize;
    assert!(case.text[at..].starts_with(error.as_bytes()));
}

#[test]
fn when_other_files_join_in_one_is_where_one_was() {
    let at = |second: usize| format!("2026-11-22T16:{:02}:{:02}+00:00", 20 + second / 60, second % 60);
    let line = |second| format!("[INFO] [{}] [a] [1:1] - [m::n] [line:1]: line {second:03}\n", at(second));
    let text = (0..300).map(line).collect::<String>();
    let joined = |case: &mut Case| {
        let tag = case.model.log.tag;
        case.text.splice(0..0, (0..7).flat_map(|_| line(0).into_bytes()));
        let len = case.text.len() as u64;
        case.send(Message::File { tag, event: FileEvent::Merged(2) });
        case.send(Message::File { tag, event: FileEvent::Replaced(len) });
    };
    let said = |case: &Case, at: u64| String::from_utf8_lossy(&case.text[at as usize..])[..60].to_owned();
    // Whoever has scrolled away from the line that was gone to reads on where they are.
    let mut case = Case::new(&text, (120, 36));
    case.keys("/line 120\rbb");
    let top = said(&case, case.model.log.top);
    joined(&mut case);
    assert_eq!(said(&case, case.model.log.top), top);
    // In the list of hits what is chosen stays so.
    let mut case = Case::new(&text, (120, 36));
    case.keys("/line 1.5\r");
    case.send(Message::Key(KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL)));
    case.keys("kk");
    let chosen = said(&case, case.model.log.list.chosen);
    joined(&mut case);
    assert_eq!((case.model.mode.clone(), said(&case, case.model.log.list.chosen)), (Mode::Hits, chosen));
    case.keys("k\r");
    let cursor = said(&case, case.model.log.cursor.unwrap());
    assert_eq!((case.model.mode.clone(), &cursor[..]), (Mode::Normal, &line(165)[..60]));
}

#[test]
fn a_search_goes_to_the_nearest_hit_and_holds_there() {
    let mut case = Case::new(&numbered(500), (120, 36));
    case.keys("/line 25.$\r");
    let at = case.model.log.cursor.unwrap();
    assert!(String::from_utf8_lossy(&case.text[at as usize..]).contains("line 259\n"));
    assert!((visible(&case.model).0..case.last_visible()).contains(&at) && !case.model.log.following);
    case.keys("N");
    assert!(case.model.log.cursor.unwrap() < at);
}

#[test]
fn a_jump_to_a_hidden_level_shows_it_and_says_so() {
    let error = "[ERROR] [2026-11-22T16:20:02.5+00:00] [a] [1:1] - [m::n] [line:1]: the one error\n";
    let mut case = Case::new(&format!("{}{error}{}", numbered(100), numbered(100)), (120, 36));
    case.keys("1");
    case.keys("3"); // information only
    case.model.log.only.levels = Levels::only(Level::Info);
    case.keys("e");
    let at = case.model.log.cursor.unwrap();
    assert!(
        case.model.log.levels().has(Some(Level::Error)) && case.model.log.levels().has(Some(Level::Info))
    );
    assert!(case.model.log.page.lines.iter().any(|line| line.at == at), "it is on the page");
    let screen = crate::view::tests::screen(&case.model, (120, 36));
    assert!(
        screen.contains("the one error") && screen.contains("errors were hidden and are shown again"),
        "{screen}"
    );
}

#[test]
fn a_search_whose_hits_are_all_hidden_says_so() {
    let mut case = Case::new(&numbered(100), (120, 36));
    case.model.log.only.levels = Levels::only(Level::Error);
    let pattern = Pattern::new("line").unwrap();
    case.model.log.search = Some(Search { hits: Some((100, true)), ..Search::new("line".into(), pattern) });
    case.model.log.stepping = true;
    let (tag, step) = (case.model.log.tag, Step::Hit(Way::Forward));
    case.send(Message::Found {
        tag,
        number: case.model.log.jump,
        step,
        found: Found::Nothing,
        nth: None,
        wrapped: false,
    });
    assert!(case.model.note.as_ref().unwrap().contains("every line that matches is hidden"));
}

#[test]
fn a_job_that_nobody_moved_to_takes_the_list_nowhere() {
    let mut case = Case::new(&numbered(50), (120, 36));
    let jobs = (0..60).map(|number| case.job(&format!("other-{number:02}"), State::Done)).collect();
    case.send(Message::Jobs(jobs));
    case.model.jobs.settle_choice();
    let mut ended = case.job("import-42", State::Done);
    (ended.errors, ended.written) = (0, Some(case.model.now - Duration::from_secs(900)));
    case.send(Message::Jobs(vec![ended]));
    assert_eq!((case.model.jobs.row(), case.model.jobs.offset), (Some(60), 0));
    case.keys("k");
    assert!(case.model.jobs.offset > 0, "a person who moves sees where to");
}

#[test]
fn a_job_that_fails_elsewhere_is_told_of_and_nobody_is_taken_there() {
    let mut case = Case::new(&numbered(50), (120, 36));
    let other = case.job("other", State::Running);
    case.send(Message::Jobs(vec![other]));
    case.model.jobs.chosen = true;
    let other = case.job("other", State::Failed);
    case.send(Message::Jobs(vec![other]));
    assert_eq!(case.model.note.as_deref(), Some("other failed"));
    assert_eq!(case.model.jobs.selected().unwrap().name, "import-42");
}

#[test]
fn the_help_scrolls_where_it_does_not_fit_and_not_beyond_its_end() {
    let mut case = Case::new(&numbered(50), (50, 12));
    case.keys("?");
    let screen = |case: &Case| crate::view::tests::screen(&case.model, (50, 12));
    assert!(screen(&case).contains("quit") && !screen(&case).contains("after any move up"));
    for _ in 0..15 {
        case.send(Message::Key(KeyEvent::new(KeyCode::PageDown, KeyModifiers::NONE)));
    }
    assert!(screen(&case).contains("after any move up"), "{}", screen(&case));
    case.send(Message::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::NONE)));
    assert!(!screen(&case).contains("after any move up"), "one up from the end moves at once");
    case.keys("zoom");
    assert!(screen(&case).contains("the log alone"));
}

#[test]
fn what_is_typed_is_text_of_any_language() {
    let mut case = Case::new(&numbered(50), (120, 36));
    case.keys("/naïve 界x");
    let mut press = |code, modifiers| case.send(Message::Key(KeyEvent::new(code, modifiers)));
    press(KeyCode::Backspace, KeyModifiers::NONE);
    press(KeyCode::Backspace, KeyModifiers::NONE);
    assert_eq!(case.model.search.text, "naïve ");
    let mut press = |code, modifiers| case.send(Message::Key(KeyEvent::new(code, modifiers)));
    press(KeyCode::Char('w'), KeyModifiers::CONTROL);
    assert_eq!(case.model.search.text, "");
    case.keys("ünï");
    case.send(Message::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
    assert_eq!(case.model.search.text, "");
}

#[test]
fn what_was_said_gives_its_place_back() {
    let mut case = Case::new(&numbered(50), (120, 36));
    case.send(Message::File { tag: case.model.log.tag, event: FileEvent::Rotated(case.text.len() as u64) });
    assert!(case.model.note.is_some());
    for _ in 0..20 {
        case.send(Message::Tick(case.model.now));
    }
    assert!(case.model.note.is_none());
}

#[test]
fn a_late_answer_about_another_file_is_passed_over() {
    let mut case = Case::new(&numbered(50), (120, 36));
    let tag = case.model.log.tag - 1;
    let before = case.model.log.page.clone();
    case.send(Message::Page {
        tag,
        number: 1,
        page: Default::default(),
        before: None,
        focus: crate::model::Focus::Bottom,
    });
    assert_eq!(case.model.log.page, before);
}

#[test]
fn the_mouse_scrolls_chooses_jobs_and_levels() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut case = Case::new(&numbered(500), (120, 36));
    let other = case.job("other", State::Done);
    case.send(Message::Jobs(vec![other]));
    let mouse =
        |kind, column, row| Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let top = case.top();
    case.send(mouse(MouseEventKind::ScrollUp, 80, 20));
    assert!(case.top() < top && !case.model.log.following);
    let click = MouseEventKind::Down(MouseButton::Left);
    case.send(mouse(click, 5, 4));
    assert_eq!(case.model.jobs.selected().unwrap().name, "other");
    assert_eq!(case.model.log.place.as_ref().unwrap().job, std::path::Path::new("other"));
    // A press in the chart chooses a moment, a move a span, and a release goes there.
    let chart = case.model.areas().chart;
    case.send(mouse(click, chart.x + 7, chart.y + 2));
    assert!(matches!(case.model.mode, Mode::Chart(_)));
    case.send(mouse(MouseEventKind::Up(MouseButton::Left), chart.x + 7, chart.y + 2));
    assert!(matches!(case.asked, Some(Request::Step { step: Step::Instant(_), .. })));
    assert_eq!(case.model.mode, Mode::Normal);
    let row = crate::view::tests::screen(&case.model, (120, 36)).lines().nth(2).unwrap().to_owned();
    let column = row.chars().collect::<String>().find("Error").map(|at| row[..at].chars().count()).unwrap();
    case.send(mouse(click, column as u16, 2));
    assert_eq!(case.model.log.levels(), Levels::only(Level::Error));
    case.keys("a");
    // The scroll bar goes to where it is pressed.
    let log = case.model.areas().log;
    case.send(mouse(click, log.right() - 1, log.y));
    assert_eq!((case.top().0, case.model.log.following), (0, false));
    case.send(mouse(MouseEventKind::Drag(MouseButton::Left), log.right() - 1, log.y + log.height / 2));
    let (middle, len) = (case.top().0, case.text.len() as u64);
    assert!((len / 3..len * 2 / 3).contains(&middle), "{middle} of {len}");
    case.send(mouse(click, log.right() - 1, log.bottom() - 1));
    assert!(case.model.log.following);
    // The wheel moves what is open.
    case.keys(":");
    case.send(mouse(MouseEventKind::ScrollDown, 60, 20));
    assert!(matches!(case.model.mode, Mode::Commands(_, 3)));
    let shown = |case: &Case, text: &str| {
        let screen = crate::view::tests::screen(&case.model, (120, 36));
        screen.lines().position(|row| row.contains(text)).unwrap() as u16
    };
    // A command is done, a filter chosen and then switched, and beside the list is out of it.
    case.keys("erronly");
    let row = shown(&case, "errors-only");
    case.send(mouse(click, 60, row));
    assert_eq!(
        (case.model.mode.clone(), case.model.log.levels()),
        (Mode::Normal, Levels::only(Level::Error))
    );
    case.keys("afline 1\rFline 2\rX");
    let row = shown(&case, "only   line 1");
    case.send(mouse(click, 60, row));
    assert_eq!((case.model.mode.clone(), case.model.log.only.filters[0].on), (Mode::Filters(0), true));
    case.send(mouse(click, 60, row));
    assert!(!case.model.log.only.filters[0].on);
    case.send(mouse(click, 60, 5));
    assert_eq!(case.model.mode, Mode::Normal);
}

#[test]
fn while_the_newest_page_is_on_its_way_none_is_asked_for_that_would_come_after_it() {
    use crate::model::Focus;
    use crate::reading::page::Anchor;
    let mut case = Case::new(&numbered(300), (120, 36));
    let model = &mut case.model;
    let Request::Page { tag, number, focus, .. } = model.log.ask(Anchor::End, 20, Focus::Bottom) else {
        panic!("no page")
    };
    // A jump found its place meanwhile.
    let _jump = model.log.ask(Anchor::At(0), 20, Focus::Upper(0));
    let page = model.log.page.clone();
    update(model, Message::Page { tag, number, page, before: None, focus });
    let totals = crate::reading::Totals { complete: true, ..model.log.totals };
    let asked = update(model, Message::Indexed { tag, totals, volume: None });
    assert!(!asked.iter().any(|request| matches!(request, Request::Page { .. })), "{asked:?}");
}

#[test]
fn on_a_narrow_screen_the_list_comes_and_goes() {
    let mut case = Case::new(&numbered(50), (80, 24));
    assert_eq!(case.model.focus, Pane::Log);
    case.keys("\t");
    assert!(case.model.areas().popup.area() > 0);
    case.keys("\r");
    assert_eq!(case.model.areas().popup.area(), 0);
    case.keys("\t\u{1b}");
    assert_eq!(case.model.focus, Pane::Log);
}

fn key() -> impl Strategy<Value = char> {
    proptest::sample::select(
        "jkJKbgGhlnNfsrewEW012345avTipcL.,[]FX+-\tz? /x\r\u{1b}".chars().collect::<Vec<_>>(),
    )
}

#[derive(Clone, Debug)]
enum Event {
    Key(char),
    Resize(u16, u16),
    Grow(usize),
    Cut,
    Tick,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => key().prop_map(Event::Key),
        2 => (1..150u16, 1..50u16).prop_map(|(width, height)| Event::Resize(width, height)),
        2 => (1..50usize).prop_map(Event::Grow),
        1 => Just(Event::Cut),
        1 => Just(Event::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn down_and_up_again_is_where_one_was(
        lengths in proptest::collection::vec(0..400usize, 60..200),
        steps in proptest::collection::vec(1..40i64, 1..8),
        wrap in any::<bool>(),
        size in (30..130u16, 12..40u16),
    ) {
        let text: String = lengths.iter().map(|&n| format!("{}\n", "x".repeat(n))).collect();
        let mut case = Case::new(&text, size);
        case.model.focus = Pane::Log;
        case.model.log.wrap = wrap;
        case.keys("g");
        prop_assert_eq!(case.top(), (0, 0));
        let mut way = vec![case.top()];
        for &step in &steps {
            for request in log::scroll(&mut case.model, step) {
                for answer in case.answer(request) {
                    case.send(answer);
                }
            }
            // At the end of the file a step is cut short; from there the way back is another one.
            if case.last_visible() == case.text.len() as u64 {
                break;
            }
            way.push(case.top());
        }
        if case.last_visible() != case.text.len() as u64 {
            way.pop();
            for (&step, at) in steps.iter().take(way.len()).rev().zip(way.iter().rev()) {
                for request in log::scroll(&mut case.model, -step) {
                    for answer in case.answer(request) {
                        case.send(answer);
                    }
                }
                prop_assert_eq!(case.top(), *at);
            }
        }
    }

    #[test]
    fn line_by_line_every_line_is_at_the_top_once(count in 40..400usize) {
        let mut case = Case::new(&numbered(count), (100, 24));
        case.model.focus = Pane::Log;
        case.keys("g");
        let mut tops = vec![case.top().0];
        for _ in 0..count {
            case.keys("j");
            if tops.last() != Some(&case.top().0) {
                tops.push(case.top().0);
            }
        }
        let starts: Vec<u64> = std::iter::once(0)
            .chain(case.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u64 + 1))
            .take(tops.len())
            .collect();
        prop_assert_eq!(tops, starts);
        prop_assert_eq!(case.last_visible(), case.text.len() as u64);
    }

    #[test]
    fn no_keys_sizes_and_events_break_it(events in proptest::collection::vec(event(), 1..60)) {
        let mut case = Case::new(&numbered(120), (120, 36));
        for event in events {
            match event {
                Event::Key(c) => case.keys(&c.to_string()),
                Event::Resize(width, height) => case.send(Message::Resize(width, height)),
                Event::Grow(count) if count % 5 == 0 => case.grow(&"[WARN] again\n".repeat(40 * count)),
                Event::Grow(count) => case.grow(&format!("{}[ERROR] x\n{}", numbered(count), "\tat y\n".repeat(count))),
                Event::Cut => {
                    case.text = b"new\n".to_vec();
                    case.send(Message::File { tag: case.model.log.tag, event: FileEvent::Replaced(4) });
                }
                Event::Tick => case.send(Message::Tick(case.model.now)),
            }
            let size = case.model.size;
            crate::view::tests::screen(&case.model, size);
            let following_at_end = !case.model.log.following || case.model.log.place.is_none() || case.last_visible() == case.text.len() as u64
                || case.model.log.only.hides();
            prop_assert!(following_at_end);
        }
    }
}

#[test]
fn in_the_middle_of_what_is_said_for_ever_nothing_is_asked_for_again() {
    let mut case = Case::new(&"[WARN] again\n".repeat(40_000), (120, 36));
    case.model.focus = Pane::Log;
    case.send(Message::Tick(case.model.now));
    assert!(!matches!(case.asked, Some(Request::Page { .. })), "{:?}", case.asked);
    case.keys("kkbk");
    case.send(Message::Tick(case.model.now));
    assert!(!matches!(case.asked, Some(Request::Page { .. })), "{:?}", case.asked);
}

#[test]
fn a_long_search_says_how_far_it_is_how_long_it_will_take_and_how_it_is_stopped() {
    let mut case = Case::new(&numbered(100), (120, 36));
    let tag = case.model.log.tag;
    let looking = |read| Message::Looking { tag, read, all: 4 << 30, took: Duration::from_secs(2) };
    case.send(looking(1 << 30));
    assert!(case.model.log.looked.is_none(), "nothing is looked for");
    case.model.log.stepping = true;
    case.send(looking(1 << 30));
    let screen = crate::view::tests::screen(&case.model, (120, 36));
    assert!(screen.contains("looking… 25 % of 4.0 GiB, 6s left, Esc stops"), "{screen}");
}
