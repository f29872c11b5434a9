//! The last two rows: whether it follows or holds, where one is, what is on; and the keys.

use super::{list::cursor, put, put_ends, span, width};
use crate::keys::{Action, Binding, Group, TABLE, Where};
use crate::model::{For, Mode, Model, Pane, Watching, logs_of, main_file};
use crate::reading::page::slot;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use std::ops::Range;
use std::time::Duration;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let log = &model.log;
    let block = if log.following { span(" FOLLOW ", theme.follow()) } else { span(" HOLD ", theme.hold()) };
    let mut left = vec![block, span("  ", theme.text())];
    if let Some(note) = &model.note {
        left.push(span(text::name(note.as_bytes(), theme.ascii()), theme.strong()));
        let place = if log.place.is_some() { place(model, theme) } else { Vec::new() };
        if width(&left) + 3 + width(&place) <= usize::from(area.width) {
            left.push(span("   ", theme.text()));
            left.extend(place);
        } else {
            left.extend(hits(model, theme));
        }
    } else if let Some(range) = crate::update::take::range(model) {
        left.push(span(chosen(model, &range), theme.strong()));
    } else if log.stepping || (log.list.asked || log.asked) && log.looked.is_some() {
        left.push(span(looking(log.looked, theme), theme.strong()));
    } else if log.place.is_some() {
        left.extend(place(model, theme));
    }
    let mut right = facts(model, theme);
    while right.len() > 1 && width(&left) + width(&right) + 2 > usize::from(area.width) {
        right.remove(0);
    }
    if width(&left) + width(&right) + 1 > usize::from(area.width) {
        right.clear();
    }
    put_ends(frame, area, 0, left, right);
}

/// How many lines are chosen, as far as they are at hand, and what can be done with them.
fn chosen(model: &Model, range: &Range<u64>) -> String {
    let lines = &model.log.page.lines;
    let count = lines.iter().filter(|line| range.contains(&line.at)).count();
    let more = lines.first().is_some_and(|first| first.at > range.start)
        || lines.last().is_some_and(|last| last.end < range.end);
    let (over, plural) = (if more { "over " } else { "" }, if count == 1 { "" } else { "s" });
    format!("{over}{count} line{plural} chosen   j k choose, y copies, S saves, Esc leaves")
}

/// That something is looked for, and once it takes long, how far that is and how long it will take.
fn looking(looked: Option<(u64, u64, Duration)>, theme: Theme) -> String {
    let dots = theme.symbols().dots;
    match looked {
        Some((read, all, took)) if read > 0 && all > 0 => {
            let part = u128::from(read) * 100 / u128::from(all);
            let left = text::left(read, all, took);
            format!("looking{dots} {part} % of {}{left}, Esc stops", text::size(all))
        }
        _ => format!("looking{dots} Esc stops"),
    }
}

/// Which record of how many, what came while holding, what is searched for.
fn place(model: &Model, theme: Theme) -> Vec<Span<'static>> {
    let log = &model.log;
    let (count, complete) = log.count();
    let about = if complete { "" } else { "~" };
    let mut spans = Vec::new();
    // How many of those that came pass the filters nobody knows.
    if !log.following && !log.only.filters() {
        let new = match log.held_at.1.map(|held| held.wanted(log.levels())) {
            Some(held) if count > held => Some(format!("{about}{} new", text::number(count - held))),
            None if log.len > log.held_at.0 => Some(format!("{} new", text::size(log.len - log.held_at.0))),
            _ => None,
        };
        spans.extend(new.map(|new| span(format!("{new}   "), theme.warning())));
    }
    let (_, end) = crate::update::visible(model);
    // Lines that match are not counted by level, so their place is told by bytes.
    let number = log.before.filter(|_| !log.only.filters()).map(|before| {
        let loaded = log.page.lines.iter().filter(|line| line.end <= end && !line.context);
        before + loaded.filter(|line| line.head.is_some() || log.totals.records == [0; 6]).count() as u64
    });
    let at = match number {
        // At its end it is the last of all, whether or not those above have been counted.
        None if log.following && log.page.to_end && complete && count > 0 && !log.only.filters() => {
            format!("{0} of {0}", text::number(count))
        }
        // The lines and the index come by different ways, and one may be a moment ahead.
        Some(number) => {
            let count = count.max(number);
            let number = if log.following && log.page.to_end { count } else { number };
            format!("{} of {about}{}", text::number(number), text::number(count))
        }
        None if (log.following || log.page.lines.is_empty()) && matching(model).is_some() => String::new(),
        None => format!("{} % of {}", end * 100 / log.len.max(1), text::size(log.len)),
    };
    let gap = if at.is_empty() || at.ends_with(' ') { "" } else { "   " };
    spans.push(span(at, theme.text()));
    spans.extend(matching(model).map(|matching| span(format!("{gap}{matching}"), theme.strong())));
    spans.extend(hits(model, theme));
    spans
}

/// How many lines match the only filter, or pass all of them.
fn matching(model: &Model) -> Option<String> {
    if let Some((count, complete)) = model.log.passed.filter(|_| model.log.only.filters()) {
        let lines = if count == 1 { "line is shown" } else { "lines are shown" };
        return Some(format!("{} {lines}{}", text::number(count), if complete { "" } else { " so far" }));
    }
    let only = model.log.search.is_none() && model.log.counted().is_some() && model.log.levels().is_all();
    let (count, complete) = model.log.matching.filter(|_| only)?;
    let lines = if count == 1 { "line matches" } else { "lines match" };
    Some(format!("{} {lines}{}", text::number(count), if complete { "" } else { " so far" }))
}

/// What is searched for and how many lines match.
fn hits(model: &Model, theme: Theme) -> Option<Span<'static>> {
    model.log.search.as_ref().map(|search| {
        let name = text::end(&text::name(search.text.as_bytes(), theme.ascii()), 24, theme.ascii());
        let nth = search.nth.filter(|(at, _)| model.log.cursor == Some(*at)).map(|(_, nth)| nth);
        let hits = match search.hits {
            // What is hidden is counted too, but n and N pass over it.
            Some((hits, true)) if model.log.only.hides() => {
                format!("{} in all lines", text::number(hits))
            }
            Some((1, true)) => "1 hit".to_owned(),
            Some((hits, true)) if nth.is_some() => {
                format!("{} of {} hits", text::number(nth.unwrap_or(0)), text::number(hits))
            }
            Some((hits, true)) => format!("{} hits", text::number(hits)),
            Some((hits, false)) => format!("{} hits so far", text::number(hits)),
            None => theme.symbols().dots.to_owned(),
        };
        span(format!("   /{name}/ {hits}"), theme.focus())
    })
}

/// What is switched how; the least important first, since it is the first to go.
fn facts(model: &Model, theme: Theme) -> Vec<Span<'static>> {
    let log = &model.log;
    let mut facts = Vec::new();
    let mut fact = |text: String| facts.push(span(format!("   {text}"), theme.dim()));
    fact(format!("mouse {}", if model.mouse { "on" } else { "off" }));
    fact(format!("wrap {}", if log.wraps() { "on" } else { "off" }));
    if log.only.context > 0 && log.only.hides() {
        fact(match log.only.context {
            1 => "1 line around".to_owned(),
            count => format!("{count} lines around"),
        });
    }
    if log.left > 0 {
        fact(format!("from column {}", log.left + 1));
    }
    if log.split {
        fact("both from their starts on".to_owned());
    } else if !log.together.is_empty() {
        fact(format!("{} jobs on one clock", log.together.len()));
    } else if let Some(place) = &log.place {
        let file = text::name(place.file.as_os_str().as_encoded_bytes(), theme.ascii());
        if log.merged > 1 {
            fact(format!("{} files merged", log.merged));
        }
        let logs = model.jobs.selected().map_or(1, |job| logs_of(job).len());
        let file = if log.rotated > 0 { format!("{file}, {} rotated", log.rotated) } else { file };
        // What else the job has is not a part of this one.
        fact(if logs > 1 { format!("{file}, one of {logs} logs: ] next") } else { file });
    }
    if model.watching == Watching::Polling {
        fact("polling".to_owned());
    }
    if log.gone {
        facts.push(span("   file is gone", theme.warning()));
    } else if let Some(why) = &log.problem {
        facts.push(span(format!("   {why}"), theme.warning()));
    }
    facts.push(span(" ", theme.text()));
    facts
}

/// The key line: what is typed, or as many keys as fit.
pub(super) fn keys(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if let Mode::Typing(what, text) = &model.mode {
        return typed(*what, text, theme, frame, area);
    }
    if super::hints::draw(model, theme, frame, area) {
        return;
    }
    let place = if model.focus == Pane::List { Where::List } else { Where::Log };
    let here = |row: &&Binding| {
        !row.hint.is_empty()
            && (row.place == place || row.place == Where::Both)
            && !model.config.keys.keys(row).is_empty()
            // The same key stands there for the newest job.
            && !(row.action == Action::NextHit && place == Where::List && model.log.search.is_none())
    };
    // The way out and the way to all other keys stand at the end, whatever else has room.
    let (last, mut first): (Vec<&Binding>, Vec<&Binding>) =
        TABLE.iter().filter(here).partition(|row| row.group == Group::App);
    first.sort_by_key(|row| place == Where::Log && row.group == Group::Jobs);
    let room = usize::from(area.width);
    let show = |row: &Binding, hint: &'static str| {
        let key = model.config.keys.shown(&[row], theme.ascii(), 1);
        let style = if does_nothing(model, row.action) { theme.dim() } else { theme.focus() };
        [span(format!(" {key}"), style), span(format!(" {hint} "), theme.dim())]
    };
    // The rest stays where it is, dim or not, so that nobody has to look for a key anew.
    let useless = |row: &Binding| {
        matches!(row.action, Action::NextHit | Action::AllLevels) && does_nothing(model, row.action)
            || row.action == Action::Newest && model.log.search.is_some()
    };
    let line = |dead: bool, all: bool| {
        let tail = last
            .iter()
            .flat_map(|row| show(row, if row.action == Action::Help && !all { "more" } else { row.hint }));
        let tail: Vec<Span> = tail.collect();
        let mut spans = Vec::new();
        for row in first.iter().filter(|row| dead || !useless(row)) {
            let parts = show(row, row.hint);
            if !all && width(&spans) + width(&parts) + width(&tail) > room {
                break;
            }
            spans.extend(parts);
        }
        spans.extend(tail);
        spans
    };
    // Where not all fit, those go first that mean nothing yet.
    let whole = line(true, true);
    put(frame, area, 0, if width(&whole) <= room { whole } else { line(false, false) });
}

/// Whether a key would do nothing here.
fn does_nothing(model: &Model, action: Action) -> bool {
    let log = &model.log;
    match action {
        Action::NextHit | Action::PreviousHit => log.search.is_none(),
        Action::Next(level) | Action::Previous(level) => {
            log.totals.complete && log.totals.records[slot(Some(level))] == 0
        }
        Action::AllLevels => log.levels().is_all(),
        Action::Context => {
            let main = model.jobs.selected().and_then(|job| main_file(&job.files)).map(|file| &file.name);
            !log.only.hides() && log.place.as_ref().map(|place| &place.file) == main
        }
        _ => false,
    }
}

fn typed(what: For, text: &str, theme: Theme, frame: &mut Frame, area: Rect) {
    let (prompt, hint) = match what {
        For::Filter { hides: false, .. } => {
            (" only lines with ", "Enter shows them alone, \u{2191} what was typed before, Esc leaves ")
        }
        For::Filter { hides: true, .. } => {
            (" no lines with ", "Enter hides them, \u{2191} what was typed before, Esc leaves ")
        }
        For::Jobs { old: true } => (" jobs ", "type another one, Enter keeps it, Esc clears it "),
        For::Jobs { old: false } => (" jobs ", "Enter keeps it, Esc clears it "),
        For::Save => (" save as ", "Enter saves what is shown, Esc leaves "),
        For::SaveOver => {
            (" it is there already: ", "Enter REPLACES it, another name saves there, Esc leaves ")
        }
        For::Note => (" marked; a note ", "Enter keeps it, Esc leaves it without "),
        For::Moment => (" time ", "14:30   2026-11-22 14:30   -5m before the end   T+10m since the start "),
    };
    let room = usize::from(area.width).saturating_sub(prompt.len() + 2);
    let text = text::name(text.as_bytes(), theme.ascii());
    let tail: String = {
        let skip = text::cells(&text).saturating_sub(room);
        text::cut(&[(text, ())], skip, room).into_iter().map(|(text, ())| text).collect()
    };
    let left =
        vec![span(prompt, theme.focus()), span(tail, theme.text()), span(cursor(theme), theme.focus())];
    let mut right = vec![span(hint, theme.dim())];
    if width(&left) + width(&right) + 2 > usize::from(area.width) {
        right.clear();
    }
    put_ends(frame, area, 0, left, right);
}
