//! Jobs that are ticked in the list: as long as there are two, their logs are shown as one, on one clock.

use super::log;
use crate::model::{Aim, Arrival, Model, Request, Side, time_of};
use std::path::PathBuf;

/// More than that are not shown as one: each takes descriptors, and letters are few.
const MOST: usize = 24;

/// Ticks the selected job, or takes its tick away.
pub(super) fn tick(model: &mut Model) {
    let Some(key) = model.jobs.selected().map(|job| job.key.clone()) else { return };
    let jobs = &mut model.jobs;
    if let Some(at) = jobs.ticked.iter().position(|ticked| *ticked == key) {
        jobs.ticked.remove(at);
    } else if jobs.ticked.len() < MOST {
        jobs.ticked.push(key);
    } else {
        model.note = Some(format!("{MOST} jobs are ticked, and that is the most"));
        return;
    }
    model.note = Some(match jobs.ticked.len() {
        0 => "no job is ticked".to_owned(),
        1 => "1 job is ticked: one more, and they are shown as one log".to_owned(),
        count => format!("{count} jobs are shown as one log; Esc in the list unticks them"),
    });
}

/// Takes all ticks away; `false` if there were none.
pub(super) fn clear(model: &mut Model) -> bool {
    !std::mem::take(&mut model.jobs.ticked).is_empty()
}

/// Turns to the ticked jobs if they are not on the screen: `None` if there are no two of them.
pub(super) fn show(model: &mut Model) -> Option<Vec<Request>> {
    let ticked = model.jobs.ticked.iter().filter_map(|key| model.jobs.get(key));
    let jobs: Vec<Side> = ticked.filter_map(Side::whole).collect();
    if jobs.len() < 2 {
        return None;
    }
    let together: Vec<PathBuf> = jobs.iter().map(|side| side.log.job.clone()).collect();
    if together == model.log.together && !model.log.split {
        return Some(Vec::new());
    }
    // Whoever reads something is to find it where it was, whoever joins in.
    let log = &model.log;
    let time =
        if log.following { None } else { log.page.lines.iter().skip(log.top_index()).find_map(time_of) };
    model.log.turn_to(jobs.first().map(Side::place), Vec::new());
    model.log.together = together;
    if let Some(time) = time {
        log::hold(&mut model.log);
        model.log.arrival = Some(Arrival { time, aim: Aim::Read });
    }
    Some(vec![Request::ShowJobs { tag: model.log.tag, jobs, since_start: false }])
}
