//! Two logs beside each other, from the start of each on.

use super::{log, settle};
use crate::model::{Clock, Model, Pane, Request, Split};
use crate::reading::Anchor;

/// Lays two logs beside each other, or goes back to one.
pub(super) fn toggle(model: &mut Model) -> Vec<Request> {
    if close(model) {
        return settle(model);
    }
    match model.pair() {
        Ok(sides) => {
            model.remember();
            model.split = Some(Split { sides, clock: model.log.clock });
            (model.log.clock, model.focus, model.zoom) = (Clock::Start, Pane::Log, false);
            let mut requests = settle(model);
            requests.extend(log::go(model, Anchor::Start));
            requests
        }
        Err(why) => {
            model.note = Some(why);
            Vec::new()
        }
    }
}

/// Lays another run of its job on the left.
pub(super) fn other_run(model: &mut Model, newer: bool) -> Vec<Request> {
    let Some(split) = &model.split else { return Vec::new() };
    match model.other_run(&split.sides[0], newer) {
        Some(side) => {
            let split = Split { sides: [side, split.sides[1].clone()], ..split.clone() };
            model.split = Some(split);
            model.log.split = false;
            let mut requests = settle(model);
            requests.extend(log::go(model, Anchor::Start));
            requests
        }
        None => {
            model.note = Some(no_run(newer));
            Vec::new()
        }
    }
}

/// That there is no other run that way.
pub(super) fn no_run(newer: bool) -> String {
    format!("the job on the left has had no {} run", if newer { "newer" } else { "older" })
}

/// Goes back to one log; `false` if there is but one.
pub(super) fn close(model: &mut Model) -> bool {
    let Some(split) = model.split.take() else { return false };
    model.log.clock = split.clock;
    true
}

/// Turns to the two logs if they are not on the screen; `None` if there are none.
pub(super) fn show(model: &mut Model) -> Option<Vec<Request>> {
    let split = model.split.as_ref()?;
    if split.sides.iter().any(|side| model.jobs.get(&side.log.job).is_none()) {
        close(model);
        model.note = Some("one of the two jobs is gone".to_owned());
        return None;
    }
    if model.log.split {
        return Some(Vec::new());
    }
    let jobs = split.sides.to_vec();
    model.log.turn_to(Some(jobs[1].place()), Vec::new());
    model.log.together = jobs.iter().map(|side| side.log.job.clone()).collect();
    model.log.split = true;
    log::hold(&mut model.log);
    Some(vec![Request::ShowJobs { tag: model.log.tag, jobs, since_start: true }])
}
