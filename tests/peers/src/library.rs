//! The benchmark of the library: rounds over all contestants and variants, then the counts, then the table.

use crate::contestants::{ALL, Contestant, LOGCORE, PYTHON};
use crate::outside;
use crate::results::{FOCUS, Results, VARIANTS};
use crate::{goals, table};
use anyhow::{Context, Result, bail};

/// What can be asked for.
pub struct Options {
    pub rounds: usize,
    /// Per run; variant (d) has a job for each hundred of half as many.
    pub records: u64,
    /// Parts of the names of those who take part; all if there are none.
    only: Vec<String>,
}

/// Runs of those that take long for little.
const SLOW: u64 = 10;

impl Options {
    pub fn parse(arguments: &[&str]) -> Result<Options> {
        let mut options = Options { rounds: 5, records: 200_000, only: Vec::new() };
        for pair in arguments.chunks(2) {
            match *pair {
                ["--rounds", count] => options.rounds = count.parse().context("--rounds takes a number")?,
                ["--records", count] => {
                    options.records = count.parse().context("--records takes a number")?
                }
                ["--only", name] => options.only.push(name.to_owned()),
                _ => bail!("not understood: {}", pair.join(" ")),
            }
        }
        // Eight threads in hundreds, a tenth of it for the slow.
        if options.rounds == 0 || options.records == 0 || !options.records.is_multiple_of(8_000) {
            bail!("at least one round, and records in multiples of 8000");
        }
        Ok(options)
    }

    fn contestants(&self) -> Vec<&'static Contestant> {
        let asked =
            |name: &str| self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()));
        ALL.iter().filter(|contestant| asked(contestant.name) || FOCUS.contains(&contestant.name)).collect()
    }
}

pub fn run(options: &Options) -> Result<()> {
    let mut results = Results::default();
    let mut contestants = options.contestants();
    if !outside::exists("python3") {
        contestants.retain(|contestant| contestant.name != PYTHON);
        results.note(format!("{PYTHON}: left out, there is no python3 here"));
    }
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        let turn = round * contestants.len() / options.rounds;
        for (variant, _) in VARIANTS {
            for contestant in contestants[turn..].iter().chain(&contestants[..turn]) {
                one_run(contestant, variant, options.records, &mut results);
            }
        }
        for name in FOCUS {
            for task in ["off", "quiet", "latency"] {
                one_task(name, task, options.records, &mut results);
            }
        }
        one_task(LOGCORE, "reload", 0, &mut results);
    }
    eprintln!("counts");
    for name in FOCUS {
        one_task(name, "allocations", options.records, &mut results);
        one_task(name, "idle", 0, &mut results);
        count(name, "instructions", "valgrind", outside::instructions(name), &mut results);
        count(name, "system calls", "strace", outside::system_calls(name), &mut results);
    }
    table::print(options, &contestants, &results);
    goals::print(&results);
    Ok(())
}

fn one_run(contestant: &Contestant, variant: &str, records: u64, results: &mut Results) {
    if !contestant.many && matches!(variant, "b" | "c" | "d") {
        return;
    }
    let records = match variant {
        "d" => records / 2,
        _ => records,
    };
    let records = if contestant.slow { records / SLOW } else { records };
    match outside::measure(contestant, variant, records) {
        Ok((said, missing)) => {
            if let Some(ns) = said.get("ns") {
                results.add(contestant.name, variant, ns / records as f64);
            }
            results.add_missing(contestant.name, variant, missing);
        }
        Err(error) => results.note(format!("{} failed in ({variant}): {error}", contestant.name)),
    }
}

/// A task whose numbers are kept as `task name`, per record where it is about records.
fn one_task(name: &str, task: &str, records: u64, results: &mut Results) {
    let records = if matches!(task, "off" | "quiet") { records * 50 } else { records };
    match outside::ask(name, task, records) {
        Ok(said) => {
            for (what, value) in said {
                let per_record = matches!(task, "off" | "quiet" | "allocations");
                let value = if per_record { value / records as f64 } else { value };
                results.add(name, &format!("{task} {what}"), value);
            }
        }
        Err(error) => results.note(format!("{name} failed in {task}: {error}")),
    }
}

fn count(name: &str, what: &str, tool: &str, counted: Result<Option<f64>>, results: &mut Results) {
    match counted {
        Ok(Some(count)) => results.add(name, what, count),
        Ok(None) => results.note(format!("{what}: not counted, there is no {tool} here")),
        Err(error) => results.note(format!("{name}: {what} not counted: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_whole_hundreds_for_everybody() {
        assert!(Options::parse(&["--records", "1000"]).is_err());
        assert!(Options::parse(&["--rounds", "0"]).is_err());
        assert!(Options::parse(&["--rounds"]).is_err());
        assert_eq!(
            Options::parse(&["--records", "16000", "--rounds", "2"]).map(|options| options.rounds).ok(),
            Some(2)
        );
    }

    #[test]
    fn the_yardsticks_take_part_whoever_is_asked_for() {
        let names = |options: Options| options.contestants().iter().map(|it| it.name).collect::<Vec<_>>();
        assert_eq!(
            Options::parse(&["--only", "fern"]).map(names).unwrap_or_default(),
            ["floor", "logcore", "log4rs", "fern"]
        );
    }
}
