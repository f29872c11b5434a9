//! The list of jobs: mark, name, errors, warnings, the last hour, the age.

use super::{put, put_ends, span};
use crate::model::{For, Job, Mode, Model, Pane, State};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Cells after the name: errors, warnings, the hour, the age, and the space between them.
const REST: usize = 5 + 5 + 8 + 5;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.height == 0 || area.width < 8 {
        return;
    }
    let wide = usize::from(area.width);
    let full = wide >= 40;
    let name = if full { wide.saturating_sub(REST + 4) } else { wide.saturating_sub(3 + 11) };
    let rest = if full { format!("  {:6}{:>5} ", "1h", "age") } else { " ".to_owned() };
    let head = format!("   {:name$}{:>5}{:>5}{rest}", "job", "err", "wrn");
    put(frame, area, 0, vec![span(head, theme.dim())]);
    let rows = usize::from(area.height.saturating_sub(2));
    let selected = model.jobs.selected().map(|job| &job.key);
    for (row, job) in model.jobs.shown().skip(model.jobs.offset).take(rows).enumerate() {
        let is_selected = Some(&job.key) == selected;
        let mut line = Line::from(spans(model, theme, job, name, full, is_selected));
        if is_selected {
            let focused = model.focus == Pane::List;
            if focused {
                // One even bar: in reverse, each colour would be a block of its own.
                line.spans.iter_mut().for_each(|span| span.style = theme.text());
            }
            line = line.style(theme.selected(focused));
        }
        super::put_line(frame, area, row as u16 + 1, line);
    }
    if let Some(text) = super::log::empty(model).filter(|_| model.jobs.shown().len() == 0) {
        put(frame, area, 2, vec![span(format!("   {}", text[0]), theme.dim())]);
    }
    foot(model, theme, frame, area, rows);
}

fn spans(
    model: &Model,
    theme: Theme,
    job: &Job,
    room: usize,
    full: bool,
    selected: bool,
) -> Vec<Span<'static>> {
    let symbols = theme.symbols();
    let (mark, mark_style) = theme.mark(job.state);
    let bar = if selected { span(symbols.bar, theme.focus()) } else { span(" ", theme.text()) };
    let name = text::middle(&job.name, room, theme.ascii());
    let gap = room.saturating_sub(text::cells(&name));
    let name_style = match job.state {
        _ if model.jobs.new_errors(job) > 0 && job.state.is_live() => theme.strong(),
        State::Done | State::Dropped => theme.dim(),
        _ => theme.text(),
    };
    let count = |count: u64, style| {
        let more = if job.counted { "" } else { "~" };
        match count {
            0 if job.unread => span(format!("{:>5}", "?"), theme.warning()),
            _ if job.unread => span(format!("{:>5}", format!("{}?", text::short(count))), style),
            0 if job.counted => span(format!("{:>5}", symbols.zero), theme.dim()),
            0 => span(format!("{:>5}", symbols.dots), theme.dim()),
            _ => span(format!("{:>5}", format!("{more}{}", text::short(count))), style),
        }
    };
    let mut spans = vec![bar, span(mark, mark_style), span(" ", theme.text()), span(name, name_style)];
    spans.push(span(" ".repeat(gap), theme.text()));
    spans.push(count(job.errors, theme.error()));
    spans.push(count(job.warnings, theme.warning()));
    if full {
        spans.push(span(format!("  {}", spark(&job.hour, theme)), theme.dim()));
        let age = job.written.and_then(|at| model.now.duration_since(at).ok()).map_or(0, |age| age.as_secs());
        let age = if job.written.is_some() { text::age(age) } else { String::new() };
        spans.push(span(format!("{age:>5} "), theme.dim()));
    }
    spans
}

/// Six cells; a sixth of an hour with any record at all shows.
fn spark(hour: &[u32; 6], theme: Theme) -> String {
    let most = hour.iter().copied().max().unwrap_or(0).max(1);
    let level =
        |count: u32| if count == 0 { 0 } else { 1 + (u64::from(count) * 7 / u64::from(most)) as usize };
    hour.iter().map(|&count| theme.symbols().eighths[level(count).min(8)]).collect()
}

/// The last row: the filter that is typed, or how many more there are.
fn foot(model: &Model, theme: Theme, frame: &mut Frame, area: Rect, rows: usize) {
    let last = area.height.saturating_sub(1);
    if last == 0 {
        return;
    }
    let jobs = &model.jobs;
    let right = vec![span(if jobs.running_only { "r: all " } else { "r: running " }, theme.dim())];
    if let Mode::Typing(For::Jobs, text) = &model.mode {
        let text = text::name(text.as_bytes(), theme.ascii());
        let left = vec![span(format!(" f {text}"), theme.focus()), span(cursor(theme), theme.focus())];
        return put(frame, area, last, left);
    }
    let below = jobs.shown().len().saturating_sub(jobs.offset + rows);
    let hidden = jobs.len() - jobs.shown().len();
    let mut parts = Vec::new();
    if below > 0 {
        let rest_ended = jobs.shown().skip(jobs.offset + rows).all(|job| !job.state.is_live());
        let ended = if rest_ended { ", all finished" } else { "" };
        parts.push(format!("{} more{ended}", text::number(below as u64)));
    }
    if !jobs.filter.is_empty() {
        let filter = text::end(&text::name(jobs.filter.as_bytes(), theme.ascii()), 12, theme.ascii());
        parts.push(format!("filter {filter}: {} hidden", text::number(hidden as u64)));
    } else if hidden > 0 {
        parts.push(format!("{} hidden", text::number(hidden as u64)));
    }
    put_ends(frame, area, last, vec![span(format!("   {}", parts.join(", ")), theme.dim())], right);
}

pub(super) fn cursor(theme: Theme) -> &'static str {
    if theme.ascii() { "_" } else { "▏" }
}
