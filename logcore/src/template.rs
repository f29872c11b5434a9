//! The template: a log4rs configuration with placeholders and one key of our own, read once, rendered per job.
//!
//! ```text
//! yaml    bytes → values with places
//! text    a string → literals and placeholders
//! fields  checked access to a mapping's keys, with errors that name place and remedy
//! read    values → Plan
//! plan    Plan + job → Dispatch
//! ```
//!
//! It refuses what log4rs drops with a line on stderr: nothing half-valid leaves here.

mod differences;
mod fields;
mod plan;
mod read;
mod text;
mod yaml;

pub(crate) use plan::{Plan, Render};
pub(crate) use text::{Hole, Part, Text, Vars, check_strftime};

use crate::disk::segment;
use crate::engine::account::Accounts;
use crate::engine::files::Shared;
use crate::error::{ConfigError, Error};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use yaml::Document;

/// A template that was read and found good.
#[derive(Debug)]
pub(crate) struct Template {
    document: Document,
    plan: Arc<Plan>,
    /// Whether a level, a size or the like differs from job to job, so that each job needs a plan of its own.
    per_job: bool,
}

impl Template {
    /// Reads and checks the template in `file`.
    pub(crate) fn load(file: &Path) -> Result<Template, Error> {
        let bytes = fs::read(file).map_err(|error| unreadable(file, &error))?;
        Ok(Template::parse(file, &bytes)?)
    }

    /// Checks the template in `bytes`, which came from `file`.
    pub(crate) fn parse(file: &Path, bytes: &[u8]) -> Result<Template, ConfigError> {
        let document = Document::parse(file, bytes)?;
        let per_job = Cell::new(false);
        // What differs from job to job is tried with the server's values.
        let plan = Arc::new(read::plan(&document.root(&per_job), None)?);
        Ok(Template { document, plan, per_job: per_job.get() })
    }

    /// What is the same for every job.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The plan for one job.
    pub(crate) fn plan_for(&self, vars: &Vars) -> Result<Arc<Plan>, ConfigError> {
        if !self.per_job {
            return Ok(Arc::clone(&self.plan));
        }
        read::plan(&self.document.root(&Cell::new(false)), Some(vars)).map(Arc::new)
    }

    /// What changed against an older template, in a few words.
    pub(crate) fn differences(&self, older: &Template) -> String {
        differences::describe(older.document.value(), self.document.value())
    }

    pub(crate) fn text(&self) -> &str {
        self.document.text()
    }
}

/// Reads a template, renders it for a job and encodes a record of each level, without touching a file: for those who look
/// for templates that break it.
///
/// # Errors
/// As for [`crate::Logs::from_file`].
pub fn try_template(bytes: &[u8]) -> Result<(), ConfigError> {
    let template = Template::parse(Path::new("log.yaml"), bytes)?;
    let (root, accounts) = (Path::new("/nowhere"), Accounts::default());
    let id = "{d(%Q)} ${job_id} ../$ENV{HOME}\n\u{1b}[2J";
    let vars = Vars::new(id, job_dir(root, id), BTreeMap::from([("name".into(), id.into())]));
    let render = Render { vars: &vars, accounts: &accounts, asked: None, set: None };
    let dispatch = template.plan_for(&vars)?.dispatch(render, &Shared::new(root));
    dispatch.dry_run(&vars);
    Ok(())
}

/// The directory of the job `id` below `root`.
pub(crate) fn job_dir(root: &Path, id: &str) -> PathBuf {
    root.join(segment(id))
}

pub(crate) fn unreadable(file: &Path, error: &io::Error) -> ConfigError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            let here =
                std::env::current_dir().map_or_else(|_| ".".to_owned(), |dir| dir.display().to_string());
            format!(
                "paths are relative to where the host runs, now {here}; `config/log.yaml` of logcore is a start"
            )
        }
        io::ErrorKind::PermissionDenied => "let the host's user read it".to_owned(),
        _ => "give the path of a template file".to_owned(),
    };
    ConfigError {
        file: file.to_owned(),
        line: 0,
        column: 0,
        key: String::new(),
        message: format!("cannot read the template: {error}"),
        help,
        source_line: String::new(),
    }
}
