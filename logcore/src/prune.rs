//! Retention by hand: what a template's `logcore.retention` would remove below a root, and the removal of what a person
//! has seen and agreed to, without a host.

use crate::error::Error;
use crate::retention::{Limits, Removal, Retention};
use crate::template::Template;
use std::path::{Path, PathBuf};

/// The retention of one template, for one root.
///
/// It follows the rules that hosts follow: a job that lives in any process never goes, nor does a server log, nor what is
/// no job directory of logcore's, and hosts may run meanwhile.
#[derive(Debug)]
pub struct Prune {
    root: PathBuf,
    retention: Retention,
    limits: Limits,
}

impl Prune {
    /// Reads what the template in `template` says about the directories below `root`.
    ///
    /// # Errors
    /// [`Error::Config`] if the template cannot be read or is not right.
    pub fn new(root: &Path, template: &Path) -> Result<Prune, Error> {
        let limits = Template::load(template)?.plan().retention;
        let process = format!("by-hand-{}", std::process::id());
        Ok(Prune { root: root.to_owned(), retention: Retention::new(root, &process), limits })
    }

    /// Whether the template sets any limit; without one, nothing ever goes.
    #[must_use]
    pub fn has_limits(&self) -> bool {
        let Limits { max_age, max_jobs, max_size } = self.limits;
        max_age.is_some() || max_jobs.is_some() || max_size.is_some()
    }

    /// What would go at this moment and why, those that go first first; at most 4,096. Removes nothing.
    ///
    /// # Errors
    /// [`Error::Io`] if the root cannot be read.
    pub fn dry_run(&self) -> Result<Vec<Removal>, Error> {
        self.retention.dry_run(&self.limits).map_err(Error::io("read the log root", &self.root))
    }

    /// Removes a directory that would go, if it is still as it was then; `false` if it is not.
    ///
    /// # Errors
    /// [`Error::Io`] if the file system refuses.
    pub fn remove(&self, removal: &Removal) -> Result<bool, Error> {
        self.retention.remove_seen(removal).map_err(Error::io("remove", &removal.dir))
    }
}
