//! What a template comes to: everything that jobs share, and how to make one job's [`Dispatch`] of it.

use super::text::{Part, Text, Vars};
use crate::engine::account::Accounts;
use crate::engine::console::Console;
use crate::engine::dispatch::{Appender, Dispatch, Node, Sink};
use crate::engine::encoder::Encoder;
use crate::engine::file::Spec;
use crate::engine::files::{Settings, Shared};
use crate::engine::rate::Rate;
use crate::engine::roll::{Form, Roll, Roller, Trigger, Window};
use log::LevelFilter;
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
    pub(crate) settings: Settings,
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
    pub(super) level: Option<LevelFilter>,
    pub(super) appenders: Option<Vec<usize>>,
    pub(super) limits: Limits,
}

/// `logcore.limits`, or what an entry of `logcore.jobs` says in its place: absent, `Some(None)` for none, or a value.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) rate: Option<Option<Rate>>,
}

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
    /// Makes a job's dispatch. No I/O, and no change to a file that is in use: see [`Dispatch::apply`].
    pub(crate) fn dispatch(&self, job: Render<'_>, shared: &Arc<Shared>) -> Dispatch {
        let overridden = self.overrides.iter().find(|o| o.ids.matches(&job.vars.id));
        let (root_level, root_appenders) = &self.root;
        // The most deliberate wins: a person at run time, the operator's file, the host's code, the default.
        let level = job.set.or(overridden.and_then(|o| o.level)).or(job.asked).unwrap_or(*root_level);
        let appenders = overridden.and_then(|o| o.appenders.as_ref()).unwrap_or(root_appenders);
        let mut root = Node::new(level, appenders.clone());
        for logger in &self.loggers {
            root.add(&logger.target, logger.appenders.clone(), logger.additive, logger.level);
        }
        let appenders = self.appenders.iter().map(|plan| plan.build(job, shared)).collect();
        // The server log has what logcore itself has to say: it is limited only if it is named.
        let general = self.limits.rate.filter(|_| job.vars.id != self.server);
        let rate = overridden.and_then(|o| o.limits.rate).or(general).flatten();
        Dispatch::new(root, appenders, rate)
    }
}

impl AppenderPlan {
    fn build(&self, job: Render<'_>, shared: &Arc<Shared>) -> Appender {
        let sink = match &self.sink {
            SinkPlan::Console(console) => Sink::Console(*console),
            SinkPlan::File { path, spec, roll } => {
                let spec = roll.as_ref().map_or_else(
                    || Arc::clone(spec),
                    |roll| Arc::new(Spec { roll: Some(roll.build(job.vars)), ..**spec }),
                );
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
