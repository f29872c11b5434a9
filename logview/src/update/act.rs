//! What keys do.

use super::{
    chart, compare, detail, disk, filters, hit_list, line, log, raise, search, settle, split, take, ticks,
    trail, typing,
};
use crate::config::Bell;
use crate::keys::{self, Action};
use crate::layout::WIDE;
use crate::model::{Aim, Arrival, Clock, For, Mode, Model, Notice, Opener, Pane, Request, Step};
use crate::reading::Anchor;
use crate::reading::page::Levels;
use crate::reading::search::Way;
use crate::text;
use ::log::Level;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

pub(super) fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    let bound =
        model.mode == Mode::Normal && model.config.keys.lookup(key, model.focus == Pane::List).is_some();
    if key.modifiers.contains(KeyModifiers::ALT) && !bound {
        // A terminal sends the same for Alt and a key as for Esc and then the key.
        let plain = KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key };
        let mut requests = on_key(model, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        requests.extend(on_key(model, plain));
        return requests;
    }
    if key.code == KeyCode::Esc {
        model.ahead.clear();
    }
    if waits(model, key) {
        model.ahead.push_back(key);
        return Vec::new();
    }
    press_and_say(model, key)
}

fn press_and_say(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    let requests = press(model, key);
    // What a key has to say is said whole, also where the status line is short.
    let room = usize::from(model.size.0).saturating_sub(12);
    if model.mode == Mode::Normal
        && let Some(note) = model.note.take_if(|note| text::cells(note) > room)
    {
        model.mode = Mode::Notice(Notice {
            title: "logview".to_owned(),
            lines: vec![note],
            passing: true,
            ..Notice::default()
        });
    }
    requests
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    (model.note, model.note_age) = (None, 0);
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    // Whoever presses a key is there, and reads what is shown.
    model.jobs.chosen |= model.jobs.selected().is_some();
    let list = model.focus == Pane::List;
    if matches!(&model.mode, Mode::Notice(said) if said.passing) {
        model.mode = Mode::Normal;
        if key.code == KeyCode::Esc {
            return Vec::new();
        }
    }
    if model.mode != Mode::Normal && keys::name(key) != "ctrl-c" {
        return typing::on_key(model, key);
    }
    let action = model.config.keys.lookup(key, list);
    if action.is_some_and(|action| jump(action).is_some()) && model.size.0 < WIDE {
        // Where the list stands over the log it would hide what is gone to.
        model.focus = Pane::Log;
    }
    match action {
        // Whoever searches from the list wants the next hit.
        Some(Action::Newest) if model.log.search.is_some() => act(model, Action::NextHit),
        Some(action) => act(model, action),
        None => Vec::new(),
    }
}

/// Whether a key has to wait for the end of a jump: it is meant for what will be there, and so are those behind it.
fn waits(model: &Model, key: KeyEvent) -> bool {
    const MOST: usize = 64;
    let name = keys::name(key);
    let released = key.kind == KeyEventKind::Release;
    if released || model.ahead.len() >= MOST || matches!(name.as_str(), "esc" | "ctrl-c") {
        return false;
    }
    if !model.ahead.is_empty() {
        return true;
    }
    let action = model.config.keys.lookup(key, model.focus == Pane::List);
    model.mode == Mode::Normal
        && model.focus == Pane::Log
        && model.log.is_moving()
        && matches!(
            action,
            Some(
                Action::Down
                    | Action::Up
                    | Action::HalfDown
                    | Action::HalfUp
                    | Action::PageDown
                    | Action::PageUp
                    | Action::First
                    | Action::Last
                    | Action::ChooseDown
                    | Action::ChooseUp
                    | Action::Word
                    | Action::Context
                    | Action::Mark
                    | Action::NextMark
                    | Action::Detail
                    | Action::Enter
                    | Action::Copy
                    | Action::CopyRecord
                    | Action::Range
                    | Action::Editor
                    | Action::Fold
            )
        )
}

/// Presses the keys that waited, as far as the jump is over, or if it is `late`.
pub(super) fn go_on(model: &mut Model, late: bool) -> Vec<Request> {
    let mut requests = Vec::new();
    while late || !model.log.is_moving() {
        let Some(key) = model.ahead.pop_front() else { break };
        requests.extend(press_and_say(model, key));
    }
    requests
}

/// Does what a key says.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Request> {
    model.jobs.chosen = true;
    model.log.to_first_hit = false;
    model.log.arrival.take_if(|arrival| arrival.aim == Aim::Hit);
    // Whoever does something else meanwhile does not want to be taken away any more; but where one was one is to be again,
    // unless one goes to somewhere else.
    let away = matches!(action, Action::Back | Action::First | Action::Last);
    if model.log.stepping && jump(action).is_none() && (away || model.log.arrival.is_none()) {
        (model.log.stepping, model.log.arrival) = (false, None);
        model.log.queued.clear();
        let mut requests = vec![Request::StopStep];
        match action {
            Action::Back => model.note = Some("stopped".to_owned()),
            other => requests.extend(act(model, other)),
        }
        return requests;
    }
    if matches!(action, Action::First | Action::Last) && model.focus == Pane::Log {
        model.remember();
    }
    if model.log.range.is_some() && matches!(action, Action::Down | Action::Up) {
        return line::choose(model, action == Action::Down);
    }
    match action {
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp | Action::PageDown | Action::PageUp => {
            let step = rows_of(model, action);
            if model.focus == Pane::List { move_selection(model, step) } else { log::scroll(model, step) }
        }
        Action::First if model.focus == Pane::List => move_selection(model, i64::MIN),
        Action::Last if model.focus == Pane::List => move_selection(model, i64::MAX),
        Action::First => log::go(model, Anchor::Start),
        Action::Last => log::go(model, Anchor::End),
        Action::Left => sideways(model, false),
        Action::Right => sideways(model, true),
        Action::Toggle(level) => log::set_levels(model, model.log.levels().toggled(level)),
        Action::ErrorsOnly => log::set_levels(model, Levels::only(Level::Error)),
        Action::AllLevels => log::set_levels(model, Levels::ALL),
        Action::OlderFile if model.split.is_some() => split::other_run(model, false),
        Action::NewerFile if model.split.is_some() => split::other_run(model, true),
        Action::OlderFile => other_file(model, false),
        Action::NewerFile => other_file(model, true),
        Action::Search => search::open(model),
        Action::Word => search::word(model),
        Action::Hits => hit_list::open(model, false),
        Action::Only => filters::ask(model, false, None),
        Action::Without => filters::ask(model, true, None),
        Action::Filters => {
            let last = model.log.only.filters.iter().rposition(|filter| filter.on);
            model.mode = Mode::Filters(last.unwrap_or(0));
            Vec::new()
        }
        Action::Split => split::toggle(model),
        Action::Compare => compare::open(model),
        Action::MoreAround => filters::widen(model, true),
        Action::LessAround => filters::widen(model, false),
        Action::FilterJobs => type_for(model, For::Jobs { old: !model.jobs.filter.is_empty() }),
        Action::Commands => {
            model.mode = Mode::Commands(String::new(), 0);
            Vec::new()
        }
        Action::GoToTime => type_for(model, For::Moment),
        Action::Raise => raise::ask(model),
        Action::Disk => disk::ask(model),
        Action::Back => back(model),
        Action::ChooseDown => line::choose(model, true),
        Action::ChooseUp => line::choose(model, false),
        Action::Fold => line::fold_here(model),
        Action::ChooseTime => chart::open(model),
        Action::Detail => detail::open(model),
        Action::Copy => take::copy(model),
        Action::CopyRecord => take::copy_record(model),
        Action::Range => take::toggle_range(model),
        Action::Save => take::save(model),
        Action::Editor => take::open(model, Opener::Editor),
        Action::Pager => take::open(model, Opener::Pager),
        Action::JumpBack => trail::go_back(model, true),
        Action::JumpForward => trail::go_back(model, false),
        Action::Context => trail::context(model),
        Action::Mark => trail::mark(model),
        Action::NextMark => trail::next_mark(model),
        Action::Marks => {
            model.mode = Mode::Marks(0);
            Vec::new()
        }
        Action::FoldAll => line::fold_all(model),
        other => match jump(other) {
            Some(step) => log::step(model, step),
            None => switch(model, other),
        },
    }
}

fn jump(action: Action) -> Option<Step> {
    match action {
        Action::NextHit => Some(Step::Hit(Way::Forward)),
        Action::PreviousHit => Some(Step::Hit(Way::Backward)),
        Action::Next(level) => Some(Step::Level(level, Way::Forward)),
        Action::Previous(level) => Some(Step::Level(level, Way::Backward)),
        _ => None,
    }
}

/// Keys that only switch how something is shown.
fn switch(model: &mut Model, action: Action) -> Vec<Request> {
    match action {
        Action::Wrap if model.log.split => {
            model.note =
                Some("beside each other long lines are cut: → shows the rest, Enter the record".to_owned());
        }
        Action::Wrap => {
            model.log.wrap = !model.log.wrap;
            (model.log.left, model.log.row) = (0, 0);
        }
        Action::Clock => {
            model.log.clock = match model.log.clock {
                Clock::Day => Clock::Start,
                Clock::Start => Clock::Gap,
                Clock::Gap => Clock::Day,
            }
        }
        Action::Raw => {
            model.log.raw = !model.log.raw;
            let how = if model.log.raw { "as they stand in the file" } else { "read and laid out" };
            model.note = Some(format!("lines are shown {how}"));
        }
        Action::Sticky => {
            model.log.sticky = !model.log.sticky;
            let stays = if model.log.sticky { "stays on" } else { "scrolls off" };
            model.note = Some(format!("the top line of a long record {stays}"));
        }
        Action::Columns => model.log.columns = !model.log.columns,
        Action::Chart => model.chart = !model.chart,
        Action::Zoom => {
            model.zoom = !model.zoom;
            model.focus = Pane::Log;
        }
        Action::Mouse => {
            model.mouse = !model.mouse;
            return vec![Request::Mouse(model.mouse)];
        }
        Action::Sort => {
            model.jobs.sort = model.jobs.sort.next();
            model.jobs.arrange(model.now);
        }
        Action::Tick => ticks::tick(model),
        Action::RunningOnly => {
            model.jobs.running_only = !model.jobs.running_only;
            model.jobs.arrange(model.now);
        }
        Action::Newest => {
            model.jobs.newest = !model.jobs.newest;
            model.jobs.moved = true;
            model.jobs.arrange(model.now);
            model.note = Some(
                if model.jobs.newest { "follows the newest job" } else { "stays at this job" }.to_owned(),
            );
        }
        Action::GroupBy => {
            model.jobs.grouping = model.jobs.grouping.next(model.jobs.iter());
            model.jobs.moved = true;
            model.jobs.arrange(model.now);
        }
        Action::FoldGroup | Action::UnfoldGroup => {
            model.jobs.fold(action == Action::FoldGroup);
            model.jobs.moved = true;
            model.jobs.arrange(model.now);
        }
        Action::FoldGroups => {
            model.jobs.fold_all();
            model.jobs.moved = true;
            model.jobs.arrange(model.now);
        }
        Action::Bell => {
            (model.bell, model.note) = match model.bell {
                Bell::Off => (Bell::Bell, Some("bell on new errors elsewhere".to_owned())),
                Bell::Bell => (Bell::Notify, Some("notification on new errors elsewhere".to_owned())),
                Bell::Notify => (Bell::Off, Some("no bell".to_owned())),
            };
        }
        Action::Pane if model.log.split => return line::other_side(model),
        Action::Pane => {
            model.focus = if model.focus == Pane::List { Pane::Log } else { Pane::List };
            model.zoom = false;
        }
        Action::Enter => model.focus = Pane::Log,
        Action::Help => model.mode = Mode::Help(String::new(), 0),
        Action::Suspend if cfg!(unix) => return vec![Request::Suspend],
        Action::Suspend => model.note = Some("here no shell waits for that: q quits".to_owned()),
        Action::Quit => model.quit = true,
        _ => {}
    }
    settle(model)
}

fn rows_of(model: &Model, action: Action) -> i64 {
    let areas = model.areas();
    let list = model.focus == Pane::List;
    let page = i64::from(if list { areas.list.height.saturating_sub(2) } else { areas.log.height }).max(1);
    match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::HalfDown => (page / 2).max(1),
        Action::HalfUp => -(page / 2).max(1),
        Action::PageDown => (page - 1).max(1),
        _ => -(page - 1).max(1),
    }
}

fn move_selection(model: &mut Model, step: i64) -> Vec<Request> {
    let last = model.jobs.shown().len().saturating_sub(1) as i64;
    let row = model.jobs.row().map_or(0, |row| (row as i64).saturating_add(step).clamp(0, last));
    select(model, row as usize)
}

pub(super) fn select(model: &mut Model, row: usize) -> Vec<Request> {
    let before = model.jobs.selected().map(|job| job.key.clone());
    model.jobs.moved = true;
    model.jobs.newest = false;
    model.jobs.select(row);
    if model.jobs.selected().map(|job| &job.key) != before.as_ref() {
        model.log.chosen = None;
    }
    settle(model)
}

fn sideways(model: &mut Model, right: bool) -> Vec<Request> {
    const STEP: usize = 16;
    if !model.log.wraps() {
        let left = model.log.left;
        model.log.left = if right { (left + STEP).min(1 << 16) } else { left.saturating_sub(STEP) };
    } else if right {
        model.note = Some("long lines are wrapped, nothing stands beside the screen: v cuts them".to_owned());
    }
    Vec::new()
}

/// The next or previous file of the selected job, around.
fn other_file(model: &mut Model, next: bool) -> Vec<Request> {
    let Some(job) = model.jobs.selected() else { return Vec::new() };
    let names: Vec<_> = job.files.iter().map(|file| file.name.clone()).collect();
    let shown = model.log.place.as_ref().map(|place| &place.file);
    let Some(at) = names.iter().position(|name| Some(name) == shown) else { return Vec::new() };
    let step = if next { 1 } else { names.len() - 1 };
    // Whoever reads something finds the same moment in the other file.
    let (spot, cursor) = (model.spot().filter(|spot| !spot.following), model.log.cursor);
    model.log.chosen = names.get((at + step) % names.len()).cloned();
    let requests = settle(model);
    if let Some(time) = spot.and_then(|spot| spot.time) {
        log::hold(&mut model.log);
        let aim = if cursor.is_some() { Aim::See } else { Aim::Read };
        model.log.arrival = Some(Arrival { time, aim });
    }
    requests
}

fn type_for(model: &mut Model, what: For) -> Vec<Request> {
    let text = match what {
        For::Jobs { .. } => model.jobs.filter.clone(),
        _ => String::new(),
    };
    if matches!(what, For::Jobs { .. }) {
        model.focus = Pane::List;
    }
    model.mode = Mode::Typing(what, text);
    Vec::new()
}

/// Undoes the nearest thing that can be undone.
fn back(model: &mut Model) -> Vec<Request> {
    if model.log.range.take().is_some() {
        return Vec::new();
    }
    if std::mem::take(&mut model.saving) {
        return vec![Request::StopSave];
    }
    if model.focus == Pane::List && ticks::clear(model) {
        // Back to the log of the selected job.
    } else if model.focus == Pane::List && model.size.0 < WIDE {
        model.focus = Pane::Log;
    } else if model.focus == Pane::List && !model.jobs.filter.is_empty() {
        model.jobs.filter.clear();
        model.jobs.arrange(model.now);
    } else if model.log.search.take().is_some() {
        model.log.cursor = None;
        model.log.refold();
        let mut requests = settle(model);
        let near = model.log.top;
        // What is filtered by is counted again in its place.
        requests.push(log::count_or_stop(&mut model.log, near));
        return requests;
    } else if filters::switch_off(model) {
        model.note = Some("all is shown again: X lists the filters, Space switches them on".to_owned());
        return log::filtered(model);
    } else if split::close(model) {
        // Back to the log of the selected job.
    } else if model.log.left > 0 {
        model.log.left = 0;
    } else if model.zoom {
        model.zoom = false;
    } else {
        model.log.cursor = None;
    }
    settle(model)
}
