//! Jumps: to a hit, an error, a line, a moment.

use super::{go, height, hold, refill, tell_unseen, visible};
use crate::model::{Aim, Focus, Log, Model, Request, Step};
use crate::reading::Anchor;
use crate::reading::search::{Found, Way};
use crate::update::{hit_list, line};

/// Goes to the first hit of all.
pub(in crate::update) fn first_hit(model: &mut Model) -> Vec<Request> {
    hit_from(model, u64::MAX)
}

/// Goes to the first hit behind the line that holds this offset.
pub(super) fn hit_from(model: &mut Model, from: u64) -> Vec<Request> {
    let log = &mut model.log;
    (log.stepping, log.cursor) = (true, None);
    log.jump += 1;
    log.queued.clear();
    let pattern = log.search.as_ref().map(|search| search.pattern.clone());
    let step = Step::Hit(Way::Forward);
    log.step = Some(step);
    vec![Request::Step { tag: log.tag, number: log.jump, step, from, pattern, only: log.only.clone() }]
}

/// Jumps to the next place of a kind.
pub(in crate::update) fn step(model: &mut Model, step: Step) -> Vec<Request> {
    const QUEUED: usize = 64;
    if model.log.place.is_none() {
        return Vec::new();
    }
    if model.log.stepping {
        if model.log.queued.len() < QUEUED {
            model.log.queued.push(step);
        }
        return Vec::new();
    }
    // While following, what was there last is meant, not what is first in the file.
    let step = match step {
        Step::Level(level, Way::Forward) if model.log.following && model.log.cursor.is_none() => {
            Step::Level(level, Way::Backward)
        }
        other => other,
    };
    let pattern = model.log.search.as_ref().map(|search| search.pattern.clone());
    let way = match step {
        Step::Hit(way) | Step::Level(_, way) => way,
        Step::Line(_) | Step::Moment(_) | Step::Instant(_) => Way::Forward,
    };
    if matches!(step, Step::Hit(_)) && pattern.is_none() {
        model.note = Some("nothing is searched for: / starts a search".to_owned());
        return Vec::new();
    }
    let (first, last) = visible(model);
    let log = &mut model.log;
    // A page that is under way takes the screen to the cursor.
    let cursor = log.cursor.filter(|at| log.asked || (first..last).contains(at));
    let from = match (cursor, way) {
        // A row that stands for many is one.
        (Some(at), Way::Forward) if matches!(step, Step::Level(..)) => {
            log.run_of(at).map_or(at, |(_, last)| log.page.lines[last].at)
        }
        (Some(at), _) => at,
        (None, Way::Backward) => last,
        (None, Way::Forward) if first == 0 => u64::MAX, // the first line itself counts
        (None, Way::Forward) => first - 1,
    };
    (log.stepping, log.looked, log.step) = (true, None, Some(step));
    log.jump += 1;
    vec![Request::Step { tag: log.tag, number: log.jump, step, from, pattern, only: log.only.clone() }]
}

pub(super) fn on_found(model: &mut Model, step: Step, found: Found, wrapped: bool) -> Vec<Request> {
    let mut requests = arrive(model, step, found, wrapped);
    requests.extend(next_step(model));
    requests
}

/// The next of the jumps that were asked for while another one was under way.
pub(super) fn next_step(model: &mut Model) -> Vec<Request> {
    if model.log.queued.is_empty() || model.log.stepping {
        return Vec::new();
    }
    let next = model.log.queued.remove(0);
    step(model, next)
}

/// Whether the first hit from an instant on is gone to.
pub(super) fn seeks_hit(log: &Log) -> bool {
    log.arrival.is_some_and(|arrival| arrival.aim == Aim::Hit)
}

/// A jump that is under way would arrive at where its line was: it begins anew when it is known what stands where.
pub(super) fn interrupt(log: &mut Log) -> Vec<Request> {
    if !std::mem::take(&mut log.stepping) {
        return Vec::new();
    }
    // To where one was, one returns anyway.
    let returns = |step: &Step| matches!(step, Step::Instant(_)) || seeks_hit(log);
    let asked_for = log.step.filter(|step| !returns(step));
    log.step = None;
    log.queued.splice(0..0, asked_for);
    vec![Request::StopStep]
}

pub(super) fn arrive(model: &mut Model, step: Step, found: Found, wrapped: bool) -> Vec<Request> {
    let (first, last) = visible(model);
    let height = height(&model.areas());
    if !std::mem::take(&mut model.log.stepping) {
        return Vec::new();
    }
    if matches!(found, Found::At(_)) && !matches!(step, Step::Instant(_)) {
        model.remember();
    }
    let log = &mut model.log;
    let what = match step {
        Step::Hit(_) => "line that matches",
        Step::Level(::log::Level::Error, _) => "error",
        Step::Line(_) => "line",
        Step::Moment(_) | Step::Instant(_) => "record with a time",
        Step::Level(..) => "warning",
    };
    match found {
        Found::At(at) => {
            hold(log);
            let run = log.run_of(at).filter(|_| matches!(step, Step::Level(..)));
            let at = run.map_or(at, |(head, _)| log.page.lines[head].at);
            let before = log.cursor.replace(at);
            if wrapped && matches!(step, Step::Moment(_)) {
                model.note = Some("the log ends before that: this is its last record".to_owned());
            } else if wrapped && before == Some(at) {
                model.note = Some(format!("this is the only {what}"));
            } else if wrapped {
                model.note = Some("searched on from the other end".to_owned());
            }
            if let Step::Instant(_) = step {
                // Other records may be of the same instant.
                if seeks_hit(log) {
                    return hit_from(model, at.wrapping_sub(1));
                }
                let focus = match log.arrival.take().map(|arrival| arrival.aim) {
                    Some(Aim::Read) => {
                        log.cursor = None;
                        Focus::Top(at)
                    }
                    Some(Aim::Before) => Focus::Lower(at),
                    Some(Aim::See | Aim::Hit) | None => Focus::Upper(at),
                };
                let page = log.ask(Anchor::At(at), height, focus);
                return std::iter::once(page).chain(hit_list::renew(model)).collect();
            }
            log.arrival = None;
            if let Step::Level(level, _) = step
                && !log.levels().has(Some(level))
            {
                log.only.levels = log.levels().toggled(level);
                model.note = Some(format!("{what}s were hidden and are shown again"));
                return vec![log.ask(Anchor::At(at), height, Focus::Upper(at))];
            }
            // What is on screen already does not move.
            let there = |model: &Model| {
                let lines = &model.log.page.lines;
                let shown = || line::on_screen(model).iter().any(|(nth, _)| lines[*nth].at == at);
                (first..last).contains(&at)
                    && lines.iter().any(|line| line.at == at)
                    && (!model.log.split || shown())
            };
            if there(model) {
                model.log.unfold(at);
                tell_unseen(model, at);
                return refill(model);
            }
            let log = &mut model.log;
            vec![log.ask(Anchor::At(at), height, Focus::Upper(at))]
        }
        Found::Nothing if matches!(step, Step::Instant(_)) => {
            log.arrival = None;
            let mut requests = go(model, Anchor::Start);
            requests.extend(hit_list::renew(model));
            requests
        }
        Found::Nothing => {
            // What comes above may have it.
            log.arrival.take_if(|arrival| arrival.aim != Aim::Hit);
            let is_awaited = log.to_first_hit || log.arrival.is_some();
            let hidden = matches!(step, Step::Hit(_)) && !log.levels().is_all() || log.only.filters();
            let matches = log.search.as_ref().and_then(|search| search.hits).map_or(0, |(hits, _)| hits);
            if is_awaited && !(hidden && matches > 0) {
                return Vec::new();
            }
            model.note = Some(match (hidden, step) {
                (true, Step::Hit(_)) if matches > 0 => {
                    "every line that matches is hidden: a shows all levels, X the filters".to_owned()
                }
                (true, _) => format!("no {what} among the lines that are shown"),
                (false, _) => format!("no {what} in this file"),
            });
            Vec::new()
        }
        Found::Stopped => Vec::new(),
    }
}
