//! What the search has found in what is not on the screen: a line for each log, and how far it is.

use super::{put, put_ends, put_line, span, width};
use crate::model::{LogHits, Model, Scope, letter};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// Cells of the hits, of a moment, and of how they lie in time, with the space before them.
const HITS: usize = 9;
const MOMENT: usize = 15;
const SPREAD: usize = 15;

/// Which columns there are, which depends on the width alone.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    first: bool,
    last: bool,
    spread: bool,
}

impl Columns {
    fn of(width: usize) -> Columns {
        let (last, first, spread) = (width >= 44, width >= 60, width >= 76);
        let taken = HITS + MOMENT * (usize::from(first) + usize::from(last)) + SPREAD * usize::from(spread);
        Columns { name: width.saturating_sub(taken + 3).clamp(8, 48), first, last, spread }
    }

    fn head(self, title: &str) -> String {
        let mut head = format!("  {}{:>HITS$}", padded(title, self.name), "hits");
        for (is, name) in [(self.first, "first"), (self.last, "last")] {
            if is {
                head += &format!("   {name:12}");
            }
        }
        if self.spread {
            head += "   over time";
        }
        head
    }
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(text::cells(text))))
}

/// The table, and below it how far it is.
pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let Some(last) = area.height.checked_sub(1) else { return };
    let table = Rect { height: last, ..area };
    foot(model, theme, frame, Rect { y: area.y + last, height: 1, ..area });
    let elsewhere = &model.elsewhere;
    let told = model.told_elsewhere();
    if told.is_empty() {
        return put(frame, table, 0, vec![span(format!("  {}", nothing(model)), theme.dim())]);
    }
    let columns = Columns::of(usize::from(area.width));
    let head = u16::from(table.height >= 4);
    let rows = usize::from(table.height - head);
    let chosen = elsewhere.row.and_then(|row| told.iter().position(|&at| at == row));
    let from = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(rows));
    if head == 1 {
        // Ticked jobs are what is on the screen.
        let also = if model.log.together.is_empty() { "also in" } else { "in" };
        let title = match told.len() {
            many if many > rows => format!("{also} {}", text::number(many as u64)),
            _ => also.to_owned(),
        };
        put(frame, table, 0, vec![span(columns.head(&title), theme.dim())]);
    }
    for (nth, &at) in told.iter().enumerate().skip(from).take(rows) {
        let mut line = row(model, theme, columns, &elsewhere.hits[at], usize::from(area.width));
        if chosen == Some(nth) {
            line.spans[0].content = format!("{} ", theme.symbols().cursor).into();
            line.spans.iter_mut().for_each(|span| span.style = theme.text());
            line = line.style(theme.selected(true));
        }
        put_line(frame, table, head + (nth - from) as u16, line);
    }
}

fn row(model: &Model, theme: Theme, columns: Columns, hits: &LogHits, wide: usize) -> Line<'static> {
    let name = text::middle(&name(model, hits, theme), columns.name, theme.ascii());
    let mut spans = vec![
        span("  ", theme.text()),
        span(padded(&name, columns.name), theme.text()),
        span(format!("{:>HITS$}", text::number(hits.summary.hits)), theme.strong()),
    ];
    for (is, time) in [(columns.first, hits.summary.first), (columns.last, hits.summary.last)] {
        if is {
            spans.push(span(
                format!("   {:12}", time.map_or_else(String::new, |at| moment(model, at))),
                theme.dim(),
            ));
        }
    }
    if columns.spread {
        spans.push(span(format!("   {}", spread(hits.summary.spread.cells(), theme)), theme.focus()));
    }
    let rest = wide.saturating_sub(width(&spans));
    spans.push(span(" ".repeat(rest), theme.text()));
    Line::from(spans)
}

/// The job's name, with the file's if it is not the one that stands for it.
fn name(model: &Model, hits: &LogHits, theme: Theme) -> String {
    let raw = |path: &std::path::Path| text::name(path.as_os_str().as_encoded_bytes(), theme.ascii());
    let job = model.jobs.get(&hits.job).map_or_else(|| raw(&hits.job), |job| job.name.clone());
    let here = model.jobs.selected().is_some_and(|job| job.key == hits.job);
    let ticked = model.log.together.iter().position(|key| *key == hits.job);
    match (&hits.file, ticked) {
        (Some(file), None) if here => raw(file),
        (Some(file), _) => format!("{job}/{}", raw(file)),
        (None, Some(at)) => format!("{} {job}", letter(at)),
        (None, None) => job,
    }
}

/// The time of today, or else the day too.
fn moment(model: &Model, seconds: i64) -> String {
    let (at, now) = (model.local(seconds), model.local(model.seconds()));
    let Some((at, now)) = at.zip(now) else { return String::new() };
    let format = match () {
        () if at.date_naive() == now.date_naive() => "%H:%M:%S",
        () if (now - at).num_days().abs() < 300 => "%b %e %H:%M",
        () => "%Y-%m-%d",
    };
    at.format(format).to_string()
}

/// A cell shows what it has beside the fullest one; one that has anything at all shows it.
fn spread(cells: &[u32], theme: Theme) -> String {
    let most = u64::from(cells.iter().copied().max().unwrap_or(0).max(1));
    let level = |count: u32| if count == 0 { 0 } else { 1 + (u64::from(count) * 7 / most) as usize };
    cells.iter().map(|&count| theme.symbols().eighths[level(count).min(8)]).collect()
}

/// Why there is no table.
fn nothing(model: &Model) -> &'static str {
    let elsewhere = &model.elsewhere;
    match model.search.scope {
        Scope::File => "",
        Scope::Job if elsewhere.logs.is_empty() => "",
        _ if elsewhere.pattern.is_none() => "",
        _ if elsewhere.reach.is_complete() && !model.log.together.is_empty() => "in none of them",
        Scope::Job if elsewhere.reach.is_complete() => "in no other file of this job",
        Scope::All if elsewhere.reach.is_complete() => "in no other job",
        _ => "in no other so far",
    }
}

/// How far it is, and whether that is all.
fn foot(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let elsewhere = &model.elsewhere;
    if elsewhere.pattern.is_none() || elsewhere.logs.is_empty() {
        return;
    }
    let reach = elsewhere.reach;
    let logs = if elsewhere.are_jobs { "jobs" } else { "logs" };
    let (done, all) = (text::number(reach.done as u64), text::number(reach.logs as u64));
    let mut said = if reach.is_complete() {
        let took = text::duration(reach.took);
        format!("all {all} {logs}, complete: {} in {took}", text::size(reach.read))
    } else {
        let so_far = if elsewhere.running { "so far" } else { "stopped" };
        let bytes = reach.bytes.max(reach.read);
        let pace = if elsewhere.running { pace(reach.read, bytes, reach.took) } else { String::new() };
        format!("{so_far}: {done} of {all} {logs}, {}{pace}", part(reach.read, bytes))
    };
    match reach.failed {
        0 => {}
        1 => said += ", 1 cannot be read",
        many => said += &format!(", {} cannot be read", text::number(many as u64)),
    }
    let left = vec![span("  ", theme.text()), span(said, theme.dim())];
    let mut right: Vec<Span> = Vec::new();
    if elsewhere.running {
        right = vec![span("Esc", theme.focus()), span(" stops, hits so far stay  ", theme.dim())];
    }
    if width(&left) + width(&right) + 2 > usize::from(area.width) {
        right.clear();
    }
    put_ends(frame, area, 0, left, right);
}

/// `2.6 of 3.1 GiB`.
pub(super) fn part(some: u64, all: u64) -> String {
    let (some, all) = (text::size(some), text::size(all));
    match (some.rsplit_once(' '), all.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} of {all}"),
        _ => format!("{some} of {all}"),
    }
}

/// How many bytes a second and how long it will take yet, once that says something.
pub(super) fn pace(read: u64, all: u64, took: Duration) -> String {
    if took < Duration::from_millis(50) || read == 0 {
        return String::new();
    }
    let rate = read as f64 / took.as_secs_f64();
    format!(", {}/s{}", text::size(rate as u64), text::left(read, all, took))
}
