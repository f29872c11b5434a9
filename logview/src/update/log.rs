//! What happens to the log pane: lines arrive, the file grows, a person moves, jumps, searches and filters.

use super::hit_list;
use crate::layout::Areas;
use crate::model::{
    Aim, Arrival, Columns, FileEvent, Focus, Log, Message, Model, Request, Shown, Step, time_of,
};
use crate::reading::filters::pass;
use crate::reading::head::clock_at;
use crate::reading::index::Volume;
use crate::reading::page::Levels;
use crate::reading::search::{Found, Way};
use crate::reading::{Anchor, Line, Page, Spots, Totals};

pub(super) fn on_message(model: &mut Model, message: Message) -> Vec<Request> {
    let log = &mut model.log;
    match message {
        Message::File { tag, event } if tag == log.tag => on_file(model, event),
        Message::Page { tag, number, page, before, focus } if tag == log.tag => {
            log.asked = number < log.request;
            on_page(model, page, before, focus)
        }
        Message::Indexed { tag, totals, volume } if tag == log.tag => {
            log.totals = totals;
            if let Some(volume) = volume {
                log.volume = volume;
            }
            // The lines came before it was known how many stand above them.
            if totals.complete && log.before.is_none() && !log.asked && log.loaded && !log.only.filters() {
                return again(model);
            }
            Vec::new()
        }
        Message::Spotted { tag, errors, hits } if tag == log.tag => {
            log.errors = errors.unwrap_or(log.errors);
            log.hits = hits.unwrap_or(log.hits);
            Vec::new()
        }
        Message::Looking { tag, read, all, took }
            if tag == log.tag && (log.stepping || log.list.asked || log.asked) =>
        {
            log.looked = Some((read.min(all), all, took));
            Vec::new()
        }
        Message::Hits { tag, count, complete, read, took } if tag == log.tag => {
            match &mut log.search {
                Some(search) => (search.hits, search.effort) = (Some((count, complete)), (read, took)),
                None => log.matching = Some((count, complete)),
            }
            hit_list::counted(model)
        }
        Message::HitLines { tag, number, lines } if tag == log.tag && number == log.list.number => {
            hit_list::take(model, lines)
        }
        Message::Found { tag, number, step, found, nth, wrapped } if tag == log.tag && number == log.jump => {
            if let (Some(search), Found::At(at)) = (&mut log.search, found) {
                search.nth = nth.map(|nth| (at, nth));
            }
            on_found(model, step, found, wrapped)
        }
        _ => Vec::new(),
    }
}

fn on_file(model: &mut Model, event: FileEvent) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    log.problem = None;
    match event {
        FileEvent::Grew(len) | FileEvent::Rotated(len) => {
            if matches!(event, FileEvent::Rotated(_)) {
                log.rotated += 1;
                log.gone = false;
                model.note = Some("the file was rotated; the new one goes on below it".to_owned());
            }
            log.len = len;
            if log.following {
                return vec![log.ask(Anchor::End, height, Focus::Bottom)];
            }
            // Where the last line was incomplete or the screen is not full, the new lines are to be seen.
            if log.page.to_end {
                log.page.to_end = false;
                return refill(model);
            }
            Vec::new()
        }
        FileEvent::Clocks(clocks) => {
            log.clocks = clocks;
            Vec::new()
        }
        FileEvent::Merged(files) => {
            if !log.following && log.arrival.is_none() && log.loaded {
                let near = log.cursor.unwrap_or(log.top);
                let aim = if log.cursor.is_some() { Aim::See } else { Aim::Read };
                let from = log.page.lines.partition_point(|line| line.at < near);
                let time = log.page.lines[from..].iter().find_map(time_of);
                log.arrival = time.map(|time| Arrival { time, aim });
            }
            // What comes now is no replacement of anything.
            (log.merged, log.loaded) = (files, false);
            Vec::new()
        }
        FileEvent::Extended { len, by, above } => {
            (log.len, log.rotated) = (len, above);
            log.top += by;
            (log.errors, log.hits) = (Spots::default(), Spots::default());
            log.cursor = log.cursor.map(|at| at + by);
            log.folding.except = log.folding.except.iter().map(|at| at + by).collect();
            log.held_at.0 += by;
            for line in &mut log.page.lines {
                (line.at, line.end) = (line.at + by, line.end + by);
            }
            (log.page.from_start, log.before, log.totals.complete) = (false, None, false);
            let mut requests = interrupt(log);
            model.shift(by);
            let log = &mut model.log;
            requests.extend(count(log, log.top));
            requests.extend(match model.log.arrival {
                _ if model.log.to_first_hit => first_hit(model),
                Some(arrival) => step(model, Step::Instant(arrival.time)),
                None => again(model),
            });
            requests.extend(next_step(model));
            requests
        }
        FileEvent::Replaced(len) => {
            let first = !log.loaded;
            log.len = len;
            log.gone = false;
            log.rotated = 0;
            log.cursor = None;
            log.folding.except.clear();
            log.totals = Totals::default();
            log.volume = Volume::default();
            (log.errors, log.hits) = (Spots::default(), Spots::default());
            // Whoever returns to where they were has seen the rest before.
            log.held_at =
                if log.arrival.is_some() || log.split { (len, None) } else { (0, Some(Totals::default())) };
            if !first {
                model.note = Some("the file was replaced or cut; this is the new one".to_owned());
            }
            let anchor =
                if log.following { (Anchor::End, Focus::Bottom) } else { (Anchor::Start, Focus::Top(0)) };
            let mut requests = interrupt(log);
            requests.push(log.ask(anchor.0, height, anchor.1));
            requests.extend(count(log, u64::MAX));
            if log.to_first_hit {
                hold(log);
                requests.extend(first_hit(model));
            } else if let Some(arrival) = log.arrival {
                requests.extend(step(model, Step::Instant(arrival.time)));
            } else if !first {
                // Another file: what was at an offset is not there any more.
                let tag = log.tag;
                model.marks.retain(|mark| mark.tag != tag);
            }
            requests.extend(next_step(model));
            requests
        }
        FileEvent::Gone => {
            log.gone = true;
            log.loaded = true;
            Vec::new()
        }
        FileEvent::Failed(why) => {
            log.problem = Some(why);
            Vec::new()
        }
    }
}

fn on_page(model: &mut Model, page: Page, before: Option<u64>, focus: Focus) -> Vec<Request> {
    let log = &mut model.log;
    (log.loaded, log.looked) = (true, None);
    log.page = page;
    log.before = before;
    log.folding.inner = false;
    log.refold();
    if let Focus::Top(at) | Focus::Upper(at) | Focus::Lower(at) = focus {
        log.unfold(at);
    }
    model.find_marks();
    let log = &mut model.log;
    let widest = log.page.lines.iter().filter_map(|line| {
        line.head.as_ref()?.target.as_ref().map(|t| {
            let target = &line.text[t.clone()];
            target.len() - memchr::memmem::rfind(target, b"::").map_or(0, |at| at + 2)
        })
    });
    log.target = log.target.max(widest.max().map_or(0, |cells| cells.clamp(5, 12)));
    let times = log.page.lines.iter().filter_map(|line| line.text.get(line.head.as_ref()?.time.clone()?));
    let fraction =
        |time: &[u8]| clock_at(time).is_none_or(|at| matches!(time.get(at + 8), Some(b'.' | b',')));
    log.time = log.time.max(times.map(|time| if fraction(time) { 12 } else { 8 }).max().unwrap_or(0));
    match focus {
        Focus::Stay if log.following => to_bottom(model),
        Focus::Stay => {}
        Focus::Bottom => to_bottom(model),
        Focus::Top(at) => (log.top, log.row) = (at, 0),
        Focus::Upper(at) | Focus::Lower(at) => {
            (log.top, log.row) = (at, 0);
            let third = (height(&model.areas()) / 3) as i64;
            let part = if matches!(focus, Focus::Lower(_)) { 2 } else { 1 };
            move_by(model, -third * part);
            model.log.owed = 0;
        }
    }
    let owed = std::mem::take(&mut model.log.owed);
    if owed != 0 {
        move_by(model, owed);
    }
    fill(model, true)
}

/// Puts the last line at the bottom of the screen.
fn to_bottom(model: &mut Model) {
    if let Some((top, row)) = bottom(model) {
        (model.log.top, model.log.row) = (top, row);
    }
}

/// The top at which the last loaded line stands at the bottom.
fn bottom(model: &Model) -> Option<(u64, usize)> {
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

/// Asks for lines.
pub(super) fn ask(model: &mut Model, anchor: Anchor, focus: Focus) -> Request {
    let height = height(&model.areas());
    model.log.ask(anchor, height, focus)
}

fn height(areas: &Areas) -> usize {
    usize::from(areas.log.height).max(1)
}

/// Moves by rows; any move up holds.
pub(super) fn scroll(model: &mut Model, rows: i64) -> Vec<Request> {
    if rows < 0 {
        hold(&mut model.log);
    } else if model.log.following {
        return Vec::new();
    }
    move_by(model, rows);
    refill(model)
}

/// Moves down by rows, wherever that is, so that what stands there is in sight.
pub(super) fn scroll_to(model: &mut Model, rows: i64) -> Vec<Request> {
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

pub(super) fn hold(log: &mut Log) {
    if log.following {
        log.following = false;
        log.held_at = (log.len, log.totals.complete.then_some(log.totals));
    }
}

/// Moves as far as the loaded lines allow and owes the rest if there are more.
fn move_by(model: &mut Model, rows: i64) {
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
pub(super) fn refill(model: &mut Model) -> Vec<Request> {
    fill(model, false)
}

/// The same; a page that has just come and does not do is asked for again with more lines.
fn fill(model: &mut Model, fresh: bool) -> Vec<Request> {
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
                if log.following { (Anchor::End, Focus::Bottom) } else { (Anchor::At(log.top), Focus::Stay) };
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
fn around(model: &Model, most: usize, known: bool) -> (usize, usize) {
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

/// Asks for the lines that are shown once more, since something else is known about them now.
fn again(model: &mut Model) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    let (anchor, focus) =
        if log.following { (Anchor::End, Focus::Bottom) } else { (Anchor::At(log.top), Focus::Stay) };
    vec![log.ask(anchor, height, focus)]
}

/// Goes to the first line, or to the last one and follows.
pub(super) fn go(model: &mut Model, anchor: Anchor) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    (log.cursor, log.owed) = (None, 0);
    if anchor == Anchor::End {
        log.following = true;
        return vec![log.ask(anchor, height, Focus::Bottom)];
    }
    hold(log);
    vec![log.ask(anchor, height, Focus::Top(0))]
}

/// Shows other levels, around the same place.
pub(super) fn set_levels(model: &mut Model, levels: Levels) -> Vec<Request> {
    model.log.only.levels = levels;
    filtered(model)
}

/// Shows what passes other filters, or with other context, around the same place.
pub(super) fn filtered(model: &mut Model) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    sift(log);
    let mut requests = Vec::new();
    if log.search.is_none() {
        requests.push(count(log, log.top).unwrap_or(Request::Count { tag: log.tag, pattern: None, near: 0 }));
    }
    let at = log.cursor.unwrap_or(log.top);
    requests.insert(
        0,
        match log.following {
            true => log.ask(Anchor::End, height, Focus::Bottom),
            false => log.ask(Anchor::At(at), height, Focus::Upper(at)),
        },
    );
    requests
}

/// Takes out of the loaded lines what is not to be shown any more: what is to be shown may take a while to be found.
fn sift(log: &mut Log) {
    let only = &log.only;
    let before = log.page.lines.len();
    let records = std::mem::take(&mut log.page.lines);
    for record in records.chunk_by(|above, line| line.head.is_none() && line.context == above.context) {
        let text = record.iter().map(|line| line.text.as_slice()).collect::<Vec<_>>().join(&b'\n');
        let is_context = record[0].context && only.context > 0;
        if is_context || only.levels.has(record[0].level) && pass(&only.filters, &text) {
            log.page.lines.extend_from_slice(record);
        }
    }
    if log.page.lines.len() < before {
        (log.page.from_start, log.page.to_end, log.before) = (false, false, None);
    }
    log.refold();
}

/// Has counted anew what is to be counted, from a place on.
pub(super) fn count(log: &mut Log, near: u64) -> Option<Request> {
    log.matching = None;
    if let Some(search) = &mut log.search {
        (search.hits, search.nth) = (None, None);
    }
    let pattern = Some(log.counted()?.clone());
    Some(Request::Count { tag: log.tag, pattern, near })
}

/// Goes to the first hit of all.
pub(super) fn first_hit(model: &mut Model) -> Vec<Request> {
    hit_from(model, u64::MAX)
}

/// Goes to the first hit behind the line that holds this offset.
fn hit_from(model: &mut Model, from: u64) -> Vec<Request> {
    let log = &mut model.log;
    (log.stepping, log.cursor) = (true, None);
    log.jump += 1;
    log.queued.clear();
    let pattern = log.search.as_ref().map(|search| search.pattern.clone());
    let step = Step::Hit(Way::Forward);
    log.step = Some(step);
    vec![Request::Step { tag: log.tag, number: log.jump, step, from, pattern, only: log.only.clone() }]
}

/// Jumps to the next place of a kind.
pub(super) fn step(model: &mut Model, step: Step) -> Vec<Request> {
    const QUEUED: usize = 64;
    if model.log.place.is_none() {
        return Vec::new();
    }
    if model.log.stepping {
        if model.log.queued.len() < QUEUED {
            model.log.queued.push(step);
        }
        return Vec::new();
    }
    // While following, what was there last is meant, not what is first in the file.
    let step = match step {
        Step::Level(level, Way::Forward) if model.log.following && model.log.cursor.is_none() => {
            Step::Level(level, Way::Backward)
        }
        other => other,
    };
    let pattern = model.log.search.as_ref().map(|search| search.pattern.clone());
    let way = match step {
        Step::Hit(way) | Step::Level(_, way) => way,
        Step::Line(_) | Step::Moment(_) | Step::Instant(_) => Way::Forward,
    };
    if matches!(step, Step::Hit(_)) && pattern.is_none() {
        model.note = Some("nothing is searched for: / starts a search".to_owned());
        return Vec::new();
    }
    let (first, last) = visible(model);
    let log = &mut model.log;
    // A page that is under way takes the screen to the cursor.
    let cursor = log.cursor.filter(|at| log.asked || (first..last).contains(at));
    let from = match (cursor, way) {
        (Some(at), _) => at,
        (None, Way::Backward) => last,
        (None, Way::Forward) if first == 0 => u64::MAX, // the first line itself counts
        (None, Way::Forward) => first - 1,
    };
    (log.stepping, log.looked, log.step) = (true, None, Some(step));
    log.jump += 1;
    vec![Request::Step { tag: log.tag, number: log.jump, step, from, pattern, only: log.only.clone() }]
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

fn on_found(model: &mut Model, step: Step, found: Found, wrapped: bool) -> Vec<Request> {
    let mut requests = arrive(model, step, found, wrapped);
    requests.extend(next_step(model));
    requests
}

/// The next of the jumps that were asked for while another one was under way.
fn next_step(model: &mut Model) -> Vec<Request> {
    if model.log.queued.is_empty() || model.log.stepping {
        return Vec::new();
    }
    let next = model.log.queued.remove(0);
    step(model, next)
}

/// Whether the first hit from an instant on is gone to.
fn seeks_hit(log: &Log) -> bool {
    log.arrival.is_some_and(|arrival| arrival.aim == Aim::Hit)
}

/// A jump that is under way would arrive at where its line was: it begins anew when it is known what stands where.
fn interrupt(log: &mut Log) -> Vec<Request> {
    if !std::mem::take(&mut log.stepping) {
        return Vec::new();
    }
    // To where one was, one returns anyway.
    let returns = |step: &Step| matches!(step, Step::Instant(_)) || seeks_hit(log);
    let asked_for = log.step.filter(|step| !returns(step));
    log.step = None;
    log.queued.splice(0..0, asked_for);
    vec![Request::StopStep]
}

fn arrive(model: &mut Model, step: Step, found: Found, wrapped: bool) -> Vec<Request> {
    let (first, last) = visible(model);
    let height = height(&model.areas());
    if !std::mem::take(&mut model.log.stepping) {
        return Vec::new();
    }
    if matches!(found, Found::At(_)) && !matches!(step, Step::Instant(_)) {
        model.remember();
    }
    let log = &mut model.log;
    let what = match step {
        Step::Hit(_) => "line that matches",
        Step::Level(::log::Level::Error, _) => "error",
        Step::Line(_) => "line",
        Step::Moment(_) | Step::Instant(_) => "record with a time",
        Step::Level(..) => "warning",
    };
    match found {
        Found::At(at) => {
            hold(log);
            let before = log.cursor.replace(at);
            if wrapped && before == Some(at) {
                model.note = Some(format!("this is the only {what}"));
            } else if wrapped {
                model.note = Some("searched on from the other end".to_owned());
            }
            if let Step::Instant(_) = step {
                // Other records may be of the same instant.
                if seeks_hit(log) {
                    return hit_from(model, at.wrapping_sub(1));
                }
                let focus = match log.arrival.take().map(|arrival| arrival.aim) {
                    Some(Aim::Read) => {
                        log.cursor = None;
                        Focus::Top(at)
                    }
                    Some(Aim::Before) => Focus::Lower(at),
                    Some(Aim::See | Aim::Hit) | None => Focus::Upper(at),
                };
                return vec![log.ask(Anchor::At(at), height, focus)];
            }
            log.arrival = None;
            if let Step::Level(level, _) = step
                && !log.levels().has(Some(level))
            {
                log.only.levels = log.levels().toggled(level);
                model.note = Some(format!("{what}s were hidden and are shown again"));
                return vec![log.ask(Anchor::At(at), height, Focus::Upper(at))];
            }
            // What is on screen already does not move.
            if (first..last).contains(&at) && log.page.lines.iter().any(|line| line.at == at) {
                log.unfold(at);
                return refill(model);
            }
            vec![log.ask(Anchor::At(at), height, Focus::Upper(at))]
        }
        Found::Nothing if matches!(step, Step::Instant(_)) => {
            log.arrival = None;
            go(model, Anchor::Start)
        }
        Found::Nothing => {
            log.arrival = None;
            let hidden = matches!(step, Step::Hit(_)) && !log.levels().is_all() || log.only.filters();
            let matches = log.search.as_ref().and_then(|search| search.hits).map_or(0, |(hits, _)| hits);
            model.note = Some(match (hidden, step) {
                (true, Step::Hit(_)) if matches > 0 => {
                    "every line that matches is hidden: a shows all levels, X the filters".to_owned()
                }
                (true, _) => format!("no {what} among the lines that are shown"),
                (false, _) => format!("no {what} in this file"),
            });
            Vec::new()
        }
        Found::Stopped => Vec::new(),
    }
}
