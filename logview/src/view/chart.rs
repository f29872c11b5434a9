//! Records over time in four rows: two of bars, one of errors alone, one of times. An error among hundreds of other
//! records would be lost in the bars, hence its own row.

use super::{put, span};
use crate::model::{Chart, LABEL, LEAST, Mode, Model};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Cells between two times on the axis, at least.
const STEP: usize = LEAST;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    let Some(chart) = Chart::of(&model.log, area.width).filter(|_| area.height >= 6) else { return };
    let most = chart.columns.iter().map(|(all, _)| *all).max().unwrap_or(0).max(1);
    let used = chart.columns.len();
    let eighths = theme.symbols().eighths;
    let axis = theme.symbols().axis;
    let bars = |low: u64| -> String {
        chart
            .columns
            .iter()
            .map(|&(count, _)| {
                // Sixteen steps over two rows; one record is one step.
                let steps = if count == 0 { 0 } else { 1 + count * 15 / most };
                eighths[steps.saturating_sub(low).min(8) as usize]
            })
            .collect()
    };
    let label = |text: &str, mark: &str| span(format!("{text:>5} {mark}"), theme.dim());
    put(frame, area, 1, vec![label(&text::short(most), axis[0]), span(bars(8), theme.dim())]);
    put(frame, area, 2, vec![label("", axis[1]), span(bars(0), theme.dim())]);
    let worst = chart.columns.iter().map(|(_, errors)| *errors).max().unwrap_or(0).max(1);
    let row: String = chart
        .columns
        .iter()
        .map(|&(_, count)| eighths[if count == 0 { 0 } else { (3 + count * 5 / worst).min(8) as usize }])
        .collect();
    put(frame, area, 3, vec![label("err", axis[1]), span(row, theme.error())]);
    let times = axis_text(model, chart.start, chart.seconds, used.max(STEP), theme);
    put(frame, area, 4, vec![label("", axis[2]), span(times, theme.dim())]);
    if let Mode::Chart(choice) = model.mode {
        let (from, to) = choice.columns();
        let left = area.x.saturating_add((LABEL + from) as u16);
        let chosen = Rect { x: left, y: area.y + 1, width: (to - from + 1) as u16, height: 3 };
        let chosen = chosen.intersection(area).intersection(frame.area());
        frame.buffer_mut().set_style(chosen, theme.selected(true));
    }
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
