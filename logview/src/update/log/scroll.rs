//! Moving through the lines that are loaded, and asking for more.

use super::height;
use crate::model::{Columns, Focus, Log, Model, Request, Shown};
use crate::reading::{Anchor, Line};

/// Puts the last line at the bottom of the screen.
pub(super) fn to_bottom(model: &mut Model) {
    if let Some((top, row)) = bottom(model) {
        (model.log.top, model.log.row) = (top, row);
    }
}

/// The top at which the last loaded line stands at the bottom.
pub(super) fn bottom(model: &Model) -> Option<(u64, usize)> {
    let areas = model.areas();
    let columns = Columns::of(model, areas.log.width);
    let mut rows = height(&areas);
    let log = &model.log;
    for (at, line) in log.page.lines.iter().enumerate().rev() {
        let taken = log.rows(at, &columns, model.look.ascii);
        if taken >= rows {
            return Some((line.at, taken - rows));
        }
        rows -= taken;
    }
    log.page.lines.first().map(|line| (line.at, 0))
}

/// Moves by rows; any move up holds.
pub(in crate::update) fn scroll(model: &mut Model, rows: i64) -> Vec<Request> {
    if rows < 0 {
        hold(&mut model.log);
    } else if model.log.following {
        return Vec::new();
    }
    move_by(model, rows);
    refill(model)
}

/// Moves down by rows, wherever that is, so that what stands there is in sight.
pub(in crate::update) fn scroll_to(model: &mut Model, rows: i64) -> Vec<Request> {
    hold(&mut model.log);
    let columns = Columns::of(model, model.areas().log.width);
    let log = &mut model.log;
    let mut left = rows + log.row as i64;
    let mut at = log.top_index();
    while at + 1 < log.page.lines.len() && left >= log.rows(at, &columns, model.look.ascii) as i64 {
        left -= log.rows(at, &columns, model.look.ascii) as i64;
        at += 1;
    }
    (log.top, log.row) = (log.page.lines.get(at).map_or(log.top, |line| line.at), left.max(0) as usize);
    Vec::new()
}

pub(in crate::update) fn hold(log: &mut Log) {
    if log.following {
        log.following = false;
        log.held_at = (log.len, log.totals.complete.then_some(log.totals));
    }
}

/// Moves as far as the loaded lines allow and owes the rest if there are more.
pub(super) fn move_by(model: &mut Model, rows: i64) {
    let areas = model.areas();
    let columns = Columns::of(model, areas.log.width);
    let ascii = model.look.ascii;
    let last = bottom(model);
    let log = &mut model.log;
    if log.page.lines.is_empty() {
        return;
    }
    let taken = |at: usize| log.rows(at, &columns, ascii) as i64;
    let mut at = log.top_index();
    let mut row = if log.page.lines[at].at == log.top { log.row as i64 } else { 0 } + rows;
    while row < 0 && at > 0 {
        at -= 1;
        row += taken(at);
    }
    while at + 1 < log.page.lines.len() && row >= taken(at) {
        row -= taken(at);
        at += 1;
    }
    let (mut top, mut shown) = (log.page.lines[at].at, row.clamp(0, (taken(at) - 1).max(0)));
    let mut owed = if row < 0 && !log.page.from_start { row } else { log.owed };
    if let Some((end, end_row)) = last.filter(|&(end, end_row)| (top, shown as usize) > (end, end_row)) {
        if !log.page.to_end {
            let from = log.page.lines.partition_point(|line| line.at < end);
            owed = (from..at).map(taken).sum::<i64>() - end_row as i64 + row;
        }
        (top, shown) = (end, end_row as i64);
    }
    (log.top, log.row, log.owed) = (top, shown as usize, owed);
}

/// Asks for more lines where the screen comes near the end of those that are loaded.
pub(in crate::update) fn refill(model: &mut Model) -> Vec<Request> {
    fill(model, false)
}

/// The same; a page that has just come and does not do is asked for again with more lines.
pub(super) fn fill(model: &mut Model, fresh: bool) -> Vec<Request> {
    /// Lines are not asked for by more than so many times; while following, which asks at each growth, by fewer.
    const STRETCH: usize = 64;
    const FOLLOWING: usize = 16;
    let height = height(&model.areas());
    if model.log.following && model.log.loaded {
        to_bottom(model);
    }
    if model.log.asked || model.log.place.is_none() || !model.log.loaded {
        return Vec::new();
    }
    let is_short = |model: &Model, known: bool| {
        let (above, below) = around(model, 2 * height, known);
        if model.log.following {
            return above + below < height && !model.log.page.from_start;
        }
        (above < height && !model.log.page.from_start) || (below < 2 * height && !model.log.page.to_end)
    };
    let here = (model.log.top, model.log.len);
    if is_short(model, true) && model.log.tried != Some(here) {
        let log = &mut model.log;
        // It was ended early so that what was found could be seen: it goes on from there.
        let fresh = fresh && !log.page.stopped;
        let most = if log.following { FOLLOWING } else { STRETCH };
        if !fresh || log.stretch < most {
            log.stretch = (if fresh { 4 * log.stretch } else { log.stretch }).min(most);
            let (anchor, focus) =
                if log.following { (log.end(), Focus::Bottom) } else { (Anchor::At(log.top), Focus::Stay) };
            return vec![log.ask(anchor, height, focus)];
        }
        // More is not to be had here, and not asked for again before something changes.
        log.tried = Some(here);
    }
    if !model.log.folding.inner && is_short(model, false) {
        model.log.folding.inner = true;
        model.log.refold();
        if model.log.following {
            to_bottom(model);
        }
    }
    if model.log.stretch > 1 {
        let (above, below) = around(model, 8 * height, false);
        if above + below > 7 * height {
            model.log.stretch = 1;
        }
    }
    model.log.owed = 0;
    Vec::new()
}

/// Rows that are loaded above the screen's top and from it on, as far as a number of them. With `known`, what is folded
/// counts only if it is known how much it is, and lines of a record that begins above the page do not, since they may be.
pub(super) fn around(model: &Model, most: usize, known: bool) -> (usize, usize) {
    let columns = Columns::of(model, model.areas().log.width);
    let log = &model.log;
    let top = log.top_index();
    let is_continued = |line: &&Line| line.head.is_none() && line.level.is_some();
    let continued = log.page.lines.iter().take_while(is_continued).count();
    let continued = if log.folding.on && !log.page.from_start { continued } else { 0 };
    let rows = |at: usize| match log.shown.get(at) {
        Some(Shown::Folded(fold)) if known && !fold.complete => 0,
        _ if known && at < continued => 0,
        _ => log.rows(at, &columns, model.look.ascii),
    };
    let count = |ats: &mut dyn Iterator<Item = usize>| {
        let mut sum = 0;
        while sum < most {
            match ats.next() {
                Some(at) => sum += rows(at),
                None => break,
            }
        }
        sum
    };
    (count(&mut (0..top).rev()), count(&mut (top..log.page.lines.len())))
}

/// Offsets of the first line on screen and after the last one.
pub(crate) fn visible(model: &Model) -> (u64, u64) {
    let areas = model.areas();
    let columns = Columns::of(model, areas.log.width);
    let log = &model.log;
    let mut rows = height(&areas) + log.row;
    let mut end = log.top;
    for at in log.top_index()..log.page.lines.len() {
        let taken = log.rows(at, &columns, model.look.ascii);
        // What is folded into the last row is on screen with it.
        if rows == 0 && taken > 0 {
            break;
        }
        end = log.page.lines[at].end;
        rows = rows.saturating_sub(taken);
    }
    (log.page.lines.get(log.top_index()).map_or(0, |line| line.at), end)
}
