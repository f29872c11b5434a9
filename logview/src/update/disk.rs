//! Disk use, and what the template's retention would remove: shown, and removed if a person says yes.

use crate::model::{Change, Mode, Model, Notice, Prunable, Request};
use crate::text;

/// As many jobs are named.
const NAMED: usize = 8;

/// Asks what would go. Which template it is by is known from the job that began last.
pub(super) fn ask(model: &mut Model) -> Vec<Request> {
    let runs = model.jobs.iter().filter_map(|job| job.run.as_ref()).filter(|run| !run.template.is_empty());
    let template = runs.max_by(|a, b| a.start.cmp(&b.start)).map(|run| run.template.clone().into());
    model.note = Some("looking through the root".to_owned());
    vec![Request::Change(Change::ProposePrune { template })]
}

/// Shows who has how much, and what would go.
pub(super) fn prunable(model: &mut Model, found: Result<Prunable, String>) -> Vec<Request> {
    if model.mode != Mode::Normal {
        return Vec::new();
    }
    model.note = None;
    let mut sizes: Vec<(u64, &str)> = model.jobs.iter().map(|job| (job.size(), job.name.as_str())).collect();
    sizes.sort_by(|a, b| b.cmp(a));
    let all: u64 = sizes.iter().map(|(size, _)| size).sum();
    let jobs = text::number(sizes.len() as u64);
    let mut lines =
        vec![format!("{} in {jobs} jobs (what was rotated away not counted); the largest:", text::size(all))];
    lines.extend(sizes.iter().take(NAMED).map(|(size, name)| format!("  {:>10}  {name}", text::size(*size))));
    lines.push(String::new());
    let mut asks = None;
    match found {
        Err(why) => lines.extend(why.lines().map(str::to_owned)),
        Ok(found) if !found.has_limits => {
            let template = found.template.display();
            lines.push(format!("{template} sets no logcore.retention, so nothing would be removed:"));
            lines.push("max_age, max_jobs and max_size there say what may go.".to_owned());
        }
        Ok(found) if found.removals.is_empty() => {
            lines.push(format!("Nothing goes by the retention of {}.", found.template.display()));
        }
        Ok(found) => {
            let many = text::number(found.removals.len() as u64);
            lines.push(format!("By the retention of {} {many} would go:", found.template.display()));
            for removal in found.removals.iter().take(NAMED) {
                let name = text::name(removal.id.as_bytes(), model.look.ascii);
                let failed = if removal.failed { ", failed" } else { "" };
                lines.push(format!("  {name}  ({}{failed})", format!("{:?}", removal.reason).to_lowercase()));
            }
            if found.removals.len() > NAMED {
                lines.push(format!("  and {} more", text::number((found.removals.len() - NAMED) as u64)));
            }
            lines.push(String::new());
            lines.push("y removes them for good, any other key leaves them".to_owned());
            asks = Some(Box::new(Change::Prune(found)));
        }
    }
    model.mode = Mode::Notice(Notice { title: "Disk use".to_owned(), lines, asks, ..Notice::default() });
    Vec::new()
}

/// Says what has gone.
pub(super) fn pruned(model: &mut Model, done: Result<usize, String>) -> Vec<Request> {
    let text = match done {
        Ok(1) => "1 job is removed".to_owned(),
        Ok(jobs) => format!("{} jobs are removed", text::number(jobs as u64)),
        Err(why) => why,
    };
    (model.note, model.note_age) = (Some(text), 0);
    Vec::new()
}
