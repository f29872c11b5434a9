//! Two logs beside each other, from the start of each on.

use super::{line, log, settle};
use crate::model::{Aim, Arrival, Clock, Instant, Model, Pane, Request, Side, Split, time_of};
use crate::reading::times::{from_millis, to_millis};
use crate::reading::{Anchor, Line};
use std::path::PathBuf;

/// Lays two logs beside each other, or goes back to one.
pub(super) fn toggle(model: &mut Model) -> Vec<Request> {
    if close(model) {
        return settle(model);
    }
    match model.pair() {
        Ok(sides) => {
            let here = since_start(model);
            lay(model, sides, here)
        }
        Err(why) => {
            model.note = Some(why);
            Vec::new()
        }
    }
}

/// Lays two logs beside each other, so long after their starts; one can go back to where one was before.
pub(super) fn lay(model: &mut Model, sides: [Side; 2], at: Option<Instant>) -> Vec<Request> {
    model.remember();
    put_beside(model, sides, at)
}

/// The same, without a way back.
pub(super) fn put_beside(model: &mut Model, sides: [Side; 2], at: Option<Instant>) -> Vec<Request> {
    let before = model.split.take().map(|split| (split.clock, split.followed));
    let (clock, followed) = before.unwrap_or((model.log.clock, model.log.following));
    model.split = Some(Split { sides, clock, followed });
    (model.log.clock, model.focus, model.zoom) = (Clock::Start, Pane::Log, false);
    model.log.split = false;
    let mut requests = settle(model);
    model.log.arrival = at.map(|time| Arrival { time, aim: Aim::See });
    if at.is_none() {
        let end = if model.log.live.is_some() { Anchor::End } else { Anchor::Start };
        requests.extend(log::go(model, end));
    }
    requests
}

/// How long after its start the line was written that one reads, unless one follows.
fn since_start(model: &Model) -> Option<Instant> {
    let line = &model.log.page.lines[line::current(model).filter(|_| !model.log.following)?];
    Some(from_millis(to_millis(time_of(line)?) - model.began(line)?))
}

/// Lays another run of its job on the left.
pub(super) fn other_run(model: &mut Model, newer: bool) -> Vec<Request> {
    let Some(split) = &model.split else { return Vec::new() };
    match model.other_run(&split.sides[0], newer, &split.sides[1]) {
        Some(side) => {
            let (sides, here) = ([side, split.sides[1].clone()], since_start(model));
            lay(model, sides, here)
        }
        None => {
            model.note = Some(no_run(newer));
            Vec::new()
        }
    }
}

/// That there is no other run that way.
pub(super) fn no_run(newer: bool) -> String {
    format!("there is no {} run of its kind that ended well", if newer { "newer" } else { "older" })
}

/// Goes back to one log; `false` if there is but one.
pub(super) fn close(model: &mut Model) -> bool {
    let here = here(model);
    let Some(split) = model.split.take() else { return false };
    // Who only had a look goes on as before.
    let moved = model.log.cursor.is_some() || (model.log.top, model.log.row) != (0, 0);
    let here = here.filter(|_| moved || !split.followed);
    model.log.clock = split.clock;
    model.log.following |= split.followed && !moved;
    // One reads on where one was in the log that is shown by itself now.
    model.resume = here.map(|(job, time)| (job, Arrival { time, aim: Aim::See }));
    true
}

/// The line of the selected job that is nearest to what one reads, unless one follows.
fn here(model: &Model) -> Option<(PathBuf, Instant)> {
    let (log, job) = (&model.log, model.jobs.selected()?);
    let from = line::current(model).filter(|_| log.split && !log.following)?;
    // Of two runs of it the newer one is meant, which stands on the right.
    let side = log.together.iter().rposition(|key| *key == job.key)?;
    let own = |line: &&Line| line.part.map(usize::from) == Some(side);
    let mut lines = log.page.lines[from..].iter().chain(log.page.lines[..from].iter().rev()).filter(own);
    Some((job.key.clone(), lines.find_map(time_of)?))
}

/// Turns to the two logs if they are not on the screen; `None` if there are none.
pub(super) fn show(model: &mut Model) -> Option<Vec<Request>> {
    let split = model.split.as_ref()?;
    if split.sides.iter().any(|side| model.jobs.get(&side.log.job).is_none()) {
        close(model);
        model.note = Some("one of the two jobs is gone".to_owned());
        return None;
    }
    let is_live = |side: &Side| model.side_state(side).is_live() || model.writes(side);
    let live = match [0, 1].map(|nth| is_live(&split.sides[nth])) {
        [true, false] => Some(0),
        [false, true] => Some(1),
        // What has just ended is still what is followed.
        [false, false] => model.log.live.filter(|_| model.log.split),
        [true, true] => None,
    };
    if model.log.split {
        model.log.live = live;
        return Some(Vec::new());
    }
    let jobs = split.sides.to_vec();
    model.log.turn_to(Some(jobs[1].place()), Vec::new());
    model.log.together = jobs.iter().map(|side| side.log.job.clone()).collect();
    (model.log.split, model.log.live) = (true, live);
    log::hold(&mut model.log);
    Some(vec![Request::ShowJobs { tag: model.log.tag, jobs, since_start: true }])
}
