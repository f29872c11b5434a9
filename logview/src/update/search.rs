//! Keys while the search is open. It looks at each key anew, in the background; the log stays where it is until it is told to
//! go to a hit.

use super::{log, settle, typing};
use crate::keys;
use crate::model::{Mode, Model, Request, Scope, Search, Step};
use crate::reading::search::Way;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Opens it with what was searched for last, which the first letter replaces.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    let one = model.shows_one_file();
    let search = &mut model.search;
    if let Some(current) = &model.log.search {
        search.text.clone_from(&current.text);
        search.how = current.pattern.how();
    }
    (search.is_old, search.wrong) = (!search.text.is_empty(), None);
    search.file = model.log.chosen.clone().filter(|_| one);
    search.scope = if one { Scope::File } else { Scope::Job };
    model.mode = Mode::Search;
    settle(model)
}

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    model.mode = Mode::Search;
    match keys::name(key).as_str() {
        "esc" => return stop_or_close(model),
        "enter" => return go(model),
        "ctrl-n" => return step(model, Way::Forward),
        "ctrl-p" => return step(model, Way::Backward),
        "pgup" => return log::scroll(model, -page(model)),
        "pgdn" => return log::scroll(model, page(model)),
        "ctrl-r" => model.search.how.regex = !model.search.how.regex,
        "ctrl-a" => model.search.how.smart_case = !model.search.how.smart_case,
        "ctrl-b" => model.search.how.word = !model.search.how.word,
        "ctrl-l" => return look_elsewhere(model),
        _ => {
            let search = &mut model.search;
            let types =
                matches!(key.code, KeyCode::Char(_)) && !key.modifiers.contains(KeyModifiers::CONTROL);
            if std::mem::take(&mut search.is_old) && types {
                search.text.clear();
            }
            let before = search.text.clone();
            typing::edit(&mut search.text, key);
            if search.text == before {
                return Vec::new();
            }
        }
    }
    model.search.is_old = false;
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
    if std::mem::take(&mut log.stepping) {
        log.queued.clear();
        requests.push(Request::StopStep);
    }
    requests.push(Request::Count { tag: log.tag, pattern, near: log.top });
    requests.extend(settle(model));
    requests
}

/// What is under way is stopped first; then the search is closed, and n and N go on from hit to hit.
fn stop_or_close(model: &mut Model) -> Vec<Request> {
    if model.log.stepping {
        (model.log.stepping, model.log.queued) = (false, Vec::new());
        return vec![Request::StopStep];
    }
    let counts = model.log.search.as_ref().is_some_and(|search| search.hits.is_none_or(|hits| !hits.1));
    if counts && !model.search.stopped && model.log.place.is_some() {
        model.search.stopped = true;
        return vec![Request::Count { tag: model.log.tag, pattern: None, near: 0 }];
    }
    model.mode = Mode::Normal;
    settle(model)
}

/// Closes the search and goes to the nearest hit.
fn go(model: &mut Model) -> Vec<Request> {
    if model.search.wrong.is_some() {
        return Vec::new();
    }
    model.mode = Mode::Normal;
    // The log has its whole height again before it is decided what is on the screen.
    let mut requests = settle(model);
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
    model.log.chosen = if search.scope == Scope::File { search.file.clone() } else { None };
    settle(model)
}
