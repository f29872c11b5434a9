//! The search in what is not on the screen: what comes late, what is stopped, what is chosen.

use super::{Case, numbered};
use crate::model::{LogHits, Message, Mode, Reach, Request, State};
use crate::reading::Summary;
use crate::update::update;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// A search over five jobs, of which nothing is known yet.
fn searching() -> Case {
    let mut case = Case::new(&numbered(50), (120, 36));
    let jobs = ["a", "b", "c", "d"].map(|name| case.job(name, State::Done));
    case.send(Message::Jobs(jobs.into()));
    case.keys("/line 1");
    case.model.elsewhere.clear();
    case.model.elsewhere.running = true;
    case
}

fn hits(number: usize, job: &str) -> LogHits {
    LogHits { number, job: job.into(), file: None, summary: Summary { hits: 7, ..Summary::default() } }
}

fn found(case: &Case, found: Vec<LogHits>, done: usize) -> Message {
    let took = Duration::from_millis(200);
    let reach = Reach { done, logs: 5, took, ..Reach::default() };
    Message::Elsewhere { serial: case.model.elsewhere.serial, found, reach }
}

fn press(case: &mut Case, code: KeyCode) -> Vec<Request> {
    update(&mut case.model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[test]
fn esc_stops_first_and_what_was_found_stays_and_then_closes() {
    let mut case = searching();
    let message = found(&case, vec![hits(1, "b")], 2);
    case.send(message);
    let asked = press(&mut case, KeyCode::Esc);
    assert!(asked.iter().any(|request| matches!(request, Request::StopElsewhere)), "{asked:?}");
    assert_eq!((case.model.mode.clone(), case.model.told_elsewhere().len()), (Mode::Search, 1));
    press(&mut case, KeyCode::Esc);
    assert_eq!(case.model.mode, Mode::Normal);
}

#[test]
fn what_is_typed_meanwhile_makes_everything_else_late() {
    let mut case = searching();
    let late = found(&case, vec![hits(1, "b")], 2);
    case.keys("2");
    let before = case.model.elsewhere.hits.clone();
    case.send(late);
    assert_eq!(case.model.elsewhere.hits, before);
}

#[test]
fn rows_stand_in_the_order_of_the_list_and_the_chosen_one_stays_chosen() {
    let mut case = searching();
    let message = found(&case, vec![hits(2, "c")], 2);
    case.send(message);
    press(&mut case, KeyCode::Down);
    let message = found(&case, vec![hits(3, "d"), hits(0, "a")], 5);
    case.send(message);
    let elsewhere = &case.model.elsewhere;
    let jobs: Vec<_> = elsewhere.hits.iter().map(|hits| hits.job.to_str().unwrap()).collect();
    assert_eq!((jobs, elsewhere.row, elsewhere.running), (vec!["a", "c", "d"], Some(1), false));
    case.keys("\r");
    assert_eq!(case.model.log.place.as_ref().map(|place| place.job.to_str().unwrap()), Some("c"));
    assert!(case.model.log.cursor.is_some() && case.model.mode == Mode::Normal);
}
