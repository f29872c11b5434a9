//! logview beside other viewers, on the same files, in a pseudo-terminal: a table of seconds, and the tools' own time
//! for what a search or a line number cannot be had without.
//!
//! Everything is in the page cache when it is measured; each row of one viewer is a process of its own. The data is
//! made in a temporary directory and gone afterwards.

mod data;
mod programs;
mod rows;
mod screen;

use crate::table::cell;
use anyhow::{Context, Result, bail};
use programs::Program;
use std::path::PathBuf;

/// What is asked for.
pub struct Options {
    sizes: Vec<u64>,
    jobs: Vec<u64>,
    only: Vec<String>,
    dir: PathBuf,
    /// How long the idle viewer is watched.
    seconds: u64,
}

impl Options {
    pub fn parse(arguments: &[&str]) -> Result<Options> {
        let mut options = Options {
            sizes: vec![100 << 20, 1 << 30],
            jobs: vec![1000, 10_000],
            only: Vec::new(),
            dir: std::env::temp_dir(),
            seconds: 20,
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { bail!("{} needs a value", pair[0]) };
            let many = || value.split(',').filter(|part| !part.is_empty());
            match *name {
                "--sizes" => options.sizes = many().map(bytes).collect::<Result<_>>()?,
                "--jobs" => options.jobs = many().map(|n| Ok(n.parse()?)).collect::<Result<_>>()?,
                "--only" => options.only.push((*value).to_owned()),
                "--dir" => options.dir = value.into(),
                "--seconds" => options.seconds = value.parse()?,
                other => bail!("unknown option {other}"),
            }
        }
        Ok(options)
    }
}

/// `100MB`, `4GB` or a number of bytes.
fn bytes(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 0,
        "MB" | "M" => 20,
        "GB" | "G" => 30,
        other => bail!("unknown unit {other}"),
    };
    Ok(digits.parse::<u64>().with_context(|| format!("{text} is no size"))? << unit)
}

pub fn run(options: &Options) -> Result<()> {
    let mut programs = programs::all();
    programs
        .retain(|program| options.only.is_empty() || options.only.iter().any(|name| name == program.name));
    let dir = tempfile::Builder::new().prefix("peers-").tempdir_in(&options.dir)?;
    let mut table = Table::new(&programs);
    for &size in &options.sizes {
        rows::of_a_log(&mut table, &programs, dir.path(), size)?;
    }
    rows::of_following(&mut table, &programs, dir.path(), options.seconds)?;
    rows::of_one_line(&mut table, &programs, dir.path())?;
    for &count in &options.jobs {
        rows::of_jobs(&mut table, &programs, dir.path(), count)?;
    }
    table.print();
    Ok(())
}

/// Rows by what was measured, a column per program, and one for the tool that sets the measure.
pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Option<f64>>, String)>,
}

impl Table {
    fn new(programs: &[Program]) -> Table {
        Table { columns: programs.iter().map(|program| program.name).collect(), rows: Vec::new() }
    }

    /// Adds what was measured; the row is made by its first value.
    pub fn put(&mut self, row: &str, column: &str, value: Result<f64>) {
        let value = value.map_err(|error| eprintln!("{column}, {row}: {error:#}")).ok();
        eprintln!("{column}, {row}: {}", cell(value));
        let at = self.row(row);
        if let Some(column) = self.columns.iter().position(|name| *name == column) {
            self.rows[at].1[column] = value;
        }
    }

    /// Says what a row is to be compared with.
    pub fn beside(&mut self, row: &str, what: &str) {
        let at = self.row(row);
        what.clone_into(&mut self.rows[at].2);
    }

    fn row(&mut self, row: &str) -> usize {
        self.rows.iter().position(|(name, ..)| name == row).unwrap_or_else(|| {
            self.rows.push((row.to_owned(), vec![None; self.columns.len()], String::new()));
            self.rows.len() - 1
        })
    }

    fn print(&self) {
        println!("| | {} | beside |", self.columns.join(" | "));
        println!("| --- |{} --- |", " ---: |".repeat(self.columns.len()));
        for (name, values, beside) in &self.rows {
            let values: Vec<String> = values.iter().map(|value| cell(*value)).collect();
            println!("| {name} | {} | {beside} |", values.join(" | "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(
            [bytes("100MB").unwrap(), bytes("4GB").unwrap(), bytes("7").unwrap()],
            [100 << 20, 4 << 30, 7]
        );
        assert!(bytes("1 TB").is_err());
    }
}
