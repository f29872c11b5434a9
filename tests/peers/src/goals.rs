//! What was to be reached, beside what was measured.

use crate::contestants::{FLOOR, LOG4RS, LOGCORE};
use crate::results::Results;
use crate::table::cell;

struct Goal {
    what: String,
    bound: Bound,
    measured: Option<f64>,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

use Bound::{AtLeast, AtMost};

pub fn print(results: &Results) {
    println!("\nThe goals:\n\n| what | goal | measured | met? |\n| --- | ---: | ---: | --- |");
    for Goal { what, bound, measured } in goals(results) {
        let (sign, limit) = match bound {
            AtLeast(limit) => ('≥', limit),
            AtMost(limit) => ('≤', limit),
        };
        let met = match measured {
            None => "not measured",
            Some(measured) if bound.holds(measured) => "yes",
            Some(_) => "no",
        };
        println!("| {what} | {sign} {limit} | {} | {met} |", cell(measured));
    }
}

impl Bound {
    fn holds(self, measured: f64) -> bool {
        match self {
            AtLeast(limit) => measured >= limit,
            AtMost(limit) => measured <= limit,
        }
    }
}

fn goals(results: &Results) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut goal = |what: &str, bound, measured| goals.push(Goal { what: what.to_owned(), bound, measured });
    let ours = |what: &str| results.get(LOGCORE, what);
    let beside = |name: &str, what: &str| results.ratio(LOGCORE, name, what);
    let milliseconds = |what: &str| ours(what).map(|ns| ns / 1e6);

    for (variant, least) in [("a", 13.0), ("b", 11.0), ("c", 11.0), ("e", 15.0)] {
        goal(
            &format!("({variant}) times as fast as log4rs"),
            AtLeast(least),
            results.ratio(LOG4RS, LOGCORE, variant),
        );
    }
    goal("(a) times the floor's time", AtMost(1.15), beside(FLOOR, "a"));
    goal("(d) times the floor's time", AtMost(1.1), beside(FLOOR, "d"));
    for variant in ["a", "b", "c"] {
        let best = results.best_peer(variant);
        let name = best.map_or("none", |peer| peer.name);
        let ratio = best.and_then(|peer| results.ratio(peer.name, LOGCORE, variant));
        goal(&format!("({variant}) times as fast as the best Rust peer, {name}"), AtLeast(5.0), ratio);
    }
    goal("instructions per record", AtMost(1150.0), ours("instructions"));
    goal("allocations per record", AtMost(0.0), ours("allocations calls").map(steady));
    goal("system calls per record", AtMost(0.02), ours("system calls"));
    goal("disabled everywhere, times an empty `log` macro", AtMost(2.0), beside(FLOOR, "off ns"));
    let quiet = results.get(LOG4RS, "quiet ns");
    let name = format!("disabled, another job verbose, ns (log4rs: {})", cell(quiet));
    goal(&name, AtMost(12.0), ours("quiet ns"));
    goal("p99.9 of a call, beside log4rs's", AtMost(0.1), beside(LOG4RS, "latency p99.9"));
    let jobs = cell(ours("idle jobs"));
    goal(
        &format!("open files of {jobs} live jobs, `max_open_files` being 256"),
        AtMost(256.0),
        ours("idle descriptors"),
    );
    goal("bytes of heap per idle job", AtMost(2048.0), ours("idle heap"));
    goal("reload of 1,000 live jobs, ms", AtMost(5.0), milliseconds("reload reload"));
    goal("level change among 1,000 live jobs, ms", AtMost(5.0), milliseconds("reload level"));
    goals
}

/// A handful in a whole run is a buffer that grew, not a cost of a record.
fn steady(allocations: f64) -> f64 {
    if allocations < 0.001 { 0.0 } else { allocations }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_name_what_they_compare() {
        let mut results = Results::default();
        results.add(LOGCORE, "a", 100.0);
        results.add(LOG4RS, "a", 1300.0);
        results.add("fern", "a", 400.0);
        let goals = goals(&results);
        assert!(goals[0].bound.holds(goals[0].measured.unwrap_or_default()));
        let best = goals.iter().find(|goal| goal.what.contains("fern")).map(|goal| goal.measured);
        assert_eq!(best, Some(Some(4.0)));
        assert!(goals.iter().filter(|goal| goal.measured.is_none()).count() > 10);
    }
}
