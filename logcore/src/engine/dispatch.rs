//! Who gets a record: what log4rs's logger tree decides, decided once per job and configuration where it can be.
//!
//! log4rs's own `Logger` hands a record to one appender after the other, and each encodes it anew. This one means the
//! same (`tests/tests/same_as_log4rs.rs` compares the two) and encodes once.

use super::account::COUNTED;
use super::console::Console;
use super::encoder::Encoder;
use super::files::Handle;
use super::moment::Moment;
use super::rate::{Answer, Rate};
use super::sites::{Site, Sites, Taker};
use crate::process;
use crate::tally::{Cause, Tally};
use crate::template::Vars;
use log::{Level, LevelFilter, Record};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One job's configuration, ready to run.
#[derive(Debug)]
pub(crate) struct Dispatch {
    /// Which no other has had or will have: what threads keep of it is not taken for another's.
    serial: u64,
    /// The process that it is of; a forked child has another number.
    pid: u32,
    root: Node,
    appenders: Vec<Appender>,
    max: LevelFilter,
    /// How many records may come; errors are exempt. Boxed, as few jobs are limited and there are many.
    rate: Option<Box<Rate>>,
}

/// An appender with its filters and its encoder.
#[derive(Debug)]
pub(crate) struct Appender {
    /// The strictest of its threshold filters.
    pub(crate) threshold: LevelFilter,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) sink: Sink,
    /// The number of the first appender that writes the same.
    place: u32,
}

/// Where an appender's lines go.
#[derive(Debug)]
pub(crate) enum Sink {
    File(Handle),
    Console(Console),
}

/// A logger of the configuration: a level and appenders for a target and what is below it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) level: LevelFilter,
    pub(crate) appenders: Vec<usize>,
    children: Vec<(String, Node)>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// No appender wanted it.
    Filtered,
    /// The job's rate is used up; whether this is the first such record of which nobody was told.
    Limited { first: bool },
    /// It was handed to those that did, and is counted.
    Taken,
}

impl Node {
    pub(crate) fn new(level: LevelFilter, appenders: Vec<usize>) -> Node {
        Node { level, appenders, children: Vec::new() }
    }

    /// Adds the logger for `target`. As in log4rs, loggers are to be added with the shortest names first, and one
    /// that is added again changes nothing.
    pub(crate) fn add(
        &mut self,
        target: &str,
        mut appenders: Vec<usize>,
        additive: bool,
        level: LevelFilter,
    ) {
        let (part, rest) = target.split_once("::").unwrap_or((target, ""));
        if let Some((_, child)) = self.children.iter_mut().find(|(name, _)| name == part) {
            return child.add(rest, appenders, additive, level);
        }
        let mut child = Node::new(level, Vec::new());
        if rest.is_empty() {
            if additive {
                appenders.extend(&self.appenders);
            }
            child.appenders = appenders;
        } else {
            child.level = self.level;
            child.appenders.clone_from(&self.appenders);
            child.add(rest, appenders, additive, level);
        }
        self.children.push((part.to_owned(), child));
    }

    fn find(&self, target: &str) -> &Node {
        let mut node = self;
        for part in target.split("::") {
            match node.children.iter().find(|(name, _)| name == part) {
                Some((_, child)) => node = child,
                None => break,
            }
        }
        node
    }

    fn max_level(&self) -> LevelFilter {
        self.children.iter().map(|(_, child)| child.max_level()).fold(self.level, Ord::max)
    }
}

impl Dispatch {
    pub(crate) fn new(root: Node, mut appenders: Vec<Appender>, rate: Option<Rate>) -> Dispatch {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        let max = root.max_level();
        for at in 0..appenders.len() {
            let place =
                appenders.iter().position(|first| first.writes_the_same(&appenders[at])).unwrap_or(at);
            appenders[at].place = place as u32;
        }
        let pid = appenders.iter().find_map(|appender| match &appender.sink {
            Sink::File(handle) => Some(handle.pid()),
            Sink::Console(_) => None,
        });
        Dispatch {
            serial,
            pid: pid.unwrap_or_else(process::id),
            root,
            appenders,
            max,
            rate: rate.map(Box::new),
        }
    }

    pub(crate) fn rate(&self) -> Option<Rate> {
        self.rate.as_deref().copied()
    }

    /// The most verbose level that any target gets through.
    pub(crate) fn max_level(&self) -> LevelFilter {
        self.max
    }

    pub(crate) fn enabled(&self, level: Level, target: &str) -> bool {
        level <= self.max && level <= self.route(target).level
    }

    /// Encodes `record` and hands it to the appenders that want it.
    #[inline]
    pub(crate) fn log(&self, record: &Record<'_>, vars: &Vars, tally: &Tally) -> Verdict {
        if let Some(rate) = &self.rate
            && let Some(refusal) = self.limit(**rate, record, tally)
        {
            return refusal;
        }
        Sites::with(|sites| {
            let find_out = |site: &mut Site| {
                let route = self.route(record.target());
                if record.level() <= route.level {
                    self.fill(site, &route.appenders, record.level());
                }
            };
            let in_child = self.pid != process::id();
            // Nothing that is kept is of a child.
            let site =
                if in_child { sites.another(find_out) } else { sites.of(self.serial, record, find_out) };
            self.hand_out(site, in_child, record, vars, tally)
        })
    }

    /// Those of `appenders` that want records of `level` take the site's.
    fn fill(&self, site: &mut Site, appenders: &[usize], level: Level) {
        for at in appenders {
            let Some(appender) = self.appenders.get(*at) else { continue };
            if level <= appender.threshold {
                site.add(*at, appender.place, &appender.encoder, appender.sink.styled());
            }
        }
    }

    /// As [`Dispatch::log`], but no level keeps it out: for records that nobody may lose. Where all thresholds would,
    /// the least strict appenders take it.
    pub(crate) fn log_past_levels(&self, record: &Record<'_>, vars: &Vars, tally: &Tally) -> Verdict {
        let route = self.route(record.target());
        let node = if route.appenders.is_empty() { &self.root } else { route };
        let thresholds = node.appenders.iter().filter_map(|at| self.appenders.get(*at)).map(|a| a.threshold);
        let most = thresholds.max().and_then(|most| most.to_level());
        let level = most.map_or(record.level(), |most| record.level().min(most));
        Sites::with(|sites| {
            let site = sites.another(|site| self.fill(site, &node.appenders, level));
            self.hand_out(site, self.pid != process::id(), record, vars, tally)
        })
    }

    /// Why the job's rate keeps a record out that somebody wants. Asks for the time itself, although the record will too: to
    /// hand it on would cost the jobs that have no limit more than it spares those that have one.
    #[cold]
    fn limit(&self, rate: Rate, record: &Record<'_>, tally: &Tally) -> Option<Verdict> {
        let (route, level) = (self.route(record.target()), record.level());
        let mut appenders = route.appenders.iter().filter_map(|at| self.appenders.get(*at));
        let wanted = level <= route.level && appenders.any(|appender| level <= appender.threshold);
        if level == Level::Error || !wanted {
            return None;
        }
        match tally.bucket.ask(rate, Moment::now()) {
            Answer::Pass => None,
            Answer::Refused { first } => Some(Verdict::Limited { first }),
        }
    }

    /// Writes the drafts of `site` for `record` and hands them to those who take them; `in_child`, a forked one, they write
    /// at once.
    #[inline]
    fn hand_out(
        &self,
        site: &mut Site,
        in_child: bool,
        record: &Record<'_>,
        vars: &Vars,
        tally: &Tally,
    ) -> Verdict {
        let (takers, drafts) = site.parts();
        if takers.is_empty() {
            return Verdict::Filtered;
        }
        let now = Moment::now();
        for draft in &mut *drafts {
            draft.write(&self.appenders[draft.place as usize].encoder, record, now, vars);
        }
        // Counted once it is encoded: what a slow value holds up has not come yet.
        let mut number = tally.take(record.level());
        for taker in takers {
            let line = drafts[taker.draft as usize].bytes();
            let appender = &self.appenders[taker.appender as usize];
            let appended = match &appender.sink {
                Sink::File(handle) if in_child => handle.append_in_child(line),
                Sink::File(handle) => handle.append(line, record.level(), now, number),
                Sink::Console(console) => console.write(line).map_err(|_| Cause::Io),
            };
            if let Err(cause) = appended
                && number != COUNTED
            {
                tally.lose(cause);
                self.disown(number, takers, taker);
                number = COUNTED;
            }
        }
        Verdict::Taken
    }

    /// That record is lost, and counted as such: those that took it before `failed` did need not count it.
    #[cold]
    fn disown(&self, number: u64, takers: &[Taker], failed: &Taker) {
        for taker in takers.iter().take_while(|taker| !std::ptr::eq(*taker, failed)) {
            if let Sink::File(handle) = &self.appenders[taker.appender as usize].sink {
                handle.disown(number);
            }
        }
    }

    /// Encodes a record of each level with each encoder and writes it nowhere.
    pub(crate) fn dry_run(&self, vars: &Vars) {
        for level in Level::iter() {
            let message = format_args!("a dry run of the configuration");
            let record = Record::builder().level(level).target("logcore").args(message).build();
            Sites::with(|sites| {
                let all: Vec<_> = (0..self.appenders.len()).collect();
                let site = sites.another(|site| self.fill(site, &all, Level::Error));
                for draft in site.parts().1 {
                    draft.write(&self.appenders[draft.place as usize].encoder, &record, Moment::now(), vars);
                }
            });
        }
    }

    /// From now on the files are what this configuration says.
    pub(crate) fn apply(&self) {
        for (file, _) in self.files() {
            file.apply();
        }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&Handle, &Encoder)> {
        self.appenders.iter().filter_map(|appender| match &appender.sink {
            Sink::File(handle) => Some((handle, &*appender.encoder)),
            Sink::Console(_) => None,
        })
    }

    #[inline]
    fn route(&self, target: &str) -> &Node {
        if self.root.children.is_empty() { &self.root } else { self.root.find(target) }
    }
}

impl Appender {
    pub(crate) fn new(threshold: LevelFilter, encoder: Arc<Encoder>, sink: Sink) -> Appender {
        Appender { threshold, encoder, sink, place: 0 }
    }

    fn writes_the_same(&self, other: &Appender) -> bool {
        Arc::ptr_eq(&self.encoder, &other.encoder) && self.sink.styled() == other.sink.styled()
    }
}

impl Sink {
    fn styled(&self) -> bool {
        matches!(self, Sink::Console(console) if console.styled)
    }
}
