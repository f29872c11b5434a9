//! Each key of the table, pressed.

use super::{Case, numbered};
use crate::config::Bell;
use crate::keys::{Action, TABLE, Where, key};
use crate::model::{Change, Clock, For, Grouping, Message, Mode, Opener, Pane, Request, Sort, State, Step};
use crate::raise::Proposal;
use crate::reading::page::{Levels, Record};
use crate::update::update;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use log::Level;

fn screen(case: &Case) -> String {
    crate::view::tests::screen(&case.model, case.model.size)
}

/// The word that is searched for.
const ERROR: &str = "[ERROR] [2026-11-22T16:20:02.5+00:00] [a] [1:1] - [m::n] [line:1]: broken\n";
const WARNING: &str = "[WARN] [2026-11-22T16:20:02.5+00:00] [a] [1:1] - [m::n] [line:1]: odd\n";

/// Has an action do what it is there for; `press` presses its key. Everything begins in the middle of a log whose
/// level file has an error and a warning above and below. A new action does not compile until it is here.
fn check(action: Action, case: &mut Case, press: &dyn Fn(&mut Case)) {
    use Action as A;
    let (top, following) = (case.top(), case.model.log.following);
    let selected = |case: &Case| case.model.jobs.selected().map(|job| job.name.clone());
    let cursor = |case: &Case| {
        String::from_utf8_lossy(&case.text[case.model.log.cursor.unwrap() as usize..]).into_owned()
    };
    match action {
        A::Down | A::HalfDown | A::PageDown => {
            press(case);
            assert!(case.top() > top);
        }
        A::Up | A::HalfUp | A::PageUp => {
            press(case);
            assert!(case.top() < top);
        }
        A::First => {
            press(case);
            assert_eq!(case.top(), (0, 0));
        }
        A::Last => {
            press(case);
            assert!(!following && case.model.log.following);
        }
        A::Right | A::Left => {
            case.model.log.left = 32;
            press(case);
            assert_eq!(case.model.log.left > 32, action == A::Right);
        }
        A::Search => {
            press(case);
            assert_eq!(case.model.mode, Mode::Search);
        }
        A::Word => {
            press(case);
            assert_eq!(case.model.log.search.as_ref().map(|search| search.text.as_str()), Some("line"));
            assert_eq!(case.model.search.history.last().map(String::as_str), Some("line"));
        }
        A::NextHit | A::PreviousHit => {
            case.keys("/line 15.$\r");
            let at = case.model.log.cursor;
            press(case);
            assert_eq!(case.model.log.cursor > at, action == A::NextHit);
            assert!(cursor(case).contains("line 15"));
        }
        A::Hits => {
            press(case);
            assert_eq!(case.model.note.as_deref(), Some("nothing is searched for: / starts a search"));
            case.keys("/line 15.$\r");
            let (at, top) = (case.model.log.cursor, case.top());
            press(case);
            assert_eq!((&case.model.mode, case.model.log.list.number()), (&Mode::Hits, Some(1)));
            case.keys("jj");
            assert!(cursor(case).contains("line 152\n"), "the log goes with it");
            case.keys("\u{1b}");
            assert_eq!((case.model.log.cursor, case.top()), (at, top));
            press(case);
            case.keys("G\r");
            assert!(case.model.mode == Mode::Normal && cursor(case).contains("line 159\n"));
        }
        A::Only => {
            press(case);
            assert_eq!(case.model.mode, Mode::Typing(For::Filter { hides: false, at: None }, String::new()));
            case.keys("line 15\r");
            assert!(screen(case).contains("line 150") && !screen(case).contains("line 149"));
        }
        A::Without => {
            press(case);
            case.keys("line 15\r");
            assert!(screen(case).contains("line 149") && !screen(case).contains("line 150"));
            case.keys("\u{1b}");
            assert!(!case.model.log.only.filters[0].on, "Esc switches it off");
        }
        A::Filters => {
            case.model.focus = Pane::Log;
            case.keys("f1\rF15\r");
            press(case);
            assert_eq!(case.model.mode, Mode::Filters(1));
            let on = |case: &Case| {
                case.model.log.only.filters.iter().map(|filter| (filter.hides, filter.on)).collect::<Vec<_>>()
            };
            case.keys(" r");
            assert_eq!(on(case), [(false, true), (false, true)]);
            case.keys(" \r7\r");
            assert_eq!(case.model.log.only.filters[1].pattern.text(), "157");
            assert!(screen(case).contains("line 157") && !screen(case).contains("line 156"));
            let counted = || case.model.log.each.iter().map(|(_, count)| *count).collect::<Vec<_>>();
            let lines = case.text.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(counted(), [Some((lines, true)), Some((1, true))]);
            case.keys("kddu");
            assert_eq!(on(case), [(false, true)]);
            assert_eq!(case.model.log.only.filters[0].pattern.text(), "157", "brought back");
            case.keys("uuk");
            assert_eq!((on(case).len(), case.model.mode.clone()), (2, Mode::Filters(0)));
            case.keys("dd\u{1b}");
            assert!(case.model.log.only.filters.is_empty() && case.model.mode == Mode::Normal);
            assert!(case.model.log.each.is_empty(), "nothing is counted any more");
        }
        A::MoreAround | A::LessAround => {
            press(case);
            assert!(case.model.note.as_deref().unwrap().starts_with("nothing is hidden"));
            case.model.log.only.context = 2;
            case.keys("/line 150$");
            case.send(Message::Key(key("ctrl-f").unwrap()));
            press(case);
            assert!(screen(case).contains("line 151"));
            assert_eq!(screen(case).contains("line 153"), action == A::MoreAround);
        }
        A::Next(level) | A::Previous(level) => {
            press(case);
            assert!(cursor(case).starts_with(&format!("[{level}]")));
        }
        A::GoToTime => {
            press(case);
            assert_eq!(case.model.mode, Mode::Typing(For::Moment, String::new()));
        }
        A::Toggle(level) => {
            press(case);
            assert_eq!(case.model.log.levels(), Levels::ALL.toggled(level));
        }
        A::ErrorsOnly => {
            press(case);
            assert_eq!(case.model.log.levels(), Levels::only(Level::Error));
        }
        A::AllLevels => {
            case.model.log.only.levels = Levels::only(Level::Info);
            press(case);
            assert!(case.model.log.levels().is_all());
        }
        A::Wrap => {
            press(case);
            assert!(case.model.log.wrap);
        }
        A::Clock => {
            press(case);
            assert_eq!(case.model.log.clock, Clock::Start);
        }
        A::Chart => {
            press(case);
            assert!(!case.model.chart);
        }
        A::Raw => {
            press(case);
            assert!(case.model.log.raw);
        }
        A::Columns => {
            press(case);
            assert!(!case.model.log.columns);
        }
        A::ChooseDown | A::ChooseUp => {
            let (first, second) = (case.model.log.page.lines.clone(), case.model.log.top_index());
            case.model.log.cursor = Some(first[second + 1].at);
            press(case);
            let step = if action == A::ChooseDown { second + 2 } else { second };
            assert_eq!(case.model.log.cursor, Some(first[step].at));
        }
        A::Fold | A::FoldAll => {
            case.text.extend_from_slice("\tat x\n".repeat(9).as_bytes());
            case.grow("");
            case.keys("G");
            let shows =
                |case: &Case| crate::view::tests::screen(&case.model, (120, 36)).contains("9 lines folded");
            assert!(shows(case));
            press(case);
            assert!(!shows(case));
            press(case);
            assert!(shows(case));
        }
        A::JumpBack | A::JumpForward => {
            let at = case.model.log.cursor;
            case.keys("e");
            let error = case.model.log.cursor;
            assert_ne!(at, error);
            if action == A::JumpForward {
                case.keys("o");
                assert_eq!(case.model.log.cursor, at);
            }
            press(case);
            assert_eq!(case.model.log.cursor, if action == A::JumpBack { at } else { error });
        }
        A::Context => {
            case.keys("0e");
            let error = case.model.log.cursor;
            press(case);
            assert!(case.model.log.levels().is_all() && case.model.log.cursor == error);
        }
        A::Mark => {
            press(case);
            case.keys("why\r");
            assert_eq!(case.model.marks[0].note, "why");
            press(case);
            assert!(case.model.marks.is_empty());
        }
        A::NextMark => {
            case.keys("m\rem\r");
            let error = case.model.log.cursor;
            press(case);
            assert!(
                case.model.log.cursor != error
                    && case.model.mark_at(case.model.log.cursor.unwrap()).is_some()
            );
        }
        A::Marks => {
            press(case);
            assert_eq!(case.model.mode, Mode::Marks(0));
        }
        A::ChooseTime => {
            press(case);
            let Mode::Chart(choice) = case.model.mode else { panic!("{:?}", case.model.mode) };
            let chart = case.model.chart_shown().unwrap();
            case.keys("g \r");
            assert!(choice.at < chart.columns.len());
            assert!(
                matches!(&case.asked, Some(Request::Step { step: Step::Instant(at), .. }) if *at == (chart.start, 0))
            );
        }
        A::Detail => {
            press(case);
            let Some(Request::Record { tag, at }) = case.asked else { panic!("{:?}", case.asked) };
            let mut text = case.text[at as usize..].split(|byte| *byte == b'\n').next().unwrap().to_vec();
            text.extend_from_slice(b" a=1");
            let record = Record { range: at..at + text.len() as u64, text, ..Record::default() };
            case.send(Message::Record { tag, record });
            case.keys("Gy");
            assert!(matches!(&case.asked, Some(Request::Copy(text)) if text == "1"));
        }
        A::Copy => {
            case.keys("/line 150$\r");
            press(case);
            assert!(matches!(&case.asked, Some(Request::Copy(text)) if text.ends_with("line 150")));
        }
        A::CopyRecord => {
            press(case);
            let Some(Request::Record { tag, at }) = case.asked else { panic!("{:?}", case.asked) };
            let text = b"one\n\tand two".to_vec();
            let record = Record { range: at..at + 9, text, ..Record::default() };
            case.send(Message::Record { tag, record });
            assert!(matches!(&case.asked, Some(Request::Copy(text)) if text == "one\n\tand two"));
        }
        A::Range => {
            case.keys("/line 150$\r");
            press(case);
            case.keys("jjy");
            let Some(Request::Take { range, .. }) = case.asked.clone() else { panic!("{:?}", case.asked) };
            let text =
                String::from_utf8_lossy(&case.text[range.start as usize..range.end as usize]).into_owned();
            assert!(text.lines().count() == 3 && text.ends_with("line 152\n"), "{text}");
        }
        A::Save => {
            press(case);
            assert_eq!(case.model.mode, Mode::Typing(For::Save, "import-42.debug.log".into()));
        }
        A::Editor | A::Pager => {
            press(case);
            let wanted = if action == A::Editor { Opener::Editor } else { Opener::Pager };
            assert!(matches!(case.asked, Some(Request::Open { opener, .. }) if opener == wanted));
        }
        A::Sticky => {
            press(case);
            assert!(!case.model.log.sticky);
        }
        A::Zoom => {
            press(case);
            assert!(case.model.zoom);
        }
        A::Mouse => {
            press(case);
            assert!(!case.model.mouse);
        }
        A::OlderFile | A::NewerFile => {
            press(case);
            let file = if action == A::NewerFile { "error.log" } else { "info.log" };
            assert_eq!(case.model.log.place.as_ref().unwrap().file.to_str(), Some(file));
        }
        A::Sort => {
            press(case);
            assert_eq!(case.model.jobs.sort, Sort::Name);
        }
        A::FilterJobs => {
            press(case);
            assert_eq!(case.model.mode, Mode::Typing(For::Jobs { old: false }, String::new()));
        }
        A::RunningOnly => {
            press(case);
            assert!(case.model.jobs.running_only && case.model.jobs.shown().len() < case.model.jobs.len());
        }
        A::Tick => {
            press(case);
            assert_eq!((case.model.jobs.ticked.len(), case.model.log.together.len()), (1, 0));
            // With another it is one log of both.
            crate::update::act(&mut case.model, A::Down);
            crate::update::act(&mut case.model, A::Tick);
            case.send(Message::Tick(case.model.now));
            assert_eq!(case.model.log.together, case.model.jobs.ticked);
            assert!(!case.model.log.together.is_empty());
        }
        A::Split => {
            press(case);
            assert!(case.model.note.as_deref().unwrap().contains("Space ticks two jobs"));
            case.send(Message::Jobs(vec![case.job("import-41", State::Done)]));
            press(case);
            let sides = case.model.split.clone().unwrap().sides.map(|side| side.log.job);
            assert_eq!(sides.each_ref().map(|job| job.to_str().unwrap()), ["import-41", "import-42"]);
            assert!(case.model.log.split && case.model.log.clock == Clock::Start);
            case.keys("\u{1b}");
            assert!(
                case.model.split.is_none() && !case.model.log.split && case.model.log.clock == Clock::Day
            );
        }
        A::Compare => {
            case.send(Message::Jobs(vec![case.job("import-41", State::Done)]));
            press(case);
            assert!(screen(case).contains("only in B: 1") && !screen(case).contains("line #"));
            case.keys("a");
            assert!(screen(case).contains("line #"));
            let asked = update(&mut case.model, Message::Key(key("enter").unwrap()));
            assert!(
                asked.iter().any(|request| matches!(
                    request,
                    Request::Step { step: Step::Instant((1_795_364_402, _)), .. }
                )),
                "{asked:?}"
            );
            assert_eq!(case.model.log.search.as_ref().unwrap().text, "disk # on fire");
        }
        A::Newest => {
            press(case);
            assert!(case.model.jobs.newest);
            let mut late = case.job("late", State::Running);
            late.run.as_mut().unwrap().start = "2026-11-22T16:29:00.000Z".into();
            case.send(Message::Jobs(vec![late]));
            assert_eq!(selected(case).as_deref(), Some("late"));
        }
        A::Raise => {
            press(case);
            assert!(case.model.note.as_ref().unwrap().contains("its host does not say which template"));
            let mut job = case.model.jobs.selected().unwrap().clone();
            let run = job.run.as_mut().unwrap();
            (run.id, run.template) = ("import-42".into(), "/srv/log.yaml".into());
            case.send(Message::Jobs(vec![job]));
            let asked = update(&mut case.model, Message::Key(key("R").unwrap()));
            let [Request::Change(Change::ProposeRaise { job, until, .. })] = &asked[..] else {
                panic!("{asked:?}")
            };
            assert_eq!((job.as_str(), until.as_str()), ("import-42", "2026-11-22T16:40:00Z"));
            let mut proposal = Proposal::default();
            proposal.line = "the line".into();
            case.send(Message::Proposed(Box::new(Ok(proposal.clone()))));
            assert!(crate::view::tests::screen(&case.model, (120, 36)).contains("the line"));
            let done = update(&mut case.model, Message::Key(key("y").unwrap()));
            assert!(matches!(&done[..], [Request::Change(Change::Raise(_))]));
            assert_eq!(case.model.mode, Mode::Normal);
            case.send(Message::Proposed(Box::new(Ok(proposal))));
            assert!(update(&mut case.model, Message::Key(key("n").unwrap())).is_empty());
        }
        A::Disk => {
            let asked = update(&mut case.model, Message::Key(key("D").unwrap()));
            assert!(matches!(&asked[..], [Request::Change(Change::ProposePrune { template: None })]));
            press(case);
            case.send(Message::Prunable(Err("no template".into())));
            let screen = crate::view::tests::screen(&case.model, (120, 36));
            assert!(screen.contains("Disk use") && screen.contains("no template"), "{screen}");
            assert!(update(&mut case.model, Message::Key(key("y").unwrap())).is_empty());
        }
        A::GroupBy => {
            press(case);
            assert_eq!(case.model.jobs.grouping, Grouping::Prefix);
            assert_eq!(case.model.jobs.lines().len(), 2 * case.model.jobs.len());
        }
        A::FoldGroup | A::UnfoldGroup | A::FoldGroups => {
            case.model.jobs.grouping = Grouping::Prefix;
            case.model.jobs.fold(action == A::UnfoldGroup);
            case.model.jobs.arrange(case.model.now);
            let (before, stays) = (case.model.jobs.lines().len(), selected(case));
            press(case);
            let change = case.model.jobs.lines().len() as i64 - before as i64;
            assert_eq!(
                change,
                if action == A::UnfoldGroup {
                    1
                } else if action == A::FoldGroup {
                    -1
                } else {
                    -3
                }
            );
            assert_eq!(selected(case), stays);
        }
        A::Bell => {
            press(case);
            assert_eq!(case.model.bell, Bell::Bell);
        }
        A::Pane => {
            let before = case.model.focus;
            press(case);
            assert_ne!(case.model.focus, before);
        }
        A::Enter => {
            let before = selected(case);
            press(case);
            assert_eq!((case.model.focus, selected(case)), (Pane::Log, before));
        }
        A::Commands => {
            press(case);
            assert_eq!(case.model.mode, Mode::Commands(String::new(), 0));
        }
        A::Help => {
            press(case);
            assert_eq!(case.model.mode, Mode::Help(String::new(), 0));
        }
        A::Back => {
            case.model.zoom = true;
            press(case);
            assert!(!case.model.zoom);
        }
        A::Suspend => {
            press(case);
            assert!(matches!(case.asked, Some(Request::Suspend)));
        }
        A::Quit => {
            press(case);
            assert!(case.model.quit);
        }
    }
}

/// In the middle of a log, beside two other jobs.
fn prepared(place: Where) -> Case {
    let text = [ERROR, WARNING, &numbered(300), ERROR, WARNING].concat();
    let mut case = Case::new(&text, (120, 36));
    let others = vec![case.job("aaa", State::Done), case.job("zzz", State::Running)];
    case.send(Message::Jobs(others));
    case.model.jobs.chosen = true;
    case.model.focus = Pane::Log;
    case.keys("/line 150$\r\u{1b}");
    if place == Where::List {
        case.model.focus = Pane::List;
    }
    case
}

#[test]
fn every_key_of_the_table_does_what_it_is_there_for() {
    for row in TABLE {
        for name in row.keys {
            let press = |case: &mut Case| case.send(Message::Key(key(name).unwrap()));
            check(row.action, &mut prepared(row.place), &press);
        }
        // From the command list it does the same.
        let press = |case: &mut Case| case.keys(&format!(":{}\r", row.name));
        check(row.action, &mut prepared(row.place), &press);
    }
}

#[test]
fn what_is_typed_for_a_command_is_a_line_if_it_is_a_number_and_else_some_letters_of_its_name() {
    let mut case = prepared(Where::Log);
    case.keys(":wrp\r");
    assert!(case.model.log.wrap);
    case.keys(":12");
    assert!(crate::view::tests::screen(&case.model, (120, 36)).contains("Enter goes to line 12"));
    case.keys("\u{1b}:qqqq\r");
    assert!(!case.model.quit && case.model.note.as_deref() == Some("no command is called so"));
    assert_eq!(case.model.mode, Mode::Commands("qqqq".into(), 0));
}

#[test]
fn esc_and_a_key_right_after_it_are_not_taken_for_alt_and_the_key() {
    let mut case = prepared(Where::Log);
    case.keys("/some");
    case.send(Message::Key(key("alt-v").unwrap()));
    assert!(case.model.log.wrap && case.model.mode == Mode::Normal);
}

#[test]
fn what_is_open_tells_all_its_keys_and_is_there_again_afterwards() {
    let mut case = Case::new(&numbered(50), (80, 24));
    case.keys("f1\rX");
    assert!(!screen(&case).contains("Esc closes"), "that is why: {}", screen(&case));
    assert!(screen(&case).contains(" ? more"));
    case.keys("?");
    assert!(
        screen(&case).contains("Keys here") && screen(&case).contains("Esc     closes"),
        "{}",
        screen(&case)
    );
    case.keys("j");
    assert_eq!(case.model.mode, Mode::Filters(0));
    case.keys("\u{1b}/");
    case.send(Message::Key(KeyEvent::new(KeyCode::F(1), KeyModifiers::NONE)));
    assert!(screen(&case).contains("^G"), "{}", screen(&case));
    case.keys("\u{1b}?x");
    assert_eq!((case.model.mode.clone(), case.model.search.text.as_str()), (Mode::Search, "?x"));
    // Where nothing is told it does nothing.
    case.keys("\u{1b}S");
    let typing = case.model.mode.clone();
    case.send(Message::Key(KeyEvent::new(KeyCode::F(1), KeyModifiers::NONE)));
    assert_eq!(case.model.mode, typing);
}

#[test]
fn what_is_typed_ahead_is_meant_for_where_the_jump_ends() {
    let mut case = Case::new(&numbered(500), (120, 36));
    case.keys("\t");
    let mut requests = Vec::new();
    // All in one go, before anything is answered.
    for name in ["g", "ctrl-d", "ctrl-d", "m", "w", "h", "y"] {
        requests.extend(update(&mut case.model, Message::Key(key(name).unwrap())));
    }
    assert_eq!((case.model.mode.clone(), case.model.ahead.len()), (Mode::Normal, 6));
    case.answer_all(requests);
    assert_eq!(case.model.mode, Mode::Typing(For::Note, "why".to_owned()));
    let mut slow = Case::new(&numbered(500), (120, 36));
    slow.keys("\t");
    for name in ["g", "ctrl-d", "ctrl-d", "m"] {
        slow.send(Message::Key(key(name).unwrap()));
    }
    assert_eq!(case.model.marks[0].at, slow.model.marks[0].at);
    assert!(slow.model.marks[0].at > 0);
    // Esc in between, which comes with the key behind it as Alt and that key, takes none of them away.
    case.keys("\u{1b}\u{1b}G");
    let mut requests = update(&mut case.model, Message::Key(key("g").unwrap()));
    let alt = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::ALT);
    requests.extend(update(&mut case.model, Message::Key(alt)));
    requests.extend(update(&mut case.model, Message::Key(key("j").unwrap())));
    case.answer_all(requests);
    let mut slow = Case::new(&numbered(500), (120, 36));
    slow.keys("\tgjj");
    assert_eq!(case.top(), slow.top());
    case.keys("m");
    // What is not answered is not waited for for long, and Esc gives it up.
    case.keys("\r");
    let ask = update(&mut case.model, Message::Key(key("G").unwrap()));
    for late in [Message::Tick(std::time::SystemTime::UNIX_EPOCH), Message::Key(key("esc").unwrap())] {
        drop(update(&mut case.model, Message::Key(key("k").unwrap())));
        assert_eq!(case.model.ahead.len(), 1);
        drop(update(&mut case.model, late));
        assert!(case.model.ahead.is_empty());
    }
    case.answer_all(ask);
}
