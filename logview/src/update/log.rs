//! What happens to the log pane: lines arrive, the file grows, a person moves, jumps, searches and filters.

use super::hit_list;
use crate::layout::Areas;
use crate::model::{Aim, Arrival, FileEvent, Focus, Log, Message, Mode, Model, Request, Step};
use crate::reading::filters::pass;
use crate::reading::head::{Form, clock_at, word_level};
use crate::reading::index::Volume;
use crate::reading::page::Levels;
use crate::reading::search::Found;
use crate::reading::{Anchor, Page, Spots, Totals};
use std::ops::Range;

mod jump;
mod scroll;

pub(super) use jump::{first_hit, step};
use jump::{interrupt, next_step, on_found};
pub(crate) use scroll::visible;
use scroll::{fill, move_by, to_bottom};
pub(super) use scroll::{hold, refill, scroll, scroll_to};

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
            // Nothing has come since, so that these are the ones that were there.
            if totals.complete && log.held_at.1.is_none() && log.held_at.0 == log.len {
                log.held_at.1 = Some(totals);
            }
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
        Message::Passing { tag, count, complete } if tag == log.tag && log.passing.is_some() => {
            log.passed = Some((count, complete));
            Vec::new()
        }
        Message::FilterCounts { tag, counts } if tag == log.tag && counts.len() == log.each.len() => {
            log.each.iter_mut().zip(counts).for_each(|((_, known), count)| *known = Some(count));
            Vec::new()
        }
        Message::HitLines { tag, number, lines } if tag == log.tag && number == log.list.number => {
            hit_list::take(model, lines)
        }
        Message::Found { tag, number, step, found, nth, wrapped }
            if tag == log.tag && number == log.jump && !log.joining =>
        {
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
    let (first, last) = visible(model);
    let shown = first..last;
    let log = &mut model.log;
    log.problem = None;
    let going_on = matches!(event, FileEvent::Clocks(_)) && log.joining;
    let joined = std::mem::replace(&mut log.joining, matches!(event, FileEvent::Merged(_)) || going_on);
    match event {
        FileEvent::Grew(len) | FileEvent::Rotated(len) => {
            if matches!(event, FileEvent::Rotated(_)) {
                log.rotated += 1;
                log.gone = false;
                model.note = Some("the file was rotated; the new one goes on below it".to_owned());
            }
            (log.len, log.gone) = (len, false);
            if log.following {
                return vec![log.ask(log.end(), height, Focus::Bottom)];
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
            log.merged = files;
            Vec::new()
        }
        FileEvent::Extended { len, by, above } => {
            (log.len, log.rotated) = (len, above);
            log.top += by;
            (log.errors, log.hits) = (Spots::default(), Spots::default());
            log.cursor = log.cursor.map(|at| at + by);
            log.folding.except = log.folding.except.iter().map(|at| at + by).collect();
            log.held_at.0 += by;
            for line in log.page.lines.iter_mut().chain(&mut log.list.lines.page.lines) {
                (line.at, line.end) = (line.at + by, line.end + by);
            }
            log.list.chosen = log.list.chosen.saturating_add(by);
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
            // What others have joined is no replacement of anything.
            let first = !log.loaded || joined;
            if joined && !log.following && log.arrival.is_none() && log.loaded {
                log.arrival = place(log, shown, model.mode == Mode::Hits);
            }
            log.loaded &= !joined;
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
                if log.following { (log.end(), Focus::Bottom) } else { (Anchor::Start, Focus::Top(0)) };
            let mut requests = interrupt(log);
            if joined {
                model.lose_marks();
            }
            let log = &mut model.log;
            log.list.forget();
            requests.push(log.ask(anchor.0, height, anchor.1));
            requests.extend(count(log, u64::MAX));
            if log.to_first_hit {
                hold(log);
                requests.extend(first_hit(model));
            } else if let Some(arrival) = log.arrival {
                requests.extend(step(model, Step::Instant(arrival.time)));
            } else if !first {
                // Another file: what was at an offset is not there any more, or somewhere else.
                model.lose_marks();
            }
            if model.log.arrival.is_none() {
                requests.extend(hit_list::renew(model));
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

/// Where one is among the lines that are on the screen, by its time.
fn place(log: &Log, shown: Range<u64>, in_list: bool) -> Option<Arrival> {
    if let Some(at) = log.list.at().filter(|_| in_list) {
        return log.time_at(&log.list.lines.page.lines[at]).map(|time| Arrival { time, aim: Aim::See });
    }
    let lines = &log.page.lines;
    let is_meant = |at: &u64| shown.contains(at) || log.asked && log.leads;
    let cursor = log.cursor.filter(is_meant);
    let aim = if cursor.is_some() { Aim::See } else { Aim::Read };
    let near = cursor.unwrap_or(shown.start);
    let (above, below) = lines.split_at(lines.partition_point(|line| line.at < near));
    let time = below.iter().chain(above.iter().rev()).find_map(|line| log.time_at(line))?;
    Some(Arrival { time, aim })
}

fn on_page(model: &mut Model, page: Page, before: Option<u64>, focus: Focus) -> Vec<Request> {
    let log = &mut model.log;
    log.patience = if page.stopped { log.patience + 1 } else { 0 };
    // What goes on at once is still the same look.
    log.looked = log.looked.filter(|_| page.stopped);
    log.loaded = true;
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
    if let Focus::Upper(at) | Focus::Lower(at) = focus {
        tell_unseen(model, at);
    }
    let owed = std::mem::take(&mut model.log.owed);
    if owed != 0 {
        move_by(model, owed);
    }
    fill(model, true)
}

/// Says so if one has gone to a hit that cannot be seen.
fn tell_unseen(model: &mut Model, at: u64) {
    if model.note.is_none() && matches_unseen(&model.log, at) {
        model.note =
            Some("it matches in what the columns leave out: p shows the lines as they are".to_owned());
    }
}

/// Whether what is searched for stands in a line only where nothing of it is shown: before the message, and neither in the
/// time nor in the target.
fn matches_unseen(log: &Log, at: u64) -> bool {
    const MOST: usize = 16;
    let Some(search) = log.search.as_ref().filter(|_| log.columns && !log.raw && log.cursor == Some(at))
    else {
        return false;
    };
    let Some(line) = log.page.lines.iter().find(|line| line.at == at) else { return false };
    let Some(head) = line.head.as_ref().filter(|head| head.form == Form::Text) else { return false };
    let seen = |range: &Range<usize>| {
        let meets = |part: &Option<Range<usize>>| {
            part.as_ref().is_some_and(|part| part.start < range.end && range.start < part.end)
        };
        // The level stands there as a letter.
        let is_level = || word_level(&line.text[range.clone()]).is_some();
        range.end > head.message || meets(&head.time) || meets(&head.target) || is_level()
    };
    let found = search.pattern.ranges(&line.text, MOST);
    !found.is_empty() && !found.iter().any(seen)
}

/// Asks for lines.
pub(super) fn ask(model: &mut Model, anchor: Anchor, focus: Focus) -> Request {
    let height = height(&model.areas());
    model.log.ask(anchor, height, focus)
}

fn height(areas: &Areas) -> usize {
    usize::from(areas.log.height).max(1)
}

/// Asks for the lines that are shown once more, since something else is known about them now.
fn again(model: &mut Model) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    let (anchor, focus) =
        if log.following { (log.end(), Focus::Bottom) } else { (Anchor::At(log.top), Focus::Stay) };
    vec![log.ask(anchor, height, focus)]
}

/// Goes to the first line, or to one that stands at the top then, or to the last one and follows.
pub(super) fn go(model: &mut Model, anchor: Anchor) -> Vec<Request> {
    let height = height(&model.areas());
    let log = &mut model.log;
    (log.cursor, log.owed) = (None, 0);
    if anchor == Anchor::End {
        // Who follows one of two and asks for the end once more wants that of both.
        let both = log.following && log.end() != anchor;
        if both {
            hold(log);
        } else {
            log.following = true;
        }
        let page = log.ask(if both { anchor } else { log.end() }, height, Focus::Bottom);
        log.moves = true;
        return vec![page];
    }
    hold(log);
    let top = if let Anchor::At(at) = anchor { at } else { 0 };
    vec![log.ask(anchor, height, Focus::Top(top))]
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
        requests.push(count_or_stop(log, log.top));
    }
    let at = log.cursor.unwrap_or(log.top);
    requests.insert(
        0,
        match log.following {
            true => log.ask(log.end(), height, Focus::Bottom),
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

/// The same, or that nothing is to be counted any more.
pub(super) fn count_or_stop(log: &mut Log, near: u64) -> Request {
    let tag = log.tag;
    count(log, near).unwrap_or(Request::Count { tag, pattern: None, near })
}

/// Has counted anew what is to be counted, from a place on.
pub(super) fn count(log: &mut Log, near: u64) -> Option<Request> {
    log.matching = None;
    log.each.clear();
    (log.passing, log.passed) = (None, None);
    if let Some(search) = &mut log.search {
        (search.hits, search.nth) = (None, None);
    }
    let pattern = Some(log.counted()?.clone());
    Some(Request::Count { tag: log.tag, pattern, near })
}
