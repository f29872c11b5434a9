//! What was measured: samples by contestant and by what they are samples of. What is asked for is their median.

use crate::contestants::{ALL, Contestant, FLOOR, LOG4RS, LOGCORE};
use std::collections::HashMap;

/// The variants that are counted and compared, and what they are.
pub const VARIANTS: [(&str, &str); 5] = [
    ("a", "1 thread, 1 job"),
    ("b", "2 threads, 2 jobs"),
    ("c", "8 threads, 8 jobs"),
    ("d", "jobs in turn, 100 records each"),
    ("e", "2 threads, 1 job"),
];

/// Those that everything else is measured for.
pub const FOCUS: [&str; 3] = [FLOOR, LOGCORE, LOG4RS];

#[derive(Default)]
pub struct Results {
    samples: HashMap<(String, String), Vec<f64>>,
    missing: HashMap<(String, String), i64>,
    notes: Vec<String>,
}

impl Results {
    pub fn add(&mut self, name: &str, what: &str, sample: f64) {
        self.samples.entry((name.into(), what.into())).or_default().push(sample);
    }

    pub fn add_missing(&mut self, name: &str, what: &str, lines: i64) {
        if lines != 0 {
            self.missing.insert((name.into(), what.into()), lines);
        }
    }

    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Lines that were not in the files, in the worst round.
    pub fn missing(&self, name: &str, what: &str) -> Option<i64> {
        self.missing.get(&(name.into(), what.into())).copied()
    }

    /// The median.
    pub fn get(&self, name: &str, what: &str) -> Option<f64> {
        let mut samples = self.samples.get(&(name.to_owned(), what.to_owned()))?.clone();
        samples.sort_by(f64::total_cmp);
        let middle = samples.len() / 2;
        Some(if samples.len() % 2 == 1 {
            samples[middle]
        } else {
            (samples[middle - 1] + samples[middle]) / 2.0
        })
    }

    /// By how much `name` is slower than `than`.
    pub fn ratio(&self, name: &str, than: &str, what: &str) -> Option<f64> {
        Some(self.get(name, what)? / self.get(than, what)?)
    }

    /// The fastest in Rust that does all the work, besides logcore and the floor.
    pub fn best_peer(&self, what: &str) -> Option<&'static Contestant> {
        let complete = |peer: &&Contestant| {
            peer.start.is_some() && peer.files == 3 && self.missing(peer.name, what).is_none()
        };
        let peers = ALL.iter().filter(|peer| ![FLOOR, LOGCORE].contains(&peer.name)).filter(complete);
        let timed = peers.filter_map(|peer| Some((peer, self.get(peer.name, what)?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(peer, _)| peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_what_counts() {
        let mut results = Results::default();
        for (floor, log4rs) in [(10.0, 100.0), (11.0, 90.0), (99.0, 900.0)] {
            results.add(FLOOR, "a", floor);
            results.add(LOG4RS, "a", log4rs);
        }
        assert_eq!(results.get(FLOOR, "a"), Some(11.0));
        assert_eq!(results.ratio(LOG4RS, FLOOR, "a"), Some(100.0 / 11.0));
        assert_eq!(results.best_peer("a").map(|peer| peer.name), Some(LOG4RS));
    }

    #[test]
    fn who_drops_is_not_the_best() {
        let mut results = Results::default();
        results.add(LOG4RS, "a", 100.0);
        results.add("fern", "a", 50.0);
        results.add_missing("fern", "a", 3);
        assert_eq!(results.best_peer("a").map(|peer| peer.name), Some(LOG4RS));
    }
}
