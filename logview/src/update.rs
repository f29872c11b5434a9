//! What happens to the model: one function per kind of message, none of which does any input or output or can fail.
//! What is needed from outside comes back as requests, in order.

mod act;
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

pub(crate) use self::act::act;
pub(crate) use self::line::split_rows;
pub(crate) use self::log::visible;

use crate::model::{Message, Missing, Mode, Model, Request, beside, main_file, rulers};
use crate::source::Place;
use crate::text;
use logcore::disk::Recovered;
use std::path::PathBuf;

/// Takes in one message.
pub(crate) fn update(model: &mut Model, message: Message) -> Vec<Request> {
    let late = matches!(message, Message::Tick(_));
    let mut requests = take_in(model, message);
    requests.extend(act::go_on(model, late));
    requests.extend(filters::count_each(model));
    requests.extend(filters::count_passing(model));
    requests.extend(watch(model));
    requests
}

/// Has the jobs watched that are on the screen, if those are others now.
fn watch(model: &mut Model) -> Option<Request> {
    let together = &model.log.together;
    let one = model.jobs.selected().filter(|_| together.is_empty()).map(|job| &job.key);
    if model.watched.iter().eq(together.iter().chain(one)) {
        return None;
    }
    model.watched = together.iter().chain(one).cloned().collect();
    Some(Request::Watch(model.watched.clone()))
}

fn take_in(model: &mut Model, message: Message) -> Vec<Request> {
    match message {
        Message::Key(key) => act::on_key(model, key),
        Message::Mouse(mouse) => mouse::on_mouse(model, mouse),
        Message::Resize(width, height) => {
            model.size = (width, height);
            settle(model)
        }
        Message::Tick(now) => {
            model.now = now;
            model.jobs.tick();
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
            model.jobs.settle_choice();
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
            let read = model.jobs.selected().filter(|job| keys.contains(&job.key));
            let read = read.map(|job| (job.key.clone(), job.name.clone()));
            model.jobs.remove(&keys, model.now);
            let requests = settle(model);
            if let Some((key, name)) = read {
                let next = match model.jobs.selected() {
                    Some(job) if job.key == key => "; what was read of it stays".to_owned(),
                    Some(job) => format!("; this is {}", job.name),
                    None => String::new(),
                };
                let note = format!("the directory of {name} was removed or renamed{next}");
                (model.note, model.note_age) = (Some(note), 0);
            }
            requests
        }
        Message::Listed(listing) => {
            let done = listing.seen >= listing.total && model.jobs.listing.seen < listing.seen;
            model.jobs.listing = listing;
            // Where there is no job the keys do nothing, and the screen says what to do.
            if model.is_new && model.jobs.listing.total > 0 {
                model.is_new = false;
                if model.mode == Mode::Normal && !model.jobs.chosen {
                    model.mode = Mode::Notice(notice::first_hints(model));
                }
            }
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
    if let Some((_, arrival)) = model.resume.take_if(|(job, _)| Some(&*job) == job_of(&model.log.place)) {
        log::hold(&mut model.log);
        model.log.arrival = Some(arrival);
    }
    let mut requests = vec![Request::Show { tag: model.log.tag, place, with }];
    requests.extend(log::count(&mut model.log, u64::MAX));
    requests
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
