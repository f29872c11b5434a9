//! What a template comes to: everything that jobs share, and how to make one job's [`Dispatch`] of it.

use super::text::{Hole, Part, Text, Vars};
use crate::engine::account::Accounts;
use crate::engine::console::Console;
use crate::engine::dispatch::{Appender, Dispatch, Node, Sink};
use crate::engine::encoder::Encoder;
use crate::engine::file::Spec;
use crate::engine::files::{Settings, Shared};
use crate::engine::rate::Rate;
use crate::engine::roll::{Cut, Form, Roll, Roller, Trigger, Window};
use crate::modes::Modes;
use crate::retention;
use chrono::{DateTime, Utc};
use log::LevelFilter;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use wildmatch::WildMatch;

/// A template, checked and compiled.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The log root.
    pub(crate) dir: PathBuf,
    /// The id of the server log.
    pub(crate) server: String,
    pub(crate) modes: Modes,
    pub(crate) settings: Settings,
    pub(crate) retention: retention::Limits,
    pub(super) limits: Limits,
    pub(super) overrides: Vec<Override>,
    pub(super) root: (LevelFilter, Vec<usize>),
    /// Shortest names first.
    pub(super) loggers: Vec<LoggerPlan>,
    pub(super) appenders: Vec<AppenderPlan>,
}

/// An entry of `logcore.jobs`.
#[derive(Debug)]
pub(super) struct Override {
    pub(super) ids: WildMatch,
    /// Until when it holds. One that passes leaves what it does not say itself to the next one that matches.
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) level: Option<LevelFilter>,
    pub(super) appenders: Option<Vec<usize>>,
    pub(super) limits: Limits,
}

/// `logcore.limits`, or what an entry of `logcore.jobs` says in its place: absent, `Some(None)` for none, or a value.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) rate: Option<Option<Rate>>,
    /// Bytes.
    pub(super) max_size: Option<Option<u64>>,
}

/// The smallest `max_size`, in bytes.
pub(super) const LEAST_SIZE: u64 = 64 << 10;

#[derive(Debug)]
pub(super) struct LoggerPlan {
    pub(super) target: String,
    pub(super) level: LevelFilter,
    pub(super) appenders: Vec<usize>,
    pub(super) additive: bool,
}

#[derive(Debug)]
pub(super) struct AppenderPlan {
    pub(super) threshold: LevelFilter,
    pub(super) encoder: Arc<Encoder>,
    pub(super) sink: SinkPlan,
}

#[derive(Debug)]
pub(super) enum SinkPlan {
    /// `spec` is without its `roll`, which may differ from job to job.
    File {
        path: Text,
        spec: Arc<Spec>,
        roll: Option<RollPlan>,
    },
    Console(Console),
}

#[derive(Debug)]
pub(super) struct RollPlan {
    pub(super) trigger: Trigger,
    pub(super) roller: RollerPlan,
}

#[derive(Debug)]
pub(super) enum RollerPlan {
    Delete,
    /// The path, taken apart where the index goes, and what is to be added to it.
    FixedWindow {
        pieces: Vec<Text>,
        base: u32,
        count: u32,
        form: Form,
    },
}

/// One job, as far as its dispatch depends on it.
#[derive(Clone, Copy)]
pub(crate) struct Render<'a> {
    pub(crate) vars: &'a Vars,
    pub(crate) accounts: &'a Accounts,
    /// What the host asked for with `.level(…)`.
    pub(crate) asked: Option<LevelFilter>,
    /// What `logs.set_level` says at present.
    pub(crate) set: Option<LevelFilter>,
}

impl Plan {
    /// When the first override ends that holds only for a time.
    pub(crate) fn until(&self) -> Option<DateTime<Utc>> {
        self.overrides.iter().filter_map(|o| o.until).min()
    }

    /// Makes a job's dispatch. No I/O, and no change to a file that is in use: see [`Dispatch::apply`].
    pub(crate) fn dispatch(&self, job: Render<'_>, shared: &Arc<Shared>) -> Dispatch {
        let mut matching = self.overrides.iter().filter(|o| o.ids.matches(&job.vars.id));
        let first = matching.next();
        let below = first.filter(|o| o.until.is_some()).and_then(|_| matching.find(|o| o.until.is_none()));
        let said = || first.into_iter().chain(below);
        let (root_level, root_appenders) = &self.root;
        // The most deliberate wins: a person at run time, the operator's file, the host's code, the default.
        let level = job.set.or_else(|| said().find_map(|o| o.level)).or(job.asked).unwrap_or(*root_level);
        let appenders = said().find_map(|o| o.appenders.as_ref()).unwrap_or(root_appenders);
        let mut root = Node::new(level, appenders.clone());
        for logger in &self.loggers {
            root.add(&logger.target, logger.appenders.clone(), logger.additive, logger.level);
        }
        // The server log has what logcore itself has to say: it is limited only if it is named.
        let general = Some(&self.limits).filter(|_| job.vars.id != self.server);
        let limits = || said().map(|o| &o.limits).chain(general);
        let rate = limits().find_map(|limits| limits.rate).flatten();
        let max_size = limits().find_map(|limits| limits.max_size).flatten();
        let share = max_size.map(|size| size / self.cut_files(&root).max(1));
        let appenders = self.appenders.iter().map(|plan| plan.build(job, share, shared)).collect();
        Dispatch::new(root, appenders, rate)
    }
}

impl Plan {
    /// How many files a job's `max_size` is for.
    fn cut_files(&self, root: &Node) -> u64 {
        let loggers = self.loggers.iter().flat_map(|logger| &logger.appenders);
        let used: BTreeSet<usize> = root.appenders.iter().chain(loggers).copied().collect();
        let plans = used.iter().filter_map(|at| self.appenders.get(*at));
        plans.filter(|plan| plan.is_cut()).count() as u64
    }
}

impl AppenderPlan {
    /// Whether a `max_size` cuts its file: one of the job's own that takes more than errors and does not roll.
    pub(super) fn is_cut(&self) -> bool {
        let is_own = |path: &Text| matches!(path.0.first(), Some(Part::Hole(Hole::JobDir)));
        self.threshold > LevelFilter::Error
            && matches!(&self.sink, SinkPlan::File { path, roll: None, .. } if is_own(path))
    }

    /// Whether it keeps errors, and nothing else, in a file.
    pub(super) fn keeps_errors(&self) -> bool {
        self.threshold == LevelFilter::Error && matches!(self.sink, SinkPlan::File { .. })
    }

    /// `share` is what its file may hold if it is cut.
    fn build(&self, job: Render<'_>, share: Option<u64>, shared: &Arc<Shared>) -> Appender {
        let sink = match &self.sink {
            SinkPlan::Console(console) => Sink::Console(*console),
            SinkPlan::File { path, spec, roll } => {
                let cut = |share: u64| Roll {
                    // Head, tail and what is being written: each goes over its part by the record that made it full.
                    trigger: Trigger::Size(share / 3),
                    roller: Roller::Cut(Cut { encoding: spec.encoding }),
                };
                let roll = roll.as_ref().map(|roll| roll.build(job.vars));
                let roll = roll.or_else(|| share.filter(|_| self.is_cut()).map(cut));
                let spec = roll
                    .map_or_else(|| Arc::clone(spec), |roll| Arc::new(Spec { roll: Some(roll), ..**spec }));
                Sink::File(shared.acquire(path.path(job.vars), spec, job.accounts))
            }
        };
        Appender::new(self.threshold, Arc::clone(&self.encoder), sink)
    }
}

impl RollerPlan {
    /// Whether an old file would have the name of the file itself.
    pub(super) fn would_take(&self, path: &Text) -> bool {
        let RollerPlan::FixedWindow { pieces, base, count, .. } = self else { return false };
        let [before, after] = pieces.as_slice() else { return false };
        let path = path.without_a_job();
        let number = path.strip_prefix(&before.without_a_job()).and_then(|rest| {
            let number = rest.strip_suffix(&after.without_a_job())?.parse::<u32>().ok()?;
            number.checked_sub(*base)
        });
        number.is_some_and(|number| number < *count)
    }
}

impl RollPlan {
    fn build(&self, vars: &Vars) -> Roll {
        let roller = match &self.roller {
            RollerPlan::Delete => Roller::Delete,
            RollerPlan::FixedWindow { pieces, base, count, form } => Roller::FixedWindow(Window {
                pieces: pieces.iter().map(|piece| piece.path(vars).to_string_lossy().into_owned()).collect(),
                base: *base,
                count: *count,
                form: *form,
            }),
        };
        Roll { trigger: self.trigger, roller }
    }
}

impl Text {
    /// Taken apart at each `separator` that stands in the template's own text.
    pub(super) fn split(self, separator: &str) -> Vec<Text> {
        let mut pieces = vec![Text(Vec::new())];
        for part in self.0 {
            let Part::Literal(text) = part else {
                pieces.last_mut().into_iter().for_each(|piece| piece.0.push(part.clone()));
                continue;
            };
            for (at, stretch) in text.split(separator).enumerate() {
                if at > 0 {
                    pieces.push(Text(Vec::new()));
                }
                if !stretch.is_empty() {
                    let part = Part::Literal(stretch.to_owned());
                    pieces.last_mut().into_iter().for_each(|piece| piece.0.push(part.clone()));
                }
            }
        }
        pieces
    }
}
