//! The card under the list: the run of the selected job, its files, how fast it writes.

use super::{list::part, put, put_ends, span};
use crate::model::{Job, Model, millis};
use crate::reading::head::seconds;
use crate::reading::page::slot;
use crate::text;
use crate::theme::Theme;
use log::Level;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use std::path::Path;
use std::time::Duration;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let Some(job) = model.jobs.selected().filter(|_| area.height > 0) else { return };
    let thin = theme.symbols().thin.repeat(usize::from(area.width.saturating_sub(2)));
    put(frame, area, 0, vec![span(format!(" {thin}"), theme.dim())]);
    let (_, style) = theme.mark(job.state);
    let state = format!("{}{} ", job.state.word(), lasted(model, job));
    let room = usize::from(area.width).saturating_sub(text::cells(&state) + 3);
    let name = text::middle(&job.name, room, theme.ascii());
    put_ends(frame, area, 1, vec![span(format!(" {name}"), theme.strong())], vec![span(state, style)]);
    let fit = |text: String| span(text::end(&text, usize::from(area.width), theme.ascii()), theme.dim());
    put(frame, area, 2, vec![fit(about(model, theme, job))]);
    // Where there is little room, how far it is goes before where it is.
    let mut top = 3;
    let gauge = gauge(model, theme, job, area.width);
    if gauge.is_none() || area.height > 8 {
        put(frame, area, top, vec![fit(labels(model, theme, job))]);
        top += 1;
    }
    if let Some(gauge) = gauge {
        put(frame, area, top, gauge);
        top += 1;
    }
    let room = usize::from(area.height.saturating_sub(top + 1));
    let most = if job.files.len() > room { room.saturating_sub(1) } else { room };
    for (row, file) in job.files.iter().take(most).enumerate() {
        let shown =
            model.log.place.as_ref().is_some_and(|place| place.file == file.name && place.job == job.key);
        let style = if shown { theme.text() } else { theme.dim() };
        let name = text::end(
            &text::name(file.name.as_os_str().as_encoded_bytes(), theme.ascii()),
            14,
            theme.ascii(),
        );
        let gap = " ".repeat(12usize.saturating_sub(text::cells(&name)));
        let mut spans = vec![span(format!(" {name}{gap}"), style)];
        match file.unreadable {
            Some(why) => spans.push(span(format!("  {why}, not opened"), theme.warning())),
            None => {
                spans.push(span(
                    format!("{:>10} {:>10}", text::size(file.size), records(model, &file.name)),
                    theme.dim(),
                ));
                let (new, style) = match file.name.to_str() {
                    Some("error.log") => (model.jobs.new_errors(job), theme.error()),
                    Some("warn.log") => (model.jobs.new_warnings(job), theme.warning()),
                    _ => (0, theme.dim()),
                };
                if file.parts > 0 {
                    spans.push(span(format!("  +{} rotated", file.parts), theme.dim()));
                }
                if new > 0 {
                    spans.push(span(format!("  new: {}", text::short(new)), style));
                }
            }
        }
        put(frame, area, top + row as u16, spans);
    }
    if job.files.len() > most {
        let more = format!(" and {} more files", job.files.len() - most);
        put(frame, area, top + most as u16, vec![span(more, theme.dim())]);
    }
    if let Some(why) = &job.problem {
        put(frame, area, top, vec![span(format!(" the directory cannot be read: {why}"), theme.warning())]);
    }
    let last = balance(theme, job).unwrap_or_else(|| vec![span(rate(model, theme), theme.dim())]);
    put(frame, area, area.height - 1, last);
}

/// How far it is, as a gauge, with the time that is left at the pace so far.
fn gauge(model: &Model, theme: Theme, job: &Job, width: u16) -> Option<Vec<Span<'static>>> {
    let run = job.run.as_ref()?;
    let progress = run.progress.as_ref()?;
    let (done, total) = (progress.done, progress.total);
    let Some(part) = part(done, total) else {
        return Some(vec![span(format!(" {} done", text::number(done)), theme.text())]);
    };
    let start = seconds(run.start.as_bytes());
    let took = start.map_or(0, |start| (model.seconds() - start).max(0)) as u64;
    let left = match done {
        _ if !job.state.is_live() => "then it ended".to_owned(),
        0 => String::new(),
        _ if done >= total => "almost done".to_owned(),
        _ => {
            let left = u128::from(took) * u128::from(total - done) / u128::from(done);
            format!("{} left", text::span(left.min(u128::from(u64::MAX)) as u64))
        }
    };
    let words = format!(" {part}%  {} of {}  {left}", text::short(done), text::short(total));
    let room = usize::from(width).saturating_sub(text::cells(&words) + 2).min(24);
    let (full, empty) = if theme.ascii() { ("#", ".") } else { ("█", "░") };
    let filled = room * part as usize / 100;
    Some(vec![
        span(format!(" {}", full.repeat(filled)), theme.follow_text()),
        span(empty.repeat(room - filled), theme.dim()),
        span(words, theme.text()),
    ])
}

/// What became of the records of a run that has ended; what is lost stands out.
fn balance(theme: Theme, job: &Job) -> Option<Vec<Span<'static>>> {
    let run = job.run.as_ref()?;
    let balance = run.balance?;
    // What stands above it is of all runs.
    let which = if run.number > 1 { format!(" run {}:", run.number) } else { String::new() };
    let number = if balance.emitted < 100_000 { text::number } else { text::short };
    let mut spans = vec![span(
        format!("{which} {} logged = {} written", number(balance.emitted), number(balance.written)),
        theme.dim(),
    )];
    for (count, what, style) in [
        (balance.lost.total(), "LOST", theme.error()),
        (balance.filtered, "filtered", theme.dim()),
        (balance.rate_limited, "limited", theme.warning()),
    ] {
        if count > 0 {
            spans.push(span(format!(" + {} {what}", text::short(count)), style));
        }
    }
    Some(spans)
}

/// How long it has run, or ran.
fn lasted(model: &Model, job: &Job) -> String {
    let Some(run) = &job.run else { return String::new() };
    let Some(start) = millis(run.start.as_bytes()) else { return String::new() };
    let end = run.end.as_ref().and_then(|end| millis(end.as_bytes()));
    match end {
        Some(end) => {
            let took = Duration::from_millis((end - start).max(0) as u64);
            format!(" after {}", text::duration(took))
        }
        None if job.state.is_live() => {
            format!(" {}", text::span((model.seconds() - start / 1000).max(0) as u64))
        }
        None => String::new(),
    }
}

fn about(model: &Model, theme: Theme, job: &Job) -> String {
    let mut parts = Vec::new();
    if let Some(run) = &job.run {
        if let Some(start) = seconds(run.start.as_bytes()).and_then(|start| model.local(start)) {
            let today =
                model.local(model.seconds()).is_some_and(|now| now.date_naive() == start.date_naive());
            parts.push(format!("started {}", start.format(if today { "%H:%M:%S" } else { "%b %d %H:%M" })));
        }
        if run.pid != 0 {
            parts.push(format!("pid {}", run.pid));
        }
        if run.lost > 0 && run.balance.is_none() {
            parts.push(format!("{} lost", text::number(run.lost)));
        }
        if run.number > 1 {
            parts.push(format!("run {}", run.number));
        }
        parts.push(text::name(run.host.as_bytes(), theme.ascii()));
    }
    format!(" {}", parts.join("  "))
}

/// The labels, and where the job is.
fn labels(model: &Model, theme: Theme, job: &Job) -> String {
    let labels = job.run.iter().flat_map(|run| &run.labels);
    let labels = labels.map(|(name, value)| text::name(format!("{name}={value}").as_bytes(), theme.ascii()));
    let dir =
        format!("{}/{}", model.title, text::name(job.key.as_os_str().as_encoded_bytes(), theme.ascii()));
    let parts: Vec<String> = labels.chain([dir]).collect();
    format!(" {}", parts.join("  "))
}

/// Records of a file, which its level tells if the file on screen holds those of all levels.
fn records(model: &Model, name: &Path) -> String {
    let log = &model.log;
    // Of several files that are one log it is not known whose a record is.
    let one = log.merged == 0 && log.together.is_empty();
    let Some(place) = log.place.as_ref().filter(|_| one) else { return String::new() };
    let stem = name.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let level = stem.parse::<Level>().ok();
    let shown_stem =
        place.file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let shown = shown_stem.parse::<Level>().ok();
    let count = match (level, shown) {
        _ if place.file == name => log.totals.wanted(crate::reading::Levels::ALL),
        (Some(level), Some(shown)) if level < shown => log.totals.records[..=slot(Some(level))].iter().sum(),
        _ => return String::new(),
    };
    let more = if log.totals.complete { "" } else { "~" };
    format!("{more}{}", text::number(count))
}

/// Records per second, from the volume of the file on screen; of several jobs it is not known whose they are.
fn rate(model: &Model, theme: Theme) -> String {
    let volume = &model.log.volume;
    if !model.log.together.is_empty() {
        return String::new();
    }
    let one = model.log.place.as_ref().filter(|_| model.shows_one_file());
    let of_what = one.map_or_else(
        || "rate".to_owned(),
        |place| {
            text::end(
                &text::name(place.file.as_os_str().as_encoded_bytes(), theme.ascii()),
                12,
                theme.ascii(),
            )
        },
    );
    let now = model.seconds();
    let within = |span: i64| {
        // The second that is under way is not over, so it does not count yet.
        let (from, to) = ((now - span).div_euclid(volume.width), now.div_euclid(volume.width));
        let records: u64 =
            volume.buckets.range(from..to.max(from + 1)).map(|(_, &(all, _))| u64::from(all)).sum();
        records.div_ceil(span as u64)
    };
    let peak = volume.buckets.values().map(|&(all, _)| u64::from(all).div_ceil(volume.width as u64)).max();
    let Some(peak) = peak else { return String::new() };
    let more = if model.log.totals.complete { "" } else { "~" };
    let of = |count| text::short(count);
    format!(" {of_what}  now {}/s   1m {}/s   peak {more}{}/s", of(within(3)), of(within(60)), of(peak))
}
