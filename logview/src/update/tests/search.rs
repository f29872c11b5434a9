//! Words that the search takes from elsewhere than the keyboard.

use super::{Case, numbered};
use crate::model::{Message, Mode};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn press(case: &mut Case, code: KeyCode) {
    case.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

#[test]
fn what_was_searched_for_comes_back_also_the_next_time_and_then_what_was_typed() {
    let mut case = Case::new(&numbered(200), (120, 36));
    case.keys("/line 7\r/line 8\r/new");
    let (up, down) = (KeyCode::Up, KeyCode::Down);
    for (key, wanted) in [(up, "line 8"), (up, "line 7"), (up, "line 7"), (down, "line 8"), (down, "new")] {
        press(&mut case, key);
        assert_eq!(case.model.search.text, wanted);
    }
    let session = case.model.session();
    assert_eq!(session.searches, ["line 7", "line 8"]);
    let mut next = Case::new(&numbered(5), (120, 36));
    next.model.restore(session);
    next.keys("/");
    press(&mut next, up);
    assert_eq!(next.model.search.text, "line 8");
    (0..300).for_each(|number| next.model.search.keep(number.to_string()));
    assert_eq!(next.model.session().searches.len(), 100);
}

#[test]
fn tab_goes_through_the_words_on_the_screen() {
    let mut case = Case::new(&numbered(200), (120, 36));
    case.keys("/x|li\t");
    assert_eq!(case.model.search.text, "x|line");
    case.keys("\t\tzz\t");
    assert_eq!(case.model.search.text, "x|linezz", "none begins so");
}

#[test]
fn what_is_typed_becomes_a_filter() {
    let mut case = Case::new(&numbered(200), (120, 36));
    case.keys("/line 7");
    case.send(Message::Key(KeyEvent::new(KeyCode::Char('f'), KeyModifiers::CONTROL)));
    let filters = &case.model.log.only.filters;
    assert_eq!((filters[0].pattern.text(), case.model.mode.clone()), ("line 7", Mode::Normal));
    let lines = &case.model.log.page.lines;
    assert!(!lines.is_empty() && lines.iter().all(|line| line.text.windows(6).any(|text| text == b"line 7")));
}

#[test]
fn whole_words_are_meant_by_the_key_for_a_word_alone() {
    let mut case = Case::new(&numbered(200), (120, 36));
    case.keys("\t*/");
    assert_eq!((case.model.search.text.as_str(), case.model.search.how.word), ("line", true));
    case.keys("ine");
    assert_eq!((case.model.search.text.as_str(), case.model.search.how.word), ("ine", false));
}

#[test]
fn a_match_in_what_the_columns_leave_out_is_told() {
    let said = |pattern: &str| {
        let mut case = Case::new(&numbered(500), (120, 36));
        case.keys(&format!("\tg/{pattern}\r"));
        case.model.note.clone().unwrap_or_default()
    };
    // `[line:1]` stands before the message; the level does as a letter, and the target in its column.
    assert!(said(r"\[line:1").contains("p shows the lines as they are"));
    for seen in ["INFO", "line 300", "16:20", "m::n"] {
        assert_eq!(said(seen), "", "{seen}");
    }
}
