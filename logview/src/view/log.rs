//! The log: one row per line or more, the message in front, everything else dim; hits, the cursor, and at the right
//! edge where one is and where the errors are.

use super::{put, span};
use crate::model::{Clock, Columns, Fold, Model, Ruler, Shown, What, letter, message, millis};
use crate::reading::head::{clock_at, instant};
use crate::reading::{Line as LogLine, Spots};
use crate::text::{self, Parts};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

pub(super) use crate::update::empty_state as empty;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    if let Some(lines) = nothing(model) {
        let middle = area.height / 3;
        for (row, text) in lines.into_iter().enumerate() {
            let style = if row == 0 { theme.strong() } else { theme.dim() };
            for (more, part) in fold(&text, usize::from(area.width.saturating_sub(4))).into_iter().enumerate()
            {
                put(frame, area, middle + (row * 2 + more) as u16, vec![span(format!("  {part}"), style)]);
            }
        }
        return;
    }
    let log = &model.log;
    let columns = Columns::of(model, area.width);
    if log.split {
        let errors = super::split::draw(model, theme, &columns, frame, area);
        if !model.zoom && area.width > 4 {
            edge(model, theme, frame, area, &errors);
        }
        return;
    }
    let mut skip =
        if log.page.lines.get(log.top_index()).is_some_and(|line| line.at == log.top) { log.row } else { 0 };
    let mut row = 0;
    let mut errors = Vec::new();
    let range = crate::update::take::range(model);
    for (at, line) in log.page.lines.iter().enumerate().skip(log.top_index()) {
        if row >= area.height {
            break;
        }
        let before = log.page.lines[..at].iter().rev().find(|line| line.head.is_some());
        let above = log.rows_above(at);
        let mut rows = match log.shown.get(at) {
            Some(Shown::Hidden) => Vec::new(),
            Some(Shown::Folded(fold)) => vec![folded(model, theme, &columns, fold)],
            _ => rows(model, theme, &columns, line, before),
        };
        rows.splice(0..0, log.rulers_above(at).iter().map(|told| ruler(model, theme, &columns, told)));
        if log.is_apart(at) {
            rows.insert(0, vec![(theme.symbols().thin.repeat(columns.width.min(4)), theme.dim())]);
        }
        for (nth, parts) in rows.into_iter().enumerate().skip(skip) {
            if row >= area.height {
                break;
            }
            let mut spans: Vec<Span> = Vec::new();
            let chosen = nth >= above && range.as_ref().is_some_and(|range| range.contains(&line.at));
            if !model.zoom {
                let first = nth == above;
                let cursor = log.cursor == Some(line.at) && first;
                let marked = first && model.mark_at(line.at).is_some();
                let symbol = match (cursor, marked) {
                    (_, true) => theme.symbols().flag,
                    (true, false) => theme.symbols().cursor,
                    (false, false) if chosen => theme.symbols().bar,
                    _ => " ",
                };
                spans.push(span(symbol, if cursor || !marked { theme.focus() } else { theme.strong() }));
            }
            let patched = |style: Style| if chosen { style.patch(theme.selected(true)) } else { style };
            spans.extend(parts.into_iter().map(|(text, style)| span(text, patched(style))));
            put(frame, area, row, spans);
            if line.level == Some(log::Level::Error) && line.head.is_some() && nth == above {
                errors.push(row);
            }
            row += 1;
        }
        skip = 0;
    }
    if log.sticky {
        stick(model, theme, &columns, frame, area);
    }
    if !model.zoom && area.width > 4 {
        edge(model, theme, frame, area, &errors);
    }
}

/// What happened between two lines.
fn ruler(model: &Model, theme: Theme, columns: &Columns, told: &Ruler) -> Parts<Style> {
    let thin = theme.symbols().thin;
    let time = model.local(told.at.div_euclid(1000));
    let time = time.map(|at| format!("{}.{:02}", at.format("%H:%M:%S"), told.at.rem_euclid(1000) / 10));
    let said = format!(" {} {} ", time.unwrap_or_default(), text::name(told.text.as_bytes(), theme.ascii()));
    let before = if columns.any { columns.time + 2 } else { 4 };
    let said = text::end(&said, columns.width.saturating_sub(before + 4), theme.ascii());
    let after = columns.width.saturating_sub(before + text::cells(&said) + 1);
    let line = |count: usize| (thin.repeat(count), theme.dim());
    text::cut(&[line(before), (said, theme.ruler()), line(after)], 0, columns.width)
}

/// The row that stands for others.
pub(super) fn folded(model: &Model, theme: Theme, columns: &Columns, fold: &Fold) -> Parts<Style> {
    let symbols = theme.symbols();
    let more = if fold.complete { "" } else { "+" };
    let lines = text::number(fold.lines as u64);
    let said = match fold.what {
        What::Trace => format!("{lines}{more} lines folded: stack trace"),
        What::Lines => format!("{lines}{more} lines folded"),
        What::Same(last) => {
            let count = text::number(fold.lines as u64 + 1);
            let last = model.log.page.lines.get(last).filter(|_| columns.time > 0);
            let until = last
                .map(|line| clock(model, line, None, 12).trim().to_owned())
                .filter(|time| !time.is_empty());
            let until = until.map_or_else(String::new, |time| format!(" until {time}"));
            format!("{} {count}{more} the same{until}", symbols.times)
        }
    };
    let indent = if columns.any { columns.time + if columns.time > 0 { 3 } else { 2 } } else { 0 };
    let text = vec![(format!("{}{} {said}", " ".repeat(indent), symbols.cursor), theme.folded())];
    text::cut(&text, 0, columns.width)
}

/// Keeps the first line of a record in sight while its other lines are read.
fn stick(model: &Model, theme: Theme, columns: &Columns, frame: &mut Frame, area: Rect) {
    let log = &model.log;
    let top = log.top_index();
    let inside =
        |at: usize| log.page.lines.get(at).is_some_and(|line| line.head.is_none() && line.level.is_some());
    if area.height < 4 || !(inside(top) || log.row > 0) || !columns.any {
        return;
    }
    // What is left out above it was of another record.
    let lines = &log.page.lines;
    let whole = (0..top).rev().take_while(|&at| lines[at].end == lines[at + 1].at).last().unwrap_or(top);
    let head = (whole..=top).rev().find(|&at| lines[at].head.is_some());
    let Some(line) = head.and_then(|at| lines.get(at)) else { return };
    let Some(first) = rows(model, theme, columns, line, None).into_iter().next() else { return };
    let mut spans = vec![span(if model.zoom { "" } else { " " }, theme.stuck())];
    let used: usize = first.iter().map(|(text, _)| text::cells(text)).sum();
    spans.extend(first.into_iter().map(|(text, style)| span(text, style.patch(theme.stuck()))));
    spans.push(span(" ".repeat(columns.width.saturating_sub(used)), theme.stuck()));
    put(frame, area, 0, spans);
}

/// The rows of one line.
pub(super) fn rows(
    model: &Model,
    theme: Theme,
    columns: &Columns,
    line: &LogLine,
    before: Option<&LogLine>,
) -> Vec<Parts<Style>> {
    let log = &model.log;
    let indent = columns.indent(line);
    let room = columns.width.saturating_sub(indent);
    let bytes = message(line, columns.any);
    let limit = if log.wraps() { usize::MAX } else { log.left + room + 2 };
    let parts = super::message::parts(model, theme, line, &bytes, limit);
    let mut rows =
        if log.wraps() { text::wrap(&parts, room.max(2)) } else { vec![text::cut(&parts, log.left, room)] };
    let cut_off = !log.wraps()
        && text::cells(&parts.iter().map(|(text, _)| text.as_str()).collect::<String>()) > log.left + room;
    if let Some(last) = rows.first_mut().filter(|_| cut_off && room > 1) {
        *last = text::cut(last, 0, room - 1);
        last.push((theme.symbols().dots.to_owned(), theme.dim()));
    }
    if let Some(first) = rows.first_mut().filter(|first| log.left > 0 && !log.wraps() && !first.is_empty()) {
        let rest = text::cut(first, 1, room);
        *first = vec![(theme.symbols().dots.to_owned(), theme.dim())];
        first.extend(rest);
    }
    let note = model.mark_at(line.at).map_or("", |mark| &mark.note);
    if let Some(first) = rows.first_mut().filter(|_| !log.wraps() && !note.is_empty()) {
        let note = text::end(&text::name(note.as_bytes(), theme.ascii()), room / 2, theme.ascii());
        let note = format!("  {} {note}", theme.symbols().flag);
        *first = text::cut(first, 0, room.saturating_sub(text::cells(&note)));
        first.push((note, theme.strong()));
    }
    for (nth, row) in rows.iter_mut().enumerate() {
        let mut front = if nth == 0 { front(model, theme, columns, line, before) } else { Vec::new() };
        if columns.job > 0 {
            let part = line.part.map_or(' ', |part| letter(usize::from(part)));
            front.insert(0, (format!("{part} "), theme.focus()));
        }
        let used: usize = front.iter().map(|(text, _)| text::cells(text)).sum();
        front.push((" ".repeat(indent.saturating_sub(used)), theme.text()));
        front.append(row);
        *row = front;
    }
    rows
}

/// Time, letter and target.
pub(super) fn front(
    model: &Model,
    theme: Theme,
    columns: &Columns,
    line: &LogLine,
    before: Option<&LogLine>,
) -> Parts<Style> {
    let Some(head) = line.head.as_ref().filter(|_| columns.any) else { return Vec::new() };
    let mut parts = Vec::new();
    if columns.time > 0 {
        let shown = clock(model, line, before, columns.time);
        parts.push((format!("{shown:0$} ", columns.time), theme.time()));
    }
    let (letter, style) = head.level.map_or((" ", theme.dim()), |level| theme.letter(level));
    let calm = !matches!(head.level, Some(log::Level::Error | log::Level::Warn));
    let style = if line.context && calm { theme.dim() } else { style };
    parts.push((format!("{letter} "), style));
    if columns.target > 0 {
        let target = head.target.as_ref().map_or(&[][..], |range| &line.text[range.clone()]);
        let short = memchr::memmem::rfind(target, b"::").map_or(target, |at| &target[at + 2..]);
        let short = text::end(&text::name(short, theme.ascii()), columns.target, theme.ascii());
        let gap = columns.target.saturating_sub(text::cells(&short)) + 1;
        parts.push((format!("{short}{}", " ".repeat(gap)), theme.target()));
    }
    parts
}

/// The time column in one of its forms.
fn clock(model: &Model, line: &LogLine, before: Option<&LogLine>, room: usize) -> String {
    let Some(time) = time_of(line).filter(|time| !time.is_empty()) else { return String::new() };
    let since = match model.log.clock {
        Clock::Day => return of_day(model, time, room),
        Clock::Start => model.began(line),
        Clock::Gap => before.and_then(time_of).and_then(millis),
    };
    let (Some(now), Some(since)) = (millis(time), since) else { return String::new() };
    let (sign, gap) = if now < since { ("-", since - now) } else { ("+", now - since) };
    let (seconds, rest) = (gap / 1000, gap % 1000);
    let text = if seconds >= 3600 {
        format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    } else if seconds >= 60 {
        format!("{sign}{}:{:02}.{rest:03}", seconds / 60, seconds % 60)
    } else {
        format!("{sign}{seconds}.{rest:03}")
    };
    format!("{text:>room$}")
}

/// The time of day, as the log says it where it does.
fn of_day(model: &Model, time: &[u8], room: usize) -> String {
    if let Some(at) = clock_at(time) {
        let clock = text::name(&time[at..], model.look.ascii);
        return clock
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ','))
            .take(room)
            .collect();
    }
    match instant(time).and_then(|(seconds, nanos)| Some((model.local(seconds)?, nanos))) {
        Some((at, nanos)) => {
            let text = format!("{}.{:03}", at.format("%H:%M:%S"), nanos / 1_000_000);
            text.chars().take(room).collect()
        }
        None => text::name(time, model.look.ascii).chars().take(room).collect(),
    }
}

fn time_of(line: &LogLine) -> Option<&[u8]> {
    let range = line.head.as_ref()?.time.clone()?;
    line.text.get(range)
}

/// The right edge: which rows are errors, where one is in the file, and where errors, hits and marks are in it.
fn edge(model: &Model, theme: Theme, frame: &mut Frame, area: Rect, errors: &[u16]) {
    let symbols = theme.symbols();
    let log = &model.log;
    let (first, last) = crate::update::visible(model);
    let height = u64::from(area.height);
    let len = log.len.max(1);
    let size = ((last - first.min(last)).saturating_mul(height) / len).clamp(1, height);
    let free = height - size;
    let at = if last >= log.len {
        free
    } else {
        (u128::from(first) * u128::from(height) / u128::from(len)) as u64
    }
    .min(free);
    let whole = size >= height;
    let mut marks = Spots::new(len);
    model.marks.iter().filter(|mark| mark.tag == log.tag).for_each(|mark| marks.add(mark.at, mark.at + 1));
    for row in 0..area.height {
        let cell = Rect { x: area.x + area.width - 1, width: 1, ..area };
        let thumb = !whole && (at..at + size).contains(&u64::from(row));
        // What is told of the whole file gives way to what stands on this very row.
        let is_in = |spots: &Spots| !whole && spots.in_row(row, area.height);
        let (symbol, style) = if errors.contains(&row) {
            (symbols.mark, theme.error())
        } else if is_in(&marks) {
            (symbols.flag, theme.strong())
        } else if log.counted().is_some() && is_in(&log.hits) {
            (symbols.hit, theme.focus())
        } else if is_in(&log.errors) {
            (symbols.error, theme.error())
        } else if thumb {
            (symbols.thumb, theme.dim())
        } else {
            (symbols.down, theme.dim())
        };
        put(frame, cell, row, vec![span(symbol, style)]);
    }
}

/// What to say in place of the log.
fn nothing(model: &Model) -> Option<Vec<String>> {
    if let Some(texts) = empty(model) {
        return Some(texts.into());
    }
    let log = &model.log;
    if !log.page.lines.is_empty() {
        return None;
    }
    let say = |what: &str, next: &str| Some(vec![what.to_owned(), next.to_owned()]);
    if let Some(why) = &log.problem {
        return say(&format!("This file cannot be shown: {why}."), "[ and ] show the job's other files.");
    }
    let job = model.jobs.selected()?;
    match &log.place {
        None if job.files.iter().any(|file| file.unreadable.is_some()) => say(
            "This job has no file that can be shown.",
            "What stands there is no regular file; it is not followed.",
        ),
        None => say("This job has no log file yet.", "It will appear here with its first record."),
        Some(_) if !log.loaded || log.asked => None,
        Some(_) if log.gone => say("The file is gone.", "If there is one of this name again, it is shown."),
        Some(_) if log.len == 0 => say("The file is empty.", "What is written appears here."),
        Some(_) if log.only.filters() => {
            say("No line passes the filters.", "Esc switches them off, X lists them, a shows all levels.")
        }
        Some(_) => say("No line is of these levels.", "a shows all levels."),
    }
}

/// A sentence in rows of whole words.
pub(super) fn fold(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let row = rows.last().map_or(0, |row| text::cells(row));
        if row > 0 && row + 1 + text::cells(word) > width {
            rows.push(word.to_owned());
        } else if let Some(last) = rows.last_mut() {
            if row > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    rows
}
