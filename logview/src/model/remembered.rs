//! What of the model is remembered of a root, and how it comes back.

use super::trail::NO_TAG;
use super::{Aim, Arrival, Grouping, Mark, Model, Sort, time_of};
use crate::reading::page::{Levels, MOST_CONTEXT};
use crate::reading::search::How;
use crate::reading::{Filter, Pattern, filters};
use crate::session::{Kept, Marked, Session};
use crate::source::Place;
use crate::text;
use log::Level;
use std::path::{Path, PathBuf};

/// The longest text that can have been typed.
const LONG: usize = 1000;
/// What has no level, among the letters of levels.
const OTHER: char = '-';

/// As many marks and groups are taken from a session.
const MOST: usize = 1000;

impl Model {
    /// What is to be remembered.
    pub fn session(&self) -> Session {
        let jobs = &self.jobs;
        let levels = self.log.levels();
        let letter = |level: Level| levels.has(Some(level)).then(|| level.as_str().chars().next()).flatten();
        let letters = || Level::iter().filter_map(letter).chain(levels.has(None).then_some(OTHER));
        let marked = |mark: &Mark| Marked {
            job: owned(&mark.place.job),
            file: owned(&mark.place.file),
            time: mark.time,
            level: mark.level.map(|level| level.to_string()),
            text: String::from_utf8_lossy(&mark.text).into_owned(),
            note: mark.note.clone(),
        };
        Session {
            root: String::new(),
            job: jobs.selected().filter(|_| jobs.chosen).map(|job| owned(&job.key)),
            file: self.log.chosen.as_deref().map(owned),
            at: Some(&self.log)
                .filter(|log| !log.following)
                .and_then(|log| log.lines_from(log.top).find_map(time_of)),
            sort: jobs.sort.word().to_owned(),
            running_only: jobs.running_only,
            jobs: jobs.filter.clone(),
            group_by: match &jobs.grouping {
                Grouping::None => String::new(),
                Grouping::Prefix => "prefix".to_owned(),
                Grouping::Label(name) => format!("label={name}"),
            },
            folded: jobs.folded(),
            levels: if levels.is_all() { String::new() } else { letters().collect() },
            filters: self.log.only.filters.iter().map(kept).collect(),
            context: self.log.only.context,
            searches: self.search.history.clone(),
            seen: jobs.looked_at().map(|(job, seen)| (owned(job), seen)).collect(),
            marks: self.marks.iter().map(marked).collect(),
        }
    }

    /// Goes on where one was. What is not there any more, or was never possible, is passed over.
    pub fn restore(&mut self, session: Session) {
        let typed = |text: String| {
            let clean = text.len() <= LONG && !text.contains(char::is_control);
            if clean { text } else { String::new() }
        };
        let jobs = &mut self.jobs;
        jobs.sort = Sort::of(&session.sort);
        jobs.running_only = session.running_only;
        jobs.filter = typed(session.jobs);
        jobs.grouping = match session.group_by.split_once('=') {
            Some(("label", name)) => Grouping::Label(name.to_owned()),
            _ if session.group_by == "prefix" => Grouping::Prefix,
            _ => Grouping::None,
        };
        jobs.remember(session.seen.into_iter().map(|(job, seen)| (job.into(), seen)), session.folded);
        jobs.wanted = session.job.as_ref().map(PathBuf::from);
        let named = |letter: char| match Level::iter().find(|level| level.as_str().starts_with(letter)) {
            Some(level) => Some(Levels::only(level)),
            None => (letter == OTHER).then_some(Levels::OTHER),
        };
        let levels = session.levels.chars().filter_map(named).reduce(Levels::and);
        self.log.only.levels = levels.unwrap_or(Levels::ALL);
        self.log.only.context = session.context.min(MOST_CONTEXT);
        self.log.only.filters = session.filters.iter().take(filters::MOST).filter_map(filter).collect();
        session.searches.into_iter().for_each(|text| self.search.keep(typed(text)));
        self.log.chosen = session.file.map(PathBuf::from);
        let at = session.at.map(|time| Arrival { time, aim: Aim::Read });
        self.resume = session.job.map(PathBuf::from).zip(at);
        self.marks = session.marks.into_iter().take(MOST).map(mark).collect();
    }
}

fn kept(filter: &Filter) -> Kept {
    let How { regex, smart_case, word } = filter.pattern.how();
    let text = filter.pattern.text().to_owned();
    Kept { text, hides: filter.hides, on: filter.on, how: (regex, smart_case, word) }
}

fn filter(kept: &Kept) -> Option<Filter> {
    let (regex, smart_case, word) = kept.how;
    let clean = !kept.text.is_empty() && kept.text.len() <= LONG && !kept.text.contains(char::is_control);
    let pattern = Pattern::with(&kept.text, How { regex, smart_case, word }).ok().filter(|_| clean)?;
    Some(Filter { pattern, hides: kept.hides, on: kept.on })
}

fn mark(marked: Marked) -> Mark {
    Mark {
        place: Place { job: marked.job.into(), file: marked.file.into() },
        tag: NO_TAG,
        at: 0,
        time: marked.time,
        level: marked.level.and_then(|level| level.parse().ok()),
        text: marked.text.into_bytes(),
        note: text::name(marked.note.as_bytes(), false),
    }
}

fn owned(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
