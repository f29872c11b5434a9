//! Keys while something is typed: a search, a filter, or the narrowing of the help.

use super::{commands, compare, filters, hit_list, log, search, settle, take, trail};
use crate::keys;
use crate::model::{For, Mode, Model, Moment, Request, Step};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The longest text that can be typed.
const MAX: usize = 1000;

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    let opens = match keys::name(key).as_str() {
        "f1" => !matches!(model.mode, Mode::Help(..)),
        "?" => !model.mode.takes_text(),
        _ => false,
    };
    if opens && let Some(all) = super::notice::keys_here(model) {
        model.mode = Mode::Notice(all);
        return Vec::new();
    }
    match std::mem::take(&mut model.mode) {
        Mode::Notice(said) if keys::name(key) == "y" => {
            said.asks.map(|change| Request::Change(*change)).into_iter().collect()
        }
        Mode::Notice(said) => {
            model.mode = *said.back;
            Vec::new()
        }
        Mode::Normal => Vec::new(),
        Mode::Help(text, row) => {
            model.mode = on_help(text, row, model.size, key);
            Vec::new()
        }
        Mode::Commands(text, row) => commands::on_key(model, text, row, key),
        Mode::Search => search::on_key(model, key),
        Mode::Hits => hit_list::on_key(model, key),
        Mode::Typing(what, text) => on_line(model, what, text, key),
        Mode::Chart(choice) => super::chart::on_key(model, choice, key),
        Mode::Detail(detail) => super::detail::on_key(model, detail, key),
        Mode::Marks(row) => trail::on_key(model, row, key),
        Mode::Filters(row) => filters::on_key(model, row, key),
        Mode::Compare => compare::on_key(model, key),
    }
}

fn on_help(mut text: String, row: usize, size: (u16, u16), key: KeyEvent) -> Mode {
    let page = i64::from(size.1 / 2);
    match keys::name(key).as_str() {
        "esc" | "enter" | "f1" => Mode::Normal,
        "?" | "q" if text.is_empty() => Mode::Normal,
        name @ ("up" | "down" | "pgup" | "pgdn" | "home" | "end") => {
            let by = match name {
                "up" => -1,
                "down" => 1,
                "pgup" => -page,
                "pgdn" => page,
                "home" => -1000,
                _ => 1000,
            };
            let row = crate::view::help_row(&text, row, by, size);
            Mode::Help(text, row)
        }
        _ => {
            edit(&mut text, key);
            Mode::Help(text, 0)
        }
    }
}

fn on_line(model: &mut Model, what: For, mut text: String, key: KeyEvent) -> Vec<Request> {
    match keys::name(key).as_str() {
        "esc" => {
            match what {
                For::Jobs { .. } => return filter_jobs(model, String::new()),
                For::Filter { at: Some(at), .. } => model.mode = Mode::Filters(at),
                _ => {}
            }
            Vec::new()
        }
        "enter" => accept(model, what, text),
        name @ ("up" | "down") if matches!(what, For::Filter { .. }) => {
            model.search.recall(&mut text, name == "up");
            model.mode = Mode::Typing(what, text);
            Vec::new()
        }
        _ => {
            if what == (For::Jobs { old: true }) && matches!(key.code, KeyCode::Char(_)) {
                text.clear();
            }
            edit(&mut text, key);
            model.search.recalled = None;
            let what = match what {
                // Another name is another file, of which nobody has said that it may go.
                For::SaveOver => For::Save,
                For::Jobs { .. } => For::Jobs { old: false },
                other => other,
            };
            model.mode = Mode::Typing(what, text.clone());
            if matches!(what, For::Jobs { .. }) { filter_jobs(model, text) } else { Vec::new() }
        }
    }
}

fn accept(model: &mut Model, what: For, text: String) -> Vec<Request> {
    if matches!(what, For::Jobs { .. }) {
        return filter_jobs(model, text);
    }
    if what == For::Note {
        trail::note(model, text);
        return Vec::new();
    }
    if matches!(what, For::Save | For::SaveOver) {
        return match text.trim() {
            "" => Vec::new(),
            path => take::save_at(model, path, what == For::SaveOver),
        };
    }
    if let For::Filter { hides, at } = what {
        return filters::typed(model, (hides, at), text);
    }
    if text.is_empty() { Vec::new() } else { go_to_moment(model, text) }
}

/// Goes to the moment that was typed, or has it mended.
fn go_to_moment(model: &mut Model, text: String) -> Vec<Request> {
    let moment = Moment::parse(&text, model.zone);
    if model.log.split && matches!(moment, Some(Moment::At(..))) {
        model.note = Some("beside each other there is the time since the start alone: T+10m".to_owned());
        model.mode = Mode::Typing(For::Moment, text);
        return Vec::new();
    }
    if let Some(moment) = moment {
        return log::step(model, Step::Moment(moment));
    }
    model.note = Some("a time is 14:30, -5m or T+10m".to_owned());
    model.mode = Mode::Typing(For::Moment, text);
    Vec::new()
}

fn filter_jobs(model: &mut Model, text: String) -> Vec<Request> {
    model.jobs.chosen = true;
    model.jobs.filter = text;
    model.jobs.offset = 0;
    model.jobs.arrange(model.now);
    settle(model)
}

pub(super) fn edit(text: &mut String, key: KeyEvent) {
    match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Backspace, _) => drop(text.pop()),
        (KeyCode::Char('u'), true) => text.clear(),
        (KeyCode::Char('w'), true) => {
            let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(kept);
        }
        (KeyCode::Char(c), false) if !c.is_control() && text.len() < MAX => text.push(c),
        _ => {}
    }
}
