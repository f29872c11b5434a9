//! What is taken out of the log: lines and records to the clipboard, what is shown into a file, a file into the editor.

use super::{line, log};
use crate::model::{For, Mode, Model, Opener, Opening, Request, Saved};
use crate::reading::page::Record;
use crate::text;
use std::path::{Path, PathBuf};

/// Copies the chosen line, or the range.
pub(super) fn copy(model: &mut Model) -> Vec<Request> {
    if let Some(range) = range(model) {
        model.log.range = None;
        return vec![Request::Take { tag: model.log.tag, range, only: model.log.only.clone() }];
    }
    let Some(at) = line::current(model) else { return Vec::new() };
    let text = String::from_utf8_lossy(&model.log.page.lines[at].text).into_owned();
    log::hold(&mut model.log);
    model.log.cursor = Some(model.log.page.lines[at].at);
    copied(model, text, "line")
}

/// Copies the whole record.
pub(super) fn copy_record(model: &mut Model) -> Vec<Request> {
    let Some(at) = line::current(model) else { return Vec::new() };
    let at = model.log.page.lines[at].at;
    log::hold(&mut model.log);
    model.log.cursor = Some(at);
    model.log.copies_record = true;
    vec![Request::Record { tag: model.log.tag, at }]
}

/// The record that is to be copied has come.
pub(super) fn on_record(model: &mut Model, record: &Record) -> Vec<Request> {
    model.log.copies_record = false;
    let text = String::from_utf8_lossy(&record.text).into_owned();
    copied(model, text, if record.cut { "the first part of the record" } else { "record" })
}

/// The lines of a range have come.
pub(super) fn on_taken(model: &mut Model, text: String, cut: bool) -> Vec<Request> {
    let what = if cut { "the first part of the range" } else { "range" };
    copied(model, text, what)
}

/// Hands a text to the clipboard and says so.
pub(super) fn copied(model: &mut Model, text: String, what: &str) -> Vec<Request> {
    let lines = text.lines().count() as u64;
    let plural = if lines == 1 { "" } else { "s" };
    model.note = Some(format!(
        "copied {what}: {} line{plural}, {}",
        text::number(lines),
        text::size(text.len() as u64)
    ));
    vec![Request::Copy(text)]
}

/// Begins or ends a range of lines.
pub(super) fn toggle_range(model: &mut Model) -> Vec<Request> {
    if model.log.range.take().is_some() {
        return Vec::new();
    }
    let Some(at) = line::current(model) else { return Vec::new() };
    let at = model.log.page.lines[at].at;
    log::hold(&mut model.log);
    (model.log.cursor, model.log.range) = (Some(at), Some(at));
    Vec::new()
}

/// The offsets of the range that is chosen.
pub(crate) fn range(model: &Model) -> Option<std::ops::Range<u64>> {
    let log = &model.log;
    let (from, to) = (log.range?, log.cursor.or(log.range)?);
    let end = |at: u64| log.page.lines.iter().find(|line| line.at == at).map_or(at + 1, |line| line.end);
    let (first, last) = (from.min(to), from.max(to));
    Some(first..end(last))
}

/// Asks for the place to save at.
pub(super) fn save(model: &mut Model) -> Vec<Request> {
    let Some(place) = &model.log.place else { return Vec::new() };
    // Of several jobs the name says all, as far as a name may.
    const LONG: usize = 80;
    let together = model.log.together.iter();
    let jobs = if model.log.together.is_empty() { vec![&place.job] } else { together.collect() };
    let names = jobs.into_iter().filter_map(|job| model.jobs.get(job)).map(|job| job.name.as_str());
    let name = names.collect::<Vec<_>>().join("+");
    let name = if name.is_empty() { "log" } else { &name };
    let safe: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || "-_.+".contains(c) { c } else { '-' })
        .take(LONG)
        .collect();
    model.mode = Mode::Typing(For::Save, format!("{safe}.{}", place.file.display()));
    Vec::new()
}

/// Saves what is shown, or the range.
pub(super) fn save_at(model: &mut Model, path: &str, over: bool) -> Vec<Request> {
    let path = PathBuf::from(path.trim());
    let range = range(model).unwrap_or(0..u64::MAX);
    model.log.range = None;
    model.saving = true;
    model.note = Some("saving…".to_owned());
    vec![Request::Save { tag: model.log.tag, range, only: model.log.only.clone(), path, over }]
}

/// What became of it.
pub(super) fn on_saved(model: &mut Model, path: &Path, saved: Saved) {
    let name = path.display();
    model.saving = false;
    model.note_age = 0;
    model.note = Some(match saved {
        Saved::Lines(lines) => {
            let plural = if lines == 1 { "" } else { "s" };
            format!("saved {} line{plural} in {name}", text::number(lines))
        }
        Saved::Exists => {
            if model.mode == Mode::Normal {
                model.mode = Mode::Typing(For::SaveOver, name.to_string());
            }
            format!("{name} is there already")
        }
        Saved::Stopped => "stopped: nothing was saved".to_owned(),
        Saved::Failed(why) => format!("not saved: {why}"),
    });
}

/// Asks where the chosen line is in its file, for another program.
pub(super) fn open(model: &mut Model, opener: Opener) -> Vec<Request> {
    let Some(at) = line::current(model) else { return Vec::new() };
    let at = model.log.page.lines[at].at;
    vec![Request::Open { tag: model.log.tag, at, opener }]
}

/// It is known where.
pub(super) fn on_located(model: &mut Model, opening: Opening) -> Vec<Request> {
    if model.mode != Mode::Normal {
        return Vec::new();
    }
    vec![Request::Run(opening)]
}
