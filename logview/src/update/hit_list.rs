//! Keys in the list of hits. The log above it shows the one that is chosen.

use super::log::{self, hold, scroll};
use super::{search, settle, trail};
use crate::keys;
use crate::model::{Focus, HitLines, HitList, Mode, Model, Request};
use crate::reading::Anchor;
use crossterm::event::KeyEvent;

/// Opens it at the hit that is nearest to what is on the screen.
pub(super) fn open(model: &mut Model, from_search: bool) -> Vec<Request> {
    if model.log.search.is_none() || model.log.place.is_none() {
        model.note = Some("nothing is searched for: / starts a search".to_owned());
        return Vec::new();
    }
    let (first, last) = log::visible(model);
    let cursor = model.log.cursor.filter(|at| (first..last).contains(at));
    let chosen = cursor.unwrap_or(if model.log.following { u64::MAX } else { first });
    let (from, number) = (model.spot(), model.log.list.number);
    model.log.list = HitList { chosen, number, row: usize::MAX, from, from_search, ..HitList::default() };
    model.mode = Mode::Hits;
    let mut requests = settle(model);
    let rows = model.hit_rows();
    requests.extend(model.log.ask_hits(rows));
    requests
}

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    model.mode = Mode::Hits;
    let page = model.hit_rows().saturating_sub(1).max(1) as i64;
    match keys::name(key).as_str() {
        "esc" | "q" | "ctrl-g" => stop_or_leave(model),
        "enter" => go(model),
        "up" | "k" | "N" | "ctrl-p" => choose(model, -1),
        "down" | "j" | "n" | "ctrl-n" => choose(model, 1),
        "pgup" | "b" | "ctrl-b" => choose(model, -page),
        "pgdn" | "space" | "ctrl-f" => choose(model, page),
        "ctrl-u" => choose(model, -(page / 2).max(1)),
        "ctrl-d" => choose(model, (page / 2).max(1)),
        "home" | "g" => choose_end(model, 0),
        "end" | "G" => choose_end(model, u64::MAX),
        _ => Vec::new(),
    }
}

/// The count has gone on: there may be lines that are not in the list yet.
pub(super) fn counted(model: &mut Model) -> Vec<Request> {
    let log = &mut model.log;
    let hits = log.search.as_ref().and_then(|search| search.hits);
    // It is asked for when one has arrived where one was.
    let waits = log.list.asked || log.arrival.is_some();
    let stale = model.mode == Mode::Hits && !waits && log.list.counted != hits;
    if stale { ask(model) } else { Vec::new() }
}

fn ask(model: &mut Model) -> Vec<Request> {
    let rows = model.hit_rows();
    model.log.ask_hits(rows).into_iter().collect()
}

/// Asks for its lines in what is another row of bytes now, if they are not there: those around what is on the screen.
pub(super) fn renew(model: &mut Model) -> Vec<Request> {
    if model.mode != Mode::Hits || !model.log.list.lines.page.lines.is_empty() {
        return Vec::new();
    }
    let log = &mut model.log;
    log.list.chosen = log.cursor.unwrap_or(log.top);
    ask(model)
}

/// Takes in the lines that were asked for.
pub(super) fn take(model: &mut Model, lines: Option<HitLines>) -> Vec<Request> {
    let list = &mut model.log.list;
    (list.asked, model.log.looked) = (false, None);
    let Some(lines) = lines else { return Vec::new() };
    let shown = list.at().map(|at| list.lines.page.lines[at].at);
    list.lines = lines;
    if model.mode != Mode::Hits {
        return Vec::new();
    }
    let chosen = list.at().map(|at| list.lines.page.lines[at].at);
    // It is not known before what was meant by the first, the last or the nearest one.
    list.chosen = chosen.unwrap_or(list.chosen);
    let owed = std::mem::take(&mut list.owed);
    let mut requests = match owed {
        0 if chosen == shown => Vec::new(),
        0 => show(model),
        _ => choose(model, owed),
    };
    requests.extend(counted(model));
    requests
}

/// Chooses another line, so many further down.
pub(super) fn choose(model: &mut Model, by: i64) -> Vec<Request> {
    let rows = model.hit_rows();
    let list = &mut model.log.list;
    let Some(at) = list.at() else {
        list.owed = list.owed.saturating_add(by);
        return Vec::new();
    };
    let row = at - list.window(rows).start;
    let to = (at as i64).saturating_add(by).clamp(0, list.lines.page.lines.len() as i64 - 1);
    list.row = (row as i64 + to - at as i64).clamp(0, (rows as i64 - 1).max(0)) as usize;
    choose_line(model, to as usize)
}

/// Chooses what stands on a row of the list; goes there if it is chosen already.
pub(super) fn click(model: &mut Model, row: usize) -> Vec<Request> {
    let rows = model.hit_rows();
    let list = &mut model.log.list;
    let Some(to) = list.window(rows).nth(row) else { return Vec::new() };
    if list.at() == Some(to) {
        return go(model);
    }
    list.row = row;
    choose_line(model, to)
}

fn choose_line(model: &mut Model, to: usize) -> Vec<Request> {
    let rows = model.hit_rows();
    let list = &mut model.log.list;
    let lines = &list.lines.page;
    list.chosen = lines.lines[to].at;
    let short =
        to < rows && !lines.from_start || lines.lines.len().saturating_sub(to) <= rows && !lines.to_end;
    let mut requests = if short && !list.asked { ask(model) } else { Vec::new() };
    requests.extend(show(model));
    requests
}

/// Chooses the first or the last one, as far as they are known.
fn choose_end(model: &mut Model, end: u64) -> Vec<Request> {
    let list = &mut model.log.list;
    (list.chosen, list.row) = (end, if end == 0 { 0 } else { usize::MAX });
    ask(model)
}

/// Has the log show the line that is chosen.
fn show(model: &mut Model) -> Vec<Request> {
    let (first, last) = log::visible(model);
    hold(&mut model.log);
    let log = &mut model.log;
    let Some(at) = log.list.at().map(|at| log.list.lines.page.lines[at].at) else { return Vec::new() };
    log.cursor = Some(at);
    let loaded = log.page.lines.iter().any(|line| line.at == at);
    // What is on screen already does not move.
    if loaded && !log.asked && (first..last).contains(&at) {
        log.unfold(at);
        return log::refill(model);
    }
    vec![log::ask(model, Anchor::At(at), Focus::Upper(at))]
}

/// Closes it; one stays at the hit that is chosen, and the way back leads to where one was.
fn go(model: &mut Model) -> Vec<Request> {
    // Where the line is that was chosen, one arrives anyway.
    if model.log.list.at().is_none() && model.log.arrival.is_none() {
        return Vec::new();
    }
    close(model);
    if let Some(from) = model.log.list.from.take() {
        model.remember_spot(from);
    }
    let mut requests = search::stop_elsewhere(model).into_iter().collect::<Vec<_>>();
    requests.extend(settle(model));
    requests.extend(show(model));
    requests
}

/// What takes long is stopped first; then it is closed, and one is where one was.
fn stop_or_leave(model: &mut Model) -> Vec<Request> {
    if model.log.list.asked && model.log.looked.take().is_some() {
        return vec![Request::StopStep];
    }
    let from = model.log.list.from.take();
    let from_search = model.log.list.from_search;
    close(model);
    if from_search {
        model.mode = Mode::Search;
    }
    let mut requests = settle(model);
    if let Some(spot) = from {
        requests.extend(trail::go_to_spot(model, &spot));
    }
    requests
}

fn close(model: &mut Model) {
    model.mode = Mode::Normal;
    if model.log.list.from_search {
        model.search.remember();
    }
}

/// The wheel moves the choice on the list and the lines elsewhere.
pub(super) fn wheel(model: &mut Model, over: bool, rows: i64) -> Vec<Request> {
    if over { choose(model, rows) } else { scroll(model, rows) }
}
