//! Back and forward, marks, and the same moment in the most verbose file.

use super::log::{self, ask, go, hold, refill, step};
use super::{filters, line, search, settle, split};
use crate::model::{Aim, Arrival, Focus, For, Marking, Mode, Model, Request, Spot, Step, main_file, time_of};
use crate::reading::filters::pass;
use crate::reading::page::Levels;
use crate::reading::{Anchor, Filter};
use crossterm::event::KeyEvent;
use std::path::{Path, PathBuf};

/// To where one was before, or from there back again.
pub(super) fn go_back(model: &mut Model, back: bool) -> Vec<Request> {
    let from = if back { &mut model.trail.back } else { &mut model.trail.forward };
    let Some(spot) = from.pop() else {
        model.note = Some(if back { "there is no way back" } else { "there is no way forward" }.to_owned());
        return Vec::new();
    };
    if let Some(here) = model.spot() {
        if back { &mut model.trail.forward } else { &mut model.trail.back }.push(here);
    }
    go_to_spot(model, &spot)
}

pub(super) fn go_to_spot(model: &mut Model, spot: &Spot) -> Vec<Request> {
    let same = spot.tag == model.log.tag;
    let only = &mut model.log.only;
    (only.levels, only.context) = (spot.only.levels, spot.only.context);
    // What was added since stays in the list, and what was taken away is gone.
    for filter in &mut only.filters {
        let same = |old: &&Filter| (&old.pattern, old.hides) == (&filter.pattern, filter.hides);
        filter.on = spot.only.filters.iter().find(same).is_some_and(|old| old.on);
    }
    model.log.refold();
    let mut requests = match &spot.sides {
        _ if same => Vec::new(),
        Some(sides) => {
            let at = spot.time.filter(|_| !spot.following);
            return split::put_beside(model, sides.clone(), at);
        }
        None => {
            model.jobs.ticked.clone_from(&spot.ticked);
            turn_to(model, &spot.job, spot.chosen.clone())
        }
    };
    if model.log.search.is_none() {
        requests.push(log::count_or_stop(&mut model.log, spot.top));
    }
    if spot.following {
        requests.extend(go(model, Anchor::End));
    } else if same {
        hold(&mut model.log);
        model.log.cursor = spot.cursor;
        requests.push(ask(model, Anchor::At(spot.top), Focus::Top(spot.top)));
    } else {
        requests.extend(arrive_at(model, spot.time.map(|time| Arrival { time, aim: Aim::See })));
    }
    requests
}

/// Turns to another file of another job, or of this one.
fn turn_to(model: &mut Model, job: &Path, chosen: Option<PathBuf>) -> Vec<Request> {
    split::close(model);
    model.resume = None;
    if !model.jobs.select_key(job) {
        model.note = Some("that job is not in the list".to_owned());
    }
    model.jobs.moved = true;
    model.log.chosen = chosen;
    settle(model)
}

/// Goes to an instant, at once or when the file is open.
fn arrive_at(model: &mut Model, arrival: Option<Arrival>) -> Vec<Request> {
    model.log.arrival = arrival;
    match arrival {
        Some(Arrival { time, .. }) if model.log.loaded => step(model, Step::Instant(time)),
        _ => Vec::new(),
    }
}

/// From a record to the same moment with everything that was logged around it: without filters, in the file that
/// holds the records of all.
pub(super) fn context(model: &mut Model) -> Vec<Request> {
    let Some(at) = line::current(model) else { return Vec::new() };
    let log = &model.log;
    if let Some(job) = log.page.lines[at].part.and_then(|part| log.together.get(usize::from(part))) {
        let job = job.clone();
        return alone(model, at, &job);
    }
    let head = (0..=at).rev().find(|&at| log.page.lines[at].head.is_some()).unwrap_or(at);
    let (offset, time) = (log.page.lines[head].at, time_of(&log.page.lines[head]));
    let main = model.jobs.selected().and_then(|job| main_file(&job.files)).map(|file| file.name.clone());
    let shown = log.place.as_ref().map(|place| place.file.clone());
    let other = main.clone().filter(|main| Some(main) != shown.as_ref());
    if other.is_some() && time.is_none() {
        model.note = Some("this line has no time that could be looked for".to_owned());
        return Vec::new();
    }
    model.remember();
    let hidden = model.log.only.hides();
    model.log.only.levels = Levels::ALL;
    filters::switch_off(model);
    hold(&mut model.log);
    model.log.refold();
    if let (Some(main), Some(time)) = (other, time) {
        model.log.chosen = None;
        let mut requests = settle(model);
        requests.extend(arrive_at(model, Some(Arrival { time, aim: Aim::Before })));
        let main = crate::text::name(main.as_os_str().as_encoded_bytes(), model.look.ascii);
        model.note = Some(format!("the same moment in {main}"));
        return requests;
    }
    if !hidden {
        model.note = Some("nothing is hidden here: this is the most verbose file".to_owned());
    }
    model.log.cursor = Some(offset);
    vec![ask(model, Anchor::At(offset), Focus::Lower(offset))]
}

/// From a line of several jobs' log to the same moment in that of its job alone.
fn alone(model: &mut Model, at: usize, job: &Path) -> Vec<Request> {
    let Some(time) = time_of(&model.log.page.lines[at]) else {
        model.note = Some("this line has no time that could be looked for".to_owned());
        return Vec::new();
    };
    model.remember();
    model.log.only.levels = Levels::ALL;
    filters::switch_off(model);
    let Some(requests) = search::turn_to(model, job, None) else { return settle(model) };
    model.resume = None;
    hold(&mut model.log);
    model.log.arrival = Some(Arrival { time, aim: Aim::Before });
    requests
}

/// Marks the line that is meant and asks for a note, or takes the mark away.
pub(super) fn mark(model: &mut Model) -> Vec<Request> {
    let Some(at) = line::current(model) else { return Vec::new() };
    hold(&mut model.log);
    model.log.cursor = Some(model.log.page.lines[at].at);
    match model.mark(at) {
        Marking::Marked => model.mode = Mode::Typing(For::Note, String::new()),
        Marking::TakenAway => model.note = Some("the mark is taken away".to_owned()),
        Marking::TooMany => {
            model.note = Some("no more lines can be marked: ' lists the marks, d takes one away".to_owned());
        }
    }
    refill(model)
}

/// Keeps what was typed with the mark.
pub(super) fn note(model: &mut Model, text: String) {
    let (tag, at) = (model.log.tag, model.log.cursor);
    if let Some(mark) = model.marks.iter_mut().find(|mark| mark.tag == tag && Some(mark.at) == at) {
        mark.note = text;
    }
}

/// To the next mark in this file, around its end.
pub(super) fn next_mark(model: &mut Model) -> Vec<Request> {
    let here = line::current(model).map_or(0, |at| model.log.page.lines[at].at);
    let mut marks: Vec<usize> = model.marks_here().collect();
    // Those of several jobs stand by job.
    if !model.log.together.is_empty() {
        marks.sort_by_key(|&at| model.marks[at].at);
    }
    let time = line::current(model).and_then(|at| time_of(&model.log.page.lines[at]));
    let after = |&&at: &&usize| {
        let mark = &model.marks[at];
        if mark.tag == model.log.tag { mark.at > here } else { mark.time > time }
    };
    match marks.iter().find(after).or(marks.first()) {
        Some(&at) => go_to_mark(model, at),
        None => {
            model.note = Some("nothing is marked here: m marks a line".to_owned());
            Vec::new()
        }
    }
}

fn go_to_mark(model: &mut Model, at: usize) -> Vec<Request> {
    let Some(mark) = model.marks.get(at).cloned() else { return Vec::new() };
    model.remember();
    if !model.log.levels().has(mark.level) {
        model.log.only.levels = Levels::ALL;
    }
    if !pass(&model.log.only.filters, &mark.text) {
        filters::switch_off(model);
    }
    hold(&mut model.log);
    if mark.tag == model.log.tag {
        model.log.cursor = Some(mark.at);
        return vec![ask(model, Anchor::At(mark.at), Focus::Upper(mark.at))];
    }
    let main = model.jobs.get(&mark.place.job).and_then(|job| main_file(&job.files));
    let chosen = (main.map(|main| &main.name) != Some(&mark.place.file)).then(|| mark.place.file.clone());
    let mut requests = turn_to(model, &mark.place.job, chosen);
    hold(&mut model.log);
    requests.extend(arrive_at(model, mark.time.map(|time| Arrival { time, aim: Aim::See })));
    requests
}

/// Keys while the list of marks is open.
pub(super) fn on_key(model: &mut Model, row: usize, key: KeyEvent) -> Vec<Request> {
    let last = model.marks.len().saturating_sub(1);
    let row = match crate::keys::name(key).as_str() {
        "esc" | "q" | "'" => return Vec::new(),
        "enter" => return go_to_mark(model, row),
        "up" | "k" => row.saturating_sub(1),
        "down" | "j" => row + 1,
        "d" | "delete" if row < model.marks.len() => {
            model.marks.remove(row);
            row
        }
        _ => row,
    };
    model.mode = Mode::Marks(row.min(last));
    Vec::new()
}
