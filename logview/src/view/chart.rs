//! Records over time in four rows: two of bars, one of errors alone, one of times. An error among hundreds of other
//! records would be lost in the bars, hence its own row.

use super::{put, span};
use crate::model::Model;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Cells before the bars.
const LABEL: usize = 7;

/// Cells between two times on the axis, at least.
const STEP: usize = 14;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(LABEL + 2);
    let volume = &model.log.volume;
    let (Some((&first, _)), Some((&last, _))) =
        (volume.buckets.first_key_value(), volume.buckets.last_key_value())
    else {
        return;
    };
    if area.height < 6 || columns < STEP {
        return;
    }
    // At least a second per column, so that a short log is a short chart and not one wide bar.
    let span_of = (last - first + 1) as usize;
    let used = columns.min(span_of.max(1));
    let mut all = vec![0u64; used];
    let mut errors = vec![0u64; used];
    for (&at, &(records, failed)) in &volume.buckets {
        let column = (at - first) as usize * used / span_of;
        all[column] += u64::from(records);
        errors[column] += u64::from(failed);
    }
    let most = all.iter().copied().max().unwrap_or(0).max(1);
    let eighths = theme.symbols().eighths;
    let axis = theme.symbols().axis;
    let bars = |low: u64| -> String {
        all.iter()
            .map(|&count| {
                // Sixteen steps over two rows; one record is one step.
                let steps = if count == 0 { 0 } else { 1 + count * 15 / most };
                eighths[steps.saturating_sub(low).min(8) as usize]
            })
            .collect()
    };
    let label = |text: &str, mark: &str| span(format!("{text:>5} {mark}"), theme.dim());
    put(frame, area, 1, vec![label(&text::short(most), axis[0]), span(bars(8), theme.dim())]);
    put(frame, area, 2, vec![label("", axis[1]), span(bars(0), theme.dim())]);
    let worst = errors.iter().copied().max().unwrap_or(0).max(1);
    let row: String = errors
        .iter()
        .map(|&count| eighths[if count == 0 { 0 } else { (3 + count * 5 / worst).min(8) as usize }])
        .collect();
    put(frame, area, 3, vec![label("err", axis[1]), span(row, theme.error())]);
    let seconds = (last - first + 1) * volume.width;
    let times = axis_text(model, first * volume.width, seconds, used.max(STEP), theme);
    put(frame, area, 4, vec![label("", axis[2]), span(times, theme.dim())]);
}

/// Times along the axis, as many as have room, with a line between them.
fn axis_text(model: &Model, start: i64, seconds: i64, columns: usize, theme: Theme) -> String {
    let format = match seconds {
        0..600 => "%H:%M:%S",
        600..100_000 => "%H:%M",
        _ => "%b %d",
    };
    let mut out = String::new();
    let mut column = 0;
    while column + 8 <= columns {
        let at = start + seconds * column as i64 / columns as i64;
        let Some(at) = model.local(at) else { break };
        let time = at.format(format).to_string();
        let gap = STEP.min(columns - column).saturating_sub(time.len());
        out.push_str(&time);
        out.push_str(&theme.symbols().thin.repeat(gap));
        column += STEP;
    }
    out
}
