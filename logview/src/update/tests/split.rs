//! Two logs beside each other, and what a review of filters and comparisons found.

use super::*;
use crate::model::{Clock, Focus, For, Side, Split};
use crate::reading::interleaved::Interleaved;
use crate::reading::{Window, seek};
use crate::update::line::{fold_here, on_screen};
use crate::update::log;

/// 2026-11-22T16:20:00Z
const START: i64 = 1_795_364_400_000;

fn at(millis: i64, text: &str) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let time = format!("2026-11-22T16:{:02}:{:02}.{rest:03}+00:00", 20 + seconds / 60, seconds % 60);
    format!("[INFO] [{time}] [a] [1:1] - [m::n] [line:1]: {text}\n")
}

fn row(left: &str, right: &str) -> (Arc<dyn Bytes>, u64) {
    let part = |text: &str| {
        let bytes = Arc::new(Memory(text.as_bytes().to_vec())) as Arc<dyn Bytes>;
        (bytes, Format::default(), (START / 1000, 0))
    };
    let row = Interleaved::since(vec![part(left), part(right)]);
    let len = row.grow(&[left.len() as u64, right.len() as u64]).unwrap();
    (Arc::new(row), len)
}

/// Two logs that are on the screen beside each other, from their starts on.
fn split(left: &str, right: &str) -> Case {
    let mut case = Case::new("x\n", (120, 36));
    case.send(Message::Jobs(vec![case.job("other", State::Done)]));
    let side = |name: &str| Side {
        log: SoughtLog { job: name.into(), live: "debug.log".into(), ..SoughtLog::default() },
        window: Window::default(),
        name: name.into(),
        run: None,
        state: State::Done,
        took: None,
    };
    case.model.split =
        Some(Split { sides: [side("other"), side("import-42")], clock: Clock::Day, followed: false });
    case.model.log.split = true;
    case.model.log.together = vec!["other".into(), "import-42".into()];
    case.model.log.clocks = vec![START, START];
    case.model.log.following = false;
    case.model.focus = Pane::Log;
    let (bytes, len) = row(left, right);
    case.model.log.len = len;
    let page = page(&mut Lines::new(bytes, len), (Anchor::Start, 0, 10_000), Sieve::ALL, &|| false).unwrap();
    show(&mut case, page, Focus::Top(0));
    case
}

fn show(case: &mut Case, page: Page, focus: Focus) {
    let (tag, number) = (case.model.log.tag, case.model.log.request);
    drop(update(&mut case.model, Message::Page { tag, number, page, before: None, focus }));
}

#[test]
fn every_line_of_both_is_on_the_screen_somewhere() {
    let left: String = (0..100).map(|number| at(100 + number, &format!("left {number}"))).collect();
    let right: String = (0..3).map(|number| at(500 + number, &format!("right {number}"))).collect();
    let mut case = split(&left, &right);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        seen.extend(on_screen(&case.model).into_iter().map(|(at, _)| at));
        drop(log::scroll(&mut case.model, 1));
    }
    assert_eq!(seen.len(), case.model.log.page.lines.len());
}

#[test]
fn one_moves_on_one_side_and_tab_goes_to_the_other() {
    let left: String = (0..9).map(|second| at(1000 * second, &format!("left {second}"))).collect();
    let right: String = (0..9).map(|second| at(1000 * second + 500, &format!("right {second}"))).collect();
    let mut case = split(&left, &right);
    let said = |case: &Case| {
        let at =
            case.model.log.page.lines.iter().find(|line| Some(line.at) == case.model.log.cursor).unwrap();
        String::from_utf8_lossy(&at.text).rsplit_once(": ").unwrap().1.to_owned()
    };
    let mut path = Vec::new();
    for keys in ["\t", "J", "J", "\t", "J", "K", "K", "\t"] {
        case.keys(keys);
        path.push(said(&case));
    }
    assert_eq!(path, ["left 0", "left 1", "left 2", "right 2", "right 3", "right 2", "right 1", "left 1"]);
}

#[test]
fn a_line_of_either_side_is_marked_and_found_again_in_its_own_log() {
    let mut case = split(&at(100, "left"), &at(200, "right"));
    case.keys("Jm");
    assert!(matches!(case.model.mode, Mode::Typing(For::Note, _)));
    case.keys("why\r");
    let mark = case.model.marks[0].clone();
    assert_eq!((mark.place.job.as_path(), mark.note.as_str()), (std::path::Path::new("other"), "why"));
    // Another row of the same: what stood where is not known any more.
    case.model.lose_marks();
    case.model.log.page.lines[0].at += 7;
    case.model.find_marks();
    assert_eq!(case.model.marks[0].at, case.model.log.page.lines[0].at);
    case.keys("m");
    assert_eq!((case.model.marks.len(), case.model.note.as_deref()), (0, Some("the mark is taken away")));
}

#[test]
fn a_line_that_is_gone_to_is_seen_on_either_side() {
    let left: String = (0..3000).map(|number| at(number, &format!("left {number}"))).collect();
    let right: String = (0..3).map(|number| at(1_800 + number, &format!("right {number}"))).collect();
    let mut case = split(&left, &right);
    let hit = case.model.log.page.lines.iter().position(|line| line.part == Some(1)).unwrap();
    let (offset, page) = (case.model.log.page.lines[hit].at, case.model.log.page.clone());
    case.model.log.cursor = Some(offset);
    show(&mut case, page, Focus::Upper(offset));
    assert!(on_screen(&case.model).iter().any(|(at, _)| *at == hit));
}

#[test]
fn what_was_rotated_away_leaves_both_where_they_are() {
    let left: String = (0..300).map(|number| at(number * 1000, &format!("left {number}"))).collect();
    let mut case = split(&left, &left);
    let (bytes, len) = row(&left, &left);
    let mut lines = Lines::new(bytes, len);
    let page = page(&mut lines, (Anchor::At(len / 3), 200, 200), Sieve::ALL, &|| false).unwrap();
    let top = page.lines[200].at;
    show(&mut case, page, Focus::Top(top));
    let tag = case.model.log.tag;
    drop(update(&mut case.model, Message::File { tag, event: FileEvent::Merged(2) }));
    let asked = update(&mut case.model, Message::File { tag, event: FileEvent::Replaced(len) });
    let instant = |request: &Request| match request {
        Request::Step { step: Step::Instant(time), .. } => Some(*time),
        _ => None,
    };
    let time = asked.iter().find_map(instant).expect("a jump");
    let found = seek::instant(&mut lines, time, &|| false).unwrap().unwrap();
    assert!(found.abs_diff(top) < 400, "{found} is not {top}");
}

#[test]
fn the_way_back_leads_out_of_it() {
    let mut case = Case::new(&numbered(500), (120, 36));
    case.send(Message::Jobs(vec![case.job("import-41", State::Done)]));
    case.keys("\tkkk|");
    assert!(case.model.split.is_some() && !case.model.trail.back.is_empty());
    case.keys("o");
    assert!(case.model.split.is_none(), "{:?}", case.model.note);
}

#[test]
fn what_is_chosen_is_folded() {
    let trace = "\tat a\n\tat b\n\tat c\n\tat d\n";
    let left = at(0, "left one") + trace + &at(1, "left two") + trace;
    let right = at(0, "right one") + &at(100, "right two") + trace + &at(200, "z");
    let mut case = split(&left, &right);
    let lines = &case.model.log.page.lines;
    let chosen = lines.iter().position(|line| line.text.ends_with(b"right two")).unwrap();
    case.model.log.cursor = Some(lines[chosen].at);
    drop(fold_here(&mut case.model));
    assert_eq!(case.model.log.shown[chosen + 1], Shown::Whole);
}

#[test]
fn the_way_back_takes_no_filter_out_of_the_list_and_counts_what_is_shown() {
    let mut case = Case::new(&numbered(500), (120, 36));
    case.keys("\tfline 25.$\r");
    assert_eq!(case.model.log.matching, Some((10, true)));
    // What stands at the end is remembered by the jump to the start.
    case.keys("gfline 2.*\rFfoo\r");
    assert_eq!(case.model.log.only.filters.len(), 3);
    case.keys("o");
    let on: Vec<bool> = case.model.log.only.filters.iter().map(|filter| filter.on).collect();
    assert_eq!((on, case.model.log.matching), (vec![true, false, false], Some((10, true))));
}

#[test]
fn context_of_another_record_is_not_folded_into_the_one_above_the_gap() {
    let info = |text: &str| at(1500, text);
    let between: String = (0..10).map(|number| info(&format!("x{number}"))).collect();
    let text = info("hit one") + &between + &info("big") + "\tl0\n\tl1\n\tl2\n\tl3\n" + &info("hit two");
    let mut case = Case::new(&text, (120, 36));
    case.keys("\tfhit\r+++");
    assert!(case.model.log.shown.iter().all(|shown| *shown == Shown::Whole));
}

#[test]
fn what_was_compared_is_laid_beside_each_other_and_what_is_rotated_is_found_as_soon_as_it_has_come() {
    let mut case = Case::new(&numbered(50), (120, 36));
    case.send(Message::Jobs(vec![case.job("import-41", State::Done)]));
    case.keys("C");
    // Nothing is answered from here on but by hand.
    let asked = update(&mut case.model, Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
    assert!(asked.iter().any(|request| matches!(request, Request::Step { step: Step::Instant(_), .. })));
    let tag = case.model.log.tag;
    let answer = |model: &mut Model, step: Step, found: Found| {
        let number = model.log.jump;
        update(model, Message::Found { tag, number, step, found, nth: None, wrapped: false })
    };
    let step = case.model.log.step.unwrap();
    let asked = answer(&mut case.model, step, Found::At(0));
    assert!(asked.iter().any(|request| matches!(request, Request::Step { step: Step::Hit(_), .. })));
    drop(answer(&mut case.model, Step::Hit(Way::Forward), Found::Nothing));
    let event = FileEvent::Extended { len: 99_999, by: 9_999, above: 1 };
    let asked = update(&mut case.model, Message::File { tag, event });
    assert!(asked.iter().any(|request| matches!(request, Request::Step { .. })), "{asked:?}");
    case.keys("C|");
    let sides = case.model.comparison.as_ref().unwrap().sides.clone();
    assert_eq!(case.model.split.as_ref().unwrap().sides, sides);
}

#[test]
fn a_page_that_is_ended_early_again_and_again_is_given_more_time() {
    let mut case = Case::new(&numbered(50), (120, 36));
    case.keys("\tfline\r");
    let (tag, mut patience) = (case.model.log.tag, Vec::new());
    for _ in 0..4 {
        let page = Page { stopped: true, ..Page::default() };
        let number = case.model.log.request;
        let asked =
            update(&mut case.model, Message::Page { tag, number, page, before: None, focus: Focus::Bottom });
        patience.extend(asked.iter().filter_map(|request| match request {
            Request::Page { patience, .. } => Some(*patience),
            _ => None,
        }));
    }
    assert_eq!(patience, [1, 2, 3, 4]);
}

#[test]
fn the_mouse_chooses_in_what_is_open_and_nothing_behind_it() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut case = Case::new(&numbered(50), (120, 36));
    case.send(Message::Jobs(vec![case.job("import-41", State::Done)]));
    case.keys("Ca");
    let before = case.model.jobs.selected().unwrap().name.clone();
    let mouse = |kind| Message::Mouse(MouseEvent { kind, column: 5, row: 4, modifiers: KeyModifiers::NONE });
    let row = case.model.comparison.as_ref().unwrap().row;
    case.send(mouse(MouseEventKind::ScrollDown));
    assert_ne!(case.model.comparison.as_ref().unwrap().row, row);
    case.send(mouse(MouseEventKind::Down(MouseButton::Left)));
    assert_eq!((&case.model.mode, &case.model.jobs.selected().unwrap().name), (&Mode::Normal, &before));
}
