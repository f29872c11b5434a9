//! Who gets a record: what log4rs's logger tree decides, decided once per job and configuration where it can be.
//!
//! log4rs's own `Logger` hands a record to one appender after the other, and each encodes it anew. This one means the
//! same (`tests/tests/same_as_log4rs.rs` compares the two) and encodes once.

use super::account::{COUNTED, NO_NUMBER};
use super::console::Console;
use super::encoder::Encoder;
use super::files::Handle;
use super::moment::Moment;
use super::rate::{Answer, Rate};
use super::scratch::Scratch;
use crate::tally::{Cause, Tally};
use crate::template::Vars;
use log::{Level, LevelFilter, Record};
use std::sync::Arc;

/// One job's configuration, ready to run.
#[derive(Debug)]
pub(crate) struct Dispatch {
    root: Node,
    appenders: Vec<Appender>,
    max: LevelFilter,
    /// How many records may come; errors are exempt.
    rate: Option<Rate>,
}

/// An appender with its filters and its encoder.
#[derive(Debug)]
pub(crate) struct Appender {
    /// The strictest of its threshold filters.
    pub(crate) threshold: LevelFilter,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) sink: Sink,
    /// Where the line stands in the [`Scratch`]: the number of the first appender that writes the same.
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
        let max = root.max_level();
        for at in 0..appenders.len() {
            let place =
                appenders.iter().position(|first| first.writes_the_same(&appenders[at])).unwrap_or(at);
            appenders[at].place = place as u32;
        }
        Dispatch { root, appenders, max, rate }
    }

    pub(crate) fn rate(&self) -> Option<Rate> {
        self.rate
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
        let route = self.route(record.target());
        if record.level() > route.level {
            return Verdict::Filtered;
        }
        if self.rate.is_some()
            && let Some(refusal) = self.limit(record.level(), &route.appenders, tally)
        {
            return refusal;
        }
        self.hand_out(record, record.level(), &route.appenders, vars, tally)
    }

    /// As [`Dispatch::log`], but no level keeps it out: for records that nobody may lose. Where all thresholds would,
    /// the least strict appenders take it.
    pub(crate) fn log_past_levels(&self, record: &Record<'_>, vars: &Vars, tally: &Tally) -> Verdict {
        let route = self.route(record.target());
        let node = if route.appenders.is_empty() { &self.root } else { route };
        let thresholds = node.appenders.iter().filter_map(|at| self.appenders.get(*at)).map(|a| a.threshold);
        let most = thresholds.max().and_then(|most| most.to_level());
        let level = most.map_or(record.level(), |most| record.level().min(most));
        self.hand_out(record, level, &node.appenders, vars, tally)
    }

    /// Why the job's rate keeps a record out that somebody wants. Asks for the time itself, although the record will too: to
    /// hand it on would cost the jobs that have no limit more than it spares those that have one.
    #[cold]
    fn limit(&self, level: Level, appenders: &[usize], tally: &Tally) -> Option<Verdict> {
        let mut appenders = appenders.iter().filter_map(|at| self.appenders.get(*at));
        if level == Level::Error || !appenders.any(|appender| level <= appender.threshold) {
            return None;
        }
        match tally.bucket.ask(self.rate?, Moment::now()) {
            Answer::Pass => None,
            Answer::Refused { first } => Some(Verdict::Limited { first }),
        }
    }

    /// Hands `record` to those of `appenders` that want records of `level`.
    fn hand_out(
        &self,
        record: &Record<'_>,
        level: Level,
        appenders: &[usize],
        vars: &Vars,
        tally: &Tally,
    ) -> Verdict {
        Scratch::with(|scratch| {
            let now = Moment::now();
            let mut number = NO_NUMBER;
            for appender in appenders.iter().filter_map(|at| self.appenders.get(*at)) {
                if level > appender.threshold {
                    continue;
                }
                let line = appender.line(scratch, record, now, vars);
                // Counted once it is encoded: what a slow value holds up has not come yet.
                if number == NO_NUMBER {
                    number = tally.take(record.level());
                }
                if let Err(cause) = appender.append(line, record.level(), now, number)
                    && number != COUNTED
                {
                    tally.lose(cause);
                    self.disown(number, appenders, appender);
                    number = COUNTED;
                }
            }
            if number == NO_NUMBER { Verdict::Filtered } else { Verdict::Taken }
        })
    }

    /// That record is lost, and counted as such: the appenders that took it before `failed` did need not count it.
    #[cold]
    fn disown(&self, number: u64, appenders: &[usize], failed: &Appender) {
        let appenders = appenders.iter().filter_map(|at| self.appenders.get(*at));
        for appender in appenders.take_while(|appender| !std::ptr::eq(*appender, failed)) {
            if let Sink::File(handle) = &appender.sink {
                handle.disown(number);
            }
        }
    }

    /// Encodes a record of each level with each encoder and writes it nowhere.
    pub(crate) fn dry_run(&self, vars: &Vars) {
        for level in Level::iter() {
            let message = format_args!("a dry run of the configuration");
            let record = Record::builder().level(level).target("logcore").args(message).build();
            Scratch::with(|scratch| {
                let now = Moment::now();
                for appender in &self.appenders {
                    appender.line(scratch, &record, now, vars);
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

    #[inline]
    fn line<'s>(&self, scratch: &'s mut Scratch, record: &Record<'_>, now: Moment, vars: &Vars) -> &'s [u8] {
        scratch.line(self.place as usize, &self.encoder, self.sink.styled(), record, now, vars)
    }

    #[inline]
    fn append(&self, line: &[u8], level: Level, now: Moment, number: u64) -> Result<(), Cause> {
        match &self.sink {
            Sink::File(handle) => handle.append(line, level, now, number),
            Sink::Console(console) => console.write(line).map_err(|_| Cause::Io),
        }
    }
}

impl Sink {
    fn styled(&self) -> bool {
        matches!(self, Sink::Console(console) if console.styled)
    }
}
