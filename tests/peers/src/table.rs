//! The tables, in Markdown. Times are ratios; only the floor's are given in nanoseconds.

use crate::contestants::{Contestant, FLOOR, LOG4RS};
use crate::library::Options;
use crate::results::{FOCUS, Results, VARIANTS};

pub fn print(options: &Options, contestants: &[&Contestant], results: &Results) {
    let (rounds, records) = (options.rounds, options.records);
    println!("Medians of {rounds} interleaved rounds of {records} records ({} in d).\n", records / 2);
    for (variant, what) in VARIANTS {
        println!("- ({variant}) {what}");
    }
    println!("\nTimes as fast as log4rs:\n");
    speeds(contestants, results, |name, variant| results.ratio(LOG4RS, name, variant));
    println!("\nTimes the floor's time; the floor in ns per record:\n");
    speeds(contestants, results, |name, variant| {
        if name == FLOOR { results.get(name, variant) } else { results.ratio(name, FLOOR, variant) }
    });
    notes(contestants, results);
    println!(
        "\nOne call, one thread that logs as fast as it can; the floor in ns, the others as multiples of it:\n"
    );
    let calls = ["p50", "p99", "p99.9", "max"];
    per_focus(&calls, |name, what| {
        let what = format!("latency {what}");
        if name == FLOOR { results.get(name, &what) } else { results.ratio(name, FLOOR, &what) }
    });
    println!("\nA record that is disabled; the floor is an empty `log` macro, in ns:\n");
    per_focus(&["off everywhere", "another job is verbose"], |name, what| {
        let what = if what == "off everywhere" { "off ns" } else { "quiet ns" };
        if name == FLOOR { results.get(name, what) } else { results.ratio(name, FLOOR, what) }
    });
    println!("\nPer record in (a):\n");
    per_focus(&["instructions", "allocations", "system calls"], |name, what| {
        results.get(name, if what == "allocations" { "allocations calls" } else { what })
    });
    println!("\nPer live job that has logged and is idle, and in all:\n");
    let idle = [
        "jobs",
        "heap bytes each",
        "resident bytes each",
        "descriptors of log files in all",
        "threads in all",
    ];
    per_focus(&idle, |name, what| {
        results.get(name, &format!("idle {}", what.split(' ').next().unwrap_or(what)))
    });
}

fn speeds(contestants: &[&Contestant], results: &Results, value: impl Fn(&str, &str) -> Option<f64>) {
    header(&VARIANTS.map(|(variant, _)| variant));
    for contestant in contestants {
        row(
            contestant.name,
            &VARIANTS.map(|(variant, _)| match results.missing(contestant.name, variant) {
                Some(lines) if lines > 0 => format!("LOST {lines}"),
                Some(lines) => format!("{} too many", -lines),
                None => cell(value(contestant.name, variant)),
            }),
        );
    }
}

fn notes(contestants: &[&Contestant], results: &Results) {
    println!();
    for contestant in contestants {
        if contestant.files < 3 {
            println!("- {} writes {} of the three files.", contestant.name, contestant.files);
        }
        if !contestant.many {
            println!("- {} has one logger per process: it cannot keep jobs apart (–).", contestant.name);
        }
    }
    for note in results.notes() {
        println!("- {note}");
    }
}

fn per_focus(columns: &[&str], value: impl Fn(&str, &str) -> Option<f64>) {
    header(columns);
    for name in FOCUS {
        row(name, &columns.iter().map(|column| cell(value(name, column))).collect::<Vec<_>>());
    }
}

fn header(columns: &[&str]) {
    println!("| | {} |", columns.join(" | "));
    println!("| --- |{}", " ---: |".repeat(columns.len()));
}

fn row(name: &str, cells: &[String]) {
    println!("| {name} | {} |", cells.join(" | "));
}

/// Three significant digits, or whole numbers.
pub fn cell(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(0.0) => "0".into(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) if value.abs() >= 0.095 => format!("{value:.2}"),
        Some(value) => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_have_as_many_digits_as_are_worth_reading() {
        let cells = [None, Some(0.0), Some(0.0301), Some(1.149), Some(12.34), Some(1149.6)].map(cell);
        assert_eq!(cells, ["–", "0", "0.0301", "1.15", "12.3", "1150"]);
    }
}
