//! The mouse: the wheel scrolls what is under it, a click chooses.

use super::act::select;
use super::{chart, hit_list, log, settle, typing};
use crate::model::{Line, Mode, Model, Pane, Request};
use crate::reading::Anchor;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that the wheel moves.
const WHEEL: i64 = 3;

pub(super) fn on_mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Request> {
    let areas = model.areas();
    let at = Position::new(mouse.column, mouse.row);
    let wheel = match mouse.kind {
        MouseEventKind::ScrollDown => WHEEL,
        MouseEventKind::ScrollUp => -WHEEL,
        MouseEventKind::Down(MouseButton::Left) => return click(model, at),
        MouseEventKind::Drag(MouseButton::Left) => {
            if model.holds_bar {
                // Once it is held it follows the row, wherever the hand goes.
                let to = at_row(model, at.y);
                return log::go(model, to);
            }
            chart::drag(model, at);
            return Vec::new();
        }
        MouseEventKind::Up(MouseButton::Left) if std::mem::take(&mut model.holds_bar) => return Vec::new(),
        MouseEventKind::Up(MouseButton::Left) => return chart::release(model),
        _ => return Vec::new(),
    };
    if let Mode::Help(filter, row) = &mut model.mode {
        *row = crate::view::help_row(filter, *row, wheel, model.size);
        return Vec::new();
    }
    if model.mode == Mode::Compare {
        model.comparison.iter_mut().for_each(|comparison| comparison.choose(wheel));
        return Vec::new();
    }
    if model.mode == Mode::Hits {
        return hit_list::wheel(model, areas.search.contains(at), wheel);
    }
    if matches!(model.mode, Mode::Commands(..) | Mode::Detail(_) | Mode::Marks(_) | Mode::Filters(_)) {
        let code = if wheel > 0 { KeyCode::Down } else { KeyCode::Up };
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        return (0..wheel.abs()).flat_map(|_| typing::on_key(model, key)).collect();
    }
    if areas.list.contains(at) {
        let jobs = &mut model.jobs;
        let rows = usize::from(areas.list.height.saturating_sub(2));
        let most = jobs.lines().len().saturating_sub(rows);
        jobs.offset = (jobs.offset as i64 + wheel).clamp(0, most as i64) as usize;
        return Vec::new();
    }
    log::scroll(model, wheel)
}

/// Chooses an entry of the list that is open; the one that is chosen already is what its key would make of it.
fn choose(model: &mut Model, entry: usize) -> Vec<Request> {
    let press = |model: &mut Model, code| typing::on_key(model, KeyEvent::new(code, KeyModifiers::NONE));
    match &mut model.mode {
        Mode::Filters(row) if *row == entry => return press(model, KeyCode::Char(' ')),
        Mode::Marks(row) if *row == entry => return press(model, KeyCode::Enter),
        Mode::Filters(row) | Mode::Marks(row) => *row = entry,
        Mode::Commands(_, row) => {
            *row = entry;
            return press(model, KeyCode::Enter);
        }
        _ => {}
    }
    Vec::new()
}

/// Where in the log a row of the scroll bar is, or above or below it.
fn at_row(model: &Model, y: u16) -> Anchor {
    let bar = model.areas().log;
    let rows = u64::from(bar.height.saturating_sub(1)).max(1);
    match u64::from(y.saturating_sub(bar.y)) {
        0 => Anchor::Start,
        row if row >= rows => Anchor::End,
        row => Anchor::At((u128::from(model.log.len) * u128::from(row) / u128::from(rows)) as u64),
    }
}

fn click(model: &mut Model, at: Position) -> Vec<Request> {
    let areas = model.areas();
    model.note = None;
    if let Some((inside, entry)) = crate::view::entry_at(model, at) {
        if inside {
            return entry.map_or_else(Vec::new, |entry| choose(model, entry));
        }
        model.mode = Mode::Normal;
        return settle(model);
    }
    if matches!(
        model.mode,
        Mode::Help(..)
            | Mode::Commands(..)
            | Mode::Detail(_)
            | Mode::Marks(_)
            | Mode::Filters(_)
            | Mode::Compare
            | Mode::Notice(_)
    ) {
        model.mode = Mode::Normal;
        return settle(model);
    }
    if model.mode == Mode::Hits {
        let frame = u16::from(areas.search.height >= 5);
        let row = at.y.checked_sub(areas.search.y + frame).filter(|_| areas.search.contains(at));
        return row.map_or_else(Vec::new, |row| hit_list::click(model, usize::from(row)));
    }
    let on_bar = areas.log.contains(at) && at.x + 1 == areas.log.right();
    if on_bar && model.mode == Mode::Normal {
        (model.focus, model.holds_bar) = (Pane::Log, true);
        let to = at_row(model, at.y);
        return log::go(model, to);
    }
    if matches!(model.mode, Mode::Normal | Mode::Chart(_)) && chart::press(model, at) {
        return Vec::new();
    }
    if matches!(model.mode, Mode::Chart(_)) {
        model.mode = Mode::Normal;
    }
    if areas.list.contains(at) {
        model.jobs.chosen = true;
        model.focus = Pane::List;
        let row = usize::from(at.y - areas.list.y);
        if row >= 1 && row + 1 < usize::from(areas.list.height) {
            let rows = usize::from(areas.list.height) - 2;
            let pinned = model.jobs.pinned(rows).filter(|(at, _)| *at == row - 1);
            let line = pinned.map_or(model.jobs.offset + row - 1, |(_, line)| line);
            return match model.jobs.lines().get(line) {
                Some(&(Line::Heading(group) | Line::Folded(group, _))) => {
                    model.jobs.turn(group);
                    model.jobs.arrange(model.now);
                    settle(model)
                }
                Some(&Line::Job(row)) => select(model, row),
                None => settle(model),
            };
        }
    } else if areas.tabs.contains(at) {
        if let Some(levels) = crate::view::tab_at(model, at.x) {
            return log::set_levels(model, levels);
        }
    } else {
        model.focus = Pane::Log;
        if areas.log.contains(at) {
            let right = at.x > areas.log.x + areas.log.width / 2;
            return super::line::click(model, usize::from(at.y - areas.log.y), right);
        }
    }
    settle(model)
}
