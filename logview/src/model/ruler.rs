//! Rulers in the log: where a run starts, and where the template was reloaded that the job runs under.

use super::Model;
use super::job::{RunInfo, RunStart};
use super::log::Log;
use crate::reading::times::{instant, to_millis};
use crate::reading::{Line, Page};
use logcore::disk::Reload;
use std::ops::Range;

/// A moment that is told in the log, above the first record that comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruler {
    /// Milliseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub text: String,
}

/// Milliseconds since the epoch of a time as a log writes it.
pub fn millis(time: &[u8]) -> Option<i64> {
    instant(time).map(to_millis)
}

/// Those of a job, in the order of time.
pub fn rulers(run: &RunInfo, reloads: &[Reload]) -> Vec<Ruler> {
    let first = run.number.saturating_sub(run.runs.len());
    let mut rulers: Vec<Ruler> = Vec::new();
    for (nth, RunStart { at, process, .. }) in run.runs.iter().enumerate() {
        rulers.push(Ruler { at: *at, text: format!("run {} starts", first + nth + 1) });
        let until = run.runs.get(nth + 1).map_or(i64::MAX, |next| next.at);
        let ended = run.end.as_ref().and_then(|end| millis(end.as_bytes())).filter(|_| until == i64::MAX);
        let under = *at..ended.unwrap_or(until);
        let told = reloads.iter().filter(|reload| reload.process == *process).filter_map(|reload| {
            let at = millis(reload.at.as_bytes()).filter(|at| under.contains(at))?;
            Some(Ruler { at, text: format!("config reloaded: {}", reload.changes.replace(".level:", "")) })
        });
        rulers.extend(told);
    }
    rulers.sort_by_key(|ruler| ruler.at);
    rulers
}

impl Model {
    /// When the run began that wrote a line, or else the log, in milliseconds since the epoch.
    pub fn began(&self, line: &Line) -> Option<i64> {
        let part = line.part.map(usize::from);
        if let Some(clock) = part.and_then(|part| self.log.clocks.get(part)) {
            return Some(*clock);
        }
        let now = millis(line.text.get(line.head.as_ref()?.time.clone()?)?)?;
        let job = match part.and_then(|part| self.log.together.get(part)) {
            Some(key) => self.jobs.get(key),
            None => self.jobs.selected(),
        };
        let runs = job.and_then(|job| job.run.as_ref()).map_or(&[][..], |run| &run.runs);
        let run = runs.iter().rev().find(|run| run.at <= now).or(runs.first());
        let volume = &self.log.volume;
        let first = || volume.buckets.first_key_value().map(|(&at, _)| at * volume.width * 1000);
        let loaded = || {
            self.log
                .page
                .lines
                .iter()
                .find_map(|line| millis(line.text.get(line.head.as_ref()?.time.clone()?)?))
        };
        run.map(|run| run.at).or_else(first).or_else(loaded)
    }
}

impl Log {
    /// The rulers above a loaded line.
    pub fn rulers_above(&self, at: usize) -> &[Ruler] {
        let found = self.ruled.binary_search_by_key(&at, |(line, _)| *line);
        found.map_or(&[], |found| &self.rulers[self.ruled[found].1.clone()])
    }
}

/// Above which lines of a page rulers stand, and which ones.
pub fn ruled(page: &Page, rulers: &[Ruler]) -> Vec<(usize, Range<usize>)> {
    let mut ruled = Vec::new();
    if rulers.is_empty() {
        return ruled;
    }
    let time = |line: &Line| millis(line.text.get(line.head.as_ref()?.time.clone()?)?);
    let mut next: Option<usize> = None;
    for (at, now) in page.lines.iter().enumerate().filter_map(|(at, line)| Some((at, time(line)?))) {
        let after = rulers.partition_point(|ruler| ruler.at <= now);
        // What was before the first line of all is none of this log's, but for the run that wrote it.
        let first = next.unwrap_or(if page.from_start && at == 0 { after.saturating_sub(1) } else { after });
        if first < after {
            ruled.push((at, first..after));
        }
        // Times that go back for a moment tell nothing twice.
        next = Some(after.max(next.unwrap_or(0)));
    }
    ruled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::State;
    use crate::reading::lines::tests::lines;
    use crate::reading::page::page;
    use crate::reading::{Anchor, Sieve};

    fn reload(at: &str, process: &str) -> Reload {
        Reload { at: at.into(), process: process.into(), changes: "root.level: info → debug".into() }
    }

    #[test]
    fn rulers_stand_above_the_first_record_behind_them() {
        let start = |time: &str| RunStart {
            at: millis(time.as_bytes()).unwrap(),
            process: "p".to_owned(),
            state: State::Done,
            end: None,
        };
        let run = RunInfo {
            number: 5,
            runs: vec![start("2026-11-22T16:20:00.000Z"), start("2026-11-22T16:30:00.000Z")],
            ..RunInfo::default()
        };
        let reloads = [reload("2026-11-22T16:20:02.500Z", "p"), reload("2026-11-22T16:20:03.000Z", "other")];
        let all = rulers(&run, &reloads);
        let texts: Vec<&str> = all.iter().map(|ruler| ruler.text.as_str()).collect();
        assert_eq!(texts, ["run 4 starts", "config reloaded: root info → debug", "run 5 starts"]);
        let text: String = ["20:01", "20:02", "20:04", "30:01"]
            .map(|time| format!("2026-11-22T16:{time}.000Z INFO x\n\tmore\n"))
            .concat();
        let whole = page(&mut lines(text.as_bytes()), (Anchor::Start, 0, 99), Sieve::ALL, &|| false).unwrap();
        assert_eq!(ruled(&whole, &all), [(0, 0..1), (4, 1..2), (6, 2..3)]);
        let part = Page { lines: whole.lines[2..].to_vec(), from_start: false, to_end: true, stopped: false };
        assert_eq!(ruled(&part, &all), [(2, 1..2), (4, 2..3)]);
    }
}
