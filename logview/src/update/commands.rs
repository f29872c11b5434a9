//! The command list: every command of the key table, found by some of its letters; a number goes to that line.

use super::{act, log, typing};
use crate::fuzzy::Fuzzy;
use crate::keys::{self, Binding, TABLE};
use crate::model::{Mode, Model, Request, Step};
use crossterm::event::KeyEvent;

/// The commands that fit what was typed, the best first.
pub(crate) fn fitting(text: &str) -> Vec<&'static Binding> {
    let mut fuzzy = Fuzzy::new(text);
    let lower = text.to_lowercase();
    // Some letters of the name will do; of the words about it, whole ones are wanted, or everything would fit.
    let mut fit = |row: &'static Binding| {
        let said = || lower.split_whitespace().all(|word| row.what.to_lowercase().contains(word));
        fuzzy.score(row.name).map(|score| score + 1).or_else(|| said().then_some(0)).map(|score| (score, row))
    };
    let mut rows: Vec<(u32, &Binding)> = TABLE.iter().filter_map(&mut fit).collect();
    rows.sort_by_key(|&(score, row)| (row.name != text, std::cmp::Reverse(score)));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The line that was typed, if it is a number.
pub(crate) fn line(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

pub(super) fn on_key(model: &mut Model, mut text: String, row: usize, key: KeyEvent) -> Vec<Request> {
    let last = fitting(&text).len().saturating_sub(1);
    let page = usize::from(model.size.1 / 2);
    let to = match keys::name(key).as_str() {
        "esc" => return Vec::new(),
        "enter" => return accept(model, &text, row),
        "up" | "ctrl-p" => row.saturating_sub(1),
        "down" | "ctrl-n" => row + 1,
        "pgup" => row.saturating_sub(page),
        "pgdn" => row + page,
        "tab" => {
            if let Some(chosen) = fitting(&text).get(row) {
                chosen.name.clone_into(&mut text);
            }
            0
        }
        "backspace" if text.is_empty() => return Vec::new(),
        _ => {
            typing::edit(&mut text, key);
            model.mode = Mode::Commands(text, 0);
            return Vec::new();
        }
    };
    model.mode = Mode::Commands(text, to.min(last));
    Vec::new()
}

fn accept(model: &mut Model, text: &str, row: usize) -> Vec<Request> {
    if let Some(line) = line(text) {
        return log::step(model, Step::Line(line));
    }
    match fitting(text).get(row) {
        Some(chosen) => act(model, chosen.action),
        None => {
            model.note = Some("no command is called so".to_owned());
            model.mode = Mode::Commands(text.to_owned(), 0);
            Vec::new()
        }
    }
}
