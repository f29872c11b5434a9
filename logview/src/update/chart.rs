//! Choosing in the volume chart: a moment to go to, or a span that the chart then shows alone.

use super::log;
use crate::keys;
use crate::model::{Chart, Choice, LABEL, Mode, Model, Request, Step};
use crate::text;
use crossterm::event::KeyEvent;
use ratatui::layout::Position;

/// Begins at the moment that the screen shows.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    model.chart = true;
    let Some(chart) = model.chart_shown() else {
        model.note = Some("there is no chart here: no times, or no room for it".to_owned());
        return Vec::new();
    };
    let now = model.spot().and_then(|spot| spot.time).map_or(chart.start, |(second, _)| second);
    let at = (0..chart.columns.len()).rev().find(|&column| chart.second(column) <= now).unwrap_or(0);
    choose(model, &chart, Choice { at, from: None });
    Vec::new()
}

/// Shows what is chosen, and says what it holds.
fn choose(model: &mut Model, chart: &Chart, choice: Choice) {
    let (records, errors) = chart.counts(choice);
    let (from, to) = choice.columns();
    let clock =
        |second: i64| model.local(second).map_or_else(String::new, |at| at.format("%H:%M:%S").to_string());
    let (from, to) = (clock(chart.second(from)), clock(chart.second(to + 1)));
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let what = format!(
        "{from} to {to}: {} record{}, {} error{}",
        text::number(records),
        plural(records),
        text::number(errors),
        plural(errors)
    );
    (model.note, model.note_age) = (Some(what), 0);
    model.mode = Mode::Chart(choice);
}

pub(super) fn on_key(model: &mut Model, choice: Choice, key: KeyEvent) -> Vec<Request> {
    let Some(chart) = model.chart_shown() else { return Vec::new() };
    let last = chart.columns.len() - 1;
    let tenth = (last / 10).max(1);
    let with_errors = |column: &usize| chart.columns[*column].1 > 0;
    let to = match keys::name(key).as_str() {
        "esc" | "q" | "I" => {
            if choice.from.is_none() {
                model.log.span = None;
            }
            return Vec::new();
        }
        "enter" => return accept(model, &chart, choice),
        "space" | "v" => {
            let from = if choice.from.is_some() { None } else { Some(choice.at) };
            choose(model, &chart, Choice { from, ..choice });
            return Vec::new();
        }
        "h" | "left" => choice.at.saturating_sub(1),
        "l" | "right" => choice.at + 1,
        "b" | "pgup" => choice.at.saturating_sub(tenth),
        "w" | "pgdn" => choice.at + tenth,
        "g" | "home" => 0,
        "G" | "end" => last,
        "e" => (choice.at + 1..=last).find(with_errors).unwrap_or(choice.at),
        "E" => (0..choice.at).rev().find(with_errors).unwrap_or(choice.at),
        _ => choice.at,
    };
    choose(model, &chart, Choice { at: to.min(last), ..choice });
    Vec::new()
}

/// Goes to the moment; a span is what the chart shows from now on.
fn accept(model: &mut Model, chart: &Chart, choice: Choice) -> Vec<Request> {
    let (from, to) = choice.columns();
    let second = chart.second(from);
    if choice.from.is_some_and(|from| from != choice.at) {
        model.log.span = Some((second, chart.second(to + 1) - 1));
        model.note = Some("the chart shows this span; I and Esc show all of it again".to_owned());
    }
    model.remember();
    log::step(model, Step::Instant((second, 0)))
}

/// The column under the mouse.
pub(super) fn column(model: &Model, at: Position) -> Option<(Chart, usize)> {
    let area = model.areas().chart;
    let chart = model.chart_shown().filter(|_| area.contains(at))?;
    let column = usize::from(at.x - area.x).checked_sub(LABEL)?;
    (column < chart.columns.len()).then_some((chart, column))
}

/// A press in the chart begins, a move goes on, a release goes there.
pub(super) fn press(model: &mut Model, at: Position) -> bool {
    let Some((chart, column)) = column(model, at) else { return false };
    choose(model, &chart, Choice { at: column, from: Some(column) });
    true
}

pub(super) fn drag(model: &mut Model, at: Position) {
    if let (Mode::Chart(choice), Some((chart, column))) = (&model.mode, column(model, at)) {
        let choice = Choice { at: column, ..*choice };
        choose(model, &chart, choice);
    }
}

pub(super) fn release(model: &mut Model) -> Vec<Request> {
    let Mode::Chart(choice) = model.mode else { return Vec::new() };
    let Some(chart) = model.chart_shown().filter(|_| choice.from.is_some()) else { return Vec::new() };
    model.mode = Mode::Normal;
    model.note = None;
    accept(model, &chart, choice)
}
