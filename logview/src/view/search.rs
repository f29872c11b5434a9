//! The search: what is typed and how it is meant, where it looks, what it has found so far and what that took. As much of it
//! as the screen has room for.

use super::elsewhere::{self, pace, part};
use super::{boxed, list::cursor, put, put_ends, span, width};
use crate::model::{Model, Scope, Search};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

/// Whether a search is under way.
pub(super) fn is_under_way(model: &Model) -> bool {
    let counts = model.log.search.as_ref().is_some_and(|search| search.hits.is_some_and(|hits| !hits.1));
    counts && !model.search.stopped || model.elsewhere.running
}

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.height == 0 || area.width < 8 {
        return;
    }
    if area.height < 5 {
        frame.render_widget(ratatui::widgets::Clear, area);
        pattern(model, theme, frame, area, 0);
        return put(frame, area, 1, [vec![span("   ", theme.text())], answer(model, theme)].concat());
    }
    boxed("Search", theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    let at = pattern(model, theme, frame, inner, 0);
    // Where there is room there is air, and a finger that points at what is wrong.
    let air = u16::from(area.height >= 13);
    if let (Some(at), 1) = (at, air) {
        put(frame, inner, 1, vec![span(format!("{}^", " ".repeat(at)), theme.error())]);
    }
    scopes(model, theme, frame, inner, 1 + air);
    let left = [vec![span("  ", theme.text())], answer(model, theme)].concat();
    let hint = match width(&left) + 46 <= usize::from(inner.width) {
        true => vec![
            key("Enter", theme),
            span(" go   ", theme.dim()),
            key("^N ^P", theme),
            span(" step   ", theme.dim()),
            key("^G", theme),
            span(" list them ", theme.dim()),
        ],
        false => Vec::new(),
    };
    put_ends(frame, inner, 2 + 2 * air, left, hint);
    let above = 3 + 3 * air;
    let rest = Rect { y: inner.y + above, height: inner.height.saturating_sub(above), ..inner };
    elsewhere::draw(model, theme, frame, rest);
    if air == 1 {
        let (up, down) = if theme.ascii() { ("Up", "Down") } else { ("↑", "↓") };
        let across = theme.symbols().corners[4];
        let dot = theme.symbols().zero;
        let hint = format!(
            "{across} {up} history  {dot}  {down} choose a job, Enter goes there  {dot}  Tab completes from the screen  {dot}  ^F makes it a filter "
        );
        let hint = text::end(&hint, usize::from(area.width) - 2, theme.ascii());
        let foot = Rect { x: area.x + 1, y: area.y + area.height - 1, width: area.width - 2, height: 1 };
        put(frame, foot, 0, vec![span(hint, theme.focus())]);
    }
}

fn key(name: &str, theme: Theme) -> Span<'static> {
    span(name.to_owned(), theme.focus())
}

/// What is typed, and how it is meant; says in which cell it is wrong.
fn pattern(model: &Model, theme: Theme, frame: &mut Frame, area: Rect, row: u16) -> Option<usize> {
    let search = &model.search;
    let toggles = toggles(model, theme, area.width);
    let room = usize::from(area.width).saturating_sub(width(&toggles) + 4);
    let wrong = search.wrong.as_ref().map_or(0..0, |wrong| wrong.at.clone());
    let bad = theme.error().add_modifier(Modifier::UNDERLINED);
    let base = if search.is_old { theme.dim() } else { theme.text() };
    let part = |range: std::ops::Range<usize>, style: Style| {
        (text::name(search.text.get(range).unwrap_or_default().as_bytes(), theme.ascii()), style)
    };
    let parts =
        [part(0..wrong.start, base), part(wrong.clone(), bad), part(wrong.end..search.text.len(), base)];
    let before = text::cells(&parts[0].0);
    let all: usize = parts.iter().map(|(text, _)| text::cells(text)).sum();
    let skip = all.saturating_sub(room);
    let mut spans = vec![span("/ ", theme.focus())];
    spans.extend(text::cut(&parts, skip, room).into_iter().map(|(text, style)| span(text, style)));
    spans.push(span(cursor(theme), theme.focus()));
    put_ends(frame, area, row, spans, toggles);
    search.wrong.as_ref().and_then(|_| Some(2 + before.checked_sub(skip)?))
}

/// What is switched on, by a cross, with the keys that switch it; shorter where there is less room.
fn toggles(model: &Model, theme: Theme, room: u16) -> Vec<Span<'static>> {
    let how = model.search.how;
    let words = match room {
        90.. => ["regex", "smart case", "whole word"],
        56.. => ["regex", "case", "word"],
        36.. => [".*", "aA", "\\b"],
        _ => return Vec::new(),
    };
    let mut spans = Vec::new();
    for ((word, on), name) in
        words.into_iter().zip([how.regex, how.smart_case, how.word]).zip(["^R", "^A", "^B"])
    {
        let mark = if on { "[x] " } else { "[ ] " };
        let style = if on { theme.text() } else { theme.dim() };
        spans.extend([span(mark, theme.focus()), span(format!("{word} "), style)]);
        if room >= 76 {
            spans.push(span(format!("{name}  "), theme.dim()));
        }
    }
    spans
}

/// Where it looks.
fn scopes(model: &Model, theme: Theme, frame: &mut Frame, area: Rect, row: u16) {
    let search = &model.search;
    let mut spans = vec![span("  ", theme.text())];
    let mut scope = |scope: Scope, words: String| {
        let on = search.scope == scope;
        let mark = match (on, theme.ascii()) {
            (true, false) => "(•) ",
            (true, true) => "(*) ",
            (false, _) => "( ) ",
        };
        let style = if on { theme.text() } else { theme.dim() };
        spans.extend([span(mark, theme.focus()), span(format!("{words}    "), style)]);
    };
    if let Some(file) = &search.file {
        scope(Scope::File, text::name(file.as_os_str().as_encoded_bytes(), theme.ascii()));
    }
    let extent = model.extent();
    let files = if extent.files == 1 { "1 file".to_owned() } else { format!("{} files", extent.files) };
    let rotated = if extent.rotated > 0 { format!(" + {} rotated", extent.rotated) } else { String::new() };
    match model.log.together.len() {
        0 => scope(Scope::Job, format!("this job, {files}{rotated}")),
        many => scope(Scope::Job, format!("ticked jobs {many}")),
    }
    // As the header counts them: a host's own log is searched too, and is none of its jobs.
    match model.jobs.iter().filter(|job| !job.server).count() {
        0 | 1 => scope(Scope::All, "all jobs".to_owned()),
        many => scope(Scope::All, format!("all {} jobs", text::number(many as u64))),
    }
    put(frame, area, row, spans);
}

/// What it has come to in the log on screen, or what is wrong.
fn answer(model: &Model, theme: Theme) -> Vec<Span<'static>> {
    let search = &model.search;
    if let Some(wrong) = &search.wrong {
        let before = search.text.get(..wrong.at.start).unwrap_or_default().chars().count();
        let why = text::name(wrong.why.as_bytes(), theme.ascii());
        return vec![span(format!("wrong at character {}: {why}", before + 1), theme.error())];
    }
    let Some(current) = &model.log.search else {
        return vec![span("type what to look for", theme.dim())];
    };
    let (count, effort) = said(model, current, theme);
    vec![span(count, theme.strong()), span(effort, theme.dim())]
}

fn said(model: &Model, search: &Search, theme: Theme) -> (String, String) {
    let Some((count, complete)) = search.hits else {
        return (theme.symbols().dots.to_owned(), String::new());
    };
    let hits = match count {
        0 if complete => "no hit".to_owned(),
        1 => "1 hit".to_owned(),
        many => format!("{} hits", text::number(many)),
    };
    let (read, took) = search.effort;
    let hidden = model.log.only.hides();
    let hidden = if hidden { ", hidden lines too" } else { "" };
    if complete {
        return (hits, format!(", complete: {} in {}{hidden}", text::size(read), text::duration(took)));
    }
    let all = model.log.len.max(read);
    let of = part(read, all);
    if model.search.stopped {
        return (format!("{hits} so far"), format!(", stopped: {of}{hidden}"));
    }
    (format!("{hits} so far"), format!(": {of}{}{hidden}", pace(read, all, took)))
}
