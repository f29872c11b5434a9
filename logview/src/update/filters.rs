//! Filters: what is typed becomes one, and the list of them switches, edits and takes them away.

use super::log;
use crate::keys;
use crate::model::{For, Mode, Model, Request};
use crate::reading::filters::MOST;
use crate::reading::page::MOST_CONTEXT;
use crate::reading::{Filter, Pattern};
use crossterm::event::KeyEvent;

/// Numbers of lines around what is shown, from one press of the key to the next.
const CONTEXT: [usize; 9] = [0, 1, 2, 3, 5, 10, 20, 50, MOST_CONTEXT];

/// Has a filter typed: a new one, or the one of this number in the list anew.
pub(super) fn ask(model: &mut Model, hides: bool, at: Option<usize>) -> Vec<Request> {
    let filter = at.and_then(|at| model.log.only.filters.get(at));
    let text = filter.map_or_else(String::new, |filter| filter.pattern.text().to_owned());
    model.mode = Mode::Typing(For::Filter { hides, at }, text);
    model.search.recalled = None;
    Vec::new()
}

/// Takes what was typed. An edited one of which nothing is left is taken away.
pub(super) fn typed(model: &mut Model, (hides, at): (bool, Option<usize>), text: String) -> Vec<Request> {
    if text.is_empty() {
        return at.map_or_else(Vec::new, |at| remove(model, at));
    }
    let how = at.and_then(|at| model.log.only.filters.get(at)).map(|filter| filter.pattern.how());
    match Pattern::with(&text, how.unwrap_or_default()) {
        Ok(pattern) => {
            model.search.keep(text);
            let Some(filter) = at.and_then(|at| model.log.only.filters.get_mut(at)) else {
                return put(model, pattern, hides);
            };
            (filter.pattern, filter.on) = (pattern, true);
            model.mode = at.map_or(Mode::Normal, Mode::Filters);
            refilter(model)
        }
        Err(wrong) => {
            model.note = Some(format!("not a regular expression: {}", wrong.why));
            model.mode = Mode::Typing(For::Filter { hides, at }, text);
            Vec::new()
        }
    }
}

/// Filters by one more pattern, or again by one that was switched off.
pub(super) fn put(model: &mut Model, pattern: Pattern, hides: bool) -> Vec<Request> {
    let filters = &mut model.log.only.filters;
    filters.retain(|filter| filter.pattern != pattern || filter.hides != hides);
    if filters.len() >= MOST {
        model.note = Some(format!("{MOST} filters are the most: X takes some away"));
        return Vec::new();
    }
    filters.push(Filter { pattern, hides, on: true });
    let on = filters.iter().filter(|filter| filter.on).count();
    if on > 1 {
        model.note = Some(format!("{on} filters: shown is what passes all of them; X lists them"));
    }
    refilter(model)
}

/// Switches all filters off; they stay in the list. Says whether any was on.
pub(super) fn switch_off(model: &mut Model) -> bool {
    let were_on = model.log.only.filters();
    model.log.only.filters.iter_mut().for_each(|filter| filter.on = false);
    model.log.refold();
    were_on
}

/// Has counted what each filter matches while the list of them is open; or nothing any more.
pub(super) fn count_each(model: &mut Model) -> Option<Request> {
    let open = matches!(model.mode, Mode::Filters(_) | Mode::Typing(For::Filter { at: Some(_), .. }, _));
    let log = &mut model.log;
    let filters = if open && log.loaded { &log.only.filters[..] } else { &[] };
    if log.each.iter().map(|(pattern, _)| pattern).eq(filters.iter().map(|filter| &filter.pattern)) {
        return None;
    }
    let patterns: Vec<Pattern> = filters.iter().map(|filter| filter.pattern.clone()).collect();
    log.each = patterns.iter().map(|pattern| (pattern.clone(), None)).collect();
    Some(Request::CountFilters { tag: log.tag, patterns })
}

/// Has counted how many lines are shown, where that is not the number of those that match one filter.
pub(super) fn count_passing(model: &mut Model) -> Option<Request> {
    let log = &mut model.log;
    let on = || log.only.filters.iter().filter(|filter| filter.on);
    // What one filter shows is counted as what is searched for is.
    let one = on().count() == 1 && on().all(|filter| !filter.hides) && log.levels().is_all();
    let wanted = log.loaded && log.only.filters() && !one;
    let same = match &log.passing {
        Some((levels, filters)) => wanted && *levels == log.levels() && filters.iter().eq(on()),
        None => !wanted,
    };
    if same {
        return None;
    }
    log.passing = wanted.then(|| (log.levels(), on().cloned().collect()));
    log.passed = None;
    Some(Request::CountPassing { tag: log.tag, only: wanted.then(|| log.only.clone()) })
}

fn remove(model: &mut Model, at: usize) -> Vec<Request> {
    let filters = &mut model.log.only.filters;
    if at < filters.len() {
        model.removed_filters.push((at, filters.remove(at)));
    }
    let last = filters.len().saturating_sub(1);
    model.mode = Mode::Filters(at.min(last));
    refilter(model)
}

/// Puts the one back that was taken away last.
fn put_back(model: &mut Model) -> Vec<Request> {
    let filters = &mut model.log.only.filters;
    let Some((at, filter)) = model.removed_filters.pop().filter(|_| filters.len() < MOST) else {
        return Vec::new();
    };
    let at = at.min(filters.len());
    filters.insert(at, filter);
    model.mode = Mode::Filters(at);
    refilter(model)
}

fn refilter(model: &mut Model) -> Vec<Request> {
    model.log.refold();
    log::filtered(model)
}

/// More or fewer lines around those that are shown.
pub(super) fn widen(model: &mut Model, more: bool) -> Vec<Request> {
    if model.log.split {
        model.note = Some("what stands around is shown in one log alone: | leaves the other".to_owned());
        return Vec::new();
    }
    if !model.log.only.hides() {
        model.note =
            Some("nothing is hidden: + shows lines around what a filter or a level leaves".to_owned());
        return Vec::new();
    }
    let context = &mut model.log.only.context;
    let at = CONTEXT.partition_point(|count| count < context);
    let to = if more { (at + 1).min(CONTEXT.len() - 1) } else { at.saturating_sub(1) };
    *context = CONTEXT[to];
    model.note = Some(match *context {
        0 => "no lines around what is shown".to_owned(),
        1 => "1 line before and after".to_owned(),
        count => format!("{count} lines before and after"),
    });
    refilter(model)
}

/// Keys while the list is open.
pub(super) fn on_key(model: &mut Model, row: usize, key: KeyEvent) -> Vec<Request> {
    let last = model.log.only.filters.len().saturating_sub(1);
    model.mode = Mode::Filters(row);
    let chosen = model.log.only.filters.get_mut(row);
    match (keys::name(key).as_str(), chosen) {
        ("esc" | "q" | "X", _) => model.mode = Mode::Normal,
        ("up" | "k", _) => model.mode = Mode::Filters(row.saturating_sub(1)),
        ("down" | "j", _) => model.mode = Mode::Filters((row + 1).min(last)),
        ("home" | "g", _) => model.mode = Mode::Filters(0),
        ("end" | "G", _) => model.mode = Mode::Filters(last),
        ("f", _) => return ask(model, false, None),
        ("F", _) => return ask(model, true, None),
        ("space", Some(filter)) => {
            filter.on = !filter.on;
            return refilter(model);
        }
        ("r", Some(filter)) => {
            (filter.hides, filter.on) = (!filter.hides, true);
            return refilter(model);
        }
        ("enter" | "e", Some(filter)) => {
            let hides = filter.hides;
            return ask(model, hides, Some(row));
        }
        ("d" | "delete", Some(_)) => return remove(model, row),
        ("u", _) => return put_back(model),
        _ => {}
    }
    Vec::new()
}
