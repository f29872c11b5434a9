//! The line that a person means: the one that a jump, a click or a key has chosen, or else the one that stands where one
//! reads; and what is done with it.

use super::log::{ask, hold, refill, scroll};
use crate::model::{BESIDE, Columns, Focus, Model, Request, Shown};
use crate::reading::Anchor;

/// What stands on each row of the log: a loaded line, and which of its rows.
pub(crate) fn on_screen(model: &Model) -> Vec<(usize, usize)> {
    if model.log.split {
        return split_rows(model);
    }
    let area = model.areas().log;
    let columns = Columns::of(model, area.width);
    let log = &model.log;
    let height = usize::from(area.height);
    let mut skip =
        if log.page.lines.get(log.top_index()).is_some_and(|line| line.at == log.top) { log.row } else { 0 };
    let mut rows = Vec::with_capacity(height);
    for at in log.top_index()..log.page.lines.len() {
        for nth in skip..log.rows(at, &columns, model.look.ascii) {
            if rows.len() == height {
                return rows;
            }
            rows.push((at, nth));
        }
        skip = 0;
    }
    rows
}

/// Lines of two logs beside each other: each loaded one on the screen, and on which of its rows.
pub(crate) fn split_rows(model: &Model) -> Vec<(usize, usize)> {
    let log = &model.log;
    let height = usize::from(model.areas().log.height);
    let (mut next, mut found) = (0usize, Vec::new());
    for at in log.top_index()..log.page.lines.len() {
        match (log.shown.get(at), log.beside.get(at).copied().flatten()) {
            (Some(Shown::Hidden), _) => {}
            // Its row may be above the screen.
            (_, Some(up)) => {
                found.extend(next.checked_sub(1 + up).filter(|row| *row < height).map(|row| (at, row)));
            }
            (_, None) => {
                next += 1;
                if next <= height {
                    found.push((at, next - 1));
                } else if next > height + BESIDE {
                    break;
                }
            }
        }
    }
    found
}

/// The line that is meant, as a number in the page.
pub(crate) fn current(model: &Model) -> Option<usize> {
    let log = &model.log;
    let rows = on_screen(model);
    let chosen = rows.iter().find(|(at, _)| Some(log.page.lines[*at].at) == log.cursor);
    let read = if log.following { rows.last() } else { rows.first() };
    chosen.or(read).map(|(at, _)| *at)
}

/// Chooses the next or the previous line.
pub(super) fn choose(model: &mut Model, down: bool) -> Vec<Request> {
    let Some(from) = current(model) else { return Vec::new() };
    hold(&mut model.log);
    let log = &mut model.log;
    // Beside each other the next line is one of the same side.
    let side = log.page.lines[from].part.filter(|_| log.split);
    let own = |at: &usize| side.is_none() || log.page.lines[*at].part == side;
    let seen = |at: &usize| log.shown.get(*at) != Some(&Shown::Hidden) && own(at);
    let next = match log.cursor {
        None => Some(from),
        Some(_) if down => (from + 1..log.page.lines.len()).find(seen),
        Some(_) => (0..from).rev().find(seen),
    };
    let Some(next) = next else { return refill(model) };
    log.cursor = Some(log.page.lines[next].at);
    // One that stands beside another may be some rows away.
    for _ in 0..=BESIDE {
        if on_screen(model).iter().any(|(at, _)| *at == next) {
            return refill(model);
        }
        let requests = scroll(model, if down { 1 } else { -1 });
        if !requests.is_empty() || !model.log.split {
            return requests;
        }
    }
    // The next one of its side may be much further.
    let at = model.log.page.lines[next].at;
    vec![ask(model, Anchor::At(at), if down { Focus::Lower(at) } else { Focus::Upper(at) })]
}

/// Chooses the line of the other one of two logs that stands nearest to the one that is meant.
pub(super) fn other_side(model: &mut Model) -> Vec<Request> {
    let rows = split_rows(model);
    let lines = &model.log.page.lines;
    let here = current(model).and_then(|at| rows.iter().find(|(of, _)| *of == at));
    let Some(&(at, row)) = here else { return Vec::new() };
    // Nobody has chosen a side yet: it is the one on the left.
    let chosen = model.log.cursor.is_some().then_some(lines[at].part).flatten();
    let wanted = chosen.map_or(0, |part| 1 - part.min(1));
    let of_side = rows.iter().filter(|(at, _)| lines[*at].part.unwrap_or(0).min(1) == wanted);
    match of_side.min_by_key(|(_, on)| on.abs_diff(row)) {
        Some(&(at, _)) => {
            let at = lines[at].at;
            hold(&mut model.log);
            model.log.cursor = Some(at);
        }
        None => model.note = Some("on that side nothing stands on this screen".to_owned()),
    }
    refill(model)
}

/// Chooses what stands on a row of the log; a row that stands for others is unfolded.
pub(super) fn click(model: &mut Model, row: usize, right: bool) -> Vec<Request> {
    let on_row = if model.log.split {
        let lines = &model.log.page.lines;
        let is_right = |at: usize| lines[at].part == Some(1);
        split_rows(model).into_iter().find(|&(at, on)| on == row && is_right(at) == right)
    } else {
        on_screen(model).get(row).copied()
    };
    let Some((at, _)) = on_row else { return Vec::new() };
    hold(&mut model.log);
    let log = &mut model.log;
    if matches!(log.shown.get(at), Some(Shown::Folded(_))) {
        if let Some(head) = log.fold_of(at) {
            log.flip(head);
        }
    } else {
        log.cursor = Some(log.page.lines[at].at);
    }
    refill(model)
}

/// Folds or unfolds where one is.
pub(super) fn fold_here(model: &mut Model) -> Vec<Request> {
    let rows = on_screen(model);
    let log = &model.log;
    let chosen = rows.iter().any(|(at, _)| Some(log.page.lines[*at].at) == log.cursor);
    // Nobody has chosen a line: the first one that is folded is meant.
    let folded =
        rows.iter().map(|(at, _)| *at).find(|at| matches!(log.shown.get(*at), Some(Shown::Folded(_))));
    let at = if chosen { current(model) } else { folded.or_else(|| current(model)) };
    match at.and_then(|at| log.fold_of(at)) {
        Some(head) => {
            hold(&mut model.log);
            // The same key takes it back.
            model.log.cursor = Some(model.log.page.lines[head].at);
            model.log.flip(head);
        }
        None => model.note = Some("there is nothing to fold here".to_owned()),
    }
    refill(model)
}

/// Folds everything, or nothing.
pub(super) fn fold_all(model: &mut Model) -> Vec<Request> {
    let log = &mut model.log;
    log.folding.on = !log.folding.on;
    log.folding.except.clear();
    log.refold();
    refill(model)
}
