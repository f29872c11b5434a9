//! Keys while the search is open. It looks at each key anew, in the background; the log stays where it is until it is told to
//! go to a hit.

mod words;

pub(super) use words::word;

use super::{filters, hit_list, log, settle, split, typing};
use crate::keys;
use crate::model::{LogHits, Mode, Model, Pane, Request, Scope, Search, Step};
use crate::reading::search::Way;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::{Path, PathBuf};

/// Opens it with what was searched for last, which the first letter replaces.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    let one = model.shows_one_file();
    let search = &mut model.search;
    if let Some(current) = &model.log.search {
        search.text.clone_from(&current.text);
        search.how = current.pattern.how();
    }
    (search.is_old, search.wrong) = (!search.text.is_empty(), None);
    (search.recalled, search.completion) = (None, None);
    search.file = model.log.chosen.clone().filter(|_| one);
    search.scope = if one { Scope::File } else { search.wide };
    model.mode = Mode::Search;
    let mut requests = settle(model);
    let current = model.log.search.as_ref().map(|search| search.pattern.clone());
    let elsewhere = &model.elsewhere;
    let known = elsewhere.pattern == current && elsewhere.reach.is_complete();
    let logs = model.elsewhere();
    if !(model.elsewhere.turn_to(logs) && known) {
        requests.extend(seek(model));
    }
    requests
}

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    model.mode = Mode::Search;
    let name = keys::name(key);
    if name != "tab" {
        model.search.completion = None;
    }
    match name.as_str() {
        "esc" => return stop_or_close(model),
        "enter" => return go(model),
        "ctrl-n" => return step(model, Way::Forward),
        "ctrl-p" => return step(model, Way::Backward),
        "up" | "down" => {
            let down = key.code == KeyCode::Down;
            // Above the jobs that hold it stands what is typed, and above that what was typed before.
            let recalls = if down { model.search.recalled.is_some() } else { model.elsewhere.row.is_none() };
            let mut text = std::mem::take(&mut model.search.text);
            let recalled = recalls && model.search.recall(&mut text, !down);
            model.search.text = text;
            if !recalled {
                choose(model, down);
                return Vec::new();
            }
        }
        "tab" => words::complete(model),
        "ctrl-f" => return filter(model),
        "ctrl-g" => return hit_list::open(model, true),
        "pgup" => return log::scroll(model, -page(model)),
        "pgdn" => return log::scroll(model, page(model)),
        "ctrl-r" | "ctrl-a" | "ctrl-b" => {
            let how = &mut model.search.how;
            let switch = match name.as_str() {
                "ctrl-r" => &mut how.regex,
                "ctrl-a" => &mut how.smart_case,
                _ => &mut how.word,
            };
            *switch = !*switch;
            model.search.usual = *how;
        }
        "ctrl-l" => return look_elsewhere(model),
        _ => {
            let search = &mut model.search;
            let types =
                matches!(key.code, KeyCode::Char(_)) && !key.modifiers.contains(KeyModifiers::CONTROL);
            if std::mem::take(&mut search.is_old) && types {
                search.text.clear();
                search.how = search.usual;
            }
            let before = search.text.clone();
            typing::edit(&mut search.text, key);
            if search.text == before {
                return Vec::new();
            }
            search.recalled = None;
        }
    }
    (model.search.is_old, model.log.to_first_hit) = (false, false);
    begin(model)
}

fn page(model: &Model) -> i64 {
    i64::from(model.areas().log.height.saturating_sub(1)).max(1)
}

/// Looks for what is typed now, and for nothing else any more.
fn begin(model: &mut Model) -> Vec<Request> {
    let pattern = model.search.pattern();
    model.search.stopped = false;
    let log = &mut model.log;
    if pattern.is_some() && log.search.as_ref().map(|search| &search.pattern) == pattern.as_ref() {
        return Vec::new();
    }
    let text = model.search.text.clone();
    log.search = pattern.clone().map(|pattern| Search::new(text, pattern));
    log.refold();
    let mut requests = Vec::new();
    log.queued.clear();
    // Where one was one is to be again.
    if log.arrival.is_none() && std::mem::take(&mut log.stepping) {
        requests.push(Request::StopStep);
    }
    requests.push(Request::Count { tag: log.tag, pattern, near: log.top });
    requests.extend(seek(model));
    requests.extend(settle(model));
    requests
}

/// Looks elsewhere for what is looked for in the log.
fn seek(model: &mut Model) -> Vec<Request> {
    let elsewhere = &mut model.elsewhere;
    match &model.log.search {
        Some(search) if !elsewhere.logs.is_empty() => {
            vec![Request::SearchElsewhere(Box::new(elsewhere.begin(&search.pattern)))]
        }
        _ => {
            let runs = elsewhere.running;
            elsewhere.clear();
            if runs { vec![Request::StopElsewhere] } else { Vec::new() }
        }
    }
}

/// Stops looking elsewhere; what was found stays.
pub(super) fn stop_elsewhere(model: &mut Model) -> Option<Request> {
    std::mem::take(&mut model.elsewhere.running).then_some(Request::StopElsewhere)
}

/// Chooses among the logs that have hits; above the first one is what is typed.
fn choose(model: &mut Model, down: bool) {
    // On a small screen they are not shown.
    if model.areas().search.height < 9 {
        return;
    }
    let told = model.told_elsewhere();
    let at = model.elsewhere.row.and_then(|row| told.iter().position(|&at| at == row));
    let to = match (at, down) {
        (None, true) => Some(0),
        (None, false) => None,
        (Some(at), true) => Some((at + 1).min(told.len().saturating_sub(1))),
        (Some(at), false) => at.checked_sub(1),
    };
    model.elsewhere.row = to.and_then(|to| told.get(to).copied());
}

/// What is under way is stopped first; then the search is closed, and n and N go on from hit to hit.
fn stop_or_close(model: &mut Model) -> Vec<Request> {
    if model.log.stepping {
        (model.log.stepping, model.log.queued) = (false, Vec::new());
        return vec![Request::StopStep];
    }
    // What has not even said how far it is takes no time, and nobody means to stop it.
    let counts = model.log.search.as_ref().is_some_and(|search| search.hits.is_some_and(|hits| !hits.1));
    let counts = counts && !model.search.stopped && model.log.place.is_some();
    let seeks = model.elsewhere.running && !model.elsewhere.reach.took.is_zero();
    let mut requests = Vec::from_iter(stop_elsewhere(model));
    if counts || seeks {
        if counts {
            model.search.stopped = true;
            requests.push(Request::Count { tag: model.log.tag, pattern: None, near: 0 });
        }
        return requests;
    }
    model.mode = Mode::Normal;
    // What is nowhere is nothing to step through.
    let nowhere = model.log.search.as_ref().is_some_and(|search| search.hits == Some((0, true)));
    if nowhere {
        model.log.search = None;
        model.log.refold();
        let near = model.log.top;
        requests.push(log::count_or_stop(&mut model.log, near));
    } else if model.search.wrong.is_none() {
        model.search.remember();
    }
    requests.extend(settle(model));
    requests
}

/// Closes the search and goes to the nearest hit, or to the first one of the log that is chosen.
fn go(model: &mut Model) -> Vec<Request> {
    if model.search.wrong.is_some() {
        return Vec::new();
    }
    model.mode = Mode::Normal;
    model.search.remember();
    let mut requests = Vec::from_iter(stop_elsewhere(model));
    if let Some(hits) = model.elsewhere.row.take().and_then(|row| model.elsewhere.hits.get(row)).cloned() {
        requests.extend(go_to(model, &hits));
        return requests;
    }
    // The log has its whole height again before it is decided what is on the screen.
    requests.extend(settle(model));
    if let Some(search) = &model.log.search {
        let again = model.search.is_old;
        if std::mem::take(&mut model.search.stopped) {
            let pattern = Some(search.pattern.clone());
            requests.push(Request::Count { tag: model.log.tag, pattern, near: model.log.top });
        }
        if !again {
            model.log.cursor = None;
        }
        requests.extend(log::step(model, Step::Hit(nearest(model))));
    }
    requests
}

/// Closes the search and shows only what matches.
fn filter(model: &mut Model) -> Vec<Request> {
    let Some(pattern) = model.search.pattern() else { return Vec::new() };
    model.mode = Mode::Normal;
    model.search.remember();
    let mut requests = Vec::from_iter(stop_elsewhere(model));
    requests.extend(filters::put(model, pattern, false));
    requests.extend(settle(model));
    requests
}

fn go_to(model: &mut Model, hits: &LogHits) -> Vec<Request> {
    model.remember();
    let tag = model.log.tag;
    let Some(mut requests) = turn_to(model, &hits.job, hits.file.clone()) else { return settle(model) };
    model.log.to_first_hit = true;
    if model.log.tag == tag {
        requests.extend(log::first_hit(model));
    }
    requests
}

/// Turns to the log of a job, or to another file of it, by itself; `None` if the job is gone.
pub(super) fn turn_to(model: &mut Model, job: &Path, file: Option<PathBuf>) -> Option<Vec<Request>> {
    if !model.jobs.reveal(job, model.now) {
        model.note = Some("that job is gone".to_owned());
        return None;
    }
    (model.jobs.moved, model.jobs.chosen, model.jobs.newest) = (true, true, false);
    split::close(model);
    if !std::mem::take(&mut model.jobs.ticked).is_empty() {
        model.note = Some("shown by itself: the ticks are taken away".to_owned());
    }
    model.log.chosen = file;
    let requests = settle(model);
    model.focus = Pane::Log;
    Some(requests)
}

/// While following, what was there last is nearer than what will come.
fn nearest(model: &Model) -> Way {
    if model.log.following { Way::Backward } else { Way::Forward }
}

/// Goes from hit to hit without closing the search.
fn step(model: &mut Model, way: Way) -> Vec<Request> {
    if model.log.search.is_none() {
        return Vec::new();
    }
    let way = if model.log.cursor.is_none() { nearest(model) } else { way };
    log::step(model, Step::Hit(way))
}

/// Looks in the next scope, which shows what it looks at.
fn look_elsewhere(model: &mut Model) -> Vec<Request> {
    let search = &mut model.search;
    search.scope = search.scope.next(search.file.is_some());
    if search.scope != Scope::File {
        search.wide = search.scope;
    }
    model.log.chosen = if search.scope == Scope::File { search.file.clone() } else { None };
    let mut requests = settle(model);
    let logs = model.elsewhere();
    model.elsewhere.turn_to(logs);
    requests.extend(seek(model));
    requests
}
