//! What happens to the model: one function per kind of message, none of which does any input or output or can fail.
//! What is needed from outside comes back as requests, in order.

mod chart;
pub(crate) mod commands;
mod compare;
pub(crate) mod detail;
mod disk;
mod filters;
mod hit_list;
mod line;
mod log;
mod mouse;
pub(crate) mod notice;
mod raise;
mod search;
mod split;
pub(crate) mod take;
#[cfg(test)]
pub(crate) mod tests;
mod ticks;
mod trail;
mod trouble;
mod typing;

use crate::config::Bell;
use crate::keys::{self, Action};
use crate::layout::WIDE;
use crate::model::{
    Aim, Arrival, Clock, For, Message, Missing, Mode, Model, Notice, Opener, Pane, Request, Step, beside,
    main_file, rulers,
};
use crate::reading::Anchor;
use crate::reading::page::Levels;
use crate::reading::search::Way;
use crate::source::Place;
use crate::text;
use ::log::Level;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use logcore::disk::Recovered;
use std::path::PathBuf;

/// Takes in one message.
pub(crate) fn update(model: &mut Model, message: Message) -> Vec<Request> {
    match message {
        Message::Key(key) => on_key(model, key),
        Message::Mouse(mouse) => mouse::on_mouse(model, mouse),
        Message::Resize(width, height) => {
            model.size = (width, height);
            settle(model)
        }
        Message::Tick(now) => {
            model.now = now;
            model.jobs.arrange_if(now, usize::MAX);
            model.jobs.settle_choice();
            age_note(model);
            let mut requests = settle(model);
            requests.extend(keep(model));
            requests
        }
        Message::Terminate => {
            model.quit = true;
            Vec::new()
        }
        Message::Jobs(mut jobs) => {
            if model.look.ascii {
                jobs.iter_mut().for_each(|job| job.name = text::name(job.name.as_bytes(), true));
            }
            let trouble = trouble::trouble(model, &jobs);
            model.jobs.put(jobs, model.now);
            let mut requests = Vec::new();
            if let Some(text) = trouble {
                requests = trouble::ring(model, &text);
                if model.note.is_none() {
                    (model.note, model.note_age) = (Some(text), 0);
                }
            }
            requests.extend(settle(model));
            requests
        }
        Message::Broken(worker) => {
            model.quit = true;
            model.failure = Some(format!("the {worker} has panicked; please report what it said"));
            Vec::new()
        }
        Message::Gone(keys) => {
            let read =
                model.jobs.selected().filter(|job| keys.contains(&job.key)).map(|job| job.name.clone());
            model.jobs.remove(&keys, model.now);
            let requests = settle(model);
            if let Some(name) = read {
                let next =
                    model.jobs.selected().map_or(String::new(), |job| format!("; this is {}", job.name));
                (model.note, model.note_age) = (Some(format!("{name} was removed{next}")), 0);
            }
            requests
        }
        Message::Listed(listing) => {
            let done = listing.seen >= listing.total && model.jobs.listing.seen < listing.seen;
            model.jobs.listing = listing;
            if !done {
                return Vec::new();
            }
            model.jobs.arrange_if(model.now, usize::MAX);
            settle(model)
        }
        Message::Prunable(found) => disk::prunable(model, found),
        Message::Pruned(done) => disk::pruned(model, done),
        Message::Proposed(proposal) => raise::proposed(model, *proposal),
        Message::Raised(proposal) => raise::raised(model, *proposal),
        Message::Elsewhere { serial, found, reach } => {
            if serial == model.elsewhere.serial {
                model.elsewhere.take(found, reach);
            }
            Vec::new()
        }
        Message::Compared { serial, reach, found } => {
            compare::take(model, serial, reach, found.map(|found| found.map(|found| *found)));
            Vec::new()
        }
        Message::Configured(config) => notice::configured(model, *config),
        Message::Watching(watching) => {
            model.watching = watching;
            Vec::new()
        }
        Message::Taken { tag, text, cut } if tag == model.log.tag => take::on_taken(model, text, cut),
        Message::Record { tag, record } if tag == model.log.tag => {
            if model.log.copies_record {
                return take::on_record(model, &record);
            }
            detail::show(model, record)
        }
        Message::Saving { done, all, took } => {
            if model.saving {
                let part = u128::from(done) * 100 / u128::from(all.max(1));
                let left = text::left(done, all, took);
                (model.note, model.note_age) = (Some(format!("saving: {part} %{left}   Esc stops")), 0);
            }
            Vec::new()
        }
        Message::Saved { path, saved } => {
            take::on_saved(model, &path, saved);
            Vec::new()
        }
        Message::Located(opening) => take::on_located(model, opening),
        Message::Said(what) => {
            (model.note, model.note_age) = (Some(what), 0);
            Vec::new()
        }
        Message::Reloads(reloads) => {
            model.reloads = reloads;
            settle(model)
        }
        Message::Recovered(files) => {
            (model.note, model.note_age) = (Some(last_words(&files)), 0);
            Vec::new()
        }
        other => log::on_message(model, other),
    }
}

/// What was left of processes that died, for the status line.
fn last_words(files: &[Recovered]) -> String {
    let lines: u64 = files.iter().map(|file| file.lines).sum();
    let name = |file: &Recovered| {
        let parts: Vec<_> = file.path.iter().rev().take(2).collect();
        let name: PathBuf = parts.into_iter().rev().collect();
        text::name(name.as_os_str().as_encoded_bytes(), false)
    };
    match files.iter().find_map(|file| file.error.as_ref().map(|error| (file, error))) {
        Some((file, error)) => {
            format!("cannot write what a killed host had buffered for {}: {error}", name(file))
        }
        None => {
            let more = match files.len() {
                1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            let first = files.first().map(name).unwrap_or_default();
            format!("a host was killed: {lines} lines that it had buffered are in {first}{more} now")
        }
    }
}

/// What was said stands there long enough to be read, and then gives its place back.
fn age_note(model: &mut Model) {
    const SECONDS: u8 = 12;
    model.note_age += 1;
    if model.note.is_none() || model.note_age > SECONDS {
        (model.note, model.note_age) = (None, 0);
    }
}

/// Brings the rest in line with what has changed: the right file is shown, the selected row is visible, and there
/// are enough lines around the screen.
fn settle(model: &mut Model) -> Vec<Request> {
    let rows = usize::from(model.areas().list.height.saturating_sub(2)).max(1);
    if let Some(line) = model.jobs.line() {
        let jobs = &mut model.jobs;
        // A job that nobody moved to may sink in the list; what stands on top is what needs a look.
        if jobs.moved {
            // Of the first job of a group the heading is to be seen too.
            let heading = line.checked_sub(1).filter(|&above| jobs.lines()[above].row().is_none());
            let least = heading.filter(|_| rows > 1).unwrap_or(line);
            jobs.offset = jobs.offset.clamp((line + 1).saturating_sub(rows), least);
        }
        let most = jobs.lines().len().saturating_sub(rows);
        jobs.offset = jobs.offset.min(most);
    }
    let mut requests = show_selected(model);
    tell_moments(model);
    requests.extend(log::refill(model));
    requests
}

/// Has the session remembered from time to time, if it has changed.
fn keep(model: &mut Model) -> Option<Request> {
    const EVERY: i64 = 5;
    if model.seconds() % EVERY != 0 {
        return None;
    }
    let session = model.session();
    if session == model.kept {
        return None;
    }
    model.kept = session.clone();
    Some(Request::Keep(Box::new(session)))
}

/// What is told between the lines of the log.
fn tell_moments(model: &mut Model) {
    let run = model.jobs.selected().filter(|_| !model.log.split).and_then(|job| job.run.as_ref());
    let rulers = run.map(|run| rulers(run, &model.reloads)).unwrap_or_default();
    if rulers != model.log.rulers {
        model.log.rulers = rulers;
        model.log.refold();
    }
}

fn job_of(place: &Option<Place>) -> Option<&PathBuf> {
    place.as_ref().map(|place| &place.job)
}

/// Turns to the file that the selected job is to be seen in, if that is another one.
fn show_selected(model: &mut Model) -> Vec<Request> {
    if let Some(mut requests) = split::show(model).or_else(|| ticks::show(model)) {
        if !requests.is_empty() {
            requests.extend(log::count(&mut model.log, u64::MAX));
        }
        return requests;
    }
    let log = &model.log;
    let place = model.jobs.selected().and_then(|job| {
        let chosen = job.files.iter().find(|file| Some(&file.name) == log.chosen.as_ref());
        let shown = log.place.as_ref().filter(|place| place.job == job.key);
        match chosen.or_else(|| main_file(&job.files)) {
            Some(file) => Some(Place { job: job.key.clone(), file: file.name.clone() }),
            None => shown.cloned(),
        }
    });
    // A file that was chosen is shown by itself; the main one stands for all.
    let job = place.as_ref().and_then(|place| model.jobs.get(&place.job));
    let with = job
        .zip(place.as_ref())
        .filter(|(job, place)| main_file(&job.files).is_some_and(|main| main.name == place.file));
    let with = with.map(|(job, place)| beside(&job.files, &place.file)).unwrap_or_default();
    if place == log.place && log.together.is_empty() {
        if with == log.with {
            return Vec::new();
        }
        model.log.with.clone_from(&with);
        return vec![Request::With { tag: model.log.tag, with }];
    }
    model.log.turn_to(place.clone(), with.clone());
    if let Some((_, time)) = model.resume.take_if(|(job, _)| Some(&*job) == job_of(&model.log.place)) {
        log::hold(&mut model.log);
        model.log.arrival = Some(Arrival { time, aim: Aim::See });
    }
    let mut requests = vec![Request::Show { tag: model.log.tag, place, with }];
    requests.extend(log::count(&mut model.log, u64::MAX));
    requests
}

fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    let requests = press(model, key);
    // What a key has to say is said whole, also where the status line is short.
    let room = usize::from(model.size.0).saturating_sub(12);
    if model.mode == Mode::Normal
        && let Some(note) = model.note.take_if(|note| text::cells(note) > room)
    {
        model.mode = Mode::Notice(Notice { lines: vec![note], passing: true, ..Notice::default() });
    }
    requests
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    (model.note, model.note_age) = (None, 0);
    if key.kind == crossterm::event::KeyEventKind::Release {
        return Vec::new();
    }
    let list = model.focus == Pane::List;
    let bound = model.mode == Mode::Normal && model.config.keys.lookup(key, list).is_some();
    if key.modifiers.contains(KeyModifiers::ALT) && !bound {
        // A terminal sends the same for Alt and a key as for Esc and then the key.
        let plain = KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key };
        let mut requests = press(model, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        requests.extend(press(model, plain));
        return requests;
    }
    if matches!(&model.mode, Mode::Notice(said) if said.passing) {
        model.mode = Mode::Normal;
    }
    if model.mode != Mode::Normal && keys::name(key) != "ctrl-c" {
        return typing::on_key(model, key);
    }
    match model.config.keys.lookup(key, list) {
        // Whoever searches from the list wants the next hit.
        Some(Action::Newest) if model.log.search.is_some() => act(model, Action::NextHit),
        Some(action) => act(model, action),
        None => Vec::new(),
    }
}

/// Does what a key says.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Request> {
    model.jobs.chosen = true;
    model.log.to_first_hit = false;
    // Whoever does something else meanwhile does not want to be taken away any more.
    if model.log.stepping && jump(action).is_none() {
        model.log.stepping = false;
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
            model.mode = Mode::Filters(0);
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
        Action::Pane if split::close(model) => model.focus = Pane::List,
        Action::Pane => {
            model.focus = if model.focus == Pane::List { Pane::Log } else { Pane::List };
            model.zoom = false;
        }
        Action::Enter => model.focus = Pane::Log,
        Action::Help => model.mode = Mode::Help(String::new(), 0),
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

fn select(model: &mut Model, row: usize) -> Vec<Request> {
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
    if !model.log.wrap {
        let left = model.log.left;
        model.log.left = if right { (left + STEP).min(1 << 16) } else { left.saturating_sub(STEP) };
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
        let (tag, near) = (model.log.tag, model.log.top);
        // What is filtered by is counted again in its place.
        let counted = log::count(&mut model.log, near);
        requests.push(counted.unwrap_or(Request::Count { tag, pattern: None, near }));
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

/// What to say where there is nothing to show.
pub(crate) fn empty_state(model: &Model) -> Option<[String; 2]> {
    let listing = &model.jobs.listing;
    let done = listing.seen >= listing.total;
    let say = |what: &str, next: &str| Some([what.to_owned(), next.to_owned()]);
    match &listing.problem {
        Some(Missing::Root) => {
            let what = format!("There is no directory {} yet.", model.title);
            say(
                &what,
                "It will appear here as soon as it exists. To see one now: logview demo, or logview DIR.",
            )
        }
        Some(Missing::Unreadable(why)) => {
            say(&format!("{} cannot be read: {why}.", model.title), "It is tried again every few seconds.")
        }
        None if model.jobs.is_empty() && done => say(
            "No jobs here yet.",
            "Each directory with a job.json or *.log files is a job; it appears by itself. ? shows the keys.",
        ),
        None if model.jobs.shown().len() == 0 && !model.jobs.is_empty() => {
            say("No job matches.", "f edits the filter, Esc clears it, r shows jobs that do not run.")
        }
        None => None,
    }
}

pub(crate) use self::line::split_rows;
pub(crate) use self::log::visible;
