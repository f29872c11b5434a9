//! The demo: a host with jobs that do real work, and the viewer over it.

use anyhow::{Result, bail};
use std::ffi::OsString;

/// Runs the demo with the arguments after `demo`.
///
/// # Errors
/// Always, for now.
pub fn run(_arguments: Vec<OsString>) -> Result<()> {
    bail!("not built yet")
}
