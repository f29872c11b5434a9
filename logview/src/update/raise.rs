//! Raising a running job's level for some minutes: proposed, shown, and written if a person says yes.

use crate::model::{Change, Mode, Model, Notice, Request, State};
use crate::raise::Proposal;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

const MINUTES: i64 = 10;
const LEVEL: &str = "trace";

/// Has the change prepared, if the job is one whose level can be raised.
pub(super) fn ask(model: &mut Model) -> Vec<Request> {
    let run = model.jobs.selected().filter(|job| job.state.is_live()).and_then(|job| job.run.as_ref());
    let Some(run) = run.filter(|run| !run.template.is_empty()) else {
        let why = match model.jobs.selected().map(|job| (job.state, &job.run)) {
            Some((State::Unknown, None)) => {
                "these are plain log files: logcore's jobs have a level to be raised"
            }
            Some((State::Gone, _)) => "its directory is gone: whether it still runs cannot be told",
            Some((state, _)) if !state.is_live() => "this job has ended: there is no level to be raised",
            _ => "its host does not say which template it runs with, which is where the level is raised",
        };
        model.note = Some(why.to_owned());
        return Vec::new();
    };
    let until = DateTime::<Utc>::from(model.now) + TimeDelta::minutes(MINUTES);
    vec![Request::Change(Change::ProposeRaise {
        template: run.template.clone().into(),
        job: run.id.clone(),
        level: LEVEL,
        until: until.to_rfc3339_opts(SecondsFormat::Secs, true),
    })]
}

/// Shows what would be written.
pub(super) fn proposed(model: &mut Model, proposal: Result<Proposal, String>) -> Vec<Request> {
    match proposal {
        Ok(proposal) if model.mode == Mode::Normal && proposal.back => {
            let lines = vec![
                format!(
                    "It is raised until {}. This line goes out of {}:",
                    back_at(model, &proposal),
                    proposal.template.display()
                ),
                String::new(),
                format!("  {}", proposal.line),
                String::new(),
                "y takes it out, any other key leaves everything as it is".to_owned(),
            ];
            let title = format!("Take {} back to its own level now?", proposal.job);
            let asks = Some(Box::new(Change::Raise(proposal)));
            model.mode = Mode::Notice(Notice { title, lines, asks, ..Notice::default() });
        }
        Ok(proposal) if model.mode == Mode::Normal => {
            let lines = vec![
                format!("This line goes into {}:", proposal.template.display()),
                String::new(),
                format!("  {}", proposal.line),
                String::new(),
                format!("The host follows at once. At {} it goes back by itself,", back_at(model, &proposal)),
                "whether or not the viewer still runs; the line then means nothing.".to_owned(),
                String::new(),
                "y writes it, any other key leaves everything as it is".to_owned(),
            ];
            let title = format!("Raise {} to {LEVEL} for {MINUTES} minutes?", proposal.job);
            model.mode = Mode::Notice(Notice {
                title,
                lines,
                asks: Some(Box::new(Change::Raise(proposal))),
                ..Notice::default()
            });
        }
        Ok(_) => {}
        Err(why) => (model.note, model.note_age) = (Some(why), 0),
    }
    Vec::new()
}

/// Says what came of it.
pub(super) fn raised(model: &mut Model, proposal: Result<Proposal, String>) -> Vec<Request> {
    let text = match proposal {
        Ok(proposal) if proposal.back => format!("{} has its own level again", proposal.job),
        Ok(proposal) => format!("it goes back at {}; written: {}", back_at(model, &proposal), proposal.line),
        Err(why) => why,
    };
    (model.note, model.note_age) = (Some(text), 0);
    Vec::new()
}

fn back_at(model: &Model, proposal: &Proposal) -> String {
    let at = DateTime::parse_from_rfc3339(&proposal.until).ok();
    at.map_or_else(String::new, |at| at.with_timezone(&model.zone).format("%H:%M:%S").to_string())
}
