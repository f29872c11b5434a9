//! What happens in jobs that are not on screen: whoever reads one is told of another and not taken there.

use crate::config::Bell;
use crate::model::{Job, Model, Request};

/// The least time between two bells, in seconds.
const BELLS: i64 = 5;

/// What jobs that have changed have to say, before they are taken in.
pub(super) fn trouble(model: &Model, jobs: &[Job]) -> Option<String> {
    let selected = model.jobs.selected().map(|job| &job.key);
    let others = || jobs.iter().filter(|job| Some(&job.key) != selected);
    let before = |job: &&Job| model.jobs.get(&job.key).cloned();
    let ended = |job: &&Job| job.state.is_bad() && before(job).is_some_and(|before| before.state.is_live());
    if let Some(text) = told(others().filter(ended), |job| job.state.word().to_owned()) {
        return Some(text);
    }
    told(others().filter(|job| model.jobs.news(job) > 0), |job| match model.jobs.news(job) {
        1 => "has a new error".to_owned(),
        many => format!("has {many} new errors"),
    })
}

fn told<'j>(mut jobs: impl Iterator<Item = &'j Job>, what: impl Fn(&Job) -> String) -> Option<String> {
    let first = jobs.next()?;
    let more = match jobs.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("{} {}{more}", first.name, what(first)))
}

/// Rings, where that is wanted, and not for each of many.
pub(super) fn ring(model: &mut Model, text: &str) -> Vec<Request> {
    let now = model.seconds();
    if model.bell == Bell::Off || now < model.rung.saturating_add(BELLS) {
        return Vec::new();
    }
    model.rung = now;
    vec![Request::Ring(model.bell, text.to_owned())]
}
