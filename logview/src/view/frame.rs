//! What stands around the panes: header, titles, tabs, divider and rule.

use super::{put, put_ends, span, width};
use crate::layout::Areas;
use crate::model::{Model, Pane, Split, State, letter};
use crate::reading::page::{Levels, slot};
use crate::text;
use crate::theme::Theme;
use log::Level;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use std::path::{Path, PathBuf};

/// The first row: what is open, how many jobs are how, the disk, the clock.
pub(super) fn header(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let jobs = &model.jobs;
    let listing = &jobs.listing;
    // In one go: there may be a hundred thousand.
    let (mut number, mut running, mut failed, mut died, mut quiet, mut disk) = (0, 0, 0, 0, 0, 0);
    for job in jobs.iter().filter(|job| job.state != State::Gone) {
        disk += job.size();
        // A host's own log is in the list, and is none of its jobs.
        let one = u64::from(!job.server);
        number += one;
        match job.state {
            State::Running => running += one,
            State::Failed | State::Panicked => failed += one,
            State::Died => died += one,
            State::Quiet => quiet += one,
            State::Done | State::Dropped | State::Unknown | State::Gone => {}
        }
    }
    let so_far = listing.seen < listing.total;
    let total = if so_far {
        format!("so far {} of {} jobs", text::number(listing.seen as u64), text::number(listing.total as u64))
    } else {
        format!("{} job{}", text::number(number), if number == 1 { "" } else { "s" })
    };
    let mut left = vec![
        span(" logview  ", theme.strong()),
        span(text::middle(&model.title, 40, theme.ascii()), theme.text()),
    ];
    left.push(span(format!("   {total}"), theme.dim()));
    for (state, word, style) in [
        (running, "running", theme.text()),
        (failed, "failed", theme.error()),
        (died, "died", theme.error()),
        (quiet, "quiet", theme.warning()),
    ] {
        let part = span(format!("  {} {word}", text::number(state)), style);
        // A number without its word would mislead.
        if state > 0 {
            if width(&left) + part.width() > usize::from(area.width) {
                break;
            }
            left.push(part);
        }
    }
    let more = if so_far { "~" } else { "" };
    let mut right = vec![span(format!("disk {more}{}", text::size(disk)), theme.dim())];
    if listing.rate > 0 {
        right.push(span(format!("   +{}/s", text::size(listing.rate)), theme.dim()));
    }
    if let Some(now) = model.local(model.seconds()) {
        right.push(span(now.format("   %H:%M:%S ").to_string(), theme.text()));
    }
    if width(&left) + width(&right) + 1 > usize::from(area.width) {
        right.clear();
    }
    put_ends(frame, area, 0, left, right);
}

/// The second row: the titles of both panes in a rule, the focused one in the accent.
pub(super) fn title(model: &Model, theme: Theme, frame: &mut Frame, areas: &Areas) {
    let symbols = theme.symbols();
    let area = areas.title;
    let cell = |pane| if model.focus == pane { theme.focus() } else { theme.dim() };
    let mut spans = Vec::new();
    if areas.divider.width > 0 {
        let style = cell(Pane::List);
        let mut text = format!("{0} Jobs {0} sort: {1} ", symbols.rule, model.jobs.sort.word());
        if let Some(by) = model.jobs.grouping.word() {
            text.push_str(&format!("{} by {} ", symbols.rule, text::name(by.as_bytes(), theme.ascii())));
        }
        if !model.jobs.filter.is_empty() {
            let filter = text::name(model.jobs.filter.as_bytes(), theme.ascii());
            text.push_str(&format!("{} only {} ", symbols.rule, text::end(&filter, 14, theme.ascii())));
        }
        if model.jobs.newest {
            text.push_str(&format!("{} newest ", symbols.rule));
        }
        if model.jobs.running_only {
            text.push_str(&format!("{} running only ", symbols.rule));
        }
        let text = text::end(&text, usize::from(areas.divider.x), theme.ascii());
        let gap = usize::from(areas.divider.x).saturating_sub(text::cells(&text));
        spans.push(span(text, style));
        spans.push(span(symbols.rule.repeat(gap), style));
        spans.push(span(symbols.tee_down, theme.dim()));
    }
    let style = cell(Pane::Log);
    if let Some(split) = &model.split {
        return sides(model, split, theme, frame, area);
    }
    let mut parts = vec![levels_word(model.log.levels())];
    parts.extend(filtered(model, theme));
    parts.extend(since_start(model));
    let rest: usize = parts.iter().map(|part| text::cells(part) + 3).sum();
    let width_of_log = usize::from(areas.log.width);
    let room = width_of_log.saturating_sub(rest + 4).max(width_of_log / 2);
    parts.insert(0, name(model, room, theme));
    for part in parts.iter().filter(|part| !part.is_empty()) {
        spans.push(span(format!("{} {part} ", symbols.rule), style));
    }
    let gap = usize::from(area.width).saturating_sub(width(&spans));
    spans.push(span(symbols.rule.repeat(gap), style));
    put(frame, area, 0, spans);
}

/// The names of two logs, each above its half, and the levels that are shown.
fn sides(model: &Model, split: &Split, theme: Theme, frame: &mut Frame, area: Rect) {
    let rule = theme.symbols().rule;
    let halves = [area.width / 2, area.width - area.width / 2];
    let mut spans = Vec::new();
    for (at, (side, half)) in split.sides.iter().zip(halves).enumerate() {
        let state = model.side_state(side);
        let (mark, style) = theme.mark(state);
        let mut parts = vec![state.word().to_owned()];
        if at == 1 {
            parts.push(levels_word(model.log.levels()));
            parts.extend(filtered(model, theme));
        }
        let rest: usize = parts.iter().map(|part| text::cells(part) + 3).sum();
        let room = usize::from(half).saturating_sub(rest + 6).max(usize::from(half / 3));
        let name =
            text::middle(&text::name(model.side_name(side).as_bytes(), theme.ascii()), room, theme.ascii());
        let mut own = vec![span(format!("{rule} "), theme.focus()), span(format!("{mark} "), style)];
        own.push(span(format!("{name} "), theme.focus()));
        own.extend(parts.into_iter().map(|part| span(format!("{rule} {part} "), theme.focus())));
        let gap = usize::from(half).saturating_sub(width(&own));
        own.push(span(rule.repeat(gap), theme.focus()));
        spans.extend(own);
    }
    put(frame, area, 0, spans);
}

/// What lines are shown and hidden for.
fn filtered(model: &Model, theme: Theme) -> Option<String> {
    let mut on = model.log.only.filters.iter().filter(|filter| filter.on);
    let (first, more) = (on.next()?, on.count());
    if more > 0 {
        let shows = model.log.only.filters.iter().find(|filter| filter.on && !filter.hides);
        let first = shows.unwrap_or(first);
        let word = if first.hides { "without" } else { "only" };
        let name = text::name(first.pattern.text().as_bytes(), theme.ascii());
        return Some(
            format!("{} filters: {word} /{}/…", more + 1, text::end(&name, 16, theme.ascii()))
                .replace('…', theme.symbols().dots),
        );
    }
    let word = if first.hides { "without" } else { "only" };
    let name = text::name(first.pattern.text().as_bytes(), theme.ascii());
    Some(format!("{word} /{}/", text::end(&name, 24, theme.ascii())))
}

/// Whose log it is: the job's name, or the letters and names of those that are shown as one, in so many cells.
fn name(model: &Model, room: usize, theme: Theme) -> String {
    let jobs = &model.jobs;
    let named = |job: &Path| jobs.get(job).map_or("", |job| job.name.as_str());
    if model.log.together.is_empty() {
        return jobs.selected().map_or(String::new(), |job| text::middle(&job.name, room, theme.ascii()));
    }
    // Each keeps its letter.
    let each = (room / model.log.together.len()).saturating_sub(4).max(4);
    let named = |(at, job): (usize, &PathBuf)| {
        format!("{} {}", letter(at), text::middle(named(job), each, theme.ascii()))
    };
    let names: Vec<_> = model.log.together.iter().enumerate().map(named).collect();
    text::end(&names.join("  "), room, theme.ascii())
}

/// `T+00:14:09`: how long the run has lasted.
fn since_start(model: &Model) -> Option<String> {
    if !model.log.together.is_empty() {
        return None;
    }
    let run = model.jobs.selected()?.run.as_ref()?;
    let start = crate::reading::head::seconds(run.start.as_bytes())?;
    let end = match &run.end {
        Some(end) => crate::reading::head::seconds(end.as_bytes())?,
        None => model.seconds(),
    };
    Some(text::since_start(end - start))
}

fn levels_word(levels: Levels) -> String {
    if levels.is_all() {
        return "all levels".to_owned();
    }
    let letters = Level::iter().filter(|&level| levels.has(Some(level))).map(|level| &level.as_str()[..1]);
    let letters: Vec<&str> = letters.chain(levels.has(None).then_some("other")).collect();
    format!("only {}", letters.join(" "))
}

/// One tab: what it says, and the levels that a click on it chooses.
pub(super) struct Tab {
    pub(super) text: Span<'static>,
    pub(super) levels: Levels,
}

/// The tabs with their counts; where they do not all fit, those of no records go first.
pub(super) fn tab_texts(model: &Model, theme: Theme, room: u16) -> Vec<Tab> {
    let log = &model.log;
    let more = if log.totals.complete || log.totals.bytes == 0 { "" } else { "~" };
    let count = |count: u64, short: bool| match (count, short) {
        (0, _) if log.totals.bytes == 0 && log.len > 0 => theme.symbols().dots.to_owned(),
        (0, _) => theme.symbols().zero.to_owned(),
        (_, true) => format!("{more}{}", text::short(count)),
        (_, false) => format!("{more}{}", text::number(count)),
    };
    let make = |short: bool, zeros: bool| {
        let all = log.totals.wanted(Levels::ALL);
        let mut tabs = vec![Tab {
            text: span(format!(" All {}  ", count(all, short)), theme.text()),
            levels: Levels::ALL,
        }];
        for level in Level::iter() {
            let records = log.totals.records[slot(Some(level))];
            if records == 0 && (!zeros || level == Level::Trace) {
                continue;
            }
            let word = level.as_str();
            let name = if short {
                word[..1].to_owned()
            } else {
                format!("{}{}", &word[..1], word[1..].to_lowercase())
            };
            let style = match level {
                Level::Error if records > 0 => theme.error(),
                Level::Warn if records > 0 => theme.warning(),
                _ => theme.text(),
            };
            let text = span(format!(" {name} {}  ", count(records, short)), style);
            tabs.push(Tab { text, levels: Levels::only(level) });
        }
        // Where nothing has a level, all says it.
        let other = log.totals.records[slot(None)];
        if other > 0 && other < all {
            let text = span(format!(" Other {}  ", count(other, short)), theme.text());
            tabs.push(Tab { text, levels: Levels::OTHER });
        }
        tabs
    };
    let fits = |tabs: &Vec<Tab>| tabs.iter().map(|tab| tab.text.width()).sum::<usize>() <= usize::from(room);
    let mut tabs = [(false, true), (false, false), (true, false)].map(|(short, zeros)| make(short, zeros));
    let at = tabs.iter().position(fits).unwrap_or(2);
    std::mem::take(&mut tabs[at])
}

/// The row of tabs: those that are shown stand out, the others are dim.
pub(super) fn tabs(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if model.log.place.is_none() {
        return;
    }
    let levels = model.log.levels();
    let spans = tab_texts(model, theme, area.width).into_iter().map(|tab| {
        let shown = if tab.levels.is_all() { levels.is_all() } else { levels.meets(tab.levels) };
        let style = match (shown, levels.is_all()) {
            (true, false) => tab.text.style.add_modifier(ratatui::style::Modifier::UNDERLINED),
            (true, true) => tab.text.style,
            (false, _) => theme.dim(),
        };
        let text = tab.text.content.into_owned();
        let trimmed = text.trim_end().trim_start().to_owned();
        [span(" ", theme.text()), span(trimmed, style), span("  ", theme.text())]
    });
    put(frame, area, 0, spans.flatten().collect());
}

/// The line between the panes.
pub(super) fn divider(theme: Theme, frame: &mut Frame, areas: &Areas) {
    for row in 0..areas.divider.height {
        put(frame, areas.divider, row, vec![span(theme.symbols().down, theme.dim())]);
    }
}

/// The rule above the status line.
pub(super) fn rule(theme: Theme, frame: &mut Frame, areas: &Areas) {
    let symbols = theme.symbols();
    let wide = usize::from(areas.rule.width);
    put(frame, areas.rule, 0, vec![span(symbols.thin.repeat(wide), theme.dim())]);
    if areas.divider.width > 0 && areas.rule.height > 0 {
        let tee = Rect { x: areas.divider.x, width: 1, ..areas.rule };
        put(frame, tee, 0, vec![span(symbols.tee_up, theme.dim())]);
    }
}
