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
    if area.height < 6 {
        return;
    }
    let totals = &model.log.totals;
    let Some(chart) = Chart::of(&model.log, area.width) else {
        if totals.complete && totals.records.iter().any(|count| *count > 0) {
            let why = "  no times in these lines, and so no chart: i takes it away";
            put(frame, area, 2, vec![span(why, theme.dim())]);
        }
        return;
    };
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
    let (rate, unit) = rate(most, chart.seconds);
    put(frame, area, 1, vec![label(&text::short(rate), axis[0]), span(bars(8), theme.dim())]);
    put(frame, area, 2, vec![label(unit, axis[1]), span(bars(0), theme.dim())]);
    let worst = chart.columns.iter().map(|(_, errors)| *errors).max().unwrap_or(0).max(1);
    let row: String = chart
        .columns
        .iter()
        .map(|&(_, count)| eighths[if count == 0 { 0 } else { (3 + count * 5 / worst).min(8) as usize }])
        .collect();
    put(frame, area, 3, vec![label("err", axis[1]), span(row, theme.error())]);
    let times = axis_text(model, &chart, used.max(STEP), theme);
    put(frame, area, 4, vec![label("", axis[2]), span(times, theme.dim())]);
    if let Mode::Chart(choice) = model.mode {
        let (from, to) = choice.columns();
        let left = area.x.saturating_add((LABEL + from) as u16);
        let chosen = Rect { x: left, y: area.y + 1, width: (to - from + 1) as u16, height: 3 };
        let chosen = chosen.intersection(area).intersection(frame.area());
        frame.buffer_mut().set_style(chosen, theme.selected(true));
    }
}

/// How many records the highest column has in a second, or in a longer time of which there is a whole number.
fn rate(most: u64, seconds: i64) -> (u64, &'static str) {
    let of = |span: u64| (most * span).div_ceil(seconds.max(1) as u64);
    let spans = [(1, "/s"), (60, "/min"), (3600, "/h"), (86_400, "/d")];
    let unit = spans.into_iter().find(|(span, _)| most * span >= seconds as u64);
    unit.map_or((of(86_400), "/d"), |(span, unit)| (of(span), unit))
}

/// Times along the axis, as many as have room, with a line between them, and where it ends.
fn axis_text(model: &Model, chart: &Chart, columns: usize, theme: Theme) -> String {
    let clock = |column: usize, format: &str| {
        model.local(chart.second(column)).map(|at| at.format(format).to_string()).unwrap_or_default()
    };
    let format = match chart.seconds * chart.columns.len() as i64 {
        0..600 => "%H:%M:%S",
        600..100_000 => "%H:%M",
        _ => "%b %d",
    };
    let thin = theme.symbols().thin;
    let end = clock(chart.columns.len(), format);
    let mut out = clock(0, format);
    let mut used = out.len();
    let mut to = |column: usize, time: &str| {
        out.push_str(&thin.repeat(column.saturating_sub(used)));
        out.push_str(time);
        used = column.max(used) + time.len();
    };
    for column in (STEP..).step_by(STEP) {
        let time = clock(column, format);
        // Behind the last one stands the end, with a gap.
        if column + time.len() + 2 + end.len() > columns {
            break;
        }
        to(column, &time);
    }
    if columns >= STEP + end.len() {
        to(columns - end.len(), &end);
    }
    out
}
