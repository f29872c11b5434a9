//! Comparing two logs: what is said in one of them only, and the way from there to where it is said first.

use super::search::turn_to;
use super::{log, settle, split};
use crate::keys;
use crate::model::{Aim, Arrival, Compared, Comparison, Mode, Model, Reach, Request, Search, Side, Step};
use crate::reading::page::Levels;
use crate::reading::shapes::pattern;
use crossterm::event::KeyEvent;

/// Opens the comparison of what would be laid beside each other; the last one, if that was of the same.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    let selected = model.jobs.selected().map(|job| &job.key);
    let is_of = |known: &&Comparison| {
        known.found.is_some() && known.sides.iter().any(|side| Some(&side.log.job) == selected)
    };
    // Whoever went from it to a line comes back to it.
    let last = model.comparison.as_ref().filter(|_| model.jobs.ticked.len() < 2).filter(is_of);
    let pair = match (&model.split, last) {
        (Some(split), _) => Ok(split.sides.clone()),
        (None, Some(last)) => Ok(last.sides.clone()),
        (None, None) => model.pair(),
    };
    let sides = match pair {
        Ok(sides) => sides,
        Err(why) => {
            model.note = Some(why);
            return Vec::new();
        }
    };
    begin(model, sides)
}

/// Compares two logs, unless that is what was done last.
fn begin(model: &mut Model, sides: [Side; 2]) -> Vec<Request> {
    model.mode = Mode::Compare;
    let known = model.comparison.as_ref().filter(|known| known.sides == sides && known.found.is_some());
    if known.is_some_and(|known| !known.is_live()) {
        return Vec::new();
    }
    // It takes the place of a search elsewhere, and its answers may be told from those.
    model.elsewhere.clear();
    let serial = model.elsewhere.serial;
    model.comparison = Some(Comparison::of(serial, sides.clone()));
    vec![Request::Compare { serial, sides: Box::new(sides) }]
}

/// Takes in how far it is, or what it came to.
pub(super) fn take(model: &mut Model, serial: u64, reach: Reach, found: Option<Result<Compared, String>>) {
    let now = model.seconds();
    if let Some(comparison) = model.comparison.as_mut().filter(|comparison| comparison.serial == serial) {
        comparison.reach = reach;
        if found.is_some() {
            (comparison.found, comparison.at) = (found, now);
            comparison.choose(0);
        }
    }
}

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    model.mode = Mode::Compare;
    let page = crate::view::compare_rows(model.size).saturating_sub(2).max(1) as i64;
    let Some(comparison) = &mut model.comparison else { return Vec::new() };
    match keys::name(key).as_str() {
        "esc" | "q" | "C" => return close(model),
        "enter" => return go(model),
        "|" => {
            model.mode = Mode::Normal;
            let at = comparison.chosen().and_then(|difference| comparison.since_start(difference));
            let sides = comparison.sides.clone();
            let mut requests = close(model);
            requests.extend(split::lay(model, sides, at));
            return requests;
        }
        name @ ("[" | "]") => {
            let [left, right] = comparison.sides.clone();
            return match model.other_run(&left, name == "]", &right) {
                Some(side) => begin(model, [side, right]),
                None => {
                    model.note = Some(split::no_run(name == "]"));
                    Vec::new()
                }
            };
        }
        "up" | "k" => comparison.choose(-1),
        "down" | "j" => comparison.choose(1),
        "pgup" | "b" | "ctrl-b" => comparison.choose(-page),
        "pgdn" | "space" | "ctrl-f" => comparison.choose(page),
        "home" | "g" => comparison.choose(i64::MIN / 2),
        "end" | "G" => comparison.choose(i64::MAX / 2),
        "a" => {
            comparison.all = !comparison.all;
            comparison.choose(0);
        }
        _ => {}
    }
    Vec::new()
}

fn close(model: &mut Model) -> Vec<Request> {
    model.mode = Mode::Normal;
    if model.comparison.as_ref().is_some_and(|comparison| comparison.found.is_none()) {
        model.comparison = None;
        return vec![Request::StopElsewhere];
    }
    Vec::new()
}

/// Goes to where what is chosen is said first, with all of that kind searched for.
fn go(model: &mut Model) -> Vec<Request> {
    let Some(comparison) = &model.comparison else { return Vec::new() };
    let Some(difference) = comparison.chosen() else { return Vec::new() };
    let side = Comparison::side_of(difference);
    let (text, level) = (difference.shape.text.clone(), difference.shape.level);
    let time = difference.said[side].and_then(|said| said.time);
    let job = comparison.sides[side].log.job.clone();
    model.mode = Mode::Normal;
    model.remember();
    let tag = model.log.tag;
    if !model.log.levels().has(level) {
        model.log.only.levels = Levels::ALL;
    }
    super::filters::switch_off(model);
    model.log.search = pattern(&text).map(|pattern| Search::new(text, pattern));
    // Where both are on the screen they stay there.
    if !model.log.together.is_empty() {
        let near = model.log.top;
        let mut requests = log::count(&mut model.log, near).into_iter().collect::<Vec<_>>();
        requests.extend(log::first_hit(model));
        return requests;
    }
    // Where it cannot be found again by its time, the search leads there.
    let arrival = time.map(|time| Arrival { time, aim: Aim::Hit });
    let Some(mut requests) = turn_to(model, &job, None) else { return settle(model) };
    model.log.arrival = arrival;
    model.log.to_first_hit = arrival.is_none();
    if model.log.tag == tag {
        let near = model.log.top;
        requests.extend(log::count(&mut model.log, near));
        requests.extend(match arrival {
            Some(arrival) => log::step(model, Step::Instant(arrival.time)),
            None => log::first_hit(model),
        });
    }
    requests
}
