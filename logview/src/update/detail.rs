//! The detail pane: asked for, opened, and its keys.

use super::{line, log, take};
use crate::keys;
use crate::model::{Detail, Mode, Model, Request};
use crate::reading::page::Record;
use crate::text;
use crossterm::event::KeyEvent;

/// Bytes on a row of the view of bytes.
pub(crate) const ROW: usize = 16;

/// Asks for the record that is meant.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    let Some(at) = line::current(model) else { return Vec::new() };
    let at = model.log.page.lines[at].at;
    log::hold(&mut model.log);
    model.log.cursor = Some(at);
    model.log.copies_record = false;
    vec![Request::Record { tag: model.log.tag, at }]
}

/// It has come.
pub(super) fn show(model: &mut Model, record: Record) -> Vec<Request> {
    if model.mode != Mode::Normal {
        return Vec::new();
    }
    let first = model.log.page.lines.iter().find(|line| line.at == record.range.start);
    let head = match first {
        Some(line) => line.head.clone(),
        None => crate::reading::head(&record.text),
    };
    let start = first.and_then(|line| model.began(line));
    let at = record.range.start;
    model.mode = Mode::Detail(Box::new(Detail::of(record, head, start)));
    // The record stays in sight above what covers the foot of the log.
    let covered = crate::view::detail_rows(model);
    let rows = line::on_screen(model);
    let row = rows.iter().position(|(line, _)| model.log.page.lines[*line].at == at);
    let row = if model.log.split { row.map(|nth| rows[nth].1) } else { row };
    let room = usize::from(model.areas().log.height).saturating_sub(covered + 1);
    match row.filter(|row| *row > room) {
        Some(row) => log::scroll_to(model, (row - room) as i64),
        None => Vec::new(),
    }
}

pub(super) fn on_key(model: &mut Model, mut detail: Box<Detail>, key: KeyEvent) -> Vec<Request> {
    let page = usize::from(model.size.1 / 3).max(1);
    let last = if detail.as_bytes { detail.bytes.len() / ROW } else { detail.fields.len().saturating_sub(1) };
    let mut requests = Vec::new();
    match keys::name(key).as_str() {
        "esc" | "enter" | "q" => return Vec::new(),
        "j" | "down" => detail.chosen += 1,
        "k" | "up" => detail.chosen = detail.chosen.saturating_sub(1),
        "space" | "pgdn" => detail.chosen += page,
        "b" | "pgup" => detail.chosen = detail.chosen.saturating_sub(page),
        "g" | "home" => detail.chosen = 0,
        "G" | "end" => detail.chosen = last,
        "p" => (detail.as_bytes, detail.chosen) = (!detail.as_bytes, 0),
        "y" => {
            if let Some((name, value)) = detail.fields.get(detail.chosen).filter(|_| !detail.as_bytes) {
                let name = text::name(name.as_bytes(), model.look.ascii);
                requests = take::copied(model, value.clone(), &name);
            }
        }
        "Y" => {
            let whole = String::from_utf8_lossy(&detail.bytes).into_owned();
            requests = take::copied(model, whole, "record");
        }
        _ => {}
    }
    if keys::name(key) != "p" {
        detail.chosen = detail.chosen.min(last);
    }
    model.mode = Mode::Detail(detail);
    requests
}
