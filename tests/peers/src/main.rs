//! logcore beside other loggers, and logview beside other viewers, on the same work.
//!
//! ```text
//! peers library [--rounds N] [--records N] [--only NAME]…   the table, in Markdown
//! peers viewer [--sizes N,N] [--jobs N,N] [--only NAME]…     the viewer's table, in Markdown
//! peers gate --max N                                         fails if logcore needs more instructions per record
//! peers worker NAME TASK DIR RECORDS                         one measurement; the others run this
//! ```
//!
//! A process can have one logger only, so that each measurement is a process of its own.

mod allocations;
mod contestants;
mod goals;
mod library;
mod outside;
mod results;
mod table;
#[cfg(feature = "all")]
mod viewer;
mod work;
mod worker;

use anyhow::{Context, Result, bail};
use std::process::ExitCode;

const USAGE: &str = "usage: peers library [--rounds N] [--records N] [--only NAME]... | peers gate --max N | \
                     peers viewer [--sizes 100MB,1GB,4GB] [--jobs 1000,10000] [--only NAME]... [--dir DIR] [--seconds N]";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["library", ref options @ ..] => library::run(&library::Options::parse(options)?)?,
        ["gate", "--max", limit] => return gate(limit.parse().context("--max takes a number")?),
        ["worker", name, task, dir, records] => worker::run(name, task, dir.as_ref(), records.parse()?)?,
        #[cfg(feature = "all")]
        ["viewer", ref options @ ..] => viewer::run(&viewer::Options::parse(options)?)?,
        #[cfg(feature = "all")]
        ["logview", root] => logview::run(logview::Options::new(root))?,
        _ => bail!(USAGE),
    }
    Ok(ExitCode::SUCCESS)
}

/// A gate that cannot measure does not open: without valgrind it is an error.
fn gate(limit: f64) -> Result<ExitCode> {
    let count = outside::instructions(contestants::LOGCORE)?.context("valgrind is needed for this")?;
    let holds = count <= limit;
    println!(
        "{count:.0} instructions per record; {limit:.0} are the most: {}",
        if holds { "ok" } else { "too many" }
    );
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
