//! The list of jobs: mark, name, errors, warnings, the last hour, the age; where there is room also how far the job is,
//! its size and its labels. Groups have a line of their own.

use super::{put, put_ends, span, width};
use crate::model::{For, Group, Job, Line as Row, Mode, Model, Pane, State, letter};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Cells of the errors and of the warnings.
const COUNT: usize = 5;
/// Cells of the last hour, the age, the size and the progress, with the space before them.
const HOUR: usize = 8;
const AGE: usize = 6;
const SIZE: usize = 10;
const DONE: usize = 5;

/// Which columns there are, which depends on the width alone.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    hour: bool,
    size: bool,
    done: bool,
}

impl Columns {
    fn of(width: u16) -> Columns {
        let wide = usize::from(width);
        let (hour, size, done) = (wide >= 40, wide >= 56, wide >= 70);
        let taken = |is: bool, cells: usize| if is { cells } else { 0 };
        let rest = 3
            + 2 * COUNT
            + taken(hour, HOUR + AGE)
            + taken(size, SIZE)
            + taken(done, DONE)
            + usize::from(!hour);
        Columns { name: wide.saturating_sub(rest), hour, size, done }
    }

    fn head(self) -> String {
        let name = self.name;
        let mut head = format!("   {:name$}{:>COUNT$}{:>COUNT$}", "job", "err", "wrn");
        if self.done {
            head += &format!("{:>DONE$}", "done");
        }
        if self.hour {
            head += &format!("  {:6}", "1h");
        }
        if self.size {
            head += &format!("{:>SIZE$}", "size");
        }
        if self.hour {
            head += &format!("{:>5} ", "age");
        }
        head
    }
}

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.height == 0 || area.width < 8 {
        return;
    }
    let columns = Columns::of(area.width);
    put(frame, area, 0, vec![span(columns.head(), theme.dim())]);
    let rows = usize::from(area.height.saturating_sub(2));
    let jobs = &model.jobs;
    let selected = jobs.row();
    let pinned = jobs.pinned(rows);
    for at in 0..rows {
        let line = pinned.filter(|(row, _)| *row == at).map_or(jobs.offset + at, |(_, line)| line);
        let Some(row) = jobs.lines().get(line) else { break };
        let is_selected = row.row().is_some() && row.row() == selected;
        let spans = match row {
            Row::Heading(group) | Row::Folded(group, _) => {
                jobs.group(*group).map(|group| heading(theme, group, columns, is_selected))
            }
            Row::Job(row) => jobs.job(*row).map(|job| spans(model, theme, job, columns, is_selected)),
        };
        let mut line = Line::from(spans.unwrap_or_default());
        if is_selected {
            let focused = model.focus == Pane::List;
            if focused {
                // One even bar: in reverse, each colour would be a block of its own.
                line.spans.iter_mut().for_each(|span| span.style = theme.text());
            }
            line = line.style(theme.selected(focused));
        }
        super::put_line(frame, area, at as u16 + 1, line);
    }
    if let Some(text) = super::log::empty(model).filter(|_| jobs.shown().len() == 0) {
        put(frame, area, 2, vec![span(format!("   {}", text[0]), theme.dim())]);
    }
    foot(model, theme, frame, area, rows);
}

/// The first cell: what is selected, or else what has errors that nobody has looked at.
fn bar(theme: Theme, selected: bool, new: bool) -> Span<'static> {
    match (selected, new) {
        (true, _) => span(theme.symbols().bar, theme.focus()),
        (false, true) => span("+", theme.error()),
        (false, false) => span(" ", theme.text()),
    }
}

fn spans(model: &Model, theme: Theme, job: &Job, columns: Columns, selected: bool) -> Vec<Span<'static>> {
    let (mark, mark_style) = theme.mark(job.state);
    let new = model.jobs.new_errors(job) > 0;
    // One that is ticked and has no letter has nothing to show yet, or nobody to be shown with.
    let of = model.log.together.iter().position(|key| *key == job.key).map(letter);
    let of = of.or(model.jobs.ticked.contains(&job.key).then_some('*'));
    let letter = of.map_or(String::new(), |letter| format!("{letter} "));
    let room = columns.name.saturating_sub(letter.len());
    let name = text::middle(&job.name, room, theme.ascii());
    let gap = room.saturating_sub(text::cells(&name));
    let name_style = match job.state {
        _ if new && job.state.is_live() => theme.strong(),
        State::Done | State::Dropped | State::Gone => theme.dim(),
        _ => theme.text(),
    };
    let mut spans = vec![bar(theme, selected, new), span(mark, mark_style), span(" ", theme.text())];
    spans.push(span(letter, theme.focus()));
    spans.push(span(name, name_style));
    let gap = if columns.size { labels(job, gap, theme) } else { " ".repeat(gap) };
    spans.push(span(gap, theme.dim()));
    spans.push(count(theme, job, job.errors, theme.error()));
    spans.push(count(theme, job, job.warnings, theme.warning()));
    if columns.done {
        let progress = job.run.as_ref().and_then(|run| run.progress.as_ref());
        let done =
            progress.filter(|_| job.state.is_live()).and_then(|progress| part(progress.done, progress.total));
        spans.push(span(done.map_or_else(|| " ".repeat(DONE), |done| format!("{done:>4}%")), theme.text()));
    }
    if columns.hour {
        spans.push(span(format!("  {}", spark(&job.hour, theme)), theme.dim()));
    }
    if columns.size {
        spans.push(span(format!("{:>SIZE$}", text::size(job.size())), theme.dim()));
    }
    if columns.hour {
        let age = job.written.map(|at| model.now.duration_since(at).map_or(0, |age| age.as_secs()));
        spans.push(span(format!("{:>5} ", age.map(text::age).unwrap_or_default()), theme.dim()));
    }
    spans
}

/// The labels that fit whole into the room that the name leaves.
fn labels(job: &Job, gap: usize, theme: Theme) -> String {
    let labels = job.run.iter().flat_map(|run| &run.labels);
    let mut shown = String::new();
    for (name, value) in labels {
        let next = text::name(format!("  {name}={value}").as_bytes(), theme.ascii());
        if text::cells(&shown) + text::cells(&next) < gap {
            shown += &next;
        }
    }
    let rest = gap.saturating_sub(text::cells(&shown));
    shown + &" ".repeat(rest)
}

/// A number that says whether it is complete.
fn count(theme: Theme, job: &Job, count: u64, style: Style) -> Span<'static> {
    let more = if job.counted { "" } else { "~" };
    let symbols = theme.symbols();
    let (text, style) = match count {
        0 if job.unread => ("?".to_owned(), theme.warning()),
        _ if job.unread => (format!("{}?", text::short(count)), style),
        0 if job.counted => (symbols.zero.to_owned(), theme.dim()),
        0 => (symbols.dots.to_owned(), theme.dim()),
        _ => (format!("{more}{}", text::short(count)), style),
    };
    span(format!("{text:>COUNT$}"), style)
}

/// The line of a group: its name, how many jobs, and what they have together.
fn heading(theme: Theme, group: &Group, columns: Columns, selected: bool) -> Vec<Span<'static>> {
    let fold = match (group.folded, theme.ascii()) {
        (true, false) => "▸ ",
        (false, false) => "▾ ",
        (true, true) => "> ",
        (false, true) => "v ",
    };
    let plural = if group.jobs == 1 { "" } else { "s" };
    let jobs = format!("  {} job{plural}", text::number(group.jobs as u64));
    let room = columns.name.saturating_sub(jobs.len());
    let name = text::end(&text::name(group.name.as_bytes(), theme.ascii()), room, theme.ascii());
    let gap = columns.name.saturating_sub(text::cells(&name) + jobs.len());
    let sum = |count: u64, style| match count {
        0 => span(format!("{:>COUNT$}", theme.symbols().zero), theme.dim()),
        _ => span(format!("{:>COUNT$}", text::short(count)), style),
    };
    let mut spans = vec![bar(theme, selected, group.new && group.folded), span(fold, theme.focus())];
    spans.push(span(name, theme.strong()));
    spans.push(span(jobs, theme.dim()));
    spans.push(span(" ".repeat(gap), theme.text()));
    spans.push(sum(group.errors, theme.error()));
    spans.push(sum(group.warnings, theme.warning()));
    if columns.hour {
        let mut parts = Vec::new();
        for (count, mark) in
            [(group.live, theme.mark(State::Running)), (group.bad, theme.mark(State::Failed))]
        {
            if count > 0 {
                parts.push(span(format!("  {}", mark.0), mark.1));
                parts.push(span(text::short(count as u64), theme.dim()));
            }
        }
        spans.extend(parts);
    }
    spans
}

/// How much is done, in hundredths, if it is known how much there is to do.
pub(super) fn part(done: u64, total: u64) -> Option<u64> {
    (total > 0).then(|| (u128::from(done.min(total)) * 100 / u128::from(total)) as u64)
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
    if let Mode::Typing(For::Jobs { .. }, text) = &model.mode {
        let text = text::name(text.as_bytes(), theme.ascii());
        let left = vec![span(format!(" f {text}"), theme.focus()), span(cursor(theme), theme.focus())];
        return put(frame, area, last, left);
    }
    let rest = jobs.lines().iter().skip(jobs.offset + rows).filter_map(|line| match line {
        Row::Job(row) => jobs.job(*row),
        Row::Heading(_) | Row::Folded(..) => None,
    });
    let below = jobs.lines().len().saturating_sub(jobs.offset + rows);
    let ended = jobs.grouping.word().is_none() && rest.into_iter().all(|job| !job.state.is_live());
    let foot = |ended: bool| {
        let mut parts = Vec::new();
        if below > 0 {
            let ended = if ended { ", all finished" } else { "" };
            parts.push(format!("{} more{ended}", text::number(below as u64)));
        }
        if jobs.hidden() > 0 {
            parts.push(format!("{} hidden", text::number(jobs.hidden() as u64)));
        }
        let mut left = vec![span(format!("   {}", parts.join(", ")), theme.dim())];
        let new = jobs.hidden_with_errors;
        if new > 0 {
            left.push(span(format!(", {} with new errors", text::short(new as u64)), theme.error()));
        }
        left
    };
    // What matters most is not what goes first.
    let left = foot(ended);
    let left = if width(&left) < usize::from(area.width) { left } else { foot(false) };
    let right = if width(&left) + width(&right) < usize::from(area.width) { right } else { Vec::new() };
    put_ends(frame, area, last, left, right);
}

pub(super) fn cursor(theme: Theme) -> &'static str {
    if theme.ascii() { "_" } else { "▏" }
}
